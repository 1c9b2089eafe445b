//! What a read model is, and how a page of events becomes changed rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use event_schemas::DecodeError;
use event_schemas::vocabulary::{Recorded, StreamName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::db::{Table, Value};

/// A read model: what it folds, and into which tables.
pub(crate) trait ReadModel: Send + Sync + 'static {
    /// What its room decodes events into.
    type Event: Folded;

    /// Its name, and that of its databases.
    const NAME: &'static str;
    /// To be raised when the tables, or what the fold writes, change: the engine then builds anew.
    const VERSION: u32;
    /// The statements that make its tables.
    const TABLES: &'static str;
    /// The rows that follow from all that is known of one stream, in the order in which it
    /// happened. Pure and total: no I/O, no clock, no failure.
    fn fold(stream: &StreamName, history: &[Fact<'_, Self::Event>]) -> Vec<FoldedRow>;
}

/// The events of a read model.
pub(crate) trait Folded: Sized {
    /// Categories of the streams it folds.
    const CATEGORIES: &'static [&'static str];

    /// Reads an event; nothing if it says nothing to this read model.
    fn decode(
        category: &str,
        event_type: &str,
        schema_version: u32,
        payload: &[u8],
    ) -> Result<Option<Self>, DecodeError>;
}

/// Says once what a read model folds, so that its events and categories cannot drift. Its room says of
/// each event whether it `says_something`.
macro_rules! folded {
    ($($room:ident($events:ty)),+ $(,)?) => {
        /// What it folds.
        #[derive(Debug)]
        pub(crate) enum Event {
            $($room($events)),+
        }

        impl crate::engine::fold::Folded for Event {
            const CATEGORIES: &'static [&'static str] =
                &[$(<$events as ::event_schemas::StreamEvents>::CATEGORY),+];

            fn decode(
                category: &str,
                event_type: &str,
                version: u32,
                payload: &[u8],
            ) -> Result<Option<Self>, ::event_schemas::DecodeError> {
                use ::event_schemas::StreamEvents as _;
                let event = match category {
                    $(<$events>::CATEGORY => {
                        Self::$room(<$events>::decode(event_type, version, payload)?)
                    })+
                    _ => return Ok(None),
                };
                Ok(event.says_something().then_some(event))
            }
        }
    };
}

pub(crate) use folded;

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Fact<'a, E> {
    pub(crate) occurred_at: DateTime<Utc>,
    /// Its place in its stream.
    pub(crate) version: u64,
    pub(crate) event: &'a E,
}

/// A row that a fold gives: the values of its table's key and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoldedRow {
    pub(crate) table: &'static Table,
    pub(crate) values: Vec<Value>,
}

impl FoldedRow {
    fn key(&self) -> &[Value] {
        self.values
            .get(..self.table.key.len())
            .unwrap_or(&self.values)
    }
}

/// What is kept of each stream: its facts as they came.
pub(crate) const HISTORY: Table = Table {
    name: "history",
    key: &["stream"],
    columns: &["facts"],
};

/// A fact as it is kept: happened at (microseconds), version in the stream, type, schema version,
/// payload.
#[derive(Serialize, Deserialize)]
struct Kept<'a>(i64, u64, &'a str, u32, #[serde(borrow)] &'a RawValue);

/// Why a page cannot be folded. The read model stands still until a program that can is started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FoldError {
    #[error("{stream} version {version}: {source}")]
    Decode {
        stream: StreamName,
        version: u64,
        source: DecodeError,
    },
    #[error("what is kept of {stream} cannot be read: {source}")]
    Kept {
        stream: StreamName,
        source: serde_json::Error,
    },
}

/// Rows to be written and keys to be deleted, by table.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) histories: Vec<Vec<Value>>,
    pub(crate) upserts: BTreeMap<&'static str, (&'static Table, Vec<Vec<Value>>)>,
    pub(crate) deletes: BTreeMap<&'static str, (&'static Table, Vec<Vec<Value>>)>,
}

/// A fold, whatever its events.
pub(crate) type Folding = fn(&[Recorded], &HashMap<String, String>) -> Result<Changes, FoldError>;

/// The streams of a page of which something is kept from before: those it does not begin.
pub(crate) fn continued(events: &[Recorded]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let first = events
        .iter()
        .filter(|event| seen.insert(event.stream.as_str()));
    first
        .filter(|event| event.version.0 > 1)
        .map(|event| event.stream.as_str())
        .collect()
}

