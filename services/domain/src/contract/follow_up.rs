//! The rules of what becomes of a contract: handed over, brought to its milestones, renewed, terminated.

use chrono::NaiveDate;
use event_schemas::contract::{
    ContractHandedOver, ContractRenewed, ContractTerminated, MilestoneReached, RenewalOpened,
};
use event_schemas::opportunity::{OpportunityKind, OpportunityRegistered};
use event_schemas::vocabulary::{ContractId, CustomerId, StageId};

use super::Contract;
use super::rules::{Broken, Decided, not_before, same_customer};
use crate::Ask;
use crate::reads::Reads;

impl Contract {
    /// It is terminated once, within its term.
    pub(super) fn terminate(&self, terminated: ContractTerminated, reads: &Reads) -> Decided {
        let agreement = self.signed(reads)?;
        if let Some((known, _)) = &agreement.terminated {
            let is_same = (known.effective_on, &known.reason)
                == (terminated.effective_on, &terminated.reason);
            return match is_same {
                true => Ok(vec![]),
                false => Err(Broken::AlreadyTerminated {
                    effective_on: known.effective_on,
                }),
            };
        }
        not_before(agreement.moved_at, reads)?;
        agreement.within_term(terminated.effective_on)?;
        Ok(vec![terminated.into()])
    }

    /// One contract of the same customer goes on from it.
    pub(super) fn renew(
        &self,
        renewed_by_contract_id: ContractId,
        customer_id: &CustomerId,
        reads: &Reads,
    ) -> Decided {
        let agreement = self.signed(reads)?;
        match &agreement.renewed_by {
            Some(by) if *by == renewed_by_contract_id => return Ok(vec![]),
            Some(by) => {
                return Err(Broken::AlreadyRenewed {
                    contract_id: by.clone(),
                });
            }
            None => {}
        }
        agreement.in_force(reads)?;
        not_before(agreement.moved_at, reads)?;
        same_customer(customer_id, &agreement.signed.customer_id)?;
        Ok(vec![
            ContractRenewed {
                renewed_by_contract_id,
            }
            .into(),
        ])
    }

    /// It is handed over while it is in force; the last day said counts.
    pub(super) fn hand_over(&self, handed_over_on: NaiveDate, reads: &Reads) -> Decided {
        let agreement = self.signed(reads)?;
        if agreement.handed_over_on.at(reads.occurred_at) == Some(&handed_over_on) {
            return Ok(vec![]);
        }
        agreement.in_force(reads)?;
        Ok(vec![ContractHandedOver { handed_over_on }.into()])
    }

    /// It reaches a milestone once, while it is in force.
    pub(super) fn reach_milestone(&self, reached: MilestoneReached, reads: &Reads) -> Decided {
        let agreement = self.signed(reads)?;
        let mut known = agreement.milestones.iter();
        if let Some(known) = known.find(|known| known.milestone_id == reached.milestone_id) {
            return match *known == reached {
                true => Ok(vec![]),
                false => Err(Broken::AlreadyReached {
                    milestone_id: reached.milestone_id,
                    reached_on: known.reached_on,
                }),
            };
        }
        agreement.in_force(reads)?;
        Ok(vec![reached.into()])
    }

    /// One renewal is opened, of what is neither renewed nor terminated.
    pub(super) fn open_renewal(&self, opened: RenewalOpened, reads: &Reads) -> Decided {
        let agreement = self.signed(reads)?;
        if let Some(known) = &agreement.renewal {
            return match *known == opened {
                true => Ok(vec![]),
                false => Err(Broken::RenewalIsOpen {
                    opportunity_id: known.opportunity_id.clone(),
                }),
            };
        }
        agreement.in_force(reads)?;
        if let Some(contract_id) = agreement.renewed_by.clone() {
            return Err(Broken::AlreadyRenewed { contract_id });
        }
        not_before(agreement.moved_at, reads)?;
        Ok(vec![opened.into()])
    }

    /// The opportunity that a renewal is: of its customer, worth what the contract is, expected by its end.
    pub(super) fn renewal(&self, opened: &RenewalOpened) -> Option<Ask> {
        let agreement = self.agreement()?;
        let signed = &agreement.signed;
        let opportunity_id = opened.opportunity_id.clone();
        // Any will do: it is the first of its process, which the opportunity looks up.
        let stage_id = StageId::new("first").ok()?;
        Some(Ask::register_opportunity(OpportunityRegistered {
            opportunity_id,
            name: format!("Renewal of {}", signed.contract_id),
            kind: OpportunityKind::Renewal,
            sales_process_id: opened.sales_process_id.clone(),
            stage_id,
            rep_id: opened.rep_id.clone(),
            customer_id: Some(signed.customer_id.clone()),
            product_ids: opened.product_ids.clone(),
            amount: Some(opened.amount),
            expected_close_on: agreement.ends_on,
            source: None,
            email: None,
            phone: None,
            external_id: None,
        }))
    }
}
