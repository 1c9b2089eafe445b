//! Given what happened, when asked, then.
#![allow(clippy::panic, reason = "a test that cannot go on ends")]

use event_schemas::product::{ListPriceChanged, ProductEvent, ProductRegistered, ProductRetired};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::Product;
use crate::given::{Given, day, dollars, given, id, live, nothing, usd};

fn registered() -> ProductEvent {
    ProductRegistered {
        product_id: id("gtx"),
        name: "GTX".to_owned(),
        category: Some("graphics".to_owned()),
        list_price: Some(usd(550)),
    }
    .into()
}

fn priced(amount: i64) -> ProductEvent {
    let list_price = usd(amount);
    ListPriceChanged { list_price }.into()
}

fn retired() -> ProductEvent {
    let reason = Some("replaced".to_owned());
    ProductRetired { reason }.into()
}

fn register(name: &str) -> Kind {
    Kind::RegisterProduct(v1::RegisterProduct {
        product_id: "gtx".to_owned(),
        name: name.to_owned(),
        category: " graphics ".to_owned(),
        list_price: dollars(550),
    })
}

fn price(amount: u32) -> Kind {
    Kind::ChangeListPrice(v1::ChangeListPrice {
        product_id: "gtx".to_owned(),
        list_price: dollars(amount),
    })
}

fn retire() -> Kind {
    Kind::RetireProduct(v1::RetireProduct {
        product_id: "gtx".to_owned(),
        reason: "replaced".to_owned(),
    })
}

fn no_product() -> Given<Product> {
    nothing()
}

#[test]
fn a_product_is_registered_once() {
    no_product().when(register("GTX")).then([registered()]);
    given([registered()]).when(register("GTX")).then_nothing();
    let renamed = given([registered()]).when(register("GTX 2"));
    renamed.then_refused("ALREADY_REGISTERED", &["product_id=gtx"]);
}

#[test]
fn a_list_price_changes_and_changes_back() {
    let dearer = given([registered()]).when(price(600)).then([priced(600)]);
    let back = dearer.and().on(11).when(price(550));
    back.then([priced(550)]);
    given([registered()]).when(price(550)).then_nothing();
}

#[test]
fn only_what_is_registered_has_a_price_and_retires() {
    no_product()
        .when(price(600))
        .then_refused("NOT_REGISTERED", &[]);
    no_product()
        .when(retire())
        .then_refused("NOT_REGISTERED", &[]);
}

#[test]
fn a_retired_product_changes_no_more() {
    let retired = given([registered()]).when(retire()).then([retired()]).and();
    retired.clone().on(11).when(retire()).then_nothing();
    retired.when(price(600)).then_refused("RETIRED", &[]);
}

#[test]
fn a_price_that_comes_late_stands_before_the_retirement_and_before_later_prices() {
    let history = given([registered()])
        .and_on(5, [priced(600)])
        .and_on(8, [retired()]);
    let late = history.on(3).when(price(580)).then([priced(580)]).and();
    let Product::Known { list_price, .. } = late.state() else {
        panic!("it is registered")
    };
    assert_eq!(list_price.at(day(4)), Some(&usd(580)));
    assert_eq!(list_price.latest(), Some(&usd(600)));
}

#[test]
fn a_retirement_told_late_holds_from_when_it_was() {
    let history = given([registered()]).and_on(8, [retired()]);
    let state = history.on(4).when(retire()).then([retired()]).and().state();
    assert!(state.is_sold_at(day(3)));
    assert!(!state.is_sold_at(day(4)));
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_product_ends_well(asked in prop::collection::vec(any_command(), 0..20)) {
        live(no_product(), asked);
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let command = prop_oneof![
        prop::sample::select(vec!["GTX", "GTX 2"]).prop_map(register),
        (500..503u32).prop_map(price),
        Just(retire()),
    ];
    (0..60i64, command)
}
