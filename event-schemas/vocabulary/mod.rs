//! The words every stream shares: ids, money, and the envelope around an event.

mod envelope;
mod ids;
mod line;
mod money;
mod number;

pub use envelope::{Position, Recorded, StreamName, Version};
pub use ids::{
    ActivityId, AdjustmentId, AmendmentId, ChecklistItemId, CommissionPlanId, ContactId,
    ContractId, CostId, CustomerId, DeliveryId, DocumentId, ExternalId, ID_MAX_LEN, InvoiceId,
    LineId, OpportunityId, PaymentId, ProductId, QuoteId, RefundId, RepId, SalesProcessId, StageId,
    StatementId, TeamId, TenantId,
};
pub use line::{Line, LineAmount, RevenueType, Split};
pub use money::{Currency, Money};
pub use number::{BasisPoints, Number};

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
