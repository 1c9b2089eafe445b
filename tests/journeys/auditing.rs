//! An auditor's work: statements are closed, proved on another machine, and what was tampered with is
//! named.

use client::{Client, CommandOptions};
use proto::v1;
use support::Node;
use tempfile::TempDir;

use crate::company::{customer, found, tell, usd};
use crate::home::{Home, Ran, client, twinfunnel};
use crate::sealing::Place;

on_both! {
    a_closed_statement_proves_itself_elsewhere,
    what_was_tampered_with_is_named_by_the_bundle,
    what_comes_late_is_corrected_in_the_next_period,
    a_deal_is_estimated_at_the_margin,
    another_plan_is_tried_on_the_same_history,
}

/// A plan of 5 % to 50,000 and 7 % above, and a company of Ann's.
const PLAN: &str = r#"{"occurredAt":"2017-01-01T00:00:00Z","command":{"publishCommissionPlan":{"commissionPlanId":"field",
"effectiveFrom":"2017-01-01","terms":{"currencyCode":"USD","statementPeriod":"COMMISSION_PERIOD_QUARTER",
"timing":"COMMISSION_TIMING_SIGNING","basis":"COMMISSION_BASIS_REVENUE","tiers":{
"measure":"TIER_MEASURE_BASIS","window":"TIER_WINDOW_QUARTER","mode":"TIER_MODE_MARGINAL","bands":[
{"from":"0","to":"50000","ratePercent":"5"},{"from":"50000","ratePercent":"7"}]}}}}}"#;

/// Ann takes part in it.
const ENROLLED: &str = r#"{"occurredAt":"2017-01-01T00:00:00Z","command":{"enrollParticipant":{
"commissionPlanId":"field","repId":"ann","fromOn":"2017-01-01"}}}"#;

async fn ran(node: &Node, arguments: &[&str]) -> Ran {
    let url = node.url();
    twinfunnel(&[arguments, &["--server", &url, "--tenant", "acme"]].concat()).await
}

async fn printed(node: &Node, arguments: &[&str]) -> String {
    let ran = ran(node, arguments).await;
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    ran.out
}

async fn signed(client: &Client, contract_id: &str, amount: &str, day: &str) {
    let line = v1::Line {
        line_id: "1".into(),
        product_id: "gtx".into(),
        quantity: "1".into(),
        list_price: usd(amount),
        ..v1::Line::default()
    };
    let sign = v1::SignContract {
        contract_id: contract_id.into(),
        customer_id: "acme".into(),
        currency_code: "USD".into(),
        rep_id: "ann".into(),
        starts_on: day.into(),
        lines: vec![line],
        ..v1::SignContract::default()
    };
    let at = format!("{day}T10:00:00Z").parse().unwrap();
    let options = CommandOptions {
        occurred_at: Some(at),
        ..CommandOptions::default()
    };
    client.command(options, sign).await.unwrap();
}

/// A year that has begun, with two deals in its first quarter.
async fn a_year(node: &Node, folder: &TempDir) -> Client {
    let client = client(node, "acme");
    found(&client).await;
    tell(&client, customer("acme")).await;
    let product = v1::RegisterProduct {
        product_id: "gtx".into(),
        name: "GTX".into(),
        ..v1::RegisterProduct::default()
    };
    tell(&client, product).await;
    let lines = [PLAN, ENROLLED].map(|line| line.replace('\n', ""));
    let file = crate::home::write(folder.path(), "plan.jsonl", lines.join("\n"));
    printed(node, &["import", &file]).await;
    signed(&client, "one", "40000", "2017-01-20").await;
    signed(&client, "two", "40000", "2017-02-20").await;
    client
}

const STATEMENT: [&str; 6] = [
    "--plan",
    "field",
    "--participant",
    "ann",
    "--period",
    "2017-Q1",
];

async fn close(node: &Node, day: &str) -> String {
    printed(node, &["close-period", "--plan", "field", "--on", day]).await
}

async fn bundled(node: &Node, folder: &TempDir) -> String {
    let file = folder.path().join("bundle.json");
    let file = file.to_str().unwrap().to_owned();
    let made = [&["audit", "bundle", "--output", &file], &STATEMENT[..]].concat();
    ran(node, &made).await;
    file
}

