//! A task: something to be done for a customer, planned by a playbook, raised by an alarm, or by hand.
//!
//! Whose it is and when it is due may be told in any order, and lands where it happened. It is closed
//! once, and after that takes nothing more.

#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::task::{
    CONTRACT_ENDED, TaskAssigned, TaskCancelled, TaskCompleted, TaskEscalated, TaskEvent,
    TaskItemCompleted, TaskMoved, TaskPlanned, TaskSnoozed,
};
use event_schemas::vocabulary::{ContractId, CustomerId, RepId, TaskId, TaskItemId};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind, listed};
use crate::{Decider, Told};

pub use wire::parse;

/// A task, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Task {
    /// Nobody has planned it.
    #[default]
    Unplanned,
    /// It is to be done, or was.
    Planned(Box<Plan>),
}

/// What is known of a task that was planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// As it was planned.
    pub planned: Arc<TaskPlanned>,
    /// When.
    pub planned_at: DateTime<Utc>,
    /// Whose it is.
    pub rep_id: Told<RepId>,
    /// When it is due.
    pub due_on: Told<NaiveDate>,
    /// When its playbook has it due.
    scheduled_on: Told<NaiveDate>,
    /// Until when it is hidden.
    pub snoozed_until: Told<NaiveDate>,
    /// What was ticked off, and when.
    pub done: Vec<(TaskItemId, DateTime<Utc>)>,
    /// To whom it went, if it did.
    pub escalated: Option<Option<RepId>>,
    /// How it ended.
    pub closed: Option<Closed>,
}

/// How a task ended, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the event of its name")]
pub enum Closed {
    Completed(TaskCompleted, DateTime<Utc>),
    Cancelled(TaskCancelled, DateTime<Utc>),
}

impl Closed {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Completed(_, at) | Self::Cancelled(_, at) => *at,
        }
    }

    /// Whether its playbook may take it up again by then.
    fn is_for_the_end_by(&self, at: DateTime<Utc>) -> bool {
        matches!(self, Self::Cancelled(cancelled, cancelled_at)
            if cancelled.reason == CONTRACT_ENDED && *cancelled_at <= at)
    }
}

/// What a task can be asked to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Plan(Box<TaskPlanned>),
    Assign {
        rep_id: RepId,
    },
    Move {
        due_on: NaiveDate,
        by_playbook: bool,
        reason: Option<String>,
    },
    Snooze {
        until_on: NaiveDate,
        reason: Option<String>,
    },
    CompleteItem {
        item_id: TaskItemId,
    },
    Complete(TaskCompleted),
    Escalate {
        to_rep_id: Option<RepId>,
    },
    Cancel {
        reason: String,
    },
}

/// Rules of a task.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A task is planned once.
    #[error("task {task_id} is planned already")]
    AlreadyPlanned { task_id: TaskId },
    /// Only what was planned can be worked on.
    #[error("there is no such task")]
    NotPlanned,
    /// Nothing happens to a task before it was planned.
    #[error("it was planned after that, at {after}")]
    OutOfOrder { after: DateTime<Utc> },
    /// A task that was done or cancelled takes nothing more.
    #[error("it was closed at {closed_at}")]
    AlreadyClosed { closed_at: DateTime<Utc> },
    /// The customer is one that is registered.
    #[error("there is no customer {customer_id}")]
    UnknownCustomer { customer_id: CustomerId },
    /// The contract is one that was signed.
    #[error("there is no contract {contract_id}")]
    UnknownContract { contract_id: ContractId },
    /// The contract is the customer's.
    #[error("contract {contract_id} is of customer {customer_id}")]
    OtherCustomer {
        contract_id: ContractId,
        customer_id: CustomerId,
    },
    /// Its owner is a rep who is registered.
    #[error("there is no rep {rep_id}")]
    UnknownRep { rep_id: RepId },
    /// Its owner has not left.
    #[error("rep {rep_id} has left")]
    InactiveRep { rep_id: RepId },
    /// What is ticked off is on its checklist.
    #[error("there is no item {item_id}")]
    UnknownItem { item_id: TaskItemId },
    /// A task is done when its checklist is complete.
    #[error("not done yet: {}", listed(missing))]
    ChecklistIncomplete { missing: Vec<TaskItemId> },
    /// A task is escalated once.
    #[error("it is with a manager already")]
    AlreadyEscalated,
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyPlanned { .. } | Self::AlreadyEscalated => RefusalKind::AlreadyExists,
            Self::NotPlanned
            | Self::UnknownCustomer { .. }
            | Self::UnknownContract { .. }
            | Self::UnknownRep { .. }
            | Self::UnknownItem { .. } => RefusalKind::NotFound,
            Self::OutOfOrder { .. }
            | Self::AlreadyClosed { .. }
            | Self::OtherCustomer { .. }
            | Self::InactiveRep { .. }
            | Self::ChecklistIncomplete { .. } => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<TaskEvent>, Broken>;

