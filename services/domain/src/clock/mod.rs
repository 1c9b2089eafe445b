//! The clock of a tenant: which of its days were worked through. Its days end one after another.

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::clock::{ClockEvent, DayEnded};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;

/// The id of the one clock a tenant has.
pub const ID: &str = "self";

/// A clock; it stands until a day is ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Clock {
    /// The day that ended last.
    pub day: Option<NaiveDate>,
}

/// What a clock can be asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// All that was due by the end of a day was done.
    EndDay {
        /// The day, in the tenant's time zone.
        day: NaiveDate,
    },
}

/// Rules of a clock.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// No day is left out.
    #[error("{next} ends next")]
    NotTheNextDay { next: NaiveDate },
}

impl Refusal for Broken {}

impl Decider for Clock {
    type Command = Command;
    type Event = ClockEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, _reads: &Reads) -> Result<Vec<ClockEvent>, Broken> {
        let Command::EndDay { day } = command;
        match self.day {
            Some(last) if day <= last => Ok(vec![]),
            Some(last) if last.succ_opt() != Some(day) => Err(Broken::NotTheNextDay {
                next: last.succ_opt().unwrap_or(last),
            }),
            _ => Ok(vec![DayEnded { day }.into()]),
        }
    }

    fn evolve(&mut self, event: &ClockEvent, _occurred_at: DateTime<Utc>) {
        let ClockEvent::DayEnded(ended) = event;
        self.day = self.day.max(Some(ended.day));
    }
}
