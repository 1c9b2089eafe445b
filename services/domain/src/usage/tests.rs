//! Given what happened, when asked, then.
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

mod redelivery;

use chrono::NaiveDate;
use event_schemas::metric::{Aggregation, MetricDeclared, MetricEvent, MetricRetired};
use event_schemas::usage::{UsageCorrected, UsageEvent, UsageRecord, UsageRecorded};
use proto::v1;
use proto::v1::command::Kind;

use super::Usage;
use crate::given::{Given, acme, day, given, id, nothing};
use crate::metric::Metric;

fn metric(name: &str, aggregation: Aggregation) -> Given<Metric> {
    given([MetricEvent::from(MetricDeclared {
        metric_id: id(name),
        name: name.to_owned(),
        unit: "times".to_owned(),
        aggregation,
    })])
}

/// Nothing was used; there are metrics of sums and of different subjects, and one that was retired on
/// the sixth.
fn unused() -> Given<Usage> {
    let retired = metric("old", Aggregation::Last).and_on(6, [MetricRetired {}.into()]);
    nothing()
        .knowing("acme", &acme())
        .knowing("logins", &metric("logins", Aggregation::Sum))
        .knowing("users", &metric("users", Aggregation::Distinct))
        .knowing("old", &retired)
}

fn on(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 3, day).unwrap_or_default()
}

fn told(record_id: &str, quantity: &str, day: u32) -> v1::UsageRecord {
    v1::UsageRecord {
        record_id: record_id.to_owned(),
        metric_id: "logins".to_owned(),
        quantity: quantity.to_owned(),
        used_on: on(day).to_string(),
        ..Default::default()
    }
}

fn record(records: impl IntoIterator<Item = v1::UsageRecord>) -> Kind {
    Kind::RecordUsage(v1::RecordUsage {
        customer_id: "acme".to_owned(),
        records: records.into_iter().collect(),
    })
}

fn recorded<'a>(records: impl IntoIterator<Item = (&'a str, &'a str)>) -> UsageEvent {
    let records = records
        .into_iter()
        .map(|(record_id, quantity)| UsageRecord {
            record_id: id(record_id),
            metric_id: id("logins"),
            quantity: id(quantity),
            subject: None,
        });
    UsageRecorded {
        customer_id: id("acme"),
        used_on: on(1),
        records: records.collect(),
    }
    .into()
}

fn correct(record_id: &str, quantity: &str) -> Kind {
    Kind::CorrectUsage(v1::CorrectUsage {
        customer_id: "acme".to_owned(),
        used_on: on(1).to_string(),
        record_id: record_id.to_owned(),
        quantity: quantity.to_owned(),
        reason: "counted twice".to_owned(),
    })
}

fn corrected(record_id: &str, quantity: &str) -> UsageEvent {
    UsageCorrected {
        customer_id: id("acme"),
        used_on: on(1),
        record_id: id(record_id),
        metric_id: id("logins"),
        quantity: id(quantity),
        reason: Some("counted twice".to_owned()),
    }
    .into()
}

#[test]
fn a_record_seen_again_is_the_same_and_the_first_counts() {
    let first = unused().when(record([told("a", "1", 1), told("b", "2", 1)]));
    let first = first.then([recorded([("a", "1"), ("b", "2")])]);
    let first = first.and_claims(&["+usage.record a", "+usage.record b"]);
    let again = first
        .and()
        .when(record([told("c", "3", 1), told("a", "9", 1)]));
    let again = again
        .then([recorded([("c", "3")])])
        .and_claims(&["+usage.record c"]);
    let nothing_new = again.and().when(record([told("b", "2", 1)]));
    nothing_new.then_nothing();
}

#[test]
fn a_record_that_is_anothers_is_left_out_and_the_rest_lands() {
    let taken = unused().taken("usage.record", "a");
    let rest = taken
        .clone()
        .when(record([told("a", "1", 1), told("b", "2", 1)]));
    rest.then([recorded([("b", "2")])]);
    taken.when(record([told("a", "1", 1)])).then_nothing();
}

#[test]
fn a_record_is_known_by_its_sender_and_number_too() {
    let numbered = v1::UsageRecord {
        source: "web".to_owned(),
        sequence: Some(7),
        ..told("", "1", 1)
    };
    let first = unused().when(record([numbered.clone()]));
    let first = first.then([recorded([("web~7", "1")])]).and();
    first.when(record([told("web~7", "2", 1)])).then_nothing();
    // Else all that it sends would be one record.
    let unnumbered = v1::RecordUsage {
        customer_id: "acme".to_owned(),
        records: vec![v1::UsageRecord {
            sequence: None,
            ..numbered
        }],
    };
    let refused = super::parse(proto::commands::UsageCommand::RecordUsage(unnumbered));
    assert!(
        format!("{refused:?}").contains("records[0].sequence"),
        "{refused:?}"
    );
}

