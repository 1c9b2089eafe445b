//! The handle to a log.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use futures::Stream;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::backend::{Item, Reader, Writer, first_receipt};
use crate::claim::Key;
use crate::heads::Heads;
use crate::lane::{Lane, Untold};
use crate::seal::SealStore;
use crate::{
    Append, AppendError, Appended, Claim, Error, Filter, Page, StreamPage, follow, postgres, sqlite,
};

/// How a log is set up. Nothing here changes what it promises.
#[derive(Debug, Clone)]
pub struct Options {
    /// Appends that may wait in one lane; past that they are refused as
    /// [`AppendError::Overloaded`].
    pub queue_len: usize,
    /// Appends that share one transaction, at most.
    pub batch_len: usize,
    /// Writers on PostgreSQL; a tenant always has the same one. SQLite has one.
    pub lanes: usize,
    /// Connections that read.
    pub readers: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_len: 4_096,
            batch_len: 1_024,
            lanes: 2,
            readers: 8,
        }
    }
}

/// An append-only log. Clones are handles to the same one; when the last is dropped, what was sent
/// is still committed.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    reader: Arc<dyn Reader>,
    seals: Arc<dyn SealStore>,
    heads: Arc<Heads>,
    lanes: Vec<mpsc::Sender<Item>>,
    closing: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    listener: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("lanes", &self.0.lanes.len())
            .finish_non_exhaustive()
    }
}

/// A place in the queue.
#[derive(Debug)]
pub struct Slot(mpsc::OwnedPermit<Item>);

/// An append on its way. It lands whether or not this is waited for.
#[derive(Debug)]
#[must_use = "the append is on its way, but only this says whether it landed"]
pub struct Pending(oneshot::Receiver<Result<Appended, AppendError>>);

impl Slot {
    /// Sends an append. Appends of one tenant are tried in the order in which they are sent.
    pub fn send(self, append: Append) -> Pending {
        let (reply, answer) = oneshot::channel();
        match append.check() {
            Ok(()) => {
                self.0.send(Item {
                    append,
                    keys: Vec::new(),
                    reply: Some(reply),
                });
            }
            Err(error) => {
                append.cut_chain();
                // The receiver is in hand, three lines up.
                let _ = reply.send(Err(error));
            }
        }
        Pending(answer)
    }
}

impl Future for Pending {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(answer.unwrap_or(Err(AppendError::Closed)))
    }
}

impl Log {
    /// Opens the log in a data directory: `log.sqlite`, made if it is missing. One process owns a
    /// data directory at a time; another gets [`Error::InUse`].
    pub async fn open_sqlite(directory: &Path, options: Options) -> Result<Self, Error> {
        let (reader, seals, writer) = sqlite::open(directory, options.readers).await?;
        let parts = (Arc::new(reader) as Arc<dyn Reader>, Arc::new(seals) as _);
        Self::start(parts, vec![Box::new(writer)], None, &options).await
    }

    /// Connects to the log in a PostgreSQL database, which any number of nodes share.
    pub async fn connect_postgres(url: &str, options: Options) -> Result<Self, Error> {
        let lanes = options.lanes.max(1);
        let (reader, seals, writers, listener) =
            postgres::connect(url, options.readers, lanes).await?;
        let mut boxed: Vec<Box<dyn Writer>> = Vec::with_capacity(lanes);
        for writer in writers {
            boxed.push(Box::new(writer));
        }
        let parts = (Arc::new(reader) as Arc<dyn Reader>, Arc::new(seals) as _);
        Self::start(parts, boxed, Some(listener), &options).await
    }

    async fn start(
        (reader, seals): (Arc<dyn Reader>, Arc<dyn SealStore>),
        writers: Vec<Box<dyn Writer>>,
        listener: Option<postgres::Listener>,
        options: &Options,
    ) -> Result<Self, Error> {
        let heads = Arc::new(Heads::new());
        heads.publish_all(&reader.heads().await?);
        let listener = listener
            .map(|listener| tokio::spawn(listener.run(Arc::clone(&heads), Arc::clone(&reader))));
        let closing = watch::Sender::new(false);
        let mut lanes = Vec::with_capacity(writers.len());
        let mut tasks = Vec::with_capacity(writers.len());
        for writer in writers {
            let (sender, queue) = mpsc::channel(options.queue_len.max(1));
            let lane = Lane {
                writer,
                reader: Arc::clone(&reader),
                heads: Arc::clone(&heads),
                secrets: HashMap::new(),
                batch_len: options.batch_len.max(1),
                untold: Untold::default(),
            };
            tasks.push(tokio::spawn(lane.run(queue, closing.subscribe())));
            lanes.push(sender);
        }
        let tasks = Mutex::new(tasks);
        Ok(Self(Arc::new(Inner {
            reader,
            seals,
            heads,
            lanes,
            closing,
            tasks,
            listener,
        })))
    }

