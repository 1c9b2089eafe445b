//! Facts of a commission plan: what it pays, from when, and whom.

mod terms;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{CommissionPlanId, RepId};

pub use terms::{
    Accelerators, Basis, Cap, Clawback, ClawbackAlso, ClawbackCause, ClawbackExtent, CreditRules,
    DiscountCut, Draw, Edge, Floor, Holdback, Measure, Mode, Override, OverrideOn, OverrideRate,
    Pay, Period, Proration, Rate, Spif, Terms, Tier, TierPay, Tiers, Timing, Window,
};

events! {
    /// What can happen to a commission plan.
    pub enum CommissionPlanEvent in "commission_plan" via no_upcast {
        CommissionPlanPublished = 2,
        ParticipantEnrolled = 1,
        ParticipantWithdrawn = 1,
    }
}

/// A version of it was published. It never changes, and holds until the next one does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommissionPlanPublished {
    /// Which plan.
    pub plan_id: CommissionPlanId,
    /// Which of its versions: 1, 2, 3 …
    pub version: u32,
    /// The first day on which it holds, in the tenant's time zone.
    pub effective_from: NaiveDate,
    /// What it pays.
    pub terms: Box<Terms>,
}

/// A rep takes part in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantEnrolled {
    /// Who.
    pub rep_id: RepId,
    /// The first day.
    pub from_on: NaiveDate,
    /// The day after the last; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_on: Option<NaiveDate>,
}

/// A participation ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantWithdrawn {
    /// Who.
    pub rep_id: RepId,
    /// The first day of the participation that ends.
    pub from_on: NaiveDate,
    /// The day after its last.
    pub to_on: NaiveDate,
}
