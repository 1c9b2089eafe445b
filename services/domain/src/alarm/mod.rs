//! An alarm: one cause of worry about one customer, which comes and goes. It is raised again only after
//! it was cleared, so that one breach is one alarm, and one task.

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::alarm::{AlarmCleared, AlarmEvent, AlarmRaised};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;

/// An alarm, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Alarm {
    /// It never held.
    #[default]
    Quiet,
    /// It holds.
    Raised(Box<AlarmRaised>),
    /// It held, and does no more.
    Cleared {
        /// As it was raised last.
        raised: Box<AlarmRaised>,
        /// The day whose figures show that.
        on: NaiveDate,
    },
}

/// What an alarm can be asked to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the event of its name")]
pub enum Command {
    Raise(Box<AlarmRaised>),
    Clear(AlarmCleared),
}

/// Rules of an alarm.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// It is raised again after it was cleared, on a later day.
    #[error("it was last told of {on}")]
    OutOfOrder { on: NaiveDate },
    /// Only what was raised is cleared.
    #[error("it was not raised")]
    NotRaised,
}

impl Refusal for Broken {}

impl Decider for Alarm {
    type Command = Command;
    type Event = AlarmEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, _reads: &Reads) -> Result<Vec<AlarmEvent>, Broken> {
        match (command, self) {
            // What holds is not raised again, nor cleared again what does not.
            (Command::Raise(_), Self::Raised(_)) => Ok(vec![]),
            (Command::Clear(_), Self::Cleared { .. }) => Ok(vec![]),
            (Command::Raise(new), Self::Cleared { raised, .. }) if new.on <= raised.on => {
                Ok(vec![])
            }
            (Command::Raise(new), Self::Cleared { on, .. }) if new.on < *on => {
                Err(Broken::OutOfOrder { on: *on })
            }
            (Command::Raise(new), Self::Quiet | Self::Cleared { .. }) => Ok(vec![(*new).into()]),
            (Command::Clear(_), Self::Quiet) => Err(Broken::NotRaised),
            (Command::Clear(cleared), Self::Raised(raised)) if cleared.on < raised.on => {
                Err(Broken::OutOfOrder { on: raised.on })
            }
            (Command::Clear(cleared), Self::Raised(_)) => Ok(vec![cleared.into()]),
        }
    }

    fn evolve(&mut self, event: &AlarmEvent, _occurred_at: DateTime<Utc>) {
        match event {
            AlarmEvent::AlarmRaised(raised) => *self = Self::Raised(Box::new(raised.clone())),
            AlarmEvent::AlarmCleared(cleared) => {
                if let Self::Raised(raised) = std::mem::take(self) {
                    let on = cleared.on;
                    *self = Self::Cleared { raised, on };
                }
            }
        }
    }
}
