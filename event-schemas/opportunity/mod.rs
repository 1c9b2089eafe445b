//! Facts of an opportunity: one customer's possible purchase, from first contact to won or lost.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{
    ActivityId, ChecklistItemId, ContactId, ContractId, CustomerId, ExternalId, Money,
    OpportunityId, ProductId, RepId, SalesProcessId, StageId,
};

events! {
    /// What can happen to an opportunity.
    pub enum OpportunityEvent in "opportunity" via no_upcast {
        OpportunityRegistered = 1,
        LeadAssigned = 1,
        StageAdvanced = 1,
        SteppedBack = 1,
        ChecklistItemCompleted = 1,
        ActivityLogged = 1,
        AmountChanged = 1,
        ExpectedCloseChanged = 1,
        ProductsChanged = 1,
        CustomerIdentified = 1,
        OpportunityWon = 2,
        OpportunityLost = 1,
        OpportunityReopened = 1,
    }
}

/// What kind of revenue it would bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OpportunityKind {
    /// A first purchase.
    New,
    /// A contract going on.
    Renewal,
    /// A customer buying more.
    Expansion,
}

impl OpportunityKind {
    /// The name as it is written in payloads and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Renewal => "RENEWAL",
            Self::Expansion => "EXPANSION",
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ActivityKind {
    Call,
    Email,
    Meeting,
    Demo,
    Proposal,
    Other,
}

/// A possible purchase was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityRegistered {
    /// Its id.
    pub opportunity_id: OpportunityId,
    /// For people.
    pub name: String,
    /// What kind of revenue it would bring.
    pub kind: OpportunityKind,
    /// The stages it goes through.
    pub sales_process_id: SalesProcessId,
    /// The stage it began in.
    pub stage_id: StageId,
    /// Its owner, if it had one at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep_id: Option<RepId>,
    /// Whose purchase it is, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// What is to be sold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub product_ids: Vec<ProductId>,
    /// What it is worth, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// When it is expected to close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_close_on: Option<NaiveDate>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Address of the person who asked, normalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub email: Option<String>,
    /// Telephone number of the person who asked, normalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub phone: Option<String>,
    /// The same lead elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// It was given to a rep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadAssigned {
    /// Its owner from now on.
    pub rep_id: RepId,
    /// Its owner until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_rep_id: Option<RepId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// It moved forward; stages in between count as passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageAdvanced {
    /// The stage it left.
    pub from_stage_id: StageId,
    /// The stage it entered.
    pub to_stage_id: StageId,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<String>,
}

/// It moved to an earlier stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SteppedBack {
    /// The stage it left.
    pub from_stage_id: StageId,
    /// The stage it entered.
    pub to_stage_id: StageId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// An item of its stage's checklist was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistItemCompleted {
    /// The stage it was in.
    pub stage_id: StageId,
    /// The item.
    pub item_id: ChecklistItemId,
}

/// A sales activity took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityLogged {
    /// Which one.
    pub activity_id: ActivityId,
    /// What was done.
    pub kind: ActivityKind,
    /// What about.
    #[schemars(extend("x-personal" = true))]
    pub subject: String,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<String>,
    /// How long it took, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<u32>,
    /// With whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
}

/// What it is worth became another sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AmountChanged {
    /// The sum from now on.
    pub amount: Money,
}

/// The day on which it is expected to close became another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedCloseChanged {
    /// The day from now on.
    pub expected_close_on: NaiveDate,
}

/// What is to be sold became something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductsChanged {
    /// The products from now on.
    pub product_ids: Vec<ProductId>,
}

/// It became known, or known better, whose purchase it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerIdentified {
    /// The customer from now on.
    pub customer_id: CustomerId,
}

/// It was won.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityWon {
    /// The stage it was won from.
    pub stage_id: StageId,
    /// The sum it was won at, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The contract that was signed on it, if that won it. Version 1 knew none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<ContractId>,
}

/// It was lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityLost {
    /// The stage it was lost in.
    pub stage_id: StageId,
    /// Why, as a short code.
    pub reason: String,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<String>,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competitor: Option<String>,
}

/// A closed one was opened again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpportunityReopened {
    /// The stage it goes on in.
    pub stage_id: StageId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}
