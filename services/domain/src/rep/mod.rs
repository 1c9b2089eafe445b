//! A rep: someone who sells, or leads those who do, and the teams they were in.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::rep::{
    QuotaSet, RepDeactivated, RepEvent, RepRegistered, TeamJoined, TeamLeft, TerritoryAssigned,
};
use event_schemas::vocabulary::{BasisPoints, RepId, TeamId};
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, ClaimChange};
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, Told};

pub use wire::parse;

/// A rep, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Rep {
    /// Nobody has recorded them.
    #[default]
    Unregistered,
    /// They are known.
    Known {
        /// As they were recorded.
        registered: RepRegistered,
        /// From when on they sell no more.
        inactive_from: Option<DateTime<Utc>>,
        /// The teams they were, are and will be in; no two at a time.
        memberships: Vec<Membership>,
        /// What they are to sell, by span: first day and the day after the last. No two overlap.
        quotas: Vec<((NaiveDate, NaiveDate), Told<QuotaSet>)>,
        /// The territories they were given.
        territories: Vec<TerritoryAssigned>,
    },
}

/// A time in a team, [from, to).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The team.
    pub team_id: TeamId,
    /// When it began.
    pub from_at: DateTime<Utc>,
    /// When it ends: what was told of it, and when.
    pub ends: Told<DateTime<Utc>>,
}

impl Membership {
    /// When it ends; open if absent.
    pub fn to_at(&self) -> Option<DateTime<Utc>> {
        self.ends.latest().copied()
    }

    fn holds_at(&self, at: DateTime<Utc>) -> bool {
        self.from_at <= at && self.to_at().is_none_or(|to_at| at < to_at)
    }

    fn overlaps(&self, other: &TeamJoined) -> bool {
        let is_before = self.to_at().is_some_and(|to_at| to_at <= other.from_at);
        let is_after = other.to_at.is_some_and(|to_at| to_at <= self.from_at);
        !is_before && !is_after
    }

    fn is(&self, other: &TeamJoined) -> bool {
        let (team_id, from_at) = (&self.team_id, self.from_at);
        (team_id, from_at, self.to_at()) == (&other.team_id, other.from_at, other.to_at)
    }
}

/// What a rep can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Register(RepRegistered),
    Deactivate {
        reason: Option<String>,
    },
    JoinTeam {
        team_id: TeamId,
        from_at: Option<DateTime<Utc>>,
        to_at: Option<DateTime<Utc>>,
    },
    LeaveTeam {
        at: Option<DateTime<Utc>>,
    },
    SetQuota(QuotaSet),
    AssignTerritory {
        territory: String,
        from_at: Option<DateTime<Utc>>,
        to_at: Option<DateTime<Utc>>,
    },
}

/// Rules of a rep.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A rep is registered once.
    #[error("rep {rep_id} is registered already")]
    AlreadyRegistered { rep_id: RepId },
    /// Only who is registered can be worked with.
    #[error("there is no such rep")]
    NotRegistered,
    /// Who sells no more joins no team, and is given no quota and no territory: from then on.
    #[error("the rep sells no more")]
    Inactive,
    /// A team is one that was formed.
    #[error("there is no team {team_id}")]
    UnknownTeam { team_id: TeamId },
    /// A rep is in one team at a time.
    #[error("the rep is in team {team_id} in that time")]
    OverlappingMembership { team_id: TeamId },
    /// A membership, a quota and a territory end after they begin.
    #[error("it ends after it begins")]
    EndsBeforeItBegins,
    /// Only who is in a team leaves it.
    #[error("the rep is in no team at that time")]
    NotAMember,
    /// A rep has one quota at a time.
    #[error("there is another quota from {from_on} to {to_on}")]
    OverlappingQuota {
        from_on: NaiveDate,
        to_on: NaiveDate,
    },
    /// The weights of a quota's parts make up the whole.
    #[error("the weights total {total_basis_points} basis points, not 10000")]
    WeightsNotWhole { total_basis_points: u32 },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyRegistered { .. } => RefusalKind::AlreadyExists,
            Self::NotRegistered | Self::UnknownTeam { .. } => RefusalKind::NotFound,
            Self::Inactive
            | Self::OverlappingMembership { .. }
            | Self::EndsBeforeItBegins
            | Self::NotAMember
            | Self::OverlappingQuota { .. }
            | Self::WeightsNotWhole { .. } => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<RepEvent>, Broken>;

impl Rep {
    /// Whether they exist.
    pub fn is_registered(&self) -> bool {
        !matches!(self, Self::Unregistered)
    }

