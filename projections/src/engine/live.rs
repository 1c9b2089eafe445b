//! The generation that answers, and the workers that keep it in step with the log.
//!
//! Where nodes share a home, any of them may swap the generation: all look for that, whether they
//! answer or only fold.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use event_schemas::vocabulary::{Position, TenantId};
use log::Log;
use tokio::sync::{Mutex, Notify, watch};

use super::db::Session;
use super::generation::{Checkpoint, Error, Generation, Model};
use super::lease::Candidate;
use super::registry::Registry;
use super::workers::{ALL, REST, Work, Workers};

/// How soon a node looks again how far the one that folds has come, while a query waits: at first, and at
/// most.
const LOOK_FIRST: Duration = Duration::from_millis(2);
const LOOK_MOST: Duration = Duration::from_millis(20);

/// How often a node looks whether another has swapped the generation.
const REFRESH: Duration = Duration::from_millis(500);

/// Positions of a tenant that a new generation may be behind when it is swapped in: its workers fold
/// them in a blink.
const NEAR: u64 = 1_000;

/// A read model of this node.
#[derive(Debug)]
pub(crate) struct Live {
    model: Model,
    log: Log,
    registry: Arc<Registry>,
    run_workers: bool,
    candidate: Option<Candidate>,
    /// Workers of this node that fold, none while it is another's turn.
    folding: Arc<AtomicUsize>,
    current: RwLock<Arc<Generation>>,
    /// One change of generation at a time.
    changing: Mutex<Workers>,
    /// Told by workers that cannot go on: another node may have swapped the generation.
    doubt: Arc<Notify>,
    closing: watch::Sender<bool>,
}

/// What a question is answered from.
pub(crate) struct Opened {
    pub(crate) generation: Arc<Generation>,
    pub(crate) session: Session,
    pub(crate) held: Checkpoint,
}

impl Live {
    pub(crate) async fn start(
        log: &Log,
        registry: &Arc<Registry>,
        model: Model,
        run_workers: bool,
    ) -> Result<Arc<Self>, Error> {
        let generation = registry.live(model).await?;
        if run_workers && !generation.is_ready() && log.tenants().await?.is_empty() {
            // There is nothing to catch up with.
            registry.set_ready(&generation).await?;
        }
        if run_workers && generation.is_ready() {
            registry.sweep(model, &[generation.number]).await;
        }
        let live = Arc::new(Self {
            model,
            log: log.clone(),
            registry: Arc::clone(registry),
            run_workers,
            candidate: Candidate::of(registry, model.name, model.version),
            folding: Arc::default(),
            current: RwLock::new(Arc::clone(&generation)),
            changing: Mutex::default(),
            doubt: Arc::default(),
            closing: watch::Sender::new(false),
        });
        *live.changing.lock().await = live.workers(&generation);
        if registry.is_shared() {
            let (doubt, closing) = (Arc::clone(&live.doubt), live.closing.subscribe());
            tokio::spawn(keep_fresh(Arc::downgrade(&live), doubt, closing));
        }
        Ok(live)
    }

    pub(crate) fn model(&self) -> Model {
        self.model
    }

    /// The generation that answers, as far as this node knows.
    fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The generation that answers, whichever node made it so.
    async fn refreshed(&self) -> Result<Arc<Generation>, Error> {
        if !self.registry.is_shared() {
            return Ok(self.current());
        }
        let current = self.current();
        let Some((number, is_ready)) = self.registry.live_number(self.model).await? else {
            return Ok(current);
        };
        if number == current.number {
            if is_ready {
                current.set_ready();
            }
            return Ok(current);
        }
        let mut workers = self.changing.lock().await;
        if self.current().number != number {
            let generation = self.registry.live(self.model).await?;
            self.install(&mut workers, generation)?;
        }
        Ok(self.current())
    }

