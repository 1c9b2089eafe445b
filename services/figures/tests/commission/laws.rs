//! What holds whatever happens.

use event_schemas::commission_period::{LineKind, Statement};
use event_schemas::vocabulary::{Position, Recorded};
use proptest::prelude::*;
use serde_json::{Value, json};
use twinfunnel_figures::commission::{Book, Zone, statement};

use super::language::*;

const MODES: [&str; 4] = ["MARGINAL", "RETROACTIVE", "OVERAGE", "INTERPOLATED"];

/// Tiers at 100, 250 and 600 dollars.
fn tiered(mode: &str) -> Value {
    let pays = |percent: &str, lump: i64| match mode {
        "INTERPOLATED" => json!({ "LUMP_MINOR": lump }),
        _ => json!({ "PERCENT": percent }),
    };
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "tiers": {
            "measure": "BASIS", "window": "QUARTER", "mode": mode,
            "bands": [
                { "from": "0", "to": "10000", "pays": pays("3.3", 501) },
                { "from": "10000", "to": "25000", "pays": pays("5.25", 707) },
                { "from": "25000", "to": "60000", "pays": pays("7", 1300) },
                { "from": "60000", "pays": pays("11.1", 0) },
            ],
        },
    })
}

fn flat(timing: &str, more: Value) -> Value {
    let mut plan = json!({
        "currency": "USD", "statement_period": "MONTH", "timing": timing, "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": "7.77" } }],
    });
    for (field, value) in more.as_object().unwrap() {
        plan[field] = value.clone();
    }
    plan
}

/// Deals of so many cents, in turn on the days of January.
fn deals(plan: Value, sums: &[i64]) -> Story {
    let mut story = Story::of(plan);
    for (at, sum) in sums.iter().enumerate() {
        let (id, day) = (format!("c{at}"), on(1, 1 + at as u32 % 31));
        story.contract(&id, day, Story::signing(&id, day, vec![cents("it", *sum)]));
    }
    story
}

fn told(events: &[Recorded]) -> Statement {
    let mut book = Book::new(|_| None::<Zone>);
    for event in events {
        book.fold(event).unwrap();
    }
    statement(&book, &plan_id(), &rep("ann"), month(2)).unwrap()
}

/// What is paid, without where it stands in the log.
fn paid(statement: &Statement) -> Vec<(LineKind, String, i64)> {
    let lines = statement.lines.iter();
    lines
        .map(|line| (line.kind, line.occurred_at.to_rfc3339(), line.amount_minor))
        .collect()
}

