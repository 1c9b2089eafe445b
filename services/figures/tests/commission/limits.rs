//! What cannot be calculated is refused by name, and much is calculated fast.

use std::time::Instant;

use event_schemas::vocabulary::CommissionPlanId;
use serde_json::{Value, json};
use twinfunnel_figures::commission::{CalculateError, Span, statement};

use super::language::*;

fn plan() -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": "10" } }],
    })
}

#[test]
fn who_or_what_is_not_there_is_named() {
    let story = Story::of(plan());
    assert!(matches!(
        story.ask("bob", month(1)),
        Err(CalculateError::NotEnrolled { .. })
    ));
    assert!(matches!(
        story.ask("ann", quarter(1)),
        Err(CalculateError::NotAPeriod { .. })
    ));
    let before = Span {
        from_on: on(1, 1) - chrono::Days::new(31),
        to_on: on(1, 1),
    };
    assert!(matches!(
        story.ask("ann", before),
        Err(CalculateError::NotEnrolled { .. })
    ));
    let no_plan = CommissionPlanId::new("none").unwrap();
    let refused = statement(&story.book(), &no_plan, &rep("ann"), month(1));
    assert_eq!(refused, Err(CalculateError::UnknownPlan(no_plan)));
}

#[test]
fn a_rate_or_a_quota_that_is_missing_is_named() {
    let mut story = Story::of(plan());
    let mut signed = Story::signing("c", on(1, 5), vec![line("it", 100)]);
    signed.currency = event_schemas::vocabulary::Currency::new("EUR").unwrap();
    story.contract("c", on(1, 5), signed);
    assert!(matches!(
        story.ask("ann", month(1)),
        Err(CalculateError::NoExchangeRate { .. })
    ));
    let mut json = plan();
    json["tiers"] = json!({
        "measure": "ATTAINMENT", "window": "MONTH", "mode": "RETROACTIVE",
        "bands": [{ "from": "0", "pays": { "MULTIPLIER": "1" } }],
    });
    let mut story = Story::of(json);
    story.signs("c", on(1, 5), 100);
    assert!(matches!(
        story.ask("ann", month(1)),
        Err(CalculateError::NoQuota { .. })
    ));
}

#[test]
fn a_sum_that_cannot_be_held_is_refused() {
    let mut story = Story::of(plan());
    let huge = cents("it", i64::MAX);
    story.contract("c", on(1, 5), Story::signing("c", on(1, 5), vec![huge]));
    assert_eq!(story.ask("ann", month(1)), Err(CalculateError::OutOfRange));
    let mut json = plan();
    json["basis"] = json!("GROSS_MARGIN");
    let mut story = Story::of(json);
    let large = cents("it", i64::MAX / 4);
    story.contract("c", on(1, 5), Story::signing("c", on(1, 5), vec![large]));
    story.costs("c", on(1, 6), 90_000_000_000_000);
    assert_eq!(story.ask("ann", month(1)), Err(CalculateError::OutOfRange));
}

/// The time grows with the number of deals, not with its square, and not with those of others.
#[test]
fn a_statement_costs_what_its_own_deals_cost() {
    let mut story = Story::of(plan());
    let mut all = Story::of(plan());
    for at in 0..2_000u32 {
        let (id, day) = (format!("c{at}"), on(1 + at % 12, 1 + at % 28));
        story.signs(&id, day, i64::from(at));
        all.signs(&id, day, i64::from(at));
        all.signs_for(&[split("bob", 100)], &format!("b{at}"), day, 100);
    }
    let (own, shared) = (story.book(), all.book());
    let time = |book| {
        let begun = Instant::now();
        let made = statement(book, &plan_id(), &rep("ann"), month(12)).unwrap();
        (begun.elapsed(), made.total_minor)
    };
    let ((alone, total), (among, same)) = (time(&own), time(&shared));
    assert_eq!(total, same);
    let bound = std::time::Duration::from_secs(2);
    assert!(alone < bound && among < bound, "{alone:?}, {among:?}");
}
