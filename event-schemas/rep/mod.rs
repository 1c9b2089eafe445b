//! Facts of a rep: someone who sells, or leads those who do.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{BasisPoints, Money, RepId, TeamId};

events! {
    /// What can happen to a rep.
    pub enum RepEvent in "rep" via no_upcast {
        RepRegistered = 1,
        RepDeactivated = 1,
        TeamJoined = 1,
        TeamLeft = 1,
        QuotaSet = 1,
        TerritoryAssigned = 1,
    }
}

/// A rep was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RepRegistered {
    /// Their id.
    pub rep_id: RepId,
    /// Their name.
    #[schemars(extend("x-personal" = true))]
    pub name: String,
    /// E-mail address, normalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub email: Option<String>,
}

/// The rep sells no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RepDeactivated {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// The rep became a member of a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TeamJoined {
    /// The team.
    pub team_id: TeamId,
    /// When it began, inclusive.
    pub from_at: DateTime<Utc>,
    /// When it ends, exclusive; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_at: Option<DateTime<Utc>>,
}

/// A membership ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TeamLeft {
    /// The team.
    pub team_id: TeamId,
    /// When the membership that ends had begun.
    pub from_at: DateTime<Utc>,
    /// When it ended, exclusive.
    pub to_at: DateTime<Utc>,
}

/// What the rep is to sell in a span of time was set; said again for the same span, the last word
/// counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuotaSet {
    /// The first day of the span.
    pub from_on: NaiveDate,
    /// The day after its last.
    pub to_on: NaiveDate,
    /// How much in the whole span.
    pub amount: Money,
    /// How it falls on the equal parts of the span (quarters of a year if there are four): shares
    /// that make up the whole. Evenly by months if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<BasisPoints>,
}

/// The rep was given a territory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TerritoryAssigned {
    /// Its name.
    pub territory: String,
    /// When it began, inclusive.
    pub from_at: DateTime<Utc>,
    /// When it ends, exclusive; until another is assigned if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_at: Option<DateTime<Utc>>,
}