fn active_rep(rep_id: &RepId, reads: &Reads) -> Result<(), Broken> {
    let rep_id = rep_id.clone();
    match reads.rep(rep_id.as_str()) {
        Some(rep) if rep.is_active_at(reads.occurred_at) => Ok(()),
        Some(rep) if rep.is_registered() => Err(Broken::InactiveRep { rep_id }),
        _ => Err(Broken::UnknownRep { rep_id }),
    }
}

impl Task {
    /// What was planned, if it was.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Unplanned => None,
            Self::Planned(plan) => Some(plan),
        }
    }

    /// What is to be done, and was not closed by the time of what is told.
    fn open(&self, reads: &Reads) -> Result<&Plan, Broken> {
        let plan = self.plan().ok_or(Broken::NotPlanned)?;
        if reads.occurred_at < plan.planned_at {
            let after = plan.planned_at;
            return Err(Broken::OutOfOrder { after });
        }
        match &plan.closed {
            Some(closed) if closed.at() <= reads.occurred_at => Err(Broken::AlreadyClosed {
                closed_at: closed.at(),
            }),
            _ => Ok(plan),
        }
    }

    /// It is for a customer who is registered, under a contract of theirs, and given to a rep.
    fn plan_it(&self, new: TaskPlanned, reads: &Reads) -> Decided {
        if let Some(plan) = self.plan() {
            return match *plan.planned == new {
                true => Ok(vec![]),
                false => Err(Broken::AlreadyPlanned {
                    task_id: new.task_id,
                }),
            };
        }
        let customer = reads.customer(new.customer_id.as_str());
        if !customer.is_some_and(|customer| customer.is_registered()) {
            let customer_id = new.customer_id;
            return Err(Broken::UnknownCustomer { customer_id });
        }
        if let Some(contract_id) = &new.contract_id {
            let contract = reads.contract(contract_id.as_str());
            let agreement = contract.and_then(|contract| contract.agreement());
            let Some(agreement) = agreement else {
                let contract_id = contract_id.clone();
                return Err(Broken::UnknownContract { contract_id });
            };
            if agreement.signed.customer_id != new.customer_id {
                return Err(Broken::OtherCustomer {
                    contract_id: contract_id.clone(),
                    customer_id: agreement.signed.customer_id.clone(),
                });
            }
        }
        new.rep_id
            .as_ref()
            .map_or(Ok(()), |rep_id| active_rep(rep_id, reads))?;
        Ok(vec![new.into()])
    }

    /// It is given to a rep who is registered.
    fn assign(&self, rep_id: RepId, reads: &Reads) -> Decided {
        let plan = self.open(reads)?;
        let previous_rep_id = plan.rep_id.at(reads.occurred_at);
        if previous_rep_id == Some(&rep_id) {
            return Ok(vec![]);
        }
        active_rep(&rep_id, reads)?;
        let previous_rep_id = previous_rep_id.cloned();
        Ok(vec![
            TaskAssigned {
                rep_id,
                previous_rep_id,
            }
            .into(),
        ])
    }

    /// What is due on that day already stays as it is. A playbook takes up again what lay after an end that
    /// moved on.
    fn move_to(
        &self,
        due_on: NaiveDate,
        by_playbook: bool,
        reason: Option<String>,
        reads: &Reads,
    ) -> Decided {
        let ended = self.plan().filter(|plan| {
            let is_for_the_end = |closed: &Closed| closed.is_for_the_end_by(reads.occurred_at);
            by_playbook && plan.closed.as_ref().is_some_and(is_for_the_end)
        });
        let plan = ended.map_or_else(|| self.open(reads), Ok)?;
        let previous_due_on = plan.due_on.at(reads.occurred_at).copied();
        let previous_due_on = previous_due_on.unwrap_or(plan.planned.due_on);
        // A playbook says its own day also where someone has moved it there before.
        let scheduled_on = plan.scheduled_on.at(reads.occurred_at);
        let is_so = previous_due_on == due_on && (!by_playbook || scheduled_on == Some(&due_on));
        if is_so && ended.is_none() {
            return Ok(vec![]);
        }
        Ok(vec![
            TaskMoved {
                due_on,
                previous_due_on,
                by_playbook,
                reason,
            }
            .into(),
        ])
    }

    fn snooze(&self, until_on: NaiveDate, reason: Option<String>, reads: &Reads) -> Decided {
        let plan = self.open(reads)?;
        if plan.snoozed_until.at(reads.occurred_at) == Some(&until_on) {
            return Ok(vec![]);
        }
        Ok(vec![TaskSnoozed { until_on, reason }.into()])
    }

    /// What is ticked off is on its checklist.
    fn complete_item(&self, item_id: TaskItemId, reads: &Reads) -> Decided {
        let plan = self.open(reads)?;
        let mut items = plan.planned.checklist.iter();
        if !items.any(|item| item.item_id == item_id) {
            return Err(Broken::UnknownItem { item_id });
        }
        if plan.done.iter().any(|(done, _)| *done == item_id) {
            return Ok(vec![]);
        }
        Ok(vec![TaskItemCompleted { item_id }.into()])
    }

    /// It is done once, when its checklist is complete.
    fn complete(&self, completed: TaskCompleted, reads: &Reads) -> Decided {
        if let Some(Plan {
            closed: Some(closed),
            ..
        }) = self.plan()
        {
            return match closed {
                Closed::Completed(known, _) if *known == completed => Ok(vec![]),
                _ => Err(Broken::AlreadyClosed {
                    closed_at: closed.at(),
                }),
            };
        }
        let plan = self.open(reads)?;
        let ticked = |id: &TaskItemId| {
            let mut done = plan.done.iter();
            done.any(|(done, at)| done == id && *at <= reads.occurred_at)
        };
        let items = plan.planned.checklist.iter().map(|item| &item.item_id);
        let missing: Vec<_> = items.filter(|id| !ticked(id)).cloned().collect();
        if !missing.is_empty() {
            return Err(Broken::ChecklistIncomplete { missing });
        }
        Ok(vec![completed.into()])
    }

    /// It goes to a manager once.
    fn escalate(&self, to_rep_id: Option<RepId>, reads: &Reads) -> Decided {
        let plan = self.open(reads)?;
        match &plan.escalated {
            Some(known) if *known == to_rep_id => return Ok(vec![]),
            Some(_) => return Err(Broken::AlreadyEscalated),
            None => {}
        }
        to_rep_id
            .as_ref()
            .map_or(Ok(()), |rep_id| active_rep(rep_id, reads))?;
        Ok(vec![TaskEscalated { to_rep_id }.into()])
    }

    /// It is cancelled once, and not after it was done.
    fn cancel(&self, reason: String, reads: &Reads) -> Decided {
        if let Some(Plan {
            closed: Some(closed),
            ..
        }) = self.plan()
        {
            return match closed {
                Closed::Cancelled(known, _) if known.reason == reason => Ok(vec![]),
                _ => Err(Broken::AlreadyClosed {
                    closed_at: closed.at(),
                }),
            };
        }
        self.open(reads)?;
        Ok(vec![TaskCancelled { reason }.into()])
    }
}