    /// Whether they exist and sold at an instant: what comes late is judged by how things stood
    /// then.
    pub fn is_active_at(&self, at: DateTime<Utc>) -> bool {
        match self {
            Self::Unregistered => false,
            Self::Known { inactive_from, .. } => inactive_from.is_none_or(|from_at| at < from_at),
        }
    }

    /// Whether that is their e-mail address.
    pub(crate) fn is_reached_at(&self, email: &str) -> bool {
        match self {
            Self::Unregistered => false,
            Self::Known { registered, .. } => {
                let own = registered.email.as_deref();
                own.is_some_and(|own| own.eq_ignore_ascii_case(email))
            }
        }
    }

    fn memberships(&self) -> Result<&[Membership], Broken> {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { memberships, .. } => Ok(memberships),
        }
    }

    fn register(&self, new: RepRegistered) -> Decided {
        match self {
            Self::Unregistered => Ok(vec![new.into()]),
            Self::Known { registered, .. } if *registered == new => Ok(vec![]),
            Self::Known { .. } => Err(Broken::AlreadyRegistered { rep_id: new.rep_id }),
        }
    }

    fn deactivate(&self, reason: Option<String>, at: DateTime<Utc>) -> Decided {
        match self {
            Self::Unregistered => Err(Broken::NotRegistered),
            Self::Known { .. } if !self.is_active_at(at) => Ok(vec![]),
            Self::Known { .. } => Ok(vec![RepDeactivated { reason }.into()]),
        }
    }

    fn join_team(&self, new: TeamJoined, reads: &Reads) -> Decided {
        let memberships = self.memberships()?;
        if memberships.iter().any(|known| known.is(&new)) {
            return Ok(vec![]);
        }
        if !self.is_active_at(new.from_at) {
            return Err(Broken::Inactive);
        }
        if new.to_at.is_some_and(|to_at| to_at <= new.from_at) {
            return Err(Broken::EndsBeforeItBegins);
        }
        let team = reads.team(new.team_id.as_str());
        if !team.is_some_and(|team| team.is_formed()) {
            return Err(Broken::UnknownTeam {
                team_id: new.team_id,
            });
        }
        if let Some(other) = memberships.iter().find(|other| other.overlaps(&new)) {
            return Err(Broken::OverlappingMembership {
                team_id: other.team_id.clone(),
            });
        }
        Ok(vec![new.into()])
    }

    /// It is the membership that holds at the instant that ends. Where none holds, one that ends
    /// at the very instant has been left already.
    fn leave_team(&self, at: DateTime<Utc>, reads: &Reads) -> Decided {
        let memberships = self.memberships()?;
        let Some(held) = memberships.iter().find(|m| m.holds_at(at)) else {
            let left = memberships.iter().any(|m| m.to_at() == Some(at));
            return if left {
                Ok(vec![])
            } else {
                Err(Broken::NotAMember)
            };
        };
        if held.from_at == at {
            return Err(Broken::EndsBeforeItBegins);
        }
        // It was told before, and that it ends later than that was told since.
        if held.ends.at(reads.occurred_at) == Some(&at) {
            return Ok(vec![]);
        }
        let (team_id, from_at) = (held.team_id.clone(), held.from_at);
        Ok(vec![
            TeamLeft {
                team_id,
                from_at,
                to_at: at,
            }
            .into(),
        ])
    }
}

impl Rep {
    /// A rep has one quota at a time, and it is set for a span that ends.
    fn set_quota(&self, new: QuotaSet, at: DateTime<Utc>) -> Decided {
        let Self::Known { quotas, .. } = self else {
            return Err(Broken::NotRegistered);
        };
        let span = (new.from_on, new.to_on);
        let mut known = quotas.iter();
        if known.any(|(known, told)| *known == span && told.at(at) == Some(&new)) {
            return Ok(vec![]);
        }
        if !self.is_active_at(at) {
            return Err(Broken::Inactive);
        }
        if new.to_on <= new.from_on {
            return Err(Broken::EndsBeforeItBegins);
        }
        let total_basis_points = new.weights.iter().map(|weight| weight.0).sum();
        if !new.weights.is_empty() && total_basis_points != BasisPoints::WHOLE.0 {
            return Err(Broken::WeightsNotWhole { total_basis_points });
        }
        let overlaps = |(from_on, to_on): &(NaiveDate, NaiveDate)| {
            (*from_on, *to_on) != span && *from_on < new.to_on && new.from_on < *to_on
        };
        if let Some(((from_on, to_on), _)) = quotas.iter().find(|(known, _)| overlaps(known)) {
            let (from_on, to_on) = (*from_on, *to_on);
            return Err(Broken::OverlappingQuota { from_on, to_on });
        }
        Ok(vec![new.into()])
    }

