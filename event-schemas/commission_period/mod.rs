//! Facts of a commission statement: one participant's commission of one period, from its closing
//! to its payment, and the corrections made by hand.

mod statement;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{AdjustmentId, CommissionPlanId, Money, RepId, StatementId};

pub use statement::{
    Attainment, Carried, Derivation, EventRef, Input, LineKind, LineOrigin, Statement,
    StatementLine, Step,
};

events! {
    /// What can happen to a statement. Its stream's id is the statement's.
    pub enum CommissionPeriodEvent in "commission_period" via no_upcast {
        StatementClosed = 1,
        StatementApproved = 1,
        StatementPaid = 1,
        StatementDisputed = 1,
        DisputeResolved = 1,
        AdjustmentProposed = 1,
        AdjustmentApproved = 1,
        AdjustmentRejected = 1,
    }
}

/// It was frozen. It never changes; what comes late is a line of the next open one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementClosed {
    /// Its id.
    pub statement_id: StatementId,
    /// The plan it pays by.
    pub plan_id: CommissionPlanId,
    /// The version that held on the last day.
    pub plan_version: u32,
    /// Whose it is.
    pub rep_id: RepId,
    /// The first day of the period.
    pub from_on: NaiveDate,
    /// The day after its last.
    pub to_on: NaiveDate,
    /// The last position of the log that it knows.
    pub at_position: u64,
    /// The statement.
    pub statement: Statement,
    /// SHA-256 of the statement's canonical JSON, in hexadecimal.
    #[schemars(extend("pattern" = "^[0-9a-f]{64}$"))]
    pub digest: String,
}

/// It may be paid: says the actor of the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementApproved {}

/// It was paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementPaid {
    /// What the payout is called where it was made.
    pub payout_reference: String,
    /// When.
    pub paid_on: NaiveDate,
}

/// Someone does not agree with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementDisputed {
    /// Why.
    #[schemars(extend("x-personal" = true))]
    pub reason: String,
}

/// The disagreement is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisputeResolved {
    /// How.
    #[schemars(extend("x-personal" = true))]
    pub resolution: String,
}

/// A correction was proposed. It counts once another person approves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdjustmentProposed {
    /// Which correction.
    pub adjustment_id: AdjustmentId,
    /// The plan it is paid with.
    pub plan_id: CommissionPlanId,
    /// Whom it concerns.
    pub rep_id: RepId,
    /// How much more; negative if less.
    pub amount: Money,
    /// Why.
    #[schemars(extend("x-personal" = true))]
    pub reason: String,
    /// The line it corrects, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concerns: Option<LineOrigin>,
}

/// A correction is paid, in the period of this event: says the actor, who did not propose it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdjustmentApproved {
    /// Which correction.
    pub adjustment_id: AdjustmentId,
}

/// A correction is not paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdjustmentRejected {
    /// Which correction.
    pub adjustment_id: AdjustmentId,
    /// Why.
    #[schemars(extend("x-personal" = true))]
    pub reason: String,
}