async fn a_closed_statement_proves_itself_elsewhere(home: Home) {
    let place = Place::at(home).await;
    let (node, folder) = (place.start(), tempfile::tempdir().unwrap());
    let client = a_year(&node, &folder).await;
    let open = ran(&node, &[&["audit", "bundle"], &STATEMENT[..]].concat()).await;
    assert!(open.err.contains("is not closed"), "{open:?}");
    close(&node, "2017-03-31").await;
    // Said again, it stays as it is.
    close(&node, "2017-01-01").await;
    let file = bundled(&node, &folder).await;
    let explained = printed(&node, &[&["audit", "explain"], &STATEMENT[..]].concat()).await;
    assert!(explained.contains("ContractSigned"), "{explained}");
    assert!(
        explained.contains("By version 1 of plan field. Frozen"),
        "{explained}"
    );
    printed(&node, &["audit", "reconcile"]).await;
    drop(client);
    drop(node);

    // No server runs any more.
    let keys = place.public_keys("acme").await;
    let key = keys.first().unwrap();
    let verified = twinfunnel(&["audit", "verify", &file, "--public-key", key]).await;
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.out.contains("4600.00 USD"), "{verified:?}");
    assert!(verified.out.contains("All of it holds."), "{verified:?}");
    let page = twinfunnel(&["audit", "verify", &file, "--output", "html"]).await;
    assert!(page.out.contains("<h2>ann by field"), "{page:?}");
    let report = twinfunnel(&["audit", "verify", &file, "--output", "json"]).await;
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["holds"], true);
    assert_eq!(report["statement"]["total_minor"], 460_000);
    let other = merkle::SigningKey::generate().unwrap().public();
    let other = merkle::VerifierKey::new("twinfunnel/acme", other).unwrap();
    let swapped = ["audit", "verify", &file, "--public-key", &other.to_string()];
    let swapped = twinfunnel(&swapped).await;
    assert_eq!(swapped.code, Some(1));
    assert!(swapped.out.contains("none of the keys"), "{swapped:?}");
}

async fn what_was_tampered_with_is_named_by_the_bundle(home: Home) {
    let place = Place::at(home).await;
    let (node, folder) = (place.start(), tempfile::tempdir().unwrap());
    let client = a_year(&node, &folder).await;
    close(&node, "2017-03-31").await;
    bundled(&node, &folder).await;
    drop(client);
    drop(node);
    let change = match &place.home {
        Home::Sqlite(_) => {
            "CAST(replace(CAST(payload AS TEXT), '\"amount_minor\":4000000', '\"amount_minor\":9000000') AS BLOB)"
        }
        Home::Postgres(_) => {
            "convert_to(replace(convert_from(payload, 'UTF8'), '\"amount_minor\":4000000', '\"amount_minor\":9000000'), 'UTF8')"
        }
    };
    let sql = format!("UPDATE events SET payload = {change} WHERE stream = 'contract-two'");
    place.tamper("log.sqlite", &sql).await;
    let node = place.start();
    let file = bundled(&node, &folder).await;
    let found = twinfunnel(&["audit", "verify", &file]).await;
    assert_eq!(found.code, Some(1), "{found:?}");
    let named = "(ContractSigned of contract-two): it was changed";
    assert!(found.out.contains(named), "{found:?}");
    let reconciled = ran(&node, &["audit", "reconcile"]).await;
    assert_eq!(reconciled.code, Some(1), "{reconciled:?}");
    let named = "two:1: was frozen with 2600.00 USD";
    assert!(reconciled.out.contains(named), "{reconciled:?}");
}

