//! The log's handle: opening, appending, reading, following.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use futures::Stream;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::append::{Append, AppendError, Appended, ClaimChange, ClaimValue};
use crate::backend::{Backend, Error};
use crate::follow::{self, Filter, Page};
use crate::heads::Heads;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::writer::{self, Job, Lane, Place};

/// How the log is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most appends that wait in a lane; more are refused.
    pub queue_len: usize,
    /// Most appends of one group commit.
    pub batch_len: usize,
    /// Writers of this node on PostgreSQL; each tenant has its own. SQLite has one.
    pub lanes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_len: 4_096,
            batch_len: 1_024,
            lanes: 2,
        }
    }
}

/// The log; cheap to clone.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: Arc<dyn Backend>,
    heads: Arc<Heads>,
    lanes: Mutex<Vec<mpsc::Sender<Job>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    listener: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The lanes end by themselves once their queues are drained.
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

impl Log {
    /// Opens the log in a data directory, which this process then owns.
    pub async fn open_sqlite(dir: &Path, options: Options) -> Result<Self, Error> {
        let backend = Sqlite::open(dir).await?;
        Ok(Self::start(
            Arc::new(backend),
            Arc::new(Heads::new()),
            None,
            1,
            &options,
        ))
    }

    /// Opens the log in a PostgreSQL database, which any number of nodes may share.
    pub async fn connect_postgres(url: &str, options: Options) -> Result<Self, Error> {
        let lanes = options.lanes.max(1);
        let backend = Postgres::connect(url, lanes).await?;
        let heads = Arc::new(Heads::new());
        let listener = backend.listen(Arc::clone(&heads)).await?;
        Ok(Self::start(
            Arc::new(backend),
            heads,
            Some(listener),
            lanes,
            &options,
        ))
    }

    fn start(
        backend: Arc<dyn Backend>,
        heads: Arc<Heads>,
        listener: Option<JoinHandle<()>>,
        lanes: usize,
        options: &Options,
    ) -> Self {
        let lane = Lane {
            backend: Arc::clone(&backend),
            heads: Arc::clone(&heads),
            secrets: Secrets::default(),
            batch_len: options.batch_len.max(1),
        };
        let (lanes, tasks) = (0..lanes)
            .map(|_| {
                let (jobs, queue) = mpsc::channel(options.queue_len.max(1));
                (jobs, tokio::spawn(lane.clone().run(queue)))
            })
            .unzip();
        let (lanes, tasks) = (Mutex::new(lanes), Mutex::new(tasks));
        Self(Arc::new(Inner {
            backend,
            heads,
            lanes,
            tasks,
            listener,
        }))
    }

