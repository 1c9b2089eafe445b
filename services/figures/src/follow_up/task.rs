//! The course of one task.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::task::{CONTRACT_ENDED, TaskEvent, TaskPlanned};
use event_schemas::vocabulary::{RepId, TaskItemId};

/// A task, as its facts up to an instant leave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Task<'a> {
    /// As it was planned.
    pub planned: &'a TaskPlanned,
    /// When.
    pub planned_at: DateTime<Utc>,
    /// Whose it is.
    pub rep_id: Option<&'a RepId>,
    /// Since when.
    pub owned_since: DateTime<Utc>,
    /// When it is due.
    pub due_on: NaiveDate,
    /// When its playbook has it due; someone may have moved it.
    pub scheduled_on: NaiveDate,
    /// Until when it is hidden.
    pub snoozed_until: Option<NaiveDate>,
    /// What was ticked off.
    pub done: Vec<&'a TaskItemId>,
    /// When it went to a manager, and to whom.
    pub escalated: Option<(DateTime<Utc>, Option<&'a RepId>)>,
    /// When it was closed, and how.
    pub closed: Option<(DateTime<Utc>, &'a TaskEvent)>,
}

/// How a task stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// To be done, on a later day.
    Open,
    /// Hidden until a later day.
    Snoozed,
    /// To be done on the day.
    Due,
    /// To be done, on an earlier day.
    Overdue,
    /// With a manager.
    Escalated,
    /// It was done.
    Done,
    /// It need not be done.
    Cancelled,
}

impl<'a> Task<'a> {
    /// As it is planned.
    pub(super) fn new(planned: &'a TaskPlanned, planned_at: DateTime<Utc>) -> Self {
        Self {
            planned,
            planned_at,
            rep_id: planned.rep_id.as_ref(),
            owned_since: planned_at,
            due_on: planned.due_on,
            scheduled_on: planned.due_on,
            snoozed_until: None,
            done: Vec::new(),
            escalated: None,
            closed: None,
        }
    }

    /// Folds facts that are in the order in which they happened. None before it was planned.
    pub fn of(facts: impl IntoIterator<Item = (DateTime<Utc>, &'a TaskEvent)>) -> Option<Self> {
        let mut task: Option<Self> = None;
        for (at, event) in facts {
            match (&mut task, event) {
                (None, TaskEvent::TaskPlanned(planned)) => task = Some(Self::new(planned, at)),
                (Some(task), event) => task.take(at, event),
                (None, _) => {}
            }
        }
        task
    }

    pub(super) fn take(&mut self, at: DateTime<Utc>, event: &'a TaskEvent) {
        match event {
            TaskEvent::TaskPlanned(_) => {}
            TaskEvent::TaskAssigned(assigned) => {
                self.rep_id = Some(&assigned.rep_id);
                self.owned_since = at;
            }
            TaskEvent::TaskMoved(moved) => {
                self.due_on = moved.due_on;
                if moved.by_playbook {
                    self.scheduled_on = moved.due_on;
                    self.closed = self.closed.filter(|_| !self.waits_for_its_contract());
                }
            }
            TaskEvent::TaskSnoozed(snoozed) => self.snoozed_until = Some(snoozed.until_on),
            TaskEvent::TaskItemCompleted(item) => self.done.push(&item.item_id),
            TaskEvent::TaskEscalated(escalated) => {
                self.escalated = Some((at, escalated.to_rep_id.as_ref()));
            }
            TaskEvent::TaskCompleted(_) | TaskEvent::TaskCancelled(_) => {
                self.closed = self.closed.or(Some((at, event)));
            }
        }
    }

    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether its playbook cancelled it for the end of its contract, which may yet move.
    pub(super) fn waits_for_its_contract(&self) -> bool {
        let Some((_, TaskEvent::TaskCancelled(cancelled))) = self.closed else {
            return false;
        };
        cancelled.reason == CONTRACT_ENDED
    }

    /// How it stands on a day. With a manager it is not hidden any more.
    pub fn state(&self, on: NaiveDate) -> State {
        match self.closed {
            Some((_, TaskEvent::TaskCompleted(_))) => return State::Done,
            Some(_) => return State::Cancelled,
            None if self.escalated.is_some() => return State::Escalated,
            None => {}
        }
        if self.snoozed_until.is_some_and(|until_on| on < until_on) {
            return State::Snoozed;
        }
        match self.due_on.cmp(&on) {
            std::cmp::Ordering::Greater => State::Open,
            std::cmp::Ordering::Equal => State::Due,
            std::cmp::Ordering::Less => State::Overdue,
        }
    }
}
