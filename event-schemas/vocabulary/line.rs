//! The lines of quotes and contracts, sums by line, and who is credited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BasisPoints, LineId, Number, ProductId, RepId};

/// What kind of revenue a line brings: commission may be paid at another rate for each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RevenueType {
    /// A first purchase.
    New,
    /// A contract going on.
    Renewal,
    /// A customer buying more.
    Expansion,
    /// Work done for the customer.
    Service,
}

impl RevenueType {
    /// The name as it is written in payloads and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Renewal => "RENEWAL",
            Self::Expansion => "EXPANSION",
            Self::Service => "SERVICE",
        }
    }
}

/// One line of a quote or a contract. Sums are in the currency of the whole, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Its id, within the quote or contract.
    pub line_id: LineId,
    /// What is sold.
    pub product_id: ProductId,
    /// The category of the product when it was sold: commission looks rates up by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_category: Option<String>,
    /// How many.
    pub quantity: Number,
    /// What one costs before any discount.
    pub list_price_minor: i64,
    /// What is taken off, in percent of quantity times list price.
    pub discount_percent: Number,
    /// What the customer pays for the line: quantity × list price × (1 − discount), rounded half
    /// up, unless another sum was agreed.
    pub amount_minor: i64,
    /// What kind of revenue it is.
    pub revenue_type: RevenueType,
    /// How much of it recurs each month, if any does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_recurring_minor: Option<i64>,
}

/// A sum that falls on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineAmount {
    /// The line.
    pub line_id: LineId,
    /// The sum, in minor units of the contract's currency.
    pub amount_minor: i64,
}

/// A rep's part in a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// Who is credited.
    pub rep_id: RepId,
    /// With how much of it.
    pub share: BasisPoints,
    /// On top of the whole, which the others share out among themselves.
    #[serde(default)]
    pub overlay: bool,
}
