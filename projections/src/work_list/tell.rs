//! Tasks as they are told.

use chrono::{DateTime, Utc};
use event_schemas::StreamEvents as _;
use event_schemas::task::{TaskEvent, TaskOrigin};
use event_schemas::vocabulary::{Cause, DocumentId};
use figures::follow_up::{State, Task};
use proto::instant::to_timestamp;
use proto::v1;

/// A state that is asked for.
pub(super) fn asked_state(asked: v1::TaskState) -> Option<State> {
    match asked {
        v1::TaskState::Unspecified => None,
        v1::TaskState::Open => Some(State::Open),
        v1::TaskState::Snoozed => Some(State::Snoozed),
        v1::TaskState::Due => Some(State::Due),
        v1::TaskState::Overdue => Some(State::Overdue),
        v1::TaskState::Escalated => Some(State::Escalated),
        v1::TaskState::Done => Some(State::Done),
        v1::TaskState::Cancelled => Some(State::Cancelled),
    }
}

fn told_state(state: State) -> v1::TaskState {
    match state {
        State::Open => v1::TaskState::Open,
        State::Snoozed => v1::TaskState::Snoozed,
        State::Due => v1::TaskState::Due,
        State::Overdue => v1::TaskState::Overdue,
        State::Escalated => v1::TaskState::Escalated,
        State::Done => v1::TaskState::Done,
        State::Cancelled => v1::TaskState::Cancelled,
    }
}

/// A cause as it is told.
pub(crate) fn cause(cause: Cause) -> v1::AlarmCause {
    match cause {
        Cause::MetricBelowThreshold => v1::AlarmCause::MetricBelowThreshold,
        Cause::NpsDetractor => v1::AlarmCause::NpsDetractor,
        Cause::DecisionMakerDeparted => v1::AlarmCause::DecisionMakerDeparted,
        Cause::TicketEscalated => v1::AlarmCause::TicketEscalated,
        Cause::TicketOpenTooLong => v1::AlarmCause::TicketOpenTooLong,
        Cause::PaymentLate => v1::AlarmCause::PaymentLate,
    }
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn task(task: &Task<'_>, state: State) -> v1::TaskView {
    let planned = task.planned;
    let items = planned.checklist.iter().map(|item| v1::TaskItemView {
        item_id: item.item_id.to_string(),
        name: item.name.clone(),
        is_done: task.done.contains(&&item.item_id),
    });
    let mut told = v1::TaskView {
        task_id: planned.task_id.to_string(),
        customer_id: planned.customer_id.to_string(),
        contract_id: text(planned.contract_id.as_ref()),
        name: planned.name.clone(),
        state: told_state(state).into(),
        due_on: task.due_on.to_string(),
        rep_id: text(task.rep_id),
        checklist: items.collect(),
        document_ids: planned
            .document_ids
            .iter()
            .map(DocumentId::to_string)
            .collect(),
        snoozed_until: text(task.snoozed_until.as_ref()),
        escalated_to_rep_id: text(task.escalated.and_then(|(_, to)| to)),
        planned_at: Some(to_timestamp(task.planned_at)),
        escalated_at: task.escalated.map(|(at, _)| to_timestamp(at)),
        closed_at: task.closed.map(|(at, _)| to_timestamp(at)),
        ..v1::TaskView::default()
    };
    match &planned.origin {
        TaskOrigin::Scheduled {
            playbook_id,
            version,
            step_id,
            occurrence,
        } => {
            told.playbook_id = playbook_id.to_string();
            told.playbook_version = *version;
            told.step_id = step_id.to_string();
            told.occurrence = *occurrence;
        }
        TaskOrigin::Event {
            cause: why,
            subject_id,
            explanation,
        } => {
            told.cause = cause(*why).into();
            told.subject_id = text(subject_id.as_ref());
            told.explanation.clone_from(explanation);
        }
        TaskOrigin::ByHand => {}
    }
    match task.closed {
        Some((_, TaskEvent::TaskCompleted(completed))) => {
            told.outcome.clone_from(&completed.outcome);
            told.note = text(completed.note.as_ref());
        }
        Some((_, TaskEvent::TaskCancelled(cancelled))) => {
            told.outcome.clone_from(&cancelled.reason);
        }
        _ => {}
    }
    told
}

/// Something that happened to a task.
pub(super) fn course((at, event): &(DateTime<Utc>, TaskEvent)) -> v1::TaskCourse {
    let line = match event {
        TaskEvent::TaskPlanned(planned) => format!("due on {}", planned.due_on),
        TaskEvent::TaskAssigned(assigned) => format!("to {}", assigned.rep_id),
        TaskEvent::TaskMoved(moved) => format!("to {}", moved.due_on),
        TaskEvent::TaskSnoozed(snoozed) => format!("until {}", snoozed.until_on),
        TaskEvent::TaskItemCompleted(item) => item.item_id.to_string(),
        TaskEvent::TaskEscalated(escalated) => match &escalated.to_rep_id {
            Some(to) => format!("to {to}"),
            None => "to nobody: its owner has no manager".to_owned(),
        },
        TaskEvent::TaskCompleted(completed) => completed.outcome.clone(),
        TaskEvent::TaskCancelled(cancelled) => cancelled.reason.clone(),
    };
    v1::TaskCourse {
        occurred_at: Some(to_timestamp(*at)),
        event_type: event.event_type().to_owned(),
        line,
    }
}
