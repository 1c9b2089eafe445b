//! A task, and the alarm that may have raised it.

use event_schemas::alarm::AlarmEvent;
use event_schemas::task::{TaskEvent, TaskOrigin};
use event_schemas::vocabulary::{ContractId, RepId, StreamName};
use figures::follow_up::Task;

use super::{day, line, row, touch};
use crate::customer_success::Event;
use crate::engine::db::Table;
use crate::engine::fold::{Fact, FoldedRow};

static TASK: Table = Table {
    name: "task",
    key: &["task_id"],
    columns: &[
        "customer_id",
        "contract_id",
        "name",
        "cause",
        "due_on",
        "rep_id",
        "state",
    ],
};

pub(super) fn rows(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let raised = history.iter().find_map(|fact| match fact.event {
        Event::Alarm(AlarmEvent::AlarmRaised(event)) => Some(&event.customer_id),
        _ => None,
    });
    if let Some(customer_id) = raised {
        return line::lines(customer_id.as_str(), stream, history, rows);
    }
    let told = history.iter().filter_map(|fact| match fact.event {
        Event::Task(event) => Some((fact.occurred_at, event)),
        _ => None,
    });
    let Some(task) = Task::of(told) else { return };
    let planned = task.planned;
    let customer_id = planned.customer_id.as_str();
    for fact in history {
        if let Event::Task(TaskEvent::TaskCompleted(_)) = fact.event {
            rows.push(touch(customer_id, stream, fact));
        }
    }
    let state = match task.closed {
        None => "OPEN",
        Some((_, TaskEvent::TaskCompleted(_))) => "DONE",
        Some(_) => "CANCELLED",
    };
    let cause = match &planned.origin {
        TaskOrigin::Event { cause, .. } => Some(cause.as_str()),
        TaskOrigin::Scheduled { .. } | TaskOrigin::ByHand => None,
    };
    rows.push(row(
        &TASK,
        [
            stream.id().into(),
            customer_id.into(),
            planned.contract_id.as_ref().map(ContractId::as_str).into(),
            planned.name.as_str().into(),
            cause.into(),
            day(task.due_on).into(),
            task.rep_id.map(RepId::as_str).into(),
            state.into(),
        ],
    ));
    line::lines(customer_id, stream, history, rows);
}
