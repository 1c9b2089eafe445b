//! Group commit: one task drains a queue of appends and lands them together.
//!
//! Appends of one tenant are resolved and committed in the order they were sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::Utc;
use event_schemas::vocabulary::{Position, TenantId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::append::{Append, AppendError, Appended, AppendedEvent};
use crate::backend::{Backend, Error, Known, Landing, Plan};
use crate::heads::Heads;
use crate::resolve::{self, Outcome};
use crate::store::Secrets;

/// How long a database that does not answer is asked again before the waiting appends fail.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a batch is resolved anew when other nodes keep changing what it was resolved on.
const MAX_ROUNDS: u32 = 100;

/// An append on its way, and who waits for it.
pub(crate) struct Job {
    pub(crate) append: Append,
    pub(crate) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// A place in the queue.
#[derive(Debug)]
pub struct Place(pub(crate) mpsc::OwnedPermit<Job>);

impl Place {
    /// Sends an append. Appends of one tenant land in the order they are sent.
    pub fn send(self, append: Append) -> Pending {
        let (reply, outcome) = oneshot::channel();
        match append.check() {
            Ok(()) => {
                self.0.send(Job { append, reply });
            }
            Err(error) => {
                append.speculates().for_each(crate::Chain::cut);
                // Nobody else has the receiver, so this cannot fail.
                let _ = reply.send(Err(error));
            }
        }
        Pending(outcome)
    }
}

/// An append that was sent: becomes what came of it, once that is durable.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<Appended, AppendError>>);

impl Future for Pending {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|reply| reply.unwrap_or(Err(AppendError::Closed)))
    }
}

/// What a lane works with.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) heads: Arc<Heads>,
    pub(crate) secrets: Secrets,
    pub(crate) batch_len: usize,
}

impl Lane {
    /// Drains the queue until nobody can send any more.
    pub(crate) async fn run(self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(self.batch_len);
        while queue.recv_many(&mut jobs, self.batch_len).await > 0 {
            metrics::histogram!("twinfunnel_append_batch_len").record(jobs.len() as f64);
            for (tenant, jobs) in by_tenant(jobs.drain(..)) {
                let started = Instant::now();
                self.land(&tenant, jobs).await;
                metrics::histogram!("twinfunnel_commit_seconds").record(started.elapsed());
            }
        }
    }

    async fn land(&self, tenant: &TenantId, jobs: Vec<Job>) {
        let (batch, replies): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.append, job.reply)).unzip();
        let landed = self.land_batch(tenant, &batch).await;
        let outcomes = match landed {
            Ok(outcomes) => outcomes,
            Err(error) => batch.iter().map(|append| Err(error.of(append))).collect(),
        };
        for ((append, reply), outcome) in batch.iter().zip(replies).zip(outcomes) {
            if !matches!(&outcome, Ok(appended) if !appended.duplicate) {
                append.speculates().for_each(crate::Chain::cut);
            }
            count(&outcome);
            // Whoever waited may have gone; the append stands all the same.
            let _ = reply.send(outcome);
        }
    }

    /// Resolves and lands a batch; `Err` if the database does not let it.
    async fn land_batch(
        &self,
        tenant: &TenantId,
        batch: &[Append],
    ) -> Result<Vec<Result<Appended, AppendError>>, Broken> {
        let hash = self
            .secrets
            .of(&*self.backend, tenant, batch)
            .await
            .map_err(Broken::certain)?;
        let hash = |value: &str| hash.personal(value);
        let mut facts = None;
        let mut broke_off: Option<Broken> = None;
        let give_up = Instant::now() + PATIENCE;
        for round in 0..MAX_ROUNDS {
            let (plan, outcomes) = resolve::resolve(batch, facts.as_ref(), &hash);
            // After the connection broke during a commit nobody knows whether the batch landed:
            // appends that carry a command id are found by it, others are not tried again.
            let anonymous = |a: &Append| a.command.is_none() && a.changes_something();
            if let Some(broken) = broke_off.take_if(|_| batch.iter().any(anonymous)) {
                return Err(broken);
            }
            match self.try_plan(tenant, &plan).await {
                Ok(Landing::Landed(head)) => {
                    if !plan.events.is_empty() {
                        self.heads
                            .raise(tenant, Position(head.0 + plan.events.len() as u64));
                    }
                    return Ok(self
                        .tell(tenant, head, &outcomes, broke_off.is_some())
                        .await);
                }
                Ok(Landing::Contradicted) => {}
                Err(error) if error.is_transient() && Instant::now() < give_up => {
                    tracing::warn!(%error, round, "the database broke off; trying again");
                    broke_off = Some(Broken {
                        error: Arc::new(error),
                        certain: false,
                    });
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => {
                    let certain = !error.is_transient() && broke_off.is_none();
                    return Err(Broken {
                        error: Arc::new(error),
                        certain,
                    });
                }
            }
            facts = Some(self.facts(tenant, batch, &hash, give_up).await?);
        }
        let error = Error::Corrupt(format!("a batch was not settled in {MAX_ROUNDS} rounds"));
        Err(Broken::certain(error))
    }

    async fn try_plan(&self, tenant: &TenantId, plan: &Plan) -> Result<Landing, Error> {
        self.backend.land(tenant, plan, Utc::now()).await
    }

    async fn facts(
        &self,
        tenant: &TenantId,
        batch: &[Append],
        hash: resolve::HashPersonal<'_>,
        give_up: Instant,
    ) -> Result<crate::backend::Facts, Broken> {
        let (streams, commands, claims) = resolve::names(batch, hash);
        loop {
            match self
                .backend
                .facts(tenant, &streams, &commands, &claims)
                .await
            {
                Ok(facts) => return Ok(facts),
                Err(error) if error.is_transient() && Instant::now() < give_up => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(error) => {
                    return Err(Broken {
                        error: Arc::new(error),
                        certain: false,
                    });
                }
            }
        }
    }

    /// Outcomes as they are told: with positions of the log instead of the batch.
    async fn tell(
        &self,
        tenant: &TenantId,
        head: Position,
        outcomes: &[Outcome],
        broke_off: bool,
    ) -> Vec<Result<Appended, AppendError>> {
        let mut told: Vec<Result<Appended, AppendError>> = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            let one = match outcome {
                Outcome::Lands(appended) => Ok(placed(appended, head)),
                Outcome::Fails(error) => Err(error.clone()),
                Outcome::SameAs(at) => match told.get(*at) {
                    Some(Ok(first)) => Ok(Appended {
                        duplicate: true,
                        ..first.clone()
                    }),
                    _ => Err(AppendError::Closed),
                },
                Outcome::Before(known) => recall(&*self.backend, tenant, known)
                    .await
                    // If the connection broke, it is this very sending that landed.
                    .map(|appended| Appended {
                        duplicate: !broke_off,
                        ..appended
                    })
                    .map_err(|error| AppendError::Backend(Arc::new(error))),
            };
            told.push(one);
        }
        told
    }
}

