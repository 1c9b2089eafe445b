//! Recurring revenue does not depend on the order of arrival, and its movements add up.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use proto::v1::{self, GetRecurringRevenueRequest, RevenueDimension};
use serde_json::{Value, json};

use crate::home::Story;
use crate::revenue::{line, signed, until};

/// What happened to contracts, in the order in which it happened; the days of one contract differ.
fn history() -> impl Strategy<Value = Vec<(usize, u32, &'static str, Value)>> {
    let date = |day: u32| day_of_year(day).to_string();
    let amended = (0usize..4, 2u32..180, 0i64..5, 1u32..200).prop_map(
        move |(contract, told, monthly, from)| {
            let payload = json!({
                "amendment_id": format!("a-{told}"), "kind": "EXPANSION",
                "effective_on": date(from),
                "changes": [{"line": line("1", "plus", monthly * 100), "amount_before_minor": 0}]
            });
            (contract, told, "ContractAmended", payload)
        },
    );
    let terminated = (0usize..4, 2u32..180, 1u32..200).prop_map(move |(contract, told, from)| {
        let payload = json!({"effective_on": date(from), "reason": "price"});
        (contract, told, "ContractTerminated", payload)
    });
    let signed = prop::collection::vec((1u32..100, 1u32..100, 0i64..5), 4);
    let later = prop::collection::vec(prop_oneof![3 => amended, 1 => terminated], 0..10);
    (signed, later).prop_map(move |(signatures, later)| {
        let signed = signatures.into_iter().enumerate();
        let signed = signed.map(|(contract, (from, length, monthly))| {
            let id = format!("k-{contract}");
            let mut payload = signed_on(&id, contract, monthly * 100);
            payload["starts_on"] = json!(date(from));
            payload["ends_on"] = json!(date(from + length));
            if contract == 3 {
                payload["renews_contract_id"] = json!("k-2");
            }
            (contract, 1, "ContractSigned", payload)
        });
        let mut all: Vec<_> = signed.chain(later).collect();
        all.sort_by_key(|(contract, told, ..)| (*told, *contract));
        all.dedup_by_key(|(contract, told, ..)| (*told, *contract));
        all
    })
}

fn day_of_year(number: u32) -> chrono::NaiveDate {
    chrono::NaiveDate::from_yo_opt(2024, number).unwrap()
}

/// Two customers have two contracts each.
fn signed_on(id: &str, contract: usize, monthly_minor: i64) -> Value {
    let customer = ["ann", "bob", "bob", "ann"][contract];
    signed(id, customer, "1.01", "", monthly_minor)
}

async fn after(happened: &[(usize, u32, &'static str, Value)]) -> v1::RecurringRevenue {
    let mut story = Story::on_sqlite().await;
    for (contract, told, event_type, payload) in happened {
        let at = day_of_year(*told)
            .and_time(chrono::NaiveTime::MIN)
            .and_utc();
        let stream = format!("contract-k-{contract}");
        story.fact(&stream, at, event_type, payload.clone()).await;
    }
    let asked = GetRecurringRevenueRequest {
        with_cohorts: true,
        cut_by: vec![
            RevenueDimension::Customer.into(),
            RevenueDimension::Product.into(),
        ],
        ..until("1.09")
    };
    v1::RecurringRevenue {
        answered_from: None,
        ..story.revenue(asked).await
    }
}

fn minor(sum: Option<&v1::Money>) -> i128 {
    sum.unwrap().amount.replace('.', "").parse().unwrap()
}

#[test]
fn whatever_the_order_of_arrival_the_movements_are_the_same_and_add_up() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        ..Config::default()
    });
    let shuffled =
        history().prop_flat_map(|history| (Just(history.clone()), Just(history).prop_shuffle()));
    let outcome = runner.run(&shuffled, |(history, shuffled)| {
        let straight = runtime.block_on(after(&history));
        let late = runtime.block_on(after(&shuffled));
        prop_assert_eq!(&straight, &late);
        let mut before = None;
        for row in &straight.periods {
            let figures = row.figures.as_ref().unwrap();
            let start = minor(figures.start_mrr.as_ref());
            let end = start
                + minor(figures.new_mrr.as_ref())
                + minor(figures.reactivation_mrr.as_ref())
                + minor(figures.expansion_mrr.as_ref())
                - minor(figures.contraction_mrr.as_ref())
                - minor(figures.churn_mrr.as_ref());
            prop_assert_eq!(end, minor(figures.end_mrr.as_ref()));
            prop_assert!(before.is_none_or(|before| before == start));
            before = Some(end);
        }
        Ok(())
    });
    outcome.unwrap();
}
