//! What a customer says: tickets, answers to surveys, interactions.

use event_schemas::interaction::InteractionEvent;
use event_schemas::survey::SurveyEvent;
use event_schemas::ticket::{TicketEvent, TicketPriority};
use event_schemas::vocabulary::{ContactId, RepId, StreamName};

use super::{line, micros, row, touch, version};
use crate::customer_success::Event;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static TICKET: Table = Table {
    name: "ticket",
    key: &["ticket_id"],
    columns: &[
        "customer_id",
        "contact_id",
        "subject",
        "priority",
        "opened_at",
        "answered_at",
        "closed_at",
        "satisfaction",
    ],
};
static TICKET_STAY: Table = Table {
    name: "ticket_stay",
    key: &["ticket_id", "seq"],
    columns: &[
        "customer_id",
        "opened_at",
        "opened_version",
        "escalated_at",
        "escalated_version",
        "closed_at",
    ],
};
static SURVEY_ANSWER: Table = Table {
    name: "survey_answer",
    key: &["survey_answer_id"],
    columns: &[
        "customer_id",
        "contact_id",
        "answered_at",
        "score",
        "comment",
    ],
};
static INTERACTION: Table = Table {
    name: "interaction",
    key: &["interaction_id"],
    columns: &["customer_id", "held_at", "channel", "rep_id", "note"],
};

/// A time that a ticket was open.
struct Stay {
    opened: (i64, u64),
    escalated: Option<(i64, u64)>,
    closed_at: Option<i64>,
}

pub(super) fn ticket(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let opened = history.iter().find_map(|fact| match fact.event {
        Event::Ticket(TicketEvent::TicketOpened(event)) => Some((event, fact.occurred_at)),
        _ => None,
    });
    let Some((opened, opened_at)) = opened else {
        return;
    };
    let (mut answered_at, mut satisfaction) = (None, None);
    let mut stays: Vec<Stay> = Vec::new();
    for fact in history {
        let Event::Ticket(event) = fact.event else {
            continue;
        };
        let seen = (micros(fact.occurred_at), fact.version);
        let open = stays.last_mut().filter(|stay| stay.closed_at.is_none());
        match event {
            TicketEvent::TicketOpened(_) | TicketEvent::TicketReopened(_) => {
                if open.is_none() {
                    stays.push(Stay {
                        opened: seen,
                        escalated: None,
                        closed_at: None,
                    });
                }
            }
            TicketEvent::TicketAnswered(_) => answered_at = answered_at.or(Some(seen.0)),
            TicketEvent::TicketEscalated(_) => {
                if let Some(stay) = open {
                    stay.escalated = stay.escalated.or(Some(seen));
                }
            }
            TicketEvent::TicketClosed(_) => {
                if let Some(stay) = open {
                    stay.closed_at = Some(seen.0);
                }
            }
            TicketEvent::TicketRated(event) => satisfaction = Some(i64::from(event.satisfaction)),
        }
    }
    let customer_id = opened.customer_id.as_str();
    rows.push(row(
        &TICKET,
        [
            stream.id().into(),
            customer_id.into(),
            opened.contact_id.as_ref().map(ContactId::as_str).into(),
            opened.subject.as_deref().into(),
            priority(opened.priority).into(),
            micros(opened_at).into(),
            answered_at.into(),
            stays.last().and_then(|stay| stay.closed_at).into(),
            satisfaction.into(),
        ],
    ));
    for (seq, stay) in (0i64..).zip(&stays) {
        let escalated = stay.escalated;
        rows.push(row(
            &TICKET_STAY,
            [
                stream.id().into(),
                seq.into(),
                customer_id.into(),
                stay.opened.0.into(),
                version(stay.opened.1),
                escalated.map(|(at, _)| at).into(),
                escalated.map_or(Value::Int(None), |(_, of)| version(of)),
                stay.closed_at.into(),
            ],
        ));
    }
    line::lines(customer_id, stream, history, rows);
}

pub(super) fn priority(priority: TicketPriority) -> &'static str {
    match priority {
        TicketPriority::Low => "LOW",
        TicketPriority::Medium => "MEDIUM",
        TicketPriority::High => "HIGH",
        TicketPriority::Urgent => "URGENT",
    }
}

/// An answer to a survey, or an interaction: one event each.
pub(super) fn rows(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let Some(fact) = history.first() else {
        return;
    };
    let at = micros(fact.occurred_at);
    let customer_id = match fact.event {
        Event::Survey(SurveyEvent::SurveyAnswered(event)) => {
            let values = [
                stream.id().into(),
                event.customer_id.as_str().into(),
                event.contact_id.as_ref().map(ContactId::as_str).into(),
                at.into(),
                i64::from(event.score).into(),
                event.comment.as_deref().into(),
            ];
            rows.push(row(&SURVEY_ANSWER, values));
            &event.customer_id
        }
        Event::Interaction(InteractionEvent::InteractionLogged(event)) => {
            let values = [
                stream.id().into(),
                event.customer_id.as_str().into(),
                at.into(),
                event.channel.as_str().into(),
                event.rep_id.as_ref().map(RepId::as_str).into(),
                event.note.as_deref().into(),
            ];
            rows.push(row(&INTERACTION, values));
            &event.customer_id
        }
        _ => return,
    };
    rows.push(touch(customer_id.as_str(), stream, fact));
    line::lines(customer_id.as_str(), stream, history, rows);
}
