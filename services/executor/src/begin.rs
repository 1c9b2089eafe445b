//! One command from decision to receipt.
//!
//! A command is *begun* (decided on the newest state, sent ones included, and sent to the log) and
//! then *settled* (its append is durable, or it is tried again). Between the two, later commands
//! may begin: that is how one stream of commands, or many callers of one aggregate, share a commit.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    Addressed, Aggregated, Ask, Claim, Decider, InvalidCommand, Reference, Refused,
    decide_and_evolve,
};
use event_schemas::commission_period::StatementClosed;
use event_schemas::vocabulary::{StreamName, Version};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use log::{Append, AppendError, Appended, Log, Pending};
use proto::commands::Route;
use proto::v1::command::Kind;
use sha2::{Digest as _, Sha256};

use crate::read::ReadAll;
use crate::room::{Room, Turn, stream_of};
use crate::together::{Member, Part, Party};
use crate::{Envelope, Error, Receipt, store};

/// How often a command is decided anew when others were faster, before it is given up.
const MAX_TRIES: u32 = 8;

/// What is left to do for a command that has begun: wait until it is durable, or find out why not.
///
/// To be awaited or dropped soon: a command that has to be sent again keeps those behind it waiting.
pub type InFlight = BoxFuture<'static, Result<Receipt, Error>>;

/// A command that begins. Boxed, like what it becomes, so that the rooms of all aggregates are compiled here, once,
/// and not again in every crate that awaits it.
pub type Begun<'a> = BoxFuture<'a, InFlight>;

/// How the executor is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many aggregates of each kind are kept in memory; of a kind that is large, as many fewer as
    /// its [`Decider::WEIGHT`] says.
    pub cached_aggregates: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cached_aggregates: 100_000,
        }
    }
}

