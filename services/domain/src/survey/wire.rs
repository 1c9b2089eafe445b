//! Messages about a survey.

use event_schemas::survey::SurveyAnswered;
use event_schemas::vocabulary::SurveyAnswerId;
use proto::commands::SurveyCommand as Message;

use super::{Command, Survey};
use crate::wire::Fields;
use crate::{Addressed, InvalidCommand};

/// The most likely.
const SCORE_MAX: u32 = 10;

/// Reads a command about a survey.
pub fn parse(message: Message) -> Result<Addressed<Survey>, InvalidCommand> {
    let Message::AnswerSurvey(m) = message;
    let mut f = Fields::default();
    let id: Option<SurveyAnswerId> = f.id("survey_answer_id", &m.survey_answer_id);
    let customer_id = f.id("customer_id", &m.customer_id);
    let contact_id = f.optional_id("contact_id", &m.contact_id);
    if m.score.is_none() {
        f.wrong("score", "is missing");
    }
    let score = m
        .score
        .and_then(|score| f.grade("score", score, 0..=SCORE_MAX));
    let comment = f.note("comment", &m.comment);
    f.finish(|| {
        let survey_answer_id = id?;
        Some(Addressed {
            id: survey_answer_id.to_string(),
            command: Command::Answer(Box::new(SurveyAnswered {
                survey_answer_id,
                customer_id: customer_id?,
                contact_id,
                score: score?,
                comment,
            })),
        })
    })
}
