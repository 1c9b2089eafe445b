//! How far each tenant's log goes, and who waits for it to go further.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_schemas::vocabulary::{Position, TenantId};
use tokio::sync::watch;

/// How many tenants are remembered before it is asked whether all of them are there.
const SWEEP_FIRST_AT: usize = 1_024;

/// The heads as this process knows them. A follower is woken when its tenant's head grows.
#[derive(Debug)]
pub(crate) struct Heads {
    /// Nothing once the log is closed: then those who wait are told so.
    tenants: Mutex<Option<Tenants>>,
    /// How many tenants have events.
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Tenants {
    heads: HashMap<TenantId, watch::Sender<Position>>,
    /// From how many on those are forgotten that have no event, and for whom nobody waits any more:
    /// anyone may ask for a tenant that there is not.
    sweep_at: usize,
}

impl Tenants {
    fn of(&mut self, tenant: &TenantId) -> &watch::Sender<Position> {
        if self.heads.len() >= self.sweep_at && !self.heads.contains_key(tenant) {
            self.heads
                .retain(|_, head| head.borrow().0 > 0 || head.receiver_count() > 0);
            self.sweep_at = (self.heads.len() * 2).max(SWEEP_FIRST_AT);
        }
        self.heads.entry(tenant.clone()).or_default()
    }
}

impl Heads {
    /// Knows of no tenant yet.
    pub(crate) fn new() -> Self {
        Self {
            tenants: Mutex::new(Some(Tenants::default())),
            count: watch::Sender::new(0),
        }
    }

    /// A tenant's head, as it grows. Of a closed log it never does.
    pub(crate) fn watch(&self, tenant: &TenantId) -> watch::Receiver<Position> {
        match &mut *self.lock() {
            Some(tenants) => tenants.of(tenant).subscribe(),
            None => watch::Sender::default().subscribe(),
        }
    }

    /// How many tenants have events, as new ones appear.
    pub(crate) fn watch_tenants(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Tells that a tenant's head is at least at a position, and whether that is news.
    pub(crate) fn publish(&self, tenant: &TenantId, head: Position) -> bool {
        let mut is_new = false;
        let mut grew = false;
        if let Some(tenants) = &mut *self.lock() {
            grew = tenants.of(tenant).send_if_modified(|known| {
                let grew = head > *known;
                is_new = grew && known.0 == 0;
                *known = head.max(*known);
                grew
            });
        }
        if is_new {
            self.count.send_modify(|count| *count += 1);
        }
        grew
    }

    /// Tells the heads of many tenants, and whether any is news.
    pub(crate) fn publish_all(&self, heads: &[(TenantId, Position)]) -> bool {
        let mut grew = false;
        for (tenant, head) in heads {
            grew |= self.publish(tenant, *head);
        }
        grew
    }

    /// Lets all who wait know that there is nothing more to wait for.
    pub(crate) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Tenants>> {
        // Nothing under the lock can leave the map half changed.
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Heads, Position, SWEEP_FIRST_AT, TenantId};

    #[test]
    fn tenants_that_are_only_asked_about_are_forgotten() {
        let heads = Heads::new();
        let name = |n: usize| TenantId::new(&format!("t{n}")).unwrap_or_else(|_| unreachable!());
        heads.publish(&name(0), Position(7));
        let waiting = heads.watch(&name(1));
        for n in 2..10 * SWEEP_FIRST_AT {
            heads.watch(&name(n));
        }
        let known = heads.lock().as_ref().map(|tenants| tenants.heads.len());
        assert!(known.is_some_and(|known| known <= SWEEP_FIRST_AT));
        assert_eq!(*heads.watch(&name(0)).borrow(), Position(7));
        assert!(heads.publish(&name(1), Position(3)) && !heads.publish(&name(1), Position(2)));
        assert_eq!(*waiting.borrow(), Position(3));
    }
}
