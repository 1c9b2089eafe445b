//! Facts of a metric: something measured of how customers use what they bought.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::MetricId;

events! {
    /// What can happen to a metric.
    pub enum MetricEvent in "metric" via no_upcast {
        MetricDeclared = 1,
        MetricRetired = 1,
    }
}

/// How the records of a day make the day's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Aggregation {
    /// Their sum; 0 on a day without records.
    Sum,
    /// The last one; it holds on until the next, over days without records.
    Last,
    /// How many different subjects they name; 0 on a day without records.
    Distinct,
}

impl Aggregation {
    /// The name as it is written in payloads and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "SUM",
            Self::Last => "LAST",
            Self::Distinct => "DISTINCT",
        }
    }
}

/// It was said what is measured, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricDeclared {
    /// Its id.
    pub metric_id: MetricId,
    /// For people.
    pub name: String,
    /// What it counts, such as `logins`.
    pub unit: String,
    /// How the records of a day make the day's value.
    pub aggregation: Aggregation,
}

/// Nothing more is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricRetired {}
