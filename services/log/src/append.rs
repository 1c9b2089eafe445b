//! What may be asked of the log, and what it answers.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, StreamName, TenantId, Version};

use crate::resolve::count;
use crate::{AppendError, Chain, ClaimChange};

/// The limits of one append. Past one of them it is refused with [`AppendError::TooLarge`].
pub mod limits {
    /// Longest payload of one event, in bytes.
    pub const PAYLOAD_BYTES: usize = 1 << 20;
    /// Most events of one append.
    pub const EVENTS: usize = 1_000;
    /// Most bytes of all payloads of one append.
    pub const APPEND_BYTES: usize = 8 << 20;
    /// Most streams that one append writes, and most that it reads.
    pub const STREAMS: usize = 1_000;
    /// Most claims that one append changes.
    pub const CLAIMS: usize = 1_000;
    /// Longest command id, in visible ASCII characters.
    pub const COMMAND_ID: usize = 128;
    /// Longest event type, in visible ASCII characters.
    pub const EVENT_TYPE: usize = 128;
    /// Longest actor, correlation id, causation id, and holder of a claim, in bytes.
    pub const NAME_BYTES: usize = 256;
    /// Longest trace context, in bytes.
    pub const TRACE_BYTES: usize = 512;
    /// Longest scope of a claim, in visible ASCII characters.
    pub const SCOPE: usize = 64;
    /// Longest value of a claim, in bytes.
    pub const CLAIM_BYTES: usize = 1_024;
}

/// Everything that lands together, or not at all.
///
/// Without events it is a barrier: it checks versions, remembers the command if there is one, and
/// answers with the tenant's head.
#[derive(Debug, Clone)]
pub struct Append {
    /// Whose log it goes to.
    pub tenant: TenantId,
    /// The command it carries out, by which it is recognised when it is sent again.
    pub command: Option<Command>,
    /// The streams it writes, each at the version it must have. Applied in this order.
    pub writes: Vec<StreamWrite>,
    /// The streams it was decided on without writing them, each at the version it must have.
    pub reads: Vec<(StreamName, Version)>,
    /// What it takes and gives back. Applied in this order.
    pub claims: Vec<ClaimChange>,
    /// The chain it is part of: cut if this append has events and they do not land.
    pub chain: Option<Chain>,
    /// The chains that must be whole for it to land.
    pub depends_on: Vec<Chain>,
    /// What is noted with each of its events.
    pub meta: Meta,
}

/// A command as the log remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Chosen by the caller: 1 to 128 visible ASCII characters, unique within the tenant.
    pub id: String,
    /// Hash of the command's body, by which another body under the same id is found out.
    pub digest: [u8; 32],
}

/// Events for one stream.
#[derive(Debug, Clone)]
pub struct StreamWrite {
    /// The stream.
    pub stream: StreamName,
    /// The version it must have; 0 means that it must not exist.
    pub expected: Version,
    /// What is added; nothing makes it a pure check.
    pub events: Vec<NewEvent>,
}

/// An event to be added.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Name of the fact.
    pub event_type: Cow<'static, str>,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Its bytes, stored as they are.
    pub payload: Vec<u8>,
}

/// What is noted with each event of an append.
#[derive(Debug, Clone)]
pub struct Meta {
    /// Business time; kept to the microsecond.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// What larger affair it belongs to; the command id where none is given.
    pub correlation_id: Option<String>,
    /// What caused it.
    pub causation_id: Option<String>,
    /// W3C `traceparent` of the call.
    pub trace_context: Option<String>,
}

/// The receipt of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its last position; without events, the tenant's head when it was committed.
    pub position: Position,
    /// Its first position; without events, the same as `position`.
    pub first_position: Position,
    /// Its events, in order.
    pub events: Vec<AppendedEvent>,
    /// The version of the first stream it writes, after it; 0 if it writes none.
    pub version: Version,
    /// The command had been carried out before: this is the first receipt, and nothing was added.
    pub duplicate: bool,
}

/// Where an event of an append went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedEvent {
    /// The stream.
    pub stream: StreamName,
    /// Its place in the stream.
    pub version: Version,
    /// Name of the fact.
    pub event_type: Cow<'static, str>,
    /// Its place in the tenant's log.
    pub position: Position,
}

