//! What is deducted, held back, advanced and taken back. Section F of the worked examples that
//! others published.

use event_schemas::commission_period::LineKind;
use event_schemas::vocabulary::Line;
use serde_json::{Value, json};

use super::language::*;

fn plan(timing: &str, percent: &str, more: Value) -> Value {
    let mut plan = json!({
        "currency": "USD", "statement_period": "MONTH", "timing": timing, "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": percent } }],
    });
    for (field, value) in more.as_object().unwrap() {
        plan[field] = value.clone();
    }
    plan
}

#[test]
fn f1_a_commission_is_earned_as_the_customer_pays() {
    let mut story = Story::of(plan("PAYMENT", "20", json!({})));
    story.signs("c", on(1, 2), 20_000);
    story.pays("c", on(1, 20), 10_000);
    story.pays("c", on(2, 20), 10_000);
    assert_eq!(story.total("ann", month(1)), 200_000);
    assert_eq!(story.total("ann", month(2)), 200_000);
}

#[test]
fn f3_a_down_payment_earns_its_part_also_of_a_fixed_sum() {
    let mut json = plan("PAYMENT", "1", json!({}));
    json["rates"] = json!([{ "pays": { "FIXED_MINOR": 10_000 } }]);
    let mut story = Story::of(json);
    story.signs("c", on(1, 2), 1_000);
    story.pays("c", on(1, 3), 100);
    story.pays("c", on(1, 20), 900);
    let paid = amounts(&story.statement("ann", month(1)), LineKind::Commission);
    assert_eq!(paid, [1_000, 9_000]);
}

#[test]
fn f4_what_is_paid_later_is_not_earned_before() {
    let mut story = Story::of(plan("PAYMENT", "20", json!({})));
    story.signs("c", on(1, 2), 20_000);
    story.pays("c", on(3, 1), 20_000);
    assert_eq!(story.total("ann", month(1)), 0);
    assert_eq!(story.total("ann", month(2)), 0);
}

#[test]
fn f6_a_discount_above_ten_percent_cuts_the_rate() {
    let cut = json!({ "discounts": [{ "above_percent": "10", "keeps_percent": "50" }] });
    let mut json = plan("SIGNING", "1", cut);
    json["rates"] = json!([{ "pays": { "FIXED_MINOR": 1_500 } }]);
    for (discount, paid) in [("0", 1_500), ("10", 1_500), ("10.01", 750), ("11", 750)] {
        let mut story = Story::of(json.clone());
        let line = Line {
            discount_percent: number(discount),
            ..line("it", 1_000)
        };
        story.contract("c", on(1, 2), Story::signing("c", on(1, 2), vec![line]));
        assert_eq!(story.total("ann", month(1)), paid);
    }
}

#[test]
fn f9_a_draw_tops_up_what_was_earned() {
    let draw = json!({ "draw": { "amount_minor": 200_000, "recoverable": true } });
    let mut story = Story::of(plan("SIGNING", "100", draw));
    story.signs("c", on(1, 2), 800);
    let statement = story.statement("ann", month(1));
    assert_eq!(statement.total_minor, 200_000);
    assert_eq!(amounts(&statement, LineKind::DrawAdvance), [120_000]);
    assert_eq!(statement.carried.draw_owed_minor, 120_000);
}

#[test]
fn a_draw_that_is_not_recoverable_is_owed_to_nobody() {
    let draw = json!({ "draw": { "amount_minor": 200_000, "recoverable": false } });
    let mut story = Story::of(plan("SIGNING", "100", draw));
    story.signs("c", on(1, 2), 800);
    story.signs("d", on(2, 2), 9_000);
    assert_eq!(story.total("ann", month(1)), 200_000);
    assert_eq!(story.total("ann", month(2)), 900_000);
}

fn clawback(extent: &str, months: u32) -> Value {
    json!({ "clawback": {
        "on": ["REFUND", "TERMINATION"], "within_months": months, "extent": extent,
    } })
}

#[test]
fn f11_half_of_a_year_cancelled_takes_half_back() {
    for (extent, taken) in [("PRORATED", -5_000), ("FULL", -10_000)] {
        let mut story = Story::of(plan("SIGNING", "10", clawback(extent, 12)));
        story.signs("c", on(1, 1), 1_000);
        story.terminates("c", on(7, 1));
        assert_eq!(story.total("ann", month(1)), 10_000);
        assert_eq!(
            amounts(&story.statement("ann", month(7)), LineKind::Clawback),
            [taken]
        );
    }
}

#[test]
fn after_the_window_nothing_is_taken_back() {
    let mut story = Story::of(plan("SIGNING", "10", clawback("FULL", 6)));
    story.signs("c", on(1, 1), 1_000);
    story.terminates("c", on(7, 1));
    story.refunds("c", on(7, 1), 1_000);
    assert_eq!(story.total("ann", month(7)), 0);
}

#[test]
fn f11_what_is_held_back_is_paid_after_its_time() {
    let holdback = json!({ "holdback": { "percent": "30", "months": 6 } });
    let mut story = Story::of(plan("SIGNING", "10", holdback));
    story.signs("c", on(1, 15), 1_000);
    assert_eq!(story.total("ann", month(1)), 7_000);
    assert_eq!(story.total("ann", month(6)), 0);
    assert_eq!(story.total("ann", month(7)), 3_000);
    assert_eq!(story.total("ann", month(8)), 0);
}

