//! Facts of a task: something to be done for a customer.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{
    Cause, ContractId, CustomerId, DocumentId, MilestoneId, PlaybookId, RepId, StepId, TaskId,
    TaskItem, TaskItemId,
};

events! {
    /// What can happen to a task.
    pub enum TaskEvent in "task" via no_upcast {
        TaskPlanned = 1,
        TaskAssigned = 1,
        TaskMoved = 1,
        TaskSnoozed = 1,
        TaskItemCompleted = 1,
        TaskEscalated = 1,
        TaskCompleted = 1,
        TaskCancelled = 1,
    }
}

/// Where a task comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskOrigin {
    /// A step of a playbook.
    Scheduled {
        /// Which playbook.
        playbook_id: PlaybookId,
        /// Which version of it.
        version: u32,
        /// Which step.
        step_id: StepId,
        /// 1 for the first, 2 for the next …
        occurrence: u32,
    },
    /// Something that happened, or did not.
    Event {
        /// What.
        cause: Cause,
        /// What it is about: a metric, a ticket, an invoice, a person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject_id: Option<String>,
        /// What was seen, for people.
        explanation: String,
    },
    /// Someone thought of it.
    ByHand,
}

/// It is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskPlanned {
    /// Its id.
    pub task_id: TaskId,
    /// For whom.
    pub customer_id: CustomerId,
    /// The contract it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<ContractId>,
    /// Where it comes from.
    pub origin: TaskOrigin,
    /// What is to be done.
    pub name: String,
    /// The last day for it, in the tenant's time zone.
    pub due_on: NaiveDate,
    /// Whose task it is; nobody's if there is none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep_id: Option<RepId>,
    /// What is to be ticked off before it is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<TaskItem>,
    /// What helps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub document_ids: Vec<DocumentId>,
    /// Days after it was due on which it goes to the owner's manager, if it is still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_after_days: Option<u32>,
    /// The milestone that the contract reaches when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaches: Option<MilestoneId>,
}

/// It was given to someone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskAssigned {
    /// Whose it is from now on.
    pub rep_id: RepId,
    /// Whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_rep_id: Option<RepId>,
}

/// It is due on another day. One that its playbook had cancelled as [`CONTRACT_ENDED`] and moves is to be done
/// after all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskMoved {
    /// The last day for it from now on.
    pub due_on: NaiveDate,
    /// What it was.
    pub previous_due_on: NaiveDate,
    /// Its playbook moved it, because what its day is counted from moved; else someone did.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_playbook: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// Its owner does not want to see it before a day. When it is due stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskSnoozed {
    /// The day on which it is seen again.
    pub until_on: NaiveDate,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub reason: Option<String>,
}

/// One thing of its checklist was ticked off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskItemCompleted {
    /// Which.
    pub item_id: TaskItemId,
}

/// It went to a manager because it was not done in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskEscalated {
    /// To whom; to nobody if the owner has no manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_rep_id: Option<RepId>,
}

/// It was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskCompleted {
    /// What came of it, as a short code.
    pub outcome: String,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<String>,
}

/// Why a task is cancelled that lies after the end of its contract, as it was agreed then. Said by its playbook
/// alone, which takes it back if the end moves on.
pub const CONTRACT_ENDED: &str = "contract_ended";

/// It need not be done any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskCancelled {
    /// Why.
    pub reason: String,
}
