//! A commission plan: what it pays, version by version, and who takes part in it.
//!
//! Versions and participations bear their own days, so they hold as they were recorded, whenever they
//! are told to have occurred. Whether a version reaches back into periods whose statements are closed
//! is not asked here: what it changes there is an adjustment of the next open one.

mod terms;
#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_plan::{
    CommissionPlanEvent, CommissionPlanPublished, ParticipantEnrolled, ParticipantWithdrawn, Terms,
};
use event_schemas::vocabulary::{CommissionPlanId, Currency, RepId};
use figures::commission::check_successor;
use serde::{Deserialize, Serialize};

use crate::Decider;
use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};

pub use wire::parse;

/// A commission plan, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum CommissionPlan {
    /// Nobody has published it.
    #[default]
    Unpublished,
    /// It pays.
    Published {
        /// The version published last.
        latest: Box<CommissionPlanPublished>,
        /// Those before it, the first one first.
        earlier: Vec<CommissionPlanPublished>,
        /// Who took, takes and will take part; nobody twice at a time.
        participations: Vec<Participation>,
    },
}

/// A rep's part in the plan, [from, to).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// Who.
    pub rep_id: RepId,
    /// The first day.
    pub from_on: NaiveDate,
    /// The day after the last; open if absent.
    pub to_on: Option<NaiveDate>,
    /// The day after the last, as it was said at first.
    enrolled_to_on: Option<NaiveDate>,
}

impl Participation {
    fn overlaps(&self, new: &ParticipantEnrolled) -> bool {
        let is_before = self.to_on.is_some_and(|to_on| to_on <= new.from_on);
        let is_after = new.to_on.is_some_and(|to_on| to_on <= self.from_on);
        self.rep_id == new.rep_id && !is_before && !is_after
    }

    fn is(&self, new: &ParticipantEnrolled) -> bool {
        let ends_so = [self.to_on, self.enrolled_to_on].contains(&new.to_on);
        self.rep_id == new.rep_id && self.from_on == new.from_on && ends_so
    }
}

/// What a commission plan can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Publish(Box<Publication>),
    Enroll(ParticipantEnrolled),
    Withdraw { rep_id: RepId, to_on: NaiveDate },
}

/// A version that has no number yet.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Publication {
    pub plan_id: CommissionPlanId,
    pub effective_from: NaiveDate,
    pub terms: Terms,
}

impl Publication {
    fn is(&self, published: &CommissionPlanPublished) -> bool {
        (self.effective_from, &self.terms) == (published.effective_from, &published.terms)
    }
}

/// Rules of a commission plan.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// Only what was published can be taken part in.
    #[error("there is no such plan")]
    NotPublished,
    /// A version holds from a later day than the one before it.
    #[error("version {version} holds from {effective_from}: the next one holds from a later day")]
    NotLater {
        version: u32,
        effective_from: NaiveDate,
    },
    /// A version keeps what statements carry on from one to the next.
    #[error("{}", violations.join("; "))]
    NotASuccessor { violations: Vec<String> },
    /// A participant is a rep who is registered.
    #[error("there is no rep {rep_id}")]
    UnknownRep { rep_id: RepId },
    /// A participation ends after it begins.
    #[error("a participation ends after it begins")]
    EndsBeforeItBegins,
    /// A rep takes part in a plan once at a time.
    #[error("the rep takes part from {from_on}{}", until(.to_on.as_ref()))]
    OverlappingParticipation {
        from_on: NaiveDate,
        #[serde(skip_serializing_if = "Option::is_none")]
        to_on: Option<NaiveDate>,
    },
    /// Only who takes part is withdrawn.
    #[error("{rep_id} takes no part on the day before")]
    NotAParticipant { rep_id: RepId },
}

