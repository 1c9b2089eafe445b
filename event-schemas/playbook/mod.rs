//! Facts of a playbook: how customers are followed up, as data.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{Cause, DocumentId, MilestoneId, PlaybookId, ProductId, StepId, TaskItem};

events! {
    /// What can happen to a playbook.
    pub enum PlaybookEvent in "playbook" via no_upcast {
        PlaybookPublished = 1,
    }
}

/// From where a step's day is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Anchor {
    /// The day on which the contract was signed, or handed over to customer success if it was.
    HandOver,
    /// The first day on which the contract is in force.
    ContractStart,
    /// The day on which it reaches a milestone.
    Milestone {
        /// Which milestone.
        milestone_id: MilestoneId,
    },
    /// The day on which the contract is no more in force. A contract without one has no such step.
    ContractEnd,
}

/// So many calendar months, then so many days, later; negative for earlier. A day that the month
/// does not have is its last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// Calendar months.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub months: i32,
    /// Days.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub days: i32,
}

fn is_zero(count: &i32) -> bool {
    *count == 0
}

/// Whose task a step becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OwnerRole {
    /// The customer's customer success manager.
    #[default]
    Csm,
    /// The contract's owner.
    Rep,
}

/// One step: a task, or one again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id, within the playbook.
    pub step_id: StepId,
    /// What is to be done.
    pub name: String,
    /// From where its day is counted.
    pub anchor: Anchor,
    /// When it is due, from there.
    pub due: Offset,
    /// How long after each one the next is due; the last one before the contract's end is the last.
    /// A month's clamp does not add up: each is counted from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Offset>,
    /// Whose task it is.
    #[serde(default)]
    pub owner: OwnerRole,
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

/// How the task of a cause is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Of which cause.
    pub cause: Cause,
    /// What is to be done.
    pub name: String,
    /// Days in which it is due.
    pub due_days: u32,
    /// What is to be ticked off before it is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<TaskItem>,
    /// What helps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub document_ids: Vec<DocumentId>,
    /// Days after it was due on which it goes to the owner's manager, if it is still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_after_days: Option<u32>,
}

/// What a playbook says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plays {
    /// The products whose contracts it is for; all, if it names none. The one that names a product goes
    /// before the one that names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub product_ids: Vec<ProductId>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// What is done about which cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guides: Vec<Guide>,
    /// Days before a contract's end on which its renewal opens; 60 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_lead_days: Option<u32>,
}

/// A version of it was published. It never changes, and holds for contracts signed from its day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookPublished {
    /// Its id.
    pub playbook_id: PlaybookId,
    /// 1, 2, 3 …
    pub version: u32,
    /// For people.
    pub name: String,
    /// The first day on which contracts are signed that it holds for.
    pub effective_from: NaiveDate,
    /// What it says.
    pub plays: Plays,
}
