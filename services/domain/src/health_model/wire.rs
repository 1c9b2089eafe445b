//! Messages about a health model.

use event_schemas::vocabulary::HealthModelId;
use proto::commands::HealthModelCommand as Message;

use super::{Command, HealthModel, Publication, terms};
use crate::wire::Fields;
use crate::{Addressed, InvalidCommand};

/// Reads a command about a health model.
pub fn parse(message: Message) -> Result<Addressed<HealthModel>, InvalidCommand> {
    let Message::PublishHealthModel(m) = message;
    let mut f = Fields::default();
    let id: Option<HealthModelId> = f.id("health_model_id", &m.health_model_id);
    let effective_from = f.some_date("effective_from", &m.effective_from);
    if m.terms.is_none() {
        f.wrong("terms", "is missing");
    }
    let terms = m.terms.as_ref().and_then(|m| terms::terms(&mut f, m));
    f.finish(|| {
        let health_model_id = id?;
        Some(Addressed {
            id: health_model_id.to_string(),
            command: Command::Publish(Box::new(Publication {
                health_model_id,
                effective_from: effective_from?,
                terms: terms?,
            })),
        })
    })
}