impl Plan {
    fn new(planned: &TaskPlanned, planned_at: DateTime<Utc>) -> Self {
        Self {
            planned: Arc::new(planned.clone()),
            planned_at,
            rep_id: Told::at_first(planned.rep_id.clone()),
            due_on: Told::at_first(planned.due_on),
            scheduled_on: Told::at_first(planned.due_on),
            snoozed_until: Told::default(),
            done: Vec::new(),
            escalated: None,
            closed: None,
        }
    }

    fn evolve(&mut self, event: &TaskEvent, at: DateTime<Utc>) {
        match event {
            TaskEvent::TaskPlanned(_) => {}
            TaskEvent::TaskAssigned(e) => self.rep_id.tell(at, e.rep_id.clone()),
            TaskEvent::TaskMoved(e) => {
                self.due_on.tell(at, e.due_on);
                if e.by_playbook {
                    self.scheduled_on.tell(at, e.due_on);
                    self.closed.take_if(|closed| closed.is_for_the_end_by(at));
                }
            }
            TaskEvent::TaskSnoozed(e) => self.snoozed_until.tell(at, e.until_on),
            TaskEvent::TaskItemCompleted(e) => self.done.push((e.item_id.clone(), at)),
            TaskEvent::TaskEscalated(e) => self.escalated = Some(e.to_rep_id.clone()),
            TaskEvent::TaskCompleted(e) => self.closed = Some(Closed::Completed(e.clone(), at)),
            TaskEvent::TaskCancelled(e) => self.closed = Some(Closed::Cancelled(e.clone(), at)),
        }
    }
}