    /// Appends, and waits until it is durable.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.reserve(&append.tenant)?.send(append).await
    }

    /// Takes a place in the tenant's queue, or says at once that there is none.
    pub fn reserve(&self, tenant: &TenantId) -> Result<Slot, AppendError> {
        let queue = self.lane_of(tenant).ok_or(AppendError::Closed)?;
        match queue.clone().try_reserve_owned() {
            Ok(permit) => Ok(Slot(permit)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(AppendError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(AppendError::Closed),
        }
    }

    fn lane_of(&self, tenant: &TenantId) -> Option<&mpsc::Sender<Item>> {
        let mut hasher = DefaultHasher::new();
        tenant.hash(&mut hasher);
        let lanes = crate::resolve::count(self.0.lanes.len());
        let lane = hasher.finish().checked_rem(lanes)?;
        self.0.lanes.get(usize::try_from(lane).ok()?)
    }

    /// Events of one stream after a version, in order: `limit` at most, and fewer if they are large.
    /// Nothing means that there are no more.
    pub async fn read_stream(
        &self,
        tenant: &TenantId,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        let page = self.stream_page(tenant, stream, after, limit).await?;
        Ok(page.events)
    }

    /// The same, and whether there may be more.
    pub async fn stream_page(
        &self,
        tenant: &TenantId,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<StreamPage, Error> {
        self.0.reader.stream(tenant, stream, after, limit).await
    }

    /// The wanted events of a tenant after a position, in order: `limit` at most, and fewer if they
    /// are large. How far it was read, `scanned_to` says.
    pub async fn read(
        &self,
        tenant: &TenantId,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, Error> {
        follow::read(&*self.0.reader, tenant, after, filter, limit).await
    }

    /// The wanted events of a tenant after a position, now and as they come. A page is given for
    /// every stretch that was examined, even if nothing in it was wanted. It ends when the log is
    /// closed, or after an error: follow again from the last `scanned_to`.
    pub fn follow(
        &self,
        tenant: TenantId,
        after: Position,
        filter: Filter,
    ) -> impl Stream<Item = Result<Page, Error>> + Send + use<> + 'static {
        let head = self.watch_head(&tenant);
        follow::follow(Arc::clone(&self.0.reader), head, tenant, after, filter)
    }

    /// The position of a tenant's last event.
    pub async fn head(&self, tenant: &TenantId) -> Result<Position, Error> {
        self.0.reader.head(tenant).await
    }

    /// The position of a tenant's last event, as it grows. Its sender is gone when the log closes.
    pub fn watch_head(&self, tenant: &TenantId) -> watch::Receiver<Position> {
        self.0.heads.watch(tenant)
    }

    /// All tenants that have events.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        let heads = self.0.reader.heads().await?;
        Ok(heads.into_iter().map(|(tenant, _)| tenant).collect())
    }

    /// How many tenants have events: changes when a new one appears.
    pub fn watch_tenants(&self) -> watch::Receiver<u64> {
        self.0.heads.watch_tenants()
    }

    /// The version of a stream; 0 if it has no event.
    pub async fn stream_head(
        &self,
        tenant: &TenantId,
        stream: &StreamName,
    ) -> Result<Version, Error> {
        self.0.reader.stream_head(tenant, stream).await
    }

    /// The last position recorded strictly before an instant. `recorded_at` never runs backwards,
    /// so it is found by halving, without an index.
    pub async fn position_at(
        &self,
        tenant: &TenantId,
        recorded_before: DateTime<Utc>,
    ) -> Result<Position, Error> {
        let before = recorded_before.timestamp_micros();
        let mut low = 0;
        let mut high = self.head(tenant).await?.0;
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let at = self.0.reader.recorded_at(tenant, Position(middle)).await?;
            let at = at.ok_or_else(|| Error::Corrupt(format!("no event at position {middle}")))?;
            if at < before {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(Position(low))
    }

    /// When the event at a position was recorded, if there is one.
    pub async fn recorded_at(
        &self,
        tenant: &TenantId,
        position: Position,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let at = self.0.reader.recorded_at(tenant, position).await?;
        at.map(crate::backend::instant).transpose()
    }

    /// The receipt of a command that was carried out, and the hash of its body.
    pub async fn receipt_of(
        &self,
        tenant: &TenantId,
        command_id: &str,
    ) -> Result<Option<(Appended, [u8; 32])>, Error> {
        let reader = &self.0.reader;
        let Some(known) = reader.command(tenant, command_id).await? else {
            return Ok(None);
        };
        let positions: Vec<i64> = known
            .positions()
            .filter_map(|at| i64::try_from(at).ok())
            .collect();
        let events = reader.receipts(tenant, &positions).await?;
        Ok(Some((first_receipt(&known, &events), known.digest)))
    }

    /// Whether somebody holds a claim, for each of these. Of personal ones it is never told: what is
    /// stored of them says nothing without the tenant's secret, which only a writer has.
    pub async fn held(&self, tenant: &TenantId, claims: &[Claim]) -> Result<Vec<bool>, Error> {
        let keys: Vec<_> = claims.iter().map(|claim| Key::of(claim, None)).collect();
        let asked: Vec<Key> = keys.iter().flatten().cloned().collect();
        let held = self.0.reader.held(tenant, &asked).await?;
        let is_held = |key: Option<Key>| key.is_some_and(|key| held.contains(&key));
        Ok(keys.into_iter().map(is_held).collect())
    }

    pub(crate) fn seal_store(&self) -> Arc<dyn SealStore> {
        Arc::clone(&self.0.seals)
    }

    /// Takes no more appends, commits those that were sent, ends all followers, and closes the
    /// database.
    pub async fn close(&self) {
        self.0.closing.send_replace(true);
        // Whoever closes it too waits here until it is closed.
        let mut tasks = self.0.tasks.lock().await;
        while let Some(task) = tasks.last_mut() {
            if let Err(error) = task.await {
                tracing::error!(%error, "a writer did not end as it should");
            }
            tasks.pop();
        }
        if let Some(listener) = &self.0.listener {
            listener.abort();
        }
        self.0.heads.close();
        self.0.seals.close().await;
        self.0.reader.close().await;
    }
}