impl Append {
    /// How many events it adds.
    pub(crate) fn event_count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// The version of the first stream it writes, once it has landed; 0 if it writes none.
    pub(crate) fn version_after(&self) -> Version {
        let Some(first) = self.writes.first() else {
            return Version(0);
        };
        let same = self
            .writes
            .iter()
            .filter(|write| write.stream == first.stream);
        let added: usize = same.map(|write| write.events.len()).sum();
        Version(first.expected.0 + count(added))
    }

    /// Bytes of all its payloads.
    pub(crate) fn payload_bytes(&self) -> usize {
        let events = self.writes.iter().flat_map(|write| &write.events);
        events.map(|event| event.payload.len()).sum()
    }

    /// Says that it did not land: nothing may be built on its events. Where it has none, nothing is.
    pub(crate) fn cut_chain(&self) {
        if let Some(chain) = &self.chain
            && self.event_count() > 0
        {
            chain.cut();
        }
    }

    /// Whether landing it changes anything: events, a command remembered, or claims.
    pub(crate) fn changes_anything(&self) -> bool {
        self.command.is_some() || !self.claims.is_empty() || self.event_count() > 0
    }

    /// The chains that must be whole for it to land.
    pub(crate) fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.chain.iter().chain(&self.depends_on)
    }

    /// Checks what can be checked without the database.
    pub(crate) fn check(&self) -> Result<(), AppendError> {
        within(
            "streams of an append",
            self.writes.len().max(self.reads.len()),
            limits::STREAMS,
        )?;
        within("events of an append", self.event_count(), limits::EVENTS)?;
        within("claims of an append", self.claims.len(), limits::CLAIMS)?;
        if let Some(command) = &self.command {
            visible("a command id", &command.id, limits::COMMAND_ID)?;
        }
        let names_no_stream = self.writes.is_empty() && self.reads.is_empty();
        if names_no_stream && self.chains().next().is_some() {
            let why = "an append that is part of a chain names the streams it was decided on";
            return Err(AppendError::Invalid(why.into()));
        }
        for event in self.writes.iter().flat_map(|write| &write.events) {
            visible("an event type", &event.event_type, limits::EVENT_TYPE)?;
            within(
                "bytes of a payload",
                event.payload.len(),
                limits::PAYLOAD_BYTES,
            )?;
            if i32::try_from(event.schema_version).is_err() {
                return Err(AppendError::Invalid(
                    "a schema version is below 2^31".into(),
                ));
            }
        }
        within(
            "bytes of an append",
            self.payload_bytes(),
            limits::APPEND_BYTES,
        )?;
        for change in &self.claims {
            let (claim, holder) = change.parts();
            visible("the scope of a claim", &claim.scope, limits::SCOPE)?;
            storable(
                "the value of a claim",
                claim.value.text(),
                limits::CLAIM_BYTES,
            )?;
            storable("the holder of a claim", holder, limits::NAME_BYTES)?;
        }
        self.meta.check()
    }
}

impl Meta {
    fn check(&self) -> Result<(), AppendError> {
        storable("an actor", &self.actor, limits::NAME_BYTES)?;
        let correlation_id = self.correlation_id.as_deref().unwrap_or_default();
        let causation_id = self.causation_id.as_deref().unwrap_or_default();
        let trace_context = self.trace_context.as_deref().unwrap_or_default();
        storable("a correlation id", correlation_id, limits::NAME_BYTES)?;
        storable("a causation id", causation_id, limits::NAME_BYTES)?;
        storable("a trace context", trace_context, limits::TRACE_BYTES)
    }
}

fn within(what: &str, found: usize, most: usize) -> Result<(), AppendError> {
    if found <= most {
        Ok(())
    } else {
        Err(AppendError::TooLarge(format!(
            "{what}: at most {most}, not {found}"
        )))
    }
}

fn visible(what: &str, text: &str, most: usize) -> Result<(), AppendError> {
    within(what, text.len(), most)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(AppendError::Invalid(format!(
            "{what} is 1 to {most} visible ASCII characters"
        )))
    }
}

/// PostgreSQL keeps no NUL in a text, and one bad text would fail its neighbours too.
fn storable(what: &str, text: &str, most: usize) -> Result<(), AppendError> {
    within(what, text.len(), most)?;
    if text.contains('\0') {
        return Err(AppendError::Invalid(format!(
            "{what} holds a NUL character"
        )));
    }
    Ok(())
}
