//! A customer's facts, and how things stand with it as of an instant.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::alarm::{AlarmEvent, AlarmRaised};
use event_schemas::contract::{ContractEvent, ContractSigned, ContractTerminated, RenewalOpened};
use event_schemas::customer::CustomerEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::task::TaskEvent;
use event_schemas::vocabulary::{
    ContractId, CustomerId, Line, LineId, MilestoneId, Money, OpportunityId, RepId, TaskId,
};

use super::task::Task;
use crate::calendar::Zone;

/// Something that happened to a customer, and to what of it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Fact {
    Customer(CustomerEvent),
    Contract(ContractId, ContractEvent),
    Task(TaskId, TaskEvent),
    Alarm(String, AlarmEvent),
    Renewal(OpportunityId, OpportunityEvent),
}

/// A customer: all that is known of how it is followed up.
#[derive(Debug, Clone)]
pub struct Account {
    /// Which.
    pub customer_id: CustomerId,
    /// In the order in which they happened.
    facts: Vec<(DateTime<Utc>, Fact)>,
}

impl Account {
    /// From facts in any order; those of one stream and instant in the order of the stream.
    pub fn new(customer_id: CustomerId, mut facts: Vec<(DateTime<Utc>, Fact)>) -> Self {
        facts.sort_by_key(|(at, _)| *at);
        Self { customer_id, facts }
    }

    /// When things happened to it, of a span [from, to), each once.
    pub fn instants(&self, from_at: DateTime<Utc>, to_at: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let all = self.facts.iter().map(|(at, _)| *at);
        let mut instants: Vec<_> = all.filter(|at| (from_at..to_at).contains(at)).collect();
        instants.dedup();
        instants
    }

    /// How things stand, by what happened up to an instant, and with it.
    pub(super) fn standing(&self, at: DateTime<Utc>) -> Standing<'_> {
        let mut standing = Standing::default();
        for (occurred_at, fact) in self.facts.iter().take_while(|(when, _)| *when <= at) {
            standing.take(*occurred_at, fact);
        }
        standing
    }
}

/// Whose something is, since when, and whose it was before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) rep_id: &'a RepId,
    pub(super) since: DateTime<Utc>,
    pub(super) former: Option<&'a RepId>,
}

impl<'a> Owner<'a> {
    fn next(before: Option<Self>, rep_id: &'a RepId, since: DateTime<Utc>) -> Self {
        Self {
            rep_id,
            since,
            former: before.map(|before| before.rep_id),
        }
    }
}

/// How things stand with a customer.
#[derive(Debug, Default)]
pub(super) struct Standing<'a> {
    pub(super) csm: Option<Owner<'a>>,
    pub(super) contracts: BTreeMap<&'a ContractId, Contract<'a>>,
    pub(super) tasks: BTreeMap<&'a TaskId, Task<'a>>,
    /// Opportunities to renew.
    pub(super) renewals: BTreeMap<&'a OpportunityId, Renewal>,
    /// Those that are raised.
    pub(super) alarms: BTreeMap<&'a str, &'a AlarmRaised>,
}

/// An opportunity to renew a contract.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// Whether it was closed, now or once.
    pub(super) is_closed: bool,
    pub(super) expected_close_on: Option<NaiveDate>,
}

/// A contract as it stands.
#[derive(Debug)]
pub(super) struct Contract<'a> {
    pub(super) signed: &'a ContractSigned,
    pub(super) signed_at: DateTime<Utc>,
    pub(super) rep: Option<Owner<'a>>,
    /// The day of its end, by what was agreed last.
    pub(super) agreed_end_on: Option<NaiveDate>,
    /// What was agreed before.
    pub(super) former_ends: Vec<NaiveDate>,
    pub(super) lines: BTreeMap<&'a LineId, &'a Line>,
    pub(super) handed_over_on: Option<NaiveDate>,
    pub(super) milestones: BTreeMap<&'a MilestoneId, NaiveDate>,
    pub(super) terminated: Option<&'a ContractTerminated>,
    terminated_at: DateTime<Utc>,
    pub(super) renewed_by: Option<&'a ContractId>,
    renewed_at: DateTime<Utc>,
    pub(super) renewal: Option<&'a RenewalOpened>,
}

