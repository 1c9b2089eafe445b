//! Facts of a sales process: the ordered stages an opportunity goes through.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{ChecklistItemId, DocumentId, Money, SalesProcessId, StageId};

events! {
    /// What can happen to a sales process.
    pub enum SalesProcessEvent in "sales_process" via no_upcast {
        SalesProcessDefined = 1,
        SalesProcessRevised = 1,
    }
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// Unique within the process.
    pub stage_id: StageId,
    /// For people.
    pub name: String,
    /// What is to be done in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<ChecklistItem>,
    /// Documents that help in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggested_document_ids: Vec<DocumentId>,
    /// How many open opportunities the team wants to have in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_open_count: Option<u32>,
    /// How much money the team wants to have open in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_open_amount: Option<Money>,
}

/// One thing to be done in a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistItem {
    /// Unique within the stage.
    pub item_id: ChecklistItemId,
    /// For people.
    pub text: String,
    /// The stage is not left forward before it is done.
    pub required: bool,
}

/// A sales process came into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SalesProcessDefined {
    /// Its id.
    pub sales_process_id: SalesProcessId,
    /// For people.
    pub name: String,
    /// From first contact to the last before won or lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// Its name and stages were replaced; none it had is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SalesProcessRevised {
    /// For people.
    pub name: String,
    /// The stages from now on, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}
