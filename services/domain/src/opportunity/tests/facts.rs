//! What is known of an opportunity besides its course.

use event_schemas::opportunity::{
    ActivityKind, ActivityLogged, AmountChanged, CustomerIdentified, ExpectedCloseChanged,
    LeadAssigned, ProductsChanged,
};

use super::*;

fn assigned(rep: &str, previous: Option<&str>) -> OpportunityEvent {
    LeadAssigned {
        rep_id: id(rep),
        previous_rep_id: previous.map(id),
        reason: None,
    }
    .into()
}

#[test]
fn it_is_given_to_a_rep_and_to_another() {
    let bobs = lead()
        .on(3)
        .when(assign("bob"))
        .then([assigned("bob", None)])
        .and();
    bobs.clone().on(4).when(assign("bob")).then_nothing();
    bobs.on(5)
        .when(assign("ann"))
        .then([assigned("ann", Some("bob"))]);
}

#[test]
fn its_owner_is_a_rep_who_sells_then() {
    lead()
        .when(assign("cara"))
        .then_refused("UNKNOWN_REP", &["rep_id=cara"]);
    lead()
        .when(assign("bob"))
        .then_refused("INACTIVE_REP", &["rep_id=bob"]);
    lead()
        .on(5)
        .when(assign("bob"))
        .then([assigned("bob", None)]);
}

#[test]
fn an_activity_is_logged_once_also_on_a_closed_one() {
    let called = ActivityLogged {
        activity_id: id("a1"),
        kind: ActivityKind::Call,
        subject: "First call".to_owned(),
        note: None,
        duration_minutes: None,
        contact_id: None,
    };
    let logged = won_one().when(log("a1")).then([called.into()]).and();
    logged.on(11).when(log("a1")).then_nothing();
}

#[test]
fn its_worth_changes_and_changes_back() {
    let more: OpportunityEvent = AmountChanged { amount: usd(1200) }.into();
    let back = AmountChanged { amount: usd(1000) }.into();
    lead().when(change_amount(1000)).then_nothing();
    let more = lead().when(change_amount(1200)).then([more]).and();
    more.on(11).when(change_amount(1000)).then([back]);
}

#[test]
fn its_expected_close_changes() {
    let expected = ExpectedCloseChanged {
        expected_close_on: "2017-12-31".parse().unwrap(),
    };
    let later = lead()
        .when(expect_close("2017-12-31"))
        .then([expected.into()])
        .and();
    later.on(11).when(expect_close("2017-12-31")).then_nothing();
}

#[test]
fn what_is_offered_is_sold_then() {
    let changed = |products: &[&str]| -> OpportunityEvent {
        let product_ids = products.iter().map(|product| id(product)).collect();
        ProductsChanged { product_ids }.into()
    };
    lead().when(offer(&["gtx"])).then_nothing();
    lead().when(offer(&[])).then([changed(&[])]);
    lead()
        .on(5)
        .when(offer(&["old", "gtx"]))
        .then([changed(&["old", "gtx"])]);
    lead()
        .on(6)
        .when(offer(&["old"]))
        .then_refused("RETIRED_PRODUCT", &["product_id=old"]);
    lead()
        .when(offer(&["air"]))
        .then_refused("UNKNOWN_PRODUCT", &["product_id=air"]);
}

#[test]
fn its_customer_becomes_known() {
    let customer_id = id("acme");
    let known = lead()
        .when(identify("acme"))
        .then([CustomerIdentified { customer_id }.into()]);
    known.and().on(11).when(identify("acme")).then_nothing();
    let nobody = lead().when(identify("nobody"));
    nobody.then_refused("UNKNOWN_CUSTOMER", &["customer_id=nobody"]);
}