/// Much happens to Ann, no two things at one instant.
fn eventful(sums: &[i64]) -> Story {
    let more = json!({
        "draw": { "amount_minor": 5_000, "recoverable": true },
        "cap": { "amount_minor": 90_000, "refundable": true },
        "clawback": { "on": ["REFUND", "TERMINATION"], "within_months": 12, "extent": "PRORATED" },
    });
    let mut story = Story::of(flat("PAYMENT", more));
    for (at, dollars) in sums.iter().enumerate() {
        let (id, day) = (format!("c{at}"), 1 + at as u32 * 2);
        story.signs(&id, on(1, day), *dollars);
        story.pays(&id, on(1, day + 1), *dollars / 2);
        story.pays(&id, on(2, day), *dollars / 2);
        story.refunds(&id, on(2, day + 1), *dollars / 3);
    }
    for (event, seconds) in story.events.iter_mut().zip(0..) {
        event.occurred_at += chrono::Duration::seconds(seconds);
    }
    story
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cutting_a_sum_into_deals_changes_nothing_an_accumulating_plan_pays(
        mode in 0usize..4, sums in prop::collection::vec(1i64..30_000, 1..12),
    ) {
        let whole: i64 = sums.iter().sum();
        let cut = deals(tiered(MODES[mode]), &sums).total("ann", month(1));
        let one = deals(tiered(MODES[mode]), &[whole]).total("ann", month(1));
        prop_assert_eq!(cut, one);
        // Nor does the order.
        let mut backwards = sums.clone();
        backwards.reverse();
        prop_assert_eq!(deals(tiered(MODES[mode]), &backwards).total("ann", month(1)), one);
    }

    #[test]
    fn cutting_a_deal_into_lines_changes_nothing(
        mode in 0usize..4, sums in prop::collection::vec(1i64..30_000, 1..8),
    ) {
        let mut plan = tiered(MODES[mode]);
        plan["tiers"]["window"] = json!("TRANSACTION");
        let lines = sums.iter().enumerate().map(|(at, sum)| cents(&format!("l{at}"), *sum));
        let mut story = Story::of(plan.clone());
        story.contract("c", on(1, 1), Story::signing("c", on(1, 1), lines.collect()));
        let one = deals(plan, &[sums.iter().sum()]);
        prop_assert_eq!(story.total("ann", month(1)), one.total("ann", month(1)));
    }

    #[test]
    fn slices_pay_no_less_for_more_and_never_leap(sum in 1i64..90_000, more in 0i64..500) {
        let pays = |sum| deals(tiered("MARGINAL"), &[sum]).total("ann", month(1));
        let (less, rest) = (pays(sum), pays(sum + more) - pays(sum));
        prop_assert!(less >= 0 && rest >= 0);
        // No unit is paid more than at the highest rate, and a rounding.
        prop_assert!(rest * 1_000 <= more * 111 + 1_000, "{rest} for {more}");
    }

    #[test]
    fn shares_conserve_what_is_credited(cut in 1u32..9_999, sum in 1i64..1_000_000) {
        use event_schemas::vocabulary::{BasisPoints, Split};
        let share = |who: &str, share| Split { rep_id: rep(who), share: BasisPoints(share), overlay: false };
        let mut signed = Story::signing("c", on(1, 1), vec![cents("it", sum)]);
        signed.splits = vec![share("ann", cut), share("bob", 10_000 - cut)];
        let mut story = Story::of(flat("SIGNING", json!({})));
        story.enrol("bob", on(1, 1), None);
        story.contract("c", on(1, 1), signed);
        let of = |who| story.statement(who, month(1));
        let (ann, bob) = (of("ann"), of("bob"));
        let credited = |s: &Statement| s.attainment.credited_minor.decimal();
        prop_assert_eq!(credited(&ann) + credited(&bob), sum.into());
        let whole = deals(flat("SIGNING", json!({})), &[sum]).total("ann", month(1));
        prop_assert!((ann.total_minor + bob.total_minor - whole).abs() <= 1);
    }

    #[test]
    fn what_is_refunded_in_full_was_earned_by_nobody(
        amount in 2i64..5_000, parts in prop::collection::vec(1i64..2_000, 1..6), signing in any::<bool>(),
    ) {
        let more = json!({ "clawback": {
            "on": ["REFUND"], "within_months": 12, "extent": "FULL",
        } });
        let timing = if signing { "SIGNING" } else { "PAYMENT" };
        let mut story = Story::of(flat(timing, more));
        story.signs("c", on(1, 1), amount);
        story.pays("c", on(1, 2), amount / 2);
        story.pays("c", on(1, 3), amount - amount / 2);
        let mut left = amount;
        for part in parts {
            let part = part.min(left);
            story.refunds("c", on(2, 1), part);
            left -= part;
        }
        story.refunds("c", on(2, 2), left);
        let paid = story.total("ann", month(1)) + story.total("ann", month(2));
        prop_assert_eq!(paid, 0);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        sums in prop::collection::vec(1i64..3_000, 1..8), seed in any::<u64>(),
    ) {
        let story = eventful(&sums);
        let before = told(&story.events);
        // Folded in another order, the very same statement.
        let mut shuffled = story.events.clone();
        let len = shuffled.len();
        let mut state = seed;
        for at in (1..len).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        prop_assert_eq!(&told(&shuffled), &before);
        // Recorded in another order, the same is paid.
        for (at, event) in shuffled.iter_mut().enumerate() {
            event.position = Position(at as u64 + 1);
        }
        prop_assert_eq!(paid(&told(&shuffled)), paid(&before));
    }

    #[test]
    fn a_statement_does_not_depend_on_what_others_do(
        sums in prop::collection::vec(1i64..3_000, 1..8), others in prop::collection::vec(1i64..3_000, 1..8),
    ) {
        let mut story = eventful(&sums);
        let alone = told(&story.events);
        story.enrol("bob", on(1, 1), None);
        story.quota("bob", year(), 1_000, &[]);
        for (at, dollars) in others.into_iter().enumerate() {
            let id = format!("b{at}");
            story.signs_for(&[split("bob", 100)], &id, on(1, 1 + at as u32), dollars);
            story.pays(&id, on(2, 1), dollars);
        }
        prop_assert_eq!(told(&story.events), alone);
    }

    /// Whatever comes late, and whenever statements are closed, all statements together pay what
    /// would have been paid had everything been known in time.
    #[test]
    fn late_facts_change_when_is_paid_but_not_what(
        sums in prop::collection::vec((1i64..3_000, 1u32..5, 1u32..28), 1..10), closed in 1usize..5,
    ) {
        let plan = || {
            let mut plan = tiered("RETROACTIVE");
            plan["draw"] = json!({ "amount_minor": 4_000, "recoverable": true });
            plan["cap"] = json!({ "amount_minor": 20_000, "refundable": true });
            plan
        };
        let mut late = Story::of(plan());
        let mut frozen = Vec::new();
        for (at, (dollars, in_month, day)) in sums.iter().enumerate() {
            late.signs(&format!("c{at}"), on(*in_month, *day), *dollars);
            let next = frozen.len() as u32 + 1;
            if at % 2 == 1 && frozen.len() < closed {
                frozen.push(late.close(month(next)).total_minor);
            }
        }
        let open: i64 = (frozen.len() as u32 + 1..=6).map(|n| late.total("ann", month(n))).sum();
        let mut known = Story::of(plan());
        for (at, (dollars, in_month, day)) in sums.iter().enumerate() {
            known.signs(&format!("c{at}"), on(*in_month, *day), *dollars);
        }
        let all: i64 = (1..=6).map(|n| known.total("ann", month(n))).sum();
        prop_assert_eq!(frozen.iter().sum::<i64>() + open, all);
    }
}
