//! Given what happened, when asked, then.

use chrono::NaiveDate;
use event_schemas::exchange_rate::{ExchangeRateEvent, ExchangeRateSet};
use proto::v1;
use proto::v1::command::Kind;

use super::ExchangeRate;
use crate::given::{given, id, nothing};

fn was_set(rate: &str) -> ExchangeRateEvent {
    ExchangeRateSet {
        from_currency: id("EUR"),
        to_currency: id("USD"),
        from_on: NaiveDate::default(),
        rate: id(rate),
    }
    .into()
}

fn set(rate: &str) -> Kind {
    Kind::SetExchangeRate(v1::SetExchangeRate {
        from_currency_code: "EUR".to_owned(),
        to_currency_code: "USD".to_owned(),
        from_on: NaiveDate::default().to_string(),
        rate: rate.to_owned(),
    })
}

#[test]
fn a_rate_is_set_and_set_right() {
    let first = nothing::<ExchangeRate>().when(set("1.050"));
    let first = first.then([was_set("1.05")]).and();
    first.clone().on(11).when(set("1.05")).then_nothing();
    let second = first.on(12).when(set("1.06")).then([was_set("1.06")]);
    second
        .and()
        .on(13)
        .when(set("1.05"))
        .then([was_set("1.05")]);
}

#[test]
fn a_rate_told_late_stands_before_the_last_word() {
    let later = given([was_set("1.05")]).and_on(8, [was_set("1.07")]);
    let late = later.on(3).when(set("1.06")).then([was_set("1.06")]).and();
    late.clone().on(4).when(set("1.06")).then_nothing();
    late.on(9).when(set("1.07")).then_nothing();
}
