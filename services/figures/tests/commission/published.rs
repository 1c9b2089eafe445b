//! Worked examples that others published: `vectors/commission.json`, each plan as it is told there.

use event_schemas::commission_period::{LineKind, Statement};
use serde_json::{Value, json};

use super::language::*;

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../vectors/commission.json")).unwrap()
}

/// The plan of a vector, as a user writes it: shares of what is told there become text.
fn plan(vector: &Value) -> Value {
    let told = &vector["plan"];
    let window = told["window"].as_str().unwrap_or("MONTH");
    let period = if window == "TRANSACTION" {
        "MONTH"
    } else {
        window
    };
    let mut plan = json!({
        "currency": "USD", "statement_period": period, "timing": "SIGNING",
        "basis": told["basis"].as_str().unwrap_or("REVENUE"),
    });
    if let Some(rate) = told.get("rate") {
        plan["rates"] = json!([{ "pays": { "PERCENT": rate.to_string() } }]);
    }
    let minor = |dollars: &Value| (dollars.as_i64().unwrap() * 100).to_string();
    if let Some(tiers) = told.get("tiers") {
        let band = |tier: &Value| {
            let mut band =
                json!({ "from": minor(&tier[0]), "pays": { "PERCENT": tier[2].to_string() } });
            if !tier[1].is_null() {
                band["to"] = json!(minor(&tier[1]));
            }
            band
        };
        plan["tiers"] = json!({
            "measure": "BASIS", "window": window, "mode": told["mode"],
            "bands": tiers.as_array().unwrap().iter().map(band).collect::<Vec<_>>(),
        });
    }
    if let Some(draw) = told.get("draw") {
        plan["rates"] = json!([{ "pays": { "PERCENT": "100" } }]);
        plan["draw"] = json!({
            "amount_minor": draw["amount"].as_i64().unwrap() * 100,
            "recoverable": draw["recoverable"],
        });
    }
    plan
}

fn period(vector: &Value) -> twinfunnel_figures::commission::Span {
    match vector["plan"]["window"].as_str() {
        Some("WEEK") => twinfunnel_figures::commission::Span {
            from_on: on(1, 1),
            to_on: on(1, 8),
        },
        Some("QUARTER") => quarter(1),
        _ => month(1),
    }
}

fn minor(value: &Value) -> i64 {
    let text = value.to_string();
    event_schemas::vocabulary::Money::parse(&text, usd())
        .unwrap()
        .amount_minor
}

fn told(vector: &Value) -> Statement {
    let mut story = Story::of(plan(vector));
    for (at, fact) in vector["facts"].as_array().unwrap().iter().enumerate() {
        let id = format!("c{at}");
        let day = on(1, 2);
        if let Some(cost) = fact.get("cost") {
            // The same instant: the cost is charged to the same period.
            story.signs(&id, day, fact["revenue"].as_i64().unwrap());
            story.costs(&id, day, cost.as_i64().unwrap());
        } else {
            story.signs(&id, day, fact["revenue"].as_i64().unwrap());
        }
    }
    story.statement("ann", period(vector))
}

#[test]
fn every_published_commission_is_what_its_source_prints() {
    for vector in vectors() {
        let expect = &vector["expect"];
        if let Some(commission) = expect.get("commission") {
            let statement = told(&vector);
            assert_eq!(
                statement.total_minor,
                minor(commission),
                "{}",
                vector["name"]
            );
        }
        if let Some(lines) = expect.get("lines") {
            let expected: Vec<_> = lines.as_array().unwrap().iter().map(minor).collect();
            let statement = told(&vector);
            assert_eq!(amounts(&statement, LineKind::Commission), expected);
        }
    }
}

#[test]
fn every_published_draw_is_what_its_source_prints() {
    let vectors = vectors();
    let vector = vectors
        .iter()
        .find(|v| v["plan"].get("draw").is_some())
        .unwrap();
    let mut story = Story::of(plan(vector));
    for (at, fact) in vector["facts"].as_array().unwrap().iter().enumerate() {
        let day = on(at as u32 + 1, 10);
        story.signs(&format!("c{at}"), day, fact["earned"].as_i64().unwrap());
    }
    let statements: Vec<_> = (1..=6).map(|n| story.statement("ann", month(n))).collect();
    let expect = |name: &str| {
        let all = vector["expect"][name].as_array().unwrap().iter();
        all.map(minor).collect::<Vec<_>>()
    };
    let net: Vec<_> = statements.iter().map(|s| s.total_minor).collect();
    assert_eq!(net, expect("net"));
    let owed: Vec<_> = statements
        .iter()
        .map(|s| s.carried.draw_owed_minor)
        .collect();
    assert_eq!(owed, expect("owed_after"));
}
