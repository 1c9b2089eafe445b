//! Reading: what may be asked for, and what is handed out.

use event_schemas::vocabulary::{Position, Recorded, StreamName};

/// Which events are wanted. An empty field wants all; within a field any value will do; all fields
/// must agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Stream categories, such as `opportunity`.
    pub categories: Vec<String>,
    /// Event types.
    pub event_types: Vec<String>,
    /// Single streams.
    pub streams: Vec<StreamName>,
}

impl Filter {
    /// Whether it wants every event.
    pub fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.event_types.is_empty() && self.streams.is_empty()
    }
}

/// Most bytes of the payloads of one page, but for its last event.
pub(crate) const PAGE_BYTES: usize = 16 << 20;

/// Some events of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPage {
    /// The events, in order.
    pub events: Vec<Recorded>,
    /// There may be more after them.
    pub has_more: bool,
}

/// A stretch of a tenant's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The wanted events of the stretch, in order.
    pub events: Vec<Recorded>,
    /// The last position of the stretch: everything up to here has been examined, and will never
    /// change. It is never past the head that was visible, nor before where the reading began.
    pub scanned_to: Position,
}
