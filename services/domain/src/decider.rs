//! How a rule is asked: [`Decider`], and its one bridge to `cqrs_es::Aggregate`.
//!
//! Rules are synchronous and pure. No other file of the domain names `cqrs_es`.

use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use event_schemas::StreamEvents;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;

/// How far apart the clocks of two nodes may be. See [`Decider::stands_after`].
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// One kind of aggregate: its state, and what it answers to commands.
pub trait Decider:
    Default + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// What it can be asked to do; already checked, so that it cannot be malformed.
    type Command: Clone + Debug + Send + Sync + 'static;
    /// What can happen to it.
    type Event: StreamEvents + Debug + PartialEq + Serialize + DeserializeOwned;
    /// Which rules it holds.
    type Refusal: Refusal;

    /// How much memory one of them takes beside others, so that as many fewer are kept.
    const WEIGHT: u64 = 1;

    /// The other aggregates whose state the decision reads. The append checks that they stand as
    /// they were read.
    fn references(&self, command: &Self::Command) -> Vec<Reference>;

    /// Answers a command with the events it brings about (none where it is so already), or with
    /// the rule it breaks.
    fn decide(
        &self,
        command: Self::Command,
        reads: &Reads,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes in an event, and when it occurred. Total: never fails, never asks the clock.
    ///
    /// Events come in the order in which they were recorded, which need not be the order in which
    /// they occurred. The state must be what the latter gives, since that is what the read models
    /// show: see [`crate::Told`].
    fn evolve(&mut self, event: &Self::Event, occurred_at: DateTime<Utc>);

    /// Takes in who did it, after [`Decider::evolve`] has taken in the event: for rules that ask for
    /// another person than who did what came before.
    fn done_by(&mut self, _event: &Self::Event, _actor: &str) {}

    /// When the newest fact occurred that the command is to come after, such as the last move of
    /// the opportunity it is to move.
    ///
    /// A command that is told to have occurred no more than [`CLOCK_SKEW`] before that is taken to
    /// have occurred with it: whoever answers to what they see must not be set before it because
    /// another node's clock is a little ahead. What is told to have occurred earlier is meant so.
    fn stands_after(&self, _command: &Self::Command) -> Option<DateTime<Utc>> {
        None
    }

    /// What `event` asks of other aggregates, each on a stream of its own. They decide on their own
    /// state, as of the same time, and everything lands together, or nothing: if one refuses, its
    /// refusal is that of the whole.
    ///
    /// What is asked may not ask for more, and is never of the stream that asks.
    fn asks(&self, _event: &Self::Event) -> Vec<Ask> {
        Vec::new()
    }

    /// What `command` itself asks of other aggregates, whatever the state: as [`Decider::asks`] does,
    /// before that.
    fn asks_with(_command: &Self::Command) -> Vec<Ask> {
        Vec::new()
    }

    /// The unique values that `command`, and what it asks of others, would take and can do without,
    /// and that nobody gives back: where one is another's, the command is not refused, but decided
    /// anew, and [`Reads::when_taken`] was told of it.
    fn goes_without(_command: &Self::Command) -> Vec<Claim> {
        Vec::new()
    }

    /// The unique values that `event` takes or gives back; `self` is the state after it.
    fn claims(&self, _event: &Self::Event) -> Vec<ClaimChange> {
        Vec::new()
    }

    /// Whether the command can only succeed on a stream that does not exist yet: then nothing need
    /// be loaded before deciding, since the append finds out.
    fn creates(_command: &Self::Command) -> bool {
        false
    }
}

/// A command and the id of the aggregate it is for.
#[derive(Debug, Clone)]
pub struct Addressed<D: Decider> {
    /// Id within the category of `D`.
    pub id: String,
    /// What to do.
    pub command: D::Command,
}

/// A decider as the aggregate cqrs-es knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Aggregated<D: Decider>(pub D);

/// An event as cqrs-es knows it: with the time at which it occurred, and who did it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact<E> {
    /// What happened.
    pub event: E,
    /// When. To be recorded with it: it may be later than the command said.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
}

impl<E> DomainEvent for Fact<E>
where
    E: StreamEvents + Debug + PartialEq + Serialize + DeserializeOwned,
{
    fn event_type(&self) -> String {
        self.event.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        self.event.schema_version().to_string()
    }
}

impl<D: Decider> Aggregate for Aggregated<D> {
    const TYPE: &'static str = <D::Event as StreamEvents>::CATEGORY;
    type Command = D::Command;
    type Event = Fact<D::Event>;
    type Error = D::Refusal;
    type Services = Reads;

    async fn handle(
        &mut self,
        command: Self::Command,
        reads: &Reads,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        let occurred_at = occurs_at(&self.0, &command, reads.occurred_at);
        let later =
            (occurred_at != reads.occurred_at).then(|| reads.clone().occurring_at(occurred_at));
        let reads = later.as_ref().unwrap_or(reads);
        for event in self.0.decide(command, reads)? {
            let fact = Fact {
                event,
                occurred_at: reads.occurred_at,
                actor: reads.actor.clone(),
            };
            // `write` applies the event: whoever collects the sink must not apply it again.
            sink.write(fact, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, fact: Self::Event) {
        self.0.evolve(&fact.event, fact.occurred_at);
        self.0.done_by(&fact.event, &fact.actor);
    }
}

/// When a command is taken to have occurred: as it says, or a little later. See
/// [`Decider::stands_after`].
pub fn occurs_at<D: Decider>(
    state: &D,
    command: &D::Command,
    said_at: DateTime<Utc>,
) -> DateTime<Utc> {
    let after = state.stands_after(command);
    let skewed = after.filter(|after| said_at < *after && *after - said_at <= CLOCK_SKEW);
    skewed.unwrap_or(said_at)
}

/// Decides and takes in what was decided: on success `state` has evolved by the events returned,
/// once; on a refusal it is as it was.
///
/// Nothing in it waits for anything: it is async only because cqrs-es is, and ends at its first
/// poll.
pub async fn decide_and_evolve<D: Decider>(
    state: &mut Aggregated<D>,
    command: D::Command,
    reads: &Reads,
) -> Result<Vec<Fact<D::Event>>, D::Refusal> {
    let sink = EventSink::default();
    state.handle(command, reads, &sink).await?;
    Ok(sink.collect().await)
}
