//! What is delivered, invoiced, paid, refunded and spent: no sum is above what it is part of.

use proptest::prelude::*;

use super::*;
use crate::contract::agreement::Agreement;
use crate::given::{day, live};

#[test]
fn deliveries_come_to_what_was_agreed() {
    let some = signed_one().when(deliver("d1", &[("seats", 100)]));
    let some = some.then([delivered("d1", &[("seats", 100)])]).and();
    let beyond = some.clone().when(deliver("d2", &[("seats", 501)]));
    beyond.then_refused(
        "DELIVERY_BEYOND_CONTRACT",
        &["line_id=seats", "open=500.00 USD"],
    );
    let unknown = some.clone().when(deliver("d2", &[("x", 1)]));
    unknown.then_refused("UNKNOWN_LINE", &["line_id=x"]);
    let other = some.clone().when(deliver("d1", &[("seats", 99)]));
    other.then_refused("DUPLICATE_ID", &["id=d1"]);
    let rest = some
        .when(deliver("d2", &[]))
        .then([delivered("d2", &[("seats", 500), ("setup", 400)])]);
    rest.and()
        .when(deliver("d3", &[]))
        .then_refused("NOTHING_LEFT", &[]);
}

#[test]
fn invoices_come_to_what_was_agreed_and_are_due_as_agreed() {
    let whole = Kind::IssueInvoice(v1::IssueInvoice {
        contract_id: c1(),
        invoice_id: "i1".to_owned(),
        ..Default::default()
    });
    let expected = InvoiceIssued {
        invoice_id: id("i1"),
        amounts: sums(&[("seats", 600), ("setup", 400)]),
        due_on: on("2017-03-20"),
    };
    let all = signed_one().when(whole).then([expected.into()]).and();
    let beyond = all.when(invoice("i2", &[("seats", 1)]));
    beyond.then_refused(
        "INVOICE_BEYOND_CONTRACT",
        &["line_id=seats", "open=0.00 USD"],
    );
}

#[test]
fn a_sum_told_late_fits_in_then_and_now() {
    let larger = signed_one()
        .on(8)
        .when(expand("a1", vec![asked("seats", 900)]))
        .and();
    // On the fifth no more than 600 were agreed.
    let early = larger.clone().on(5).when(deliver("d1", &[("seats", 601)]));
    early.then_refused(
        "DELIVERY_BEYOND_CONTRACT",
        &["line_id=seats", "open=600.00 USD"],
    );
    let later = larger.on(9).when(deliver("d1", &[("seats", 800)])).and();
    // By now no more than 100 are left.
    let early = later.on(5).when(deliver("d2", &[("seats", 101)]));
    early.then_refused(
        "DELIVERY_BEYOND_CONTRACT",
        &["line_id=seats", "open=100.00 USD"],
    );
}

#[test]
fn a_payment_told_late_leaves_room_for_what_was_paid_since() {
    let later = invoiced_one()
        .and_on(6, [paid("p1", "i1", &[("seats", 300)])])
        .and_on(8, [refunded("r1", "p1", &[("seats", 300)])]);
    let early = later
        .clone()
        .on(5)
        .when(pay("p2", "i1", &[("seats", 1)], None));
    early.then_refused(
        "PAYMENT_BEYOND_INVOICE",
        &["line_id=seats", "open=0.00 USD"],
    );
    let after = later.on(8).when(pay("p2", "i1", &[("seats", 1)], None));
    after.then([paid("p2", "i1", &[("seats", 1)])]);
}

/// 300 for seats and 100 for setup invoiced on the second.
fn invoiced_one() -> Given<Contract> {
    signed_one().and_on(2, [invoiced("i1", &[("seats", 300), ("setup", 100)])])
}

#[test]
fn a_payment_is_spread_over_what_is_open() {
    let first = invoiced_one().when(pay("p1", "i1", &[], Some(100)));
    let first = first
        .then([paid("p1", "i1", &[("seats", 75), ("setup", 25)])])
        .and();
    let by_line = first.when(pay("p2", "i1", &[("setup", 75)], None));
    let by_line = by_line.then([paid("p2", "i1", &[("setup", 75)])]).and();
    let rest = by_line.when(pay("p3", "i1", &[], None));
    let rest = rest.then([paid("p3", "i1", &[("seats", 225)])]).and();
    rest.clone()
        .when(pay("p4", "i1", &[], None))
        .then_refused("NOTHING_LEFT", &[]);
    let more = rest.when(pay("p4", "i1", &[("seats", 1)], None));
    more.then_refused(
        "PAYMENT_BEYOND_INVOICE",
        &["line_id=seats", "open=0.00 USD"],
    );
}

#[test]
fn no_more_is_paid_than_is_open() {
    let over = invoiced_one().when(pay("p1", "i1", &[], Some(401)));
    over.then_refused("OVER_PAYMENT", &["open=400.00 USD"]);
    let beyond = invoiced_one().when(pay("p1", "i1", &[("setup", 101)], None));
    beyond.then_refused(
        "PAYMENT_BEYOND_INVOICE",
        &["line_id=setup", "open=100.00 USD"],
    );
    let unknown = invoiced_one().when(pay("p1", "i9", &[], None));
    unknown.then_refused("UNKNOWN_INVOICE", &["invoice_id=i9"]);
    let early = invoiced_one().on(1).when(pay("p1", "i1", &[], None));
    early.then_refused("OUT_OF_ORDER", &["after=2017-03-02T09:00:00Z"]);
    let both = |whole| pay("p1", "i1", &[("seats", 30), ("setup", 10)], Some(whole));
    invoiced_one()
        .when(both(40))
        .then([paid("p1", "i1", &[("seats", 30), ("setup", 10)])]);
    let facts = ["lines=40.00 USD", "whole=41.00 USD"];
    invoiced_one()
        .when(both(41))
        .then_refused("SUMS_DO_NOT_ADD_UP", &facts);
    let Kind::RecordPayment(mut euros) = pay("p1", "i1", &[], Some(1)) else {
        panic!("it is a payment")
    };
    euros.amount.as_mut().unwrap().currency_code = "EUR".to_owned();
    let euros = invoiced_one().when(Kind::RecordPayment(euros));
    euros.then_refused("CURRENCY_MISMATCH", &["currency=USD", "found=EUR"]);
}

