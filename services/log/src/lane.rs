//! A lane: the queue of some tenants' appends, and the one task that commits them.
//!
//! Everything that waits is committed together. So the longer a commit takes, the more share the
//! next one, and a tenant's counter row is locked once per batch instead of once per append. While
//! many wait, the next batch is on its way before the last one is answered: the database does not
//! wait for what its answers set going.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_schemas::vocabulary::{Position, TenantId};
use tokio::sync::{mpsc, watch};

use crate::backend::{Failure, Item, Reader, Reply, Settled, Writer, first_receipt};
use crate::claim::{Key, Secret};
use crate::heads::Heads;
use crate::resolve::Verdict;
use crate::{AppendError, Appended, AppendedEvent, ClaimChange, Error};

/// How long a batch is tried again while the database does not answer.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// Most bytes of all payloads of one batch of more than one append.
const BATCH_BYTES: usize = 16 << 20;

/// The next batch goes before the last one is answered if at least this part of its number waits.
const WAITING_SHARE: usize = 2;

/// How long to wait before another try, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(5);
const RETRY_MOST: Duration = Duration::from_secs(1);

/// Commits what is sent to it, in the order of sending.
pub(crate) struct Lane {
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) heads: Arc<Heads>,
    pub(crate) secrets: HashMap<TenantId, Secret>,
    pub(crate) batch_len: usize,
    pub(crate) untold: Untold,
}

/// Answers that are known: told once this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Untold(Vec<(Reply, Result<Appended, AppendError>)>);

impl Drop for Untold {
    fn drop(&mut self) {
        for (reply, answer) in self.0.drain(..) {
            // Whoever asked may have gone; what landed has landed.
            let _ = reply.send(answer);
        }
    }
}

impl Lane {
    /// Runs until nothing can be sent any more and everything that was sent is committed.
    pub(crate) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Item>,
        mut closing: watch::Receiver<bool>,
    ) {
        let mut items = Vec::with_capacity(self.batch_len);
        loop {
            tokio::select! {
                biased;
                // Once told, or when nobody is left to tell: nothing new comes in, the rest is done.
                // First, so that a queue that is never empty does not keep the log from closing.
                () = told(&mut closing), if !queue.is_closed() => queue.close(),
                received = queue.recv_many(&mut items, self.batch_len) => {
                    if received == 0 {
                        break;
                    }
                    while !items.is_empty() {
                        let rest = items.split_off(batch_of(&items));
                        self.commit(std::mem::replace(&mut items, rest)).await;
                    }
                    items.reserve(self.batch_len);
                    if queue.len() < received.div_ceil(WAITING_SHARE) {
                        drop(std::mem::take(&mut self.untold));
                        // Lets those who were just answered send their next before the next batch is cut.
                        tokio::task::yield_now().await;
                    }
                }
            }
        }
        self.writer.close().await;
    }

    /// Commits a batch. If the database refuses it for a reason that lasts, it is halved until
    /// those that cannot be stored stand alone, so that their neighbours land.
    async fn commit(&mut self, items: Vec<Item>) {
        let mut waiting = vec![items];
        let mut trial = Trial::new();
        while let Some(mut items) = waiting.pop() {
            match self.try_commit(&mut items).await {
                Ok(()) => trial = Trial::new(),
                Err(Failure::Lasting(error)) => {
                    if items.len() > 1 {
                        let rest = items.split_off(items.len() / 2);
                        waiting.push(rest);
                        waiting.push(items);
                    } else {
                        refuse_all(items, error);
                    }
                }
                Err(Failure::Transient(error)) => {
                    if trial.is_over() {
                        refuse_all(items, error);
                    } else {
                        tracing::warn!(%error, appends = items.len(), "a commit is tried again");
                        trial.wait().await;
                        waiting.push(items);
                    }
                }
                Err(Failure::Unknown(error)) => {
                    tracing::warn!(%error, appends = items.len(), "the connection broke in a commit");
                    // A command finds itself again; what changes nothing can be tried as often as
                    // one likes; of all others nobody can tell.
                    let (again, unknown): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| {
                        item.append.command.is_some() || !item.append.changes_anything()
                    });
                    let error = Arc::new(error);
                    refuse_all(unknown, Error::OutcomeUnknown(Arc::clone(&error)));
                    if trial.is_over() {
                        refuse_all(again, Error::OutcomeUnknown(error));
                    } else if !again.is_empty() {
                        trial.wait().await;
                        waiting.push(again);
                    }
                }
            }
        }
    }

    async fn try_commit(&mut self, items: &mut [Item]) -> Result<(), Failure> {
        // Stable: within a tenant the order of sending stays.
        items.sort_by(|one, other| one.append.tenant.cmp(&other.append.tenant));
        let untold = std::mem::take(&mut self.untold);
        self.find_keys(items).await?;
        let by_tenant = |one: &Item, other: &Item| one.append.tenant == other.append.tenant;
        let groups: Vec<&[Item]> = items.chunk_by(by_tenant).collect();
        let began = Instant::now();
        // In this order: the batch is on its way when the last one is answered.
        let (settled, ()) = futures::join!(self.writer.commit(&groups), async { drop(untold) });
        let settled = settled?;
        metrics::histogram!("log_commit_seconds").record(began.elapsed());
        #[expect(
            clippy::cast_precision_loss,
            reason = "a batch is far smaller than 2^52"
        )]
        metrics::histogram!("log_batch_appends").record(items.len() as f64);
        for (items, settled) in items.chunk_by_mut(by_tenant).zip(settled) {
            self.answer(items, settled).await;
        }
        Ok(())
    }

    /// Finds the keys of all claims under which they are stored.
    async fn find_keys(&mut self, items: &mut [Item]) -> Result<(), Failure> {
        for Item { append, keys, .. } in items {
            if append.claims.is_empty() || !keys.is_empty() {
                continue;
            }
            let mut secret = self.secrets.get(&append.tenant);
            if secret.is_none() && append.claims.iter().any(ClaimChange::is_personal) {
                let made = self.writer.secret(&append.tenant).await?;
                secret = Some(self.secrets.entry(append.tenant.clone()).or_insert(made));
            }
            let found = append
                .claims
                .iter()
                .map(|change| Key::of(change.parts().0, secret));
            let found: Option<_> = found.collect();
            // Nothing lands without its claims.
            let missing = || Error::Corrupt("a claim has no key under which it is stored".into());
            *keys = found.ok_or_else(|| Failure::Lasting(missing()))?;
        }
        Ok(())
    }

    /// Finds the answers of one tenant's appends, after they are committed.
    async fn answer(&mut self, items: &mut [Item], settled: Settled) {
        let Some(tenant) = items.first().map(|item| item.append.tenant.clone()) else {
            return;
        };
        self.heads.publish(&tenant, Position(settled.head));
        let receipts = self.first_receipts(&tenant, &settled.verdicts).await;
        let mut answers: Vec<Result<Appended, AppendError>> = Vec::with_capacity(items.len());
        for (item, verdict) in items.iter().zip(settled.verdicts) {
            let answer = match verdict {
                Verdict::Lands { offset, events } => {
                    Ok(landed(item, settled.head_before + offset, events))
                }
                Verdict::Known(known) => receipts
                    .as_ref()
                    .map(|events| first_receipt(&known, events))
                    .map_err(|error| AppendError::Backend(Arc::clone(error))),
                Verdict::Repeats { earlier } => match answers.get(earlier) {
                    Some(Ok(first)) => Ok(Appended {
                        duplicate: true,
                        ..first.clone()
                    }),
                    Some(Err(error)) => Err(error.clone()),
                    None => Err(AppendError::Closed),
                },
                Verdict::Refused(error) => Err(error),
            };
            answers.push(answer);
        }
        for (item, answer) in items.iter_mut().zip(answers) {
            self.untold.0.extend(answered(item, answer));
        }
    }

    /// The events of receipts that were given before.
    async fn first_receipts(
        &mut self,
        tenant: &TenantId,
        verdicts: &[Verdict],
    ) -> Result<HashMap<u64, AppendedEvent>, Arc<Error>> {
        let mut positions = Vec::new();
        for verdict in verdicts {
            if let Verdict::Known(known) = verdict {
                positions.extend(known.positions().filter_map(|at| i64::try_from(at).ok()));
            }
        }
        if positions.is_empty() {
            return Ok(HashMap::new());
        }
        self.reader
            .receipts(tenant, &positions)
            .await
            .map_err(Arc::new)
    }
}

