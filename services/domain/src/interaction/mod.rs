//! An interaction: one communication with a customer.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::interaction::{InteractionEvent, InteractionLogged};
use event_schemas::vocabulary::{InteractionId, QuoteId, RepId};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind};
use crate::{Decider, parties};

pub use wire::parse;

/// An interaction, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum Interaction {
    /// Nobody has logged it.
    #[default]
    Unlogged,
    /// It was held.
    Logged(Box<InteractionLogged>),
}

/// What an interaction can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    Log(Box<InteractionLogged>),
}

/// Rules of an interaction.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// An interaction is logged once.
    #[error("interaction {interaction_id} is logged already")]
    AlreadyLogged { interaction_id: InteractionId },
    /// Who of us held it is a rep who is registered.
    #[error("there is no rep {rep_id}")]
    UnknownRep { rep_id: RepId },
    /// A quote that it was about is one that was drafted.
    #[error("there is no quote {quote_id}")]
    UnknownQuote { quote_id: QuoteId },
    /// It is with a customer.
    #[error(transparent)]
    #[serde(untagged)]
    Parties(#[from] parties::Broken),
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyLogged { .. } => RefusalKind::AlreadyExists,
            Self::UnknownRep { .. } | Self::UnknownQuote { .. } => RefusalKind::NotFound,
            Self::Parties(broken) => broken.kind(),
        }
    }
}

fn check(new: &InteractionLogged, reads: &Reads) -> Result<(), Broken> {
    parties::check(&new.customer_id, &new.contact_ids, reads)?;
    if let Some(rep_id) = &new.rep_id {
        let rep = reads.rep(rep_id.as_str());
        if !rep.is_some_and(|rep| rep.is_registered()) {
            let rep_id = rep_id.clone();
            return Err(Broken::UnknownRep { rep_id });
        }
    }
    for quote_id in &new.quote_ids {
        let quote = reads.quote(quote_id.as_str());
        if quote.is_none_or(|quote| quote.offer().is_none()) {
            let quote_id = quote_id.clone();
            return Err(Broken::UnknownQuote { quote_id });
        }
    }
    Ok(())
}

impl Decider for Interaction {
    type Command = Command;
    type Event = InteractionEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let Command::Log(new) = command;
        let mut all = vec![parties::customer(&new.customer_id)];
        let rep = new.rep_id.as_ref();
        all.extend(rep.map(|id| Reference::Rep(id.to_string())));
        let quotes = new.quote_ids.iter();
        all.extend(quotes.map(|id| Reference::Quote(id.to_string())));
        all
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<InteractionEvent>, Broken> {
        let Command::Log(new) = command;
        match self {
            Self::Unlogged => {
                check(&new, reads)?;
                Ok(vec![(*new).into()])
            }
            Self::Logged(known) if *known == new => Ok(vec![]),
            Self::Logged(_) => Err(Broken::AlreadyLogged {
                interaction_id: new.interaction_id,
            }),
        }
    }

    fn evolve(&mut self, event: &InteractionEvent, _occurred_at: DateTime<Utc>) {
        let InteractionEvent::InteractionLogged(logged) = event;
        *self = Self::Logged(Box::new(logged.clone()));
    }

    fn creates(_command: &Command) -> bool {
        true
    }
}