fn until(to_on: Option<&NaiveDate>) -> String {
    to_on.map_or_else(String::new, |to_on| format!(" to {to_on}"))
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotPublished | Self::UnknownRep { .. } => RefusalKind::NotFound,
            Self::NotLater { .. }
            | Self::NotASuccessor { .. }
            | Self::EndsBeforeItBegins
            | Self::OverlappingParticipation { .. }
            | Self::NotAParticipant { .. } => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<CommissionPlanEvent>, Broken>;

impl CommissionPlan {
    /// The currency of what it pays, if it was published; no version changes it.
    pub fn currency(&self) -> Option<Currency> {
        match self {
            Self::Unpublished => None,
            Self::Published { latest, .. } => Some(latest.terms.currency),
        }
    }

    /// Whether a rep takes part in it, ever did or will.
    pub fn has_participant(&self, rep_id: &RepId) -> bool {
        match self {
            Self::Unpublished => false,
            Self::Published { participations, .. } => {
                participations.iter().any(|known| known.rep_id == *rep_id)
            }
        }
    }

    fn participations(&self) -> Result<&[Participation], Broken> {
        match self {
            Self::Unpublished => Err(Broken::NotPublished),
            Self::Published { participations, .. } => Ok(participations),
        }
    }

    /// A version is published once, and never changes; the next one holds from a later day.
    fn publish(&self, new: Publication) -> Decided {
        let version = match self {
            Self::Unpublished => 1,
            Self::Published {
                latest, earlier, ..
            } => {
                if new.is(latest) || earlier.iter().any(|known| new.is(known)) {
                    return Ok(vec![]);
                }
                if new.effective_from <= latest.effective_from {
                    return Err(Broken::NotLater {
                        version: latest.version,
                        effective_from: latest.effective_from,
                    });
                }
                check_successor(&latest.terms, &new.terms).map_err(|broken| {
                    let violations = broken.iter().map(ToString::to_string).collect();
                    Broken::NotASuccessor { violations }
                })?;
                latest.version + 1
            }
        };
        let Publication {
            plan_id,
            effective_from,
            terms,
        } = new;
        Ok(vec![
            CommissionPlanPublished {
                plan_id,
                version,
                effective_from,
                terms: Box::new(terms),
            }
            .into(),
        ])
    }

    /// A rep takes part once at a time.
    fn enroll(&self, new: ParticipantEnrolled, reads: &Reads) -> Decided {
        let participations = self.participations()?;
        if participations.iter().any(|known| known.is(&new)) {
            return Ok(vec![]);
        }
        if new.to_on.is_some_and(|to_on| to_on <= new.from_on) {
            return Err(Broken::EndsBeforeItBegins);
        }
        let rep = reads.rep(new.rep_id.as_str());
        if !rep.is_some_and(|rep| rep.is_registered()) {
            let rep_id = new.rep_id;
            return Err(Broken::UnknownRep { rep_id });
        }
        if let Some(other) = participations.iter().find(|other| other.overlaps(&new)) {
            return Err(Broken::OverlappingParticipation {
                from_on: other.from_on,
                to_on: other.to_on,
            });
        }
        Ok(vec![new.into()])
    }

    /// It is the participation that holds on the last day that ends with it.
    fn withdraw(&self, rep_id: RepId, to_on: NaiveDate) -> Decided {
        let mut participations = self.participations()?.iter();
        let held = participations.find(|known| {
            let reaches = known.to_on.is_none_or(|end| to_on <= end);
            known.rep_id == rep_id && known.from_on < to_on && reaches
        });
        match held {
            None => Err(Broken::NotAParticipant { rep_id }),
            Some(held) if held.to_on == Some(to_on) => Ok(vec![]),
            Some(held) => {
                let from_on = held.from_on;
                Ok(vec![
                    ParticipantWithdrawn {
                        rep_id,
                        from_on,
                        to_on,
                    }
                    .into(),
                ])
            }
        }
    }
}

impl Decider for CommissionPlan {
    type Command = Command;
    type Event = CommissionPlanEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        match command {
            Command::Enroll(new) => vec![Reference::Rep(new.rep_id.to_string())],
            Command::Publish(_) | Command::Withdraw { .. } => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        match command {
            Command::Publish(new) => self.publish(*new),
            Command::Enroll(new) => self.enroll(new, reads),
            Command::Withdraw { rep_id, to_on } => self.withdraw(rep_id, to_on),
        }
    }

    fn evolve(&mut self, event: &CommissionPlanEvent, _occurred_at: DateTime<Utc>) {
        match (event, self) {
            (CommissionPlanEvent::CommissionPlanPublished(e), this @ Self::Unpublished) => {
                *this = Self::Published {
                    latest: Box::new(e.clone()),
                    earlier: Vec::new(),
                    participations: Vec::new(),
                };
            }
            (
                CommissionPlanEvent::CommissionPlanPublished(e),
                Self::Published {
                    latest, earlier, ..
                },
            ) => {
                let before = std::mem::replace(&mut **latest, e.clone());
                earlier.push(before);
            }
            (
                CommissionPlanEvent::ParticipantEnrolled(e),
                Self::Published { participations, .. },
            ) => participations.push(Participation {
                rep_id: e.rep_id.clone(),
                from_on: e.from_on,
                to_on: e.to_on,
                enrolled_to_on: e.to_on,
            }),
            (
                CommissionPlanEvent::ParticipantWithdrawn(e),
                Self::Published { participations, .. },
            ) => {
                let mut known = participations.iter_mut();
                let of = known.find(|p| p.rep_id == e.rep_id && p.from_on == e.from_on);
                if let Some(participation) = of {
                    participation.to_on = Some(e.to_on);
                }
            }
            (
                CommissionPlanEvent::ParticipantEnrolled(_)
                | CommissionPlanEvent::ParticipantWithdrawn(_),
                Self::Unpublished,
            ) => {}
        }
    }
}
