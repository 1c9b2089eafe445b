//! Messages about a ticket.

use event_schemas::ticket::{TicketOpened, TicketPriority};
use event_schemas::vocabulary::TicketId;
use proto::commands::TicketCommand as Message;
use proto::v1;

use super::{Command, Ticket};
use crate::wire::{Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a ticket.
pub fn parse(message: Message) -> Result<Addressed<Ticket>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::OpenTicket(m) => &m.ticket_id,
        Message::AnswerTicket(m) => &m.ticket_id,
        Message::EscalateTicket(m) => &m.ticket_id,
        Message::CloseTicket(m) => &m.ticket_id,
        Message::ReopenTicket(m) => &m.ticket_id,
        Message::RateTicket(m) => &m.ticket_id,
    };
    let id: Option<TicketId> = f.id("ticket_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&TicketId>) -> Option<Command> {
    Some(match message {
        Message::OpenTicket(m) => {
            let customer_id = f.id("customer_id", &m.customer_id);
            let contact_id = f.optional_id("contact_id", &m.contact_id);
            let subject = f.line("subject", &m.subject, NAME_MAX);
            let priority = priority(f, m.priority);
            Command::Open(Box::new(TicketOpened {
                ticket_id: id?.clone(),
                customer_id: customer_id?,
                contact_id,
                subject,
                priority: priority?,
            }))
        }
        Message::AnswerTicket(_) => Command::Answer,
        Message::EscalateTicket(m) => Command::Escalate {
            reason: f.note("reason", &m.reason),
        },
        Message::CloseTicket(m) => Command::Close {
            resolution: f.note("resolution", &m.resolution),
        },
        Message::ReopenTicket(m) => Command::Reopen {
            reason: f.note("reason", &m.reason),
        },
        Message::RateTicket(m) => Command::Rate {
            satisfaction: f.grade("satisfaction", m.satisfaction, 1..=5)?,
        },
    })
}

fn priority(f: &mut Fields, value: i32) -> Option<TicketPriority> {
    match v1::TicketPriority::try_from(value) {
        Ok(v1::TicketPriority::Low) => Some(TicketPriority::Low),
        Ok(v1::TicketPriority::Medium) => Some(TicketPriority::Medium),
        Ok(v1::TicketPriority::High) => Some(TicketPriority::High),
        Ok(v1::TicketPriority::Urgent) => Some(TicketPriority::Urgent),
        Ok(v1::TicketPriority::Unspecified) => {
            f.wrong("priority", "is missing");
            None
        }
        Err(_) => {
            f.wrong("priority", "is not a priority");
            None
        }
    }
}
