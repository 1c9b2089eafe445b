//! Ledgers: what was paid for what, less what was taken back since.

use std::collections::HashMap;
use std::sync::Arc;

use event_schemas::commission_plan::OverrideOn;
use event_schemas::vocabulary::{CommissionPlanId, ContractId, LineId, RepId};

/// What something was paid for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PaidFor {
    /// An own line of a contract.
    Line(ContractId, LineId),
    /// The win of a contract: a SPIF of that name.
    Win(ContractId, String),
    /// A line of the team's.
    Team {
        /// What the override is a part of.
        on: OverrideOn,
        /// Of a commission: by which plan whose.
        by: Option<(CommissionPlanId, RepId)>,
        /// The contract.
        contract_id: ContractId,
        /// Its line.
        line_id: LineId,
    },
}

/// Sums, in minor units, by what they are for. What was long ago is shared by all who go on from there.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    before: Arc<HashMap<PaidFor, i64>>,
    since: HashMap<PaidFor, i64>,
}

impl Ledger {
    /// What stands for something.
    pub(super) fn of(&self, key: &PaidFor) -> i64 {
        let sum = self.since.get(key).or_else(|| self.before.get(key));
        sum.copied().unwrap_or_default()
    }

    /// It is so much more, or less.
    pub(super) fn add(&mut self, key: PaidFor, minor: i64) {
        if minor != 0 {
            let sum = self.of(&key).saturating_add(minor);
            self.since.insert(key, sum);
        }
    }

    /// Each is so much more, or less.
    pub(super) fn extend(&mut self, all: &[(PaidFor, i64)]) {
        all.iter()
            .for_each(|(key, minor)| self.add(key.clone(), *minor));
    }

    /// From here on others go on.
    pub(super) fn share(&mut self) {
        Arc::make_mut(&mut self.before).extend(self.since.drain());
    }
}