impl Decider for Task {
    type Command = Command;
    type Event = TaskEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let rep = |rep_id: &RepId| Reference::Rep(rep_id.to_string());
        match command {
            Command::Plan(new) => {
                let customer = Reference::Customer(new.customer_id.to_string());
                let contract = new.contract_id.iter();
                let contract = contract.map(|id| Reference::Contract(id.to_string()));
                let owner = new.rep_id.iter().map(rep);
                std::iter::once(customer)
                    .chain(contract)
                    .chain(owner)
                    .collect()
            }
            Command::Assign { rep_id } => vec![rep(rep_id)],
            Command::Escalate { to_rep_id } => to_rep_id.iter().map(rep).collect(),
            Command::Move { .. }
            | Command::Snooze { .. }
            | Command::CompleteItem { .. }
            | Command::Complete(_)
            | Command::Cancel { .. } => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        match command {
            Command::Plan(new) => self.plan_it(*new, reads),
            Command::Assign { rep_id } => self.assign(rep_id, reads),
            Command::Move {
                due_on,
                by_playbook,
                reason,
            } => self.move_to(due_on, by_playbook, reason, reads),
            Command::Snooze { until_on, reason } => self.snooze(until_on, reason, reads),
            Command::CompleteItem { item_id } => self.complete_item(item_id, reads),
            Command::Complete(completed) => self.complete(completed, reads),
            Command::Escalate { to_rep_id } => self.escalate(to_rep_id, reads),
            Command::Cancel { reason } => self.cancel(reason, reads),
        }
    }

    fn evolve(&mut self, event: &TaskEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (TaskEvent::TaskPlanned(planned), this) => {
                *this = Self::Planned(Box::new(Plan::new(planned, occurred_at)));
            }
            (_, Self::Planned(plan)) => plan.evolve(event, occurred_at),
            (_, Self::Unplanned) => {}
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let plan = self.plan()?;
        match command {
            Command::Plan(_) => None,
            Command::Assign { .. } => Some(plan.planned_at).max(plan.rep_id.latest_at()),
            Command::Move { .. } => Some(plan.planned_at).max(plan.due_on.latest_at()),
            Command::Snooze { .. } => Some(plan.planned_at).max(plan.snoozed_until.latest_at()),
            Command::Complete(_) => {
                let ticked = plan.done.iter().map(|(_, at)| *at).max();
                Some(plan.planned_at).max(ticked)
            }
            Command::CompleteItem { .. } | Command::Escalate { .. } | Command::Cancel { .. } => {
                Some(plan.planned_at)
            }
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Plan(_))
    }
}
