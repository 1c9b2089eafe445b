//! Facts of fixed costs: what a period costs whatever is sold in it.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{CostId, Money};

events! {
    /// What can happen to a fixed cost. Its stream's id is the cost's.
    pub enum FixedCostEvent in "fixed_cost" via no_upcast {
        FixedCostRecorded = 1,
    }
}

/// What a period costs was recorded; said again, the last word counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixedCostRecorded {
    /// Which cost.
    pub cost_id: CostId,
    /// For people.
    pub name: String,
    /// The first day of the period.
    pub from_on: NaiveDate,
    /// The day after its last.
    pub to_on: NaiveDate,
    /// The whole cost of the period.
    pub amount: Money,
}
