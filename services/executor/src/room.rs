//! The cache of one kind of aggregate: each hot one in a slot of its own, with its version.
//!
//! A slot runs ahead of the log: it holds what was decided and sent, before it is durable. So that
//! nothing is ever built on a decision that did not land, all appends on one state and what became
//! of it form a [`Chain`]: when one of them fails, the log fails all later ones too, and the state
//! is loaded afresh. Whose append failed is sent again in the order of the slot's [`Line`].

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use domain::Decider;
use event_schemas::StreamEvents;
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use log::{Chain, Log};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, UnitWeighter};
use tokio::sync::Notify;

use crate::Error;
use crate::line::{Line, Ticket};
use crate::store::LogStore;

/// How long a command waits for those before it. An [`InFlight`](crate::InFlight) that nobody awaits
/// or drops for this long loses its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// The state of one aggregate, as of everything sent so far.
#[derive(Debug)]
pub(crate) struct Current<D> {
    pub(crate) state: Arc<D>,
    pub(crate) version: Version,
    pub(crate) chain: Chain,
}

impl<D> Clone for Current<D> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            version: self.version,
            chain: self.chain.clone(),
        }
    }
}

impl<D> Current<D> {
    fn new(state: D, version: Version) -> Self {
        Self {
            state: Arc::new(state),
            version,
            chain: Chain::new(),
        }
    }
}

/// What is under a slot's lock.
#[derive(Debug)]
pub(crate) struct Held<D> {
    current: Option<Current<D>>,
    pub(crate) line: Line,
}

impl<D> Held<D> {
    /// The state, unless it is not known or was built on what did not land.
    pub(crate) fn current(&mut self) -> Option<&mut Current<D>> {
        self.current
            .as_mut()
            .filter(|current| !current.chain.is_cut())
    }

    /// Another state follows from the one in use.
    pub(crate) fn go_on_with(&mut self, current: Current<D>) {
        self.current = Some(current);
    }

    fn start_anew(&mut self, current: Current<D>) {
        self.current = Some(current);
        self.line.start_anew();
    }
}

/// One aggregate.
#[derive(Debug)]
pub(crate) struct Slot<D> {
    held: Mutex<Held<D>>,
    loading: tokio::sync::Mutex<()>,
    moved: Notify,
}

impl<D: Decider> Slot<D> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            held: Mutex::new(Held {
                current: None,
                line: Line::default(),
            }),
            loading: tokio::sync::Mutex::new(()),
            moved: Notify::new(),
        })
    }

    /// Locks it. Whoever holds it may decide and send; nobody waits for anything under it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Held<D>> {
        // A poisoned slot is one whose holder panicked before it changed anything: `Current` is
        // written in one go after a decision was sent.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, loaded from the log if it must be. With `assume_new` a stream for which there was
    /// no command yet is taken to be empty: the append finds out.
    pub(crate) async fn current(
        &self,
        log: &Log,
        tenant: &TenantId,
        stream: &StreamName,
        assume_new: bool,
    ) -> Result<Current<D>, Error> {
        if let Some(current) = self.lock().current() {
            return Ok(current.clone());
        }
        let _loading = self.loading.lock().await;
        {
            let mut held = self.lock();
            if let Some(current) = held.current() {
                return Ok(current.clone());
            }
            if assume_new && held.line.is_new() {
                let current = Current::new(D::default(), Version(0));
                held.start_anew(current.clone());
                return Ok(current);
            }
        }
        let store = LogStore::new(log.clone(), tenant.clone());
        let loaded = store.load::<D>(stream).await?;
        let current = Current::new(loaded.state.0, loaded.version);
        self.lock().start_anew(current.clone());
        Ok(current)
    }

    /// Forgets the state if the log is ahead of it: somebody else has written.
    pub(crate) fn forget_older_than(&self, version: Version) {
        let mut held = self.lock();
        held.current.take_if(|current| current.version < version);
    }
}

/// A command's place in the line of its stream. Dropped, it is given up.
#[derive(Debug)]
pub(crate) struct Turn<D: Decider> {
    slot: Arc<Slot<D>>,
    ticket: OnceLock<Ticket>,
}

impl<D: Decider> Turn<D> {
    pub(crate) fn at(slot: Arc<Slot<D>>) -> Self {
        Self {
            slot,
            ticket: OnceLock::new(),
        }
    }

    pub(crate) fn slot(&self) -> &Slot<D> {
        &self.slot
    }

    /// Joins the line, if that is not done, and says whether it is one's turn.
    pub(crate) fn has_come(&self, line: &mut Line) -> bool {
        let ticket = *self.ticket.get_or_init(|| line.join());
        line.may_go(ticket)
    }

    /// One's append is on its way.
    pub(crate) fn taken(&self, line: &mut Line) {
        if self.ticket.get().is_some_and(|ticket| line.sent(*ticket)) {
            self.slot.moved.notify_waiters();
        }
    }

    /// Waits until it has come. Those who are not attended to are passed by.
    pub(crate) async fn wait(&self) {
        let Some(ticket) = self.ticket.get().copied() else {
            return;
        };
        let come = async {
            loop {
                let moved = self.slot.moved.notified();
                if self.slot.lock().line.may_go(ticket) {
                    return;
                }
                moved.await;
            }
        };
        if tokio::time::timeout(PATIENCE, come).await.is_err() {
            self.slot.lock().line.overtake(ticket);
        }
    }
}

impl<D: Decider> Drop for Turn<D> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.get()
            && self.slot.lock().line.leave(*ticket)
        {
            self.slot.moved.notify_waiters();
        }
    }
}

/// The cache of one kind of aggregate.
pub(crate) struct Room<D: Decider> {
    slots: Cache<Key, Arc<Slot<D>>, UnitWeighter, DefaultHashBuilder, KeepInUse>,
}

type Key = (TenantId, StreamName);

/// Keeps what somebody works on: dropped, its commands in flight would be in conflict with those
/// who come after them.
#[derive(Debug, Clone)]
struct KeepInUse;

impl<D> Lifecycle<Key, Arc<Slot<D>>> for KeepInUse {
    type RequestState = ();

    fn is_pinned(&self, _key: &Key, slot: &Arc<Slot<D>>) -> bool {
        Arc::strong_count(slot) > 1
    }
}

impl<D: Decider> std::fmt::Debug for Room<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room")
            .field("slots", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl<D: Decider> Room<D> {
    pub(crate) fn new(capacity: u64) -> Self {
        let capacity = capacity.div_ceil(D::WEIGHT);
        let items = usize::try_from(capacity).unwrap_or(usize::MAX);
        let hasher = DefaultHashBuilder::default();
        let slots = Cache::with(items, capacity, UnitWeighter, hasher, KeepInUse);
        Self { slots }
    }

    /// The stream of one of them.
    #[expect(clippy::unused_self, reason = "it says of which kind")]
    pub(crate) fn stream(&self, id: &str) -> Result<StreamName, Error> {
        stream_of::<D>(id)
    }

    /// The slot of a stream.
    pub(crate) fn slot(&self, tenant: &TenantId, stream: &StreamName) -> Arc<Slot<D>> {
        let key = (tenant.clone(), stream.clone());
        let slot = self
            .slots
            .get_or_insert_with::<_, std::convert::Infallible>(&key, || Ok(Slot::new()));
        match slot {
            Ok(slot) => slot,
        }
    }
}

/// The stream of one aggregate.
pub(crate) fn stream_of<D: Decider>(id: &str) -> Result<StreamName, Error> {
    StreamName::new(<D::Event as StreamEvents>::CATEGORY, id)
        .map_err(|error| Error::TooLarge(error.to_string()))
}