#[test]
fn no_more_goes_back_than_was_paid_and_what_went_back_may_be_paid_again() {
    let all = invoiced_one().and_on(4, [paid("p1", "i1", &[("seats", 300), ("setup", 100)])]);
    let some = all.clone().when(refund("r1", "p1", &[("setup", 60)], None));
    let some = some.then([refunded("r1", "p1", &[("setup", 60)])]).and();
    let facts = ["open=40.00 USD"];
    let line = some
        .clone()
        .when(refund("r2", "p1", &[("setup", 41)], None));
    line.then_refused("REFUND_BEYOND_PAYMENT", &facts);
    let whole = some.clone().when(refund("r2", "p1", &[], Some(341)));
    whole.then_refused("REFUND_BEYOND_PAYMENT", &["open=340.00 USD"]);
    let unknown = some.clone().when(refund("r2", "p9", &[], None));
    unknown.then_refused("UNKNOWN_PAYMENT", &["payment_id=p9"]);
    let early = all.on(3).when(refund("r1", "p1", &[], None));
    early.then_refused("OUT_OF_ORDER", &["after=2017-03-04T09:00:00Z"]);
    let again = some.on(11).when(pay("p2", "i1", &[], None));
    again.then([paid("p2", "i1", &[("setup", 60)])]);
}

#[test]
fn costs_fall_on_lines_and_may_be_taken_back() {
    let spent = signed_one().when(cost("k1", "seats", "12.50")).and();
    let back = spent.when(cost("k2", "seats", "-12.50")).and();
    let costs = &back.state().agreement().unwrap().costs.clone();
    let total: i64 = costs.iter().map(|cost| cost.amounts[0].amount_minor).sum();
    assert_eq!((costs.len(), total), (2, 0));
    let other = back.clone().when(cost("k1", "seats", "12.51"));
    other.then_refused("DUPLICATE_ID", &["id=k1"]);
    back.when(cost("k3", "x", "1"))
        .then_refused("UNKNOWN_LINE", &["line_id=x"]);
}

/// What is wrong with an agreement, at any minute.
fn wrong(agreement: &Agreement) -> Option<String> {
    let all = |at: i64| day(1) + chrono::TimeDelta::minutes(at);
    for at in (0..20_000).map(all) {
        for invoice in &agreement.invoices {
            for (asked, (_, paid)) in invoice.issued.amounts.iter().zip(&invoice.paid) {
                if !(0..=asked.amount_minor).contains(&paid.by(at)) {
                    return Some(format!("{} of {asked:?} are paid at {at}", paid.by(at)));
                }
            }
        }
        for line in &agreement.lines {
            let agreed = line.line.at(at).map_or(0, |line| line.amount_minor);
            if line.delivered.by(at) > agreed {
                return Some(format!(
                    "{} of {} at {at}",
                    line.delivered.by(at),
                    line.line_id
                ));
            }
        }
    }
    for payment in &agreement.payments {
        if payment.left().iter().any(|(_, left)| *left < 0) {
            return Some(format!("more went back than {payment:?}"));
        }
    }
    None
}

fn any_work() -> impl Strategy<Value = (i64, Kind)> {
    let name = |kind: &'static str| (0..4_u32).prop_map(move |n| format!("{kind}{n}"));
    let each = prop_oneof![
        Just(vec![]),
        (1..700_u32).prop_map(|sum| vec![("seats", sum)]),
        (1..300_u32, 1..500_u32).prop_map(|(one, two)| vec![("seats", one), ("setup", two)]),
    ];
    let whole = prop::option::of(1..900_u32);
    let command = prop_oneof![
        1 => (name("d"), each.clone()).prop_map(|(d, each)| deliver(&d, &each)),
        3 => (name("i"), each.clone()).prop_map(|(i, each)| invoice(&i, &each)),
        4 => (name("p"), name("i"), each.clone(), whole.clone())
            .prop_map(|(p, i, each, whole)| pay(&p, &i, &each, whole)),
        3 => (name("r"), name("p"), each, whole)
            .prop_map(|(r, p, each, whole)| refund(&r, &p, &each, whole)),
        1 => (name("a"), 1..1_200_u32).prop_map(|(a, sum)| expand(&a, vec![asked("seats", sum)])),
        1 => (name("a"), 1..1_200_u32).prop_map(|(a, sum)| contract(&a, vec![asked("seats", sum)])),
        1 => Just(terminate("2017-09-01")),
        1 => name("k").prop_map(|k| cost(&k, "setup", "-7.01")),
    ];
    (0..20_000_i64, command)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_told_in_whatever_order_no_sum_is_above_what_it_is_part_of(
        asked in prop::collection::vec(any_work(), 0..40),
    ) {
        let all = live(signed_one(), asked).state();
        prop_assert_eq!(wrong(all.agreement().unwrap()), None);
    }
}
