//! A team: reps under one manager, in one region. Both may change at an instant.

#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use event_schemas::team::{ManagerAppointed, RegionMoved, TeamEvent, TeamFormed};
use event_schemas::vocabulary::{RepId, TeamId};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, Told};

pub use wire::parse;

/// A team, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Team {
    /// Nobody has formed it.
    #[default]
    Unformed,
    /// It is there.
    Formed {
        /// As it was formed.
        formed: TeamFormed,
        /// Managers since, by the instant from which on: what was told of it, and when.
        managers: From<RepId>,
        /// Regions since, by the instant from which on: what was told of it, and when.
        regions: From<String>,
    },
}

type From<T> = BTreeMap<DateTime<Utc>, Told<T>>;

/// What a team can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Form(TeamFormed),
    AppointManager {
        manager_id: RepId,
        from_at: Option<DateTime<Utc>>,
    },
    MoveRegion {
        region: String,
        from_at: Option<DateTime<Utc>>,
    },
}

/// Rules of a team.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A team is formed once.
    #[error("team {team_id} is formed already")]
    AlreadyFormed { team_id: TeamId },
    /// Only what is formed can be changed.
    #[error("there is no such team")]
    NotFormed,
    /// A manager is a rep who is registered.
    #[error("there is no rep {manager_id}")]
    UnknownManager { manager_id: RepId },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyFormed { .. } => RefusalKind::AlreadyExists,
            Self::NotFormed | Self::UnknownManager { .. } => RefusalKind::NotFound,
        }
    }
}

type Decided = Result<Vec<TeamEvent>, Broken>;

impl Team {
    /// Whether it exists.
    pub fn is_formed(&self) -> bool {
        matches!(self, Self::Formed { .. })
    }

    fn form(&self, new: TeamFormed, reads: &Reads) -> Decided {
        match self {
            Self::Formed { formed, .. } if *formed == new => Ok(vec![]),
            Self::Formed { .. } => Err(Broken::AlreadyFormed {
                team_id: new.team_id,
            }),
            Self::Unformed => {
                new.manager_id
                    .as_ref()
                    .map_or(Ok(()), |id| check_manager(id, reads))?;
                Ok(vec![new.into()])
            }
        }
    }

    fn appoint(&self, manager_id: RepId, from_at: DateTime<Utc>, reads: &Reads) -> Decided {
        let Self::Formed { managers, .. } = self else {
            return Err(Broken::NotFormed);
        };
        let told = managers.get(&from_at);
        if told.and_then(|told| told.at(reads.occurred_at)) == Some(&manager_id) {
            return Ok(vec![]);
        }
        check_manager(&manager_id, reads)?;
        Ok(vec![
            ManagerAppointed {
                manager_id,
                from_at,
            }
            .into(),
        ])
    }

    fn move_region(&self, region: String, from_at: DateTime<Utc>, reads: &Reads) -> Decided {
        let Self::Formed { regions, .. } = self else {
            return Err(Broken::NotFormed);
        };
        let told = regions.get(&from_at);
        if told.and_then(|told| told.at(reads.occurred_at)) == Some(&region) {
            return Ok(vec![]);
        }
        Ok(vec![RegionMoved { region, from_at }.into()])
    }
}

fn check_manager(manager_id: &RepId, reads: &Reads) -> Result<(), Broken> {
    match reads.rep(manager_id.as_str()) {
        Some(rep) if rep.is_registered() => Ok(()),
        _ => Err(Broken::UnknownManager {
            manager_id: manager_id.clone(),
        }),
    }
}

impl Decider for Team {
    type Command = Command;
    type Event = TeamEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let manager = match command {
            Command::Form(new) => new.manager_id.as_ref(),
            Command::AppointManager { manager_id, .. } => Some(manager_id),
            Command::MoveRegion { .. } => None,
        };
        manager
            .map(|id| Reference::Rep(id.to_string()))
            .into_iter()
            .collect()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        let at = |given: Option<DateTime<Utc>>| given.unwrap_or(reads.occurred_at);
        match command {
            Command::Form(new) => self.form(new, reads),
            Command::AppointManager {
                manager_id,
                from_at,
            } => self.appoint(manager_id, at(from_at), reads),
            Command::MoveRegion { region, from_at } => self.move_region(region, at(from_at), reads),
        }
    }

    fn evolve(&mut self, event: &TeamEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (TeamEvent::TeamFormed(e), this) => {
                let formed = e.clone();
                *this = Self::Formed {
                    formed,
                    managers: BTreeMap::new(),
                    regions: BTreeMap::new(),
                };
            }
            (TeamEvent::ManagerAppointed(e), Self::Formed { managers, .. }) => {
                let told = managers.entry(e.from_at).or_default();
                told.tell(occurred_at, e.manager_id.clone());
            }
            (TeamEvent::RegionMoved(e), Self::Formed { regions, .. }) => {
                let told = regions.entry(e.from_at).or_default();
                told.tell(occurred_at, e.region.clone());
            }
            (_, Self::Unformed) => {}
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let Self::Formed {
            managers, regions, ..
        } = self
        else {
            return None;
        };
        match command {
            Command::AppointManager { from_at, .. } => managers.get(from_at.as_ref()?)?.latest_at(),
            Command::MoveRegion { from_at, .. } => regions.get(from_at.as_ref()?)?.latest_at(),
            Command::Form(_) => None,
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Form(_))
    }
}
