//! Facts of a rep: someone who sells, or leads those who do.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{RepId, TeamId};

events! {
    /// What can happen to a rep.
    pub enum RepEvent in "rep" via no_upcast {
        RepRegistered = 1,
        RepDeactivated = 1,
        TeamJoined = 1,
        TeamLeft = 1,
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
