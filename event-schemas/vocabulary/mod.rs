//! The words every stream shares: ids, money, and the envelope around an event.

mod envelope;
mod follow_up;
mod ids;
mod line;
mod money;
mod number;
mod text;

pub use envelope::{Position, Recorded, StreamName, Version};
pub use follow_up::{Cause, TaskItem};
pub use ids::{
    ActivityId, AdjustmentId, AmendmentId, ChecklistItemId, ChurnId, CommissionPlanId, ContactId,
    ContractId, CostId, CustomerId, DeliveryId, DocumentId, ExternalId, HealthModelId, ID_MAX_LEN,
    InteractionId, InvoiceId, LineId, MetricId, MilestoneId, OpportunityId, PaymentId, PlaybookId,
    ProductId, QuoteId, RefundId, RepId, SalesProcessId, StageId, StatementId, StepId,
    SurveyAnswerId, TaskId, TaskItemId, TeamId, TenantId, TicketId, UsageRecordId,
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
