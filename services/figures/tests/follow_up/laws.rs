//! Whenever a history is told, it brings the same.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use event_schemas::contract::{ContractRenewed, ContractTerminated};
use event_schemas::customer::CsmAssigned;
use figures::follow_up::{Fact, Moment};
use proptest::prelude::*;

use crate::world::{World, at, completed, handed_over, id, moved_end, reached, signed};

/// Something that may happen to the customer, some minutes after what happened before.
#[derive(Debug, Clone, Copy)]
enum Next {
    Sign { days: u64 },
    HandOver { days: u64 },
    Reach { which: usize },
    Terminate { days: u64 },
    Renew,
    MoveEnd { days: u64 },
    Csm { is_ann: bool },
    Complete { which: usize },
}

fn next() -> impl Strategy<Value = (i64, Next)> {
    let what = prop_oneof![
        3 => (20u64..500).prop_map(|days| Next::Sign { days }),
        1 => (0u64..40).prop_map(|days| Next::HandOver { days }),
        2 => (0usize..2).prop_map(|which| Next::Reach { which }),
        1 => (0u64..100).prop_map(|days| Next::Terminate { days }),
        1 => Just(Next::Renew),
        2 => (0u64..600).prop_map(|days| Next::MoveEnd { days }),
        1 => any::<bool>().prop_map(|is_ann| Next::Csm { is_ann }),
        4 => (0usize..5).prop_map(|which| Next::Complete { which }),
    ];
    ((60i64..100_000), what)
}

/// What that comes to, with what is there.
fn happening(world: &World, next: Next, today: NaiveDate, count: usize) -> Vec<Fact> {
    use event_schemas::contract::ContractEvent as E;
    let mut contracts: Vec<(String, NaiveDate)> = Vec::new();
    for (_, fact) in &world.known {
        match fact {
            Fact::Contract(id, E::ContractSigned(signed)) => {
                contracts.push((id.to_string(), signed.ends_on.unwrap()));
            }
            Fact::Contract(id, E::ContractAmended(amended)) => {
                let of = contracts
                    .iter_mut()
                    .filter(|(known, _)| known == id.as_str());
                of.for_each(|(_, ends_on)| *ends_on = amended.ends_on.unwrap());
            }
            _ => {}
        }
    }
    let latest = contracts.last();
    let ended = |contract: &str| {
        world.known.iter().any(|(_, fact)| {
            matches!(fact, Fact::Contract(id, E::ContractTerminated(_) | E::ContractRenewed(_))
                if id.as_str() == contract)
        })
    };
    let reached_already = |contract: &str, milestone: &str| {
        world.known.iter().any(|(_, fact)| {
            matches!(fact, Fact::Contract(id, E::MilestoneReached(m))
                if id.as_str() == contract && m.milestone_id.as_str() == milestone)
        })
    };
    let day = |days: u64| (today + Days::new(days)).to_string();
    match (next, latest) {
        (Next::Sign { days }, _) => {
            let name = format!("k{count}");
            vec![signed(&name, today, Some(today + Days::new(days)), None)]
        }
        (Next::HandOver { days }, Some((contract, _))) => vec![handed_over(contract, &day(days))],
        (Next::Reach { which }, Some((contract, _))) => {
            let milestone = if which == 0 {
                "deployed"
            } else {
                "first_review"
            };
            match reached_already(contract, milestone) || ended(contract) {
                true => Vec::new(),
                false => vec![reached(contract, milestone, &day(0))],
            }
        }
        (Next::Terminate { days }, Some((contract, ends_on)))
            if !ended(contract) && today + Days::new(days) < *ends_on =>
        {
            let terminated = ContractTerminated {
                effective_on: today + Days::new(days),
                reason: "price".to_owned(),
                note: None,
            };
            vec![Fact::Contract(id(contract), terminated.into())]
        }
        (Next::Renew, Some((contract, ends_on))) if !ended(contract) => {
            let name = format!("k{count}");
            let to = *ends_on + Days::new(365);
            let renewed = ContractRenewed {
                renewed_by_contract_id: id(&name),
            };
            vec![
                signed(&name, *ends_on, Some(to), Some(contract)),
                Fact::Contract(id(contract), renewed.into()),
            ]
        }
        (Next::MoveEnd { days }, Some((contract, ends_on)))
            if !ended(contract) && today < *ends_on =>
        {
            vec![moved_end(contract, today, today + Days::new(days))]
        }
        (Next::Csm { is_ann }, _) => {
            let assigned = CsmAssigned {
                rep_id: id(if is_ann { "ann" } else { "bob" }),
                previous_rep_id: None,
            };
            vec![Fact::Customer(assigned.into())]
        }
        (Next::Complete { which }, _) => {
            let tasks = world.tasks();
            let open = tasks.iter().filter(|(_, task)| task.is_open());
            let chosen = open.map(|(id, _)| id.clone()).nth(which);
            chosen.iter().map(|id| completed(id)).collect()
        }
        _ => Vec::new(),
    }
}

