//! Messages about a product.

use event_schemas::product::ProductRegistered;
use event_schemas::vocabulary::ProductId;
use proto::commands::ProductCommand as Message;

use super::{Command, Product};
use crate::wire::{CODE_MAX, Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a product.
pub fn parse(message: Message) -> Result<Addressed<Product>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::RegisterProduct(m) => &m.product_id,
        Message::ChangeListPrice(m) => &m.product_id,
        Message::RetireProduct(m) => &m.product_id,
    };
    let id: Option<ProductId> = f.id("product_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&ProductId>) -> Option<Command> {
    Some(match message {
        Message::RegisterProduct(m) => {
            let name = f.text("name", &m.name, NAME_MAX);
            let category = f.line("category", &m.category, CODE_MAX);
            let list_price = f.money("list_price", m.list_price.as_ref());
            Command::Register(ProductRegistered {
                product_id: id?.clone(),
                name: name?,
                category,
                list_price,
            })
        }
        Message::ChangeListPrice(m) => Command::ChangeListPrice {
            list_price: f.some_money("list_price", m.list_price.as_ref())?,
        },
        Message::RetireProduct(m) => Command::Retire {
            reason: f.line("reason", &m.reason, NAME_MAX),
        },
    })
}
