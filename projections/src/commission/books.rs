//! The books of a node: one a tenant, in step with its log, and some as of other moments.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, Recorded, TenantId};
use figures::commission::{Book, Zone};
use futures::{StreamExt as _, pin_mut};
use log::{Filter, Log};
use moka::future::Cache;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;

use super::CATEGORIES;
use crate::QueryError;
use crate::engine::generation::Until;

/// Books as of other moments that are kept, at most.
const AS_OF_COUNT: u64 = 8;

/// How long one is kept that nobody asks.
const AS_OF_IDLE: Duration = Duration::from_secs(600);

/// Events that are read at a time.
const PAGE: usize = 5_000;

/// How long to wait before the log is followed again, after it failed.
const REST: Duration = Duration::from_millis(500);

/// A book, and how far it goes.
pub(crate) struct Held {
    pub(crate) book: Book,
    pub(crate) position: Position,
    /// The latest instant at which something in it occurred.
    pub(crate) occurred_to: DateTime<Utc>,
}

impl Held {
    fn new() -> Self {
        let zones = |name: &str| name.parse::<chrono_tz::Tz>().ok().map(Zone::of);
        Self {
            book: Book::new(zones),
            position: Position(0),
            occurred_to: DateTime::<Utc>::MIN_UTC,
        }
    }

    fn fold(&mut self, event: &Recorded) -> Result<(), QueryError> {
        let folded = self.book.fold(event);
        folded.map_err(|error| QueryError::Backend(format!("{}: {error}", event.position)))?;
        self.occurred_to = self.occurred_to.max(event.occurred_at);
        Ok(())
    }
}

type AsOf = (TenantId, Position, Option<DateTime<Utc>>);

/// The books of a node.
pub(crate) struct Books {
    log: Log,
    live: Mutex<HashMap<TenantId, Arc<Live>>>,
    as_of: Cache<AsOf, Arc<RwLock<Held>>>,
}

impl std::fmt::Debug for Books {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Books").finish_non_exhaustive()
    }
}

/// A tenant's book in step with the log, for as long as this is held.
struct Live {
    held: Arc<RwLock<Held>>,
    /// How far it has come, or why it cannot go on.
    reached: watch::Receiver<Result<Position, QueryError>>,
    follower: JoinHandle<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

fn wanted() -> Filter {
    Filter {
        categories: CATEGORIES.map(str::to_owned).to_vec(),
        ..Filter::default()
    }
}

impl Books {
    pub(crate) fn new(log: Log) -> Self {
        let as_of = Cache::builder()
            .max_capacity(AS_OF_COUNT)
            .time_to_idle(AS_OF_IDLE);
        Self {
            log,
            live: Mutex::new(HashMap::new()),
            as_of: as_of.build(),
        }
    }

    /// A tenant's book, as far as the log went when it was asked for, or further.
    pub(crate) async fn live(
        &self,
        tenant: &TenantId,
        min_position: Position,
    ) -> Result<Arc<RwLock<Held>>, QueryError> {
        let head = self.log.head(tenant).await?.max(min_position);
        let live = {
            let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
            let known = live.entry(tenant.clone());
            Arc::clone(known.or_insert_with(|| Arc::new(Live::start(&self.log, tenant))))
        };
        let mut reached = live.reached.clone();
        let reached = reached.wait_for(|reached| match reached {
            Ok(position) => *position >= head,
            Err(_) => true,
        });
        let reached = reached.await.map_err(|_| log::Error::Closed)?.clone();
        reached.map(|_| Arc::clone(&live.held))
    }

    /// A tenant's book as of another moment. Those who ask at the same time share one.
    pub(crate) async fn as_of(
        &self,
        tenant: &TenantId,
        until: Until,
    ) -> Result<Arc<RwLock<Held>>, QueryError> {
        let key = (tenant.clone(), until.position, until.happened_by);
        let build = build(self.log.clone(), tenant.clone(), until);
        let built = self.as_of.try_get_with(key, build).await;
        built.map_err(|error: Arc<QueryError>| QueryError::clone(&error))
    }

    /// A tenant's book for one question, that may suppose what it likes.
    pub(crate) async fn own(
        &self,
        tenant: &TenantId,
        until: Until,
    ) -> Result<Arc<RwLock<Held>>, QueryError> {
        build(self.log.clone(), tenant.clone(), until).await
    }

    /// Ends the following of the log.
    pub(crate) fn close(&self) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.clear();
    }
}

async fn build(log: Log, tenant: TenantId, until: Until) -> Result<Arc<RwLock<Held>>, QueryError> {
    let mut held = Held::new();
    while held.position < until.position {
        let page = log.read(&tenant, held.position, &wanted(), PAGE).await?;
        let known = page.events.iter();
        let known = known.filter(|event| event.position <= until.position);
        for event in known {
            if until.happened_by.is_none_or(|by| event.occurred_at < by) {
                held.fold(event)?;
            }
        }
        if page.scanned_to <= held.position {
            break;
        }
        held.position = page.scanned_to;
    }
    held.position = until.position;
    Ok(Arc::new(RwLock::new(held)))
}

impl Live {
    fn start(log: &Log, tenant: &TenantId) -> Self {
        let held = Arc::new(RwLock::new(Held::new()));
        let (tell, reached) = watch::channel(Ok(Position(0)));
        let follower = follow(log.clone(), tenant.clone(), Arc::clone(&held), tell);
        Self {
            held,
            reached,
            follower: tokio::spawn(follower),
        }
    }
}

/// Keeps a book in step until the log is closed, or an event cannot be read.
async fn follow(
    log: Log,
    tenant: TenantId,
    held: Arc<RwLock<Held>>,
    tell: watch::Sender<Result<Position, QueryError>>,
) {
    loop {
        let from = held.read().await.position;
        let pages = log.follow(tenant.clone(), from, wanted());
        pin_mut!(pages);
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, %tenant, "the commission book stands still");
                    break;
                }
            };
            let mut held = held.write().await;
            for event in &page.events {
                if let Err(error) = held.fold(event) {
                    tracing::error!(%error, %tenant, "the commission book cannot go on");
                    drop(tell.send_replace(Err(error)));
                    return;
                }
            }
            held.position = page.scanned_to;
            drop(held);
            drop(tell.send_replace(Ok(page.scanned_to)));
        }
        if tell.is_closed() {
            return;
        }
        tokio::time::sleep(REST).await;
    }
}