#[test]
fn records_of_several_days_are_asked_of_each_day() {
    let first = unused().when(record([
        told("a", "1", 1),
        told("b", "2", 5),
        told("c", "3", 1),
    ]));
    let first = first.then([recorded([("a", "1"), ("c", "3")])]);
    let other = v1::RecordUsage {
        customer_id: "acme".to_owned(),
        records: vec![told("b", "2", 5)],
    };
    let other = super::parse(proto::commands::UsageCommand::RecordUsage(other));
    let asks = other.map(|other| (other.id.clone(), other.command));
    let (address, command) = asks.unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(address, "acme~2017-03-05");
    first.and_asks([crate::Ask::Usage(address, command)]);
}

#[test]
fn usage_is_a_customers_that_is_registered() {
    let other = Kind::RecordUsage(v1::RecordUsage {
        customer_id: "other".to_owned(),
        records: vec![told("a", "1", 1)],
    });
    let other = unused().when(other);
    other.then_refused("UNKNOWN_CUSTOMER", &["customer_id=other"]);
}

#[test]
fn only_what_is_declared_is_measured() {
    let metric_id = "visits".to_owned();
    let visits = v1::UsageRecord {
        metric_id,
        ..told("a", "1", 1)
    };
    let unknown = unused().when(record([told("b", "1", 1), visits]));
    unknown.then_refused("UNKNOWN_METRIC", &["metric_id=visits"]);
}

#[test]
fn nothing_is_measured_after_the_day_on_which_its_metric_was_retired() {
    let old = |day| v1::UsageRecord {
        metric_id: "old".to_owned(),
        ..told("a", "-1", day)
    };
    let late = unused().when(record([old(7)]));
    late.then_refused(
        "RETIRED_METRIC",
        &["metric_id=old", "retired_on=2017-03-06"],
    );
    let in_time = unused().when(record([old(6)])).and();
    assert_eq!(in_time.history().len(), 1);
}

#[test]
fn a_metric_of_different_subjects_has_them_and_counts_none_less_than_not_at_all() {
    let users = |quantity: &str, subject: &str| v1::UsageRecord {
        metric_id: "users".to_owned(),
        subject: subject.to_owned(),
        ..told("a", quantity, 1)
    };
    let nobody = unused().when(record([users("1", "")]));
    nobody.then_refused("SUBJECT_MISSING", &["record_id=a"]);
    let negative = unused().when(record([users("-1", "user-7")]));
    negative.then_refused("NEGATIVE_QUANTITY", &["record_id=a"]);
    let one = unused().when(record([users("1", "user-7")])).and();
    let less = one.when(correct("a", "-1"));
    less.then_refused("NEGATIVE_QUANTITY", &["record_id=a"]);
}

#[test]
fn a_correction_is_of_a_record_of_that_day_and_the_last_word_counts() {
    let none = unused().when(correct("a", "2"));
    none.then_refused("UNKNOWN_RECORD", &["record_id=a"]);
    let history = unused().and_on(2, [recorded([("a", "1")])]);
    let before = history.clone().on(1).when(correct("a", "2"));
    let facts = ["record_id=a", "recorded_at=2017-03-02T09:00:00Z"];
    before.then_refused("BEFORE_IT_WAS_RECORDED", &facts);
    history
        .clone()
        .on(3)
        .when(correct("a", "1.0"))
        .then_nothing();
    let twice = history
        .on(8)
        .when(correct("a", "2"))
        .then([corrected("a", "2")]);
    twice
        .and()
        .on(9)
        .when(correct("a", "1"))
        .then([corrected("a", "1")]);
}

#[test]
fn a_correction_told_late_stands_before_the_last_word() {
    let history = unused().and_on(2, [recorded([("a", "1")])]);
    let history = history.and_on(8, [corrected("a", "3")]);
    let late = history
        .on(5)
        .when(correct("a", "2"))
        .then([corrected("a", "2")]);
    late.and().on(9).when(correct("a", "3")).then_nothing();
    let skewed = unused().and_on(2, [recorded([("a", "1")])]);
    let skewed = skewed
        .at(day(2) - chrono::TimeDelta::seconds(2))
        .when(correct("a", "2"));
    skewed.then([corrected("a", "2")]).and_occurred(day(2));
}
