//! One command from decision to receipt.
//!
//! A command is *begun* (decided on the newest state, sent ones included, and sent to the log) and
//! then *settled* (its append is durable, or it is tried again). Between the two, later commands
//! may begin: that is how one stream of commands, or many callers of one aggregate, share a commit.

use std::sync::Arc;
use std::time::Duration;

use domain::{
    Addressed, Aggregated, Claim, ClaimChange, Decider, InvalidCommand, Reference, Refused,
    decide_and_evolve,
};
use event_schemas::vocabulary::{StreamName, Version};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use log::{Append, AppendError, Appended, Log, NewEvent, Pending, StreamWrite};
use proto::commands::Route;
use proto::v1::command::Kind;
use sha2::{Digest as _, Sha256};

use crate::read::ReadAll;
use crate::room::{Room, Slot, stream_of};
use crate::{Envelope, Error, Receipt, store};

/// How often a command is decided anew when others were faster, before it is given up.
const MAX_TRIES: u32 = 8;

/// What is left to do for a command that has begun: wait until it is durable, or find out why not.
pub type InFlight = BoxFuture<'static, Result<Receipt, Error>>;

/// How the executor is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many aggregates of each kind are kept in memory.
    pub cached_aggregates: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cached_aggregates: 100_000,
        }
    }
}

/// Declares the rooms of the executor: one line a kind of aggregate.
macro_rules! rooms {
    ($($noun:ident, $field:ident);+ $(;)?) => {
        /// The caches, one for each kind of aggregate.
        #[derive(Debug)]
        pub(crate) struct Rooms {
            $(pub(crate) $field: Room<domain::$field::$noun>),+
        }

        impl Rooms {
            fn new(options: &Options) -> Self {
                Self { $($field: Room::new(options.cached_aggregates)),+ }
            }
        }

        impl Executor {
            /// Decides a command and sends it to the log. What is begun first takes effect first.
            pub async fn begin(&self, envelope: Envelope, command: Kind) -> InFlight {
                let digest = digest(&command);
                match Route::from(command) {
                    $(Route::$noun(command) => {
                        let parsed = domain::$field::parse(command);
                        self.begin_in(|rooms| &rooms.$field, envelope, digest, parsed).await
                    })+
                }
            }
        }
    };
}

rooms! {
    Tenant, tenant;
    SalesProcess, sales_process;
    Opportunity, opportunity;
    Customer, customer;
    Product, product;
    Rep, rep;
    Team, team;
}

/// Takes commands; cheap to clone.
#[derive(Debug, Clone)]
pub struct Executor {
    pub(crate) log: Log,
    pub(crate) rooms: Arc<Rooms>,
}

/// Picks one kind's cache.
type Pick<D> = fn(&Rooms) -> &Room<D>;

/// One command on its way.
struct Task<D: Decider> {
    executor: Executor,
    pick: Pick<D>,
    envelope: Envelope,
    digest: [u8; 32],
    stream: StreamName,
    command: D::Command,
}

/// One try of it: what was decided on which slot, and the append that will confirm it.
struct Attempt<D> {
    slot: Arc<Slot<D>>,
    /// What it was decided on besides, to be forgotten if that was stale.
    stale: Vec<Reference>,
    version: Version,
    refused: Option<Refused>,
    pending: Pending,
}

impl Executor {
    /// An executor on a log.
    pub fn new(log: Log, options: &Options) -> Self {
        Self {
            log,
            rooms: Arc::new(Rooms::new(options)),
        }
    }

    /// Carries out one command and waits until it is durable.
    pub async fn execute(&self, envelope: Envelope, command: Kind) -> Result<Receipt, Error> {
        self.begin(envelope, command).await.await
    }

    async fn begin_in<D: Decider>(
        &self,
        pick: Pick<D>,
        envelope: Envelope,
        digest: [u8; 32],
        parsed: Result<Addressed<D>, InvalidCommand>,
    ) -> InFlight {
        let task = parsed
            .map_err(Error::from)
            .and_then(|Addressed { id, command }| {
                let stream = stream_of::<D>(&id)?;
                Ok(Task {
                    executor: self.clone(),
                    pick,
                    envelope,
                    digest,
                    stream,
                    command,
                })
            });
        match task {
            Err(error) => Box::pin(async { Err(error) }),
            Ok(task) => {
                let first = task.attempt().await;
                Box::pin(task.settle(first))
            }
        }
    }
}

/// What tells one command body from another.
fn digest(command: &Kind) -> [u8; 32] {
    use prost::Message as _;
    let body = proto::v1::Command {
        kind: Some(command.clone()),
    };
    Sha256::digest(body.encode_to_vec()).into()
}

impl<D: Decider> Task<D> {
    /// Decides on the newest state and sends what was decided, under the slot's lock, so that what
    /// is decided first is sent first. A refusal sends no event, but the same checks.
    async fn attempt(&self) -> Result<Attempt<D>, Error> {
        let Executor { log, rooms } = &self.executor;
        let tenant = &self.envelope.tenant;
        let room = (self.pick)(rooms);
        let slot = room
            .slot(log, tenant, &self.stream, D::creates(&self.command))
            .await?;
        loop {
            let state = Arc::clone(&slot.lock().state);
            let references = state.references(&self.command);
            let read = self.executor.read_all(&self.envelope, &references).await?;
            let place = log.reserve(tenant).map_err(refused_by_log)?;

            let mut current = slot.lock();
            if current.state.references(&self.command) != references {
                continue;
            }
            let mut next = Aggregated(D::clone(&current.state));
            let command = self.command.clone();
            let decided = at_once(decide_and_evolve(&mut next, command, &read.reads));
            let (events, refused) = match decided {
                Some(Ok(events)) => (events, None),
                Some(Err(refused)) => (Vec::new(), Some(Refused::from(refused))),
                None => return Err(Error::Log("a decision waited".to_owned())),
            };
            let expected = current.version;
            let append =
                self.append(&next.0, &events, expected, refused.is_none(), &slot, &read)?;
            let version = Version(expected.0 + events.len() as u64);
            if !events.is_empty() {
                current.state = Arc::new(next.0);
                current.version = version;
            }
            let pending = place.send(append);
            return Ok(Attempt {
                slot: Arc::clone(&slot),
                stale: references,
                version,
                refused,
                pending,
            });
        }
    }

