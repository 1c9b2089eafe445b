//! Claims: values that belong to one holder at a time within a tenant, such as a lead's e-mail
//! address. The log keeps them in the same transaction as the events, so no race can double them.

use event_schemas::vocabulary::ExternalId;

/// A value taken or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimChange {
    /// From now on it belongs to the stream that appends.
    Take(Claim),
    /// It is free again.
    GiveBack(Claim),
}

/// A value that can belong to one holder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What kind of value, such as `opportunity.email`.
    pub scope: &'static str,
    /// The value, normalised.
    pub value: String,
    /// About a person: the log keeps only a keyed hash of it.
    pub personal: bool,
}

impl Claim {
    /// The id of the same thing in another system. How long the system's name is stands before
    /// it, so that no two ids are written alike, whatever characters they hold.
    pub(crate) fn external_id(scope: &'static str, external: &ExternalId) -> Self {
        let ExternalId { system, id } = external;
        Self {
            scope,
            value: format!("{}:{system}/{id}", system.len()),
            personal: false,
        }
    }
}