async fn what_comes_late_is_corrected_in_the_next_period(home: Home) {
    let node = home.start();
    let folder = tempfile::tempdir().unwrap();
    let client = a_year(&node, &folder).await;
    close(&node, "2017-03-31").await;
    // A deal of the closed quarter is told afterwards.
    signed(&client, "late", "10000", "2017-03-15").await;
    let statement = async |day: &str| {
        let question = v1::GetStatementRequest {
            commission_plan_id: "field".into(),
            rep_id: "ann".into(),
            period_on: day.into(),
            consistency: None,
        };
        client.statement(question).await.unwrap().statement.unwrap()
    };
    let closed = statement("2017-03-31").await;
    assert_eq!(closed.total, usd("4600.00"));
    assert_eq!(closed.status(), v1::StatementStatus::Closed);
    let open = statement("2017-04-01").await;
    assert_eq!(open.total, usd("700.00"));
    let [line] = &open.lines[..] else {
        panic!("one line: {:?}", open.lines)
    };
    assert_eq!(line.kind, "ADJUSTMENT");
    let origin = line.origin.as_ref().unwrap();
    assert_eq!(origin.statement_id, closed.statement_id);
    assert_eq!(origin.late_events[0].event_type, "ContractSigned");
    // The period before is closed first.
    let skipped = ran(
        &node,
        &["close-period", "--plan", "field", "--on", "2017-07-01"],
    )
    .await;
    assert!(skipped.err.contains("still open"), "{skipped:?}");
    close(&node, "2017-04-01").await;
    printed(&node, &["audit", "reconcile"]).await;
}

async fn a_deal_is_estimated_at_the_margin(home: Home) {
    let node = home.start();
    let folder = tempfile::tempdir().unwrap();
    let client = a_year(&node, &folder).await;
    let question = v1::EstimateCommissionRequest {
        commission_plan_id: "field".into(),
        rep_id: "ann".into(),
        signed_on: "2017-03-01".into(),
        deal: Some(v1::estimate_commission_request::Deal::Hypothetical(
            v1::HypotheticalDeal {
                amount: usd("10000"),
                ..v1::HypotheticalDeal::default()
            },
        )),
        consistency: None,
    };
    let answer = client.estimate_commission(question).await.unwrap();
    assert_eq!(answer.difference, usd("700.00"));
    assert_eq!(
        (answer.without, answer.with),
        (usd("4600.00"), usd("5300.00"))
    );
    // As of before the second deal it is worth less.
    let question = v1::EstimateCommissionRequest {
        commission_plan_id: "field".into(),
        rep_id: "ann".into(),
        signed_on: "2017-02-01".into(),
        deal: Some(v1::estimate_commission_request::Deal::Hypothetical(
            v1::HypotheticalDeal {
                amount: usd("20000"),
                ..v1::HypotheticalDeal::default()
            },
        )),
        consistency: Some(v1::Consistency {
            as_of: Some(v1::AsOf {
                known_at: None,
                happened_by: Some(prost_types::Timestamp {
                    seconds: 1_485_907_200,
                    nanos: 0,
                }),
            }),
            min_position: 0,
        }),
    };
    let answer = client.estimate_commission(question).await.unwrap();
    assert_eq!(answer.difference, usd("1200.00"));
}

async fn another_plan_is_tried_on_the_same_history(home: Home) {
    // Nobody else records anything.
    let node = home.start_with(&["--roles", "command,query,project"]);
    let folder = tempfile::tempdir().unwrap();
    let client = a_year(&node, &folder).await;
    close(&node, "2017-03-31").await;
    let head = crate::home::head(&client).await;
    let line: serde_json::Value = serde_json::from_str(&PLAN.replace('\n', "")).unwrap();
    let mut plan = line["command"]["publishCommissionPlan"].clone();
    plan["terms"]["tiers"]["mode"] = "TIER_MODE_RETROACTIVE".into();
    let file = crate::home::write(folder.path(), "plan.json", plan.to_string());
    let ask = ["show", "commission", "--on", "2017-03-31"];
    let as_it_is = printed(&node, &ask).await;
    assert!(as_it_is.contains("4,600.00 USD"), "{as_it_is}");
    // All of 80,000 at 7 %.
    let as_it_would_be = printed(&node, &[&ask[..], &["--what-if", &file]].concat()).await;
    assert!(as_it_would_be.contains("5,600.00 USD"), "{as_it_would_be}");
    assert!(as_it_would_be.contains("open"), "{as_it_would_be}");
    assert_eq!(
        crate::home::head(&client).await,
        head,
        "nothing is recorded"
    );
    plan["terms"]["tiers"]["bands"][1]["from"] = "60000".into();
    let file = crate::home::write(folder.path(), "gap.json", plan.to_string());
    let gap = ran(&node, &[&ask[..], &["--what-if", &file]].concat()).await;
    assert!(gap.err.contains("bands[1].from"), "{gap:?}");
}