/// Declares the rooms of the executor: one line a kind of aggregate; first those that callers command,
/// then those that only the service itself does.
macro_rules! rooms {
    ($($noun:ident, $field:ident;)+ @within $($inner:ident, $inner_field:ident;)+) => {
        /// The caches, one for each kind of aggregate.
        #[derive(Debug)]
        pub(crate) struct Rooms {
            $(pub(crate) $field: Room<domain::$field::$noun>,)+
            $(pub(crate) $inner_field: Room<domain::$inner_field::$inner>),+
        }

        impl Rooms {
            fn new(options: &Options) -> Self {
                Self {
                    $($field: Room::new(options.cached_aggregates),)+
                    $($inner_field: Room::new(options.cached_aggregates)),+
                }
            }
        }

        impl Executor {
            /// Decides a command and sends it to the log. What is begun first takes effect first.
            pub fn begin(&self, envelope: Envelope, command: Kind) -> Begun<'_> {
                let digest = digest(&command);
                match Route::from(command) {
                    $(Route::$noun(command) => {
                        let parsed = domain::$field::parse(command);
                        Box::pin(self.begin_in(|rooms| &rooms.$field, envelope, digest, parsed))
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
    Quote, quote;
    Contract, contract;
    ExchangeRate, exchange_rate;
    FixedCost, fixed_cost;
    Metric, metric;
    Usage, usage;
    Ticket, ticket;
    Survey, survey;
    Interaction, interaction;
    HealthModel, health_model;
    CommissionPlan, commission_plan;
    CommissionStatement, commission_period;
    Playbook, playbook;
    Task, task;
    @within
    Alarm, alarm;
    Clock, clock;
}

/// Takes commands; cheap to clone.
#[derive(Debug, Clone)]
pub struct Executor {
    pub(crate) log: Log,
    pub(crate) rooms: Arc<Rooms>,
}

/// Picks one kind's cache.
pub(crate) type Pick<D> = fn(&Rooms) -> &Room<D>;

/// One command on its way.
pub(crate) struct Task<D: Decider> {
    pub(crate) executor: Executor,
    pub(crate) envelope: Envelope,
    digest: [u8; 32],
    pub(crate) own: Party<D>,
    /// Of what it can do without, what is another's.
    pub(crate) taken: Arc<HashSet<Claim>>,
    /// What it asks of others, and who they are.
    pub(crate) asked: Vec<(Ask, Box<dyn Member>)>,
}

/// One try of it: what was decided, and the append that will confirm it.
pub(crate) struct Attempt {
    /// What else it was decided on.
    pub(crate) references: Vec<Reference>,
    pub(crate) refused: Option<Refused>,
    pub(crate) pending: Pending,
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

    /// Closes a statement that was calculated, and waits until that is durable. A command id stands for
    /// the closing of one plan's statement of one rep and period, whatever it was calculated to.
    pub async fn close_statement(
        &self,
        envelope: Envelope,
        closed: StatementClosed,
    ) -> Result<Receipt, Error> {
        self.begin_closing(envelope, closed).await.await
    }

    fn begin_closing(&self, envelope: Envelope, closed: StatementClosed) -> Begun<'_> {
        let digest = digest_of_closing(&closed);
        let close = Ok(domain::commission_period::close(closed));
        Box::pin(self.begin_in(|rooms| &rooms.commission_period, envelope, digest, close))
    }

    pub(crate) async fn begin_in<D: Decider>(
        &self,
        pick: Pick<D>,
        envelope: Envelope,
        digest: [u8; 32],
        parsed: Result<Addressed<D>, InvalidCommand>,
    ) -> InFlight {
        let Addressed { id, command } = match parsed {
            Ok(addressed) => addressed,
            Err(error) => return failed(error.into()),
        };
        let stream = match stream_of::<D>(&id) {
            Ok(stream) => stream,
            Err(error) => return failed(error),
        };
        let slot = pick(&self.rooms).slot(&envelope.tenant, &stream);
        let mut task = Task {
            executor: self.clone(),
            envelope,
            digest,
            own: Party {
                stream,
                command,
                turn: Turn::at(slot),
            },
            taken: Arc::default(),
            asked: Vec::new(),
        };
        let first = task.attempt().await;
        Box::pin(task.settle(first))
    }
}

fn failed(error: Error) -> InFlight {
    Box::pin(std::future::ready(Err(error)))
}

/// What tells one command body from another.
fn digest(command: &Kind) -> [u8; 32] {
    // The bytes of `Command`, whose one field this is.
    let mut body = Vec::with_capacity(command.encoded_len());
    command.encode(&mut body);
    Sha256::digest(body).into()
}

/// What tells the closing of one statement from another, and from every message.
fn digest_of_closing(closed: &StatementClosed) -> [u8; 32] {
    let StatementClosed {
        plan_id,
        rep_id,
        from_on,
        to_on,
        ..
    } = closed;
    // No id and no date holds a space.
    let body = format!("CloseStatement {plan_id} {rep_id} {from_on} {to_on}");
    Sha256::digest(body).into()
}

/// What came of a try to decide and send.
pub(crate) enum Tried {
    /// It is on its way.
    Sent(Attempt),
    /// Others are to be sent first.
    NotYet,
    /// What it would have been decided on has changed meanwhile.
    Moved,
}

impl<D: Decider> Task<D> {
    /// Decides on the newest state and sends what was decided, under the slot's lock, so that what
    /// is decided first is sent first. A refusal sends no event, but the same checks. Nothing is
    /// done if others are to be sent first.
    async fn attempt(&mut self) -> Result<Option<Attempt>, Error> {
        loop {
            let tried = match self.attempt_alone().await? {
                Ok(tried) => tried,
                Err(asks) => self.attempt_together(asks).await?,
            };
            match tried {
                Tried::Sent(attempt) => return Ok(Some(attempt)),
                Tried::NotYet => return Ok(None),
                Tried::Moved => {}
            }
        }
    }

    /// Decides and sends what concerns no stream but its own; or tells what it asks of others.
    async fn attempt_alone(&self) -> Result<Result<Tried, Vec<Ask>>, Error> {
        let Self {
            executor, envelope, ..
        } = self;
        let Party {
            stream,
            command,
            turn,
        } = &self.own;
        let asks = D::asks_with(command);
        if !asks.is_empty() {
            return Ok(Err(asks));
        }
        let (log, tenant) = (&executor.log, &envelope.tenant);
        let slot = turn.slot();
        let creates = D::creates(command);
        let seen = slot.current(log, tenant, stream, creates).await?;
        let references = seen.state.references(command);
        let read = self.read_all(&references).await?;
        let place = log.reserve(tenant).map_err(refused_by_log)?;

        let mut held = slot.lock();
        if !turn.has_come(&mut held.line) {
            return Ok(Ok(Tried::NotYet));
        }
        let Some(current) = held.current() else {
            return Ok(Ok(Tried::Moved));
        };
        let moved = !Arc::ptr_eq(&current.state, &seen.state);
        if moved && current.state.references(command) != references {
            return Ok(Ok(Tried::Moved));
        }
        let mut next = Aggregated(D::clone(&current.state));
        let decided = at_once(decide_and_evolve(&mut next, command.clone(), &read.reads));
        let (facts, refused) = match decided {
            Some(Ok(facts)) => (facts, None),
            Some(Err(refused)) => (Vec::new(), Some(Refused::from(refused))),
            None => return Err(Error::Log("a decision waited".to_owned())),
        };
        let asks = facts.iter().flat_map(|fact| next.0.asks(&fact.event));
        let asks: Vec<Ask> = asks.collect();
        if !asks.is_empty() {
            return Ok(Err(asks));
        }
        let chain = current.chain.clone();
        let part = Part::of(stream, &next.0, &facts, current.version, chain)?;
        let occurred_at = store::occurred_at(&facts).unwrap_or(envelope.occurred_at);
        let append = self.append([part], read, refused.is_none(), occurred_at);
        if !facts.is_empty() {
            current.version.0 += facts.len() as u64;
            current.state = Arc::new(next.0);
        }
        let pending = place.send(append);
        turn.taken(&mut held.line);
        Ok(Ok(Tried::Sent(Attempt {
            references,
            refused,
            pending,
        })))
    }

    /// All streams it writes, its own first.
    pub(crate) fn members(&self) -> Vec<&dyn Member> {
        let asked = self.asked.iter().map(|(_, member)| &**member);
        std::iter::once(&self.own as &dyn Member)
            .chain(asked)
            .collect()
    }

    /// What its parts come to. It cuts the chain of the first, its own, and hangs on those of all.
    pub(crate) fn append(
        &self,
        parts: impl IntoIterator<Item = Part>,
        read: ReadAll,
        remember: bool,
        occurred_at: DateTime<Utc>,
    ) -> Append {
        let envelope = &self.envelope;
        let mut append = Append {
            tenant: envelope.tenant.clone(),
            command: remember.then(|| log::Command {
                id: envelope.command_id.clone(),
                digest: self.digest,
            }),
            writes: Vec::with_capacity(1),
            reads: read.versions,
            claims: Vec::new(),
            chain: None,
            depends_on: read.chains,
            meta: log::Meta {
                occurred_at,
                actor: envelope.actor.clone(),
                correlation_id: envelope.correlation_id.clone(),
                causation_id: envelope.causation_id.clone(),
                trace_context: envelope.trace_context.clone(),
            },
        };
        for part in parts {
            append.writes.push(part.write);
            append.claims.extend(part.claims);
            match append.chain {
                None => append.chain = Some(part.chain),
                Some(_) => append.depends_on.push(part.chain),
            }
        }
        append
    }

    /// Waits for the append; decides anew, in its turn, while others are faster.
    async fn settle(mut self, first: Result<Option<Attempt>, Error>) -> Result<Receipt, Error> {
        let mut next = first?;
        for tries in 1..=MAX_TRIES {
            let Attempt {
                references,
                refused,
                pending,
            } = match next.take() {
                Some(attempt) => attempt,
                None => self.attempt_in_turn().await?,
            };
            // If it added events that did not land, the log has cut the chain of the state by now.
            match pending.await {
                Ok(appended) => return self.answer(refused, appended).await,
                Err(AppendError::Conflict { stream, actual, .. }) => {
                    self.forget_older_than(actual, &stream, &references).await;
                    // Perhaps because one before it, on the same state, found its values taken: then
                    // it would be its turn to find out next, and all behind it would wait once more.
                    self.finds_taken().await?;
                }
                Err(error) => {
                    let is_claimed = matches!(error, AppendError::Claimed { .. });
                    if !is_claimed || !self.finds_taken().await? {
                        return Err(refused_by_log(error));
                    }
                }
            }
            // Sent again, it may be in conflict with nothing but itself.
            if let Some(receipt) = self.earlier_receipt().await? {
                return Ok(receipt);
            }
            tokio::time::sleep(Duration::from_millis(u64::from(tries - 1) * 2)).await;
        }
        Err(Error::Contended {
            stream: self.own.stream.clone(),
            tries: MAX_TRIES,
        })
    }

    /// Forgets what was decided on of a stream, if the log is ahead of it.
    async fn forget_older_than(
        &self,
        version: Version,
        stream: &StreamName,
        references: &[Reference],
    ) {
        for member in self.members() {
            if member.stream() == stream {
                member.forget_older_than(version);
            }
        }
        self.executor
            .forget_older_than(version, stream, &self.envelope, references)
            .await;
    }

    async fn attempt_in_turn(&mut self) -> Result<Attempt, Error> {
        loop {
            for member in self.members() {
                member.wait().await;
            }
            if let Some(attempt) = self.attempt().await? {
                return Ok(attempt);
            }
        }
    }

    async fn answer(&self, refused: Option<Refused>, appended: Appended) -> Result<Receipt, Error> {
        let Some(refused) = refused else {
            return Ok(self.receipt(&appended));
        };
        // It may be a command that was carried out before, and is refused only for that.
        let earlier = self.earlier_receipt().await?;
        earlier.ok_or(Error::Refused(refused))
    }

    /// The receipt of the first sending, if this is not it.
    async fn earlier_receipt(&self) -> Result<Option<Receipt>, Error> {
        let Envelope {
            tenant, command_id, ..
        } = &self.envelope;
        let earlier = self.executor.log.receipt_of(tenant, command_id).await;
        match earlier.map_err(|error| Error::Log(error.to_string()))? {
            None => Ok(None),
            Some((_, digest)) if digest != self.digest => Err(Error::CommandIdReused),
            Some((appended, _)) => Ok(Some(self.receipt(&appended))),
        }
    }

    fn receipt(&self, appended: &Appended) -> Receipt {
        let event_types = appended.events.iter().map(|e| e.event_type.to_string());
        Receipt {
            command_id: self.envelope.command_id.clone(),
            position: appended.position,
            stream: self.own.stream.clone(),
            version: appended.version,
            event_types: event_types.collect(),
            duplicate: appended.duplicate,
        }
    }
}

/// Runs what waits for nothing, so that it may run under a lock. cqrs-es writes events under a
/// lock of tokio's, which now and then gives up its turn to other tasks unless it is told not to.
pub(crate) fn at_once<F: Future>(ready: F) -> Option<F::Output> {
    tokio::task::unconstrained(ready).now_or_never()
}

pub(crate) fn refused_by_log(error: AppendError) -> Error {
    match error {
        AppendError::Claimed { scope, holder } => Error::Taken { scope, holder },
        AppendError::CommandReused => Error::CommandIdReused,
        AppendError::Overloaded => Error::Overloaded,
        AppendError::TooLarge(what) => Error::TooLarge(what),
        other => Error::Log(other.to_string()),
    }
}
