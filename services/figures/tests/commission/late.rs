//! What comes late for a closed period. Example F12 of those that others published.

use event_schemas::commission_period::LineKind;
use serde_json::{Value, json};
use twinfunnel_figures::commission::digest;

use super::language::*;

fn plan() -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": "100" } }],
    })
}

#[test]
fn f12_a_late_fact_is_paid_with_the_next_open_statement() {
    let mut story = Story::of(plan());
    story.signs("c", on(1, 5), 100);
    let closed = story.close(month(1));
    story.amends("c", on(1, 20), 100, 120);
    let late = story.events.len() as u64;
    assert_eq!(
        story.statement("ann", month(1)),
        closed,
        "a closed statement never changes"
    );
    let february = story.statement("ann", month(2));
    assert_eq!(february.total_minor, 2_000);
    let line = &february.lines[0];
    assert_eq!(line.kind, LineKind::Adjustment);
    let origin = line.origin.as_ref().unwrap();
    assert_eq!(origin.statement_id.as_str(), "ann-2024-01-01");
    let positions: Vec<_> = origin
        .late_events
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(positions, [late]);
    // Paid once: neither in March, nor after February is closed.
    assert_eq!(story.total("ann", month(3)), 0);
    story.close(month(2));
    assert_eq!(story.total("ann", month(3)), 0);
}

#[test]
fn a_late_fact_that_comes_after_its_correction_is_corrected_again() {
    let mut story = Story::of(plan());
    story.signs("a", on(1, 5), 100);
    story.close(month(1));
    story.signs("b", on(1, 6), 30);
    story.close(month(2));
    story.amends("b", on(1, 7), 30, 50);
    assert_eq!(story.total("ann", month(3)), 2_000);
}

#[test]
fn a_late_deal_that_moves_a_tier_corrects_the_lines_it_moved() {
    let mut plan = plan();
    plan["rates"] = json!([]);
    plan["tiers"] = json!({
        "measure": "BASIS", "window": "MONTH", "mode": "MARGINAL",
        "bands": [
            { "from": "0", "to": "10000", "pays": { "PERCENT": "10" } },
            { "from": "10000", "pays": { "PERCENT": "20" } },
        ],
    });
    let mut story = Story::of(plan);
    story.signs("b", on(1, 20), 100);
    story.close(month(1));
    story.signs("a", on(1, 5), 100);
    let late = story.events.len() as u64;
    let february = story.statement("ann", month(2));
    let mut paid = amounts(&february, LineKind::Adjustment);
    paid.sort_unstable();
    assert_eq!(paid, [1_000, 1_000]);
    for line in &february.lines {
        assert_eq!(line.origin.as_ref().unwrap().late_events[0].position, late);
    }
}

#[test]
fn a_draw_owed_is_what_it_would_be_had_all_been_known() {
    let mut plan = plan();
    plan["draw"] = json!({ "amount_minor": 10_000, "recoverable": true });
    let mut story = Story::of(plan);
    story.signs("a", on(1, 5), 60);
    story.close(month(1));
    story.signs("late", on(1, 6), 40);
    story.signs("b", on(2, 6), 130);
    let february = story.statement("ann", month(2));
    // January would have paid 100 without an advance: what was advanced is what is due.
    assert_eq!(february.total_minor, 13_000);
    assert_eq!(february.carried.draw_owed_minor, 0);
}

#[test]
fn the_digest_of_a_statement_is_that_of_its_bytes() {
    let mut story = Story::of(plan());
    story.signs("c", on(1, 5), 100);
    let closed = story.close(month(1));
    let again: event_schemas::commission_period::Statement =
        serde_json::from_slice(&serde_json::to_vec(&closed).unwrap()).unwrap();
    assert_eq!(digest(&again).unwrap(), digest(&closed).unwrap());
    let mut changed = closed.clone();
    changed.total_minor += 1;
    assert_ne!(digest(&changed).unwrap(), digest(&closed).unwrap());
}
