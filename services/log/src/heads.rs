//! How far each tenant's log goes, and who waits for it to go further.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_schemas::vocabulary::{Position, TenantId};
use tokio::sync::watch;

/// The heads as this process knows them. A follower is woken when its tenant's head grows.
#[derive(Debug)]
pub(crate) struct Heads {
    /// Nothing once the log is closed: then those who wait are told so.
    tenants: Mutex<Option<HashMap<TenantId, watch::Sender<Position>>>>,
    /// How many tenants have events.
    count: watch::Sender<u64>,
}

impl Heads {
    /// Knows of no tenant yet.
    pub(crate) fn new() -> Self {
        Self {
            tenants: Mutex::new(Some(HashMap::new())),
            count: watch::Sender::new(0),
        }
    }

    /// A tenant's head, as it grows. Of a closed log it never does.
    pub(crate) fn watch(&self, tenant: &TenantId) -> watch::Receiver<Position> {
        match &mut *self.lock() {
            Some(tenants) => tenants.entry(tenant.clone()).or_default().subscribe(),
            None => watch::Sender::default().subscribe(),
        }
    }

    /// How many tenants have events, as new ones appear.
    pub(crate) fn watch_tenants(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Tells that a tenant's head is at least at a position.
    pub(crate) fn publish(&self, tenant: &TenantId, head: Position) {
        let mut is_new = false;
        if let Some(tenants) = &mut *self.lock() {
            if !tenants.contains_key(tenant) {
                tenants.insert(tenant.clone(), watch::Sender::default());
            }
            if let Some(sender) = tenants.get(tenant) {
                sender.send_if_modified(|known| {
                    is_new = known.0 == 0 && head.0 > 0;
                    let grew = head > *known;
                    *known = head.max(*known);
                    grew
                });
            }
        }
        if is_new {
            self.count.send_modify(|count| *count += 1);
        }
    }

    /// Tells the heads of many tenants.
    pub(crate) fn publish_all(&self, heads: &[(TenantId, Position)]) {
        for (tenant, head) in heads {
            self.publish(tenant, *head);
        }
    }

    /// Lets all who wait know that there is nothing more to wait for.
    pub(crate) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<TenantId, watch::Sender<Position>>>> {
        // Nothing under the lock can leave the map half changed.
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
