//! Messages about a task.

use event_schemas::task::{CONTRACT_ENDED, TaskCompleted, TaskOrigin, TaskPlanned};
use event_schemas::vocabulary::TaskId;
use proto::commands::TaskCommand as Message;
use proto::v1;

use super::{Command, Task};
use crate::wire::{CODE_MAX, Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a task.
pub fn parse(message: Message) -> Result<Addressed<Task>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::PlanTask(m) => &m.task_id,
        Message::AssignTask(m) => &m.task_id,
        Message::MoveTask(m) => &m.task_id,
        Message::SnoozeTask(m) => &m.task_id,
        Message::CompleteTaskItem(m) => &m.task_id,
        Message::CompleteTask(m) => &m.task_id,
        Message::EscalateTask(m) => &m.task_id,
        Message::CancelTask(m) => &m.task_id,
    };
    let id: Option<TaskId> = f.id("task_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&TaskId>) -> Option<Command> {
    Some(match message {
        Message::PlanTask(m) => Command::Plan(Box::new(planned(f, &m, id)?)),
        Message::AssignTask(m) => Command::Assign {
            rep_id: f.id("rep_id", &m.rep_id)?,
        },
        Message::MoveTask(m) => {
            let due_on = f.some_date("due_on", &m.due_on);
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::Move {
                due_on: due_on?,
                by_playbook: false,
                reason,
            }
        }
        Message::SnoozeTask(m) => {
            let until_on = f.some_date("until_on", &m.until_on);
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::Snooze {
                until_on: until_on?,
                reason,
            }
        }
        Message::CompleteTaskItem(m) => Command::CompleteItem {
            item_id: f.id("item_id", &m.item_id)?,
        },
        Message::CompleteTask(m) => {
            let outcome = f.text("outcome", &m.outcome, CODE_MAX);
            let note = f.note("note", &m.note);
            Command::Complete(TaskCompleted {
                outcome: outcome?,
                note,
            })
        }
        Message::EscalateTask(m) => Command::Escalate {
            to_rep_id: f.optional_id("to_rep_id", &m.to_rep_id),
        },
        Message::CancelTask(m) => {
            let reason = f.text("reason", &m.reason, CODE_MAX)?;
            if reason == CONTRACT_ENDED {
                f.wrong("reason", "is what a playbook says: say another");
            }
            Command::Cancel { reason }
        }
    })
}

fn planned(f: &mut Fields, m: &v1::PlanTask, id: Option<&TaskId>) -> Option<TaskPlanned> {
    let customer_id = f.id("customer_id", &m.customer_id);
    let contract_id = f.optional_id("contract_id", &m.contract_id);
    let name = f.text("name", &m.name, NAME_MAX);
    let due_on = f.some_date("due_on", &m.due_on);
    let rep_id = f.optional_id("rep_id", &m.rep_id);
    let checklist = f.task_items("checklist", &m.checklist);
    let document_ids = f.ids("document_ids", &m.document_ids);
    let escalate_after_days = f.days("escalate_after_days", m.escalate_after_days);
    Some(TaskPlanned {
        task_id: id?.clone(),
        customer_id: customer_id?,
        contract_id,
        origin: TaskOrigin::ByHand,
        name: name?,
        due_on: due_on?,
        rep_id,
        checklist,
        document_ids,
        escalate_after_days,
        reaches: None,
    })
}
