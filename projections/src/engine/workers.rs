//! The workers of a generation: one a tenant, as tenants appear.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_schemas::vocabulary::{Position, TenantId};
use log::Log;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use super::generation::{Error, Generation, Until};
use super::lease::Candidate;
use super::registry::Registry;

/// How long a worker rests after an error before it tries again.
pub(super) const REST: Duration = Duration::from_secs(1);

/// Everything in the log.
pub(super) const ALL: Until = Until {
    position: Position(u64::MAX),
    happened_by: None,
};

/// Workers of one generation; dropped, they stop where they are, and nothing is half done.
#[derive(Debug, Default)]
pub(super) struct Workers(Option<JoinHandle<()>>);

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(workers) = &self.0 {
            workers.abort();
        }
    }
}

/// What a worker works on.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) generation: Arc<Generation>,
    pub(super) log: Log,
    pub(super) registry: Arc<Registry>,
    /// Told when it cannot go on.
    pub(super) doubt: Arc<Notify>,
    /// Where other nodes might do the same: how this one gets the right to.
    pub(super) candidate: Option<Candidate>,
    /// Workers of this node that fold, none while it is another's turn.
    pub(super) folding: Arc<AtomicUsize>,
}

impl Workers {
    pub(super) fn start(work: Work) -> Self {
        Self(Some(tokio::spawn(work.run())))
    }

    /// Stops them, and waits until they have.
    pub(super) async fn stop(&mut self) {
        if let Some(running) = self.0.take() {
            running.abort();
            // An abort is what was asked for.
            let _ = running.await;
        }
    }
}

/// Says that this node folds, until it is dropped.
struct Folding<'a>(&'a AtomicUsize);

impl<'a> Folding<'a> {
    fn begin(folding: &'a AtomicUsize) -> Self {
        folding.fetch_add(1, Ordering::AcqRel);
        Self(folding)
    }
}

impl Drop for Folding<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Work {
    /// Works, where others might too: whenever it is this node's turn.
    async fn run(self) {
        let Some(candidate) = &self.candidate else {
            let _folding = Folding::begin(&self.folding);
            return self.clone().supervise().await;
        };
        // Workers stop where they are when it is over; what they were about to write is refused.
        let working = candidate.in_turn(|token| {
            self.generation.lease(token);
            let folding = Folding::begin(&self.folding);
            let work = self.clone();
            async move {
                let _folding = folding;
                work.supervise().await;
            }
        });
        working.await;
    }

    /// Runs one worker a tenant, as tenants appear.
    async fn supervise(self) {
        let mut appeared = self.log.watch_tenants();
        let mut known = HashSet::new();
        let mut workers = JoinSet::new();
        loop {
            appeared.mark_unchanged();
            match self.log.tenants().await {
                Ok(tenants) => {
                    let new: Vec<TenantId> = tenants
                        .into_iter()
                        .filter(|tenant| !known.contains(tenant))
                        .collect();
                    if !self.generation.is_ready() {
                        self.get_ready(&new).await;
                    }
                    for tenant in new {
                        known.insert(tenant.clone());
                        workers.spawn(self.clone().follow(tenant));
                    }
                    if appeared.changed().await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let read_model = self.generation.model.name;
                    tracing::error!(%error, read_model, "tenants cannot be read");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Brings a new generation to where the log stands.
    async fn get_ready(&self, tenants: &[TenantId]) {
        for tenant in tenants {
            self.catch_up_if_it_can(tenant).await;
        }
        let Generation { model, number, .. } = &*self.generation;
        while let Err(error) = self.registry.set_ready(&self.generation).await {
            tracing::error!(%error, read_model = model.name, "it cannot be said to be ready");
            tokio::time::sleep(REST).await;
        }
        self.registry.sweep(*model, &[*number]).await;
    }

    /// A tenant that fails again though the log and the read model answer has trouble of its own: its
    /// worker tries on, and the others go first.
    async fn catch_up_if_it_can(&self, tenant: &TenantId) {
        let mut has_failed = false;
        while let Err(error) = self.catch_up(tenant).await {
            self.complain(tenant, &error);
            if has_failed
                && self.log.head(tenant).await.is_ok()
                && self.generation.look(tenant).await.is_ok()
            {
                return;
            }
            has_failed = true;
            tokio::time::sleep(REST).await;
        }
    }

    /// Follows one tenant's log for as long as it is open.
    async fn follow(self, tenant: TenantId) {
        let mut head = self.log.watch_head(&tenant);
        loop {
            match self.catch_up(&tenant).await {
                Ok(reached) => {
                    if head.wait_for(|head| *head > reached).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    self.complain(&tenant, &error);
                    self.doubt.notify_one();
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn catch_up(&self, tenant: &TenantId) -> Result<Position, Error> {
        self.generation.catch_up(&self.log, tenant, ALL).await
    }

    fn complain(&self, tenant: &TenantId, error: &Error) {
        let read_model = self.generation.model.name;
        tracing::error!(%error, read_model, %tenant, "the read model stands still");
        metrics::counter!("read_model_errors_total", "read_model" => read_model).increment(1);
    }
}
