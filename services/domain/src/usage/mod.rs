//! Usage: what one customer did with what it bought on one day.
//!
//! Senders send at least once, so a record is known by its id within the tenant: seen again it is the
//! same record, and the first counts. What came in on the same day the state knows; what came in on
//! another day, or of another customer, the log does, since each record takes a claim. A record whose
//! claim is taken is left out, and the others land.

mod known;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::metric::Aggregation;
use event_schemas::usage::{UsageCorrected, UsageEvent, UsageRecord, UsageRecorded};
use event_schemas::vocabulary::{CustomerId, MetricId, Number, UsageRecordId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Ask, Decider, Told, parties};

use known::{Known, KnownRecords};
pub use wire::parse;

/// A customer's usage of a day; nothing until records come in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Usage {
    records: KnownRecords,
    /// What was told later of how much there was.
    corrected: Arc<HashMap<UsageRecordId, Told<Number>>>,
}

/// What a customer's usage of a day can be asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Take in the day's records; with them those of other days, each by its own day's usage.
    Record {
        /// Those of the day.
        day: Arc<Records>,
        /// Those of other days.
        others: Vec<Arc<Records>>,
    },
    /// See the message of that name.
    Correct(Box<Correction>),
}

/// A customer's records of a day, each id once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Records {
    pub customer_id: CustomerId,
    pub used_on: NaiveDate,
    pub records: Vec<UsageRecord>,
    /// What they measure, each metric once.
    pub metric_ids: Vec<MetricId>,
}

/// What a record measured, in truth.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Correction {
    pub customer_id: CustomerId,
    pub used_on: NaiveDate,
    pub record_id: UsageRecordId,
    pub quantity: Number,
    pub reason: Option<String>,
}

impl Records {
    /// The id of the usage they belong to.
    fn address(&self) -> String {
        address(&self.customer_id, self.used_on)
    }
}

/// The id of a customer's usage of a day. No day holds a `~`, so no two are written alike.
fn address(customer_id: &CustomerId, used_on: NaiveDate) -> String {
    format!("{customer_id}~{used_on}")
}

/// Rules of usage.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// What is measured was declared.
    #[error("there is no metric {metric_id}")]
    UnknownMetric { metric_id: MetricId },
    /// Nothing is measured after the day on which its metric was retired.
    #[error("metric {metric_id} is retired since {retired_on}")]
    RetiredMetric {
        metric_id: MetricId,
        retired_on: NaiveDate,
    },
    /// A metric of different subjects counts none less than not at all.
    #[error("record {record_id} is negative, and its metric counts different subjects")]
    NegativeQuantity { record_id: UsageRecordId },
    /// A metric of different subjects is told who or what did it.
    #[error("record {record_id} has no subject, and its metric counts different subjects")]
    SubjectMissing { record_id: UsageRecordId },
    /// Only a record that came in is corrected.
    #[error("there is no record {record_id} of that customer on that day")]
    UnknownRecord { record_id: UsageRecordId },
    /// A record is corrected after it came in.
    #[error("record {record_id} came in after that, at {recorded_at}")]
    BeforeItWasRecorded {
        record_id: UsageRecordId,
        recorded_at: DateTime<Utc>,
    },
    /// It is a customer's.
    #[error(transparent)]
    #[serde(untagged)]
    Parties(#[from] parties::Broken),
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::UnknownMetric { .. } | Self::UnknownRecord { .. } => RefusalKind::NotFound,
            Self::RetiredMetric { .. }
            | Self::NegativeQuantity { .. }
            | Self::SubjectMissing { .. }
            | Self::BeforeItWasRecorded { .. } => RefusalKind::RuleBroken,
            Self::Parties(broken) => broken.kind(),
        }
    }
}

type Decided = Result<Vec<UsageEvent>, Broken>;

/// How a metric's records make its value of a day, if it was measured on it.
fn measured(
    metric_id: &MetricId,
    used_on: NaiveDate,
    reads: &Reads,
) -> Result<Aggregation, Broken> {
    let metric = reads.metric(metric_id.as_str());
    let Some((declared, retired_at)) = metric.and_then(|metric| metric.declared()) else {
        let metric_id = metric_id.clone();
        return Err(Broken::UnknownMetric { metric_id });
    };
    match retired_at.map(|retired_at| reads.day_of(retired_at)) {
        Some(retired_on) if retired_on < used_on => Err(Broken::RetiredMetric {
            metric_id: metric_id.clone(),
            retired_on,
        }),
        _ => Ok(declared.aggregation),
    }
}

fn check(record: &UsageRecord, aggregation: Aggregation) -> Result<(), Broken> {
    if aggregation != Aggregation::Distinct {
        return Ok(());
    }
    let record_id = || record.record_id.clone();
    if record.quantity.decimal() < Decimal::ZERO {
        return Err(Broken::NegativeQuantity {
            record_id: record_id(),
        });
    }
    if record.subject.is_none() {
        return Err(Broken::SubjectMissing {
            record_id: record_id(),
        });
    }
    Ok(())
}

/// What makes a record known within the tenant.
fn claim(record_id: &UsageRecordId) -> Claim {
    Claim {
        scope: "usage.record",
        value: record_id.as_str().to_owned(),
        personal: false,
    }
}

