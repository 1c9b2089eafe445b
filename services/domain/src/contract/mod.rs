//! A contract: what was agreed with a customer, and what was delivered, invoiced and paid of it.
//!
//! Facts may be told late, and land where they happened. What is delivered, invoiced, paid and spent
//! may be told in any order, as long as it happened after what it is about: no sum is above what it
//! is part of, neither then nor at any time since. Its course (signed, amended, renewed, terminated) is told in
//! order, as an opportunity's is.

mod agreement;
mod follow_up;
mod money;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::contract::{
    AmendmentKind, BillingTerms, ContractEvent, ContractTerminated, MilestoneReached, RenewalOpened,
};
use event_schemas::vocabulary::{
    AmendmentId, ContractId, CostId, Currency, CustomerId, DeliveryId, InvoiceId, LineId, Money,
    OpportunityId, PaymentId, QuoteId, RefundId, RepId, Split,
};
use serde::{Deserialize, Serialize};

use crate::lines::{self, LineAsked};
use crate::reads::{Reads, Reference};
use crate::sums::SumAsked;
use crate::{Ask, Decider};

pub use agreement::Agreement;
pub use rules::Broken;
pub use wire::parse;

/// A contract, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Contract {
    /// Nobody has signed it.
    #[default]
    Unsigned,
    /// It was signed.
    Signed(Box<Agreement>),
}

/// What a contract can be asked to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Sign(Box<Signature>),
    Amend(Amendment),
    Reassign {
        rep_id: RepId,
        splits: Vec<Split>,
        reason: Option<String>,
    },
    RecognizeRevenue {
        delivery_id: DeliveryId,
        sum: SumAsked,
    },
    IssueInvoice {
        invoice_id: InvoiceId,
        sum: SumAsked,
        due_on: Option<NaiveDate>,
    },
    RecordPayment {
        payment_id: PaymentId,
        invoice_id: InvoiceId,
        sum: SumAsked,
    },
    RecordRefund {
        refund_id: RefundId,
        payment_id: PaymentId,
        sum: SumAsked,
    },
    RecordDirectCost {
        cost_id: CostId,
        costs: Vec<(LineId, Money)>,
    },
    Terminate(ContractTerminated),
    HandOver {
        handed_over_on: NaiveDate,
    },
    ReachMilestone(MilestoneReached),
    /// Asked when its end comes near.
    OpenRenewal(RenewalOpened),
    /// Asked by the contract that goes on from it.
    Renew {
        renewed_by_contract_id: ContractId,
        customer_id: CustomerId,
    },
}

/// What is signed; what is not said follows from the quote or the opportunity.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Signature {
    pub contract_id: ContractId,
    pub quote_id: Option<QuoteId>,
    pub customer_id: Option<CustomerId>,
    pub opportunity_id: Option<OpportunityId>,
    pub renews_contract_id: Option<ContractId>,
    pub currency: Option<Currency>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub billing: BillingTerms,
    pub lines: Vec<LineAsked>,
    pub rep_id: Option<RepId>,
    pub splits: Vec<Split>,
}

/// An amendment whose lines are to be priced.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Amendment {
    pub amendment_id: AmendmentId,
    pub kind: AmendmentKind,
    pub effective_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub lines: Vec<LineAsked>,
    pub splits: Vec<Split>,
}

impl Contract {
    /// What was agreed, if it was signed.
    pub fn agreement(&self) -> Option<&Agreement> {
        match self {
            Self::Unsigned => None,
            Self::Signed(agreement) => Some(agreement),
        }
    }
}

