//! What contracts bring, how that moves, and how much of it stays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use event_schemas::commission_plan::Period;
use event_schemas::contract::{
    AmendmentKind, BillingFrequency, BillingTerms, ContractAmended, ContractEvent, ContractSigned,
    ContractTerminated, LineChange,
};
use event_schemas::vocabulary::{
    AmendmentId, ContractId, Currency, CustomerId, Line, LineId, Number, ProductId, RevenueType,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::calendar::Span;

/// A day of 2024, `5.01` being the fifth of January.
fn on(day: &str) -> NaiveDate {
    NaiveDate::parse_from_str(&format!("{day}.2024"), "%d.%m.%Y").unwrap()
}

fn segment(from: &str, to: &str, monthly_minor: i64) -> Segment {
    Segment {
        from_on: on(from),
        to_on: (!to.is_empty()).then(|| on(to)),
        monthly_minor,
    }
}

fn span(from: &str, to: &str) -> Span {
    Span {
        from_on: on(from),
        to_on: on(to),
    }
}

fn tally(customers: u64, minor: i128) -> Tally {
    Tally { customers, minor }
}

#[test]
fn a_contract_counts_from_its_first_day_and_before_its_last() {
    let mrr = Mrr::of([segment("5.01", "10.01", 100), segment("7.01", "", 20)]);
    let days = ["4.01", "5.01", "7.01", "9.01", "10.01", "31.12"];
    assert_eq!(days.map(|day| mrr.on(on(day))), [0, 100, 120, 120, 20, 20]);
    assert_eq!(mrr.first_on(), Some(on("5.01")));
}

#[test]
fn a_trial_and_a_contract_of_no_day_bring_nothing() {
    let mrr = Mrr::of([segment("5.01", "", 0), segment("5.01", "5.01", 100)]);
    assert_eq!(mrr, Mrr::default());
    assert_eq!(mrr.first_on(), None);
}

#[test]
fn a_contract_that_follows_another_moves_nothing() {
    let mrr = Mrr::of([segment("1.01", "1.03", 100), segment("1.03", "", 100)]);
    assert_eq!(mrr.movement(on("1.02"), on("1.04")), None);
    assert_eq!(mrr.on(on("1.03")), 100);
}

#[test]
fn a_movement_compares_the_start_and_the_end() {
    let customers = [
        Mrr::of([segment("10.02", "", 100)]),
        Mrr::of([segment("1.01", "5.01", 7), segment("20.02", "", 50)]),
        Mrr::of([segment("1.01", "", 30), segment("2.02", "", 10)]),
        Mrr::of([segment("1.01", "15.02", 25), segment("1.01", "", 15)]),
        Mrr::of([segment("1.01", "20.02", 60)]),
        // What comes and goes between them is no movement.
        Mrr::of([segment("5.02", "9.02", 1_000)]),
    ];
    let movements = Movements::of(&customers, span("1.02", "1.03"));
    let expected = Movements {
        start: tally(3, 130),
        new: tally(1, 100),
        reactivation: tally(1, 50),
        expansion: tally(1, 10),
        contraction: tally(1, 25),
        churn: tally(1, 60),
        end: tally(4, 205),
    };
    assert_eq!(movements, expected);
    assert_eq!(movements.arr_minor(), 2_460);
    let of_start = |part: i64| Some(Decimal::from(part) / Decimal::from(130));
    assert_eq!(movements.grr(), of_start(45));
    assert_eq!(movements.nrr(), of_start(55));
    assert_eq!(
        movements.logo_churn(),
        Some(Decimal::from(1) / Decimal::from(3))
    );
}

#[test]
fn who_has_left_and_comes_back_in_the_same_period_has_only_more_or_less() {
    let mrr = Mrr::of([segment("1.01", "5.02", 10), segment("20.02", "", 30)]);
    assert_eq!(
        mrr.movement(on("1.02"), on("1.03")),
        Some(Movement::Expansion)
    );
    assert_eq!(mrr.movement(on("1.02"), on("10.02")), Some(Movement::Churn));
    assert_eq!(
        mrr.movement(on("10.02"), on("1.03")),
        Some(Movement::Reactivation)
    );
}

#[test]
fn without_a_start_there_is_no_value() {
    let customers = [Mrr::of([segment("10.02", "", 100)])];
    let movements = Movements::of(&customers, span("1.02", "1.03"));
    assert_eq!(movements.grr(), None);
    assert_eq!(movements.nrr(), None);
    assert_eq!(movements.logo_churn(), None);
}

#[test]
fn a_cohort_is_told_by_the_months_that_have_ended() {
    let customers = [
        Mrr::of([segment("5.01", "", 100), segment("10.02", "", 50)]),
        Mrr::of([segment("1.01", "20.02", 40)]),
        // It left within its first month, and is of the cohort all the same.
        Mrr::of([segment("3.01", "9.01", 10)]),
        Mrr::of([segment("29.02", "", 10)]),
    ];
    let told = cohorts(&customers, span("1.01", "15.03"));
    let expected = [
        Cohort {
            month_on: on("1.01"),
            customers: 3,
            months: vec![tally(2, 140), tally(1, 150)],
        },
        Cohort {
            month_on: on("1.02"),
            customers: 1,
            months: vec![tally(1, 10)],
        },
    ];
    assert_eq!(told, expected);
    let first = told.first().unwrap();
    let third = Decimal::from(1) / Decimal::from(3);
    assert_eq!(first.logo_retention(1), Some(third));
    assert_eq!(
        first.revenue_retention(1),
        Some(Decimal::from(150) / Decimal::from(140))
    );
    assert_eq!(first.logo_retention(2), None);
    assert!(cohorts(&customers, span("1.03", "15.03")).is_empty());
}

fn line(id: &str, quantity: &str, monthly_minor: Option<i64>) -> Line {
    Line {
        line_id: LineId::new(id).unwrap(),
        product_id: ProductId::new("seat").unwrap(),
        product_category: None,
        quantity: Number::parse(quantity).unwrap(),
        list_price_minor: 100,
        discount_percent: Number::parse("0").unwrap(),
        amount_minor: 100,
        revenue_type: RevenueType::New,
        monthly_recurring_minor: monthly_minor,
    }
}

fn signed(ends: &str, lines: Vec<Line>) -> ContractEvent {
    ContractSigned {
        contract_id: ContractId::new("k").unwrap(),
        customer_id: CustomerId::new("acme").unwrap(),
        opportunity_id: None,
        quote_id: None,
        renews_contract_id: None,
        currency: Currency::new("USD").unwrap(),
        starts_on: on("1.02"),
        ends_on: (!ends.is_empty()).then(|| on(ends)),
        billing: BillingTerms {
            frequency: BillingFrequency::Monthly,
            payment_days: 0,
        },
        lines,
        rep_id: None,
        splits: vec![],
    }
    .into()
}

fn amended(day: &str, changed: Line) -> ContractEvent {
    ContractAmended {
        amendment_id: AmendmentId::new(day).unwrap(),
        kind: AmendmentKind::Expansion,
        effective_on: on(day),
        ends_on: None,
        changes: vec![LineChange {
            line: changed,
            amount_before_minor: 0,
        }],
        splits: vec![],
    }
    .into()
}

fn moved_end(day: &str, ends: &str) -> ContractEvent {
    ContractAmended {
        amendment_id: AmendmentId::new(day).unwrap(),
        kind: AmendmentKind::Term,
        effective_on: on(day),
        ends_on: Some(on(ends)),
        changes: vec![],
        splits: vec![],
    }
    .into()
}

fn terminated(day: &str) -> ContractEvent {
    ContractTerminated {
        effective_on: on(day),
        reason: "insolvency".into(),
        note: None,
    }
    .into()
}

/// Line, and when it brings how much.
fn brought(events: &[ContractEvent]) -> Vec<(String, Segment)> {
    let recurring = Recurring::of(events).unwrap();
    let lines = recurring.lines.into_iter();
    lines
        .map(|line| (line.line_id.to_string(), line.segment))
        .collect()
}

#[test]
fn an_amendment_holds_from_its_day_on() {
    let events = [
        signed(
            "1.12",
            vec![line("1", "1", Some(100)), line("2", "1", None)],
        ),
        amended("1.04", line("1", "2", Some(200))),
        amended("1.06", line("3", "1", Some(50))),
    ];
    let expected = [
        ("1".to_owned(), segment("1.02", "1.04", 100)),
        ("1".to_owned(), segment("1.04", "1.12", 200)),
        ("3".to_owned(), segment("1.06", "1.12", 50)),
    ];
    assert_eq!(brought(&events), expected);
}

#[test]
fn an_amendment_told_later_replaces_what_was_agreed_of_the_days_after() {
    let events = [
        signed("", vec![line("1", "1", Some(100))]),
        amended("1.06", line("1", "3", Some(300))),
        amended("1.03", line("1", "2", Some(200))),
    ];
    let expected = [
        ("1".to_owned(), segment("1.02", "1.03", 100)),
        ("1".to_owned(), segment("1.03", "", 200)),
    ];
    assert_eq!(brought(&events), expected);
}

#[test]
fn a_contract_brings_what_it_does_until_the_end_that_was_agreed_last() {
    let one = || vec![line("1", "1", Some(100))];
    let until = |to: &str| [("1".to_owned(), segment("1.02", to, 100))];
    let longer = [signed("1.06", one()), moved_end("1.03", "1.12")];
    assert_eq!(brought(&longer), until("1.12"));
    let shorter = [&longer[..], &[moved_end("1.04", "1.05")]].concat();
    assert_eq!(brought(&shorter), until("1.05"));
    // What says nothing of the end leaves it.
    let amended = amended("1.04", line("1", "1", Some(100)));
    let after = [&longer[..], &[amended]].concat();
    let last = brought(&after).pop().unwrap().1;
    assert_eq!(last, segment("1.04", "1.12", 100));
    // A termination ends it wherever its end was moved to.
    let over = [&longer[..], &[terminated("1.08")]].concat();
    assert_eq!(brought(&over), until("1.08"));
}

#[test]
fn a_line_taken_off_and_a_contract_terminated_bring_nothing_more() {
    let events = [
        signed(
            "1.12",
            vec![line("1", "1", Some(100)), line("2", "1", Some(10))],
        ),
        amended("1.04", line("1", "0", Some(100))),
        terminated("1.05"),
        amended("1.06", line("3", "1", Some(50))),
    ];
    let expected = [
        ("1".to_owned(), segment("1.02", "1.04", 100)),
        ("2".to_owned(), segment("1.02", "1.05", 10)),
    ];
    assert_eq!(brought(&events), expected);
    assert_eq!(Recurring::of(&[terminated("1.05")]), None);
}

prop_compose! {
    fn any_segment()(from in 0u64..400, days in proptest::option::of(0u64..200), monthly_minor in 0i64..1_000) -> Segment {
        let day = |days| on("1.01") + chrono::Days::new(days);
        Segment { from_on: day(from), to_on: days.map(|days| day(from + days)), monthly_minor }
    }
}

fn any_customers() -> impl Strategy<Value = Vec<Vec<Segment>>> {
    prop::collection::vec(prop::collection::vec(any_segment(), 0..5), 0..12)
}

fn mrr_of(customers: &[Vec<Segment>]) -> Vec<Mrr> {
    let each = customers.iter();
    each.map(|segments| Mrr::of(segments.iter().copied()))
        .collect()
}

proptest! {
    #[test]
    fn mrr_is_what_is_in_force(segments in prop::collection::vec(any_segment(), 0..8), after in 0u64..700) {
        let day = on("1.01") + chrono::Days::new(after);
        let in_force = segments.iter().filter(|one| {
            one.from_on <= day && one.to_on.is_none_or(|to_on| day < to_on)
        });
        let sum: i128 = in_force.map(|one| i128::from(one.monthly_minor)).sum();
        prop_assert_eq!(Mrr::of(segments.iter().copied()).on(day), sum);
    }

    #[test]
    fn movements_add_up_to_the_change(customers in any_customers(), from in 0u64..500, days in 0u64..200) {
        let from_on = on("1.01") + chrono::Days::new(from);
        let period = Span { from_on, to_on: from_on + chrono::Days::new(days) };
        let m = Movements::of(&mrr_of(&customers), period);
        let more = m.new.minor + m.reactivation.minor + m.expansion.minor;
        let less = m.contraction.minor + m.churn.minor;
        prop_assert_eq!(m.start.minor + more - less, m.end.minor);
        let come = m.new.customers + m.reactivation.customers;
        prop_assert_eq!(m.start.customers + come - m.churn.customers, m.end.customers);
        prop_assert!([m.new, m.reactivation, m.expansion, m.contraction, m.churn].iter().all(|t| t.minor >= 0));
        prop_assert!(m.grr().is_none_or(|grr| Decimal::ZERO <= grr && grr <= Decimal::ONE));
    }

    /// Each month begins where the last ended, and together they are the change of the whole.
    #[test]
    fn periods_compose(customers in any_customers(), from in 0u64..300, days in 1u64..500) {
        let from_on = on("1.01") + chrono::Days::new(from);
        let whole = Span { from_on, to_on: from_on + chrono::Days::new(days) };
        let customers = mrr_of(&customers);
        let all = Movements::of(&customers, whole);
        let parts: Vec<_> = whole.cut(Period::Month).collect();
        prop_assert_eq!(parts.first().map(|part| part.from_on), Some(whole.from_on));
        prop_assert_eq!(parts.last().map(|part| part.to_on), Some(whole.to_on));
        let mut at = all.start;
        let mut begun = 0;
        for part in parts {
            let m = Movements::of(&customers, part);
            prop_assert_eq!(m.start, at);
            at = m.end;
            begun += m.new.customers;
        }
        prop_assert_eq!(at, all.end);
        // Nobody is new twice.
        prop_assert!(begun <= u64::try_from(customers.len()).unwrap());
    }

    #[test]
    fn a_cohort_never_has_more_customers_than_it_began_with(customers in any_customers()) {
        let customers = mrr_of(&customers);
        let told = cohorts(&customers, span("1.01", "31.12"));
        let begun = customers.iter().filter_map(Mrr::first_on).filter(|day| *day < on("31.12"));
        let all: u64 = told.iter().map(|cohort| cohort.customers).sum();
        prop_assert_eq!(usize::try_from(all).unwrap(), begun.count());
        prop_assert!(told.iter().all(|c| c.months.iter().all(|then| then.customers <= c.customers)));
    }
}
