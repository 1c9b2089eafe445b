//! The answers as proto3 JSON spells them, written down here again: a field that is not known, or
//! one of another type, is an error. Numbers that are left out are 0, as that JSON has it; figures
//! that have no value are `None`.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize};

/// An exact sum of US dollars; no more than whole cents are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Usd(Decimal);

impl Usd {
    /// Rounded half up to cents.
    pub(crate) fn rounded(exact: Decimal) -> Self {
        let rounded = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        Self(rounded.normalize())
    }

    /// The sum.
    pub(crate) fn exact(self) -> Decimal {
        self.0
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Money {
            currency_code: String,
            amount: String,
        }
        let Money {
            currency_code,
            amount,
        } = Money::deserialize(deserializer)?;
        let wrong = |why| serde::de::Error::custom(format!("{currency_code} {amount}: {why}"));
        let sum: Decimal = amount.parse().map_err(|_| wrong("no decimal"))?;
        if currency_code != "USD" {
            return Err(wrong("another currency"));
        }
        if sum.scale() > 2 {
            return Err(wrong("more places than the currency has"));
        }
        Ok(Self(sum.normalize()))
    }
}

/// From which part of history an answer was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AnsweredFrom {
    /// A 64-bit number, which proto3 JSON writes as text.
    pub(crate) position: String,
    pub(crate) at: DateTime<Utc>,
}

/// How many opportunities got how far.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Funnel {
    pub(crate) answered_from: Option<AnsweredFrom>,
    pub(crate) sales_process_id: String,
    pub(crate) mode: String,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
    pub(crate) overall: FunnelFigures,
    #[serde(default)]
    pub(crate) cuts: Vec<Cut<FunnelFigures>>,
    pub(crate) distribution: Vec<StageDistribution>,
}

/// The rows of one dimension.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Cut<T> {
    pub(crate) dimension: String,
    #[serde(default = "Vec::new")]
    pub(crate) rows: Vec<Row<T>>,
}

/// One value of a dimension.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Row<T> {
    #[serde(default)]
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) label: String,
    pub(crate) figures: T,
    #[serde(default)]
    pub(crate) team_id: String,
    pub(crate) team_figures: Option<T>,
}

/// Conversion of one set of opportunities.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct FunnelFigures {
    pub(crate) created: u32,
    pub(crate) open: u32,
    pub(crate) won: u32,
    pub(crate) lost: u32,
    pub(crate) conversion: Option<f64>,
    pub(crate) win_rate: Option<f64>,
    pub(crate) stages: Vec<StageConversion>,
}

/// How many reached a stage.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct StageConversion {
    pub(crate) stage_id: String,
    pub(crate) name: String,
    pub(crate) reached: u32,
    pub(crate) conversion_to_next: Option<f64>,
    pub(crate) share_of_created: Option<f64>,
}

/// The open opportunities of a stage.
#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct StageDistribution {
    pub(crate) stage_id: String,
    pub(crate) name: String,
    pub(crate) open_count: u32,
    pub(crate) open_amount: Option<Usd>,
    pub(crate) other_currency_count: u32,
    pub(crate) target_open_count: Option<u32>,
    pub(crate) target_open_amount: Option<Usd>,
    pub(crate) share: Option<f64>,
}

/// What the open pipeline is worth and how fast it flows.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Velocity {
    pub(crate) answered_from: Option<AnsweredFrom>,
    pub(crate) sales_process_id: String,
    pub(crate) look_back_from: DateTime<Utc>,
    pub(crate) look_back_to: DateTime<Utc>,
    pub(crate) overall: VelocityFigures,
    pub(crate) stages: Vec<StageVelocity>,
    #[serde(default)]
    pub(crate) cuts: Vec<Cut<VelocityFigures>>,
    #[serde(default)]
    pub(crate) stalled_count: u32,
    #[serde(default)]
    pub(crate) stalled: Vec<Stalled>,
}

/// Velocity of one set of opportunities.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct VelocityFigures {
    pub(crate) open_count: u32,
    pub(crate) open_amount: Option<Usd>,
    pub(crate) without_amount_count: u32,
    pub(crate) other_currency_count: u32,
    pub(crate) won: u32,
    pub(crate) lost: u32,
    pub(crate) win_rate: Option<f64>,
    pub(crate) average_won_amount: Option<Usd>,
    pub(crate) average_cycle_days: Option<f64>,
    pub(crate) median_cycle_days: Option<f64>,
    pub(crate) forecast: Option<Usd>,
    pub(crate) velocity_per_day: Option<Usd>,
    pub(crate) common_velocity_per_day: Option<Usd>,
}

/// What a stage teaches.
#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct StageVelocity {
    pub(crate) stage_id: String,
    pub(crate) name: String,
    pub(crate) closed: u32,
    pub(crate) won: u32,
    pub(crate) win_probability: Option<f64>,
    pub(crate) open_count: u32,
    pub(crate) open_amount: Option<Usd>,
    pub(crate) forecast: Option<Usd>,
    pub(crate) dwell: Option<Dwell>,
    pub(crate) stalled_count: u32,
}

/// How long visits to a stage lasted, in days.
#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Dwell {
    pub(crate) visits: u32,
    pub(crate) mean_days: Option<f64>,
    pub(crate) median_days: Option<f64>,
    pub(crate) p90_days: Option<f64>,
}

/// An open opportunity that has stood still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Stalled {
    pub(crate) opportunity_id: String,
    pub(crate) name: String,
    pub(crate) stage_id: String,
    #[serde(default)]
    pub(crate) rep_id: String,
    pub(crate) amount: Option<Usd>,
    pub(crate) in_stage_since: DateTime<Utc>,
    #[serde(default)]
    pub(crate) days_in_stage: f64,
    #[serde(default)]
    pub(crate) p90_days: f64,
}

/// One participant's commission of a period.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Statement {
    pub(crate) statement_id: String,
    pub(crate) status: String,
    pub(crate) commission_plan_id: String,
    pub(crate) plan_version: u32,
    pub(crate) rep_id: String,
    pub(crate) from_on: String,
    pub(crate) to_on: String,
    pub(crate) total: Usd,
    pub(crate) lines: Vec<Line>,
    pub(crate) credited: Usd,
    pub(crate) quota: Option<Usd>,
    pub(crate) attainment_percent: String,
    pub(crate) tier: u32,
    pub(crate) draw_owed: Usd,
    pub(crate) cap_withheld: Usd,
    /// A 64-bit number, which proto3 JSON writes as text.
    pub(crate) at_position: String,
    pub(crate) digest: String,
}

/// One line of a statement; how it is explained is held elsewhere.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Line {
    pub(crate) kind: String,
    pub(crate) contract_id: String,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) amount: Usd,
}