    /// A territory is given to who sells when it begins.
    fn assign_territory(&self, new: TerritoryAssigned) -> Decided {
        let Self::Known { territories, .. } = self else {
            return Err(Broken::NotRegistered);
        };
        if territories.contains(&new) {
            return Ok(vec![]);
        }
        if !self.is_active_at(new.from_at) {
            return Err(Broken::Inactive);
        }
        if new.to_at.is_some_and(|to_at| to_at <= new.from_at) {
            return Err(Broken::EndsBeforeItBegins);
        }
        Ok(vec![new.into()])
    }
}

impl Decider for Rep {
    type Command = Command;
    type Event = RepEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        match command {
            Command::JoinTeam { team_id, .. } => vec![Reference::Team(team_id.to_string())],
            Command::Register(_)
            | Command::Deactivate { .. }
            | Command::LeaveTeam { .. }
            | Command::SetQuota(_)
            | Command::AssignTerritory { .. } => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        match command {
            Command::Register(new) => self.register(new),
            Command::Deactivate { reason } => self.deactivate(reason, reads.occurred_at),
            Command::JoinTeam {
                team_id,
                from_at,
                to_at,
            } => {
                let from_at = from_at.unwrap_or(reads.occurred_at);
                let new = TeamJoined {
                    team_id,
                    from_at,
                    to_at,
                };
                self.join_team(new, reads)
            }
            Command::LeaveTeam { at } => self.leave_team(at.unwrap_or(reads.occurred_at), reads),
            Command::SetQuota(new) => self.set_quota(new, reads.occurred_at),
            Command::AssignTerritory {
                territory,
                from_at,
                to_at,
            } => self.assign_territory(TerritoryAssigned {
                territory,
                from_at: from_at.unwrap_or(reads.occurred_at),
                to_at,
            }),
        }
    }

    fn evolve(&mut self, event: &RepEvent, occurred_at: DateTime<Utc>) {
        if let RepEvent::RepRegistered(e) = event {
            *self = Self::Known {
                registered: e.clone(),
                inactive_from: None,
                memberships: Vec::new(),
                quotas: Vec::new(),
                territories: Vec::new(),
            };
            return;
        }
        let Self::Known {
            inactive_from,
            memberships,
            quotas,
            territories,
            ..
        } = self
        else {
            return;
        };
        match event {
            RepEvent::RepRegistered(_) => {}
            RepEvent::RepDeactivated(_) => {
                let before = inactive_from.unwrap_or(occurred_at);
                *inactive_from = Some(before.min(occurred_at));
            }
            RepEvent::TeamJoined(e) => {
                let mut ends = Told::default();
                if let Some(to_at) = e.to_at {
                    ends.tell(occurred_at, to_at);
                }
                memberships.push(Membership {
                    team_id: e.team_id.clone(),
                    from_at: e.from_at,
                    ends,
                });
            }
            RepEvent::TeamLeft(e) => {
                for membership in memberships.iter_mut().filter(|m| m.from_at == e.from_at) {
                    membership.ends.tell(occurred_at, e.to_at);
                }
            }
            RepEvent::QuotaSet(e) => {
                let span = (e.from_on, e.to_on);
                match quotas.iter_mut().find(|(known, _)| *known == span) {
                    Some((_, told)) => told.tell(occurred_at, e.clone()),
                    None => {
                        let mut told = Told::default();
                        told.tell(occurred_at, e.clone());
                        quotas.push((span, told));
                    }
                }
            }
            RepEvent::TerritoryAssigned(e) => territories.push(e.clone()),
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        match (command, self) {
            (Command::SetQuota(new), Self::Known { quotas, .. }) => {
                let span = (new.from_on, new.to_on);
                let mut known = quotas.iter();
                let told = known.find(|(known, _)| *known == span);
                told.and_then(|(_, told)| told.latest_at())
            }
            _ => None,
        }
    }

    /// An e-mail address belongs to one rep.
    fn claims(&self, event: &RepEvent) -> Vec<ClaimChange> {
        let RepEvent::RepRegistered(registered) = event else {
            return Vec::new();
        };
        let email = registered.email.clone();
        let claim = email.map(|value| Claim {
            scope: "rep.email",
            value,
            personal: true,
        });
        claim.map(ClaimChange::Take).into_iter().collect()
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register(_))
    }
}
