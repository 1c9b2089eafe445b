//! Facts of the clock: how far a tenant's days have been worked through.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;

events! {
    /// What can happen to the clock.
    pub enum ClockEvent in "clock" via no_upcast {
        DayEnded = 1,
    }
}

/// All that was due by the end of a day was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayEnded {
    /// The day, in the tenant's time zone.
    pub day: NaiveDate,
}
