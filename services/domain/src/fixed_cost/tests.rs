//! Given what happened, when asked, then.

use chrono::{Days, NaiveDate};
use event_schemas::fixed_cost::{FixedCostEvent, FixedCostRecorded};
use proto::v1;
use proto::v1::command::Kind;

use super::FixedCost;
use crate::given::{dollars, given, id, nothing, usd};

fn to_on(days: u64) -> NaiveDate {
    NaiveDate::default() + Days::new(days)
}

fn recorded(amount: i64) -> FixedCostEvent {
    FixedCostRecorded {
        cost_id: id("office"),
        name: "Office".to_owned(),
        from_on: NaiveDate::default(),
        to_on: to_on(31),
        amount: usd(amount),
    }
    .into()
}

fn record(amount: u32, days: u64) -> Kind {
    Kind::RecordFixedCost(v1::RecordFixedCost {
        cost_id: "office".to_owned(),
        name: "Office".to_owned(),
        from_on: NaiveDate::default().to_string(),
        to_on: to_on(days).to_string(),
        amount: dollars(amount),
    })
}

#[test]
fn the_last_word_counts() {
    let first = nothing::<FixedCost>().when(record(100, 31));
    let first = first.then([recorded(100)]).and();
    let second = first
        .on(11)
        .when(record(120, 31))
        .then([recorded(120)])
        .and();
    second.clone().on(12).when(record(120, 31)).then_nothing();
    second.on(12).when(record(100, 31)).then([recorded(100)]);
}

#[test]
fn what_is_told_late_stands_before_the_last_word() {
    let later = given([recorded(100)]).and_on(8, [recorded(120)]);
    let late = later
        .on(3)
        .when(record(110, 31))
        .then([recorded(110)])
        .and();
    late.on(9).when(record(120, 31)).then_nothing();
}

#[test]
fn a_period_ends_after_it_begins() {
    let none = nothing::<FixedCost>().when(record(100, 0));
    none.then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
}
