//! What is told of customers, at the door: good samples, and what cannot be meant.

use domain::usage::Command;
use proto::commands::UsageCommand;
use proto::v1;
use serde_json::{Value, json};

use super::wrong_fields;

fn health_terms() -> Value {
    json!({
        "metrics": [
            {
                "metric_id": "logins", "weight": "2", "window_days": 7, "baseline_days": 28,
                "threshold": "0.5",
            },
            { "metric_id": "exports", "weight": "0.5" },
        ],
        "nps": { "weight": "1", "window_days": 180 },
        "open_tickets": { "points_each": "2", "points_at_most": "10" },
        "without_contact": { "after_days": 60, "points": "5" },
        "decision_maker_departed_points": "15",
        "bands": { "healthy_from": "75", "at_risk_from": "45" },
        "ticket_open_days": 14, "payment_late_days": 10, "grace_days": 30,
    })
}

fn publish(terms: &Value) -> Value {
    json!({ "publish_health_model": {
        "health_model_id": "standard", "effective_from": "2024-01-01", "terms": terms,
    }})
}

fn record(records: &Value) -> Value {
    json!({ "record_usage": { "customer_id": "acme", "records": records } })
}

/// One of every command, with something in every field.
pub(crate) fn samples() -> Vec<Value> {
    vec![
        json!({ "assign_csm": { "customer_id": "acme", "rep_id": "bob" } }),
        json!({ "record_churn": {
            "customer_id": "acme", "churn_id": "c1", "churned_on": "2024-06-30",
            "reason": "price", "feedback": "too dear",
        }}),
        json!({ "declare_metric": {
            "metric_id": "logins", "name": "Logins", "unit": "logins",
            "aggregation": "METRIC_AGGREGATION_DISTINCT",
        }}),
        json!({ "retire_metric": { "metric_id": "logins" } }),
        record(&json!([
            {
                "record_id": "u1", "metric_id": "logins", "quantity": "2.5",
                "used_on": "2024-02-29", "subject": "user-7",
            },
            {
                "source": "web-1", "sequence": 7, "metric_id": "logins", "quantity": "-1",
                "used_on": "2024-02-28",
            },
        ])),
        json!({ "correct_usage": {
            "customer_id": "acme", "used_on": "2024-02-29", "record_id": "web-1~7",
            "quantity": "3", "reason": "counted twice",
        }}),
        json!({ "open_ticket": {
            "ticket_id": "t1", "customer_id": "acme", "contact_id": "ann", "subject": "It is slow",
            "priority": "TICKET_PRIORITY_URGENT",
        }}),
        json!({ "answer_ticket": { "ticket_id": "t1" } }),
        json!({ "escalate_ticket": { "ticket_id": "t1", "reason": "why" } }),
        json!({ "close_ticket": { "ticket_id": "t1", "resolution": "so" } }),
        json!({ "reopen_ticket": { "ticket_id": "t1", "reason": "why" } }),
        json!({ "rate_ticket": { "ticket_id": "t1", "satisfaction": 5 } }),
        json!({ "answer_survey": {
            "survey_answer_id": "a1", "customer_id": "acme", "contact_id": "ann", "score": 9,
            "comment": "good",
        }}),
        json!({ "log_interaction": {
            "interaction_id": "i1", "customer_id": "acme", "contact_ids": ["ann"], "rep_id": "bob",
            "channel": "INTERACTION_CHANNEL_MEETING", "note": "so", "quote_ids": ["q1"],
            "document_ids": ["deck"], "task_id": "t1",
        }}),
        publish(&health_terms()),
    ]
}

#[test]
fn a_health_model_that_cannot_be_calculated_with_is_refused_by_its_fields() {
    let cases = [
        (json!({}), vec!["terms"]),
        (
            json!({ "metrics": [
                { "metric_id": "logins", "weight": "0" },
                { "metric_id": "logins", "weight": "1", "window_days": 0, "baseline_days": 3661 },
            ]}),
            vec![
                "terms.metrics[0].weight",
                "terms.metrics[1].metric_id",
                "terms.metrics[1].window_days",
                "terms.metrics[1].baseline_days",
            ],
        ),
        (
            json!({ "metrics": [{ "metric_id": "logins", "weight": "1", "threshold": "-1" }] }),
            vec!["terms.metrics[0].threshold"],
        ),
        (
            json!({ "nps": { "weight": "", "window_days": 0 } }),
            vec!["terms.nps.weight"],
        ),
        (
            json!({ "nps": { "weight": "1", "window_days": 0 } }),
            vec!["terms.nps.window_days"],
        ),
        (
            json!({ "open_tickets": { "points_each": "2", "points_at_most": "1" } }),
            vec!["terms.open_tickets.points_at_most"],
        ),
        (
            json!({ "without_contact": { "points": "0" } }),
            vec![
                "terms.without_contact.after_days",
                "terms.without_contact.points",
            ],
        ),
        (
            json!({
                "decision_maker_departed_points": "0",
                "bands": { "healthy_from": "50", "at_risk_from": "80" },
                "ticket_open_days": 0, "payment_late_days": 3661, "grace_days": 3661,
            }),
            vec![
                "terms.decision_maker_departed_points",
                "terms.bands.healthy_from",
                "terms.ticket_open_days",
                "terms.payment_late_days",
                "terms.grace_days",
            ],
        ),
        (
            json!({
                "decision_maker_departed_points": "1",
                "bands": { "healthy_from": "101", "at_risk_from": "80" },
            }),
            vec!["terms.bands.healthy_from"],
        ),
    ];
    for (terms, fields) in cases {
        assert_eq!(wrong_fields(&publish(&terms)), fields, "{terms}");
    }
}

