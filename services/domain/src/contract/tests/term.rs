//! A contract's end is moved before it has come.

use chrono::{TimeZone as _, Utc};
use event_schemas::contract::{AmendmentKind, ContractAmended, ContractRenewed, LineChange};

use super::*;

fn moved(ends_on: &str) -> ContractAmended {
    ContractAmended {
        amendment_id: id("a1"),
        kind: AmendmentKind::Term,
        effective_on: on("2017-06-01"),
        ends_on: Some(on(ends_on)),
        changes: Vec::new(),
        splits: Vec::new(),
    }
}

#[test]
fn it_ends_later_or_earlier_at_the_same_sum() {
    let longer = signed_one().when(move_end("a1", "2018-09-01"));
    let longer = longer.then([moved("2018-09-01").into()]).and();
    assert_eq!(
        longer.state().agreement().unwrap().ends_on,
        Some(on("2018-09-01"))
    );
    let again = longer.clone().when(move_end("a1", "2018-09-01"));
    again.then_nothing();
    let other = longer.clone().when(move_end("a1", "2018-10-01"));
    other.then_refused("DUPLICATE_ID", &["id=a1"]);
    // Its term is the new one.
    let ends = longer.on(11).when(terminate("2018-08-31"));
    ends.then([terminated("2018-08-31")]);
    let shorter = signed_one().when(move_end("a1", "2017-09-01"));
    let shorter = shorter.then([moved("2017-09-01").into()]).and();
    shorter.on(11).when(terminate("2017-09-01")).then_refused(
        "OUTSIDE_TERM",
        &["ends_on=2017-09-01", "starts_on=2017-03-01"],
    );
}

#[test]
fn more_may_be_agreed_with_it() {
    let Kind::AmendContract(longer) = expand("a1", vec![asked("seats", 700)]) else {
        return;
    };
    let expected = ContractAmended {
        kind: AmendmentKind::Expansion,
        changes: vec![LineChange {
            line: line("seats", 700),
            amount_before_minor: 60_000,
        }],
        ..moved("2018-09-01")
    };
    let longer = v1::AmendContract {
        ends_on: "2018-09-01".to_owned(),
        ..longer
    };
    let same = v1::AmendContract {
        kind: v1::AmendmentKind::Term.into(),
        ..longer.clone()
    };
    signed_one()
        .when(Kind::AmendContract(same))
        .then_refused("CHANGES_THE_SUM", &["difference=100.00 USD"]);
    signed_one()
        .when(Kind::AmendContract(longer))
        .then([expected.into()]);
}

#[test]
fn it_moves_before_it_has_come_and_not_into_the_past() {
    let at = |month, day| Utc.with_ymd_and_hms(2017, month, day, 9, 0, 0).unwrap();
    let term = ["ends_on=2017-06-01", "starts_on=2017-03-01"];
    let before_it_holds = signed_one().when(move_end("a1", "2017-06-01"));
    before_it_holds.then_refused("OUTSIDE_TERM", &term);
    let today = signed_one().at(at(7, 1)).when(move_end("a1", "2017-07-01"));
    today.then([moved("2017-07-01").into()]);
    let past = signed_one().at(at(7, 2)).when(move_end("a1", "2017-07-01"));
    past.then_refused(
        "END_HAS_PASSED",
        &["ends_on=2017-07-01", "told_on=2017-07-02"],
    );
    let shorter = signed_one().and_on(10, [moved("2017-07-01").into()]);
    let over = shorter.at(at(7, 1)).when(move_end("a2", "2018-07-01"));
    over.then_refused(
        "END_HAS_PASSED",
        &["ends_on=2018-07-01", "told_on=2017-07-01"],
    );
}

#[test]
fn what_is_over_or_goes_on_elsewhere_has_no_other_end() {
    let over = signed_one().and_on(2, [terminated("2017-06-30")]);
    let over = over.when(move_end("a1", "2018-09-01"));
    over.then_refused("TERMINATED", &["effective_on=2017-06-30"]);
    let renewed = ContractRenewed {
        renewed_by_contract_id: id("c2"),
    };
    let renewed = signed_one().and_on(2, [renewed.into()]);
    let late = renewed.when(move_end("a1", "2018-09-01"));
    late.then_refused("ALREADY_RENEWED", &["contract_id=c2"]);
}

#[test]
fn as_much_of_each_recurs_as_before_unless_it_is_said() {
    let recurring = |quantity: &str, amount_minor, monthly| Line {
        quantity: id(quantity),
        amount_minor,
        monthly_recurring_minor: monthly,
        ..line("seats", 600)
    };
    let signed = ContractSigned {
        lines: vec![recurring("3", 180_000, Some(10_000))],
        ..terms()
    };
    let signed = among(given([ContractEvent::ContractSigned(signed)]));
    let asked = |quantity: &str, monthly| v1::Line {
        line_id: "seats".to_owned(),
        product_id: "gtx".to_owned(),
        quantity: quantity.to_owned(),
        monthly_recurring: monthly,
        ..Default::default()
    };
    let amended = |line| ContractAmended {
        kind: AmendmentKind::Expansion,
        ends_on: None,
        changes: vec![LineChange {
            line,
            amount_before_minor: 180_000,
        }],
        ..moved("2018-03-01")
    };
    let more = signed.clone().when(expand("a1", vec![asked("5", None)]));
    let more_recurs = recurring("5", 300_000, Some(16_667));
    more.then([amended(more_recurs).into()]);
    let stated = signed.when(expand("a1", vec![asked("5", dollars(0))]));
    let none_recurs = recurring("5", 300_000, Some(0));
    stated.then([amended(none_recurs).into()]);
}
