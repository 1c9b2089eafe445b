//! A health model: how healthy customers are said to be, version by version.
//!
//! Versions bear their own days, so they hold as they were recorded, whenever they are told to have
//! occurred.

mod terms;
#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::health_model::{HealthModelEvent, HealthModelPublished, HealthTerms};
use event_schemas::vocabulary::{HealthModelId, MetricId};
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};

pub use terms::validate;
pub use wire::parse;

/// A health model: what was published of it, the first version first; nothing if nobody did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HealthModel(Vec<HealthModelPublished>);

/// What a health model can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Publish(Box<Publication>),
}

/// A version that has no number yet.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Publication {
    pub health_model_id: HealthModelId,
    pub effective_from: NaiveDate,
    pub terms: HealthTerms,
}

impl Publication {
    fn is(&self, published: &HealthModelPublished) -> bool {
        (self.effective_from, &self.terms) == (published.effective_from, &published.terms)
    }
}

/// Rules of a health model.
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
    /// What usage counts for is a metric that was declared.
    #[error("there is no metric {metric_id}")]
    UnknownMetric { metric_id: MetricId },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotLater { .. } => RefusalKind::RuleBroken,
            Self::UnknownMetric { .. } => RefusalKind::NotFound,
        }
    }
}

impl Decider for HealthModel {
    type Command = Command;
    type Event = HealthModelEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let Command::Publish(new) = command;
        let metrics = new.terms.metrics.iter();
        metrics
            .map(|factor| Reference::Metric(factor.metric_id.to_string()))
            .collect()
    }

    /// A version is published once, and never changes; the next one holds from a later day.
    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<HealthModelEvent>, Broken> {
        let Command::Publish(new) = command;
        if self.0.iter().any(|known| new.is(known)) {
            return Ok(vec![]);
        }
        let latest = self.0.last();
        if let Some(latest) = latest.filter(|latest| new.effective_from <= latest.effective_from) {
            return Err(Broken::NotLater {
                version: latest.version,
                effective_from: latest.effective_from,
            });
        }
        for factor in &new.terms.metrics {
            let metric = reads.metric(factor.metric_id.as_str());
            if metric.is_none_or(|metric| metric.declared().is_none()) {
                let metric_id = factor.metric_id.clone();
                return Err(Broken::UnknownMetric { metric_id });
            }
        }
        let Publication {
            health_model_id,
            effective_from,
            terms,
        } = *new;
        Ok(vec![
            HealthModelPublished {
                health_model_id,
                version: latest.map_or(1, |latest| latest.version + 1),
                effective_from,
                terms,
            }
            .into(),
        ])
    }

    fn evolve(&mut self, event: &HealthModelEvent, _occurred_at: DateTime<Utc>) {
        let HealthModelEvent::HealthModelPublished(published) = event;
        self.0.push(published.clone());
    }
}