#[test]
fn a_grade_is_one_of_its_scale() {
    let rate = |satisfaction: u32| json!({ "rate_ticket": { "ticket_id": "t1", "satisfaction": satisfaction } });
    for wrong in [0, 6, 4_000_000_000] {
        assert_eq!(wrong_fields(&rate(wrong)), ["satisfaction"]);
    }
    let answer = |score: Value| {
        json!({ "answer_survey": {
            "survey_answer_id": "a1", "customer_id": "acme", "score": score,
        }})
    };
    assert_eq!(wrong_fields(&answer(json!(0))), [""; 0]);
    assert_eq!(wrong_fields(&answer(json!(11))), ["score"]);
    assert_eq!(wrong_fields(&answer(Value::Null)), ["score"]);
}

#[test]
fn a_choice_is_made() {
    let metric = json!({ "declare_metric": { "metric_id": "m", "name": "M", "unit": "u" } });
    assert_eq!(wrong_fields(&metric), ["aggregation"]);
    let ticket = json!({ "open_ticket": { "ticket_id": "t1", "customer_id": "acme" } });
    assert_eq!(wrong_fields(&ticket), ["priority"]);
    let interaction =
        json!({ "log_interaction": { "interaction_id": "i", "customer_id": "acme" } });
    assert_eq!(wrong_fields(&interaction), ["channel"]);
}

#[test]
fn a_record_is_known_by_its_id_or_by_sender_and_number() {
    let with = |id: Value| {
        let mut record = json!({ "metric_id": "logins", "quantity": "1", "used_on": "2024-02-29" });
        let fields = record.as_object_mut().unwrap();
        fields.extend(id.as_object().unwrap().clone());
        wrong_fields(&super::customers::record(&json!([record])))
    };
    let none: [&str; 0] = [];
    assert_eq!(with(json!({ "source": "web", "sequence": 0 })), none);
    assert_eq!(with(json!({})), ["records[0].record_id"]);
    assert_eq!(with(json!({ "sequence": 7 })), ["records[0].source"]);
    let unnumbered = with(json!({ "source": "web" }));
    assert_eq!(unnumbered, ["records[0].sequence"]);
    let both = json!({ "record_id": "u1", "source": "web" });
    assert_eq!(with(both), ["records[0].record_id"]);
    let long = json!({ "source": "x".repeat(60), "sequence": 12345 });
    assert_eq!(with(long), ["records[0].source"]);
}

#[test]
fn a_batch_of_records_has_some_and_not_too_many() {
    assert_eq!(wrong_fields(&record(&json!([]))), ["records"]);
    let one = |at: usize| {
        json!({
            "record_id": format!("u{at}"), "metric_id": "m", "quantity": "1",
            "used_on": "2024-02-29",
        })
    };
    let many = |count: usize| (0..count).map(one).collect::<Value>();
    assert_eq!(wrong_fields(&record(&many(1_000))), [""; 0]);
    assert_eq!(wrong_fields(&record(&many(1_001))), ["records"]);
    let bad = json!([one(0), { "record_id": "u1", "metric_id": "", "used_on": "2024-02-30" }]);
    assert_eq!(
        wrong_fields(&record(&bad)),
        [
            "records[1].metric_id",
            "records[1].quantity",
            "records[1].used_on"
        ]
    );
}

#[test]
fn records_are_told_by_their_day_each_once_in_the_order_told() {
    let record = |id: &str, used_on: &str, quantity: &str| v1::UsageRecord {
        record_id: id.to_owned(),
        metric_id: "logins".to_owned(),
        quantity: quantity.to_owned(),
        used_on: used_on.to_owned(),
        ..Default::default()
    };
    let told = domain::usage::parse(UsageCommand::RecordUsage(v1::RecordUsage {
        customer_id: "acme".to_owned(),
        records: vec![
            record("b", "2024-03-02", "1"),
            record("a", "2024-03-01", "2"),
            record("b", "2024-03-01", "3"),
            record("c", "2024-03-02", "4"),
        ],
    }))
    .unwrap();
    let Command::Record { day, others } = told.command else {
        panic!("it is of records");
    };
    assert_eq!(told.id, "acme~2024-03-02");
    let ids = |records: &domain::usage::Records| {
        let ids = records.records.iter();
        ids.map(|record| record.record_id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&day), ["b", "c"]);
    let others: Vec<_> = others.iter().map(|day| ids(day)).collect();
    assert_eq!(others, [["a"]]);
}
