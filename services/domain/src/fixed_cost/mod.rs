//! A fixed cost: what a period costs whatever is sold in it.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::fixed_cost::{FixedCostEvent, FixedCostRecorded};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;
use crate::{Decider, Told};

pub use wire::parse;

/// What was told of a fixed cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FixedCost(Told<FixedCostRecorded>);

/// What a fixed cost can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Record(FixedCostRecorded),
}

/// Rules of a fixed cost.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Broken {
    /// A period ends after it begins.
    #[error("a period ends after it begins")]
    EndsBeforeItBegins,
}

impl Refusal for Broken {}

impl Decider for FixedCost {
    type Command = Command;
    type Event = FixedCostEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<FixedCostEvent>, Broken> {
        let Command::Record(recorded) = command;
        if recorded.to_on <= recorded.from_on {
            return Err(Broken::EndsBeforeItBegins);
        }
        if self.0.at(reads.occurred_at) == Some(&recorded) {
            return Ok(vec![]);
        }
        Ok(vec![recorded.into()])
    }

    fn evolve(&mut self, event: &FixedCostEvent, occurred_at: DateTime<Utc>) {
        let FixedCostEvent::FixedCostRecorded(recorded) = event;
        self.0.tell(occurred_at, recorded.clone());
    }

    fn stands_after(&self, _command: &Command) -> Option<DateTime<Utc>> {
        self.0.latest_at()
    }
}