    fn append(
        &self,
        after: &D,
        events: &[D::Event],
        expected: Version,
        remember: bool,
        slot: &Slot<D>,
        read: &ReadAll,
    ) -> Result<Append, Error> {
        let envelope = &self.envelope;
        let encoded: Result<Vec<NewEvent>, _> = events.iter().map(store::encode).collect();
        let encoded = encoded.map_err(|error| Error::TooLarge(error.to_string()))?;
        let claims = events.iter().flat_map(|event| after.claims(event));
        Ok(Append {
            tenant: envelope.tenant.clone(),
            command: remember.then(|| log::Command {
                id: envelope.command_id.clone(),
                digest: self.digest,
            }),
            writes: vec![StreamWrite {
                stream: self.stream.clone(),
                expected,
                events: encoded,
            }],
            reads: read.versions.clone(),
            claims: claims.map(|change| self.claim(change)).collect(),
            chain: Some(slot.chain.clone()),
            depends_on: read.chains.clone(),
            meta: log::Meta {
                occurred_at: envelope.occurred_at,
                actor: envelope.actor.clone(),
                correlation_id: envelope.correlation_id.clone(),
                causation_id: envelope.causation_id.clone(),
                trace_context: envelope.trace_context.clone(),
            },
        })
    }

    fn claim(&self, change: ClaimChange) -> log::ClaimChange {
        let holder = self.stream.to_string();
        let told = |claim: Claim| log::Claim {
            scope: claim.scope.to_owned(),
            value: if claim.personal {
                log::ClaimValue::Personal(claim.value)
            } else {
                log::ClaimValue::Plain(claim.value)
            },
        };
        match change {
            ClaimChange::Take(claim) => log::ClaimChange::Claim {
                claim: told(claim),
                holder,
            },
            ClaimChange::GiveBack(claim) => log::ClaimChange::Release {
                claim: told(claim),
                holder,
            },
        }
    }

    /// Waits for the append; decides anew while others are faster.
    async fn settle(self, first: Result<Attempt<D>, Error>) -> Result<Receipt, Error> {
        let mut attempt = first?;
        for tries in 1..=MAX_TRIES {
            let Attempt {
                slot,
                stale,
                version,
                refused,
                pending,
            } = attempt;
            match pending.await {
                Ok(appended) => return self.answer(&slot, version, refused, appended).await,
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => {
                    self.forget(&slot).await;
                    return Err(refused_by_log(error));
                }
            }
            self.forget(&slot).await;
            self.executor.forget_all(&self.envelope, &stale).await;
            if tries == MAX_TRIES {
                break;
            }
            tokio::time::sleep(Duration::from_millis(u64::from(tries - 1) * 2)).await;
            attempt = self.attempt().await?;
        }
        Err(Error::Contended {
            stream: self.stream,
            tries: MAX_TRIES,
        })
    }

    async fn answer(
        &self,
        slot: &Arc<Slot<D>>,
        version: Version,
        refused: Option<Refused>,
        appended: Appended,
    ) -> Result<Receipt, Error> {
        if let Some(refused) = refused {
            // It may be a command that was carried out before, and is refused only for that.
            let before = self
                .executor
                .log
                .receipt_of(&self.envelope.tenant, &self.envelope.command_id);
            return match before
                .await
                .map_err(|error| Error::Log(error.to_string()))?
            {
                None => Err(refused.into()),
                Some((_, digest)) if digest != self.digest => Err(Error::CommandIdReused),
                Some((appended, _)) => Ok(self.receipt(version, appended)),
            };
        }
        if appended.duplicate {
            self.forget(slot).await;
        }
        Ok(self.receipt(version, appended))
    }

    fn receipt(&self, version: Version, appended: Appended) -> Receipt {
        let own = appended
            .events
            .iter()
            .rev()
            .find(|event| event.stream == self.stream);
        Receipt {
            command_id: self.envelope.command_id.clone(),
            position: appended.position,
            stream: self.stream.clone(),
            version: own.map_or(version, |event| event.version),
            event_types: appended
                .events
                .iter()
                .map(|e| e.event_type.to_string())
                .collect(),
            duplicate: appended.duplicate,
        }
    }

    async fn forget(&self, slot: &Arc<Slot<D>>) {
        let room = (self.pick)(&self.executor.rooms);
        room.forget(&self.envelope.tenant, &self.stream, slot).await;
    }
}

/// Runs what waits for nothing, so that it may run under a lock. cqrs-es writes events under a
/// lock of tokio's, which now and then gives up its turn to other tasks unless it is told not to.
fn at_once<F: Future>(ready: F) -> Option<F::Output> {
    tokio::task::unconstrained(ready).now_or_never()
}

fn refused_by_log(error: AppendError) -> Error {
    match error {
        AppendError::Claimed { scope, holder } => Error::Taken { scope, holder },
        AppendError::CommandReused => Error::CommandIdReused,
        AppendError::Overloaded => Error::Overloaded,
        AppendError::TooLarge(what) => Error::TooLarge(what),
        other => Error::Log(other.to_string()),
    }
}