impl<'a> Standing<'a> {
    fn take(&mut self, at: DateTime<Utc>, fact: &'a Fact) {
        match fact {
            Fact::Customer(CustomerEvent::CsmAssigned(assigned)) => {
                self.csm = Some(Owner::next(self.csm, &assigned.rep_id, at));
            }
            Fact::Customer(_) => {}
            Fact::Contract(contract_id, ContractEvent::ContractSigned(signed)) => {
                self.contracts
                    .insert(contract_id, Contract::new(signed, at));
            }
            Fact::Contract(contract_id, event) => {
                if let Some(contract) = self.contracts.get_mut(contract_id) {
                    contract.take(at, event);
                }
            }
            Fact::Task(task_id, TaskEvent::TaskPlanned(planned)) => {
                self.tasks.insert(task_id, Task::new(planned, at));
            }
            Fact::Task(task_id, event) => {
                if let Some(task) = self.tasks.get_mut(task_id) {
                    task.take(at, event);
                }
            }
            Fact::Alarm(alarm_id, AlarmEvent::AlarmRaised(raised)) => {
                self.alarms.insert(alarm_id, raised);
            }
            Fact::Alarm(alarm_id, AlarmEvent::AlarmCleared(_)) => {
                self.alarms.remove(alarm_id.as_str());
            }
            Fact::Renewal(opportunity_id, event) => {
                let renewal = self.renewals.entry(opportunity_id).or_default();
                match event {
                    OpportunityEvent::OpportunityWon(_) | OpportunityEvent::OpportunityLost(_) => {
                        renewal.is_closed = true;
                    }
                    OpportunityEvent::OpportunityRegistered(registered) => {
                        renewal.expected_close_on = registered.expected_close_on;
                    }
                    OpportunityEvent::ExpectedCloseChanged(changed) => {
                        renewal.expected_close_on = Some(changed.expected_close_on);
                    }
                    _ => {}
                }
            }
        }
    }
}

impl<'a> Contract<'a> {
    fn new(signed: &'a ContractSigned, signed_at: DateTime<Utc>) -> Self {
        let rep_id = signed.rep_id.as_ref();
        Self {
            signed,
            signed_at,
            rep: rep_id.map(|rep_id| Owner::next(None, rep_id, signed_at)),
            agreed_end_on: signed.ends_on,
            former_ends: Vec::new(),
            lines: signed
                .lines
                .iter()
                .map(|line| (&line.line_id, line))
                .collect(),
            handed_over_on: None,
            milestones: BTreeMap::new(),
            terminated: None,
            terminated_at: signed_at,
            renewed_by: None,
            renewed_at: signed_at,
            renewal: None,
        }
    }

    fn take(&mut self, at: DateTime<Utc>, event: &'a ContractEvent) {
        match event {
            ContractEvent::ContractAmended(amended) => {
                if amended.ends_on.is_some() {
                    self.former_ends.extend(self.agreed_end_on);
                    self.agreed_end_on = amended.ends_on;
                }
                let changed = amended.changes.iter().map(|change| &change.line);
                self.lines.extend(changed.map(|line| (&line.line_id, line)));
            }
            ContractEvent::ContractReassigned(reassigned) => {
                self.rep = Some(Owner::next(self.rep, &reassigned.rep_id, at));
            }
            ContractEvent::ContractHandedOver(over) => {
                self.handed_over_on = Some(over.handed_over_on);
            }
            ContractEvent::MilestoneReached(reached) => {
                self.milestones
                    .insert(&reached.milestone_id, reached.reached_on);
            }
            ContractEvent::ContractTerminated(terminated) => {
                self.terminated = Some(terminated);
                self.terminated_at = at;
            }
            ContractEvent::ContractRenewed(renewed) => {
                self.renewed_by = Some(&renewed.renewed_by_contract_id);
                self.renewed_at = at;
            }
            ContractEvent::RenewalOpened(opened) => self.renewal = Some(opened),
            ContractEvent::ContractSigned(_)
            | ContractEvent::RevenueRecognized(_)
            | ContractEvent::InvoiceIssued(_)
            | ContractEvent::PaymentReceived(_)
            | ContractEvent::PaymentRefunded(_)
            | ContractEvent::DirectCostRecorded(_) => {}
        }
    }

    /// The day on which it is no more in force.
    pub(super) fn ends_on(&self) -> Option<NaiveDate> {
        let terminated_on = self.terminated.map(|terminated| terminated.effective_on);
        let ends = self.agreed_end_on.into_iter().chain(terminated_on);
        ends.min()
    }

    /// The day with which it was over: that of its end, or of its termination where that was told after
    /// it had taken effect. None while it may go on; one that was renewed by then is never over.
    pub(super) fn over_on(&self, zone: &Zone) -> Option<NaiveDate> {
        let terminated = self.terminated;
        let terminated_on = terminated.map(|t| t.effective_on.max(zone.day(self.terminated_at)));
        let over_on = self.agreed_end_on.into_iter().chain(terminated_on).min();
        let renewed_on = self.renewed_by.map(|_| zone.day(self.renewed_at));
        over_on.filter(|over_on| renewed_on.is_none_or(|renewed_on| *over_on < renewed_on))
    }

    /// What was agreed last.
    pub(super) fn value(&self) -> Money {
        let amounts = self.lines.values().map(|line| line.amount_minor);
        Money {
            currency: self.signed.currency,
            amount_minor: amounts.fold(0, i64::saturating_add),
        }
    }
}
