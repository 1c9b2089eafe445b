//! When the tasks of a step are due, for one contract.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::playbook::{Anchor, Step};
use event_schemas::vocabulary::MilestoneId;

use super::account::{Contract, Standing};
use crate::calendar::{Zone, offset, repeated};

/// How often a step is repeated, at most: a contract of a hundred years, each day.
const OCCURRENCES_MAX: u32 = 36_600;

/// How many contracts, one renewing the other, milestones are looked for in.
const RENEWALS_MAX: usize = 100;

/// A step of a contract's playbook, with the day from which it is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occurrences<'a> {
    step: &'a Step,
    anchored_on: NaiveDate,
    /// No task is due before.
    from_on: NaiveDate,
    /// None is due on that day, or later.
    until_on: Option<NaiveDate>,
}

impl<'a> Occurrences<'a> {
    /// None as long as the day is not known from which it is counted.
    pub(super) fn of(
        step: &'a Step,
        contract: &Contract<'_>,
        standing: &Standing<'_>,
        zone: &Zone,
    ) -> Option<Self> {
        let signed = contract.signed;
        let signed_on = zone.day(contract.signed_at);
        let renews = signed.renews_contract_id.as_ref();
        let anchored_on = match &step.anchor {
            Anchor::HandOver => match contract.handed_over_on {
                None if renews.is_some() => return None,
                handed_over_on => handed_over_on.unwrap_or(signed_on),
            },
            Anchor::ContractStart => signed.starts_on,
            Anchor::Milestone { milestone_id } => reached(milestone_id, contract, standing)?,
            Anchor::ContractEnd => contract.agreed_end_on?,
        };
        Some(Self {
            step,
            anchored_on,
            from_on: match renews {
                Some(_) => signed_on.max(signed.starts_on),
                None => signed_on,
            },
            until_on: contract.ends_on(),
        })
    }

    /// The day of one of them: 1 is the first.
    pub(super) fn due(self, occurrence: u32) -> Option<NaiveDate> {
        let first = offset(self.anchored_on, self.step.due)?;
        match (occurrence.checked_sub(1)?, self.step.every) {
            (0, _) => Some(first),
            (_, None) => None,
            (times, Some(every)) => repeated(first, every, times),
        }
    }

    /// Whether a task may be due on that day.
    pub(super) fn allows(self, due_on: NaiveDate) -> bool {
        self.from_on <= due_on && self.until_on.is_none_or(|until_on| due_on < until_on)
    }

    /// Those that are to be planned once a day has ended, or before any has; the last one is that which
    /// is planned next, if there is one, with the day on which it is.
    pub(super) fn planned_by(
        self,
        ended: Option<NaiveDate>,
    ) -> (Vec<(u32, NaiveDate)>, Option<NaiveDate>) {
        let mut planned: Vec<(u32, NaiveDate)> = Vec::new();
        for occurrence in 1..=OCCURRENCES_MAX {
            let Some(due_on) = self.due(occurrence) else {
                break;
            };
            if due_on < self.from_on {
                continue;
            }
            if !self.allows(due_on) {
                break;
            }
            match planned.last() {
                Some((_, before_on)) if ended.is_none_or(|ended| ended < *before_on) => {
                    return (planned.clone(), Some(*before_on));
                }
                _ => planned.push((occurrence, due_on)),
            }
        }
        (planned, None)
    }
}

/// The day on which a contract, or what it renews, reached a milestone.
fn reached(
    milestone_id: &MilestoneId,
    contract: &Contract<'_>,
    standing: &Standing<'_>,
) -> Option<NaiveDate> {
    let mut contract = contract;
    for _ in 0..RENEWALS_MAX {
        if let Some(reached_on) = contract.milestones.get(milestone_id) {
            return Some(*reached_on);
        }
        let renewed = contract.signed.renews_contract_id.as_ref()?;
        contract = standing.contracts.get(renewed)?;
    }
    None
}

/// The last instant of a day.
pub(super) fn end_of(day: NaiveDate, zone: &Zone) -> DateTime<Utc> {
    let next = zone.start(day.succ_opt().unwrap_or(day));
    next - chrono::TimeDelta::microseconds(1)
}
