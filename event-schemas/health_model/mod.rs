//! Facts of a health model: how healthy a customer is said to be, as data.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{HealthModelId, MetricId, Number};

events! {
    /// What can happen to a health model.
    pub enum HealthModelEvent in "health_model" via no_upcast {
        HealthModelPublished = 1,
    }
}

/// What a metric counts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricFactor {
    /// Which metric.
    pub metric_id: MetricId,
    /// How much it counts beside the others.
    pub weight: Number,
    /// Days over which a customer's own mean is taken; 14 if absent.
    #[serde(default = "fortnight")]
    pub window_days: u32,
    /// Days over which the mean of all is taken; 90 if absent.
    #[serde(default = "quarter")]
    pub baseline_days: u32,
    /// The part of the baseline under which a task is raised; 1 if absent.
    #[serde(default = "whole")]
    pub threshold: Number,
}

fn fortnight() -> u32 {
    14
}

fn quarter() -> u32 {
    90
}

fn whole() -> Number {
    Number::from(rust_decimal::Decimal::ONE)
}

/// What the answers of a net promoter survey count for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NpsFactor {
    /// How much it counts beside the others.
    pub weight: Number,
    /// Days for which an answer counts.
    pub window_days: u32,
}

/// What lowers the score once it has gone on for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Days without contact after which it does.
    pub after_days: u32,
    /// By how many points.
    pub points: Number,
}

/// What lowers the score, thing by thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketPoints {
    /// By how many points each open ticket does.
    pub points_each: Number,
    /// By how many all of them do at most; without a bound if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_at_most: Option<Number>,
}

/// Where bands begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// The score from which a customer is healthy.
    pub healthy_from: Number,
    /// The score from which it is at risk, and below which it is critical.
    pub at_risk_from: Number,
}

impl Default for Bands {
    fn default() -> Self {
        Self {
            healthy_from: Number::from(rust_decimal::Decimal::from(80)),
            at_risk_from: Number::from(rust_decimal::Decimal::from(50)),
        }
    }
}

/// What a health model says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthTerms {
    /// What usage counts for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricFactor>,
    /// What surveys count for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<NpsFactor>,
    /// What open tickets take off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_tickets: Option<TicketPoints>,
    /// What silence takes off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_contact: Option<Silence>,
    /// What it takes off that the last decision maker has gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_maker_departed_points: Option<Number>,
    /// Where bands begin; 80 and 50 if absent.
    #[serde(default)]
    pub bands: Bands,
    /// Days for which a ticket may be open before a task is raised; never raised if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_open_days: Option<u32>,
    /// Days for which an invoice may be overdue before a task is raised; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_late_days: Option<u32>,
    /// Days from a customer's first contract in which no metric raises a task; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
}

/// A version of it was published. It never changes, and holds from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthModelPublished {
    /// Its id.
    pub health_model_id: HealthModelId,
    /// 1, 2, 3 …
    pub version: u32,
    /// The first day on which it holds.
    pub effective_from: NaiveDate,
    /// What it says.
    pub terms: HealthTerms,
}
