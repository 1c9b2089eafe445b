//! How a rule is asked: [`Decider`], and its one bridge to `cqrs_es::Aggregate`.
//!
//! Rules are synchronous and pure. No other file of the domain names `cqrs_es`.

use std::fmt::Debug;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use event_schemas::StreamEvents;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::claim::ClaimChange;
use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;

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

    /// Takes in an event that happened. Total: never fails, never asks the clock.
    fn evolve(&mut self, event: &Self::Event);

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

/// An event as cqrs-es knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fact<E>(pub E);

impl<E> DomainEvent for Fact<E>
where
    E: StreamEvents + Debug + PartialEq + Serialize + DeserializeOwned,
{
    fn event_type(&self) -> String {
        self.0.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        self.0.schema_version().to_string()
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
        for event in self.0.decide(command, reads)? {
            // `write` applies the event: whoever collects the sink must not apply it again.
            sink.write(Fact(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, Fact(event): Self::Event) {
        self.0.evolve(&event);
    }
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
) -> Result<Vec<D::Event>, D::Refusal> {
    let sink = EventSink::default();
    state.handle(command, reads, &sink).await?;
    Ok(sink
        .collect()
        .await
        .into_iter()
        .map(|Fact(event)| event)
        .collect())
}
