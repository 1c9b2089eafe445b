//! What brings a commission about, and what happens when a plan changes that.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::language::*;

fn plan(timing: &str) -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": timing, "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": "10" } }],
    })
}

fn paid(story: &Story) -> Vec<i64> {
    (1..=6).map(|n| story.total("ann", month(n))).collect()
}

#[test]
fn a_plan_has_one_timing() {
    let of = |timing| {
        let mut story = Story::of(plan(timing));
        story.signs("c", on(1, 5), 1_000);
        story.delivers("c", on(2, 5), 1_000);
        story.pays("c", on(3, 5), 1_000);
        paid(&story)
    };
    assert_eq!(of("SIGNING"), [10_000, 0, 0, 0, 0, 0]);
    assert_eq!(of("DELIVERY"), [0, 10_000, 0, 0, 0, 0]);
    assert_eq!(of("PAYMENT"), [0, 0, 10_000, 0, 0, 0]);
}

#[test]
fn what_was_credited_at_the_signing_is_not_credited_at_the_payment() {
    let mut story = Story::of(plan("SIGNING"));
    story.publish(2, on(2, 1), plan("PAYMENT"));
    story.signs("old", on(1, 5), 1_000);
    story.pays("old", on(2, 5), 1_000);
    story.signs("new", on(2, 6), 500);
    story.pays("new", on(3, 5), 500);
    assert_eq!(paid(&story), [10_000, 0, 5_000, 0, 0, 0]);
}

#[test]
fn what_is_not_paid_yet_is_credited_once_signing_counts() {
    let mut story = Story::of(plan("PAYMENT"));
    story.publish(2, on(3, 1), plan("SIGNING"));
    story.signs("c", on(1, 5), 1_000);
    story.pays("c", on(2, 5), 400);
    story.pays("c", on(4, 5), 600);
    assert_eq!(paid(&story), [0, 4_000, 6_000, 0, 0, 0]);
    let caught_up = &story.statement("ann", month(3)).lines[0];
    let types: Vec<_> = caught_up
        .derivation
        .events
        .iter()
        .map(|e| &e.event_type[..])
        .collect();
    assert!(types.contains(&"CommissionPlanPublished"), "{types:?}");
}

#[test]
fn who_moves_to_another_plan_is_paid_by_one_of_them() {
    let mut story = Story::default();
    story.publish(1, on(1, 1), plan("SIGNING"));
    story.publish_as("other", 1, on(1, 1), plan("PAYMENT"));
    story.enrol_in("other", "ann", on(1, 1), Some(on(3, 1)));
    story.enrol("ann", on(3, 1), None);
    story.signs("c", on(1, 5), 1_000);
    story.pays("c", on(2, 5), 400);
    story.pays("c", on(4, 5), 600);
    assert_eq!(story.total("ann", month(3)), 6_000);
    assert_eq!(story.total("ann", month(4)), 0);
}

#[test]
fn who_does_not_take_part_is_not_credited_then_nor_later() {
    let mut story = Story::default();
    story.publish(1, on(1, 1), plan("PAYMENT"));
    story.signs("c", on(1, 5), 1_000);
    story.pays("c", on(1, 6), 300);
    story.enrol("ann", on(2, 1), None);
    story.pays("c", on(2, 5), 300);
    story.withdraw("ann", on(2, 1), on(3, 1));
    story.pays("c", on(3, 5), 400);
    assert_eq!(story.total("ann", month(2)), 3_000);
    assert_eq!(story.total("ann", month(3)), 0);
}

#[test]
fn more_or_less_agreed_is_credited_or_taken_back() {
    let mut story = Story::of(plan("SIGNING"));
    story.signs("c", on(1, 5), 1_000);
    story.amends("c", on(2, 5), 1_000, 1_500);
    story.amends("c", on(3, 5), 1_500, 1_200);
    story.amends("c", on(4, 5), 1_200, 1_300);
    assert_eq!(paid(&story), [10_000, 5_000, -3_000, 1_000, 0, 0]);
}

#[test]
fn paid_back_and_paid_again_is_credited_once() {
    let mut story = Story::of(plan("PAYMENT"));
    story.signs("c", on(1, 5), 1_000);
    story.pays("c", on(1, 6), 1_000);
    story.refunds("c", on(2, 5), 1_000);
    story.pays("c", on(3, 5), 1_000);
    assert_eq!(paid(&story), [10_000, 0, 0, 0, 0, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However often the timing changes, and whenever a part is delivered and paid, the whole is
    /// credited once all of it has happened: neither twice nor in part.
    #[test]
    fn a_change_of_timing_neither_pays_twice_nor_misses(
        timings in prop::collection::vec(0usize..3, 1..6),
        deliveries in prop::collection::vec((1u32..6, 1u32..28), 4),
        payments in prop::collection::vec((1u32..6, 1u32..28), 4),
    ) {
        const NAMES: [&str; 3] = ["SIGNING", "DELIVERY", "PAYMENT"];
        let mut story = Story::of(plan(NAMES[timings[0]]));
        for (at, timing) in timings.iter().enumerate().skip(1) {
            let version = at as u32 + 1;
            story.publish(version, on(version, 1), plan(NAMES[*timing]));
        }
        story.signs("c", on(1, 1), 1_000);
        for (month, day) in deliveries {
            story.delivers("c", on(month, day), 250);
        }
        for (month, day) in payments {
            story.pays("c", on(month, day), 250);
        }
        let paid: i64 = paid(&story).iter().sum();
        prop_assert_eq!(paid, 10_000);
    }
}

#[test]
fn a_line_that_takes_something_off_lowers_the_commission() {
    let mut story = Story::of(plan("SIGNING"));
    let lines = vec![line("it", 1_000), line("rebate", -200)];
    story.contract("c", on(1, 5), Story::signing("c", on(1, 5), lines));
    assert_eq!(story.total("ann", month(1)), 8_000);
}
