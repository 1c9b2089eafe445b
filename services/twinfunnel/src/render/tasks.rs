//! Tasks as text.

use proto::v1::{ListTasksResponse, TaskState, TaskView};

use super::{Align, NONE, answered_from, instant_text, to_csv, to_table};

const COLUMNS: [&str; 7] = [
    "Task", "What", "Customer", "Contract", "Due", "State", "Owner",
];

/// A state in lower case.
fn state(task: &TaskView) -> String {
    let state = TaskState::try_from(task.state).unwrap_or_default();
    let name = state.as_str_name().trim_start_matches("TASK_STATE_");
    name.to_lowercase()
}

fn row(task: &TaskView) -> [String; 7] {
    let owner = match (task.rep_id.as_str(), task.escalated_to_rep_id.as_str()) {
        ("", "") => NONE.to_owned(),
        (owner, "") => owner.to_owned(),
        (owner, manager) => format!("{owner} → {manager}"),
    };
    [
        task.task_id.clone(),
        task.name.clone(),
        task.customer_id.clone(),
        task.contract_id.clone(),
        task.due_on.clone(),
        state(task),
        owner,
    ]
}

/// For people.
pub(crate) fn table(answer: &ListTasksResponse) -> String {
    let columns = COLUMNS.map(|name| (name, Align::Left));
    let from = answered_from(answer.answered_from.as_ref());
    let rows = answer.tasks.iter().map(row);
    let table = to_table(&columns, rows);
    let (shown, all) = (answer.tasks.len(), answer.count);
    format!(
        "Tasks on {}: {all}, shown {shown}\n{from}{table}",
        answer.on
    )
}

/// One task with its course, for people.
pub(crate) fn one(task: &TaskView) -> String {
    let mut text = format!(
        "{} ({})\n{}",
        task.name,
        state(task),
        answered_from(task.answered_from.as_ref())
    );
    let columns = COLUMNS.map(|name| (name, Align::Left));
    text.push_str(&to_table(&columns, std::iter::once(row(task))));
    if !task.explanation.is_empty() {
        text.push_str(&format!("\n{}\n", task.explanation));
    }
    for item in &task.checklist {
        let mark = if item.is_done { "x" } else { " " };
        text.push_str(&format!("\n[{mark}] {}", item.name));
    }
    let course = task.course.iter().map(|one| {
        [
            instant_text(one.occurred_at.as_ref()).unwrap_or_default(),
            one.event_type.clone(),
            one.line.clone(),
        ]
    });
    let columns = ["When", "What", ""].map(|name| (name, Align::Left));
    text.push('\n');
    text.push_str(&to_table(&columns, course));
    text
}

/// For other tools.
pub(crate) fn csv(tasks: &[TaskView]) -> anyhow::Result<String> {
    let names = [
        "task_id",
        "name",
        "customer_id",
        "contract_id",
        "due_on",
        "state",
        "owner",
    ];
    to_csv(names.map(str::to_owned), tasks.iter().map(row))
}
