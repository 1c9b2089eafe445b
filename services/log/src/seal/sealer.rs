//! The follower that seals: for each tenant, as many events at a time as are there.

use std::collections::HashSet;
use std::time::Duration;

use event_schemas::vocabulary::{Position, TenantId};
use merkle::{Checkpoint, Edge, event_hash};
use tokio::task::{JoinHandle, JoinSet};

use super::{Publication, Seal, SealError, Seals};
use crate::{Error, Filter};

/// Events that are read at a time, and sealed at a time at most: so long one transaction may get.
const PAGE: usize = 1_000;
const BATCH: u64 = 65_536;

/// From one checkpoint of a tenant to the next. Each costs a commit, and those who wait for one wait
/// so long at most.
const PAUSE: Duration = Duration::from_millis(200);

/// How long to wait after a failure, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MOST: Duration = Duration::from_secs(30);

/// Seals, until it is stopped.
#[derive(Debug)]
pub struct Sealing(JoinHandle<()>);

impl Sealing {
    /// Stops. What is not sealed yet is sealed after the next start.
    pub async fn stop(self) {
        // A transaction that is cut off is rolled back.
        self.0.abort();
        let _ = self.0.await;
    }
}

impl Seals {
    /// Seals all tenants' logs as they grow.
    pub fn start(&self) -> Sealing {
        Sealing(tokio::spawn(self.clone().run()))
    }

    async fn run(self) {
        let mut count = self.0.log.watch_tenants();
        let mut known = HashSet::new();
        let mut followers = JoinSet::new();
        loop {
            count.borrow_and_update();
            match self.0.log.tenants().await {
                Ok(tenants) => {
                    let new = tenants.into_iter().filter(|t| known.insert(t.clone()));
                    for tenant in new.collect::<Vec<_>>() {
                        followers.spawn(self.clone().follow(tenant));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the tenants to be sealed are not known");
                    tokio::time::sleep(RETRY_FIRST).await;
                    continue;
                }
            }
            if count.changed().await.is_err() {
                return;
            }
        }
    }

    async fn follow(self, tenant: TenantId) {
        let mut head = self.0.log.watch_head(&tenant);
        let mut retry = RETRY_FIRST;
        loop {
            match self.seal(&tenant).await {
                Ok(sealed) => {
                    retry = RETRY_FIRST;
                    self.0.sealed.publish(&tenant, Position(sealed));
                    let Ok(head) = head.wait_for(|head| head.0 > sealed).await.map(|h| h.0) else {
                        return;
                    };
                    if head - sealed < BATCH {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                Err(error) => {
                    metrics::counter!("seal_errors_total").increment(1);
                    tracing::error!(%tenant, %error, "the log is not sealed further");
                    tokio::time::sleep(retry).await;
                    retry = RETRY_MOST.min(retry * 2);
                }
            }
        }
    }

    /// Seals what has come since the last checkpoint, one batch at most. How far it is sealed then.
    pub async fn seal(&self, tenant: &TenantId) -> Result<u64, SealError> {
        let last = self.0.store.seal(tenant).await?;
        let sealed = last.as_ref().map_or(0, |seal| seal.size);
        let mut page = self.page(tenant, sealed).await?;
        if page.is_empty() {
            return Ok(sealed);
        }
        let ring = self.0.keys.read().await?;
        let mut edge = match &last {
            None => Edge::default(),
            Some(last) => {
                let keys = self.keys_of(tenant, &ring).await?;
                let signed = Checkpoint::open_dated(&last.checkpoint, &keys)?;
                let edge = self.edge(tenant, sealed).await?;
                if (signed.size, signed.root) != (sealed, edge.root()) {
                    return Err(SealError::Damaged(format!(
                        "its root at {sealed} is another"
                    )));
                }
                edge
            }
        };
        let mut tiles = Vec::new();
        while !page.is_empty() {
            for leaf in page {
                tiles.extend(edge.push(leaf));
            }
            if edge.size() - sealed >= BATCH {
                break;
            }
            page = self.page(tenant, edge.size()).await?;
        }
        tiles.extend(edge.tiles());
        let checkpoint = Checkpoint {
            origin: self.0.prefix.of(tenant),
            size: edge.size(),
            root: edge.root(),
        };
        let publication = Publication {
            tenant,
            built_on: last.as_ref(),
            seal: Seal {
                size: edge.size(),
                checkpoint: checkpoint.sign(&ring.current)?,
            },
            tiles,
            public_key: ring.current.public(),
        };
        if self.0.store.publish(&publication).await? {
            metrics::counter!("sealed_events_total").increment(edge.size() - sealed);
            return Ok(edge.size());
        }
        // Another node was faster: it has published the beginning of this tree, or all of it.
        let last = self.0.store.seal(tenant).await?;
        Ok(last.map_or(0, |seal| seal.size))
    }

    /// The leaves of the next events. That none is missing is checked: a gap is never sealed.
    async fn page(&self, tenant: &TenantId, after: u64) -> Result<Vec<merkle::Hash>, SealError> {
        let (after_position, all) = (Position(after), Filter::default());
        let page = self.0.log.read(tenant, after_position, &all, PAGE).await?;
        let mut leaves = Vec::with_capacity(page.events.len());
        for (expected, event) in (after + 1..).zip(&page.events) {
            if event.position.0 != expected {
                let missing = format!("there is no event at position {expected}");
                return Err(Error::Corrupt(missing).into());
            }
            leaves.push(event_hash(event));
        }
        Ok(leaves)
    }
}
