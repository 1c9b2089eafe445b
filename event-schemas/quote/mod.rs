//! Facts of a quote: an offer made to a customer.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{ContractId, Currency, CustomerId, Line, Number, OpportunityId, QuoteId};

events! {
    /// What can happen to a quote.
    pub enum QuoteEvent in "quote" via no_upcast {
        QuoteDrafted = 1,
        QuoteRevised = 1,
        DiscountApproved = 1,
        QuoteSent = 1,
        QuoteAccepted = 1,
        QuoteDeclined = 1,
        QuoteExpired = 1,
        QuoteSigned = 1,
    }
}

/// An offer was drafted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteDrafted {
    /// Its id.
    pub quote_id: QuoteId,
    /// The opportunity it answers.
    pub opportunity_id: OpportunityId,
    /// To whom.
    pub customer_id: CustomerId,
    /// The currency of all its sums.
    pub currency: Currency,
    /// What is offered.
    pub lines: Vec<Line>,
    /// The last day on which it can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
}

/// A draft was changed; it needs its approval anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteRevised {
    /// What is offered from now on.
    pub lines: Vec<Line>,
    /// The last day on which it can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
}

/// Its discounts were approved: by the actor of the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiscountApproved {
    /// The largest of them.
    pub discount_percent: Number,
}

/// It was sent to the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteSent {}

/// The customer accepted it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteAccepted {}

/// The customer declined it, or it was withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteDeclined {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// Its time had run out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteExpired {}

/// A contract was signed on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteSigned {
    /// The contract.
    pub contract_id: ContractId,
}
