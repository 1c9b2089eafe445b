//! Worked examples that others have published: each plan is published and each fact told through the
//! public API, and what is paid is what the source prints.

mod courses;

use std::collections::BTreeMap;

use client::{Client, CommandOptions, IntoKind};
use proto::v1;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::company::{customer, found, tell, usd};
use crate::home::{Home, client};

on_both! { every_published_example_is_paid_as_its_source_prints }

const CASES: [&str; 2] = [
    include_str!("../data/vectors/commission.json"),
    include_str!("../data/vectors/more.json"),
];

/// The plan of a case, as a user writes it.
fn plan(case: &Value) -> v1::PublishCommissionPlan {
    let plan = &case["plan"];
    let given = |name: &str| plan[name].as_str().unwrap_or_default();
    let mut terms = json!({
        "currencyCode": "USD",
        "statementPeriod": match given("window") {
            period @ ("WEEK" | "QUARTER" | "YEAR") => format!("COMMISSION_PERIOD_{period}"),
            _ => "COMMISSION_PERIOD_MONTH".to_owned(),
        },
        "timing": "COMMISSION_TIMING_SIGNING",
        "basis": match given("basis") {
            "" => "COMMISSION_BASIS_REVENUE".to_owned(),
            basis => format!("COMMISSION_BASIS_{basis}"),
        },
    });
    if let Some(rate) = plan.get("rate") {
        terms["rates"] = json!([{ "percent": rate.to_string() }]);
    }
    if let Some(tiers) = plan["tiers"].as_array() {
        let bands = tiers.iter().map(|tier| {
            let to = tier[1]
                .as_u64()
                .map_or_else(String::new, |to| to.to_string());
            json!({ "from": tier[0].to_string(), "to": to, "ratePercent": tier[2].to_string() })
        });
        terms["tiers"] = json!({
            "measure": "TIER_MEASURE_BASIS",
            "window": format!("TIER_WINDOW_{}", given("window")),
            "mode": format!("TIER_MODE_{}", given("mode")),
            "edge": match given("edge") {
                "" => "TIER_EDGE_UNSPECIFIED".to_owned(),
                edge => format!("TIER_EDGE_{edge}"),
            },
            "bands": bands.collect::<Vec<_>>(),
        });
    }
    if let Some(draw) = plan.get("draw") {
        assert_eq!(draw["per"], "MONTH");
        terms["rates"] = json!([{ "percent": "100" }]);
        terms["draw"] = json!({
            "amount": draw["amount"].to_string(),
            "recoverable": draw["recoverable"],
        });
    }
    let published = json!({
        "commissionPlanId": "plan", "effectiveFrom": "2017-01-01", "terms": terms,
    });
    proto::json::from_str(&published.to_string()).unwrap()
}

/// Tells a fact of a day.
async fn on(client: &Client, day: &str, command: impl IntoKind) {
    let options = CommandOptions {
        occurred_at: Some(format!("{day}T12:00:00Z").parse().unwrap()),
        ..CommandOptions::default()
    };
    client.command(options, command).await.unwrap();
}

/// A deal, and what it costs.
async fn deal(client: &Client, number: usize, day: &str, fact: &Value) {
    let revenue = fact.get("revenue").or_else(|| fact.get("earned")).unwrap();
    let contract_id = format!("deal-{number}");
    let line = v1::Line {
        line_id: "1".into(),
        product_id: "gtx".into(),
        list_price: usd(&revenue.to_string()),
        ..v1::Line::default()
    };
    let sign = v1::SignContract {
        contract_id: contract_id.clone(),
        customer_id: "acme".into(),
        currency_code: "USD".into(),
        rep_id: "ann".into(),
        starts_on: day.into(),
        lines: vec![line],
        ..v1::SignContract::default()
    };
    on(client, day, sign).await;
    if let Some(cost) = fact.get("cost") {
        let cost = v1::RecordDirectCost {
            contract_id,
            cost_id: "1".into(),
            amounts: vec![v1::LineAmount {
                line_id: "1".into(),
                amount: usd(&cost.to_string()),
            }],
        };
        on(client, day, cost).await;
    }
}

