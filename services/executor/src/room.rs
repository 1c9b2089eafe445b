//! The cache of one kind of aggregate: each hot one in a slot of its own, with its version.
//!
//! A slot runs ahead of the log: it holds what was decided and sent, before it is durable. So that
//! nothing is ever built on a decision that did not land, all appends from one slot form a
//! [`Chain`]: when one of them fails, the log fails all later ones too, and the slot is dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Decider;
use event_schemas::StreamEvents;
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use log::{Chain, Log};
use moka::future::Cache;

use crate::store::LogStore;
use crate::{Envelope, Error};

/// The state of one aggregate, as of everything sent so far.
#[derive(Debug)]
pub(crate) struct Current<D> {
    pub(crate) state: Arc<D>,
    pub(crate) version: Version,
}

/// One hot aggregate.
#[derive(Debug)]
pub(crate) struct Slot<D> {
    pub(crate) chain: Chain,
    current: Mutex<Current<D>>,
}

impl<D: Decider> Slot<D> {
    fn new(state: D, version: Version) -> Arc<Self> {
        let current = Mutex::new(Current {
            state: Arc::new(state),
            version,
        });
        Arc::new(Self {
            chain: Chain::new(),
            current,
        })
    }

    /// The state, locked. Whoever holds it may decide and send; nobody waits for anything under it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Current<D>> {
        // A poisoned slot is one whose holder panicked before it changed anything: `Current` is
        // written in one go after a decision was sent.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cache of one kind of aggregate.
#[derive(Debug)]
pub(crate) struct Room<D: Decider> {
    slots: Cache<(TenantId, StreamName), Arc<Slot<D>>>,
}

impl<D: Decider> Room<D> {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            slots: Cache::new(capacity),
        }
    }

    /// The slot of a stream: from the cache, or loaded from the log. With `assume_new` it is taken
    /// to be empty if it is not cached: the append finds out.
    pub(crate) async fn slot(
        &self,
        log: &Log,
        tenant: &TenantId,
        stream: &StreamName,
        assume_new: bool,
    ) -> Result<Arc<Slot<D>>, Error> {
        let key = (tenant.clone(), stream.clone());
        let load = async {
            if assume_new {
                return Ok(Slot::new(D::default(), Version(0)));
            }
            let loaded = LogStore::new(log.clone(), tenant.clone())
                .load::<D>(stream)
                .await?;
            Ok(Slot::new(loaded.state.0, loaded.version))
        };
        let slot = self.slots.try_get_with(key, load).await;
        slot.map_err(|error: Arc<Error>| Error::Log(error.to_string()))
    }

    /// Forgets a slot whose chain is broken, unless a fresh one has taken its place.
    pub(crate) async fn forget(&self, tenant: &TenantId, stream: &StreamName, slot: &Arc<Slot<D>>) {
        slot.chain.cut();
        let key = (tenant.clone(), stream.clone());
        if self
            .slots
            .get(&key)
            .await
            .is_some_and(|there| Arc::ptr_eq(&there, slot))
        {
            self.slots.invalidate(&key).await;
        }
    }

    /// Forgets whatever slot a stream has.
    pub(crate) async fn forget_stream(&self, envelope: &Envelope, id: &str) {
        let Ok(stream) = stream_of::<D>(id) else {
            return;
        };
        let key = (envelope.tenant.clone(), stream);
        if let Some(slot) = self.slots.remove(&key).await {
            slot.chain.cut();
        }
    }
}

/// The stream of one aggregate.
pub(crate) fn stream_of<D: Decider>(id: &str) -> Result<StreamName, Error> {
    StreamName::new(<D::Event as StreamEvents>::CATEGORY, id)
        .map_err(|error| Error::TooLarge(error.to_string()))
}
