//! What gives cause for worry at the end of a day, when it begins, and when it is over.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::customers::{day, event, noon};
use crate::home::Story;

on_both!(
    usage_under_its_threshold_is_found_after_the_days_of_grace,
    a_decision_maker_is_missed_until_there_is_one,
    tickets_are_found_while_they_are_open,
    an_invoice_is_late_until_it_is_paid_in_full,
);

async fn usage_under_its_threshold_is_found_after_the_days_of_grace(mut story: Story) {
    story.metric("logins", "SUM").await;
    let terms = json!({
        "metrics": [{
            "metric_id": "logins", "weight": "1", "window_days": 1, "baseline_days": 1,
            "threshold": "0.5"
        }],
        "grace_days": 5
    });
    story.health_model(1, "1.01", terms).await;
    for (customer, from) in [("ann", "1.01"), ("bob", "1.01"), ("new", "6.01")] {
        story.signed(customer, from, None).await;
    }
    for (customer, much) in [("ann", "20"), ("bob", "4"), ("new", "0")] {
        story
            .used(customer, "logins", "10.01", much, noon("10.01"))
            .await;
    }
    // The baseline is 8, the threshold 4: bob is on it, and the new one in its days of grace.
    assert!(story.findings("10.01").await.is_empty());
    story
        .used("ann", "logins", "11.01", "20.4", noon("11.01"))
        .await;
    story
        .used("bob", "logins", "11.01", "4", noon("11.01"))
        .await;
    let found = story.findings("11.01").await;
    let [bob, new] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (bob.customer_id.as_str(), new.customer_id.as_str()),
        ("bob", "new")
    );
    assert_eq!(bob.value, Some("4".parse().unwrap()));
    assert_eq!(
        bob.threshold.map(|t| t.round_dp(4)),
        Some("4.0667".parse().unwrap())
    );
    assert_eq!(
        bob.explanation,
        "logins: 4 a day over the last 1 days, under 4.0667: 0.5 × the 8.1333 of all customers"
    );
    // It has left: nothing is found any more.
    let terminated = json!({"effective_on": "2024-01-11", "reason": "price"});
    story
        .fact(
            "contract-k-bob",
            noon("11.01"),
            "ContractTerminated",
            terminated,
        )
        .await;
    assert_eq!(
        story.worries("11.01").await,
        ["new METRIC_BELOW_THRESHOLD logins"]
    );
}

async fn a_decision_maker_is_missed_until_there_is_one(mut story: Story) {
    story.health_model(1, "1.01", json!({})).await;
    story.signed("ann", "1.01", None).await;
    assert!(
        story.findings("2.01").await.is_empty(),
        "there was none to go"
    );
    story
        .contact("ann", "c-1", "3.01", &["DECISION_MAKER"])
        .await;
    story
        .contact("ann", "c-2", "3.01", &["DECISION_MAKER"])
        .await;
    story.gone("ann", "c-1", "5.01").await;
    assert!(
        story.findings("5.01").await.is_empty(),
        "the other is there"
    );
    let payload = json!({"contact_id": "c-2", "profile": {"name": "Ann", "roles": ["USER"]}});
    story
        .fact("customer-ann", noon("6.01"), "ContactUpdated", payload)
        .await;
    let found = story.findings("6.01").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].explanation,
        "the last decision maker has gone on 2024-01-06"
    );
    assert_eq!(found[0].evidence, [event("customer-ann", 5)]);
    assert_eq!(
        story.worries("20.01").await,
        ["ann DECISION_MAKER_DEPARTED -"]
    );
    story
        .contact("ann", "c-3", "21.01", &["DECISION_MAKER"])
        .await;
    assert!(story.findings("21.01").await.is_empty());
    assert_eq!(story.worries("20.01").await.len(), 1, "as it was then");
}

async fn tickets_are_found_while_they_are_open(mut story: Story) {
    story
        .health_model(1, "1.01", json!({"ticket_open_days": 3}))
        .await;
    story.signed("ann", "1.01", None).await;
    story.ticket("t-1", "ann", "2.01").await;
    assert!(story.findings("5.01").await.is_empty());
    assert_eq!(
        story.worries("6.01").await,
        ["ann TICKET_OPEN_TOO_LONG t-1"]
    );
    story.of_ticket("t-1", "7.01", "TicketEscalated").await;
    assert_eq!(
        story.worries("7.01").await,
        ["ann TICKET_ESCALATED t-1", "ann TICKET_OPEN_TOO_LONG t-1"]
    );
    story.of_ticket("t-1", "8.01", "TicketClosed").await;
    assert!(story.findings("8.01").await.is_empty());
    // Opened again it is open anew.
    story.of_ticket("t-1", "10.01", "TicketReopened").await;
    assert!(story.findings("13.01").await.is_empty());
    let found = story.findings("14.01").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].evidence, [event("ticket-t-1", 4)]);
}

