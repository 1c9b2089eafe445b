//! Messages about a commission plan.

use event_schemas::commission_plan::ParticipantEnrolled;
use event_schemas::vocabulary::CommissionPlanId;
use proto::commands::CommissionPlanCommand as Message;

use super::{Command, CommissionPlan, Publication, terms};
use crate::wire::Fields;
use crate::{Addressed, InvalidCommand};

/// Reads a command about a commission plan.
pub fn parse(message: Message) -> Result<Addressed<CommissionPlan>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::PublishCommissionPlan(m) => &m.commission_plan_id,
        Message::EnrollParticipant(m) => &m.commission_plan_id,
        Message::WithdrawParticipant(m) => &m.commission_plan_id,
    };
    let id: Option<CommissionPlanId> = f.id("commission_plan_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&CommissionPlanId>) -> Option<Command> {
    Some(match message {
        Message::PublishCommissionPlan(m) => {
            let effective_from = f.some_date("effective_from", &m.effective_from);
            if m.terms.is_none() {
                f.wrong("terms", "is missing");
            }
            let terms = terms::terms(f, &m.terms?);
            Command::Publish(Box::new(Publication {
                plan_id: id?.clone(),
                effective_from: effective_from?,
                terms: terms?,
            }))
        }
        Message::EnrollParticipant(m) => {
            let rep_id = f.id("rep_id", &m.rep_id);
            let from_on = f.some_date("from_on", &m.from_on);
            let to_on = f.date("to_on", &m.to_on);
            Command::Enroll(ParticipantEnrolled {
                rep_id: rep_id?,
                from_on: from_on?,
                to_on,
            })
        }
        Message::WithdrawParticipant(m) => {
            let rep_id = f.id("rep_id", &m.rep_id);
            let to_on = f.some_date("to_on", &m.to_on);
            Command::Withdraw {
                rep_id: rep_id?,
                to_on: to_on?,
            }
        }
    })
}
