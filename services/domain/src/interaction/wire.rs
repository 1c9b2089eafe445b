//! Messages about an interaction.

use event_schemas::interaction::{Channel, InteractionLogged};
use event_schemas::vocabulary::InteractionId;
use proto::commands::InteractionCommand as Message;
use proto::v1;

use super::{Command, Interaction};
use crate::wire::Fields;
use crate::{Addressed, InvalidCommand};

/// Reads a command about an interaction.
pub fn parse(message: Message) -> Result<Addressed<Interaction>, InvalidCommand> {
    let Message::LogInteraction(m) = message;
    let mut f = Fields::default();
    let id: Option<InteractionId> = f.id("interaction_id", &m.interaction_id);
    let customer_id = f.id("customer_id", &m.customer_id);
    let contact_ids = f.ids("contact_ids", &m.contact_ids);
    let rep_id = f.optional_id("rep_id", &m.rep_id);
    let channel = channel(&mut f, m.channel);
    let note = f.note("note", &m.note);
    let quote_ids = f.ids("quote_ids", &m.quote_ids);
    let document_ids = f.ids("document_ids", &m.document_ids);
    let task_id = f.optional_id("task_id", &m.task_id);
    f.finish(|| {
        let interaction_id = id?;
        Some(Addressed {
            id: interaction_id.to_string(),
            command: Command::Log(Box::new(InteractionLogged {
                interaction_id,
                customer_id: customer_id?,
                contact_ids,
                rep_id,
                channel: channel?,
                note,
                quote_ids,
                document_ids,
                task_id,
            })),
        })
    })
}

fn channel(f: &mut Fields, value: i32) -> Option<Channel> {
    match v1::InteractionChannel::try_from(value) {
        Ok(v1::InteractionChannel::Call) => Some(Channel::Call),
        Ok(v1::InteractionChannel::Email) => Some(Channel::Email),
        Ok(v1::InteractionChannel::Meeting) => Some(Channel::Meeting),
        Ok(v1::InteractionChannel::Chat) => Some(Channel::Chat),
        Ok(v1::InteractionChannel::Visit) => Some(Channel::Visit),
        Ok(v1::InteractionChannel::Other) => Some(Channel::Other),
        Ok(v1::InteractionChannel::Unspecified) => {
            f.wrong("channel", "is missing");
            None
        }
        Err(_) => {
            f.wrong("channel", "is not a channel");
            None
        }
    }
}
