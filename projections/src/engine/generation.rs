//! One generation of a read model: a database of its own, and how far it has come.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, TenantId};
use log::{Filter, Log, Page};
use tempfile::TempPath;
use tokio::sync::{Semaphore, watch};

use super::db::{Db, Session, Value};
use super::fold::{
    Changes, FoldError, Folded, Folding, HISTORY, ReadModel, continued, fold, instant,
};
use crate::QueryError;

/// Events of one page, at most: enough to fill a transaction, few enough to fold in a blink.
const PAGE: usize = 4_000;

/// Positions that a backlog may be folded by before others have their turn.
const TURN: u64 = 100_000;

/// Positions that are no backlog: they are folded at once, however many backlogs there are.
const FEW: u64 = 256;

/// Backlogs of this process that are folded at the same time: each holds two pages in memory.
static BACKLOGS: Semaphore = Semaphore::const_new(3);

/// Events after which the database is let look at the tables first, then whenever they have doubled.
const ANALYZED: u64 = 1_000;

/// Generations that this process has opened.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// What the engine must know of a read model, whatever its events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    /// The questions it answers.
    pub(crate) answers: &'static [&'static str],
    pub(crate) tables: &'static str,
    pub(crate) categories: &'static [&'static str],
    pub(crate) fold: Folding,
}

impl Model {
    pub(crate) const fn of<M: ReadModel>(answers: &'static [&'static str]) -> Self {
        Self {
            name: M::NAME,
            version: M::VERSION,
            answers,
            tables: M::TABLES,
            categories: <M::Event as Folded>::CATEGORIES,
            fold: fold::<M>,
        }
    }

    /// The statements that make the tables of a generation.
    pub(crate) fn script(&self) -> String {
        format!("{}\n{}", include_str!("tables.sql"), self.tables)
    }

    fn filter(&self) -> Filter {
        let categories = self
            .categories
            .iter()
            .map(|&name| name.to_owned())
            .collect();
        Filter {
            categories,
            ..Filter::default()
        }
    }
}

/// Why a generation cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the read model's database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the log: {0}")]
    Log(#[from] log::Error),
    #[error("folding: {0}")]
    Fold(#[from] FoldError),
    #[error("it ended early")]
    Ended,
    #[error("the generation was taken away while it was built")]
    Gone,
    #[error("another node folds it by now")]
    Leased,
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl From<Error> for QueryError {
    fn from(error: Error) -> Self {
        Self::Backend(error.to_string())
    }
}

/// How far a generation has come for one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    /// When the latest of its events happened.
    pub(crate) occurred_to: DateTime<Utc>,
}

/// A read model's database.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) model: Model,
    /// Told apart by it from every other that this process has opened.
    pub(crate) id: u64,
    /// How often the read model has been built; 0 for a scratch one.
    pub(crate) number: u64,
    pub(crate) db: Db,
    /// Whether it has once caught up with the log.
    ready: AtomicBool,
    /// The token of the lease under which it is folded; 0 where it needs none: nobody else has a say in it.
    token: AtomicI64,
    /// Events that this process has folded into it, and had when it was last analyzed.
    folded: AtomicU64,
    analyzed: AtomicU64,
    positions: Mutex<HashMap<TenantId, watch::Sender<Position>>>,
    /// A scratch file, deleted with this.
    pub(crate) file: Option<TempPath>,
}

/// Which events go in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    pub(crate) position: Position,
    /// Only what happened strictly before.
    pub(crate) happened_by: Option<DateTime<Utc>>,
}

