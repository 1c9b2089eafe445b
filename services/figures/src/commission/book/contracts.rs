//! Contracts, found by who was ever credited with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use event_schemas::contract::ContractEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::vocabulary::{ContractId, OpportunityId, RepId, Split};

use super::{Fact, Source, insert};

/// When a fact happened, and where it stands in the log.
type Moment = (DateTime<Utc>, u64);

/// The facts of one contract, in the order in which they happened.
#[derive(Debug, Clone)]
pub(in crate::commission) struct Contract {
    pub(in crate::commission) id: ContractId,
    pub(in crate::commission) facts: Vec<Fact<ContractEvent>>,
    /// Who was ever credited with it.
    pub(in crate::commission) reps: Vec<RepId>,
}

impl Contract {
    fn last(&self) -> Option<Moment> {
        let last = self.facts.last();
        last.map(|fact| (fact.at, fact.source.position))
    }
}

/// All contracts.
#[derive(Default)]
pub(in crate::commission) struct Contracts {
    all: HashMap<ContractId, Contract>,
    /// By the last that happened to them.
    of_rep: HashMap<RepId, BTreeMap<Moment, ContractId>>,
    /// Owners of opportunities over time, to whom contracts fall that name nobody.
    owners: HashMap<OpportunityId, Vec<Fact<RepId>>>,
    unowned: HashMap<OpportunityId, BTreeSet<ContractId>>,
}

impl Contracts {
    pub(super) fn fold(&mut self, id: &ContractId, fact: Fact<ContractEvent>) {
        let mut reps = Vec::new();
        let splits = |splits: &[Split]| splits.iter().map(|s| s.rep_id.clone()).collect::<Vec<_>>();
        match &fact.what {
            ContractEvent::ContractSigned(signed) => {
                reps.extend(signed.rep_id.clone());
                reps.extend(splits(&signed.splits));
                if let (true, Some(won)) = (reps.is_empty(), &signed.opportunity_id) {
                    let unowned = self.unowned.entry(won.clone()).or_default();
                    unowned.insert(id.clone());
                    let owners = self.owners.get(won).into_iter().flatten();
                    reps.extend(owners.map(|owner| owner.what.clone()));
                }
            }
            ContractEvent::ContractAmended(amended) => reps.extend(splits(&amended.splits)),
            ContractEvent::ContractReassigned(given) => {
                reps.push(given.rep_id.clone());
                reps.extend(splits(&given.splits));
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
            id: id.clone(),
            facts: Vec::new(),
            reps: Vec::new(),
        });
        let before = contract.last();
        insert(&mut contract.facts, fact);
        self.credit(id, reps, before);
    }

    /// An opportunity was given to a rep. Gives the contracts that this concerns.
    pub(super) fn own(
        &mut self,
        id: &OpportunityId,
        rep_id: &RepId,
        fact: &Fact<OpportunityEvent>,
    ) -> Vec<ContractId> {
        let owned = Fact {
            at: fact.at,
            source: fact.source.clone(),
            what: rep_id.clone(),
        };
        insert(self.owners.entry(id.clone()).or_default(), owned);
        let unowned = self.unowned.get(id).into_iter().flatten();
        let unowned: Vec<_> = unowned.cloned().collect();
        for contract_id in &unowned {
            let last = self.all.get(contract_id).and_then(Contract::last);
            self.credit(contract_id, vec![rep_id.clone()], last);
        }
        unowned
    }

    /// Some more are credited with a contract, of which something was the last that happened.
    fn credit(&mut self, id: &ContractId, reps: Vec<RepId>, before: Option<Moment>) {
        let Some(contract) = self.all.get_mut(id) else {
            return;
        };
        for rep_id in reps {
            if !contract.reps.contains(&rep_id) {
                contract.reps.push(rep_id);
            }
        }
        let Some(last) = contract.last() else { return };
        for rep_id in &contract.reps {
            let of_rep = self.of_rep.entry(rep_id.clone()).or_default();
            if let Some(before) = before {
                of_rep.remove(&before);
            }
            of_rep.insert(last, id.clone());
        }
    }

    /// Who was ever credited with a contract.
    pub(super) fn reps(&self, id: &ContractId) -> &[RepId] {
        let contract = self.all.get(id);
        contract.map(|one| &one.reps[..]).unwrap_or_default()
    }

    /// The contracts a rep was ever credited with, to which something happened since an instant, in
    /// the order of their ids.
    pub(in crate::commission) fn of_rep(
        &self,
        rep_id: &RepId,
        since: DateTime<Utc>,
    ) -> Vec<&Contract> {
        let known = self.of_rep.get(rep_id);
        let ids = known
            .into_iter()
            .flat_map(|known| known.range((since, 0)..));
        let contracts = ids.filter_map(|(_, id)| self.all.get(id));
        let mut contracts: Vec<_> = contracts.collect();
        contracts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        contracts
    }

    pub(super) fn get(&self, id: &ContractId) -> Option<&Contract> {
        self.all.get(id)
    }

    /// All of them, in no order.
    pub(in crate::commission) fn all(&self) -> impl Iterator<Item = &Contract> {
        self.all.values()
    }

    /// Who owned an opportunity when something happened, and since which fact.
    pub(in crate::commission) fn owner_of(
        &self,
        id: &OpportunityId,
        at: DateTime<Utc>,
    ) -> Option<(&RepId, &Source)> {
        let owners = self.owners.get(id)?;
        let owner = super::until(owners, at).last().or_else(|| owners.first())?;
        Some((&owner.what, &owner.source))
    }
}
