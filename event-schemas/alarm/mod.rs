//! Facts of an alarm: one cause of worry about one customer, which comes and goes.
//!
//! It remembers that it was raised, so that one breach raises one task, until it recovers.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{Cause, ContractId, CustomerId, Number, TaskId};

events! {
    /// What can happen to an alarm.
    pub enum AlarmEvent in "alarm" via no_upcast {
        AlarmRaised = 1,
        AlarmCleared = 1,
    }
}

/// An event that something follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The event's stream.
    pub stream: String,
    /// Its version there.
    pub version: u64,
}

/// There is cause to worry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmRaised {
    /// About whom.
    pub customer_id: CustomerId,
    /// Why.
    pub cause: Cause,
    /// What it is about: a metric, a ticket, an invoice, a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// The contract it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<ContractId>,
    /// The day whose figures show it, in the tenant's time zone.
    pub on: NaiveDate,
    /// What was seen, where it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
    /// What it should have been at least, or at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Number>,
    /// What was seen, for people.
    pub explanation: String,
    /// The events it follows from, where there are few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The task that was raised with it.
    pub task_id: TaskId,
}

/// There is no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmCleared {
    /// The day whose figures show it.
    pub on: NaiveDate,
    /// What was seen, where it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
}
