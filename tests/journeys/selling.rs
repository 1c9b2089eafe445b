//! From the first quote to the renewed contract: what is offered, signed, delivered, invoiced and paid.

use client::Client;
use proto::v1;
use tonic::Code;

use crate::company::{customer, found, lead, refused, tell, usd};
use crate::home::{Home, assert_dense, client, head, history, stream};

on_both! {
    an_opportunity_becomes_a_contract_that_is_renewed,
    what_does_not_add_up_is_refused_by_its_rule,
    a_signature_that_is_refused_changes_nothing,
    quotas_costs_and_rates_are_kept,
}

fn quote() -> String {
    "q1".to_owned()
}

fn contract() -> String {
    "c1".to_owned()
}

fn seats(quantity: &str) -> v1::Line {
    v1::Line {
        line_id: "seats".into(),
        product_id: "gtx".into(),
        quantity: quantity.into(),
        discount_percent: "10".into(),
        monthly_recurring: usd("75"),
        ..v1::Line::default()
    }
}

fn setup() -> v1::Line {
    v1::Line {
        line_id: "setup".into(),
        product_id: "gtx".into(),
        list_price: usd("200"),
        revenue_type: v1::RevenueType::Service.into(),
        ..v1::Line::default()
    }
}

/// Nine hundred for seats, two hundred for setup.
fn draft() -> v1::DraftQuote {
    v1::DraftQuote {
        quote_id: quote(),
        opportunity_id: "o1".into(),
        currency_code: "USD".into(),
        lines: vec![seats("10"), setup()],
        ..v1::DraftQuote::default()
    }
}

fn sign() -> v1::SignContract {
    v1::SignContract {
        contract_id: contract(),
        quote_id: quote(),
        opportunity_id: "o1".into(),
        starts_on: "2017-03-01".into(),
        ends_on: "2018-03-01".into(),
        ..v1::SignContract::default()
    }
}

fn pay(payment: &str, amount: Option<&str>) -> v1::RecordPayment {
    v1::RecordPayment {
        contract_id: contract(),
        payment_id: payment.into(),
        invoice_id: "i1".into(),
        amounts: Vec::new(),
        amount: amount.and_then(usd),
    }
}

fn deliver(delivery: &str, amounts: &[(&str, &str)]) -> v1::RecognizeRevenue {
    let amounts = amounts.iter().map(|(line, amount)| v1::LineAmount {
        line_id: (*line).into(),
        amount: usd(amount),
    });
    v1::RecognizeRevenue {
        contract_id: contract(),
        delivery_id: delivery.into(),
        amounts: amounts.collect(),
    }
}

/// A company with an opportunity of Ann's, and a product for a hundred dollars.
async fn founded(client: &Client) {
    found(client).await;
    tell(client, customer("acme")).await;
    let product = v1::RegisterProduct {
        product_id: "gtx".into(),
        name: "GTX".into(),
        category: "cards".into(),
        list_price: usd("100"),
    };
    tell(client, product).await;
    let lead = v1::RegisterOpportunity {
        customer_id: "acme".into(),
        rep_id: "ann".into(),
        ..lead("o1")
    };
    tell(client, lead).await;
}

/// A quote that was approved, sent and accepted.
async fn accepted(client: &Client) {
    tell(client, draft()).await;
    tell(client, v1::ApproveDiscount { quote_id: quote() }).await;
    tell(client, v1::SendQuote { quote_id: quote() }).await;
    tell(client, v1::AcceptQuote { quote_id: quote() }).await;
}

