//! Given what happened, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod course;
mod facts;
mod late;
mod registering;

use event_schemas::customer::{CustomerEvent, CustomerProfile, CustomerRegistered};
use event_schemas::opportunity::{
    OpportunityEvent, OpportunityKind, OpportunityLost, OpportunityRegistered, OpportunityReopened,
    OpportunityWon, StageAdvanced, SteppedBack,
};
use event_schemas::product::{ProductEvent, ProductRegistered, ProductRetired};
use event_schemas::rep::{RepDeactivated, RepEvent, RepRegistered};
use event_schemas::sales_process::{ChecklistItem, SalesProcessDefined, SalesProcessEvent, Stage};
use event_schemas::vocabulary::ExternalId;
use proto::v1;
use proto::v1::command::Kind;

use super::Opportunity;
use crate::given::{Given, dollars, given, id, nothing, usd};

/// With what an opportunity may name: the stages lead, demo (which wants a budget) and offer; the
/// reps ann and bob, of whom bob stopped on the sixth; the products gtx and old, of which old was
/// retired on the sixth; the customer acme.
fn among(opportunity: Given<Opportunity>) -> Given<Opportunity> {
    let budget = ChecklistItem {
        item_id: id("budget"),
        text: "There is a budget".to_owned(),
        required: true,
    };
    let stage = |name: &str, checklist| Stage {
        stage_id: id(name),
        name: name.to_owned(),
        checklist,
        suggested_document_ids: Vec::new(),
        target_open_count: None,
        target_open_amount: None,
    };
    let standard = given([SalesProcessEvent::SalesProcessDefined(
        SalesProcessDefined {
            sales_process_id: id("standard"),
            name: "Standard".to_owned(),
            stages: vec![
                stage("lead", vec![]),
                stage("demo", vec![budget]),
                stage("offer", vec![]),
            ],
        },
    )]);
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
    let acme = given([CustomerEvent::CustomerRegistered(CustomerRegistered {
        customer_id: id("acme"),
        profile: CustomerProfile {
            name: "Acme".to_owned(),
            industry: None,
            country: None,
            employees: None,
            founded_year: None,
            annual_revenue: None,
            parent_customer_id: None,
        },
        external_id: None,
    })]);
    opportunity
        .knowing("standard", &standard)
        .knowing("ann", &rep("ann"))
        .knowing(
            "bob",
            &rep("bob").and_on(6, [RepDeactivated { reason: None }.into()]),
        )
        .knowing("gtx", &product("gtx"))
        .knowing(
            "old",
            &product("old").and_on(6, [ProductRetired { reason: None }.into()]),
        )
        .knowing("acme", &acme)
}

/// An opportunity registered on the first, a lead.
fn lead() -> Given<Opportunity> {
    among(given([registered("lead")]))
}

/// Nothing registered.
fn none() -> Given<Opportunity> {
    among(nothing())
}

/// One that was won on the fifth.
fn won_one() -> Given<Opportunity> {
    lead().and_on(5, [won("lead", Some(1000))])
}

/// One that was lost on the fifth.
fn lost_one() -> Given<Opportunity> {
    lead().and_on(5, [lost("lead", "price")])
}

fn facts(stage: &str) -> OpportunityRegistered {
    OpportunityRegistered {
        opportunity_id: id("o1"),
        name: "100 seats".to_owned(),
        kind: OpportunityKind::New,
        sales_process_id: id("standard"),
        stage_id: id(stage),
        rep_id: None,
        customer_id: None,
        product_ids: vec![id("gtx")],
        amount: Some(usd(1000)),
        expected_close_on: None,
        source: Some("referral".to_owned()),
        email: Some("kim@acme.example".to_owned()),
        phone: Some("+49301234".to_owned()),
        external_id: Some(ExternalId {
            system: "web".to_owned(),
            id: "7".to_owned(),
        }),
    }
}

fn registered(stage: &str) -> OpportunityEvent {
    facts(stage).into()
}

/// The message that registers it in its first stage.
fn registration() -> v1::RegisterOpportunity {
    v1::RegisterOpportunity {
        opportunity_id: "o1".to_owned(),
        name: " 100 seats".to_owned(),
        sales_process_id: "standard".to_owned(),
        product_ids: vec!["gtx".to_owned()],
        amount: dollars(1000),
        source: "referral".to_owned(),
        email: "Kim@Acme.example ".to_owned(),
        phone: "+49 (0)30 12-34".to_owned(),
        external_id: Some(v1::ExternalId {
            system: "web".to_owned(),
            id: "7".to_owned(),
        }),
        ..Default::default()
    }
}

