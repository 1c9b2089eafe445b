//! What surrounds a call: who calls, and what a command carries besides its message.

use std::sync::Arc;

use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

use crate::command::CommandOptions;
use crate::{Config, Error};

/// The metadata that every call of a client carries; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Arc<MetadataMap>);

impl Caller {
    /// The caller that a configuration names.
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let mut metadata = MetadataMap::new();
        if let Some(token) = &config.token {
            let mut bearer = value("token", &format!("Bearer {token}"))?;
            bearer.set_sensitive(true);
            metadata.insert("authorization", bearer);
        } else {
            metadata.insert("x-tenant", value("tenant", &config.tenant)?);
            let actor = config.actor.as_deref().unwrap_or("client");
            metadata.insert("x-actor", value("actor", actor)?);
        }
        Ok(Self(Arc::new(metadata)))
    }

    /// The metadata of a call that is not a command.
    pub(crate) fn metadata(&self) -> MetadataMap {
        MetadataMap::clone(&self.0)
    }

    /// The metadata of a command.
    pub(crate) fn of_command(
        &self,
        command_id: &str,
        options: &CommandOptions,
    ) -> Result<MetadataMap, Error> {
        let mut metadata = self.metadata();
        metadata.insert("x-command-id", value("command id", command_id)?);
        if let Some(at) = options.occurred_at {
            metadata.insert("x-occurred-at", value("occurred_at", &at.to_rfc3339())?);
        }
        if let Some(id) = &options.correlation_id {
            metadata.insert("x-correlation-id", value("correlation id", id)?);
        }
        if let Some(id) = &options.causation_id {
            metadata.insert("x-causation-id", value("causation id", id)?);
        }
        Ok(metadata)
    }
}

fn value(what: &str, text: &str) -> Result<MetadataValue<Ascii>, Error> {
    // The server takes nothing else, and says so less plainly.
    let visible = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    MetadataValue::try_from(text)
        .ok()
        .filter(|_| visible)
        .ok_or_else(|| Error::Config(format!("the {what} is not visible ASCII")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn without_a_token_tenant_and_actor_are_named() {
        let config = Config {
            actor: Some("ann".to_owned()),
            ..Config::new("http://h", "main")
        };
        let metadata = Caller::new(&config).unwrap().metadata();
        assert_eq!(metadata.get("x-tenant").unwrap(), "main");
        assert_eq!(metadata.get("x-actor").unwrap(), "ann");
        assert!(metadata.get("authorization").is_none());
    }

    #[test]
    fn a_token_says_who_calls() {
        let config = Config {
            token: Some("t".to_owned()),
            ..Config::new("http://h", "main")
        };
        let metadata = Caller::new(&config).unwrap().metadata();
        assert_eq!(metadata.get("authorization").unwrap(), "Bearer t");
        assert!(metadata.get("x-tenant").is_none());
    }

    #[test]
    fn a_command_carries_its_id_and_times() {
        let caller = Caller::new(&Config::new("http://h", "main")).unwrap();
        let options = CommandOptions {
            occurred_at: chrono::DateTime::from_timestamp(0, 0),
            causation_id: Some("e1".to_owned()),
            ..CommandOptions::default()
        };
        let metadata = caller.of_command("c1", &options).unwrap();
        assert_eq!(metadata.get("x-command-id").unwrap(), "c1");
        assert_eq!(
            metadata.get("x-occurred-at").unwrap(),
            "1970-01-01T00:00:00+00:00"
        );
        assert_eq!(metadata.get("x-causation-id").unwrap(), "e1");
        assert!(metadata.get("x-correlation-id").is_none());
        assert!(caller.of_command("ü", &options).is_err());
    }
}
