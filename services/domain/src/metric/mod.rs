//! A metric: something measured of how customers use what they bought, until it is retired.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::metric::{MetricDeclared, MetricEvent, MetricRetired};
use event_schemas::vocabulary::MetricId;
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};

pub use wire::parse;

/// A metric, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Metric {
    /// Nobody has declared it.
    #[default]
    Undeclared,
    /// It is measured.
    Declared {
        /// As it was declared.
        declared: MetricDeclared,
        /// When it was retired.
        retired_at: Option<DateTime<Utc>>,
    },
}

/// What a metric can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Declare(MetricDeclared),
    Retire,
}

/// Rules of a metric.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A metric is declared once, and keeps its meaning.
    #[error("metric {metric_id} is declared already")]
    AlreadyDeclared { metric_id: MetricId },
    /// Only what is measured is retired.
    #[error("there is no such metric")]
    NotDeclared,
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyDeclared { .. } => RefusalKind::AlreadyExists,
            Self::NotDeclared => RefusalKind::NotFound,
        }
    }
}

impl Metric {
    /// What is measured and how, and when it was retired; nothing if it was not declared.
    pub fn declared(&self) -> Option<(&MetricDeclared, Option<DateTime<Utc>>)> {
        match self {
            Self::Undeclared => None,
            Self::Declared {
                declared,
                retired_at,
            } => Some((declared, *retired_at)),
        }
    }

    fn declare(&self, new: MetricDeclared) -> Result<Vec<MetricEvent>, Broken> {
        match self {
            Self::Undeclared => Ok(vec![new.into()]),
            Self::Declared { declared, .. } if *declared == new => Ok(vec![]),
            Self::Declared { .. } => Err(Broken::AlreadyDeclared {
                metric_id: new.metric_id,
            }),
        }
    }

    fn retire(&self, at: DateTime<Utc>) -> Result<Vec<MetricEvent>, Broken> {
        match self {
            Self::Undeclared => Err(Broken::NotDeclared),
            Self::Declared { retired_at, .. } if retired_at.is_some_and(|known| known <= at) => {
                Ok(vec![])
            }
            Self::Declared { .. } => Ok(vec![MetricRetired {}.into()]),
        }
    }
}

impl Decider for Metric {
    type Command = Command;
    type Event = MetricEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<MetricEvent>, Broken> {
        match command {
            Command::Declare(new) => self.declare(new),
            Command::Retire => self.retire(reads.occurred_at),
        }
    }

    fn evolve(&mut self, event: &MetricEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (MetricEvent::MetricDeclared(e), this) => {
                *this = Self::Declared {
                    declared: e.clone(),
                    retired_at: None,
                };
            }
            (MetricEvent::MetricRetired(_), Self::Declared { retired_at, .. }) => {
                let before = retired_at.unwrap_or(occurred_at);
                *retired_at = Some(before.min(occurred_at));
            }
            (MetricEvent::MetricRetired(_), Self::Undeclared) => {}
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Declare(_))
    }
}
