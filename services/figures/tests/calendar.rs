//! The calendar as laws: months that clamp, days that begin when they do, wherever that is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

extern crate twinfunnel_figures as figures;

use chrono::{Datelike as _, Days, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use event_schemas::playbook::Offset;
use figures::calendar::{Zone, offset, repeated};
use proptest::prelude::*;

fn on(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

fn months(months: i32) -> Offset {
    Offset { months, days: 0 }
}

#[test]
fn a_month_clamps_and_what_is_clamped_does_not_add_up() {
    let january = on("2024-01-31");
    let each = |times| repeated(january, months(1), times).unwrap().to_string();
    let days = [1, 2, 3, 13].map(each);
    assert_eq!(
        days,
        ["2024-02-29", "2024-03-31", "2024-04-30", "2025-02-28"]
    );
    assert_eq!(
        offset(on("2024-02-29"), months(12)).unwrap(),
        on("2025-02-28")
    );
    assert_eq!(
        offset(on("2025-01-31"), months(-2)).unwrap(),
        on("2024-11-30")
    );
    let mixed = Offset { months: 1, days: 1 };
    assert_eq!(offset(january, mixed).unwrap(), on("2024-03-01"));
    assert_eq!(offset(NaiveDate::MAX, months(1)), None);
}

#[test]
fn a_day_begins_when_its_clock_has_leapt() {
    let starts = |zone: Tz, day: &str| Zone::of(zone).start(on(day)).to_rfc3339();
    assert_eq!(
        starts(Tz::Asia__Shanghai, "2024-03-01"),
        "2024-02-29T16:00:00+00:00"
    );
    assert_eq!(
        starts(Tz::America__New_York, "2024-03-11"),
        "2024-03-11T04:00:00+00:00"
    );
    // At midnight it was one o'clock already.
    assert_eq!(
        starts(Tz::America__Sao_Paulo, "2018-11-04"),
        "2018-11-04T03:00:00+00:00"
    );
    // There was no such day in Samoa.
    assert_eq!(
        starts(Tz::Pacific__Apia, "2011-12-30"),
        "2011-12-30T10:00:00+00:00"
    );
}

fn day() -> impl Strategy<Value = NaiveDate> {
    (0u64..80_000).prop_map(|days| on("1900-01-01") + Days::new(days))
}

proptest! {
    #[test]
    fn months_land_in_their_month_on_the_day_or_its_last(day in day(), count in -600i32..600) {
        let there = offset(day, months(count)).unwrap();
        let apart = (there.year() - day.year()) * 12
            + i32::try_from(there.month()).unwrap() - i32::try_from(day.month()).unwrap();
        prop_assert_eq!(apart, count);
        let is_last = (there + Days::new(1)).month() != there.month();
        prop_assert!(there.day() == day.day() || (there.day() < day.day() && is_last));
    }

    #[test]
    fn later_days_never_come_before_earlier_ones(
        day in day(), later in 0u64..400, count in -60i32..60, days in -500i32..500,
    ) {
        let by = Offset { months: count, days };
        prop_assert!(offset(day, by).unwrap() <= offset(day + Days::new(later), by).unwrap());
    }

    #[test]
    fn what_goes_forward_is_repeated_forward(
        day in day(), count in 0i32..30, days in 1i32..40, times in 0u32..40,
    ) {
        let by = Offset { months: count, days };
        prop_assert!(repeated(day, by, times).unwrap() < repeated(day, by, times + 1).unwrap());
    }

    #[test]
    fn every_instant_lies_in_its_day(
        seconds in 0i64..4_000_000_000,
        zone in prop::sample::select(vec![
            Tz::UTC, Tz::Asia__Shanghai, Tz::America__New_York, Tz::Europe__Berlin,
            Tz::America__Sao_Paulo, Tz::Australia__Lord_Howe, Tz::Asia__Kathmandu,
        ]),
    ) {
        let at = chrono::DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let zone = Zone::of(zone);
        let day = zone.day(at);
        prop_assert!(zone.start(day) <= at && at < zone.start(day + Days::new(1)));
        prop_assert_eq!(zone.day(zone.start(day)), day);
    }
}
