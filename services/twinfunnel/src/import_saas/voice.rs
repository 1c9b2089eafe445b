//! Tickets: opened, answered, escalated, closed and rated. Pure.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use proto::v1;
use proto::v1::command::Kind;

use super::dirt::{Dirt, Oddity};
use super::mapping::{Catalog, Dated, midnight, some_day};
use super::read::Ticket;
use crate::export::Row;

/// What a ticket comes to, in order. When it was escalated the export does not say: at its opening.
pub(super) fn ticket(
    Row { origin, cells }: &Row<Ticket>,
    catalog: &Catalog<'_>,
    dirt: &mut Dirt,
) -> Result<Vec<Dated>, String> {
    let opened_on = some_day("submitted_at", &cells.submitted_at)?;
    let opened_at = midnight(opened_on);
    let signed_up_on = catalog.signed_up_on(&cells.account_id)?;
    let priority = match cells.priority.as_str() {
        "low" => v1::TicketPriority::Low,
        "medium" => v1::TicketPriority::Medium,
        "high" => v1::TicketPriority::High,
        "urgent" => v1::TicketPriority::Urgent,
        other => return Err(format!("unknown priority {other:?}")),
    };
    let minutes = &cells.first_response_time_minutes;
    let answered_at = match minutes.parse::<u32>() {
        Ok(minutes) => opened_at + TimeDelta::minutes(minutes.into()),
        Err(_) => return Err(format!("first_response_time_minutes {minutes:?} is none")),
    };
    let closed_at = instant("closed_at", &cells.closed_at)?;
    if closed_at.is_some_and(|closed_at| closed_at < opened_at) {
        return Err("was closed before it was submitted".to_owned());
    }
    let satisfaction = stars(&cells.satisfaction_score)?;
    let is_escalated = match cells.escalation_flag.as_str() {
        "True" => true,
        "False" => false,
        other => {
            return Err(format!(
                "escalation_flag {other:?} is neither True nor False"
            ));
        }
    };
    if opened_on < signed_up_on {
        dirt.note(Oddity::TicketBeforeCustomer, origin);
    }
    if closed_at.is_some_and(|closed_at| closed_at < answered_at) {
        dirt.note(Oddity::AnsweredAfterClosing, origin);
    }
    if closed_at.is_some() && satisfaction.is_none() {
        dirt.note(Oddity::NotRated, origin);
    }

    let ticket_id = || cells.ticket_id.clone();
    let open = v1::OpenTicket {
        ticket_id: ticket_id(),
        customer_id: cells.account_id.clone(),
        priority: priority.into(),
        ..v1::OpenTicket::default()
    };
    let answer = v1::AnswerTicket {
        ticket_id: ticket_id(),
    };
    let escalate = is_escalated.then(|| {
        let escalate = v1::EscalateTicket {
            ticket_id: ticket_id(),
            ..v1::EscalateTicket::default()
        };
        (opened_at, "escalate_ticket", Kind::EscalateTicket(escalate))
    });
    let close = closed_at.map(|closed_at| {
        let close = v1::CloseTicket {
            ticket_id: ticket_id(),
            ..v1::CloseTicket::default()
        };
        (closed_at, "close_ticket", Kind::CloseTicket(close))
    });
    let rate = satisfaction.map(|satisfaction| {
        let rate = v1::RateTicket {
            ticket_id: ticket_id(),
            satisfaction,
        };
        let rated_at = closed_at.unwrap_or(answered_at);
        (rated_at, "rate_ticket", Kind::RateTicket(rate))
    });
    let opened = (opened_at, "open_ticket", Kind::OpenTicket(open));
    let answered = (answered_at, "answer_ticket", Kind::AnswerTicket(answer));
    let story = [Some(opened), escalate, Some(answered), close, rate];
    let dated = |(at, kind_name, kind)| Dated {
        at,
        origin: origin.clone(),
        kind_name,
        id: ticket_id(),
        kind,
    };
    Ok(story.into_iter().flatten().map(dated).collect())
}

/// An instant in a cell, UTC; none if it is empty.
fn instant(column: &str, text: &str) -> Result<Option<DateTime<Utc>>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
    at.map(|at| Some(at.and_utc()))
        .map_err(|_| format!("{column} {text:?} is no instant such as 2024-12-31 19:00:00"))
}

/// Stars, which the export writes as 4.0; none if nobody said.
fn stars(text: &str) -> Result<Option<u32>, String> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    match (text, whole.parse::<u32>()) {
        ("", _) => Ok(None),
        (_, Ok(stars @ 1..=5)) => Ok(Some(stars)),
        _ => Err(format!("satisfaction_score {text:?} is not 1 to 5")),
    }
}
