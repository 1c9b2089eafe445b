//! Facts of an interaction: one communication with a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::no_upcast;
use crate::vocabulary::{ContactId, CustomerId, DocumentId, InteractionId, QuoteId, RepId, TaskId};

events! {
    /// What can happen to an interaction.
    pub enum InteractionEvent in "interaction" via no_upcast {
        InteractionLogged = 1,
    }
}

/// How it was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Channel {
    Call,
    Email,
    Meeting,
    Chat,
    Visit,
    Other,
}

impl Channel {
    /// The name as it is written in payloads and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::Email => "EMAIL",
            Self::Meeting => "MEETING",
            Self::Chat => "CHAT",
            Self::Visit => "VISIT",
            Self::Other => "OTHER",
        }
    }
}

/// It was held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InteractionLogged {
    /// Its id.
    pub interaction_id: InteractionId,
    /// With whom.
    pub customer_id: CustomerId,
    /// The persons there who took part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact_ids: Vec<ContactId>,
    /// Who of us held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep_id: Option<RepId>,
    /// How.
    pub channel: Channel,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<String>,
    /// The quotes it was about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quote_ids: Vec<QuoteId>,
    /// The documents it was about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub document_ids: Vec<DocumentId>,
    /// The task it was held for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
}
