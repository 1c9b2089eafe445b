//! Facts of a contract: what was agreed with a customer, delivered, invoiced and paid.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{
    AmendmentId, ContractId, CostId, Currency, CustomerId, DeliveryId, InvoiceId, Line, LineAmount,
    MilestoneId, Money, OpportunityId, PaymentId, ProductId, QuoteId, RefundId, RepId,
    SalesProcessId, Split,
};

events! {
    /// What can happen to a contract.
    pub enum ContractEvent in "contract" via no_upcast {
        ContractSigned = 1,
        ContractAmended = 2,
        ContractReassigned = 1,
        RevenueRecognized = 1,
        InvoiceIssued = 1,
        PaymentReceived = 1,
        PaymentRefunded = 1,
        DirectCostRecorded = 1,
        ContractTerminated = 1,
        ContractRenewed = 1,
        ContractHandedOver = 1,
        MilestoneReached = 1,
        RenewalOpened = 1,
    }
}

/// How often it is invoiced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum BillingFrequency {
    Once,
    Monthly,
    Quarterly,
    Yearly,
}

/// How it is invoiced and paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillingTerms {
    /// How often.
    pub frequency: BillingFrequency,
    /// Days from invoice to payment.
    pub payment_days: u32,
}

/// It was signed. Its sums are in its currency, and its revenue falls to who is credited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContractSigned {
    /// Its id.
    pub contract_id: ContractId,
    /// With whom.
    pub customer_id: CustomerId,
    /// The opportunity it wins, if it came from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity_id: Option<OpportunityId>,
    /// The quote it was signed on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_id: Option<QuoteId>,
    /// The contract it goes on from, if it renews one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_contract_id: Option<ContractId>,
    /// The currency of all its sums.
    pub currency: Currency,
    /// The first day on which it is in force.
    pub starts_on: NaiveDate,
    /// The day on which it is no more in force; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<NaiveDate>,
    /// How it is invoiced and paid.
    pub billing: BillingTerms,
    /// What was agreed.
    pub lines: Vec<Line>,
    /// Its owner: credited with all of it, unless it is split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep_id: Option<RepId>,
    /// Who is credited, if it is not the owner alone: shares make up the whole, overlays come on
    /// top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Split>,
}

/// What an amendment does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AmendmentKind {
    /// The customer takes more.
    Expansion,
    /// The customer takes less.
    Contraction,
    /// The customer takes the same, for another time.
    Term,
}

/// A line of it was set to another sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineChange {
    /// The line as it stands from now on.
    pub line: Line,
    /// Its sum until now; 0 if it is new.
    pub amount_before_minor: i64,
}

/// What was agreed became more, or less, or ends on another day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContractAmended {
    /// Which amendment.
    pub amendment_id: AmendmentId,
    /// What it does.
    pub kind: AmendmentKind,
    /// From which day on.
    pub effective_on: NaiveDate,
    /// The day on which the contract is no more in force, if that is another than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<NaiveDate>,
    /// The lines it changes or adds.
    pub changes: Vec<LineChange>,
    /// Who is credited with the difference, if not who was with the contract.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Split>,
}

/// It was given to another rep, who is credited with what happens from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContractReassigned {
    /// Its owner from now on.
    pub rep_id: RepId,
    /// Its owner until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_rep_id: Option<RepId>,
    /// Who is credited from now on, if not the owner alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Split>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// Something was delivered, and its revenue recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RevenueRecognized {
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// What was earned, by line.
    pub amounts: Vec<LineAmount>,
}

/// The customer was sent an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceIssued {
    /// Which invoice.
    pub invoice_id: InvoiceId,
    /// What is asked for, by line.
    pub amounts: Vec<LineAmount>,
    /// When it is to be paid.
    pub due_on: NaiveDate,
}

/// The customer paid, in whole or in part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReceived {
    /// Which payment.
    pub payment_id: PaymentId,
    /// The invoice it pays.
    pub invoice_id: InvoiceId,
    /// What was paid, by line.
    pub amounts: Vec<LineAmount>,
}

/// A payment, or part of it, went back to the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefunded {
    /// Which refund.
    pub refund_id: RefundId,
    /// The payment that went back.
    pub payment_id: PaymentId,
    /// What went back, by line; positive.
    pub amounts: Vec<LineAmount>,
}

/// What a line costs us directly became known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DirectCostRecorded {
    /// Which cost.
    pub cost_id: CostId,
    /// The costs, by line; negative where one is taken back.
    pub amounts: Vec<LineAmount>,
}

/// It ends before its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContractTerminated {
    /// The day on which it is no more in force.
    pub effective_on: NaiveDate,
    /// Why, as a short code.
    pub reason: String,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<String>,
}

/// Another contract goes on from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContractRenewed {
    /// The contract that does.
    pub renewed_by_contract_id: ContractId,
}

/// Customer success took it over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContractHandedOver {
    /// The day from which its follow-up is counted, instead of that of its signing.
    pub handed_over_on: NaiveDate,
}

/// It came to a point in its course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MilestoneReached {
    /// Which.
    pub milestone_id: MilestoneId,
    /// On which day.
    pub reached_on: NaiveDate,
}

/// An opportunity to renew it was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RenewalOpened {
    /// Which.
    pub opportunity_id: OpportunityId,
    /// The stages it goes through.
    pub sales_process_id: SalesProcessId,
    /// Whose it is; nobody's if there is none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep_id: Option<RepId>,
    /// What the contract is worth.
    pub amount: Money,
    /// What is to be sold again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub product_ids: Vec<ProductId>,
}
