//! What one aggregate asks of others along with its own events, so that all of it happens or nothing:
//! a contract that is signed wins its opportunity.
//!
//! A room may not look into its neighbours, so what is asked across rooms is said here; so is what the
//! service asks of itself, which no caller may.

use event_schemas::opportunity::OpportunityRegistered;
use event_schemas::vocabulary::{ContractId, CustomerId, Money, OpportunityId, QuoteId};

use crate::{alarm, clock, contract, opportunity, quote, task, usage};

/// A command for another aggregate. One line a kind of aggregate that is asked.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "an id, and what is asked of it")]
pub enum Ask {
    Opportunity(String, opportunity::Command),
    Quote(String, quote::Command),
    Contract(String, contract::Command),
    Usage(String, usage::Command),
    Task(String, task::Command),
    Alarm(String, alarm::Command),
    Clock(String, clock::Command),
}

impl Ask {
    /// A contract that was signed on an opportunity wins it, at its sum.
    pub(crate) fn win_opportunity(
        opportunity_id: &OpportunityId,
        contract_id: &ContractId,
        amount: Money,
    ) -> Self {
        let command = opportunity::Command::Win {
            amount: Some(amount),
            contract_id: Some(contract_id.clone()),
        };
        Self::Opportunity(opportunity_id.to_string(), command)
    }

    /// A contract whose renewal opens registers it, in the first stage of its process.
    pub(crate) fn register_opportunity(facts: OpportunityRegistered) -> Self {
        let id = facts.opportunity_id.to_string();
        let registration = opportunity::Registration {
            stage_id: None,
            facts,
        };
        Self::Opportunity(id, opportunity::Command::Register(registration))
    }

    /// A contract that was signed on a quote settles it.
    pub(crate) fn sign_quote(quote_id: &QuoteId, contract_id: &ContractId) -> Self {
        let contract_id = contract_id.clone();
        Self::Quote(quote_id.to_string(), quote::Command::Sign { contract_id })
    }

    /// A contract goes on from another one of the same customer.
    pub(crate) fn renew_contract(
        contract_id: &ContractId,
        renewed_by: &ContractId,
        customer_id: &CustomerId,
    ) -> Self {
        let command = contract::Command::Renew {
            renewed_by_contract_id: renewed_by.clone(),
            customer_id: customer_id.clone(),
        };
        Self::Contract(contract_id.to_string(), command)
    }
}
