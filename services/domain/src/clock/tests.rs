//! Given what happened, when asked, then.

use chrono::NaiveDate;
use event_schemas::clock::{ClockEvent, DayEnded};

use super::{Clock, Command};
use crate::given::{given, nothing};

fn may(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, day).unwrap_or_default()
}

fn ended(day: u32) -> ClockEvent {
    DayEnded { day: may(day) }.into()
}

fn end(day: u32) -> Command {
    Command::EndDay { day: may(day) }
}

#[test]
fn any_day_is_the_first() {
    nothing::<Clock>().when_asked(end(7)).then([ended(7)]);
}

#[test]
fn days_end_one_after_another() {
    let after = given([ended(7)]).when_asked(end(8)).then([ended(8)]).and();
    let left_out = after.when_asked(end(10));
    left_out.then_refused("NOT_THE_NEXT_DAY", &["next=2024-05-09"]);
}

#[test]
fn a_day_ends_once() {
    given([ended(7), ended(8)])
        .when_asked(end(7))
        .then_nothing();
}
