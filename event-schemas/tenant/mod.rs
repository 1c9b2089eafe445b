//! Facts of a tenant: one line of business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::Currency;

events! {
    /// What can happen to a tenant.
    pub enum TenantEvent in "tenant" via no_upcast {
        TenantConfigured = 1,
    }
}

/// It was set how the tenant's figures are cut and told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TenantConfigured {
    /// IANA name of the time zone in which days, weeks and months are cut.
    pub time_zone: String,
    /// The currency figures are told in.
    pub currency: Currency,
}