impl Append {
    fn changes_something(&self) -> bool {
        self.writes.iter().any(|write| !write.events.is_empty()) || !self.claims.is_empty()
    }
}

/// What came of a command that was carried out before.
pub(crate) async fn recall(
    backend: &dyn Backend,
    tenant: &TenantId,
    known: &Known,
) -> Result<Appended, Error> {
    let (first, last) = (known.first.0, known.last.0);
    let count = usize::try_from((last + 1).saturating_sub(first)).unwrap_or(usize::MAX);
    let filter = crate::Filter::default();
    let events = match count {
        0 => Vec::new(),
        _ => {
            let after = Position(first.saturating_sub(1));
            backend
                .read(tenant, after, known.last, &filter, count)
                .await?
        }
    };
    let events = events.into_iter().map(|recorded| AppendedEvent {
        stream: recorded.stream,
        version: recorded.version,
        event_type: recorded.event_type.into(),
        position: recorded.position,
    });
    Ok(Appended {
        position: known.last,
        events: events.collect(),
        duplicate: true,
    })
}

/// Why a whole batch did not land.
struct Broken {
    error: Arc<Error>,
    /// Whether it is certain that nothing of it did.
    certain: bool,
}

impl Broken {
    fn certain(error: Error) -> Self {
        Self {
            error: Arc::new(error),
            certain: true,
        }
    }

    fn of(&self, append: &Append) -> AppendError {
        let error = Arc::clone(&self.error);
        if self.certain || !append.changes_something() {
            AppendError::Backend(error)
        } else {
            AppendError::OutcomeUnknown(error)
        }
    }
}

fn by_tenant(jobs: impl Iterator<Item = Job>) -> Vec<(TenantId, Vec<Job>)> {
    let mut groups: Vec<(TenantId, Vec<Job>)> = Vec::new();
    for job in jobs {
        match groups
            .iter_mut()
            .find(|(tenant, _)| *tenant == job.append.tenant)
        {
            Some((_, group)) => group.push(job),
            None => groups.push((job.append.tenant.clone(), vec![job])),
        }
    }
    groups
}

fn placed(appended: &Appended, head: Position) -> Appended {
    let place = |position: Position| Position(head.0 + position.0);
    let mut appended = appended.clone();
    appended.position = place(appended.position);
    for event in &mut appended.events {
        event.position = place(event.position);
    }
    appended
}

fn count(outcome: &Result<Appended, AppendError>) {
    let outcome = match outcome {
        Ok(appended) if appended.duplicate => "duplicate",
        Ok(_) => "landed",
        Err(AppendError::Conflict { .. } | AppendError::Unfounded) => "conflict",
        Err(AppendError::Claimed { .. }) => "claimed",
        Err(_) => "failed",
    };
    metrics::counter!("twinfunnel_appends_total", "outcome" => outcome).increment(1);
}