/// Folds a page of events, given what is kept of its streams. A row that stays as it was is not
/// written again.
pub(crate) fn fold<M: ReadModel>(
    events: &[Recorded],
    kept: &HashMap<String, String>,
) -> Result<Changes, FoldError> {
    let mut streams: HashMap<&StreamName, Vec<&Recorded>> = HashMap::new();
    let mut order = Vec::new();
    for event in events {
        let of_stream = streams.entry(&event.stream).or_insert_with(|| {
            order.push(&event.stream);
            Vec::new()
        });
        of_stream.push(event);
    }
    let mut changes = Changes::default();
    for stream in order {
        let kept = kept.get(stream.as_str()).map_or("[]", String::as_str);
        let new = streams.remove(stream).unwrap_or_default();
        fold_stream::<M>(stream, kept, &new, &mut changes)?;
    }
    Ok(changes)
}

fn fold_stream<M: ReadModel>(
    stream: &StreamName,
    kept: &str,
    new: &[&Recorded],
    changes: &mut Changes,
) -> Result<(), FoldError> {
    let unreadable = |source| FoldError::Kept {
        stream: stream.clone(),
        source,
    };
    let decode = |version, event_type: &str, schema_version, payload: &[u8]| {
        let decoded = M::Event::decode(stream.category(), event_type, schema_version, payload);
        decoded.map_err(|source| FoldError::Decode {
            stream: stream.clone(),
            version,
            source,
        })
    };
    let mut facts: Vec<Kept<'_>> = serde_json::from_str(kept).map_err(unreadable)?;
    let mut decoded = Vec::with_capacity(facts.len() + new.len());
    for Kept(at, version, event_type, schema_version, payload) in &facts {
        let event = decode(
            *version,
            event_type,
            *schema_version,
            payload.get().as_bytes(),
        )?;
        decoded.extend(event.map(|event| (*at, *version, event)));
    }
    let known = decoded.len();
    for event in new {
        let (version, schema_version) = (event.version.0, event.schema_version);
        let Some(fact) = decode(version, &event.event_type, schema_version, &event.payload)? else {
            continue;
        };
        let at = event.occurred_at.timestamp_micros();
        decoded.push((at, version, fact));
        let payload = serde_json::from_slice(&event.payload).map_err(unreadable)?;
        facts.push(Kept(
            at,
            version,
            &event.event_type,
            schema_version,
            payload,
        ));
    }
    if decoded.len() == known {
        return Ok(());
    }
    let before = in_order(decoded.get(..known).unwrap_or_default());
    let before = if before.is_empty() {
        Vec::new()
    } else {
        M::fold(stream, &before)
    };
    let after = M::fold(stream, &in_order(&decoded));
    let facts = serde_json::to_string(&facts).map_err(unreadable)?;
    changes
        .histories
        .push(vec![stream.as_str().into(), facts.as_str().into()]);
    changes.add(&before, after);
    Ok(())
}

/// What happened, and when, in that order.
pub(crate) type Course<E> = Vec<(DateTime<Utc>, E)>;

/// What is kept of a stream, in the order in which it happened: for questions that fold it themselves.
pub(crate) fn kept<M: ReadModel>(
    stream: &StreamName,
    facts: &str,
) -> Result<Course<M::Event>, FoldError> {
    let unreadable = |source| FoldError::Kept {
        stream: stream.clone(),
        source,
    };
    let mut facts: Vec<Kept<'_>> = serde_json::from_str(facts).map_err(unreadable)?;
    facts.sort_by_key(|Kept(at, version, ..)| (*at, *version));
    let mut decoded = Vec::with_capacity(facts.len());
    for Kept(at, version, event_type, schema_version, payload) in facts {
        let payload = payload.get().as_bytes();
        let event = M::Event::decode(stream.category(), event_type, schema_version, payload);
        let event = event.map_err(|source| FoldError::Decode {
            stream: stream.clone(),
            version,
            source,
        })?;
        decoded.extend(event.map(|event| (instant(at), event)));
    }
    Ok(decoded)
}

/// In the order in which they happened; of one instant, in the order in which they were recorded.
fn in_order<E>(decoded: &[(i64, u64, E)]) -> Vec<Fact<'_, E>> {
    let mut sorted: Vec<_> = decoded.iter().collect();
    sorted.sort_by_key(|(at, version, _)| (*at, *version));
    sorted
        .into_iter()
        .map(|(at, version, event)| Fact {
            occurred_at: instant(*at),
            version: *version,
            event,
        })
        .collect()
}

/// The instant so many microseconds after 1970; the log holds none that chrono does not know.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

impl Changes {
    fn add(&mut self, before: &[FoldedRow], after: Vec<FoldedRow>) {
        for row in before {
            let stays = after
                .iter()
                .any(|new| new.table == row.table && new.key() == row.key());
            if !stays {
                let deletes = self
                    .deletes
                    .entry(row.table.name)
                    .or_insert((row.table, Vec::new()));
                deletes.1.push(row.key().to_vec());
            }
        }
        for row in after {
            if !before.contains(&row) {
                let upserts = self
                    .upserts
                    .entry(row.table.name)
                    .or_insert((row.table, Vec::new()));
                upserts.1.push(row.values);
            }
        }
    }
}