/// How many of the first appends go in one batch: all, unless their payloads are too large.
fn batch_of(items: &[Item]) -> usize {
    let mut bytes = 0;
    let fitting = items.iter().take_while(|item| {
        bytes += item.append.payload_bytes();
        bytes <= BATCH_BYTES
    });
    fitting.count().max(1)
}

/// Waits until the log is to be closed, or nobody is left who could say so.
async fn told(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await;
}

/// The receipt of an append that landed.
fn landed(item: &Item, position: u64, count: u64) -> Appended {
    let first_position = (position + 1).saturating_sub(count.max(1));
    let mut events = Vec::with_capacity(item.append.event_count());
    let mut next = first_position;
    for write in &item.append.writes {
        // A stream that is written twice in one append continues where it was.
        let mut version = write.expected;
        for event in &write.events {
            version.0 += 1;
            events.push(AppendedEvent {
                stream: write.stream.clone(),
                version,
                event_type: event.event_type.clone(),
                position: Position(next),
            });
            next += 1;
        }
    }
    Appended {
        position: Position(position),
        first_position: Position(first_position),
        events,
        version: item.append.version_after(),
        duplicate: false,
    }
}

fn refuse_all(items: Vec<Item>, error: Error) {
    let error = Arc::new(error);
    let refusal = || Err(AppendError::Backend(Arc::clone(&error)));
    let answers = items
        .into_iter()
        .filter_map(|mut item| answered(&mut item, refusal()));
    drop(Untold(answers.collect()));
}

/// Cuts the chain of what did not add its events, and gives the answer to be told.
fn answered(
    item: &mut Item,
    answer: Result<Appended, AppendError>,
) -> Option<(Reply, Result<Appended, AppendError>)> {
    let outcome = match &answer {
        Ok(appended) if appended.duplicate => "duplicate",
        Ok(_) => "landed",
        Err(AppendError::Conflict { .. }) => "conflict",
        Err(AppendError::Claimed { .. }) => "claimed",
        Err(AppendError::CommandReused) => "reused",
        Err(_) => "failed",
    };
    metrics::counter!("log_appends_total", "outcome" => outcome).increment(1);
    if outcome != "landed" {
        item.append.cut_chain();
    }
    item.reply.take().map(|reply| (reply, answer))
}

/// How long one batch has been tried.
struct Trial {
    began: Instant,
    next_wait: Duration,
}

impl Trial {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            next_wait: RETRY_FIRST,
        }
    }

    fn is_over(&self) -> bool {
        self.began.elapsed() > RETRY_FOR
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.next_wait).await;
        self.next_wait = (self.next_wait * 2).min(RETRY_MOST);
    }
}

#[cfg(test)]
mod tests;
