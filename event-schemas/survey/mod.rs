//! Facts of a survey: one answer to the question how likely a customer would recommend us.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{ContactId, CustomerId, SurveyAnswerId};

events! {
    /// What can happen to an answer.
    pub enum SurveyEvent in "survey" via no_upcast {
        SurveyAnswered = 1,
    }
}

/// It was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SurveyAnswered {
    /// Its id.
    pub survey_answer_id: SurveyAnswerId,
    /// Whose answer.
    pub customer_id: CustomerId,
    /// The person who answered; nobody's where it was anonymous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// From 0, not at all likely, to 10, very: a net promoter score's answer.
    pub score: u8,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub comment: Option<String>,
}
