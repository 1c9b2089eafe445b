//! Load, decide, commit, retry, deduplicate, cache, receipt: what stands between a command and the
//! log.
//!
//! Promises: a receipt is given only for what is durable; an answer, refusals too, is given only
//! when the append has confirmed the state it was decided on; a command id is carried out once.
//! Commands for one stream that are begun one after another take effect in that order, also when
//! some of them must be decided anew; a command whose [`InFlight`] is neither awaited nor dropped
//! for some seconds while others wait for it loses its place. Between streams there is no order,
//! but that what a decision read stands as it was read. What a command asks of other streams lands
//! with it, or nothing does.
//!
//! Knows no gRPC and no rule: rules are the domain's.

mod begin;
mod error;
mod line;
mod react;
mod read;
mod room;
mod store;
mod taken;
mod together;

pub use begin::{Begun, Executor, InFlight, Options};
pub use error::Error;
pub use store::{Loaded, LogStore};

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, StreamName, TenantId, Version};

/// Who sends a command, when it occurred, and under which id.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Whose log it goes to.
    pub tenant: TenantId,
    /// Idempotency key.
    pub command_id: String,
    /// Who does it.
    pub actor: String,
    /// Business time.
    pub occurred_at: DateTime<Utc>,
    /// What larger affair it belongs to.
    pub correlation_id: Option<String>,
    /// The event or command that caused it.
    pub causation_id: Option<String>,
    /// W3C traceparent of the call.
    pub trace_context: Option<String>,
}

/// What a command brought about. It is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The command's id.
    pub command_id: String,
    /// Position of the last event appended; the log's head if nothing was.
    pub position: Position,
    /// The stream the command was for.
    pub stream: StreamName,
    /// That stream's version after the command.
    pub version: Version,
    /// Names of the events appended, in order.
    pub event_types: Vec<String>,
    /// Whether this is the receipt of an earlier sending.
    pub duplicate: bool,
}
