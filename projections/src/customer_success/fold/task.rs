//! A task, and the alarm that may have raised it.

use event_schemas::alarm::AlarmEvent;
use event_schemas::task::{TaskEvent, TaskOrigin};
use event_schemas::vocabulary::{ContractId, RepId, StreamName};

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
    let planned = history.iter().find_map(|fact| match fact.event {
        Event::Task(TaskEvent::TaskPlanned(event)) => Some(event),
        _ => None,
    });
    let Some(planned) = planned else { return };
    let customer_id = planned.customer_id.as_str();
    let (mut due_on, mut rep_id, mut state) = (planned.due_on, planned.rep_id.as_ref(), "OPEN");
    for fact in history {
        let Event::Task(event) = fact.event else {
            continue;
        };
        match event {
            TaskEvent::TaskAssigned(event) => rep_id = Some(&event.rep_id),
            TaskEvent::TaskMoved(event) => due_on = event.due_on,
            TaskEvent::TaskCompleted(_) => {
                state = "DONE";
                rows.push(touch(customer_id, stream, fact));
            }
            TaskEvent::TaskCancelled(_) => state = "CANCELLED",
            TaskEvent::TaskPlanned(_)
            | TaskEvent::TaskSnoozed(_)
            | TaskEvent::TaskItemCompleted(_)
            | TaskEvent::TaskEscalated(_) => {}
        }
    }
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
            day(due_on).into(),
            rep_id.map(RepId::as_str).into(),
            state.into(),
        ],
    ));
    line::lines(customer_id, stream, history, rows);
}
