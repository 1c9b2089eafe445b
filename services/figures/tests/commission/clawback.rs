//! What goes back beside a commission, where the plan says so: SPIFs, and what managers were paid.

use chrono::NaiveDate;
use event_schemas::commission_period::{LineKind, Statement};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::language::*;

/// 10 % of what is signed, 500 dollars for each win, and for Meg 1 % of what her team signs and 20 % of
/// what it is paid.
fn plan(extent: &str, also: &[&str]) -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": "10" } }],
        "spifs": [{
            "name": "win", "amount_minor": 50_000,
            "from_on": "2024-01-01", "to_on": "2025-01-01",
        }],
        "overrides": [
            { "on": "TEAM_BASIS", "rate": { "PERCENT": "1" } },
            { "on": "TEAM_COMMISSION", "rate": { "PERCENT": "20" } },
        ],
        "clawback": {
            "on": ["REFUND", "TERMINATION"], "within_months": 12, "extent": extent, "also": also,
        },
    })
}

/// Ann, of Meg's team, wins 1,000 dollars for a year.
fn won(extent: &str, also: &[&str]) -> Story {
    let mut story = Story::of(plan(extent, also));
    story.enrol("meg", on(1, 1), None);
    story.leads("meg", "team", on(1, 1));
    story.joins("ann", "team", on(1, 1), None);
    story.signs("c", on(1, 1), 1_000);
    story
}

/// Line and amount of what is taken back.
fn taken(statement: &Statement) -> Vec<(&str, i64)> {
    let lines = statement.lines.iter();
    let taken = lines.filter(|line| line.kind == LineKind::Clawback);
    let each = taken.map(|line| (line.line_id.as_str(), line.amount_minor));
    each.collect()
}

#[test]
fn a_plan_that_says_nothing_of_it_takes_back_commissions_alone() {
    let mut story = won("FULL", &[]);
    story.terminates("c", on(3, 1));
    let ann = story.statement("ann", month(3));
    assert_eq!(taken(&ann), [("clawback:7:c:it", -10_000)]);
    assert_eq!(taken(&story.statement("meg", month(3))), []);
}

#[test]
fn a_contract_that_was_lengthened_has_more_of_its_term_before_it() {
    let mut story = won("PRORATED", &["SPIFS"]);
    story.moves_end("c", on(2, 1), NaiveDate::from_ymd_opt(2026, 1, 1).unwrap());
    story.terminates("c", on(7, 1));
    // Six of 24 months have passed, not six of twelve.
    let ann = story.statement("ann", month(7));
    let both = [
        ("clawback:8:c:it", -7_500),
        ("clawback:spif:8:win:c", -37_500),
    ];
    assert_eq!(taken(&ann), both);
}

#[test]
fn a_bonus_goes_back_with_the_part_of_the_contract_that_is_lost() {
    for (extent, share) in [("PRORATED", 2), ("FULL", 1)] {
        let mut story = won(extent, &["SPIFS"]);
        story.terminates("c", on(7, 1));
        let ann = story.statement("ann", month(7));
        let (spif, commission) = (-50_000 / share, -10_000 / share);
        let both = [
            ("clawback:7:c:it", commission),
            ("clawback:spif:7:win:c", spif),
        ];
        assert_eq!(taken(&ann), both);
        assert_eq!(taken(&story.statement("meg", month(7))), []);
    }
}

#[test]
fn a_refund_takes_its_part_of_a_bonus() {
    let mut story = won("FULL", &["SPIFS"]);
    story.refunds("c", on(2, 1), 250);
    story.refunds("c", on(4, 1), 375);
    let of = |n| taken(&story.statement("ann", month(n))).last().unwrap().1;
    assert_eq!(of(2), -12_500);
    assert_eq!(of(4), -18_750, "half of what was left of it");
}

#[test]
fn a_bonus_is_kept_after_the_window_and_whoever_has_the_contract_now() {
    let mut story = won("FULL", &["SPIFS"]);
    story.enrol("bob", on(1, 1), None);
    story.reassigns("c", on(2, 1), "bob");
    story.refunds("c", on(3, 1), 1_000);
    story.terminates("c", on(3, 2));
    let ann = story.statement("ann", month(3));
    assert_eq!(taken(&ann).last().unwrap().1, -50_000);
    assert_eq!(taken(&ann).len(), 2, "what is gone is not taken again");
    assert_eq!(taken(&story.statement("bob", month(3))), []);
    let mut story = won("FULL", &["SPIFS"]);
    story.terminates("c", month(12).to_on);
    assert_eq!(story.total("ann", month(12)), 0);
}

#[test]
fn a_manager_gives_back_what_the_line_paid() {
    let mut story = won("PRORATED", &["OVERRIDES"]);
    assert_eq!(story.total("meg", month(1)), 1_000 + 2_000);
    // Who has left the team since took nothing along.
    story.withdraw("ann", on(1, 1), on(6, 1));
    story.terminates("c", on(7, 1));
    let meg = story.statement("meg", month(7));
    let both = [
        ("clawback:override:8:c:it", -500),
        ("clawback:override:ann:clawback:8:c:it", -1_000),
    ];
    assert_eq!(taken(&meg), both);
    assert_eq!(meg.total_minor, -1_500);
    let events = &meg.lines[0].derivation.events;
    assert!(events.iter().any(|e| e.event_type == "ContractTerminated"));
}

#[test]
fn a_manager_gives_back_too_where_less_is_agreed_than_before() {
    let mut story = won("FULL", &["OVERRIDES"]);
    story.amends("c", on(2, 1), 1_000, 600);
    let meg = story.statement("meg", month(2));
    assert_eq!(meg.total_minor, -400 - 800);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_refunded_in_full_was_earned_by_nobody(
        parts in prop::collection::vec(1i64..600, 1..6), bob in 0u32..100,
    ) {
        let mut story = Story::of(plan("FULL", &["SPIFS", "OVERRIDES"]));
        story.enrol("meg", on(1, 1), None);
        story.enrol("bob", on(1, 1), None);
        story.leads("meg", "team", on(1, 1));
        story.joins("ann", "team", on(1, 1), None);
        story.joins("bob", "team", on(1, 1), None);
        let shares = [split("ann", 100 - bob), split("bob", bob)];
        story.signs_for(&shares, "c", on(1, 1), 1_000);
        let mut left = 1_000;
        for (part, month) in parts.into_iter().zip(2..) {
            let part = part.min(left);
            story.refunds("c", on(month, 3), part);
            left -= part;
        }
        story.refunds("c", on(8, 1), left);
        for who in ["ann", "bob", "meg"] {
            let paid: i64 = (1..=8).map(|n| story.total(who, month(n))).sum();
            prop_assert_eq!(paid, 0);
        }
    }
}
