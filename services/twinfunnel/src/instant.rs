//! Instants and moments of knowledge as people write them on the command line.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use proto::instant::to_timestamp;
use proto::v1::AsOf;
use proto::v1::as_of::KnownAt;

/// Reads an RFC 3339 instant, or a day, which means its midnight in UTC.
pub(crate) fn parse(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.with_timezone(&Utc));
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| day.and_time(NaiveTime::MIN).and_utc())
        .map_err(|_| "neither an RFC 3339 instant nor a day such as 2017-12-31".to_owned())
}

/// Reads a log position or an instant.
pub(crate) fn parse_known_at(text: &str) -> Result<KnownAt, String> {
    match text.parse() {
        Ok(position) => Ok(KnownAt::Position(position)),
        Err(_) => parse(text)
            .map(|at| KnownAt::RecordedBefore(to_timestamp(at)))
            .map_err(|_| {
                "neither a position, an RFC 3339 instant nor a day such as 2017-12-31".to_owned()
            }),
    }
}

/// Which part of history an answer is about.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AsOfArgs {
    /// Answer with what was known then: up to a log position, or recorded before an instant.
    #[arg(long, value_name = "POSITION|INSTANT", value_parser = parse_known_at)]
    known_at: Option<KnownAt>,
    /// Answer with what had happened before this instant; "open" and ages are measured at it.
    #[arg(long, value_name = "INSTANT", value_parser = parse)]
    happened_by: Option<DateTime<Utc>>,
}

impl AsOfArgs {
    /// As it is sent; `None` for all that is known, now.
    pub(crate) fn as_of(&self) -> Option<AsOf> {
        if self.known_at.is_none() && self.happened_by.is_none() {
            return None;
        }
        Some(AsOf {
            known_at: self.known_at,
            happened_by: self.happened_by.map(to_timestamp),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_day_is_its_midnight_in_utc() {
        assert_eq!(
            parse("2017-12-31").unwrap().to_rfc3339(),
            "2017-12-31T00:00:00+00:00"
        );
        assert_eq!(
            parse("2017-12-31T01:00:00+01:00").unwrap(),
            parse("2017-12-31").unwrap()
        );
        assert!(parse("2017-02-30").is_err());
    }

    #[test]
    fn a_number_is_a_position() {
        assert_eq!(parse_known_at("42").unwrap(), KnownAt::Position(42));
        let midnight = to_timestamp(parse("2017-12-31").unwrap());
        assert_eq!(
            parse_known_at("2017-12-31").unwrap(),
            KnownAt::RecordedBefore(midnight)
        );
        assert!(parse_known_at("-1").is_err());
    }
}
