//! The generation that answers, and the workers that keep it in step with the log.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use event_schemas::vocabulary::{Position, TenantId};
use log::Log;
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, JoinSet};

use super::generation::{Error, Generation, Model, Until};
use super::registry::Registry;

/// How long a worker rests after an error before it tries again.
const REST: Duration = Duration::from_secs(1);

/// How often a node that runs no workers looks how far the others have come, while a query waits.
const LOOK: Duration = Duration::from_millis(20);

/// Everything in the log.
const ALL: Until = Until {
    position: Position(u64::MAX),
    happened_by: None,
};

/// A read model of this node.
#[derive(Debug)]
pub(crate) struct Live {
    model: Model,
    log: Log,
    registry: Arc<Registry>,
    run_workers: bool,
    current: RwLock<Arc<Generation>>,
    /// One change of generation at a time.
    changing: Mutex<Workers>,
}

/// Workers of one generation; dropped, they stop where they are, and nothing is half done.
#[derive(Debug)]
struct Workers(Option<JoinHandle<()>>);

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(workers) = &self.0 {
            workers.abort();
        }
    }
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
        let live = Arc::new(Self {
            model,
            log: log.clone(),
            registry: Arc::clone(registry),
            run_workers,
            current: RwLock::new(Arc::clone(&generation)),
            changing: Mutex::new(Workers(None)),
        });
        live.changing.lock().await.0 = live.workers(&generation);
        Ok(live)
    }

    pub(crate) fn model(&self) -> Model {
        self.model
    }

    /// The generation that answers, as far as this node knows.
    pub(crate) fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The generation that answers, whichever node made it so.
    pub(crate) async fn refreshed(&self) -> Result<Arc<Generation>, Error> {
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
            self.install(&mut workers, generation).await;
        }
        Ok(self.current())
    }

    async fn install(&self, workers: &mut Workers, generation: Arc<Generation>) {
        *workers = Workers(self.workers(&generation));
        let old = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, generation)
        };
        // Queries that began on it end first.
        tokio::spawn(async move { old.db.close().await });
    }

    /// Builds the next generation beside the live one, and swaps when it has caught up.
    pub(crate) async fn rebuild(&self) -> Result<Arc<Generation>, Error> {
        let mut workers = self.changing.lock().await;
        let next = self.registry.next(self.model).await?;
        for tenant in self.log.tenants().await? {
            next.catch_up(&self.log, &tenant, ALL).await?;
        }
        self.registry.set_ready(&next).await?;
        self.registry.promote(&next).await?;
        self.install(&mut workers, Arc::clone(&next)).await;
        self.registry.sweep(self.model, &[next.number]).await?;
        Ok(next)
    }

    /// Waits until the live generation holds a position.
    pub(crate) async fn wait_for(
        &self,
        tenant: &TenantId,
        position: Position,
    ) -> Result<(), Error> {
        loop {
            let generation = self.refreshed().await?;
            let mut reached = generation.watch(tenant);
            if *reached.borrow() >= position || generation.look(tenant).await? >= position {
                return Ok(());
            }
            // Woken by this node's own worker; another node's, or another generation, is looked for.
            let patience = if self.run_workers { REST } else { LOOK };
            let reaching = reached.wait_for(|reached| *reached >= position);
            if let Ok(Ok(_)) = tokio::time::timeout(patience, reaching).await {
                return Ok(());
            }
        }
    }

    /// Stops the workers and closes the database.
    pub(crate) async fn close(&self) {
        let mut workers = self.changing.lock().await;
        if let Some(running) = workers.0.take() {
            running.abort();
            // An abort is what was asked for.
            let _ = running.await;
        }
        self.current().db.close().await;
    }

    fn workers(&self, generation: &Arc<Generation>) -> Option<JoinHandle<()>> {
        let workers = supervise(
            Arc::clone(generation),
            self.log.clone(),
            Arc::clone(&self.registry),
        );
        self.run_workers.then(|| tokio::spawn(workers))
    }
}

/// Runs one worker a tenant, as tenants appear.
async fn supervise(generation: Arc<Generation>, log: Log, registry: Arc<Registry>) {
    let mut appeared = log.watch_tenants();
    let mut known = HashSet::new();
    let mut workers = JoinSet::new();
    loop {
        appeared.mark_unchanged();
        match log.tenants().await {
            Ok(tenants) => {
                let new: Vec<TenantId> = tenants
                    .into_iter()
                    .filter(|tenant| !known.contains(tenant))
                    .collect();
                if !generation.is_ready() {
                    get_ready(&generation, &log, &registry, &new).await;
                }
                for tenant in new {
                    known.insert(tenant.clone());
                    workers.spawn(work(Arc::clone(&generation), log.clone(), tenant));
                }
                if appeared.changed().await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::error!(%error, read_model = generation.model.name, "tenants cannot be read");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Brings a new generation to where the log stands.
async fn get_ready(
    generation: &Arc<Generation>,
    log: &Log,
    registry: &Registry,
    tenants: &[TenantId],
) {
    for tenant in tenants {
        while let Err(error) = generation.catch_up(log, tenant, ALL).await {
            complain(generation, tenant, &error);
            tokio::time::sleep(REST).await;
        }
    }
    if let Err(error) = registry.set_ready(generation).await {
        tracing::error!(%error, read_model = generation.model.name, "it cannot be said to be ready");
    }
    if let Err(error) = registry.sweep(generation.model, &[generation.number]).await {
        tracing::warn!(%error, read_model = generation.model.name, "older generations stay");
    }
}

/// Follows one tenant's log for as long as it is open.
async fn work(generation: Arc<Generation>, log: Log, tenant: TenantId) {
    let mut head = log.watch_head(&tenant);
    loop {
        match generation.catch_up(&log, &tenant, ALL).await {
            Ok(reached) => {
                if head.wait_for(|head| *head > reached).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                complain(&generation, &tenant, &error);
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn complain(generation: &Generation, tenant: &TenantId, error: &Error) {
    tracing::error!(%error, read_model = generation.model.name, %tenant, "the read model stands still");
    metrics::counter!("read_model_errors_total", "read_model" => generation.model.name)
        .increment(1);
}
