//! The terms of a commission plan, as data. Percents are decimal texts such as "5.5"; sums are in
//! minor units of the plan's one currency.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Currency, Number, ProductId, RevenueType};

/// What a version of a plan pays, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The currency of all its sums, and of what it pays.
    pub currency: Currency,
    /// What one statement covers.
    pub statement_period: Period,
    /// What brings a commission about.
    pub timing: Timing,
    /// What the rates are applied to.
    pub basis: Basis,
    /// Who is credited.
    #[serde(default, skip_serializing_if = "CreditRules::is_default")]
    pub credit: CreditRules,
    /// The rates; of those that fit a line the most specific one counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<Rate>,
    /// What changes with the volume. A line is paid by tiers of percents if no rate fits it; tiers
    /// of multipliers raise whatever percent fits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Tiers>,
    /// How a discount cuts the rate; of those exceeded the highest counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<DiscountCut>,
    /// Fixed bonuses for wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spifs: Vec<Spif>,
    /// What a manager is paid for what the team does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Below it nothing is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// The most one statement pays of what was earned in its period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// The least one statement pays of what was earned in its period, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee_minor: Option<i64>,
    /// What is kept back for some time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdback: Option<Holdback>,
    /// What is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clawback: Option<Clawback>,
    /// What is paid in advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<Draw>,
    /// How a quota falls to someone who takes part for some of its time only.
    #[serde(default)]
    pub quota_proration: Proration,
}

/// A span of the calendar, in the tenant's time zone; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Period {
    Week,
    Month,
    Quarter,
    Year,
}

/// What brings a commission about. There is one for the whole plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Timing {
    /// The contract is signed or amended.
    Signing,
    /// Revenue is recognised.
    Delivery,
    /// The customer pays.
    Payment,
}

/// What the rates are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// What the customer pays.
    Revenue,
    /// Less the line's direct cost.
    GrossMargin,
    /// Less, too, its share of the statement period's fixed cost, by revenue.
    NetMargin,
}

/// Who is credited, beyond the owner and the stated splits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreditRules {
    /// Overlays are credited on top of the whole; they are not if false.
    pub overlays: bool,
    /// A manager may be credited directly with a subordinate's deal; it is refused if false.
    pub direct_on_subordinates: bool,
}

impl CreditRules {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A rate, and which lines it fits. It is the more specific, the more of product, then category,
/// then revenue type it names; one that names nothing fits every line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Only this product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// Only products of this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_category: Option<String>,
    /// Only revenue of this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue_type: Option<RevenueType>,
    /// What it pays.
    pub pays: Pay,
}

/// What a line is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Pay {
    /// A percentage of its basis.
    Percent(Number),
    /// A sum for the whole line, in minor units; in proportion where a part of it is credited.
    FixedMinor(i64),
    /// Nothing: it is free of commission, and counts toward no tier and no quota.
    Nothing,
}

/// What changes with the volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// What the bounds count.
    pub measure: Measure,
    /// How long the count goes on before it begins anew.
    pub window: Window,
    /// What the tier that is reached is applied to.
    pub mode: Mode,
    /// The tier of a volume exactly on a bound.
    #[serde(default)]
    pub edge: Edge,
    /// When tiers above the first one count.
    #[serde(default)]
    pub accelerators: Accelerators,
    /// From 0 up, each where the one before ends; the last is open.
    pub bands: Vec<Tier>,
}

impl Tiers {
    /// Whether they raise the rates of lines, rather than pay by themselves.
    pub fn multiply(&self) -> bool {
        let first = self.bands.first();
        first.is_some_and(|band| matches!(band.pays, TierPay::Multiplier(_)))
    }
}

/// What the bounds of tiers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Measure {
    /// The basis paid by the tiers so far: bounds are in minor units.
    Basis,
    /// All that is credited so far over the quota of the window: bounds are in percent.
    Attainment,
}

/// How long a count goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Window {
    /// One event, with all its lines.
    Transaction,
    Week,
    Month,
    Quarter,
    Year,
}

