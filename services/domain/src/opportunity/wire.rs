//! Messages about an opportunity.

use event_schemas::opportunity::{
    ActivityKind, ActivityLogged, OpportunityKind, OpportunityRegistered,
};
use event_schemas::vocabulary::{OpportunityId, StageId};
use proto::commands::OpportunityCommand as Message;
use proto::v1;

use super::{Command, Opportunity, Registration};
use crate::wire::{CODE_MAX, Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about an opportunity.
pub fn parse(message: Message) -> Result<Addressed<Opportunity>, InvalidCommand> {
    let mut f = Fields::default();
    let id: Option<OpportunityId> = f.id("opportunity_id", address(&message));
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

/// Which opportunity a message is for.
fn address(message: &Message) -> &str {
    match message {
        Message::RegisterOpportunity(m) => &m.opportunity_id,
        Message::AssignLead(m) => &m.opportunity_id,
        Message::AdvanceStage(m) => &m.opportunity_id,
        Message::StepBack(m) => &m.opportunity_id,
        Message::CompleteChecklistItem(m) => &m.opportunity_id,
        Message::LogActivity(m) => &m.opportunity_id,
        Message::ChangeAmount(m) => &m.opportunity_id,
        Message::ChangeExpectedClose(m) => &m.opportunity_id,
        Message::ChangeProducts(m) => &m.opportunity_id,
        Message::IdentifyCustomer(m) => &m.opportunity_id,
        Message::WinOpportunity(m) => &m.opportunity_id,
        Message::LoseOpportunity(m) => &m.opportunity_id,
        Message::ReopenOpportunity(m) => &m.opportunity_id,
    }
}

fn command(f: &mut Fields, message: Message, id: Option<&OpportunityId>) -> Option<Command> {
    Some(match message {
        Message::RegisterOpportunity(m) => Command::Register(register(f, &m, id)?),
        Message::AssignLead(m) => {
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::Assign {
                rep_id: f.id("rep_id", &m.rep_id)?,
                reason,
            }
        }
        Message::AdvanceStage(m) => {
            let note = f.note("note", &m.note);
            Command::AdvanceStage {
                to: f.id("to_stage_id", &m.to_stage_id)?,
                note,
            }
        }
        Message::StepBack(m) => {
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::StepBack {
                to: f.id("to_stage_id", &m.to_stage_id)?,
                reason,
            }
        }
        Message::CompleteChecklistItem(m) => Command::CompleteChecklistItem {
            item_id: f.id("item_id", &m.item_id)?,
        },
        Message::LogActivity(m) => Command::LogActivity(activity(f, &m)?),
        Message::ChangeAmount(m) => Command::ChangeAmount {
            amount: f.some_money("amount", m.amount.as_ref())?,
        },
        Message::ChangeExpectedClose(m) => {
            let expected_close_on = f.some_date("expected_close_on", &m.expected_close_on)?;
            Command::ChangeExpectedClose { expected_close_on }
        }
        Message::ChangeProducts(m) => Command::ChangeProducts {
            product_ids: f.ids("product_ids", &m.product_ids),
        },
        Message::IdentifyCustomer(m) => Command::IdentifyCustomer {
            customer_id: f.id("customer_id", &m.customer_id)?,
        },
        Message::WinOpportunity(m) => Command::Win {
            amount: f.money("amount", m.amount.as_ref()),
            contract_id: None,
        },
        Message::LoseOpportunity(m) => {
            let reason = f.text("reason", &m.reason, CODE_MAX);
            let note = f.note("note", &m.note);
            let competitor = f.line("competitor", &m.competitor, NAME_MAX);
            Command::Lose {
                reason: reason?,
                note,
                competitor,
            }
        }
        Message::ReopenOpportunity(m) => {
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::Reopen {
                stage_id: f.optional_id("stage_id", &m.stage_id),
                reason,
            }
        }
    })
}

fn register(
    f: &mut Fields,
    m: &v1::RegisterOpportunity,
    id: Option<&OpportunityId>,
) -> Option<Registration> {
    let kind = match m.kind() {
        v1::OpportunityKind::Unspecified | v1::OpportunityKind::New => OpportunityKind::New,
        v1::OpportunityKind::Renewal => OpportunityKind::Renewal,
        v1::OpportunityKind::Expansion => OpportunityKind::Expansion,
    };
    if v1::OpportunityKind::try_from(m.kind).is_err() {
        f.wrong("kind", "is not a kind of opportunity");
    }
    let name = f.text("name", &m.name, NAME_MAX);
    let sales_process_id = f.id("sales_process_id", &m.sales_process_id);
    let stage_id: Option<StageId> = f.optional_id("stage_id", &m.stage_id);
    let rep_id = f.optional_id("rep_id", &m.rep_id);
    let customer_id = f.optional_id("customer_id", &m.customer_id);
    let product_ids = f.ids("product_ids", &m.product_ids);
    let amount = f.money("amount", m.amount.as_ref());
    let expected_close_on = f.date("expected_close_on", &m.expected_close_on);
    let source = f.line("source", &m.source, CODE_MAX);
    let email = f.email("email", &m.email);
    let phone = f.phone("phone", &m.phone);
    let external_id = f.external_id("external_id", m.external_id.as_ref());
    let facts = OpportunityRegistered {
        opportunity_id: id?.clone(),
        name: name?,
        kind,
        sales_process_id: sales_process_id?,
        // Takes its place once the process has been asked for its first stage.
        stage_id: stage_id.clone().or_else(|| StageId::new("first").ok())?,
        rep_id,
        customer_id,
        product_ids,
        amount,
        expected_close_on,
        source,
        email,
        phone,
        external_id,
    };
    Some(Registration { stage_id, facts })
}

fn activity(f: &mut Fields, m: &v1::LogActivity) -> Option<ActivityLogged> {
    let kind = match v1::ActivityKind::try_from(m.kind) {
        Ok(v1::ActivityKind::Call) => Some(ActivityKind::Call),
        Ok(v1::ActivityKind::Email) => Some(ActivityKind::Email),
        Ok(v1::ActivityKind::Meeting) => Some(ActivityKind::Meeting),
        Ok(v1::ActivityKind::Demo) => Some(ActivityKind::Demo),
        Ok(v1::ActivityKind::Proposal) => Some(ActivityKind::Proposal),
        Ok(v1::ActivityKind::Other) => Some(ActivityKind::Other),
        Ok(v1::ActivityKind::Unspecified) | Err(_) => {
            f.wrong("kind", "is not a kind of activity");
            None
        }
    };
    let activity_id = f.id("activity_id", &m.activity_id);
    let subject = f.text("subject", &m.subject, NAME_MAX);
    let note = f.note("note", &m.note);
    let contact_id = f.optional_id("contact_id", &m.contact_id);
    Some(ActivityLogged {
        activity_id: activity_id?,
        kind: kind?,
        subject: subject?,
        note,
        duration_minutes: (m.duration_minutes > 0).then_some(m.duration_minutes),
        contact_id,
    })
}