/// What the last event of a stream tells.
async fn last(client: &Client, name: &str) -> (String, serde_json::Value) {
    let event = stream(client, name).await.pop().unwrap();
    let payload = serde_json::from_str(&event.payload).unwrap();
    (event.r#type, payload)
}

async fn an_opportunity_becomes_a_contract_that_is_renewed(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    founded(&client).await;
    accepted(&client).await;

    let receipt = tell(&client, sign()).await;
    let types = ["ContractSigned", "OpportunityWon", "QuoteSigned"];
    assert_eq!(receipt.event_types, types);
    assert_eq!(
        (receipt.stream.as_str(), receipt.version),
        ("contract-c1", 1)
    );
    let (won, payload) = last(&client, "opportunity-o1").await;
    assert_eq!(won, "OpportunityWon");
    assert_eq!(payload["amount"]["amount_minor"], 110_000);
    assert_eq!(payload["contract_id"], "c1");
    let (_, signed) = last(&client, "contract-c1").await;
    assert_eq!(signed["rep_id"], "ann");
    assert_eq!(signed["lines"][0]["product_category"], "cards");

    // Delivered and invoiced, paid in parts to the cent, and some of it sent back.
    tell(&client, deliver("d1", &[("seats", "450")])).await;
    tell(&client, deliver("d2", &[])).await;
    let invoice = v1::IssueInvoice {
        contract_id: contract(),
        invoice_id: "i1".into(),
        ..v1::IssueInvoice::default()
    };
    tell(&client, invoice).await;
    tell(&client, pay("p1", Some("100.01"))).await;
    let (_, paid) = last(&client, "contract-c1").await;
    assert_eq!(paid["amounts"][0]["amount_minor"], 8_183);
    assert_eq!(paid["amounts"][1]["amount_minor"], 1_818);
    tell(&client, pay("p2", None)).await;
    let over = refused(&client, pay("p3", Some("0.01"))).await;
    assert_eq!(over.reason, "NOTHING_LEFT");
    let refund = v1::RecordRefund {
        contract_id: contract(),
        refund_id: "r1".into(),
        payment_id: "p1".into(),
        amount: usd("10"),
        ..v1::RecordRefund::default()
    };
    tell(&client, refund).await;
    let cost = v1::RecordDirectCost {
        contract_id: contract(),
        cost_id: "k1".into(),
        amounts: deliver("", &[("setup", "80")]).amounts,
    };
    tell(&client, cost).await;

    // It grows, goes to Bob, is gone on from, and ends.
    let amendment = v1::AmendContract {
        contract_id: contract(),
        amendment_id: "a1".into(),
        kind: v1::AmendmentKind::Expansion.into(),
        effective_on: "2017-09-01".into(),
        lines: vec![seats("12")],
        ..v1::AmendContract::default()
    };
    tell(&client, amendment).await;
    let reassignment = v1::ReassignContract {
        contract_id: contract(),
        rep_id: "bob".into(),
        ..v1::ReassignContract::default()
    };
    tell(&client, reassignment).await;
    let renewal = v1::SignContract {
        contract_id: "c2".into(),
        customer_id: "acme".into(),
        renews_contract_id: contract(),
        currency_code: "USD".into(),
        starts_on: "2018-03-01".into(),
        lines: vec![seats("12")],
        rep_id: "bob".into(),
        ..v1::SignContract::default()
    };
    let receipt = tell(&client, renewal).await;
    assert_eq!(receipt.event_types, ["ContractSigned", "ContractRenewed"]);
    let (_, renewed) = last(&client, "contract-c2").await;
    assert_eq!(renewed["lines"][0]["revenue_type"], "RENEWAL");
    let termination = v1::TerminateContract {
        contract_id: contract(),
        effective_on: "2017-12-01".into(),
        reason: "insolvency".into(),
        note: String::new(),
    };
    tell(&client, termination).await;
    let late = refused(&client, deliver("d3", &[])).await;
    assert_eq!(late.reason, "TERMINATED");
    assert_dense(&history(&client).await);
}

async fn what_does_not_add_up_is_refused_by_its_rule(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    founded(&client).await;
    let off = v1::Line {
        amount: usd("899.99"),
        ..seats("10")
    };
    let off = v1::DraftQuote {
        lines: vec![off],
        ..draft()
    };
    let answer = refused(&client, off).await;
    assert_eq!(answer.reason, "SUMS_DO_NOT_ADD_UP");
    assert_eq!(answer.code, Code::FailedPrecondition);
    tell(&client, draft()).await;
    let unapproved = refused(&client, v1::SendQuote { quote_id: quote() }).await;
    assert_eq!(unapproved.reason, "DISCOUNT_NOT_APPROVED");
    tell(&client, v1::ApproveDiscount { quote_id: quote() }).await;
    tell(&client, v1::SendQuote { quote_id: quote() }).await;
    tell(&client, v1::AcceptQuote { quote_id: quote() }).await;
    let part = v1::Split {
        rep_id: "bob".into(),
        share_basis_points: 9_999,
        is_overlay: false,
    };
    let part = v1::SignContract {
        splits: vec![part],
        ..sign()
    };
    assert_eq!(refused(&client, part).await.reason, "SPLITS_NOT_WHOLE");
    tell(&client, sign()).await;
    let beyond = refused(&client, deliver("d1", &[("setup", "200.01")])).await;
    assert_eq!(beyond.reason, "DELIVERY_BEYOND_CONTRACT");
    let invoice = |amounts| v1::IssueInvoice {
        contract_id: contract(),
        invoice_id: "i1".into(),
        amounts,
        ..v1::IssueInvoice::default()
    };
    let beyond = invoice(deliver("", &[("seats", "901")]).amounts);
    assert_eq!(
        refused(&client, beyond).await.reason,
        "INVOICE_BEYOND_CONTRACT"
    );
    tell(&client, invoice(deliver("", &[("seats", "300")]).amounts)).await;
    let over = refused(&client, pay("p1", Some("300.01"))).await;
    assert_eq!(over.reason, "OVER_PAYMENT");
    let line = v1::RecordPayment {
        amounts: deliver("", &[("seats", "300.01")]).amounts,
        ..pay("p1", None)
    };
    assert_eq!(
        refused(&client, line).await.reason,
        "PAYMENT_BEYOND_INVOICE"
    );
}

async fn a_signature_that_is_refused_changes_nothing(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    founded(&client).await;
    tell(&client, draft()).await;
    let before = head(&client).await;
    assert_eq!(refused(&client, sign()).await.reason, "NOT_ACCEPTED");
    assert_eq!(head(&client).await, before);
    tell(&client, v1::ApproveDiscount { quote_id: quote() }).await;
    tell(&client, v1::SendQuote { quote_id: quote() }).await;
    tell(&client, v1::AcceptQuote { quote_id: quote() }).await;
    tell(&client, sign()).await;

    let signed = head(&client).await;
    let same = tell(&client, sign()).await;
    assert!(same.event_types.is_empty(), "said twice is said once");
    let other = v1::SignContract {
        ends_on: "2019-03-01".into(),
        ..sign()
    };
    let twice = refused(&client, other).await;
    assert_eq!(
        (twice.reason.as_str(), twice.code),
        ("ALREADY_SIGNED", Code::AlreadyExists)
    );
    let second = v1::SignContract {
        contract_id: "c2".into(),
        ..sign()
    };
    assert_eq!(refused(&client, second).await.reason, "ALREADY_WON");
    let on_the_quote_alone = v1::SignContract {
        contract_id: "c2".into(),
        quote_id: String::new(),
        customer_id: "acme".into(),
        currency_code: "USD".into(),
        lines: vec![setup()],
        ..sign()
    };
    assert_eq!(
        refused(&client, on_the_quote_alone).await.reason,
        "ALREADY_WON"
    );
    assert_eq!(head(&client).await, signed);
    assert!(stream(&client, "contract-c2").await.is_empty());
}

async fn quotas_costs_and_rates_are_kept(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let quota = v1::SetQuota {
        rep_id: "ann".into(),
        from_on: "2017-01-01".into(),
        to_on: "2018-01-01".into(),
        amount: usd("1200000"),
        weights_basis_points: vec![2_000, 2_500, 2_500, 3_000],
    };
    let receipt = tell(&client, quota.clone()).await;
    assert_eq!(receipt.event_types, ["QuotaSet"]);
    let overlapping = v1::SetQuota {
        to_on: "2017-04-01".into(),
        ..quota
    };
    assert_eq!(
        refused(&client, overlapping).await.reason,
        "OVERLAPPING_QUOTA"
    );
    let rate = v1::SetExchangeRate {
        from_currency_code: "EUR".into(),
        to_currency_code: "USD".into(),
        from_on: "2017-03-01".into(),
        rate: "1.0547".into(),
    };
    let receipt = tell(&client, rate).await;
    assert_eq!(receipt.stream, "exchange_rate-EUR-USD");
    let cost = v1::RecordFixedCost {
        cost_id: "office".into(),
        name: "Office".into(),
        from_on: "2017-03-01".into(),
        to_on: "2017-04-01".into(),
        amount: usd("42000"),
    };
    let receipt = tell(&client, cost).await;
    assert_eq!(receipt.event_types, ["FixedCostRecorded"]);
    let territory = v1::AssignTerritory {
        rep_id: "ann".into(),
        territory: "Midwest".into(),
        ..v1::AssignTerritory::default()
    };
    let receipt = tell(&client, territory).await;
    assert_eq!(receipt.event_types, ["TerritoryAssigned"]);
}
