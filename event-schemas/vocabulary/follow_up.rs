//! How customers are followed up: what is ticked off in a task, and what gives cause for one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TaskItemId;

/// One thing to be ticked off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskItem {
    /// Its id, within the step.
    pub item_id: TaskItemId,
    /// What is to be done.
    pub name: String,
}

/// Why an event task is raised.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cause {
    /// A metric is under its threshold.
    MetricBelowThreshold,
    /// Someone there would not recommend us.
    NpsDetractor,
    /// The last decision maker has gone.
    DecisionMakerDeparted,
    /// A ticket was escalated.
    TicketEscalated,
    /// A ticket is open for too long.
    TicketOpenTooLong,
    /// An invoice is not paid in time.
    PaymentLate,
}

impl Cause {
    /// The name as it is written in payloads and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MetricBelowThreshold => "METRIC_BELOW_THRESHOLD",
            Self::NpsDetractor => "NPS_DETRACTOR",
            Self::DecisionMakerDeparted => "DECISION_MAKER_DEPARTED",
            Self::TicketEscalated => "TICKET_ESCALATED",
            Self::TicketOpenTooLong => "TICKET_OPEN_TOO_LONG",
            Self::PaymentLate => "PAYMENT_LATE",
        }
    }
}
