//! One position of the log, as a bundle holds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use merkle::Hash;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::leaf::{Header, header};

/// One position of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The hash of its leaf when it was sealed, in base 64. It follows from the rest; that it is here
    /// tells which entry was changed, if one was.
    pub hash: String,
    /// The event, where a statement may depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Envelope>,
    /// The bytes of its leaf, in base 64, where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<String>,
}

/// An event with all that surrounds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the log's envelope")]
pub struct Envelope {
    pub position: u64,
    pub stream: String,
    pub version: u64,
    pub event_id: Uuid,
    #[serde(rename = "type")]
    pub event_type: String,
    pub schema_version: u32,
    pub occurred_at: String,
    pub recorded_at: String,
    pub actor: String,
    pub command_id: String,
    pub correlation_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_context: Option<String>,
    /// The very bytes that were recorded.
    pub payload: String,
}

impl Entry {
    /// Shows the event.
    pub(crate) fn whole(event: &Recorded, sealed: Hash) -> Option<Self> {
        let micros = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        Some(Self {
            hash: sealed.to_string(),
            event: Some(Envelope {
                position: event.position.0,
                stream: event.stream.to_string(),
                version: event.version.0,
                event_id: event.event_id,
                event_type: event.event_type.clone(),
                schema_version: event.schema_version,
                occurred_at: micros(event.occurred_at),
                recorded_at: micros(event.recorded_at),
                actor: event.actor.clone(),
                command_id: event.command_id.clone(),
                correlation_id: event.correlation_id.clone(),
                causation_id: event.causation_id.clone(),
                trace_context: event.trace_context.clone(),
                payload: String::from_utf8(event.payload.clone()).ok()?,
            }),
            leaf: None,
        })
    }

    /// Shows only what it is about.
    pub(crate) fn bare(event: &Recorded, sealed: Hash) -> Self {
        Self {
            hash: sealed.to_string(),
            event: None,
            leaf: Some(STANDARD.encode(merkle::leaf(event))),
        }
    }

    /// What it holds; an error says what is wrong with it.
    pub(crate) fn read(&self, tenant: &TenantId) -> Result<Read, String> {
        match (&self.event, &self.leaf) {
            (Some(event), None) => {
                let event = event.recorded(tenant)?;
                let leaf = merkle::leaf(&event);
                let hash = merkle::leaf_hash(&leaf);
                let header = header(&leaf).ok_or("is no event of a log")?;
                Ok(Read {
                    hash,
                    header,
                    event: Some(event),
                })
            }
            (None, Some(leaf)) => {
                let leaf = STANDARD.decode(leaf);
                let leaf = leaf.map_err(|error| format!("its leaf is not base 64: {error}"))?;
                let header = header(&leaf).ok_or("its leaf is none")?;
                if header.tenant != *tenant {
                    return Err(format!("is of tenant {}", header.tenant));
                }
                Ok(Read {
                    hash: merkle::leaf_hash(&leaf),
                    header,
                    event: None,
                })
            }
            _ => Err("holds not either an event or a leaf".to_owned()),
        }
    }
}

/// What an entry holds.
#[derive(Debug)]
pub(crate) struct Read {
    /// As it follows from what it holds.
    pub(crate) hash: Hash,
    pub(crate) header: Header,
    pub(crate) event: Option<Recorded>,
}

impl Envelope {
    fn recorded(&self, tenant: &TenantId) -> Result<Recorded, String> {
        let instant = |text: &str, field: &str| {
            let at = DateTime::parse_from_rfc3339(text);
            let at = at.map(|at| at.with_timezone(&Utc));
            at.map_err(|_| format!("its {field} is no instant"))
        };
        let stream = StreamName::parse(&self.stream);
        Ok(Recorded {
            tenant: tenant.clone(),
            position: Position(self.position),
            stream: stream.map_err(|error| format!("its stream has no name: {error}"))?,
            version: Version(self.version),
            event_id: self.event_id,
            event_type: self.event_type.clone(),
            schema_version: self.schema_version,
            occurred_at: instant(&self.occurred_at, "occurred_at")?,
            recorded_at: instant(&self.recorded_at, "recorded_at")?,
            actor: self.actor.clone(),
            command_id: self.command_id.clone(),
            correlation_id: self.correlation_id.clone(),
            causation_id: self.causation_id.clone(),
            trace_context: self.trace_context.clone(),
            payload: self.payload.clone().into_bytes(),
        })
    }
}
