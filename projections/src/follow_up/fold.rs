//! The rows of one stream: whom it is about, and, of tasks and alarms, how they stand.

use chrono::{DateTime, Utc};
use event_schemas::alarm::AlarmEvent;
use event_schemas::clock::ClockEvent;
use event_schemas::contract::ContractEvent;
use event_schemas::opportunity::{OpportunityEvent, OpportunityKind};
use event_schemas::task::{TaskEvent, TaskOrigin};
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::{ContractId, Number, RepId, StreamName};
use figures::follow_up::Task;

use super::Event;
use crate::calendar::day_number as day;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static SETTING: Table = Table {
    name: "setting",
    key: &["setting_id"],
    columns: &["time_zone", "currency"],
};
static CLOCK: Table = Table {
    name: "clock",
    key: &["clock_id"],
    columns: &["ended_on"],
};
static COMPANY: Table = Table {
    name: "company",
    key: &["stream"],
    columns: &[],
};
static SUBJECT: Table = Table {
    name: "subject",
    key: &["stream"],
    columns: &["customer_id"],
};
static TOUCH: Table = Table {
    name: "touch",
    key: &["touched_at", "customer_id", "stream"],
    columns: &[],
};
static TASK: Table = Table {
    name: "task",
    key: &["task_id"],
    columns: &[
        "stream",
        "customer_id",
        "contract_id",
        "name",
        "cause",
        "due_on",
        "rep_id",
        "state",
        "planned_at",
        "escalated_at",
        "escalated_to_rep_id",
        "closed_at",
    ],
};
static ALARM: Table = Table {
    name: "alarm",
    key: &["alarm_id", "raised_on"],
    columns: &[
        "customer_id",
        "cause",
        "subject_id",
        "contract_id",
        "value",
        "threshold",
        "explanation",
        "task_id",
        "raised_at",
        "cleared_on",
        "cleared_at",
    ],
};

fn row(table: &'static Table, values: impl IntoIterator<Item = Value>) -> FoldedRow {
    FoldedRow {
        table,
        values: values.into_iter().collect(),
    }
}

fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn number(value: Option<Number>) -> Value {
    Value::Text(value.map(|value| value.decimal().to_string()))
}

/// The rows of a stream, whatever its kind.
pub(super) fn rows(stream: &StreamName, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
    let mut rows = Vec::new();
    // All facts of a stream are of one kind: its category's.
    match history.first().map(|fact| fact.event) {
        Some(Event::Contract(_)) => {
            let signed = history.iter().find_map(|fact| match fact.event {
                Event::Contract(ContractEvent::ContractSigned(signed)) => Some(signed),
                _ => None,
            });
            if let Some(signed) = signed {
                about(signed.customer_id.as_str(), stream, history, &mut rows);
            }
        }
        Some(Event::Customer(_)) => about(stream.id(), stream, history, &mut rows),
        Some(Event::Opportunity(_)) => {
            let renewal = history.iter().find_map(|fact| match fact.event {
                Event::Opportunity(OpportunityEvent::OpportunityRegistered(event)) => {
                    Some(event).filter(|event| event.kind == OpportunityKind::Renewal)
                }
                _ => None,
            });
            let customer_id = renewal.and_then(|event| event.customer_id.as_ref());
            if let Some(customer_id) = customer_id {
                rows.push(subject(customer_id.as_str(), stream));
            }
        }
        Some(Event::Task(_)) => task(stream, history, &mut rows),
        Some(Event::Alarm(_)) => alarm(stream, history, &mut rows),
        Some(
            Event::Playbook(_)
            | Event::Product(_)
            | Event::Rep(_)
            | Event::SalesProcess(_)
            | Event::Team(_),
        ) => rows.push(row(&COMPANY, [stream.as_str().into()])),
        Some(Event::Clock(_)) => {
            let days = history.iter().filter_map(|fact| match fact.event {
                Event::Clock(ClockEvent::DayEnded(ended)) => Some(day(ended.day)),
                _ => None,
            });
            let last = days.max();
            rows.extend(last.map(|last| row(&CLOCK, [stream.id().into(), last.into()])));
        }
        Some(Event::Tenant(_)) => {
            let mut settings = history.iter().filter_map(|fact| match fact.event {
                Event::Tenant(TenantEvent::TenantConfigured(setting)) => Some(setting),
                _ => None,
            });
            rows.extend(settings.next_back().map(|setting| {
                let values = [
                    stream.id().into(),
                    setting.time_zone.as_str().into(),
                    setting.currency.code().into(),
                ];
                row(&SETTING, values)
            }));
        }
        None => {}
    }
    rows
}

