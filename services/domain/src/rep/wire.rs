//! Messages about a rep.

use event_schemas::rep::RepRegistered;
use event_schemas::vocabulary::{RepId, TeamId};
use proto::commands::RepCommand as Message;

use super::{Command, Rep};
use crate::wire::{Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a rep.
pub fn parse(message: Message) -> Result<Addressed<Rep>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::RegisterRep(m) => &m.rep_id,
        Message::DeactivateRep(m) => &m.rep_id,
        Message::JoinTeam(m) => &m.rep_id,
        Message::LeaveTeam(m) => &m.rep_id,
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
    })
}
