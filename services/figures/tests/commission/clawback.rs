//! What goes back beside a commission, where the plan says so: SPIFs, and what managers were paid.

use chrono::NaiveDate;
use event_schemas::commission_period::{LineKind, Statement};
use event_schemas::commission_plan::Period;
use proptest::prelude::*;
use serde_json::{Value, json};
use twinfunnel_figures::commission::Span;

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

/// A plan of tiers over a quarter, at 100 and 300 dollars, that takes refunds back.
fn tiered(mode: &str, more: Value) -> Value {
    let band = |from: &str, to: Option<&str>, percent: &str| {
        let mut band = json!({ "from": from, "pays": { "PERCENT": percent } });
        if let Some(to) = to {
            band["to"] = json!(to);
        }
        band
    };
    let mut plan = json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {
            "measure": "BASIS", "window": "QUARTER", "mode": mode,
            "bands": [
                band("0", Some("10000"), "5"),
                band("10000", Some("30000"), "7"),
                band("30000", None, "10"),
            ],
        },
        "clawback": { "on": ["REFUND"], "within_months": 12, "extent": "FULL" },
    });
    for (field, value) in more.as_object().unwrap() {
        plan[field] = value.clone();
    }
    plan
}

#[test]
fn a_refund_takes_the_rate_that_was_reached_in_the_end() {
    let story = || {
        let mut story = Story::of(tiered("RETROACTIVE", json!({})));
        story.signs("a", on(1, 5), 80);
        story.signs("b", on(2, 5), 120);
        story
    };
    // 5 % of 80, then 7 % of 200 less that.
    let known = story();
    let paid = [1, 2].map(|n| known.total("ann", month(n)));
    assert_eq!(paid, [400, 1_000]);
    // Either takes 7 % of its own, in the window and after it, whichever goes first.
    for (first, second) in [("a", "b"), ("b", "a")] {
        for at in [on(2, 20), on(5, 1)] {
            let mut story = story();
            story.refunds(first, at, 120);
            let one = if first == "a" { -560 } else { -840 };
            let of = |story: &Story, at: NaiveDate| {
                let period = Span::around(Period::Month, at);
                taken(&story.statement("ann", period))
                    .iter()
                    .map(|(_, minor)| *minor)
                    .collect::<Vec<_>>()
            };
            assert_eq!(of(&story, at), [one], "{first} at {at}");
            story.refunds(second, on(6, 1), 120);
            assert_eq!(of(&story, on(6, 1)), [-1_400 - one]);
        }
    }
}

#[test]
fn what_is_lost_is_not_paid_more_by_a_tier_reached_after() {
    let mut story = Story::of(tiered("RETROACTIVE", json!({})));
    story.signs("a", on(1, 5), 80);
    story.refunds("a", on(1, 20), 80);
    story.signs("b", on(2, 5), 120);
    assert_eq!(story.total("ann", month(1)), 0);
    // The volume of both has reached 7 %, and b alone is paid it.
    assert_eq!(story.total("ann", month(2)), 840);
}

#[test]
fn what_stayed_below_a_floor_is_not_taken_back() {
    let floor = json!({ "floor": { "AMOUNT_MINOR": 1_000 } });
    let mut story = Story::of(tiered("MARGINAL", floor));
    story.signs("a", on(1, 5), 80);
    story.refunds("a", on(2, 5), 80);
    assert_eq!(story.total("ann", month(1)), 0);
    assert_eq!(taken(&story.statement("ann", month(2))), []);
    // Nor in the same period.
    let mut story = Story::of(tiered(
        "MARGINAL",
        json!({ "floor": { "AMOUNT_MINOR": 1_000 } }),
    ));
    story.signs("a", on(1, 5), 80);
    story.refunds("a", on(1, 6), 40);
    assert_eq!(story.total("ann", month(1)), 0);
}

#[test]
fn of_what_a_cap_let_through_the_part_is_taken() {
    for (refundable, expected) in [(false, [-750, -750]), (true, [-1_000, -1_000])] {
        let cap = json!({
            "cap": { "amount_minor": 1_500, "refundable": refundable },
            "rates": [{ "pays": { "PERCENT": "10" } }], "tiers": null,
        });
        let mut story = Story::of(tiered("MARGINAL", cap));
        story.signs("a", on(1, 5), 200);
        assert_eq!(story.total("ann", month(1)), 1_500);
        story.refunds("a", on(2, 5), 100);
        story.refunds("a", on(3, 5), 100);
        let of = |n| taken(&story.statement("ann", month(n)))[0].1;
        assert_eq!([of(2), of(3)], expected);
        // What a refundable cap withholds is paid later, and so goes back, too.
        let all: i64 = (1..=4).map(|n| story.total("ann", month(n))).sum();
        assert_eq!(all, 0);
    }
}

#[test]
fn a_claw_back_tells_its_part_the_plan_and_what_was_never_paid() {
    let cap = json!({ "cap": { "amount_minor": 300, "refundable": false } });
    let mut story = Story::of(tiered("OVERAGE", cap));
    story.signs("a", on(1, 5), 80);
    story.refunds("a", on(2, 5), 20);
    let statement = story.statement("ann", month(2));
    let derivation = &statement.lines[0].derivation;
    let of = |event: &str| derivation.events.iter().any(|e| e.event_type == event);
    assert!(of("CommissionPlanPublished") && of("PaymentRefunded") && of("ContractSigned"));
    let told = |name: &str| {
        let step = derivation.steps.iter().find(|step| step.step == name);
        let inputs = step.unwrap().inputs.iter();
        inputs
            .map(|i| format!("{} {}", i.input, i.value))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("claw-back"),
        [
            "paid for the line 4.00 USD",
            "credited and standing 80.00 USD",
            "lost 20.00 USD",
            "part 25 %",
        ]
    );
    assert_eq!(
        told("never paid"),
        ["kept by floor or cap 1.00 USD", "of what is lost 0.25 USD"]
    );
    assert_eq!(statement.total_minor, -75);
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

    /// Whatever the tiers and the limits, and in whatever order: what all was refunded of has paid nothing.
    #[test]
    fn nothing_stays_and_nothing_is_owed_of_what_is_refunded_in_full(
        mode in 0usize..3, limit in 0usize..3,
        deals in prop::collection::vec((1i64..400, 1u32..6, 1u32..7), 1..8),
    ) {
        let limits = [
            json!({}),
            json!({ "floor": { "AMOUNT_MINOR": 1_100 } }),
            json!({ "cap": { "amount_minor": 900, "refundable": false } }),
        ];
        let mode = ["MARGINAL", "RETROACTIVE", "OVERAGE"][mode];
        let mut story = Story::of(tiered(mode, limits[limit].clone()));
        for (at, (dollars, month, _)) in deals.iter().enumerate() {
            story.signs(&format!("c{at}"), on(*month, 5), *dollars);
        }
        for (at, (dollars, month, after)) in deals.iter().enumerate() {
            let (id, part) = (format!("c{at}"), dollars / 3);
            story.refunds(&id, on(month + after / 2, 20), part);
            story.refunds(&id, on(month + after, 20), dollars - part);
        }
        let paid: i64 = (1..=12).map(|n| story.total("ann", month(n))).sum();
        prop_assert_eq!(paid, 0);
    }
}