    /// Appends, and waits until it is durable.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.reserve(&append.tenant)?.send(append).await
    }

    /// Takes a place in the tenant's queue, so that sending cannot fail.
    pub fn reserve(&self, tenant: &TenantId) -> Result<Place, AppendError> {
        let lane = {
            let lanes = self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            // The same on every node and in every run, though nothing hangs on it.
            let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(tenant);
            let at = usize::try_from(hash % (lanes.len().max(1) as u64)).unwrap_or_default();
            lanes.get(at).cloned().ok_or(AppendError::Closed)?
        };
        match lane.try_reserve_owned() {
            Ok(permit) => Ok(Place(permit)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(AppendError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(AppendError::Closed),
        }
    }

    /// Events of a stream after a version, in order; at most `limit`.
    pub async fn read_stream(
        &self,
        tenant: &TenantId,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        self.0
            .backend
            .read_stream(tenant, stream, after, limit)
            .await
    }

    /// Events of the log after a position that match, in order; at most `limit`.
    pub async fn read(
        &self,
        tenant: &TenantId,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, Error> {
        follow::page(&*self.0.backend, tenant, after, filter, limit).await
    }

    /// Every page after a position, for ever: what is there, then what comes. Woken, never polling.
    pub fn follow(
        &self,
        tenant: TenantId,
        after: Position,
        filter: Filter,
    ) -> impl Stream<Item = Result<Page, Error>> + Send + 'static {
        follow::follow(
            Arc::clone(&self.0.backend),
            &self.0.heads,
            tenant,
            after,
            filter,
        )
    }

    /// The newest position of a tenant; 0 before its first event.
    pub async fn head(&self, tenant: &TenantId) -> Result<Position, Error> {
        self.0.backend.head(tenant).await
    }

    /// Changes whenever the tenant's log has grown. What it holds at first may be behind.
    pub fn watch_head(&self, tenant: &TenantId) -> watch::Receiver<Position> {
        self.0.heads.watch(tenant)
    }

    /// Every tenant with an event.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        self.0.backend.tenants().await
    }

    /// Changes whenever there may be a new tenant.
    pub fn watch_tenants(&self) -> watch::Receiver<u64> {
        self.0.heads.watch_tenants()
    }

    /// The version of a stream; 0 if it does not exist.
    pub async fn stream_head(
        &self,
        tenant: &TenantId,
        stream: &StreamName,
    ) -> Result<Version, Error> {
        let facts = self
            .0
            .backend
            .facts(tenant, std::slice::from_ref(stream), &[], &[])
            .await?;
        Ok(facts.heads.get(stream).copied().unwrap_or_default())
    }

    /// The last position recorded strictly before an instant. Recording times never run backwards
    /// within a tenant, so a binary search finds it.
    pub async fn position_at(
        &self,
        tenant: &TenantId,
        recorded_before: DateTime<Utc>,
    ) -> Result<Position, Error> {
        let (mut low, mut high) = (0, self.head(tenant).await?.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let recorded_at = self.recorded_at(tenant, Position(middle)).await?;
            if recorded_at.is_some_and(|at| at < recorded_before) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(Position(low))
    }

    /// When the event at a position was recorded.
    pub async fn recorded_at(
        &self,
        tenant: &TenantId,
        position: Position,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        self.0.backend.recorded_at(tenant, position).await
    }

    /// What came of a command, and its digest, if it was carried out.
    pub async fn receipt_of(
        &self,
        tenant: &TenantId,
        command_id: &str,
    ) -> Result<Option<(Appended, [u8; 32])>, Error> {
        let backend = &*self.0.backend;
        let facts = backend
            .facts(tenant, &[], &[command_id.to_owned()], &[])
            .await?;
        match facts.commands.get(command_id) {
            None => Ok(None),
            Some(known) => Ok(Some((
                writer::recall(backend, tenant, known).await?,
                known.digest,
            ))),
        }
    }

    /// Takes no more appends, waits until those sent are settled, and closes the database.
    pub async fn close(&self) {
        self.0
            .lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let tasks =
            std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A lane that panicked has dropped its replies; there is nothing more to wait for.
            let _ = task.await;
        }
        self.0.backend.close().await;
    }
}

/// The tenants' keys for personal values, as far as they were needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<HashMap<TenantId, Arc<Vec<u8>>>>>);

/// One tenant's key; empty if the batch at hand does not need it.
pub(crate) struct Secret(Arc<Vec<u8>>);

impl Secret {
    /// The keyed hash of a personal value.
    pub(crate) fn personal(&self, value: &str) -> Vec<u8> {
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mut mac) => {
                mac.update(value.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            Err(_) => unreachable!("HMAC takes a key of any length"),
        }
    }
}

impl Secrets {
    /// The key, if any append of the batch claims a personal value.
    pub(crate) async fn of(
        &self,
        backend: &dyn Backend,
        tenant: &TenantId,
        batch: &[Append],
    ) -> Result<Secret, Error> {
        let personal = |change: &ClaimChange| match change {
            ClaimChange::Claim { claim, .. } | ClaimChange::Release { claim, .. } => {
                matches!(claim.value, ClaimValue::Personal(_))
            }
        };
        if !batch.iter().flat_map(|append| &append.claims).any(personal) {
            return Ok(Secret(Arc::default()));
        }
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known().get(tenant).cloned() {
            return Ok(Secret(key));
        }
        let mut fresh = [0; 32];
        let (left, right) = fresh.split_at_mut(16);
        left.copy_from_slice(Uuid::new_v4().as_bytes());
        right.copy_from_slice(Uuid::new_v4().as_bytes());
        let key = Arc::new(backend.secret(tenant, fresh).await?);
        known().insert(tenant.clone(), Arc::clone(&key));
        Ok(Secret(key))
    }
}