fn advanced(from: &str, to: &str) -> OpportunityEvent {
    StageAdvanced {
        from_stage_id: id(from),
        to_stage_id: id(to),
        note: None,
    }
    .into()
}

fn stepped_back(from: &str, to: &str) -> OpportunityEvent {
    SteppedBack {
        from_stage_id: id(from),
        to_stage_id: id(to),
        reason: None,
    }
    .into()
}

fn won(stage: &str, amount: Option<i64>) -> OpportunityEvent {
    OpportunityWon {
        stage_id: id(stage),
        amount: amount.map(usd),
        contract_id: None,
    }
    .into()
}

fn lost(stage: &str, reason: &str) -> OpportunityEvent {
    OpportunityLost {
        stage_id: id(stage),
        reason: reason.to_owned(),
        note: None,
        competitor: None,
    }
    .into()
}

fn reopened(stage: &str) -> OpportunityEvent {
    OpportunityReopened {
        stage_id: id(stage),
        reason: None,
    }
    .into()
}

fn o1() -> String {
    "o1".to_owned()
}

fn advance(to: &str) -> Kind {
    Kind::AdvanceStage(v1::AdvanceStage {
        opportunity_id: o1(),
        to_stage_id: to.to_owned(),
        note: String::new(),
    })
}

fn step_back(to: &str) -> Kind {
    Kind::StepBack(v1::StepBack {
        opportunity_id: o1(),
        to_stage_id: to.to_owned(),
        reason: String::new(),
    })
}

fn complete(item: &str) -> Kind {
    Kind::CompleteChecklistItem(v1::CompleteChecklistItem {
        opportunity_id: o1(),
        item_id: item.to_owned(),
    })
}

fn assign(rep: &str) -> Kind {
    Kind::AssignLead(v1::AssignLead {
        opportunity_id: o1(),
        rep_id: rep.to_owned(),
        reason: String::new(),
    })
}

fn log(activity: &str) -> Kind {
    Kind::LogActivity(v1::LogActivity {
        opportunity_id: o1(),
        activity_id: activity.to_owned(),
        kind: v1::ActivityKind::Call.into(),
        subject: "First call".to_owned(),
        ..Default::default()
    })
}

fn change_amount(amount: u32) -> Kind {
    Kind::ChangeAmount(v1::ChangeAmount {
        opportunity_id: o1(),
        amount: dollars(amount),
    })
}

fn expect_close(on: &str) -> Kind {
    Kind::ChangeExpectedClose(v1::ChangeExpectedClose {
        opportunity_id: o1(),
        expected_close_on: on.to_owned(),
    })
}

fn offer(products: &[&str]) -> Kind {
    Kind::ChangeProducts(v1::ChangeProducts {
        opportunity_id: o1(),
        product_ids: products.iter().map(|&product| product.to_owned()).collect(),
    })
}

fn identify(customer: &str) -> Kind {
    Kind::IdentifyCustomer(v1::IdentifyCustomer {
        opportunity_id: o1(),
        customer_id: customer.to_owned(),
    })
}

fn win(amount: Option<u32>) -> Kind {
    Kind::WinOpportunity(v1::WinOpportunity {
        opportunity_id: o1(),
        amount: amount.and_then(dollars),
    })
}

fn lose(reason: &str) -> Kind {
    Kind::LoseOpportunity(v1::LoseOpportunity {
        opportunity_id: o1(),
        reason: reason.to_owned(),
        ..Default::default()
    })
}

fn reopen(stage: &str) -> Kind {
    Kind::ReopenOpportunity(v1::ReopenOpportunity {
        opportunity_id: o1(),
        stage_id: stage.to_owned(),
        reason: String::new(),
    })
}

/// Every command but the registration.
fn all_work() -> Vec<Kind> {
    vec![
        advance("demo"),
        step_back("lead"),
        complete("budget"),
        assign("ann"),
        log("a1"),
        change_amount(5),
        expect_close("2017-12-31"),
        offer(&[]),
        identify("acme"),
        win(None),
        lose("price"),
        reopen(""),
    ]
}
