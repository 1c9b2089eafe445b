//! Given what happened, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

mod course;
mod follow_up;
mod money;
mod signing;
mod term;

use chrono::NaiveDate;
use event_schemas::contract::{
    BillingFrequency, BillingTerms, ContractEvent, ContractSigned, ContractTerminated,
    InvoiceIssued, PaymentReceived, PaymentRefunded, RevenueRecognized,
};
use event_schemas::customer::{CustomerEvent, CustomerProfile, CustomerRegistered};
use event_schemas::opportunity::{OpportunityEvent, OpportunityKind, OpportunityRegistered};
use event_schemas::product::{ProductEvent, ProductRegistered, ProductRetired};
use event_schemas::quote::{QuoteDrafted, QuoteEvent};
use event_schemas::rep::{RepDeactivated, RepEvent, RepRegistered};
use event_schemas::vocabulary::{Line, LineAmount, RevenueType};
use proto::v1;
use proto::v1::command::Kind;

use super::Contract;
use crate::given::{Given, dollars, given, id, nothing};

/// With what a contract may name: the expansion o1 of acme, whose owner is ann, and its quote q1; the
/// reps ann, bob, and gone, who stopped on the sixth; the products gtx, and old, retired on the
/// sixth.
fn among(contract: Given<Contract>) -> Given<Contract> {
    let o1 = given([OpportunityEvent::OpportunityRegistered(
        OpportunityRegistered {
            opportunity_id: id("o1"),
            name: "o1".to_owned(),
            kind: OpportunityKind::Expansion,
            sales_process_id: id("standard"),
            stage_id: id("lead"),
            rep_id: Some(id("ann")),
            customer_id: Some(id("acme")),
            product_ids: Vec::new(),
            amount: None,
            expected_close_on: None,
            source: None,
            email: None,
            phone: None,
            external_id: None,
        },
    )]);
    let q1 = given([QuoteEvent::QuoteDrafted(QuoteDrafted {
        quote_id: id("q1"),
        opportunity_id: id("o1"),
        customer_id: id("acme"),
        currency: id("USD"),
        lines: vec![line("seats", 1_000)],
        valid_until: None,
    })]);
    let rep = |name: &str| {
        given([RepEvent::RepRegistered(RepRegistered {
            rep_id: id(name),
            name: name.to_owned(),
            email: None,
        })])
    };
    let product = |name: &str| {
        given([ProductEvent::ProductRegistered(ProductRegistered {
            product_id: id(name),
            name: name.to_owned(),
            category: None,
            list_price: None,
        })])
    };
    let customer = |name: &str| {
        given([CustomerEvent::CustomerRegistered(CustomerRegistered {
            customer_id: id(name),
            profile: CustomerProfile {
                name: name.to_owned(),
                industry: None,
                country: None,
                employees: None,
                founded_year: None,
                annual_revenue: None,
                parent_customer_id: None,
            },
            external_id: None,
        })])
    };
    let gone = rep("gone").and_on(6, [RepDeactivated { reason: None }.into()]);
    let old = product("old").and_on(6, [ProductRetired { reason: None }.into()]);
    contract
        .knowing("o1", &o1)
        .knowing("q1", &q1)
        .knowing("ann", &rep("ann"))
        .knowing("bob", &rep("bob"))
        .knowing("gone", &gone)
        .knowing("gtx", &product("gtx"))
        .knowing("old", &old)
        .knowing("acme", &customer("acme"))
        .knowing("other", &customer("other"))
}

fn none() -> Given<Contract> {
    among(nothing())
}

/// A contract of acme signed on the first, for a year from then on: 600 for seats, 400 for setup, to
/// be paid within ten days.
fn signed_one() -> Given<Contract> {
    among(given([ContractEvent::ContractSigned(terms())]))
}

fn terms() -> ContractSigned {
    ContractSigned {
        contract_id: id("c1"),
        customer_id: id("acme"),
        opportunity_id: None,
        quote_id: None,
        renews_contract_id: None,
        currency: id("USD"),
        starts_on: on("2017-03-01"),
        ends_on: Some(on("2018-03-01")),
        billing: BillingTerms {
            frequency: BillingFrequency::Once,
            payment_days: 10,
        },
        lines: vec![line("seats", 600), line("setup", 400)],
        rep_id: Some(id("ann")),
        splits: Vec::new(),
    }
}

