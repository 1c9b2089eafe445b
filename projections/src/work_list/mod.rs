//! What is to be done, by whom, until when? For customer success managers and theirs. It is asked of
//! [following up](crate::follow_up).

mod tell;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use event_schemas::task::TaskEvent;
use event_schemas::vocabulary::{RepId, TenantId};
use figures::follow_up::{State, Task};
use proto::v1;

use crate::asked::{Asked, count, text};
use crate::calendar::{Calendar, Day};
use crate::engine::db::{Row, Value};
use crate::engine::fold::Course;
use crate::follow_up::{Event, facts_of};
use crate::{Answer, Projections, QueryError};

/// Lines that are told where none are asked for, and at most.
pub(crate) const LIMIT: u32 = 1_000;
pub(crate) const LIMIT_MAX: u32 = 10_000;

/// Tasks with what is kept of them.
const TASKS: &str = "SELECT t.stream, h.facts FROM task t \
    JOIN history h ON h.tenant = t.tenant AND h.stream = t.stream WHERE t.tenant = $1";

/// How many lines are told.
pub(crate) fn limit(asked: u32) -> Result<usize, QueryError> {
    let limit = match asked {
        0 => LIMIT,
        asked if asked > LIMIT_MAX => {
            return Err(QueryError::Invalid {
                field: "limit".into(),
                description: format!("is more than {LIMIT_MAX}"),
            });
        }
        asked => asked,
    };
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The day on which tasks stand as asked, and the instant before which what counts has happened.
struct When {
    day: Day,
    before: DateTime<Utc>,
}

impl When {
    async fn of(asked: &mut Asked, on: &str) -> Result<Self, QueryError> {
        let calendar = Calendar::of(&mut asked.session, &asked.tenant).await?;
        let day = calendar.asked(on, "on", asked.at)?;
        Ok(Self {
            day,
            before: asked.at.min(day.end),
        })
    }
}

/// The course of a task up to an instant.
fn course(row: &Row, when: &When) -> Result<Course<TaskEvent>, QueryError> {
    let (_, facts) = facts_of(row.text(0)?, row.text(1)?)?;
    let facts = facts.into_iter().filter(|(at, _)| *at < when.before);
    let events = facts.filter_map(|(at, event)| match event {
        Event::Task(event) => Some((at, event)),
        _ => None,
    });
    Ok(events.collect())
}

fn task(course: &[(DateTime<Utc>, TaskEvent)]) -> Option<Task<'_>> {
    Task::of(course.iter().map(|(at, event)| (*at, event)))
}

/// The states that are asked for; all in which something is to be done if none is.
fn states(asked: &[i32]) -> Result<BTreeSet<State>, QueryError> {
    if asked.is_empty() {
        let open = [
            State::Open,
            State::Snoozed,
            State::Due,
            State::Overdue,
            State::Escalated,
        ];
        return Ok(open.into());
    }
    let states = asked.iter().map(|state| {
        let state = v1::TaskState::try_from(*state).ok();
        state
            .and_then(tell::asked_state)
            .ok_or(QueryError::Invalid {
                field: "states".into(),
                description: "holds what is no state of a task".into(),
            })
    });
    states.collect()
}

async fn list(
    asked: &mut Asked,
    request: &v1::ListTasksRequest,
) -> Result<v1::ListTasksResponse, QueryError> {
    let limit = limit(request.limit)?;
    let states = states(&request.states)?;
    let rep_id = text(&request.rep_id, "rep_id")?;
    let customer_id = text(&request.customer_id, "customer_id")?;
    let when = When::of(asked, &request.on).await?;
    let mut sql = format!("{TASKS} AND t.planned_at < $2");
    let before = when.before.timestamp_micros();
    let mut values: Vec<Value> = vec![asked.tenant.as_str().into(), before.into()];
    if !states.contains(&State::Done) && !states.contains(&State::Cancelled) {
        sql.push_str(" AND (t.closed_at IS NULL OR t.closed_at >= $2)");
    }
    if !customer_id.is_empty() {
        sql.push_str(" AND t.customer_id = $3");
        values.push(customer_id.into());
    }
    let mut tasks = Vec::new();
    for row in asked.session.rows(&sql, &values).await? {
        let course = course(&row, &when)?;
        let Some(task) = task(&course) else { continue };
        let state = task.state(when.day.on);
        let escalated_to = task.escalated.and_then(|(_, to)| to);
        let owners = [task.rep_id, escalated_to].map(|rep| rep.map(RepId::as_str));
        let is_of = rep_id.is_empty() || owners.contains(&Some(rep_id));
        if is_of && states.contains(&state) {
            tasks.push(tell::task(&task, state));
        }
    }
    tasks.sort_by(|one, other| (&one.due_on, &one.task_id).cmp(&(&other.due_on, &other.task_id)));
    let found = count(tasks.len() as u64);
    tasks.truncate(limit);
    Ok(v1::ListTasksResponse {
        answered_from: Some(asked.answered_from()),
        on: when.day.on.to_string(),
        tasks,
        count: found,
    })
}

async fn get(asked: &mut Asked, request: &v1::GetTaskRequest) -> Result<v1::TaskView, QueryError> {
    let task_id = text(&request.task_id, "task_id")?;
    let when = When::of(asked, &request.on).await?;
    let sql = format!("{TASKS} AND t.task_id = $2");
    let values = [asked.tenant.as_str().into(), task_id.into()];
    let rows = asked.session.rows(&sql, &values).await?;
    let course = rows.first().map(|row| course(row, &when)).transpose()?;
    let course = course.unwrap_or_default();
    let Some(task) = task(&course) else {
        let unknown = format!("task {task_id} was not planned by the moment asked about");
        return Err(QueryError::NotFound(unknown));
    };
    Ok(v1::TaskView {
        answered_from: Some(asked.answered_from()),
        course: course.iter().map(tell::course).collect(),
        ..tell::task(&task, task.state(when.day.on))
    })
}

impl Projections {
    /// The tasks of someone, of a customer, or of all.
    pub fn list_tasks<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::ListTasksRequest,
    ) -> Answer<'a, v1::ListTasksResponse> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut asked = self.0.ask("work_list", tenant, consistency).await?;
            list(&mut asked, &request).await
        })
    }

    /// One task with its whole course.
    pub fn task<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::GetTaskRequest,
    ) -> Answer<'a, v1::TaskView> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut asked = self.0.ask("work_list", tenant, consistency).await?;
            get(&mut asked, &request).await
        })
    }
}
