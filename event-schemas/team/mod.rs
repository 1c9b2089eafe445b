//! Facts of a team: reps under one manager.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{RepId, TeamId};

events! {
    /// What can happen to a team.
    pub enum TeamEvent in "team" via no_upcast {
        TeamFormed = 1,
        ManagerAppointed = 1,
        RegionMoved = 1,
    }
}

/// A team was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TeamFormed {
    /// Its id.
    pub team_id: TeamId,
    /// For people.
    pub name: String,
    /// Where it sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Who leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<RepId>,
}

/// It was given a manager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManagerAppointed {
    /// Who leads it.
    pub manager_id: RepId,
    /// From when, inclusive.
    pub from_at: DateTime<Utc>,
}

/// It was given a region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegionMoved {
    /// Where it sells.
    pub region: String,
    /// From when, inclusive.
    pub from_at: DateTime<Utc>,
}