#[test]
fn what_is_held_back_for_a_month_is_in_the_next_statement() {
    let holdback = json!({ "holdback": { "percent": "30", "months": 1 } });
    let mut story = Story::of(plan("SIGNING", "10", holdback));
    story.signs("c", on(1, 15), 1_000);
    assert_eq!(story.total("ann", month(2)), 3_000);
}

#[test]
fn parts_of_a_fixed_sum_are_the_whole_whenever_they_come() {
    let mut fixed = plan("PAYMENT", "10", json!({}));
    fixed["rates"] = json!([{ "pays": { "FIXED_MINOR": 10_000 } }]);
    let mut story = Story::of(fixed);
    story.signs("c", on(1, 1), 300);
    (1..=3).for_each(|n| {
        story.pays("c", on(n, 15), 100);
    });
    let of = |n| story.total("ann", month(n));
    assert_eq!([of(1), of(2), of(3)], [3_333, 3_334, 3_333]);
}

#[test]
fn f13_what_a_refundable_cap_withholds_is_carried() {
    let cap = json!({ "cap": { "amount_minor": 10_000, "refundable": true } });
    let mut story = Story::of(plan("SIGNING", "10", cap));
    story.signs("a", on(1, 5), 1_500);
    story.signs("b", on(2, 5), 1_200);
    story.signs("c", on(3, 5), 600);
    let of = |n| {
        let statement = story.statement("ann", month(n));
        (statement.total_minor, statement.carried.cap_withheld_minor)
    };
    assert_eq!(of(1), (10_000, 5_000));
    assert_eq!(
        of(2),
        (10_000, 7_000),
        "the new balance is the old one and what is withheld"
    );
    assert_eq!(of(3), (10_000, 3_000));
    assert_eq!(of(4), (3_000, 0));
}

#[test]
fn what_another_cap_withholds_is_gone() {
    let mut story = Story::of(plan(
        "SIGNING",
        "10",
        json!({ "cap": { "amount_minor": 10_000 } }),
    ));
    story.signs("a", on(1, 5), 1_500);
    let statement = story.statement("ann", month(1));
    assert_eq!(
        (statement.total_minor, statement.carried.cap_withheld_minor),
        (10_000, 0)
    );
}

#[test]
fn below_a_floor_nothing_is_paid() {
    let mut story = Story::of(plan(
        "SIGNING",
        "10",
        json!({ "floor": { "AMOUNT_MINOR": 10_000 } }),
    ));
    story.signs("a", on(1, 5), 999);
    story.signs("b", on(2, 5), 1_000);
    assert_eq!(story.total("ann", month(1)), 0);
    assert_eq!(story.total("ann", month(2)), 10_000);
    let mut story = Story::of(plan(
        "SIGNING",
        "10",
        json!({ "floor": { "QUOTA_PERCENT": "50" } }),
    ));
    story.quota("ann", year(), 24_000, &[]);
    story.signs("a", on(1, 5), 999);
    story.signs("b", on(2, 5), 1_000);
    assert_eq!(story.total("ann", month(1)), 0);
    assert_eq!(story.total("ann", month(2)), 10_000);
}

#[test]
fn a_minimum_is_guaranteed_while_one_takes_part() {
    let mut story = Story::default();
    story.publish(
        1,
        on(1, 1),
        plan("SIGNING", "10", json!({ "guarantee_minor": 5_000 })),
    );
    story.enrol("ann", on(1, 1), Some(on(3, 1)));
    story.signs("a", on(1, 5), 100);
    story.signs("b", on(2, 5), 1_000);
    let paid: Vec<_> = (1..=3).map(|n| story.total("ann", month(n))).collect();
    assert_eq!(paid, [5_000, 10_000, 0]);
}

#[test]
fn a_claw_back_takes_the_rate_that_was_really_applied() {
    let mut json = plan("SIGNING", "10", clawback("FULL", 12));
    json["tiers"] = json!({
        "measure": "ATTAINMENT", "window": "MONTH", "mode": "MARGINAL",
        "bands": [
            { "from": "0", "to": "100", "pays": { "MULTIPLIER": "1" } },
            { "from": "100", "pays": { "MULTIPLIER": "2" } },
        ],
    });
    let mut story = Story::of(json);
    story.quota("ann", year(), 12_000, &[]);
    story.signs("base", on(1, 5), 1_000);
    story.signs("fast", on(1, 6), 1_000);
    story.refunds("fast", on(3, 1), 500);
    assert_eq!(story.total("ann", month(1)), 30_000);
    assert_eq!(
        story.total("ann", month(3)),
        -10_000,
        "half of what was paid at 20 %"
    );
}

#[test]
fn an_adjustment_by_hand_counts_once_a_second_person_approves_it() {
    let mut story = Story::of(plan("SIGNING", "10", json!({})));
    story.adjusts("self", on(1, 5), 700, "clerk");
    story.adjusts("good", on(1, 6), 500, "boss");
    let statement = story.statement("ann", month(1));
    assert_eq!(amounts(&statement, LineKind::Adjustment), [500]);
    assert_eq!(statement.lines[0].derivation.events.len(), 2);
}
