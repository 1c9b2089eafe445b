//! Messages about a rep.

use event_schemas::rep::{QuotaSet, RepRegistered};
use event_schemas::vocabulary::{BasisPoints, RepId, TeamId};
use proto::commands::RepCommand as Message;

use super::{Command, Rep};
use crate::wire::{CODE_MAX, Fields, LIST_MAX, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a rep.
pub fn parse(message: Message) -> Result<Addressed<Rep>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::RegisterRep(m) => &m.rep_id,
        Message::DeactivateRep(m) => &m.rep_id,
        Message::JoinTeam(m) => &m.rep_id,
        Message::LeaveTeam(m) => &m.rep_id,
        Message::SetQuota(m) => &m.rep_id,
        Message::AssignTerritory(m) => &m.rep_id,
    };
    let id: Option<RepId> = f.id("rep_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&RepId>) -> Option<Command> {
    Some(match message {
        Message::RegisterRep(m) => {
            let name = f.text("name", &m.name, NAME_MAX);
            let email = f.email("email", &m.email);
            Command::Register(RepRegistered {
                rep_id: id?.clone(),
                name: name?,
                email,
            })
        }
        Message::DeactivateRep(m) => Command::Deactivate {
            reason: f.line("reason", &m.reason, NAME_MAX),
        },
        Message::JoinTeam(m) => {
            let team_id: Option<TeamId> = f.id("team_id", &m.team_id);
            let from_at = f.instant("from", m.from.as_ref());
            let to_at = f.instant("to", m.to.as_ref());
            Command::JoinTeam {
                team_id: team_id?,
                from_at,
                to_at,
            }
        }
        Message::LeaveTeam(m) => Command::LeaveTeam {
            at: f.instant("at", m.at.as_ref()),
        },
        Message::SetQuota(m) => {
            let from_on = f.some_date("from_on", &m.from_on);
            let to_on = f.some_date("to_on", &m.to_on);
            let amount = f.some_money("amount", m.amount.as_ref());
            let weights = m.weights_basis_points;
            f.fits("weights_basis_points", weights.len(), LIST_MAX);
            for (at, weight) in weights.iter().enumerate().take(LIST_MAX) {
                if *weight > BasisPoints::WHOLE.0 {
                    let field = format!("weights_basis_points[{at}]");
                    f.wrong(&field, "is more than 10000");
                }
            }
            Command::SetQuota(QuotaSet {
                from_on: from_on?,
                to_on: to_on?,
                amount: amount?,
                weights: weights.into_iter().map(BasisPoints).collect(),
            })
        }
        Message::AssignTerritory(m) => {
            let territory = f.text("territory", &m.territory, CODE_MAX);
            let from_at = f.instant("from", m.from.as_ref());
            let to_at = f.instant("to", m.to.as_ref());
            Command::AssignTerritory {
                territory: territory?,
                from_at,
                to_at,
            }
        }
    })
}
