//! Messages about a playbook.

use event_schemas::playbook::{Anchor, Guide, Offset, OwnerRole, Plays, Step};
use event_schemas::vocabulary::{Cause, PlaybookId};
use proto::commands::PlaybookCommand as Message;
use proto::v1;

use super::{Command, Playbook, Publication};
use crate::wire::{Fields, LIST_MAX, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Most months and days of an offset: a hundred years.
const MONTHS_MAX: i32 = 1_200;
const DAYS_MAX: i32 = 36_600;

/// Reads a command about a playbook.
pub fn parse(message: Message) -> Result<Addressed<Playbook>, InvalidCommand> {
    let Message::PublishPlaybook(m) = message;
    let mut f = Fields::default();
    let playbook_id: Option<PlaybookId> = f.id("playbook_id", &m.playbook_id);
    let name = f.text("name", &m.name, NAME_MAX);
    let effective_from = f.some_date("effective_from", &m.effective_from);
    if m.plays.is_none() {
        f.wrong("plays", "is missing");
    }
    let plays = m.plays.map(|m| plays(&mut f, &m));
    f.finish(|| {
        let playbook_id = playbook_id?;
        Some(Addressed {
            id: playbook_id.to_string(),
            command: Command::Publish(Box::new(Publication {
                playbook_id,
                name: name?,
                effective_from: effective_from?,
                plays: plays?,
            })),
        })
    })
}

fn plays(f: &mut Fields, m: &v1::Plays) -> Plays {
    let product_ids = f.ids("plays.product_ids", &m.product_ids);
    if m.steps.is_empty() && m.guides.is_empty() {
        f.wrong("plays.steps", "is missing");
    }
    let mut steps: Vec<Step> = Vec::new();
    if f.fits("plays.steps", m.steps.len(), LIST_MAX) {
        for (at, m) in m.steps.iter().enumerate() {
            let path = format!("plays.steps[{at}]");
            let Some(step) = step(f, &path, m) else {
                continue;
            };
            if steps.iter().any(|known| known.step_id == step.step_id) {
                f.wrong(&format!("{path}.step_id"), "is there twice");
            }
            steps.push(step);
        }
    }
    let mut guides: Vec<Guide> = Vec::new();
    if f.fits("plays.guides", m.guides.len(), LIST_MAX) {
        for (at, m) in m.guides.iter().enumerate() {
            let path = format!("plays.guides[{at}]");
            let Some(guide) = guide(f, &path, m) else {
                continue;
            };
            if guides.iter().any(|known| known.cause == guide.cause) {
                f.wrong(&format!("{path}.cause"), "is there twice");
            }
            guides.push(guide);
        }
    }
    Plays {
        product_ids,
        steps,
        guides,
        renewal_lead_days: f.days("plays.renewal_lead_days", m.renewal_lead_days),
    }
}

fn step(f: &mut Fields, path: &str, m: &v1::PlaybookStep) -> Option<Step> {
    let of = |field: &str| format!("{path}.{field}");
    let step_id = f.id(&of("step_id"), &m.step_id);
    let name = f.text(&of("name"), &m.name, NAME_MAX);
    let anchor = anchor(f, path, m);
    let due = offset(f, &of("due"), m.due);
    let every = m.every.map(|m| {
        let every = offset(f, &of("every"), Some(m));
        if every.months < 0 || every.days < 0 || every == Offset::default() {
            f.wrong(&of("every"), "does not go forward");
        }
        every
    });
    let owner = match v1::TaskOwnerRole::try_from(m.owner) {
        Ok(v1::TaskOwnerRole::Unspecified | v1::TaskOwnerRole::Csm) => Some(OwnerRole::Csm),
        Ok(v1::TaskOwnerRole::Rep) => Some(OwnerRole::Rep),
        Err(_) => {
            f.wrong(&of("owner"), "is not a role of an owner");
            None
        }
    };
    let checklist = f.task_items(&of("checklist"), &m.checklist);
    let document_ids = f.ids(&of("document_ids"), &m.document_ids);
    let escalate_after_days = f.days(&of("escalate_after_days"), m.escalate_after_days);
    let reaches = f.optional_id(&of("reaches_milestone_id"), &m.reaches_milestone_id);
    Some(Step {
        step_id: step_id?,
        name: name?,
        anchor: anchor?,
        due,
        every,
        owner: owner?,
        checklist,
        document_ids,
        escalate_after_days,
        reaches,
    })
}

fn anchor(f: &mut Fields, path: &str, m: &v1::PlaybookStep) -> Option<Anchor> {
    let field = format!("{path}.milestone_id");
    let anchor = match v1::PlaybookAnchor::try_from(m.anchor) {
        Ok(v1::PlaybookAnchor::HandOver) => Anchor::HandOver,
        Ok(v1::PlaybookAnchor::ContractStart) => Anchor::ContractStart,
        Ok(v1::PlaybookAnchor::ContractEnd) => Anchor::ContractEnd,
        Ok(v1::PlaybookAnchor::Milestone) => {
            let milestone_id = f.id(&field, &m.milestone_id)?;
            return Some(Anchor::Milestone { milestone_id });
        }
        Ok(v1::PlaybookAnchor::Unspecified) | Err(_) => {
            f.wrong(&format!("{path}.anchor"), "is not an anchor");
            return None;
        }
    };
    if !m.milestone_id.is_empty() {
        f.wrong(&field, "is for a step whose anchor is a milestone");
    }
    Some(anchor)
}

fn offset(f: &mut Fields, path: &str, m: Option<v1::CalendarOffset>) -> Offset {
    let v1::CalendarOffset { months, days } = m.unwrap_or_default();
    for (field, value, most) in [("months", months, MONTHS_MAX), ("days", days, DAYS_MAX)] {
        if !(-most..=most).contains(&value) {
            f.wrong(
                &format!("{path}.{field}"),
                format!("is not from {} to {most}", -most),
            );
        }
    }
    Offset { months, days }
}

fn guide(f: &mut Fields, path: &str, m: &v1::PlaybookGuide) -> Option<Guide> {
    let of = |field: &str| format!("{path}.{field}");
    let cause = match v1::AlarmCause::try_from(m.cause) {
        Ok(v1::AlarmCause::MetricBelowThreshold) => Some(Cause::MetricBelowThreshold),
        Ok(v1::AlarmCause::NpsDetractor) => Some(Cause::NpsDetractor),
        Ok(v1::AlarmCause::DecisionMakerDeparted) => Some(Cause::DecisionMakerDeparted),
        Ok(v1::AlarmCause::TicketEscalated) => Some(Cause::TicketEscalated),
        Ok(v1::AlarmCause::TicketOpenTooLong) => Some(Cause::TicketOpenTooLong),
        Ok(v1::AlarmCause::PaymentLate) => Some(Cause::PaymentLate),
        Ok(v1::AlarmCause::Unspecified) | Err(_) => {
            f.wrong(&of("cause"), "is not a cause");
            None
        }
    };
    let name = f.text(&of("name"), &m.name, NAME_MAX);
    let due_days = f.days(&of("due_days"), Some(m.due_days));
    let checklist = f.task_items(&of("checklist"), &m.checklist);
    let document_ids = f.ids(&of("document_ids"), &m.document_ids);
    let escalate_after_days = f.days(&of("escalate_after_days"), m.escalate_after_days);
    Some(Guide {
        cause: cause?,
        name: name?,
        due_days: due_days?,
        checklist,
        document_ids,
        escalate_after_days,
    })
}
