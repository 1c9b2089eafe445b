//! A ticket: a customer's call for support, open until it is closed, and perhaps opened again.
//!
//! What is told late takes its place: a ticket is open or closed at each instant, whatever was told
//! first.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::ticket::{
    TicketAnswered, TicketClosed, TicketEscalated, TicketEvent, TicketOpened, TicketRated,
    TicketReopened,
};
use event_schemas::vocabulary::TicketId;
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, Told, parties};

pub use wire::parse;

/// A ticket, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Ticket {
    /// Nobody called.
    #[default]
    Unopened,
    /// Somebody did.
    Opened(Box<Course>),
}

/// How a ticket went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Course {
    /// As it was opened.
    opened: TicketOpened,
    /// When.
    opened_at: DateTime<Utc>,
    /// Whether it is open.
    is_open: Told<bool>,
    /// When it was first answered.
    answered_at: Option<DateTime<Utc>>,
    /// When it was given to someone higher.
    escalated_at: Vec<DateTime<Utc>>,
    /// How satisfied the customer was.
    satisfaction: Told<u8>,
}

/// What a ticket can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Open(Box<TicketOpened>),
    Answer,
    Escalate { reason: Option<String> },
    Close { resolution: Option<String> },
    Reopen { reason: Option<String> },
    Rate { satisfaction: u8 },
}

/// Rules of a ticket.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A ticket is opened once.
    #[error("ticket {ticket_id} is opened already")]
    AlreadyOpened { ticket_id: TicketId },
    /// Only what was opened goes on.
    #[error("there is no such ticket")]
    NotOpened,
    /// Nothing happens to a ticket before it is opened.
    #[error("it was opened after that, at {opened_at}")]
    BeforeItOpened { opened_at: DateTime<Utc> },
    /// Only what is open is given to someone higher.
    #[error("the ticket is closed")]
    TicketClosed,
    /// It is a customer's.
    #[error(transparent)]
    #[serde(untagged)]
    Parties(#[from] parties::Broken),
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyOpened { .. } => RefusalKind::AlreadyExists,
            Self::NotOpened => RefusalKind::NotFound,
            Self::BeforeItOpened { .. } | Self::TicketClosed => RefusalKind::RuleBroken,
            Self::Parties(broken) => broken.kind(),
        }
    }
}

type Decided = Result<Vec<TicketEvent>, Broken>;

impl Ticket {
    fn open(&self, new: TicketOpened, reads: &Reads) -> Decided {
        match self {
            Self::Unopened => {
                parties::check(&new.customer_id, &new.contact_id, reads)?;
                Ok(vec![new.into()])
            }
            Self::Opened(course) if course.opened == new => Ok(vec![]),
            Self::Opened(_) => Err(Broken::AlreadyOpened {
                ticket_id: new.ticket_id,
            }),
        }
    }

    /// How it went, as far as it was opened by then.
    fn course(&self, at: DateTime<Utc>) -> Result<&Course, Broken> {
        match self {
            Self::Unopened => Err(Broken::NotOpened),
            Self::Opened(course) if at < course.opened_at => Err(Broken::BeforeItOpened {
                opened_at: course.opened_at,
            }),
            Self::Opened(course) => Ok(course),
        }
    }
}

impl Course {
    fn is_open_at(&self, at: DateTime<Utc>) -> bool {
        self.is_open.at(at).is_some_and(|is_open| *is_open)
    }

    /// Whether it was given to someone higher in the opening that holds at an instant.
    fn is_escalated_at(&self, at: DateTime<Utc>) -> bool {
        let since = |from: DateTime<Utc>| {
            let mut moves = self.is_open.changes_after(from);
            self.is_open_at(from) && moves.all(|moved| moved > at || self.is_open_at(moved))
        };
        let mut escalated = self.escalated_at.iter().filter(|when| **when <= at);
        escalated.any(|when| since(*when))
    }
}

impl Decider for Ticket {
    type Command = Command;
    type Event = TicketEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        match command {
            Command::Open(new) => vec![parties::customer(&new.customer_id)],
            _ => Vec::new(),
        }
    }

    fn decide(&self, command: Command, reads: &Reads) -> Decided {
        let at = reads.occurred_at;
        let command = match command {
            Command::Open(new) => return self.open(*new, reads),
            other => other,
        };
        let course = self.course(at)?;
        let event = match command {
            Command::Open(_) => None,
            Command::Answer => course
                .answered_at
                .is_none_or(|answered_at| at < answered_at)
                .then(|| TicketAnswered {}.into()),
            Command::Escalate { .. } if !course.is_open_at(at) => {
                return Err(Broken::TicketClosed);
            }
            Command::Escalate { reason } => {
                (!course.is_escalated_at(at)).then(|| TicketEscalated { reason }.into())
            }
            Command::Close { resolution } => course
                .is_open_at(at)
                .then(|| TicketClosed { resolution }.into()),
            Command::Reopen { reason } => {
                (!course.is_open_at(at)).then(|| TicketReopened { reason }.into())
            }
            Command::Rate { satisfaction } => (course.satisfaction.at(at) != Some(&satisfaction))
                .then(|| TicketRated { satisfaction }.into()),
        };
        Ok(event.into_iter().collect())
    }

    fn evolve(&mut self, event: &TicketEvent, occurred_at: DateTime<Utc>) {
        if let TicketEvent::TicketOpened(e) = event {
            let mut is_open = Told::default();
            is_open.tell(occurred_at, true);
            *self = Self::Opened(Box::new(Course {
                opened: e.clone(),
                opened_at: occurred_at,
                is_open,
                answered_at: None,
                escalated_at: Vec::new(),
                satisfaction: Told::default(),
            }));
            return;
        }
        let Self::Opened(course) = self else {
            return;
        };
        match event {
            TicketEvent::TicketOpened(_) => {}
            TicketEvent::TicketAnswered(_) => {
                let before = course.answered_at.unwrap_or(occurred_at);
                course.answered_at = Some(before.min(occurred_at));
            }
            TicketEvent::TicketEscalated(_) => course.escalated_at.push(occurred_at),
            TicketEvent::TicketClosed(_) => course.is_open.tell(occurred_at, false),
            TicketEvent::TicketReopened(_) => course.is_open.tell(occurred_at, true),
            TicketEvent::TicketRated(e) => course.satisfaction.tell(occurred_at, e.satisfaction),
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        let Self::Opened(course) = self else {
            return None;
        };
        match command {
            Command::Open(_) => None,
            Command::Answer => Some(course.opened_at),
            Command::Escalate { .. } | Command::Close { .. } | Command::Reopen { .. } => {
                course.is_open.latest_at()
            }
            Command::Rate { .. } => course.satisfaction.latest_at().or(Some(course.opened_at)),
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Open(_))
    }
}
