//! Facts of usage: what one customer did with what it bought on one day.
//!
//! A stream holds one customer's day, so that what is told late lands on its day and no stream grows
//! without end.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{CustomerId, MetricId, Number, UsageRecordId};

events! {
    /// What can happen to a customer's usage of a day.
    pub enum UsageEvent in "usage" via no_upcast {
        UsageRecorded = 1,
        UsageCorrected = 1,
    }
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageRecord {
    /// Which record: one seen again is the same record, and the first counts.
    pub record_id: UsageRecordId,
    /// What was measured.
    pub metric_id: MetricId,
    /// How much of it.
    pub quantity: Number,
    /// Who or what did it: what a metric of different subjects counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub subject: Option<String>,
}

/// Records came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsageRecorded {
    /// Whose usage.
    pub customer_id: CustomerId,
    /// The day on which it was used, in the tenant's time zone.
    pub used_on: NaiveDate,
    /// The records that were not known yet, in the order told.
    pub records: Vec<UsageRecord>,
}

/// A record turned out to be wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsageCorrected {
    /// Whose usage.
    pub customer_id: CustomerId,
    /// The day on which it was used.
    pub used_on: NaiveDate,
    /// Which record.
    pub record_id: UsageRecordId,
    /// What it measured.
    pub metric_id: MetricId,
    /// How much of it there was, in truth; 0 where it never was.
    pub quantity: Number,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}
