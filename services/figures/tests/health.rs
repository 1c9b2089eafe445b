//! Customer health, from outside: the rules by example, the arithmetic by its laws.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use chrono::NaiveDate;
use event_schemas::alarm::Evidence;
use event_schemas::health_model::HealthTerms;
use event_schemas::vocabulary::{CustomerId, MetricId};
use proptest::prelude::*;
use rust_decimal::Decimal;
use twinfunnel_figures::health::{
    Answer, Band, DecisionMaker, Direction, Measured, Nps, OpenTicket, Standing, Trend, explain,
    findings, health, mean_of, part_of,
};

fn terms(json: &str) -> HealthTerms {
    serde_json::from_str(json).unwrap()
}

fn two_metrics() -> HealthTerms {
    terms(
        r#"{"metrics": [{"metric_id": "a", "weight": "3"}, {"metric_id": "b", "weight": "1"}],
            "nps": {"weight": "2", "window_days": 90},
            "open_tickets": {"points_each": "5", "points_at_most": "12"},
            "decision_maker_departed_points": "7.5"}"#,
    )
}

fn event() -> Evidence {
    Evidence {
        stream: "ticket-1".into(),
        version: 1,
    }
}

fn measured(metric: &str, value: Decimal, baseline: Decimal) -> Measured {
    Measured {
        metric_id: MetricId::new(metric).unwrap(),
        value: Some(value),
        baseline: Some(baseline),
        evidence: Vec::new(),
    }
}

fn standing(a: Decimal, b: Decimal, answers: &[u8], tickets: usize) -> Standing {
    let on = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let answer = |score: &u8| Answer {
        subject_id: "c".into(),
        score: *score,
        evidence: event(),
    };
    let ticket = OpenTicket {
        ticket_id: "t".into(),
        opened_on: on,
        opened: event(),
        escalated: None,
    };
    Standing {
        is_active: true,
        customer_since_on: Some(on),
        usage: vec![
            measured("a", a, Decimal::TEN),
            measured("b", b, Decimal::TWO),
        ],
        answers: answers.iter().map(answer).collect(),
        open_tickets: vec![ticket; tickets],
        ..Standing::unknown(CustomerId::new("ann").unwrap(), on)
    }
}

#[test]
fn a_score_weighs_the_factors_that_have_a_value() {
    let of = |a: i64, answers: &[u8]| {
        let standing = standing(Decimal::from(a), Decimal::ONE, answers, 0);
        health(&two_metrics(), &standing)
            .score
            .unwrap()
            .round_dp(2)
            .normalize()
            .to_string()
    };
    // (3×50 + 1×50 + 2×90) / 6; without answers (150 + 50) / 4.
    assert_eq!(of(5, &[9]), "63.33");
    assert_eq!(of(5, &[]), "50");
    assert_eq!(of(500, &[10, 10]), "91.67");
}

#[test]
fn a_baseline_of_nothing_gives_no_factor_and_no_factor_no_score() {
    let mut standing = standing(Decimal::ONE, Decimal::ONE, &[], 3);
    standing.usage = vec![measured("a", Decimal::ONE, Decimal::ZERO)];
    let health = health(&two_metrics(), &standing);
    assert_eq!((health.score, health.band), (None, None));
    assert_eq!(health.points.len(), 1);
}

#[test]
fn points_are_taken_off_as_far_as_they_go() {
    let terms = two_metrics();
    let of = |tickets| health(&terms, &standing(Decimal::TEN, Decimal::TWO, &[], tickets)).score;
    assert_eq!(of(1), Some(Decimal::from(95)));
    assert_eq!(of(9), Some(Decimal::from(88)));
    let mut departed = standing(Decimal::ZERO, Decimal::ZERO, &[], 1);
    departed.decision_maker = DecisionMaker::Departed {
        on: departed.on,
        evidence: event(),
    };
    assert_eq!(health(&terms, &departed).score, Some(Decimal::ZERO));
}

#[test]
fn a_score_on_an_edge_has_reached_the_upper_band() {
    let bands = two_metrics().bands;
    let third = Decimal::from(80) / Decimal::from(3) * Decimal::from(3);
    assert_eq!(Band::of(third, &bands), Band::Healthy);
    assert_eq!(Band::of(Decimal::from(50), &bands), Band::AtRisk);
    assert_eq!(Band::of(Decimal::new(4999, 2), &bands), Band::Critical);
}

#[test]
fn nps_is_promoters_less_detractors_of_all() {
    let mut nps = Nps::default();
    assert_eq!(nps.points(), None);
    for (score, answers) in [(10, 5), (9, 2), (8, 2), (7, 1), (6, 1), (0, 1)] {
        nps.add(score, answers);
    }
    assert_eq!(nps.answers(), 12);
    assert_eq!(
        nps.points().map(|p| p.round_dp(4).to_string()).as_deref(),
        Some("41.6667")
    );
}

fn usage() -> impl Strategy<Value = Decimal> {
    (0i64..2_000_000).prop_map(|n| Decimal::new(n, 5))
}

proptest! {
    #[test]
    fn a_score_lies_between_nothing_and_all(
        a in usage(), b in usage(), answers in prop::collection::vec(0u8..=10, 0..6), tickets in 0usize..40
    ) {
        let score = health(&two_metrics(), &standing(a, b, &answers, tickets)).score.unwrap();
        prop_assert!((Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&score));
    }

    #[test]
    fn more_usage_never_lowers_a_score_nor_worries_more(
        a in usage(), more in usage(), b in usage(), answers in prop::collection::vec(0u8..=10, 0..6)
    ) {
        let (terms, less) = (two_metrics(), standing(a, b, &answers, 1));
        let greater = standing(a + more, b, &answers, 1);
        prop_assert!(health(&terms, &greater).score >= health(&terms, &less).score);
        prop_assert!(findings(&terms, &greater).len() <= findings(&terms, &less).len());
    }

    #[test]
    fn what_moved_a_score_adds_up_to_its_change(
        a in usage(), b in usage(), was_a in usage(), was_b in usage(),
        answers in prop::collection::vec(0u8..=10, 0..6), tickets in 0usize..3
    ) {
        let terms = two_metrics();
        let former = health(&terms, &standing(was_a, was_b, &[7], 0));
        let now = health(&terms, &standing(a, b, &answers, tickets));
        let trend = Trend::between(&former, &now).unwrap();
        prop_assert_eq!(trend.direction == Direction::Up, trend.change.round_dp(12) > Decimal::ONE);
        let held = [Decimal::ZERO, Decimal::ONE_HUNDRED].map(Some);
        if !held.contains(&now.score) && !held.contains(&former.score) {
            let moved: Decimal = explain(&former, &now).moved.iter().map(|m| m.change()).sum();
            prop_assert_eq!(moved.round_dp(12), trend.change.round_dp(12));
        }
    }

    #[test]
    fn sums_of_usage_are_exact(numbers in prop::collection::vec((-1_000_000_000_000i64..1_000_000_000_000, 0u32..=12), 1..20)) {
        let numbers: Vec<Decimal> = numbers.into_iter().map(|(n, scale)| Decimal::new(n, scale)).collect();
        let (mut whole, mut part) = (0i128, 0i128);
        for number in &numbers {
            let (w, p) = part_of(*number);
            whole += i128::from(w);
            part += i128::from(p);
        }
        let sum: Decimal = numbers.iter().sum();
        prop_assert_eq!(mean_of(whole, part, 1), Some(sum));
    }
}
