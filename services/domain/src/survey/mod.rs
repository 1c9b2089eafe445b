//! A survey: one answer to the question how likely a customer would recommend us.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::survey::{SurveyAnswered, SurveyEvent};
use event_schemas::vocabulary::SurveyAnswerId;
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, parties};

pub use wire::parse;

/// An answer, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Survey {
    /// It was not given.
    #[default]
    Unanswered,
    /// It was.
    Answered(Box<SurveyAnswered>),
}

/// What a survey can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Answer(Box<SurveyAnswered>),
}

/// Rules of a survey.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// An answer is given once.
    #[error("answer {survey_answer_id} was given already")]
    AlreadyAnswered { survey_answer_id: SurveyAnswerId },
    /// It is a customer's answer.
    #[error(transparent)]
    #[serde(untagged)]
    Parties(#[from] parties::Broken),
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyAnswered { .. } => RefusalKind::AlreadyExists,
            Self::Parties(broken) => broken.kind(),
        }
    }
}

impl Decider for Survey {
    type Command = Command;
    type Event = SurveyEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let Command::Answer(answer) = command;
        vec![parties::customer(&answer.customer_id)]
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<SurveyEvent>, Broken> {
        let Command::Answer(answer) = command;
        match self {
            Self::Unanswered => {
                parties::check(&answer.customer_id, &answer.contact_id, reads)?;
                Ok(vec![(*answer).into()])
            }
            Self::Answered(known) if *known == answer => Ok(vec![]),
            Self::Answered(_) => Err(Broken::AlreadyAnswered {
                survey_answer_id: answer.survey_answer_id,
            }),
        }
    }

    fn evolve(&mut self, event: &SurveyEvent, _occurred_at: DateTime<Utc>) {
        let SurveyEvent::SurveyAnswered(answer) = event;
        *self = Self::Answered(Box::new(answer.clone()));
    }

    fn creates(_command: &Command) -> bool {
        true
    }
}