impl Generation {
    pub(crate) fn new(model: Model, number: u64, db: Db, is_ready: bool) -> Self {
        Self {
            model,
            id: OPENED.fetch_add(1, Ordering::Relaxed),
            number,
            db,
            ready: AtomicBool::new(is_ready),
            token: AtomicI64::default(),
            folded: AtomicU64::default(),
            analyzed: AtomicU64::default(),
            positions: Mutex::default(),
            file: None,
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// From now on it is folded under a lease.
    pub(crate) fn lease(&self, token: i64) {
        self.token.store(token, Ordering::Release);
    }

    async fn checkpoint(
        session: &mut Session,
        tenant: &TenantId,
    ) -> Result<Checkpoint, sqlx::Error> {
        let sql = "SELECT position, occurred_to FROM checkpoint WHERE tenant = $1";
        let rows = session.rows(sql, &[tenant.as_str().into()]).await?;
        let Some(row) = rows.first() else {
            return Ok(Checkpoint {
                position: Position(0),
                occurred_to: DateTime::UNIX_EPOCH,
            });
        };
        let position = Position(row.count(0)?);
        Ok(Checkpoint {
            position,
            occurred_to: instant(row.int(1)?.unwrap_or_default()),
        })
    }

    /// Begins to read, and sees how far it has come for a tenant. Tells those who wait.
    pub(crate) async fn open(&self, tenant: &TenantId) -> Result<(Session, Checkpoint), Error> {
        let mut session = self.db.read().await?;
        let held = Self::checkpoint(&mut session, tenant).await?;
        self.publish(tenant, held.position);
        Ok((session, held))
    }

    /// How far it has come for a tenant. Tells those who wait.
    pub(crate) async fn look(&self, tenant: &TenantId) -> Result<Position, Error> {
        Ok(self.open(tenant).await?.1.position)
    }

    /// How far it has come for a tenant, as it grows; as far as this node knows.
    pub(crate) fn watch(&self, tenant: &TenantId) -> watch::Receiver<Position> {
        let mut positions = self
            .positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        positions.entry(tenant.clone()).or_default().subscribe()
    }

    /// Lets those who wait look elsewhere, and ends when those who read have.
    pub(crate) async fn retire(&self) {
        self.positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.db.close().await;
    }

    fn publish(&self, tenant: &TenantId, position: Position) {
        let mut positions = self
            .positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        positions
            .entry(tenant.clone())
            .or_default()
            .send_if_modified(|known| {
                let grew = position > *known;
                *known = position.max(*known);
                grew
            });
    }

    /// Folds a tenant's log from where this generation stands to a position. Backlogs take turns.
    pub(crate) async fn catch_up(
        self: &Arc<Self>,
        log: &Log,
        tenant: &TenantId,
        until: Until,
    ) -> Result<Position, Error> {
        let head = log.watch_head(tenant);
        let mut reached = self.look(tenant).await?;
        loop {
            let to = Position(reached.0.saturating_add(TURN)).min(until.position);
            let known = to.min(*head.borrow());
            let _turn = match known.0.saturating_sub(reached.0) {
                0..=FEW => None,
                _ => Some(BACKLOGS.acquire().await.map_err(|_| Error::Ended)?),
            };
            let turn = Until {
                position: to,
                ..until
            };
            reached = self.fold_from(log, tenant, reached, turn).await?;
            self.analyze_if_it_grew().await;
            if reached < to || to == until.position {
                return Ok(reached);
            }
        }
    }

    /// Until PostgreSQL has looked at tables it takes them for empty, and plans so that a question of
    /// 24,000 events takes a minute instead of a second; by itself it looks once a minute.
    async fn analyze_if_it_grew(&self) {
        let folded = self.folded.load(Ordering::Relaxed);
        let analyzed = self.analyzed.load(Ordering::Relaxed);
        if folded < analyzed.saturating_mul(2).max(ANALYZED) {
            return;
        }
        self.analyzed.store(folded, Ordering::Relaxed);
        if let Err(error) = self.db.analyze().await {
            tracing::warn!(%error, read_model = self.model.name, "its tables are not analyzed");
        }
    }

    /// Folds a tenant's log from one position to another; the next page is read while one is
    /// folded. Ends before that where the log does.
    async fn fold_from(
        self: &Arc<Self>,
        log: &Log,
        tenant: &TenantId,
        mut after: Position,
        until: Until,
    ) -> Result<Position, Error> {
        let mut next = self.read(log, tenant, after, until);
        while after < until.position {
            let page = next.await.map_err(|_| Error::Ended)??;
            if page.scanned_to <= after {
                break;
            }
            next = self.read(log, tenant, page.scanned_to, until);
            let reached = page.scanned_to;
            if !self.apply(tenant, after, page, until).await? {
                // Another node has folded it: go on from where that one stands.
                let there = self.look(tenant).await?;
                if there == after {
                    return Err(Error::Leased);
                }
                after = there;
                next = self.read(log, tenant, after, until);
                continue;
            }
            after = reached;
            self.publish(tenant, after);
        }
        Ok(after)
    }

    fn read(
        &self,
        log: &Log,
        tenant: &TenantId,
        after: Position,
        until: Until,
    ) -> tokio::task::JoinHandle<Result<Page, log::Error>> {
        let (log, tenant, filter) = (log.clone(), tenant.clone(), self.model.filter());
        tokio::spawn(async move {
            if after >= until.position {
                return Ok(Page {
                    events: Vec::new(),
                    scanned_to: after,
                });
            }
            let mut page = log.read(&tenant, after, &filter, PAGE).await?;
            page.scanned_to = page.scanned_to.min(until.position);
            Ok(page)
        })
    }

    /// Folds one page that begins after a position. False if the checkpoint was not there: nothing
    /// has been changed then.
    async fn apply(
        &self,
        tenant: &TenantId,
        after: Position,
        page: Page,
        until: Until,
    ) -> Result<bool, Error> {
        let Page {
            mut events,
            scanned_to,
        } = page;
        events.retain(|event| {
            let in_time = until.happened_by.is_none_or(|by| event.occurred_at < by);
            event.position <= until.position && in_time
        });
        let count = events.len();
        let occurred_to = events
            .iter()
            .map(|event| event.occurred_at.timestamp_micros())
            .max();
        let mut kept = HashMap::new();
        let continued = continued(&events);
        if !continued.is_empty() {
            let select = "SELECT stream, facts FROM history";
            let mut session = self.db.read().await?;
            for row in session
                .rows_in(select, "stream", tenant.as_str(), &continued)
                .await?
            {
                kept.insert(
                    row.text(0)?.unwrap_or_default(),
                    row.text(1)?.unwrap_or_default(),
                );
            }
        }
        let folding = self.model.fold;
        let changes = tokio::task::spawn_blocking(move || folding(&events, &kept));
        let changes = changes.await.map_err(|_| Error::Ended)??;

        let mut session = self.db.write().await?;
        let mut values = vec![
            tenant.as_str().into(),
            signed(scanned_to),
            occurred_to.unwrap_or_default().into(),
            signed(after),
        ];
        let advance = match self.token.load(Ordering::Acquire) {
            0 => include_str!("advance.sql"),
            token => {
                let version = i64::from(self.model.version);
                values.extend([self.model.name.into(), version.into(), token.into()]);
                include_str!("advance_leased.sql")
            }
        };
        let advanced = session.execute(advance, &values).await?;
        if advanced == 0 {
            return Ok(false);
        }
        write(&mut session, tenant, changes).await?;
        session.commit().await?;
        let count = u64::try_from(count).unwrap_or_default();
        self.folded.fetch_add(count, Ordering::Relaxed);
        metrics::counter!("read_model_events_total", "read_model" => self.model.name)
            .increment(count);
        Ok(true)
    }
}

async fn write(
    session: &mut Session,
    tenant: &TenantId,
    changes: Changes,
) -> Result<(), sqlx::Error> {
    let tenant = tenant.as_str();
    session.upsert(&HISTORY, tenant, &changes.histories).await?;
    for (table, keys) in changes.deletes.into_values() {
        session.delete(table, tenant, &keys).await?;
    }
    for (table, rows) in changes.upserts.into_values() {
        session.upsert(table, tenant, &rows).await?;
    }
    Ok(())
}

/// A position as it is stored; none comes near the end of the range.
fn signed(position: Position) -> Value {
    Value::Int(Some(i64::try_from(position.0).unwrap_or(i64::MAX)))
}
