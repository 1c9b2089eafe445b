//! Contracts, found by who was ever credited with them.

use std::collections::{BTreeSet, HashMap};

use event_schemas::contract::ContractEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::vocabulary::{ContractId, OpportunityId, RepId, Split};

use super::{Fact, Source, insert};

/// The facts of one contract, in the order in which they happened.
#[derive(Debug, Clone)]
pub(in crate::commission) struct Contract {
    pub(in crate::commission) id: ContractId,
    pub(in crate::commission) facts: Vec<Fact<ContractEvent>>,
}

/// All contracts.
#[derive(Default)]
pub(in crate::commission) struct Contracts {
    all: HashMap<ContractId, Contract>,
    of_rep: HashMap<RepId, BTreeSet<ContractId>>,
    /// Owners of opportunities over time, to whom contracts fall that name nobody.
    owners: HashMap<OpportunityId, Vec<Fact<RepId>>>,
    unowned: HashMap<OpportunityId, BTreeSet<ContractId>>,
}

impl Contracts {
    pub(super) fn fold(&mut self, id: ContractId, fact: Fact<ContractEvent>) {
        match &fact.what {
            ContractEvent::ContractSigned(signed) => {
                self.index(&id, signed.rep_id.as_ref(), &signed.splits);
                if let (None, [], Some(won)) =
                    (&signed.rep_id, &signed.splits[..], &signed.opportunity_id)
                {
                    let unowned = self.unowned.entry(won.clone()).or_default();
                    unowned.insert(id.clone());
                    let owners = self.owners.get(won).map(Vec::as_slice).unwrap_or_default();
                    for owner in owners {
                        let of_rep = self.of_rep.entry(owner.what.clone()).or_default();
                        of_rep.insert(id.clone());
                    }
                }
            }
            ContractEvent::ContractAmended(amended) => self.index(&id, None, &amended.splits),
            ContractEvent::ContractReassigned(given) => {
                self.index(&id, Some(&given.rep_id), &given.splits);
            }
            // They say nothing of what is earned.
            ContractEvent::InvoiceIssued(_)
            | ContractEvent::ContractRenewed(_)
            | ContractEvent::ContractHandedOver(_)
            | ContractEvent::MilestoneReached(_)
            | ContractEvent::RenewalOpened(_) => return,
            ContractEvent::RevenueRecognized(_)
            | ContractEvent::PaymentReceived(_)
            | ContractEvent::PaymentRefunded(_)
            | ContractEvent::DirectCostRecorded(_)
            | ContractEvent::ContractTerminated(_) => {}
        }
        let contract = self.all.entry(id.clone()).or_insert_with(|| Contract {
            id,
            facts: Vec::new(),
        });
        insert(&mut contract.facts, fact);
    }

    /// An opportunity was given to a rep.
    pub(super) fn own(&mut self, id: &OpportunityId, rep_id: RepId, fact: &Fact<OpportunityEvent>) {
        for contract in self.unowned.get(id).into_iter().flatten() {
            let of_rep = self.of_rep.entry(rep_id.clone()).or_default();
            of_rep.insert(contract.clone());
        }
        let owned = Fact {
            at: fact.at,
            source: fact.source.clone(),
            what: rep_id,
        };
        insert(self.owners.entry(id.clone()).or_default(), owned);
    }

    fn index(&mut self, id: &ContractId, owner: Option<&RepId>, splits: &[Split]) {
        for rep_id in owner.into_iter().chain(splits.iter().map(|s| &s.rep_id)) {
            let of_rep = self.of_rep.entry(rep_id.clone()).or_default();
            of_rep.insert(id.clone());
        }
    }

    /// The contracts a rep was ever credited with, in the order of their ids.
    pub(in crate::commission) fn of_rep(&self, rep_id: &RepId) -> impl Iterator<Item = &Contract> {
        let ids = self.of_rep.get(rep_id).into_iter().flatten();
        ids.filter_map(|id| self.all.get(id))
    }

    /// All of them, in no order.
    pub(in crate::commission) fn all(&self) -> impl Iterator<Item = &Contract> {
        self.all.values()
    }

    /// Who owned an opportunity when something happened, and since which fact.
    pub(in crate::commission) fn owner_of(
        &self,
        id: &OpportunityId,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Option<(&RepId, &Source)> {
        let owners = self.owners.get(id)?;
        let owner = super::until(owners, at).last().or_else(|| owners.first())?;
        Some((&owner.what, &owner.source))
    }
}