async fn statement(client: &Client, day: &str) -> v1::CommissionStatement {
    let question = v1::GetStatementRequest {
        commission_plan_id: "plan".into(),
        rep_id: "ann".into(),
        period_on: day.into(),
        consistency: None,
    };
    client.statement(question).await.unwrap().statement.unwrap()
}

fn sum(money: Option<&v1::Money>) -> Decimal {
    money.unwrap().amount.parse().unwrap()
}

fn number(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

fn numbers(values: &Value) -> Option<Vec<Decimal>> {
    Some(values.as_array()?.iter().map(number).collect())
}

/// What each slice of a marginal plan pays, by the steps that explain it. A cost that is told after the
/// signing takes back from the highest slice.
fn slices(statement: &v1::CommissionStatement) -> Vec<Decimal> {
    let mut slices = BTreeMap::<u32, Decimal>::new();
    for step in statement.lines.iter().flat_map(|line| &line.steps) {
        let Some(tier) = step.step.strip_prefix("slice in tier ") else {
            continue;
        };
        let volume = step.inputs[0].value.trim_end_matches(" USD");
        let percent = step.result.trim_end_matches(" %");
        let (volume, percent): (Decimal, Decimal) =
            (volume.parse().unwrap(), percent.parse().unwrap());
        *slices.entry(tier.parse().unwrap()).or_default() += volume * percent / Decimal::from(100);
    }
    slices.into_values().collect()
}

async fn every_published_example_is_paid_as_its_source_prints(home: Home) {
    let node = home.start();
    let cases = CASES.map(|cases| serde_json::from_str::<Vec<Value>>(cases).unwrap());
    let cases = cases.concat();
    assert!(cases.len() >= 15, "an example is missing");
    for (index, case) in cases.iter().enumerate() {
        let name = &case["name"];
        let client = client(&node, &format!("case{index}"));
        found(&client).await;
        tell(&client, customer("acme")).await;
        let product = v1::RegisterProduct {
            product_id: "gtx".into(),
            name: "GTX".into(),
            ..v1::RegisterProduct::default()
        };
        tell(&client, product).await;
        tell(&client, plan(case)).await;
        let enroll = v1::EnrollParticipant {
            commission_plan_id: "plan".into(),
            rep_id: "ann".into(),
            from_on: "2017-01-01".into(),
            to_on: String::new(),
        };
        tell(&client, enroll).await;

        // A Monday, and the days after it; of earnings there is one a month.
        let is_monthly = case["plan"].get("draw").is_some();
        let day = |number: usize| match is_monthly {
            true => format!("2017-{:02}-15", number + 1),
            false => format!("2017-01-{:02}", number + 2),
        };
        for (number, fact) in case["facts"].as_array().unwrap().iter().enumerate() {
            deal(&client, number, &day(number), fact).await;
        }

        let expected = &case["expect"];
        let first = statement(&client, &day(0)).await;
        if let Some(commission) = expected.get("commission") {
            assert_eq!(sum(first.total.as_ref()), number(commission), "{name}");
        }
        if let Some(expected) = numbers(&expected["slices"]) {
            assert_eq!(slices(&first), expected, "{name}");
        }
        if let Some(expected) = numbers(&expected["lines"]) {
            let lines = first.lines.iter().map(|line| sum(line.amount.as_ref()));
            assert_eq!(lines.collect::<Vec<_>>(), expected, "{name}");
        }
        let nets = numbers(&expected["net"]).unwrap_or_default();
        let owed = numbers(&expected["owed_after"]).unwrap_or_default();
        for (month, (net, owed)) in nets.iter().zip(owed).enumerate() {
            let statement = statement(&client, &day(month)).await;
            assert_eq!(sum(statement.total.as_ref()), *net, "{name}, month {month}");
            assert_eq!(
                sum(statement.draw_owed.as_ref()),
                owed,
                "{name}, month {month}"
            );
        }
    }
}
