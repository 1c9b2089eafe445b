//! Messages about a sales process.

use event_schemas::sales_process::{
    ChecklistItem, SalesProcessDefined, SalesProcessRevised, Stage,
};
use event_schemas::vocabulary::{ChecklistItemId, SalesProcessId};
use proto::commands::SalesProcessCommand;
use proto::v1;

use super::{Command, SalesProcess};
use crate::wire::{Fields, LIST_MAX, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Most stages of a process.
const STAGES_MAX: usize = 50;

/// Reads a command about a sales process.
pub fn parse(command: SalesProcessCommand) -> Result<Addressed<SalesProcess>, InvalidCommand> {
    let (is_new, id, name, stages) = match command {
        SalesProcessCommand::DefineSalesProcess(m) => (true, m.sales_process_id, m.name, m.stages),
        SalesProcessCommand::ReviseSalesProcess(m) => (false, m.sales_process_id, m.name, m.stages),
    };
    let mut fields = Fields::default();
    let sales_process_id: Option<SalesProcessId> = fields.id("sales_process_id", &id);
    let name = fields.text("name", &name, NAME_MAX);
    let stages = self::stages(&mut fields, &stages);
    fields.finish(|| {
        let (sales_process_id, name) = (sales_process_id?, name?);
        let id = sales_process_id.to_string();
        let command = if is_new {
            Command::Define(SalesProcessDefined {
                sales_process_id,
                name,
                stages,
            })
        } else {
            Command::Revise(SalesProcessRevised { name, stages })
        };
        Some(Addressed { id, command })
    })
}

fn stages(fields: &mut Fields, messages: &[v1::Stage]) -> Vec<Stage> {
    if messages.is_empty() {
        fields.wrong("stages", "is missing: a process has at least one");
    }
    if !fields.fits("stages", messages.len(), STAGES_MAX) {
        return Vec::new();
    }
    let mut stages: Vec<Stage> = Vec::with_capacity(messages.len());
    for (at, message) in messages.iter().enumerate() {
        let path = format!("stages[{at}]");
        if let Some(stage) = stage(fields, &path, message) {
            if stages.iter().any(|other| other.stage_id == stage.stage_id) {
                fields.wrong(&format!("{path}.stage_id"), "is there twice");
            }
            stages.push(stage);
        }
    }
    stages
}

fn stage(fields: &mut Fields, path: &str, message: &v1::Stage) -> Option<Stage> {
    let at = |name: &str| format!("{path}.{name}");
    let stage_id = fields.id(&at("stage_id"), &message.stage_id);
    let name = fields.text(&at("name"), &message.name, NAME_MAX);
    let target_open_amount = fields.money(
        &at("target_open_amount"),
        message.target_open_amount.as_ref(),
    );
    let suggested_document_ids = fields.ids(
        &at("suggested_document_ids"),
        &message.suggested_document_ids,
    );
    let fits = fields.fits(&at("checklist"), message.checklist.len(), LIST_MAX);
    let mut checklist: Vec<ChecklistItem> = Vec::new();
    for (number, item) in message.checklist.iter().enumerate().take_while(|_| fits) {
        let path = at(&format!("checklist[{number}]"));
        let item_id: Option<ChecklistItemId> = fields.id(&format!("{path}.item_id"), &item.item_id);
        let text = fields.text(&format!("{path}.text"), &item.text, NAME_MAX);
        let (Some(item_id), Some(text)) = (item_id, text) else {
            continue;
        };
        if checklist.iter().any(|other| other.item_id == item_id) {
            fields.wrong(&format!("{path}.item_id"), "is there twice");
        }
        checklist.push(ChecklistItem {
            item_id,
            text,
            required: item.required,
        });
    }
    Some(Stage {
        stage_id: stage_id?,
        name: name?,
        checklist,
        suggested_document_ids,
        target_open_count: message.target_open_count,
        target_open_amount,
    })
}
