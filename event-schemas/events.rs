//! What every room does alike: name its events, write and read their bytes, publish their schemas.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why stored bytes could not be read as an event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The room knows no event of that name.
    #[error("{category} has no event {event_type}")]
    UnknownType {
        /// Category of the stream.
        category: &'static str,
        /// Name found in the log.
        event_type: String,
    },
    /// The event was written by a newer program.
    #[error("{event_type} v{found} is newer than v{known}, the newest this program knows")]
    TooNew {
        /// Name of the event.
        event_type: String,
        /// Schema version found.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// The bytes are not what the schema promises.
    #[error("{event_type} cannot be read: {source}")]
    Malformed {
        /// Name of the event.
        event_type: String,
        /// What serde found.
        source: serde_json::Error,
    },
}

/// One published version of one event: what `published.lock` freezes.
pub struct Published {
    /// Name of the event.
    pub event_type: &'static str,
    /// Its newest schema version.
    pub version: u32,
    /// JSON Schema of that version, drawn from the Rust type.
    pub schema: Value,
}

/// `(event type, version, payload)` of any published version gives the payload of the newest.
pub type Lift = fn(&str, u32, &[u8]) -> Result<Vec<u8>, DecodeError>;

/// One room, whatever the type of its events.
pub struct Room {
    /// Category of the streams that hold its events; the name of its folder.
    pub category: &'static str,
    /// The newest schema of each of its events.
    pub published: Vec<Published>,
    /// `(event type, version, payload)` of any published version gives the payload of the newest.
    pub lift: Lift,
}

impl Room {
    /// The room whose events are `E`.
    pub fn of<E: StreamEvents>() -> Self {
        Self {
            category: E::CATEGORY,
            published: E::published(),
            lift: |event_type, version, payload| {
                let event = E::decode(event_type, version, payload)?;
                event.encode().map_err(|source| DecodeError::Malformed {
                    event_type: event_type.to_owned(),
                    source,
                })
            },
        }
    }
}

/// The events of one stream category.
pub trait StreamEvents: Sized + Clone + Send + Sync + 'static {
    /// Category of the streams that hold them.
    const CATEGORY: &'static str;
    /// Names of all events of the room.
    const TYPES: &'static [&'static str];

    /// Name of this event.
    fn event_type(&self) -> &'static str;
    /// Newest schema version of this event; what is written is always the newest.
    fn schema_version(&self) -> u32;
    /// The payload as JSON bytes.
    fn encode(&self) -> Result<Vec<u8>, serde_json::Error>;
    /// Reads a payload of any published version.
    fn decode(event_type: &str, version: u32, payload: &[u8]) -> Result<Self, DecodeError>;
    /// The newest schema of every event of the room.
    fn published() -> Vec<Published>;
}

/// Turns the payload of an older version into the next one, step by step, as JSON.
/// `(event type, version found, payload)` gives the payload of `version + 1`.
pub type Upcast = fn(&str, u32, Value) -> Value;

/// A room with no older versions: nothing to lift.
pub fn no_upcast(_: &str, _: u32, payload: Value) -> Value {
    payload
}

/// Reads one payload: straight if it is of the newest version, through the upcaster if it is older.
pub fn read<T: DeserializeOwned>(
    event_type: &str,
    found: u32,
    known: u32,
    payload: &[u8],
    upcast: Upcast,
) -> Result<T, DecodeError> {
    let malformed = |source| DecodeError::Malformed {
        event_type: event_type.to_owned(),
        source,
    };
    if found > known {
        return Err(DecodeError::TooNew {
            event_type: event_type.to_owned(),
            found,
            known,
        });
    }
    if found == known {
        return serde_json::from_slice(payload).map_err(malformed);
    }
    let mut value = serde_json::from_slice(payload).map_err(malformed)?;
    for version in found..known {
        value = upcast(event_type, version, value);
    }
    serde_json::from_value(value).map_err(malformed)
}

/// Declares the events of a room: the enum, its names, versions, bytes and schemas, said once.
///
/// ```text
/// events! {
///     /// What can happen to a product.
///     pub enum ProductEvent in "product" via upcast {
///         ProductRegistered = 1,
///     }
/// }
/// ```
/// Each name is a struct of the room; the number is its newest schema version.
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* pub enum $name:ident in $category:literal via $upcast:path {
        $($event:ident = $version:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[allow(
            clippy::large_enum_variant,
            reason = "an event is taken apart as soon as it is read; none is kept by the thousand"
        )]
        pub enum $name {
            $(#[doc = concat!("See [`", stringify!($event), "`].")] $event($event)),+
        }

        $(impl From<$event> for $name {
            fn from(event: $event) -> Self {
                Self::$event(event)
            }
        })+

        impl $crate::StreamEvents for $name {
            const CATEGORY: &'static str = $category;
            const TYPES: &'static [&'static str] = &[$(stringify!($event)),+];

            fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$event(_) => stringify!($event)),+
                }
            }

            fn schema_version(&self) -> u32 {
                match self {
                    $(Self::$event(_) => $version),+
                }
            }

            fn encode(&self) -> Result<Vec<u8>, ::serde_json::Error> {
                match self {
                    $(Self::$event(event) => ::serde_json::to_vec(event)),+
                }
            }

            fn decode(event_type: &str, version: u32, payload: &[u8]) -> Result<Self, $crate::DecodeError> {
                match event_type {
                    $(stringify!($event) => {
                        $crate::read(event_type, version, $version, payload, $upcast).map(Self::$event)
                    })+
                    _ => Err($crate::DecodeError::UnknownType {
                        category: $category,
                        event_type: event_type.to_owned(),
                    }),
                }
            }

            fn published() -> Vec<$crate::Published> {
                vec![$($crate::Published {
                    event_type: stringify!($event),
                    version: $version,
                    schema: ::schemars::schema_for!($event).to_value(),
                }),+]
            }
        }
    };
}
