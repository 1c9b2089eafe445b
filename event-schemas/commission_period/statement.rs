//! A statement and what it is made of: exactly what is calculated, frozen and explained. Its
//! canonical JSON are its fields in the order in which they stand here, without spaces.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    CommissionPlanId, ContractId, Currency, LineId, Number, RepId, StatementId,
};

/// One participant's commission of one period. Sums are in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// The plan it pays by.
    pub plan_id: CommissionPlanId,
    /// The version that held on the last day of participation in the period.
    pub plan_version: u32,
    /// Whose it is.
    pub rep_id: RepId,
    /// The first day of the period.
    pub from_on: NaiveDate,
    /// The day after its last.
    pub to_on: NaiveDate,
    /// The currency of all its sums.
    pub currency: Currency,
    /// What it is made of, in the order of evaluation.
    pub lines: Vec<StatementLine>,
    /// The sum of the lines.
    pub total_minor: i64,
    /// How much of the quota was reached.
    pub attainment: Attainment,
    /// The tier reached last, counted from 1, if the plan has tiers and something was credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u32>,
    /// What goes over into the next one.
    pub carried: Carried,
}

/// How much of the period's quota was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attainment {
    /// What was credited in the period, in minor units.
    pub credited_minor: Number,
    /// The quota, prorated, in minor units; none if none was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_minor: Option<Number>,
    /// Credited over quota, in percent; none without a quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Number>,
}

/// What goes over from a statement into the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Carried {
    /// What was advanced and not yet recovered.
    pub draw_owed_minor: i64,
    /// What a cap has withheld and not yet released.
    pub cap_withheld_minor: i64,
}

/// What a line of a statement is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LineKind {
    /// For the participant's own deals.
    Commission,
    /// A fixed bonus for a win.
    Spif,
    /// For what the team did.
    Override,
    /// What is not paid, because it stays below the floor.
    Floor,
    /// What the cap withholds.
    Cap,
    /// What a cap withheld before.
    CapRelease,
    /// What is missing to the guaranteed minimum.
    Guarantee,
    /// What is kept back for some time.
    Holdback,
    /// What was kept back.
    HoldbackRelease,
    /// What is taken back.
    Clawback,
    /// A correction: by hand, or of a closed statement for what came late.
    Adjustment,
    /// What is paid in advance.
    DrawAdvance,
    /// What was paid in advance.
    DrawRecovery,
}

impl LineKind {
    /// The name as it is written in payloads and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commission => "COMMISSION",
            Self::Spif => "SPIF",
            Self::Override => "OVERRIDE",
            Self::Floor => "FLOOR",
            Self::Cap => "CAP",
            Self::CapRelease => "CAP_RELEASE",
            Self::Guarantee => "GUARANTEE",
            Self::Holdback => "HOLDBACK",
            Self::HoldbackRelease => "HOLDBACK_RELEASE",
            Self::Clawback => "CLAWBACK",
            Self::Adjustment => "ADJUSTMENT",
            Self::DrawAdvance => "DRAW_ADVANCE",
            Self::DrawRecovery => "DRAW_RECOVERY",
        }
    }
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementLine {
    /// Its id, within all statements of the participant: the same whenever it is calculated again.
    pub line_id: String,
    /// What it is.
    pub kind: LineKind,
    /// The contract it is about, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<ContractId>,
    /// The line of the contract, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_line_id: Option<LineId>,
    /// When what it pays for happened.
    pub occurred_at: DateTime<Utc>,
    /// What a rate was applied to, in minor units, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis_minor: Option<Number>,
    /// The rates applied, in percent of the basis, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates_percent: Vec<Number>,
    /// What it pays, rounded half up.
    pub amount_minor: i64,
    /// What it corrects, if it is an adjustment of a closed statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LineOrigin>,
    /// Why it is what it is.
    pub derivation: Derivation,
}

/// A line of a closed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineOrigin {
    /// The statement.
    pub statement_id: StatementId,
    /// The line; what it would have been, if it is not there.
    pub line_id: String,
    /// The facts that the statement did not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late_events: Vec<EventRef>,
}

/// Why a line is what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Derivation {
    /// The facts it follows from, in the order of their positions.
    pub events: Vec<EventRef>,
    /// How it follows from them.
    pub steps: Vec<Step>,
}

/// A fact of the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct EventRef {
    /// Where it stands.
    pub position: u64,
    /// Its id.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
}

/// One step of a calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What is done.
    pub step: String,
    /// With what.
    pub inputs: Vec<Input>,
    /// What comes out.
    pub result: String,
}

/// What goes into a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// What it is.
    pub input: String,
    /// How much.
    pub value: String,
}