/// What one brought and the other did not.
fn differences(one: &World, other: &World) -> Vec<String> {
    let told = |world: &World| -> BTreeSet<String> {
        let brought = world.brought.iter();
        brought.map(|(at, fact)| format!("{at} {fact:?}")).collect()
    };
    let (one, other) = (told(one), told(other));
    let missing = one.difference(&other).map(|told| format!("- {told}"));
    let more = other.difference(&one).map(|told| format!("+ {told}"));
    missing.chain(more).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is told live brings what it brings when it is told at once, or in two pieces, and the clock
    /// set going only then.
    #[test]
    fn whenever_it_is_told_it_brings_the_same(
        history in prop::collection::vec(next(), 1..14),
        zone in prop::sample::select(vec![Tz::UTC, Tz::Asia__Shanghai, Tz::America__New_York]),
        cut in 0usize..14,
    ) {
        let begin = at("2023-10-20T09:00:00Z");
        let mut live = World::new(zone);
        let first_day = live.company.zone.day(begin);
        let (mut now, mut ended) = (begin, first_day);
        let mut told: Vec<Vec<(DateTime<Utc>, Fact)>> = Vec::new();
        for (count, (minutes, next)) in history.into_iter().enumerate() {
            now += TimeDelta::minutes(minutes) + TimeDelta::microseconds(7);
            let today = live.company.zone.day(now);
            live.end_days(ended, today);
            ended = today;
            let facts = happening(&live, next, today, count);
            let facts: Vec<_> = facts.into_iter().map(|fact| (now, fact)).collect();
            live.known.extend(facts.clone());
            live.settle(Moment::After(now));
            told.push(facts);
        }
        let last_day = ended + Days::new(400);
        live.end_days(ended, last_day);

        let mut whole = World::new(zone);
        for facts in &told {
            whole.known.extend(facts.clone());
        }
        for (at, _) in told.iter().flatten() {
            whole.settle(Moment::After(*at));
        }
        whole.end_days(first_day, last_day);
        prop_assert_eq!(differences(&live, &whole), Vec::<String>::new());
        // Once more, and nothing is left.
        let before = whole.brought.len();
        whole.end_days(first_day, last_day);
        prop_assert_eq!(before, whole.brought.len());

        let mut pieces = World::new(zone);
        let (one, other) = told.split_at(cut.min(told.len()));
        for facts in one {
            pieces.known.extend(facts.clone());
        }
        for (at, _) in one.iter().flatten() {
            pieces.settle(Moment::After(*at));
        }
        let reached = one.iter().flatten().last().map(|(at, _)| pieces.company.zone.day(*at));
        let reached = reached.unwrap_or(first_day);
        pieces.end_days(first_day, reached);
        for facts in other {
            pieces.known.extend(facts.clone());
            if let Some((at, _)) = facts.first() {
                pieces.follow(reached, *at);
            }
        }
        pieces.end_days(reached, last_day);
        prop_assert_eq!(differences(&live, &pieces), Vec::<String>::new());
    }
}