fn subject(customer_id: &str, stream: &StreamName) -> FoldedRow {
    row(&SUBJECT, [stream.as_str().into(), customer_id.into()])
}

/// A stream about a customer, from whose facts something may follow.
fn about(
    customer_id: &str,
    stream: &StreamName,
    history: &[Fact<'_, Event>],
    rows: &mut Vec<FoldedRow>,
) {
    rows.push(subject(customer_id, stream));
    let mut instants: Vec<i64> = history
        .iter()
        .map(|fact| micros(fact.occurred_at))
        .collect();
    instants.dedup();
    rows.extend(instants.into_iter().map(|at| {
        let values = [at.into(), customer_id.into(), stream.as_str().into()];
        row(&TOUCH, values)
    }));
}

fn task(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let facts = history.iter().filter_map(|fact| match fact.event {
        Event::Task(event) => Some((fact.occurred_at, event)),
        _ => None,
    });
    let Some(task) = Task::of(facts) else { return };
    let planned = task.planned;
    about(planned.customer_id.as_str(), stream, history, rows);
    let cause = match &planned.origin {
        TaskOrigin::Event { cause, .. } => Some(cause.as_str()),
        TaskOrigin::Scheduled { .. } | TaskOrigin::ByHand => None,
    };
    let state = match task.closed {
        None => "OPEN",
        Some((_, TaskEvent::TaskCompleted(_))) => "DONE",
        Some(_) => "CANCELLED",
    };
    let escalated_to = task.escalated.and_then(|(_, to)| to);
    rows.push(row(
        &TASK,
        [
            stream.id().into(),
            stream.as_str().into(),
            planned.customer_id.as_str().into(),
            planned.contract_id.as_ref().map(ContractId::as_str).into(),
            planned.name.as_str().into(),
            cause.into(),
            day(task.due_on).into(),
            task.rep_id.map(RepId::as_str).into(),
            state.into(),
            micros(task.planned_at).into(),
            task.escalated.map(|(at, _)| micros(at)).into(),
            escalated_to.map(RepId::as_str).into(),
            task.closed.map(|(at, _)| micros(at)).into(),
        ],
    ));
}

fn alarm(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let mut raised = None;
    for fact in history {
        let at = micros(fact.occurred_at);
        match fact.event {
            Event::Alarm(AlarmEvent::AlarmRaised(event)) => {
                if let Some((event, at)) = raised.replace((event, at)) {
                    rows.push(raising(stream, event, at, None));
                }
            }
            Event::Alarm(AlarmEvent::AlarmCleared(cleared)) => {
                if let Some((event, raised_at)) = raised.take() {
                    let over = (day(cleared.on), at);
                    rows.push(raising(stream, event, raised_at, Some(over)));
                }
            }
            _ => {}
        }
    }
    if let Some((event, at)) = raised {
        rows.push(raising(stream, event, at, None));
    }
    let customer_id = history.iter().find_map(|fact| match fact.event {
        Event::Alarm(AlarmEvent::AlarmRaised(event)) => Some(&event.customer_id),
        _ => None,
    });
    rows.extend(customer_id.map(|customer_id| subject(customer_id.as_str(), stream)));
}

fn raising(
    stream: &StreamName,
    event: &event_schemas::alarm::AlarmRaised,
    raised_at: i64,
    over: Option<(i64, i64)>,
) -> FoldedRow {
    row(
        &ALARM,
        [
            stream.id().into(),
            day(event.on).into(),
            event.customer_id.as_str().into(),
            event.cause.as_str().into(),
            event.subject_id.as_deref().into(),
            event.contract_id.as_ref().map(ContractId::as_str).into(),
            number(event.value),
            number(event.threshold),
            event.explanation.as_str().into(),
            event.task_id.as_str().into(),
            raised_at.into(),
            over.map(|(on, _)| on).into(),
            over.map(|(_, at)| at).into(),
        ],
    )
}