impl Usage {
    /// Records that are not known yet come in.
    fn record(&self, day: &Records, reads: &Reads) -> Decided {
        parties::check(&day.customer_id, [], reads)?;
        let is_new = |record: &&UsageRecord| {
            let record_id = &record.record_id;
            self.records.get(record_id).is_none() && !reads.is_taken(|| claim(record_id))
        };
        let records: Vec<_> = day.records.iter().filter(is_new).cloned().collect();
        let mut aggregations: Vec<(&MetricId, Aggregation)> = Vec::new();
        for record in &records {
            let mut known = aggregations.iter();
            let aggregation = match known.find(|(id, _)| **id == record.metric_id) {
                Some((_, aggregation)) => *aggregation,
                None => {
                    let aggregation = measured(&record.metric_id, day.used_on, reads)?;
                    aggregations.push((&record.metric_id, aggregation));
                    aggregation
                }
            };
            check(record, aggregation)?;
        }
        if records.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![
            UsageRecorded {
                customer_id: day.customer_id.clone(),
                used_on: day.used_on,
                records,
            }
            .into(),
        ])
    }

    /// How much there was turns out to be something else.
    fn correct(&self, new: Correction, reads: &Reads) -> Decided {
        let at = reads.occurred_at;
        let Some(known) = self.records.get(&new.record_id) else {
            let record_id = new.record_id;
            return Err(Broken::UnknownRecord { record_id });
        };
        if at < known.recorded_at {
            return Err(Broken::BeforeItWasRecorded {
                record_id: new.record_id,
                recorded_at: known.recorded_at,
            });
        }
        let metric = reads.metric(known.metric_id.as_str());
        let declared = metric.and_then(|metric| metric.declared());
        let is_distinct =
            declared.is_some_and(|(declared, _)| declared.aggregation == Aggregation::Distinct);
        if is_distinct && new.quantity.decimal() < Decimal::ZERO {
            let record_id = new.record_id;
            return Err(Broken::NegativeQuantity { record_id });
        }
        let corrected = self.corrected.get(&new.record_id);
        let quantity = corrected.and_then(|told| told.at(at));
        if *quantity.unwrap_or(&known.quantity) == new.quantity {
            return Ok(vec![]);
        }
        Ok(vec![
            UsageCorrected {
                customer_id: new.customer_id,
                used_on: new.used_on,
                record_id: new.record_id,
                metric_id: known.metric_id.clone(),
                quantity: new.quantity,
                reason: new.reason,
            }
            .into(),
        ])
    }
}

impl Decider for Usage {
    type Command = Command;
    type Event = UsageEvent;
    type Refusal = Broken;

    /// A day's records may be many, and a day that is over is seldom asked again.
    const WEIGHT: u64 = 32;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let metric = |id: &MetricId| Reference::Metric(id.to_string());
        match command {
            Command::Record { day, .. } => {
                let mut all = vec![parties::customer(&day.customer_id), Reads::own_tenant()];
                all.extend(day.metric_ids.iter().map(metric));
                all
            }
            Command::Correct(new) => {
                let known = self.records.get(&new.record_id);
                known
                    .map(|known| metric(&known.metric_id))
                    .into_iter()
                    .collect()
            }
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        match command {
            Command::Record { day, .. } => self.record(&day, reads),
            Command::Correct(new) => self.correct(*new, reads),
        }
    }

    fn evolve(&mut self, event: &UsageEvent, occurred_at: DateTime<Utc>) {
        match event {
            UsageEvent::UsageRecorded(e) => {
                let records = e.records.iter().map(|record| {
                    let known = Known {
                        metric_id: record.metric_id.clone(),
                        quantity: record.quantity,
                        recorded_at: occurred_at,
                    };
                    (record.record_id.clone(), known)
                });
                self.records.add(records);
            }
            UsageEvent::UsageCorrected(e) => {
                let corrected = Arc::make_mut(&mut self.corrected);
                let told = corrected.entry(e.record_id.clone()).or_default();
                told.tell(occurred_at, e.quantity);
            }
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        match command {
            Command::Record { .. } => None,
            Command::Correct(new) => {
                let corrected = self.corrected.get(&new.record_id);
                let known = self.records.get(&new.record_id);
                let corrected_at = corrected.and_then(Told::latest_at);
                corrected_at.max(known.map(|known| known.recorded_at))
            }
        }
    }

    fn asks_with(command: &Command) -> Vec<Ask> {
        match command {
            Command::Record { others, .. } => others.iter().map(Ask::record_usage).collect(),
            Command::Correct(_) => Vec::new(),
        }
    }

    fn goes_without(command: &Command) -> Vec<Claim> {
        match command {
            Command::Record { day, others } => {
                let days = std::iter::once(day).chain(others);
                let records = days.flat_map(|day| &day.records);
                records.map(|record| claim(&record.record_id)).collect()
            }
            Command::Correct(_) => Vec::new(),
        }
    }

    fn claims(&self, event: &UsageEvent) -> Vec<ClaimChange> {
        match event {
            UsageEvent::UsageRecorded(e) => {
                let claims = e.records.iter().map(|record| claim(&record.record_id));
                claims.map(ClaimChange::Take).collect()
            }
            UsageEvent::UsageCorrected(_) => Vec::new(),
        }
    }
}

impl Ask {
    /// Records of another day come in with those of the first.
    fn record_usage(day: &Arc<Records>) -> Self {
        let command = Command::Record {
            day: Arc::clone(day),
            others: Vec::new(),
        };
        Self::Usage(day.address(), command)
    }
}
