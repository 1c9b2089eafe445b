//! How a contract goes on: amended, given to another rep, terminated; and what is told late.

use event_schemas::contract::{AmendmentKind, ContractAmended, ContractReassigned, LineChange};

use super::*;
use crate::given::day;

fn amended(kind: AmendmentKind, changes: Vec<(Line, i64)>) -> ContractEvent {
    let change = |(line, before): (Line, i64)| LineChange {
        line,
        amount_before_minor: before * 100,
    };
    ContractAmended {
        amendment_id: id("a1"),
        kind,
        effective_on: on("2017-06-01"),
        ends_on: None,
        changes: changes.into_iter().map(change).collect(),
        splits: Vec::new(),
    }
    .into()
}

#[test]
fn an_expansion_changes_lines_and_adds_some() {
    let new = Line {
        revenue_type: RevenueType::Expansion,
        ..line("more", 50)
    };
    let expected = amended(
        AmendmentKind::Expansion,
        vec![(line("seats", 700), 600), (new, 0)],
    );
    let lines = vec![asked("seats", 700), asked("more", 50)];
    let larger = signed_one()
        .when(expand("a1", lines.clone()))
        .then([expected])
        .and();
    let same_id = larger.clone().when(expand("a1", vec![asked("seats", 701)]));
    same_id.then_refused("DUPLICATE_ID", &["id=a1"]);
    let all = larger.when(deliver("d1", &[("seats", 700), ("more", 50)]));
    all.then([delivered("d1", &[("seats", 700), ("more", 50)])]);
}

#[test]
fn what_is_not_said_of_a_line_stays() {
    let mut discounted = terms();
    discounted.lines[0] = Line {
        product_id: id("old"),
        discount_percent: id("10"),
        amount_minor: 54_000,
        revenue_type: RevenueType::Service,
        ..line("seats", 600)
    };
    let three = v1::Line {
        line_id: "seats".to_owned(),
        product_id: "old".to_owned(),
        quantity: "3".to_owned(),
        ..Default::default()
    };
    let expected = Line {
        quantity: id("3"),
        amount_minor: 162_000,
        ..discounted.lines[0].clone()
    };
    let expected = amended(AmendmentKind::Expansion, vec![(expected, 540)]);
    let contract = among(given([ContractEvent::ContractSigned(discounted)]));
    contract.when(expand("a1", vec![three])).then([expected]);
}

#[test]
fn a_contraction_takes_off_what_was_not_delivered() {
    let off = |name: &str| v1::Line {
        quantity: "0".to_owned(),
        ..asked(name, 400)
    };
    let expected = Line {
        quantity: id("0"),
        amount_minor: 0,
        ..line("setup", 400)
    };
    let expected = amended(AmendmentKind::Contraction, vec![(expected, 400)]);
    let smaller = signed_one()
        .when(contract("a1", vec![off("setup")]))
        .then([expected])
        .and();
    let beyond = smaller.when(deliver("d1", &[("setup", 1)]));
    beyond.then_refused(
        "DELIVERY_BEYOND_CONTRACT",
        &["line_id=setup", "open=0.00 USD"],
    );
    let delivered = signed_one().and_on(2, [delivered("d1", &[("setup", 100)])]);
    let below = delivered.when(contract("a1", vec![off("setup")]));
    below.then_refused(
        "BELOW_DELIVERED",
        &["delivered=100.00 USD", "line_id=setup"],
    );
}

#[test]
fn an_amendment_does_what_it_says_within_the_term() {
    let same = || vec![asked("seats", 600)];
    let none = ["difference=0.00 USD"];
    signed_one()
        .when(expand("a1", same()))
        .then_refused("NOT_AN_EXPANSION", &none);
    signed_one()
        .when(contract("a1", same()))
        .then_refused("NOT_A_CONTRACTION", &none);
    let term = ["ends_on=2018-03-01", "starts_on=2017-03-01"];
    signed_one()
        .when(terminate("2018-03-01"))
        .then_refused("OUTSIDE_TERM", &term);
    signed_one()
        .when(terminate("2017-02-28"))
        .then_refused("OUTSIDE_TERM", &term);
}