fn on(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

/// One gtx for so many dollars.
fn line(name: &str, amount: i64) -> Line {
    Line {
        line_id: id(name),
        product_id: id("gtx"),
        product_category: None,
        quantity: id("1"),
        list_price_minor: amount * 100,
        discount_percent: id("0"),
        amount_minor: amount * 100,
        revenue_type: RevenueType::New,
        monthly_recurring_minor: None,
    }
}

/// The same as a message says it.
fn asked(name: &str, amount: u32) -> v1::Line {
    v1::Line {
        line_id: name.to_owned(),
        product_id: "gtx".to_owned(),
        list_price: dollars(amount),
        ..Default::default()
    }
}

fn message() -> v1::SignContract {
    v1::SignContract {
        contract_id: c1(),
        customer_id: "acme".to_owned(),
        currency_code: "USD".to_owned(),
        starts_on: "2017-03-01".to_owned(),
        ends_on: "2018-03-01".to_owned(),
        billing: Some(v1::BillingTerms {
            payment_days: 10,
            ..Default::default()
        }),
        lines: vec![asked("seats", 600), asked("setup", 400)],
        rep_id: "ann".to_owned(),
        ..Default::default()
    }
}

fn c1() -> String {
    "c1".to_owned()
}

/// Dollars by line.
fn sums(each: &[(&str, i64)]) -> Vec<LineAmount> {
    let each = each.iter().map(|(name, amount)| LineAmount {
        line_id: id(name),
        amount_minor: amount * 100,
    });
    each.collect()
}

/// The same as a message says it.
fn parts(each: &[(&str, u32)]) -> Vec<v1::LineAmount> {
    let each = each.iter().map(|(name, amount)| v1::LineAmount {
        line_id: (*name).to_owned(),
        amount: dollars(*amount),
    });
    each.collect()
}

fn split(rep: &str, share: u32, is_overlay: bool) -> v1::Split {
    v1::Split {
        rep_id: rep.to_owned(),
        share_basis_points: share,
        is_overlay,
    }
}

fn deliver(delivery: &str, each: &[(&str, u32)]) -> Kind {
    Kind::RecognizeRevenue(v1::RecognizeRevenue {
        contract_id: c1(),
        delivery_id: delivery.to_owned(),
        amounts: parts(each),
    })
}

fn delivered(delivery: &str, each: &[(&str, i64)]) -> ContractEvent {
    RevenueRecognized {
        delivery_id: id(delivery),
        amounts: sums(each),
    }
    .into()
}

fn invoice(name: &str, each: &[(&str, u32)]) -> Kind {
    Kind::IssueInvoice(v1::IssueInvoice {
        contract_id: c1(),
        invoice_id: name.to_owned(),
        amounts: parts(each),
        due_on: "2017-04-01".to_owned(),
    })
}

fn invoiced(name: &str, each: &[(&str, i64)]) -> ContractEvent {
    InvoiceIssued {
        invoice_id: id(name),
        amounts: sums(each),
        due_on: on("2017-04-01"),
    }
    .into()
}

fn pay(payment: &str, invoice: &str, each: &[(&str, u32)], whole: Option<u32>) -> Kind {
    Kind::RecordPayment(v1::RecordPayment {
        contract_id: c1(),
        payment_id: payment.to_owned(),
        invoice_id: invoice.to_owned(),
        amounts: parts(each),
        amount: whole.and_then(dollars),
    })
}

fn paid(payment: &str, invoice: &str, each: &[(&str, i64)]) -> ContractEvent {
    PaymentReceived {
        payment_id: id(payment),
        invoice_id: id(invoice),
        amounts: sums(each),
    }
    .into()
}

fn refund(refund: &str, payment: &str, each: &[(&str, u32)], whole: Option<u32>) -> Kind {
    Kind::RecordRefund(v1::RecordRefund {
        contract_id: c1(),
        refund_id: refund.to_owned(),
        payment_id: payment.to_owned(),
        amounts: parts(each),
        amount: whole.and_then(dollars),
    })
}

fn refunded(refund: &str, payment: &str, each: &[(&str, i64)]) -> ContractEvent {
    PaymentRefunded {
        refund_id: id(refund),
        payment_id: id(payment),
        amounts: sums(each),
    }
    .into()
}

fn cost(cost: &str, line: &str, amount: &str) -> Kind {
    Kind::RecordDirectCost(v1::RecordDirectCost {
        contract_id: c1(),
        cost_id: cost.to_owned(),
        amounts: vec![v1::LineAmount {
            line_id: line.to_owned(),
            amount: Some(v1::Money {
                currency_code: "USD".to_owned(),
                amount: amount.to_owned(),
            }),
        }],
    })
}

fn amend(amendment: &str, kind: v1::AmendmentKind, lines: Vec<v1::Line>) -> Kind {
    Kind::AmendContract(v1::AmendContract {
        contract_id: c1(),
        amendment_id: amendment.to_owned(),
        kind: kind.into(),
        effective_on: "2017-06-01".to_owned(),
        lines,
        ..Default::default()
    })
}

/// It is to end on another day, from the first of June on.
fn move_end(amendment: &str, ends_on: &str) -> Kind {
    Kind::AmendContract(v1::AmendContract {
        contract_id: c1(),
        amendment_id: amendment.to_owned(),
        kind: v1::AmendmentKind::Term.into(),
        effective_on: "2017-06-01".to_owned(),
        ends_on: ends_on.to_owned(),
        ..Default::default()
    })
}

fn expand(amendment: &str, lines: Vec<v1::Line>) -> Kind {
    amend(amendment, v1::AmendmentKind::Expansion, lines)
}

fn contract(amendment: &str, lines: Vec<v1::Line>) -> Kind {
    amend(amendment, v1::AmendmentKind::Contraction, lines)
}

fn terminate(effective_on: &str) -> Kind {
    Kind::TerminateContract(v1::TerminateContract {
        contract_id: c1(),
        effective_on: effective_on.to_owned(),
        reason: "insolvency".to_owned(),
        note: String::new(),
    })
}

fn terminated(effective_on: &str) -> ContractEvent {
    ContractTerminated {
        effective_on: on(effective_on),
        reason: "insolvency".to_owned(),
        note: None,
    }
    .into()
}

fn reassign(rep: &str, splits: Vec<v1::Split>) -> Kind {
    Kind::ReassignContract(v1::ReassignContract {
        contract_id: c1(),
        rep_id: rep.to_owned(),
        splits,
        reason: String::new(),
    })
}