    /// Answers from a generation from now on. Queries that began on the last end first.
    fn install(&self, workers: &mut Workers, generation: Arc<Generation>) -> Result<(), Error> {
        if *self.closing.borrow() {
            return Err(Error::Ended);
        }
        *workers = self.workers(&generation);
        let old = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, generation)
        };
        tokio::spawn(async move { old.retire().await });
        Ok(())
    }

    /// Builds the next generation beside the live one, and swaps when it has caught up. One at a
    /// time, however many nodes are asked to.
    pub(crate) async fn rebuild(&self) -> Result<Arc<Generation>, Error> {
        let mut closing = self.closing.subscribe();
        tokio::select! {
            rebuilt = self.build_and_swap() => rebuilt,
            // What has been built of it is swept at the next start.
            _ = closing.wait_for(|is_closing| *is_closing) => Err(Error::Ended),
        }
    }

    async fn build_and_swap(&self) -> Result<Arc<Generation>, Error> {
        let building = self.registry.building().await?;
        let next = self.registry.next(&building, self.model).await?;
        if let Err(error) = self.fill(&next).await {
            self.registry.abandon(&building, &next).await;
            return Err(error);
        }
        let mut workers = self.changing.lock().await;
        let previous = self.registry.promote(building, &next).await?;
        self.install(&mut workers, Arc::clone(&next))?;
        drop(workers);
        // Other nodes answer from the previous one until they notice: it stays for one more swap.
        let keep = [next.number, previous.unwrap_or(next.number)];
        self.registry.sweep(self.model, &keep).await;
        Ok(next)
    }

    /// Folds what the log holds of every tenant, and again what has come meanwhile, events and
    /// tenants, until none is far behind.
    async fn fill(&self, next: &Arc<Generation>) -> Result<(), Error> {
        let mut reached: HashMap<TenantId, Position> = HashMap::new();
        let mut near = 0;
        loop {
            let mut is_near = true;
            for tenant in self.log.tenants().await? {
                let from = reached.get(&tenant).copied().unwrap_or_default();
                let head = *self.log.watch_head(&tenant).borrow();
                if head.0.saturating_sub(from.0) > near {
                    is_near = false;
                    let to = next.catch_up(&self.log, &tenant, ALL).await?;
                    reached.insert(tenant, to);
                }
            }
            if is_near {
                return Ok(());
            }
            near = NEAR;
        }
    }

    /// Reads from the live generation, once it holds a position.
    pub(crate) async fn open(
        &self,
        tenant: &TenantId,
        min_position: Position,
    ) -> Result<Opened, Error> {
        let (mut has_failed, mut look) = (false, LOOK_FIRST);
        loop {
            let generation = self.refreshed().await?;
            let mut reached = generation.watch(tenant);
            match generation.open(tenant).await {
                Ok((session, held)) if held.position >= min_position => {
                    return Ok(Opened {
                        generation,
                        session,
                        held,
                    });
                }
                Ok(_) => has_failed = false,
                Err(error) if has_failed => return Err(error),
                // It was swapped under our hands: the new one is there.
                Err(_) => {
                    has_failed = true;
                    continue;
                }
            }
            // Woken by this node's own worker; another node's, or another generation, is looked for.
            let is_folding = self.folding.load(Ordering::Acquire) > 0;
            let patience = if is_folding { REST } else { look };
            look = LOOK_MOST.min(look * 2);
            let reaching = reached.wait_for(|reached| *reached >= min_position);
            // Whatever ended the wait, it is looked again.
            let _ = tokio::time::timeout(patience, reaching).await;
        }
    }

    /// Stops the workers, and a rebuild that is under way, and closes the database.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        self.changing.lock().await.stop().await;
        if let Some(candidate) = self.candidate.as_ref().filter(|_| self.run_workers) {
            candidate.give_back().await;
        }
        self.current().db.close().await;
    }

    fn workers(&self, generation: &Arc<Generation>) -> Workers {
        if !self.run_workers {
            return Workers::default();
        }
        Workers::start(Work {
            generation: Arc::clone(generation),
            log: self.log.clone(),
            registry: Arc::clone(&self.registry),
            doubt: Arc::clone(&self.doubt),
            candidate: self.candidate.clone(),
            folding: Arc::clone(&self.folding),
        })
    }
}

/// Goes on with what other nodes make live, though nobody asks this one.
async fn keep_fresh(live: Weak<Live>, doubt: Arc<Notify>, mut closing: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(REFRESH) => {}
            () = doubt.notified() => {}
            // Closed, or nobody is left.
            _ = closing.wait_for(|is_closing| *is_closing) => return,
        }
        let Some(live) = live.upgrade() else { return };
        if let Err(error) = live.refreshed().await {
            tracing::warn!(%error, read_model = live.model.name, "the live generation is not known");
            tokio::time::sleep(REST).await;
        }
    }
}
