//! Instants as messages carry them. UTC; the years 1 to 9999, as protobuf has them.

use chrono::{DateTime, Datelike as _, Utc};
use prost_types::Timestamp;

/// An instant as a message carries it.
pub fn to_timestamp(at: DateTime<Utc>) -> Timestamp {
    // Less than two billion: a leap second's nanoseconds fit too.
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp {
        seconds: at.timestamp(),
        nanos,
    }
}

/// The instant that a message carries, if it is one.
pub fn from_timestamp(at: &Timestamp) -> Option<DateTime<Utc>> {
    let instant = DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)?;
    (1..=9_999).contains(&instant.year()).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back() {
        for (seconds, nanos) in [(0, 0), (-1, 250_000_000), (253_402_300_799, 999_999_999)] {
            let sent = Timestamp { seconds, nanos };
            assert_eq!(from_timestamp(&sent).map(to_timestamp), Some(sent));
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        let none = [
            (0, -1),
            (0, 2_000_000_000),
            (253_402_300_800, 0),
            (i64::MAX, 0),
        ];
        for (seconds, nanos) in none {
            assert_eq!(from_timestamp(&Timestamp { seconds, nanos }), None);
        }
    }
}
