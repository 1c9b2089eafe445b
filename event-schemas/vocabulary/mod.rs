//! The words every stream shares: ids, money, and the envelope around an event.

mod envelope;
mod ids;
mod money;

pub use envelope::{Position, Recorded, StreamName, Version};
pub use ids::{
    ActivityId, ChecklistItemId, ContactId, CustomerId, DocumentId, ExternalId, ID_MAX_LEN,
    OpportunityId, ProductId, RepId, SalesProcessId, StageId, TeamId, TenantId,
};
pub use money::{Currency, Money};

/// Why a value from outside could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// Says what a good value looks like.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}
