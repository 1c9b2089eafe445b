//! Facts of a ticket: a customer's call for support.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{ContactId, CustomerId, TicketId};

events! {
    /// What can happen to a ticket.
    pub enum TicketEvent in "ticket" via no_upcast {
        TicketOpened = 1,
        TicketAnswered = 1,
        TicketEscalated = 1,
        TicketClosed = 1,
        TicketReopened = 1,
        TicketRated = 1,
    }
}

/// How urgent it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TicketPriority {
    Low,
    Medium,
    High,
    Urgent,
}

/// The customer called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketOpened {
    /// Its id.
    pub ticket_id: TicketId,
    /// Who called.
    pub customer_id: CustomerId,
    /// The person who called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// What about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub subject: Option<String>,
    /// How urgent it is.
    pub priority: TicketPriority,
}

/// It got its first answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketAnswered {}

/// It was given to someone higher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketEscalated {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// It was settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketClosed {
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub resolution: Option<String>,
}

/// It was not settled after all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketReopened {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// The customer said how satisfied it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketRated {
    /// From 1, not at all, to 5, very.
    pub satisfaction: u8,
}