impl Decider for Contract {
    type Command = Command;
    type Event = ContractEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        match command {
            Command::Sign(signature) => {
                let Signature {
                    quote_id,
                    customer_id,
                    opportunity_id,
                    ..
                } = &**signature;
                let quote = quote_id.iter().map(|id| Reference::Quote(id.to_string()));
                let customer = customer_id
                    .iter()
                    .map(|id| Reference::Customer(id.to_string()));
                let opportunity = opportunity_id
                    .iter()
                    .map(|id| Reference::Opportunity(id.to_string()));
                let named = quote.chain(customer).chain(opportunity);
                named
                    .chain(lines::products(&signature.lines))
                    .chain(lines::reps(&signature.rep_id, &signature.splits))
                    .collect()
            }
            Command::Amend(amendment) => lines::products(&amendment.lines)
                .chain(lines::reps(None, &amendment.splits))
                .chain(amendment.ends_on.map(|_| Reads::own_tenant()))
                .collect(),
            Command::Reassign { rep_id, splits, .. } => lines::reps([rep_id], splits).collect(),
            Command::IssueInvoice { due_on: None, .. } => vec![Reads::own_tenant()],
            Command::IssueInvoice { .. }
            | Command::RecognizeRevenue { .. }
            | Command::RecordPayment { .. }
            | Command::RecordRefund { .. }
            | Command::RecordDirectCost { .. }
            | Command::Terminate(_)
            | Command::HandOver { .. }
            | Command::ReachMilestone(_)
            | Command::OpenRenewal(_)
            | Command::Renew { .. } => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<ContractEvent>, Broken> {
        match command {
            Command::Sign(signature) => self.sign(*signature, reads),
            Command::Amend(amendment) => self.amend(amendment, reads),
            Command::Reassign {
                rep_id,
                splits,
                reason,
            } => self.reassign(rep_id, splits, reason, reads),
            Command::RecognizeRevenue { delivery_id, sum } => {
                self.recognize_revenue(delivery_id, &sum, reads)
            }
            Command::IssueInvoice {
                invoice_id,
                sum,
                due_on,
            } => self.issue_invoice(invoice_id, &sum, due_on, reads),
            Command::RecordPayment {
                payment_id,
                invoice_id,
                sum,
            } => self.record_payment(payment_id, invoice_id, &sum, reads),
            Command::RecordRefund {
                refund_id,
                payment_id,
                sum,
            } => self.record_refund(refund_id, payment_id, &sum, reads),
            Command::RecordDirectCost { cost_id, costs } => {
                self.record_direct_cost(cost_id, &costs, reads)
            }
            Command::Terminate(terminated) => self.terminate(terminated, reads),
            Command::HandOver { handed_over_on } => self.hand_over(handed_over_on, reads),
            Command::ReachMilestone(reached) => self.reach_milestone(reached, reads),
            Command::OpenRenewal(opened) => self.open_renewal(opened, reads),
            Command::Renew {
                renewed_by_contract_id,
                customer_id,
            } => self.renew(renewed_by_contract_id, &customer_id, reads),
        }
    }

    fn evolve(&mut self, event: &ContractEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (ContractEvent::ContractSigned(signed), this) => {
                *this = Self::Signed(Box::new(Agreement::new(signed, occurred_at)));
            }
            (_, Self::Signed(agreement)) => agreement.evolve(event, occurred_at),
            (_, Self::Unsigned) => {}
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let agreement = self.agreement()?;
        match command {
            Command::Sign(_) => None,
            Command::Amend(_)
            | Command::Terminate(_)
            | Command::OpenRenewal(_)
            | Command::Renew { .. } => Some(agreement.moved_at),
            Command::Reassign { .. } => Some(agreement.signed_at).max(agreement.credit.latest_at()),
            Command::RecognizeRevenue { .. }
            | Command::IssueInvoice { .. }
            | Command::RecordDirectCost { .. }
            | Command::ReachMilestone(_) => Some(agreement.signed_at),
            Command::HandOver { .. } => {
                Some(agreement.signed_at).max(agreement.handed_over_on.latest_at())
            }
            Command::RecordPayment { invoice_id, .. } => {
                agreement.invoice(invoice_id).map(|known| known.issued_at)
            }
            Command::RecordRefund { payment_id, .. } => {
                agreement.payment(payment_id).map(|known| known.received_at)
            }
        }
    }

    /// What is signed wins its opportunity, settles its quote, and renews what it goes on from; a
    /// renewal that opens is an opportunity.
    fn asks(&self, event: &ContractEvent) -> Vec<Ask> {
        let signed = match event {
            ContractEvent::ContractSigned(signed) => signed,
            ContractEvent::RenewalOpened(opened) => {
                return self.renewal(opened).into_iter().collect();
            }
            _ => return Vec::new(),
        };
        let contract_id = &signed.contract_id;
        let amount = Money {
            currency: signed.currency,
            amount_minor: lines::total_minor(&signed.lines),
        };
        let opportunity = signed.opportunity_id.as_ref();
        let opportunity = opportunity.map(|id| Ask::win_opportunity(id, contract_id, amount));
        let quote = signed.quote_id.as_ref();
        let quote = quote.map(|id| Ask::sign_quote(id, contract_id));
        let renewed = signed.renews_contract_id.as_ref();
        let renewed = renewed.map(|id| Ask::renew_contract(id, contract_id, &signed.customer_id));
        opportunity
            .into_iter()
            .chain(quote)
            .chain(renewed)
            .collect()
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Sign(_))
    }
}