async fn an_invoice_is_late_until_it_is_paid_in_full(mut story: Story) {
    story
        .health_model(1, "1.01", json!({"payment_late_days": 2}))
        .await;
    story.signed("ann", "1.01", None).await;
    story.invoice("k-ann", "i-1", "2.01", "10.01", 500).await;
    story.paid("k-ann", "p-1", "i-1", "5.01", 300).await;
    assert!(story.findings("12.01").await.is_empty());
    let found = story.findings("13.01").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].subject_id.as_deref(), Some("i-1"));
    assert_eq!(
        found[0].contract_id.as_ref().map(|id| id.as_str()),
        Some("k-ann")
    );
    story.paid("k-ann", "p-2", "i-1", "14.01", 200).await;
    assert!(story.findings("14.01").await.is_empty());
    assert_eq!(story.worries("13.01").await, ["ann PAYMENT_LATE i-1"]);
    // What we give back is not owed by the customer.
    let payload = json!({
        "refund_id": "r-1", "payment_id": "p-2",
        "amounts": [{"line_id": "1", "amount_minor": 200}]
    });
    story
        .fact("contract-k-ann", noon("15.01"), "PaymentRefunded", payload)
        .await;
    assert!(story.findings("20.01").await.is_empty());
}

/// Something told about one of a few customers.
#[derive(Debug, Clone)]
enum Told {
    Used {
        customer: usize,
        used: u32,
        quantity: u32,
        hours_late: i64,
    },
    Answered {
        customer: usize,
        at: u32,
        score: u8,
    },
    Opened {
        customer: usize,
        at: u32,
    },
}

const CUSTOMERS: [&str; 3] = ["ann", "bob", "cy"];

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        4 => (0usize..3, 1u32..28, 0u32..50, 0i64..200).prop_map(
            |(customer, used, quantity, hours_late)| Told::Used { customer, used, quantity, hours_late }
        ),
        1 => (0usize..3, 1u32..28, 0u8..=10)
            .prop_map(|(customer, at, score)| Told::Answered { customer, at, score }),
        1 => (0usize..3, 1u32..28).prop_map(|(customer, at)| Told::Opened { customer, at }),
    ]
}

async fn seen(told: &[(usize, Told)]) -> Vec<String> {
    let mut story = Story::on_sqlite().await;
    story.metric("logins", "SUM").await;
    story.metric("seats", "LAST").await;
    let metric =
        |id| json!({"metric_id": id, "weight": "1", "window_days": 5, "baseline_days": 20});
    let terms = json!({
        "metrics": [metric("logins"), metric("seats")],
        "nps": {"weight": "2", "window_days": 10}, "open_tickets": {"points_each": "3"}
    });
    story.health_model(1, "1.01", terms).await;
    for customer in CUSTOMERS {
        story.signed(customer, "1.01", None).await;
    }
    for (number, told) in told {
        match told {
            Told::Used {
                customer,
                used,
                quantity,
                hours_late,
            } => {
                let customer = CUSTOMERS[*customer];
                let used = format!("{used}.01");
                // Each at an instant of its own: what is told at one is in the order in which it came.
                let number = i64::try_from(*number).unwrap();
                let at = noon(&used)
                    + chrono::TimeDelta::hours(*hours_late)
                    + chrono::TimeDelta::seconds(number);
                let record = |metric: &str| {
                    json!({
                        "record_id": format!("{metric}-{number}"), "metric_id": metric,
                        "quantity": quantity.to_string()
                    })
                };
                let payload = json!({
                    "customer_id": customer, "used_on": day(&used).to_string(),
                    "records": [record("logins"), record("seats")]
                });
                let stream = format!("usage-{customer}~{}", day(&used));
                story.fact(&stream, at, "UsageRecorded", payload).await;
            }
            Told::Answered {
                customer,
                at,
                score,
            } => {
                let id = format!("a-{number}");
                story
                    .answered(&id, CUSTOMERS[*customer], None, &format!("{at}.01"), *score)
                    .await;
            }
            Told::Opened { customer, at } => {
                let id = format!("t-{number}");
                story
                    .ticket(&id, CUSTOMERS[*customer], &format!("{at}.01"))
                    .await;
            }
        }
    }
    let mut seen = Vec::new();
    for at in ["10.01", "20.01", "31.01"] {
        for customer in CUSTOMERS {
            let health = story.health(customer, at).await;
            let score: f64 = health.score.parse().unwrap_or(0.0);
            assert!((0.0..=100.0).contains(&score));
            let factors: Vec<_> = health
                .factors
                .iter()
                .map(|f| (&f.value, &f.baseline))
                .collect();
            seen.push(format!("{at} {customer} {} {factors:?}", health.score));
        }
        seen.extend(
            story
                .findings(at)
                .await
                .iter()
                .map(|found| format!("{at} {}", found.explanation)),
        );
    }
    seen
}

#[test]
fn whatever_the_order_of_arrival_health_is_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 16,
        ..Config::default()
    });
    let history = prop::collection::vec(told(), 0..25);
    let shuffled = history.prop_flat_map(|history| {
        let history: Vec<_> = history.into_iter().enumerate().collect();
        (Just(history.clone()), Just(history).prop_shuffle())
    });
    let outcome = runner.run(&shuffled, |(history, shuffled)| {
        prop_assert_eq!(
            runtime.block_on(seen(&history)),
            runtime.block_on(seen(&shuffled))
        );
        Ok(())
    });
    outcome.unwrap();
}
