//! A playbook: how customers are followed up, version by version.
//!
//! A version bears its own day. It holds for contracts signed from it on, once it is published: what was
//! planned before stays as it is.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::playbook::{PlaybookEvent, PlaybookPublished, Plays};
use event_schemas::vocabulary::PlaybookId;
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::Refusal;

pub use wire::parse;

/// The versions of a playbook, the first one first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Playbook(Vec<PlaybookPublished>);

/// What a playbook can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Publish(Box<Publication>),
}

/// A version that has no number yet.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Publication {
    pub playbook_id: PlaybookId,
    pub name: String,
    pub effective_from: NaiveDate,
    pub plays: Plays,
}

impl Publication {
    fn is(&self, known: &PlaybookPublished) -> bool {
        (&self.name, self.effective_from, &self.plays)
            == (&known.name, known.effective_from, &known.plays)
    }
}

/// Rules of a playbook.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A version holds from a later day than the one before it.
    #[error("version {version} holds from {effective_from}: the next one holds from a later day")]
    NotLater {
        version: u32,
        effective_from: NaiveDate,
    },
}

impl Refusal for Broken {}

impl Decider for Playbook {
    type Command = Command;
    type Event = PlaybookEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    /// A version is published once, and never changes; the next one holds from a later day.
    fn decide(&self, command: Command, _reads: &Reads) -> Result<Vec<PlaybookEvent>, Broken> {
        let Command::Publish(new) = command;
        if self.0.iter().any(|known| new.is(known)) {
            return Ok(vec![]);
        }
        let version = match self.0.last() {
            None => 1,
            Some(last) if new.effective_from <= last.effective_from => {
                return Err(Broken::NotLater {
                    version: last.version,
                    effective_from: last.effective_from,
                });
            }
            Some(last) => last.version + 1,
        };
        let Publication {
            playbook_id,
            name,
            effective_from,
            plays,
        } = *new;
        Ok(vec![
            PlaybookPublished {
                playbook_id,
                version,
                name,
                effective_from,
                plays,
            }
            .into(),
        ])
    }

    fn evolve(&mut self, event: &PlaybookEvent, _occurred_at: DateTime<Utc>) {
        let PlaybookEvent::PlaybookPublished(published) = event;
        self.0.push(published.clone());
    }
}
