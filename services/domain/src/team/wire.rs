//! Messages about a team.

use event_schemas::team::TeamFormed;
use event_schemas::vocabulary::{RepId, TeamId};
use proto::commands::TeamCommand as Message;

use super::{Command, Team};
use crate::wire::{CODE_MAX, Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a team.
pub fn parse(message: Message) -> Result<Addressed<Team>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::FormTeam(m) => &m.team_id,
        Message::AppointManager(m) => &m.team_id,
        Message::MoveRegion(m) => &m.team_id,
    };
    let id: Option<TeamId> = f.id("team_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&TeamId>) -> Option<Command> {
    Some(match message {
        Message::FormTeam(m) => {
            let name = f.text("name", &m.name, NAME_MAX);
            let region = f.line("region", &m.region, CODE_MAX);
            let manager_id = f.optional_id("manager_id", &m.manager_id);
            Command::Form(TeamFormed {
                team_id: id?.clone(),
                name: name?,
                region,
                manager_id,
            })
        }
        Message::AppointManager(m) => {
            let manager_id: Option<RepId> = f.id("manager_id", &m.manager_id);
            let from_at = f.instant("from", m.from.as_ref());
            Command::AppointManager {
                manager_id: manager_id?,
                from_at,
            }
        }
        Message::MoveRegion(m) => {
            let region = f.text("region", &m.region, CODE_MAX);
            let from_at = f.instant("from", m.from.as_ref());
            Command::MoveRegion {
                region: region?,
                from_at,
            }
        }
    })
}