#[test]
fn it_is_given_to_another_rep_from_then_on() {
    let given_to = |rep: &str, previous: &str| -> ContractEvent {
        ContractReassigned {
            rep_id: id(rep),
            previous_rep_id: Some(id(previous)),
            splits: Vec::new(),
            reason: None,
        }
        .into()
    };
    let bobs = signed_one()
        .on(8)
        .when(reassign("bob", vec![]))
        .then([given_to("bob", "ann")]);
    let bobs = bobs.and();
    bobs.clone()
        .on(9)
        .when(reassign("bob", vec![]))
        .then_nothing();
    // Told late: it was ann's then.
    bobs.clone()
        .on(4)
        .when(reassign("ann", vec![]))
        .then_nothing();
    bobs.on(4)
        .when(reassign("gone", vec![]))
        .then([given_to("gone", "ann")]);
    signed_one()
        .when(reassign("gone", vec![]))
        .then_refused("INACTIVE_REP", &["rep_id=gone"]);
    let part = signed_one().when(reassign("bob", vec![split("bob", 9_000, false)]));
    part.then_refused("SPLITS_NOT_WHOLE", &["total_basis_points=9000"]);
}

#[test]
fn after_it_was_terminated_nothing_happens_but_money_and_costs() {
    let over = signed_one()
        .and_on(2, [invoiced("i1", &[("seats", 100)])])
        .and_on(5, [terminated("2017-09-01")]);
    over.clone().when(terminate("2017-09-01")).then_nothing();
    let fact = ["effective_on=2017-09-01"];
    over.clone()
        .when(terminate("2017-08-01"))
        .then_refused("ALREADY_TERMINATED", &fact);
    for command in [
        expand("a1", vec![asked("seats", 700)]),
        deliver("d1", &[]),
        reassign("bob", vec![]),
    ] {
        over.clone()
            .when(command.clone())
            .then_refused("TERMINATED", &fact);
    }
    // What was delivered before that may be told after it.
    over.clone()
        .on(4)
        .when(deliver("d1", &[]))
        .then([delivered("d1", &[("seats", 600), ("setup", 400)])]);
    let invoice = over.when(invoice("i2", &[("seats", 100)])).and();
    let payment = invoice.when(pay("p1", "i1", &[], None)).and();
    let refund = payment.when(refund("r1", "p1", &[], None)).and();
    let cost = refund.when(cost("k1", "seats", "-5")).and();
    assert_eq!(cost.state().agreement().unwrap().costs.len(), 1);
}

#[test]
fn nothing_happens_before_it_was_signed() {
    let later = among(nothing()).and_on(5, [terms().into()]);
    for command in [
        expand("a1", vec![asked("seats", 700)]),
        reassign("bob", vec![]),
        deliver("d1", &[]),
        invoice("i1", &[]),
        cost("k1", "seats", "5"),
        terminate("2017-09-01"),
    ] {
        let early = later.clone().on(4).when(command.clone());
        early.then_refused("OUT_OF_ORDER", &["after=2017-03-05T09:00:00Z"]);
        none().when(command).then_refused("NOT_SIGNED", &[]);
    }
    let clock_behind = later.at(day(5) - chrono::TimeDelta::minutes(3));
    let delivered_then = clock_behind.when(deliver("d1", &[("seats", 1)]));
    delivered_then
        .then([delivered("d1", &[("seats", 1)])])
        .and_occurred(day(5));
}

#[test]
fn its_course_is_told_in_order() {
    let larger = amended(AmendmentKind::Expansion, vec![(line("seats", 700), 600)]);
    let later = signed_one().and_on(5, [larger]);
    for command in [
        expand("a2", vec![asked("seats", 800)]),
        terminate("2017-09-01"),
    ] {
        let early = later.clone().on(4).when(command);
        early.then_refused("OUT_OF_ORDER", &["after=2017-03-05T09:00:00Z"]);
    }
}
