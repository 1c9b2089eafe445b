//! Identifiers: chosen by callers, checked once at the door, told apart by type.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Invalid, text};

/// Longest identifier, in bytes.
pub const ID_MAX_LEN: usize = 64;

/// An identifier is 1–64 ASCII letters, digits and `. _ : ~ -`, and begins with a letter or digit.
fn check(text: &str) -> Result<(), Invalid> {
    let rest = |b: u8| matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'~' | b'-');
    let first = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    if first && text.len() <= ID_MAX_LEN && text.bytes().all(rest) {
        Ok(())
    } else {
        Err(Invalid::new(
            "an id is 1 to 64 ASCII letters, digits and . _ : ~ - and begins with a letter or digit",
        ))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        #[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}$"))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes an identifier.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                check(text).map(|()| Self(text.into()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text::read(deserializer, Self::new)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A line of business: the unit of isolation and of scale.
    TenantId,
    /// One possible purchase.
    OpportunityId,
    /// An ordered set of stages.
    SalesProcessId,
    /// One stage of a sales process.
    StageId,
    /// One thing to be done in a stage.
    ChecklistItemId,
    /// A sales document.
    DocumentId,
    /// A customer (an account).
    CustomerId,
    /// A person at a customer.
    ContactId,
    /// Something sold.
    ProductId,
    /// A sales representative or a manager.
    RepId,
    /// A group of reps under one manager.
    TeamId,
    /// One logged activity.
    ActivityId,
    /// An offer to a customer.
    QuoteId,
    /// An agreement with a customer.
    ContractId,
    /// One line of a quote or a contract.
    LineId,
    /// One change of a contract.
    AmendmentId,
    /// One delivery under a contract.
    DeliveryId,
    /// One invoice.
    InvoiceId,
    /// One payment.
    PaymentId,
    /// One refund.
    RefundId,
    /// One recorded cost.
    CostId,
    /// A commission plan.
    CommissionPlanId,
    /// One participant's commission of one period.
    StatementId,
    /// A correction of a statement by hand.
    AdjustmentId,
    /// Something measured of how a customer uses what it bought.
    MetricId,
    /// One usage record, unique within the tenant.
    UsageRecordId,
    /// A call for support.
    TicketId,
    /// One answer to a survey.
    SurveyAnswerId,
    /// One communication with a customer.
    InteractionId,
    /// A plan of how customers are followed up.
    PlaybookId,
    /// One step of a playbook.
    StepId,
    /// A point in a contract's course, such as `deployed`.
    MilestoneId,
    /// Something to be done for a customer.
    TaskId,
    /// One thing to be ticked off in a task.
    TaskItemId,
    /// A rule of how healthy customers are.
    HealthModelId,
    /// One statement that a customer left.
    ChurnId,
}

/// The id of the same thing in another system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ExternalId {
    /// Name of that system, such as `web-form`.
    pub system: String,
    /// Id there.
    pub id: String,
}