/// What the tier that is reached is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Each slice is paid at its own tier.
    Marginal,
    /// All of the window is paid at the tier reached.
    Retroactive,
    /// The first tier is paid up to its end, the tier reached on all above.
    Overage,
    /// Each tier is a lump, earned in proportion.
    Interpolated,
}

/// The tier of a volume exactly on a bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Edge {
    /// It has reached the upper tier.
    #[default]
    Upper,
    /// It has not left the lower tier.
    Lower,
}

/// When tiers above the first one count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Accelerators {
    /// Always.
    #[default]
    Always,
    /// Only in a window before which the year to date had met its quota.
    YearToDateQuotaMet,
}

/// One tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Where it begins: minor units, or percent of quota.
    pub from: Number,
    /// Where it ends; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Number>,
    /// What it pays.
    pub pays: TierPay,
}

/// What a tier pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TierPay {
    /// A percentage of the basis.
    Percent(Number),
    /// So many times what the line's own rate pays.
    Multiplier(Number),
    /// A lump for the whole tier, in minor units.
    LumpMinor(i64),
}

/// How a discount cuts the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountCut {
    /// A discount above it, in percent, …
    pub above_percent: Number,
    /// … leaves so many percent of the rate.
    pub keeps_percent: Number,
}

/// A fixed bonus for each win. Whoever is credited with a part of the win has that part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spif {
    /// For people; it tells it from the plan's others.
    pub name: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The first day on which a win counts.
    pub from_on: NaiveDate,
    /// The day after the last.
    pub to_on: NaiveDate,
    /// Only contracts with a line of this product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// Only contracts with a line of this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_category: Option<String>,
    /// Only contracts with a line of this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue_type: Option<RevenueType>,
}

/// What a manager is paid for what the team does. The manager's own deals never count. A threshold
/// is a first tier of 0 %.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Of what.
    pub on: OverrideOn,
    /// How much of it.
    pub rate: OverrideRate,
}

/// What an override is a part of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OverrideOn {
    /// The basis credited to the team, by this plan's timing and basis; overlays do not count.
    TeamBasis,
    /// The commission the team earns by its own plans, before what is taken back or limited.
    TeamCommission,
}

/// How much an override pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OverrideRate {
    /// A percentage from the first money on.
    Percent(Number),
    /// Tiers of percents or lumps, by what the team has done.
    Tiers(Tiers),
}

/// Below it nothing is paid of what was earned in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Floor {
    /// So much commission, in minor units.
    AmountMinor(i64),
    /// So many percent of the period's quota.
    QuotaPercent(Number),
}

/// The most one statement pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// What is withheld is carried, and paid where a later statement leaves room.
    #[serde(default)]
    pub refundable: bool,
}

/// A part of each commission that is paid later, if it was not taken back by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holdback {
    /// Which part.
    pub percent: Number,
    /// How much later.
    pub months: u32,
}

/// What is taken back, at the rate that was really applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clawback {
    /// Why.
    pub on: Vec<ClawbackCause>,
    /// Only within so many months of the signing.
    pub within_months: u32,
    /// How much at a termination. At a refund it is the part that was refunded.
    pub extent: ClawbackExtent,
    /// What goes back beside the commission itself: nothing if empty. Version 1 knew nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ClawbackAlso>,
}

/// What is taken back beside a commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClawbackAlso {
    /// What was paid as SPIFs for the win, in proportion to what of the contract is lost.
    Spifs,
    /// What managers were paid as overrides for the line. It goes back wherever the team's own does, so
    /// too where less is agreed than before.
    Overrides,
}

/// Why a commission is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ClawbackCause {
    Refund,
    Termination,
}

/// How much is taken back at a termination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClawbackExtent {
    /// All that was paid.
    Full,
    /// What was paid for the part of the term that remains, by months. An open contract's term are
    /// the months within which is taken back.
    Prorated,
}

/// What each statement pays at least, in advance of later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// What was advanced is owed, and recovered from what later statements earn above the draw.
    pub recoverable: bool,
}

/// How a quota falls to someone who takes part for some of its time only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Proration {
    /// By the days of participation.
    #[default]
    Days,
    /// By months, of which each counts the same.
    Months,
    /// Whole.
    None,
}
