//! Messages about a quote.

use event_schemas::vocabulary::QuoteId;
use proto::commands::QuoteCommand as Message;
use proto::v1;

use super::{Command, Draft, Quote};
use crate::lines::LineAsked;
use crate::wire::{Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a quote.
pub fn parse(message: Message) -> Result<Addressed<Quote>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::DraftQuote(m) => &m.quote_id,
        Message::ReviseQuote(m) => &m.quote_id,
        Message::ApproveDiscount(m) => &m.quote_id,
        Message::SendQuote(m) => &m.quote_id,
        Message::AcceptQuote(m) => &m.quote_id,
        Message::DeclineQuote(m) => &m.quote_id,
        Message::ExpireQuote(m) => &m.quote_id,
    };
    let id: Option<QuoteId> = f.id("quote_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&QuoteId>) -> Option<Command> {
    Some(match message {
        Message::DraftQuote(m) => {
            let opportunity_id = f.id("opportunity_id", &m.opportunity_id);
            let customer_id = f.optional_id("customer_id", &m.customer_id);
            let currency = f.currency("currency_code", &m.currency_code);
            let lines = lines(f, &m.lines);
            let valid_until = f.date("valid_until", &m.valid_until);
            Command::Draft(Draft {
                quote_id: id?.clone(),
                opportunity_id: opportunity_id?,
                customer_id,
                currency: currency?,
                lines,
                valid_until,
            })
        }
        Message::ReviseQuote(m) => Command::Revise {
            lines: lines(f, &m.lines),
            valid_until: f.date("valid_until", &m.valid_until),
        },
        Message::ApproveDiscount(_) => Command::ApproveDiscount,
        Message::SendQuote(_) => Command::Send,
        Message::AcceptQuote(_) => Command::Accept,
        Message::DeclineQuote(m) => Command::Decline {
            reason: f.line("reason", &m.reason, NAME_MAX),
        },
        Message::ExpireQuote(_) => Command::Expire,
    })
}

/// At least one line.
fn lines(f: &mut Fields, lines: &[v1::Line]) -> Vec<LineAsked> {
    if lines.is_empty() {
        f.wrong("lines", "is missing");
    }
    f.lines(lines, false)
}
