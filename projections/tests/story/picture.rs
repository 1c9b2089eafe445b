//! The whole picture of a customer, and its time line, page by page.

use proto::v1;
use serde_json::json;

use crate::customers::noon;
use crate::home::{Story, on, tenant, timestamp};

on_both!(
    everything_about_a_customer_is_under_its_id,
    a_picture_is_told_as_of_any_moment
);

async fn picture(story: &Story, page_token: &str, by: Option<&str>) -> v1::CustomerPicture {
    let as_of = by.map(|by| v1::AsOf {
        known_at: None,
        happened_by: Some(timestamp(on(by))),
    });
    let asked = v1::GetCustomerPictureRequest {
        customer_id: "ann".into(),
        page_size: 5,
        page_token: page_token.into(),
        usage_days: 28,
        consistency: Some(v1::Consistency {
            as_of,
            min_position: story.head,
        }),
    };
    story
        .read_models
        .customer_picture(&tenant(), asked)
        .await
        .unwrap()
}

async fn a_customer(story: &mut Story) {
    story.metric("logins", "SUM").await;
    story.metric("users", "DISTINCT").await;
    story.signed("ann", "1.01", None).await;
    story.signed("bob", "1.01", None).await;
    let csm = json!({"rep_id": "mia"});
    story
        .fact("customer-ann", noon("2.01"), "CsmAssigned", csm)
        .await;
    story
        .contact("ann", "c-1", "2.01", &["DECISION_MAKER", "BILLING"])
        .await;
    story.contract("k-2", "ann", "3.01", Some("9.01")).await;
    story.invoice("k-ann", "i-1", "3.01", "5.01", 500).await;
    story.invoice("k-ann", "i-2", "3.01", "30.12", 700).await;
    story.paid("k-ann", "p-1", "i-1", "4.01", 300).await;
    story
        .used("ann", "logins", "4.01", "2.5", noon("4.01"))
        .await;
    story.used("ann", "logins", "4.01", "3", noon("5.01")).await;
    story
        .used_by("ann", "users", "5.01", "1", noon("5.01"), Some("u-1"))
        .await;
    story.ticket("t-1", "ann", "6.01").await;
    story.of_ticket("t-1", "7.01", "TicketEscalated").await;
    story.answered("a-1", "ann", Some("c-1"), "7.01", 9).await;
    story.talked("x-1", "ann", "8.01").await;
    let task = json!({
        "task_id": "k-1", "customer_id": "ann", "origin": {"kind": "BY_HAND"}, "name": "Call",
        "due_on": "2024-01-08"
    });
    story
        .fact("task-k-1", noon("6.01"), "TaskPlanned", task)
        .await;
    let churn = json!({"churn_id": "x", "churned_on": "2024-06-01", "reason": "price"});
    story
        .fact("customer-ann", noon("9.01"), "ChurnRecorded", churn)
        .await;
}

async fn everything_about_a_customer_is_under_its_id(mut story: Story) {
    a_customer(&mut story).await;
    let ann = picture(&story, "", Some("10.01")).await;
    assert_eq!(
        (&*ann.name, &*ann.industry, &*ann.csm_id),
        ("ANN", "steel", "mia")
    );
    assert_eq!(ann.contacts[0].roles, ["DECISION_MAKER", "BILLING"]);
    let contracts: Vec<_> = ann
        .contracts
        .iter()
        .map(|k| (&*k.contract_id, k.is_in_force, &*k.ends_on))
        .collect();
    assert_eq!(
        contracts,
        [("k-ann", true, ""), ("k-2", false, "2024-01-09")]
    );
    let [money] = ann.money.as_slice() else {
        panic!("{ann:?}")
    };
    let amount = |money: &Option<v1::Money>| money.clone().unwrap().amount;
    assert_eq!(amount(&money.monthly_recurring), "100.00");
    assert_eq!(
        (amount(&money.invoiced), amount(&money.paid)),
        ("12.00".into(), "3.00".into())
    );
    assert_eq!(
        (amount(&money.open), amount(&money.overdue)),
        ("9.00".into(), "2.00".into())
    );
    let usage: Vec<_> = ann
        .usage
        .iter()
        .map(|u| (&*u.metric_id, &*u.days[0].on, &*u.days[0].value))
        .collect();
    assert_eq!(
        usage,
        [
            ("logins", "2024-01-04", "5.5"),
            ("users", "2024-01-05", "1")
        ]
    );
    assert!(ann.tickets[0].is_escalated);
    assert_eq!(
        (ann.answers[0].score, &*ann.answers[0].comment),
        (9, "between us")
    );
    assert_eq!(ann.interactions[0].channel, "CALL");
    assert_eq!(
        (&*ann.tasks[0].task_id, ann.tasks[0].is_overdue),
        ("k-1", true)
    );
    assert_eq!(ann.churns[0].reason, "price");
    assert!(ann.health.unwrap().is_active);

    // Three pages: all of it, latest first, and without what people said.
    let mut lines: Vec<String> = ann
        .time_line
        .iter()
        .map(|entry| entry.line.clone())
        .collect();
    assert_eq!(lines[..2], ["leaves on 2024-06-01: price", "CALL"]);
    let mut token = ann.next_page_token;
    while !token.is_empty() {
        let next = picture(&story, &token, Some("10.01")).await;
        lines.extend(next.time_line.iter().map(|entry| entry.line.clone()));
        token = next.next_page_token;
    }
    assert_eq!(lines.len(), 14);
    assert_eq!(
        lines.last().unwrap(),
        "contract k-ann signed, in force from 2024-01-01"
    );
    assert!(
        lines
            .iter()
            .all(|line| !line.contains("between us") && !line.contains("Ann"))
    );
}

async fn a_picture_is_told_as_of_any_moment(mut story: Story) {
    a_customer(&mut story).await;
    let ann = picture(&story, "", Some("4.01")).await;
    assert!(ann.tickets.is_empty() && ann.tasks.is_empty() && ann.usage.is_empty());
    assert_eq!(ann.contracts.iter().filter(|k| k.is_in_force).count(), 2);
    assert_eq!(
        ann.money[0].monthly_recurring.clone().unwrap().amount,
        "200.00"
    );
    assert_eq!(ann.money[0].open.clone().unwrap().amount, "12.00");
    let asked = v1::GetCustomerPictureRequest {
        customer_id: "nobody".into(),
        consistency: story.now(),
        ..Default::default()
    };
    let refused = story.read_models.customer_picture(&tenant(), asked).await;
    assert!(matches!(
        refused,
        Err(twinfunnel_projections::QueryError::NotFound(_))
    ));
}
