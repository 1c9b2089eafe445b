//! What a plan pays, computed from the files.
//!
//! The plan: 5 % of the first 50,000 that an agent sells in a quarter, 7 % of the next 50,000, 10 % of
//! all above; and 1 % of what the team sells for its manager. What is sold counts on the day it was
//! won, in the order of the file.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::answer::{Line, Statement, Usd};
use crate::export::{Agent, Deal, midnight};
use crate::question::Dimension;

/// The first days of the quarters of 2017, and of the one after them.
const QUARTERS: [&str; 5] = [
    "2017-01-01",
    "2017-04-01",
    "2017-07-01",
    "2017-10-01",
    "2018-01-01",
];

/// A quarter of 2017.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quarter {
    pub(crate) from_on: &'static str,
    pub(crate) to_on: &'static str,
}

/// The quarters of 2017, in order.
pub(crate) fn quarters() -> Vec<Quarter> {
    let pairs = QUARTERS.windows(2);
    pairs
        .map(|pair| Quarter {
            from_on: pair[0],
            to_on: pair[1],
        })
        .collect()
}

/// The statements of a quarter by participant, as they stand at an instant.
pub(crate) fn statements(
    deals: &[Deal],
    agents: &[Agent],
    quarter: Quarter,
    at: DateTime<Utc>,
) -> Vec<Statement> {
    let (from, to) = (midnight(quarter.from_on), midnight(quarter.to_on).min(at));
    let mut sold: Vec<_> = deals
        .iter()
        .filter_map(|deal| {
            let closed = deal.closed.as_ref()?;
            let amount = closed.won?;
            (from <= closed.at && closed.at < to).then_some((closed.at, deal, amount))
        })
        .collect();
    // What was won on the same day stays in the order of the file.
    sold.sort_by_key(|&(day, ..)| day);
    let of = |dimension, id: &str| {
        let wanted = |(_, deal, _): &&(DateTime<Utc>, &Deal, Decimal)| deal.key(dimension).id == id;
        sold.iter().filter(wanted).copied().collect::<Vec<_>>()
    };

    let mut participants: Vec<_> = agents
        .iter()
        .flat_map(|agent| [&agent.id, &agent.manager_id])
        .collect();
    participants.sort();
    participants.dedup();
    let statement = |id: &String| {
        let mut lines = Vec::new();
        let mut credited = Decimal::ZERO;
        for (day, deal, amount) in of(Dimension::Rep, id) {
            let before = earned(credited);
            credited += amount;
            lines.push(line("COMMISSION", deal, day, earned(credited) - before));
        }
        for (day, deal, amount) in of(Dimension::Team, id) {
            let one_percent = amount / Decimal::from(100);
            lines.push(line("OVERRIDE", deal, day, one_percent));
        }
        let total = lines.iter().map(|line: &Line| line.amount.exact()).sum();
        let nothing = Usd::rounded(Decimal::ZERO);
        Statement {
            commission_plan_id: "field".to_owned(),
            plan_version: 1,
            rep_id: id.clone(),
            from_on: quarter.from_on.to_owned(),
            to_on: quarter.to_on.to_owned(),
            total: Usd::rounded(total),
            credited: Usd::rounded(credited),
            tier: tier(credited),
            draw_owed: nothing,
            cap_withheld: nothing,
            at_position: "0".to_owned(),
            lines,
            ..Statement::default()
        }
    };
    participants.into_iter().map(statement).collect()
}

fn line(kind: &str, deal: &Deal, occurred_at: DateTime<Utc>, amount: Decimal) -> Line {
    Line {
        kind: kind.to_owned(),
        contract_id: deal.id.clone(),
        occurred_at,
        amount: Usd::rounded(amount),
    }
}

/// What a quarter's first so much pays.
fn earned(credited: Decimal) -> Decimal {
    let slices = [
        (0, 50_000, 5),
        (50_000, 100_000, 7),
        (100_000, i64::MAX, 10),
    ];
    let paid = slices.map(|(from, to, percent)| {
        let within = credited.clamp(from.into(), to.into()) - Decimal::from(from);
        within * Decimal::from(percent) / Decimal::from(100)
    });
    paid.into_iter().sum()
}

/// In which slice a quarter's sales end: on an edge, in the upper one; in none without any.
fn tier(credited: Decimal) -> u32 {
    if credited.is_zero() {
        0
    } else if credited < Decimal::from(50_000) {
        1
    } else if credited < Decimal::from(100_000) {
        2
    } else {
        3
    }
}

#[test]
fn each_slice_is_paid_at_its_own_rate() {
    let cases = [
        (0, 0, 0),
        (1_000, 50, 1),
        (50_000, 2_500, 2),
        (60_000, 3_200, 2),
        (100_000, 6_000, 3),
        (120_000, 8_000, 3),
    ];
    for (credited, paid, reached) in cases {
        assert_eq!(earned(credited.into()), Decimal::from(paid), "{credited}");
        assert_eq!(tier(credited.into()), reached, "{credited}");
    }
}
