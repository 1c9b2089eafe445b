//! Who waits for new events is woken here: one watch per tenant, and one for new tenants.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_schemas::vocabulary::{Position, TenantId};
use tokio::sync::watch;

/// The newest position of each tenant that this process has heard of.
#[derive(Debug)]
pub(crate) struct Heads {
    tenants: Mutex<HashMap<TenantId, watch::Sender<Position>>>,
    /// Counts tenants heard of for the first time.
    new_tenants: watch::Sender<u64>,
}

impl Heads {
    pub(crate) fn new() -> Self {
        Self {
            tenants: Mutex::default(),
            new_tenants: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, watch::Sender<Position>>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that the log has come this far.
    pub(crate) fn raise(&self, tenant: &TenantId, position: Position) {
        let mut tenants = self.lock();
        let is_new = match tenants.get(tenant) {
            Some(head) => {
                let before = *head.borrow();
                head.send_if_modified(|head| {
                    let rises = position > *head;
                    if rises {
                        *head = position;
                    }
                    rises
                });
                before == Position(0)
            }
            None => {
                tenants.insert(tenant.clone(), watch::Sender::new(position));
                true
            }
        };
        if is_new {
            self.new_tenants.send_modify(|count| *count += 1);
        }
    }

    /// Wakes everyone: something may have been missed.
    pub(crate) fn wake_all(&self) {
        for head in self.lock().values() {
            head.send_modify(|_| {});
        }
        self.new_tenants.send_modify(|count| *count += 1);
    }

    pub(crate) fn watch(&self, tenant: &TenantId) -> watch::Receiver<Position> {
        let mut tenants = self.lock();
        let head = tenants
            .entry(tenant.clone())
            .or_insert_with(|| watch::Sender::new(Position(0)));
        head.subscribe()
    }

    pub(crate) fn watch_tenants(&self) -> watch::Receiver<u64> {
        self.new_tenants.subscribe()
    }
}
