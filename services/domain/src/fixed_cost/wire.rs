//! Messages about a fixed cost.

use event_schemas::fixed_cost::FixedCostRecorded;
use event_schemas::vocabulary::CostId;
use proto::commands::FixedCostCommand as Message;

use super::{Command, FixedCost};
use crate::wire::{Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a fixed cost.
pub fn parse(message: Message) -> Result<Addressed<FixedCost>, InvalidCommand> {
    let Message::RecordFixedCost(m) = message;
    let mut f = Fields::default();
    let cost_id: Option<CostId> = f.id("cost_id", &m.cost_id);
    let name = f.text("name", &m.name, NAME_MAX);
    let from_on = f.some_date("from_on", &m.from_on);
    let to_on = f.some_date("to_on", &m.to_on);
    let amount = f.some_money("amount", m.amount.as_ref());
    f.finish(|| {
        let cost_id = cost_id?;
        Some(Addressed {
            id: cost_id.to_string(),
            command: Command::Record(FixedCostRecorded {
                cost_id,
                name: name?,
                from_on: from_on?,
                to_on: to_on?,
                amount: amount?,
            }),
        })
    })
}
