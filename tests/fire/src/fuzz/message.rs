//! Messages nobody means well: right by type and wrong in everything else, or no messages at all.

use fastrand::Rng;
use prost::Message as _;
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

/// How deep messages lie in one another.
const DEPTH: u32 = 6;

/// More than a node takes in one message.
const TOO_LARGE: usize = 5 << 20;

/// What is hidden in a text: control characters, turned directions, broken lines, markup, huge
/// numbers, names of streams, and the ids of what may be there.
const TEXTS: [&str; 28] = [
    "",
    " ",
    "o1",
    "o2",
    "ann",
    "b2b",
    "acme",
    "opportunity-o1",
    "x-1",
    "-",
    "a\u{0}b",
    "\u{202e}cba",
    "\u{feff}",
    "line\u{2028}line",
    "\r\n\r\nGET /",
    "'; DROP TABLE events; --",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "%00%n%s",
    "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
    "Z\u{0341}\u{0341}\u{0341}\u{0341}\u{0341}",
    "NaN",
    "-0",
    "1e308",
    "99999999999999999999999999999999999999999.99",
    "0.000000000000000000000000000000000000000001",
    "2017-02-30",
    "USD",
];

/// The bytes of a message of that kind, or of none.
pub(crate) fn bytes(kind: &MessageDescriptor, chances: &mut Rng) -> Vec<u8> {
    let meant = message(kind, chances, DEPTH).encode_to_vec();
    match chances.u8(..) {
        0..=9 => Vec::new(),
        10..=29 => std::iter::repeat_with(|| chances.u8(..))
            .take(chances_len(meant.len()))
            .collect(),
        30..=59 => damaged(meant, chances),
        60..=61 => nested(chances),
        62 => vec![b'x'; TOO_LARGE],
        _ => meant,
    }
}

fn chances_len(meant: usize) -> usize {
    meant.clamp(1, 4_096)
}

/// Some bytes of it changed, or its end cut off.
fn damaged(mut bytes: Vec<u8>, chances: &mut Rng) -> Vec<u8> {
    for _ in 0..chances.usize(1..6) {
        if let Some(byte) = chances.choice(&mut bytes) {
            *byte ^= 1 << fastrand::u8(0..8);
        }
    }
    if chances.bool() {
        bytes.truncate(chances.usize(0..=bytes.len()));
    }
    bytes
}

/// A message in a message in a message …
fn nested(chances: &mut Rng) -> Vec<u8> {
    let mut inner = Vec::new();
    let tag = chances.u8(0..16) << 3 | 2;
    for _ in 0..2_000 {
        let mut outer = vec![tag];
        prost::encoding::encode_varint(u64::try_from(inner.len()).unwrap_or_default(), &mut outer);
        outer.extend(inner);
        inner = outer;
    }
    inner
}

/// A message whose fields have the right types.
fn message(kind: &MessageDescriptor, chances: &mut Rng, depth: u32) -> DynamicMessage {
    let mut made = DynamicMessage::new(kind.clone());
    // Of alternatives one is chosen, so that the last does not always win.
    let chosen: Vec<FieldDescriptor> = kind
        .oneofs()
        .filter_map(|oneof| chances.choice(oneof.fields()))
        .collect();
    let alone = kind
        .fields()
        .filter(|field| field.containing_oneof().is_none());
    for field in alone.chain(chosen) {
        // Mostly there, so that the checks behind the first one are met.
        if chances.u8(..) < 40 {
            continue;
        }
        let value = if field.is_map() {
            map(&field, chances, depth)
        } else if field.is_list() {
            let len = match chances.u8(..) {
                0..=3 => 3_000,
                4..=40 => 0,
                _ => chances.usize(1..4),
            };
            Value::List(
                (0..len)
                    .filter_map(|_| one(&field, chances, depth))
                    .collect(),
            )
        } else {
            match one(&field, chances, depth) {
                Some(value) => value,
                None => continue,
            }
        };
        made.set_field(&field, value);
    }
    made
}

fn map(field: &FieldDescriptor, chances: &mut Rng, depth: u32) -> Value {
    let mut entries = std::collections::HashMap::new();
    if let Kind::Message(entry) = field.kind() {
        for _ in 0..chances.usize(0..4) {
            let key = MapKey::String(text(chances));
            if let Some(value) = one(&entry.map_entry_value_field(), chances, depth) {
                entries.insert(key, value);
            }
        }
    }
    Value::Map(entries)
}

fn one(field: &FieldDescriptor, chances: &mut Rng, depth: u32) -> Option<Value> {
    Some(match field.kind() {
        Kind::Double => Value::F64(float(chances)),
        #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
        Kind::Float => Value::F32(float(chances) as f32),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            Value::I32(extreme(chances, [i32::MIN, -1, 0, 1, i32::MAX]))
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            Value::I64(extreme(chances, [i64::MIN, -1, 0, 1_700_000_000, i64::MAX]))
        }
        Kind::Uint32 | Kind::Fixed32 => Value::U32(extreme(chances, [0, 1, 7, 1_000, u32::MAX])),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(extreme(chances, [0, 1, 7, 1 << 63, u64::MAX])),
        Kind::Bool => Value::Bool(chances.bool()),
        Kind::String => Value::String(text(chances)),
        Kind::Bytes => Value::Bytes(Bytes::from(text(chances))),
        Kind::Enum(_) => Value::EnumNumber(extreme(chances, [0, 1, 2, 3, i32::MAX])),
        Kind::Message(_) if depth == 0 => return None,
        Kind::Message(kind) => Value::Message(message(&kind, chances, depth - 1)),
    })
}

fn extreme<T: Copy + Default>(chances: &mut Rng, of: [T; 5]) -> T {
    chances.choice(of).unwrap_or_default()
}

fn float(chances: &mut Rng) -> f64 {
    extreme(
        chances,
        [f64::NAN, f64::INFINITY, -0.0, 1.5, f64::MIN_POSITIVE],
    )
}

/// A text: one that does harm, one that is long, or a plain one that may name something.
fn text(chances: &mut Rng) -> String {
    match chances.u8(..) {
        0..=130 => chances.choice(TEXTS).unwrap_or_default().to_owned(),
        131..=135 => chances.choice(TEXTS).unwrap_or_default().repeat(5_000),
        136..=150 => std::iter::repeat_with(|| chances.char(..))
            .take(20)
            .collect(),
        151..=170 => format!("{}", chances.i64(..)),
        171..=190 => format!("{}.{:02}", chances.u16(..), chances.u8(0..100)),
        191..=200 => format!(
            "20{:02}-{:02}-{:02}",
            chances.u8(0..30),
            chances.u8(0..14),
            chances.u8(0..33)
        ),
        _ => format!("id{}", chances.u8(..)),
    }
}
