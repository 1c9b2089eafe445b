//! The bytes of a leaf: the whole envelope of an event, so that nothing of it can be changed unseen.
//!
//! They follow one another without anything between them:
//!
//! | part | bytes |
//! | --- | --- |
//! | what this is | `twinfunnel-event/v1`, as a text |
//! | tenant | a text |
//! | position | a number |
//! | stream | a text, `category-id` |
//! | version | a number |
//! | event id | the 16 bytes of the UUID |
//! | type | a text |
//! | schema version | a number |
//! | occurred at | microseconds since 1970 UTC, a number (two's complement) |
//! | recorded at | the same |
//! | actor | a text |
//! | command id | a text; empty if there was none |
//! | correlation id | a text; the command id where none was given |
//! | causation id | a text; empty if there was none |
//! | trace context | a text; empty if there was none |
//! | payload | the SHA-256 hash of the stored bytes, 32 bytes |
//!
//! A number is 8 bytes, the highest first. A text is its length in bytes, 4 bytes, the highest first,
//! and its UTF-8. So no two envelopes have the same bytes.
//!
//! Of the payload there is only the hash: an event can be proved without being shown, and what is
//! stored encrypted stays proved when its key is destroyed.

use event_schemas::vocabulary::Recorded;

use crate::Hash;
use crate::hash::{leaf_hash, sha256};

const WHAT: &str = "twinfunnel-event/v1";

/// The bytes of an event's leaf.
pub fn leaf(event: &Recorded) -> Vec<u8> {
    let mut leaf = Vec::with_capacity(512);
    text(&mut leaf, WHAT);
    text(&mut leaf, event.tenant.as_str());
    leaf.extend(event.position.0.to_be_bytes());
    text(&mut leaf, event.stream.as_str());
    leaf.extend(event.version.0.to_be_bytes());
    leaf.extend(event.event_id.as_bytes());
    text(&mut leaf, &event.event_type);
    leaf.extend(u64::from(event.schema_version).to_be_bytes());
    leaf.extend(event.occurred_at.timestamp_micros().to_be_bytes());
    leaf.extend(event.recorded_at.timestamp_micros().to_be_bytes());
    text(&mut leaf, &event.actor);
    text(&mut leaf, &event.command_id);
    text(&mut leaf, &event.correlation_id);
    text(&mut leaf, event.causation_id.as_deref().unwrap_or_default());
    text(
        &mut leaf,
        event.trace_context.as_deref().unwrap_or_default(),
    );
    leaf.extend(sha256(&[&event.payload]).0);
    leaf
}

/// The hash of an event's leaf.
pub fn event_hash(event: &Recorded) -> Hash {
    leaf_hash(&leaf(event))
}

fn text(leaf: &mut Vec<u8>, text: &str) {
    // The log takes no text that comes near 4 GiB.
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    leaf.extend(len.to_be_bytes());
    leaf.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use chrono::DateTime;
    use event_schemas::vocabulary::{Position, StreamName, TenantId, Version};
    use uuid::Uuid;

    fn event() -> Recorded {
        Recorded {
            tenant: TenantId::new("acme").unwrap(),
            position: Position(7),
            stream: StreamName::parse("rep-ann").unwrap(),
            version: Version(2),
            event_id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
            event_type: "RepHired".to_owned(),
            schema_version: 1,
            occurred_at: DateTime::from_timestamp_micros(-1).unwrap(),
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
            actor: "böb".to_owned(),
            command_id: "c1".to_owned(),
            correlation_id: "c1".to_owned(),
            causation_id: None,
            trace_context: None,
            payload: b"{}".to_vec(),
        }
    }

    /// Written out by hand from the table above: whoever changes the encoding breaks every proof
    /// there is.
    #[test]
    fn the_bytes_are_those_of_the_table() {
        let expected = [
            "00000013",
            &hex::encode("twinfunnel-event/v1"),
            "00000004",
            &hex::encode("acme"),
            "0000000000000007",
            "00000007",
            &hex::encode("rep-ann"),
            "0000000000000002",
            "01920000000070008000000000000001",
            "00000008",
            &hex::encode("RepHired"),
            "0000000000000001",
            "ffffffffffffffff",
            "00060a24181e4001",
            "00000004",
            "62c3b662",
            "00000002",
            "6331",
            "00000002",
            "6331",
            "00000000",
            "00000000",
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        ];
        assert_eq!(hex::encode(leaf(&event())), expected.concat());
    }

    type Change = fn(&mut Recorded);

    #[test]
    fn every_field_is_bound() {
        let changes: [Change; 15] = [
            |e| e.tenant = TenantId::new("acmf").unwrap(),
            |e| e.position = Position(8),
            |e| e.stream = StreamName::parse("rep-bob").unwrap(),
            |e| e.version = Version(3),
            |e| e.event_id = Uuid::nil(),
            |e| e.event_type = "RepLeft".to_owned(),
            |e| e.schema_version = 2,
            |e| e.occurred_at = DateTime::from_timestamp_micros(0).unwrap(),
            |e| e.recorded_at = DateTime::from_timestamp_micros(0).unwrap(),
            |e| e.actor = "bob".to_owned(),
            |e| e.command_id = "c2".to_owned(),
            |e| e.correlation_id = "c2".to_owned(),
            |e| e.causation_id = Some("c0".to_owned()),
            |e| e.trace_context = Some("00".to_owned()),
            |e| e.payload = b"{ }".to_vec(),
        ];
        let mut hashes = vec![event_hash(&event())];
        for change in changes {
            let mut changed = event();
            change(&mut changed);
            let hash = event_hash(&changed);
            assert!(!hashes.contains(&hash), "{changed:?}");
            hashes.push(hash);
        }
    }

    #[test]
    fn what_is_moved_from_one_text_to_the_next_shows() {
        let mut moved = event();
        moved.actor = "böbc".to_owned();
        moved.command_id = "1".to_owned();
        assert_ne!(event_hash(&moved), event_hash(&event()));
    }
}
