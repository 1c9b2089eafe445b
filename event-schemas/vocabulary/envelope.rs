//! The envelope: what surrounds every event in the log, whatever its stream.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Invalid, TenantId};

/// Where an event stands in its tenant's log: 1, 2, 3 … without a gap. 0 is "before the first".
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

/// How many events a stream holds up to and including this one: 1, 2, 3 … 0 is an empty stream.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a stream: a category (`opportunity`) and the id of one thing in it.
/// Written `category-id`; the category holds no hyphen, so the first hyphen parts the two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    text: String,
    category_len: usize,
}

impl StreamName {
    /// Longest stream name, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Names the stream of `id` in `category`.
    pub fn new(category: &str, id: &str) -> Result<Self, Invalid> {
        let lower = |b: u8| b.is_ascii_lowercase() || b == b'_';
        if category.is_empty() || !category.bytes().all(lower) {
            return Err(Invalid::new(
                "a category is lower-case letters and underscores",
            ));
        }
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Invalid::new(
                "a stream id is visible ASCII, at least one character",
            ));
        }
        let text = format!("{category}-{id}");
        if text.len() > Self::MAX_LEN {
            return Err(Invalid::new("a stream name is at most 128 bytes"));
        }
        Ok(Self {
            text,
            category_len: category.len(),
        })
    }

    /// Reads a name written `category-id`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.split_once('-') {
            Some((category, id)) => Self::new(category, id),
            None => Err(Invalid::new("a stream is named category-id")),
        }
    }

    /// The whole name, `category-id`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind of thing the stream is about.
    pub fn category(&self) -> &str {
        self.text.get(..self.category_len).unwrap_or_default()
    }

    /// Which thing of its kind.
    pub fn id(&self) -> &str {
        self.text.get(self.category_len + 1..).unwrap_or_default()
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One event as the log holds it. The payload is the very bytes that were appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Whose log this is.
    pub tenant: TenantId,
    /// Place in the tenant's log.
    pub position: Position,
    /// Stream it belongs to.
    pub stream: StreamName,
    /// Place in that stream.
    pub version: Version,
    /// Time-ordered UUID (v7) given when it was recorded.
    pub event_id: Uuid,
    /// Name of the fact, e.g. `OpportunityRegistered`.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Business time, UTC, microseconds.
    pub occurred_at: DateTime<Utc>,
    /// System time, UTC, microseconds; never runs backwards within a tenant.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// The command that brought it about.
    pub command_id: String,
    /// What larger affair it belongs to; the command id where none was given.
    pub correlation_id: String,
    /// The event or command that caused the command, if one did.
    pub causation_id: Option<String>,
    /// W3C `traceparent` of the call, if it had one.
    pub trace_context: Option<String>,
    /// JSON, byte for byte as appended.
    pub payload: Vec<u8>,
}
