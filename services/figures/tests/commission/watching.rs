//! What a line says of itself, what a deal would pay, and what someone should look at.

use event_schemas::opportunity::{LeadAssigned, OpportunityEvent, OpportunityWon};
use event_schemas::quote::{DiscountApproved, QuoteDrafted, QuoteEvent};
use event_schemas::vocabulary::{ContractId, CustomerId, OpportunityId, QuoteId, StageId};
use serde_json::{Value, json};
use twinfunnel_figures::commission::{Deal, SignalKind, Watch, estimate, explain, signals};

use super::language::*;

fn plan() -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "PAYMENT", "basis": "REVENUE",
        "discounts": [{ "above_percent": "10", "keeps_percent": "50" }],
        "tiers": {
            "measure": "BASIS", "window": "QUARTER", "mode": "MARGINAL",
            "bands": [
                { "from": "0", "to": "15000000", "pays": { "PERCENT": "4" } },
                { "from": "15000000", "pays": { "PERCENT": "6" } },
            ],
        },
    })
}

#[test]
fn a_line_is_explained_down_to_its_events() {
    let mut story = Story::of(plan());
    story.signs("a", on(1, 2), 145_000);
    story.pays("a", on(1, 3), 145_000);
    story.signs("b", on(1, 4), 20_000);
    story.pays("b", on(1, 5), 20_000);
    let statement = story.statement("ann", month(1));
    let text = explain(&statement.lines[1], statement.currency);
    let expected = "\
COMMISSION  1100.00 USD  commission:6:b:it
  occurred     2024-01-05T12:00:00+00:00
  contract     b, line it
  rates        4 %, 6 %
  step 1       credit: of the line 20000.00 USD; moved now 20000.00 USD  = 100 %
  step 2       basis: revenue 20000.00 USD; share 100 %  = 20000.00 USD
  step 3       rate: for lines without a rate  = by tiers
  step 4       tiers: volume before 145000.00 USD; volume after 165000.00 USD; tier reached 2  = each slice at its own tier
  step 5       slice in tier 1: volume 5000.00 USD  = 4 %
  step 6       slice in tier 2: volume 15000.00 USD  = 6 %
  step 7       earned: earned before in the window 5800.00 USD; this adds 1100.00 USD  = 6900.00 USD
  step 8       rounded: earned, rounded 6900.00 USD; earned before, rounded 5800.00 USD  = 1100.00 USD
  event        #1 CommissionPlanPublished 00000000-0000-0000-0000-000000000001
  event        #2 ParticipantEnrolled 00000000-0000-0000-0000-000000000002
  event        #5 ContractSigned 00000000-0000-0000-0000-000000000005
  event        #6 PaymentReceived 00000000-0000-0000-0000-000000000006
";
    assert_eq!(text, expected);
}

#[test]
fn every_line_names_its_events_and_ends_in_its_amount() {
    let mut story = Story::of(plan());
    story.signs("a", on(1, 2), 145_000);
    story.pays("a", on(1, 3), 100_000);
    for line in story.statement("ann", month(1)).lines {
        assert!(!line.derivation.events.is_empty());
        let last = line.derivation.steps.last().unwrap();
        assert_eq!(last.result, "4000.00 USD");
    }
}

#[test]
fn a_deal_is_estimated_at_the_margin() {
    let mut story = Story::of(plan());
    story.signs("a", on(1, 2), 145_000);
    story.pays("a", on(1, 3), 145_000);
    let deal = Deal {
        contract_id: ContractId::new("perhaps").unwrap(),
        customer_id: CustomerId::new("customer").unwrap(),
        currency: usd(),
        signed_at: noon(on(1, 20)),
        starts_on: on(2, 1),
        lines: vec![line("it", 20_000)],
        costs: Vec::new(),
        splits: Vec::new(),
    };
    let book = story.book();
    let told = estimate(&book, &plan_id(), &rep("ann"), &deal).unwrap();
    assert_eq!(told.difference_minor, 110_000);
    assert_eq!(told.lines.len(), 1);
    assert_eq!(told.lines[0].rates_percent, [number("4"), number("6")]);
    assert_eq!(
        told.without.total_minor + told.difference_minor,
        told.with.total_minor
    );
    assert_eq!(
        story.total("ann", month(1)),
        told.without.total_minor,
        "nothing was changed"
    );
    let half = Deal {
        splits: vec![split("ann", 50), split("bob", 50)],
        ..deal
    };
    let told = estimate(&book, &plan_id(), &rep("ann"), &half).unwrap();
    assert_eq!(told.difference_minor, 50_000, "5,000 at 4 %, 5,000 at 6 %");
}

#[test]
fn a_hand_over_just_before_a_close_is_seen() {
    let mut story = Story::of(plan());
    let given = |from: &str, to: &str| LeadAssigned {
        rep_id: rep(to),
        previous_rep_id: Some(rep(from)),
        reason: None,
    };
    let won = || OpportunityWon {
        contract_id: None,
        stage_id: StageId::new("offer").unwrap(),
        amount: None,
    };
    story.record::<OpportunityEvent>("early", noon(on(1, 1)), "boss", given("bob", "ann"));
    story.record::<OpportunityEvent>("early", noon(on(1, 20)), "ann", won());
    story.record::<OpportunityEvent>("late", noon(on(1, 15)), "boss", given("bob", "ann"));
    story.record::<OpportunityEvent>("late", noon(on(1, 20)), "ann", won());
    let found = signals(&story.book(), Watch::default(), on(3, 1)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, SignalKind::HandOverBeforeClose);
    assert_eq!(found[0].subject, "late");
    assert_eq!(found[0].events.len(), 2);
}

#[test]
fn a_discount_that_one_approves_oneself_is_seen() {
    let mut story = Story::of(plan());
    for (id, approver) in [("own", "ann"), ("other", "boss")] {
        let drafted = QuoteDrafted {
            quote_id: QuoteId::new(id).unwrap(),
            opportunity_id: OpportunityId::new("o").unwrap(),
            customer_id: CustomerId::new("c").unwrap(),
            currency: usd(),
            lines: vec![line("it", 100)],
            valid_until: None,
        };
        let approved = DiscountApproved {
            discount_percent: number("30"),
        };
        story.record::<QuoteEvent>(id, noon(on(1, 1)), "ann", drafted);
        story.record::<QuoteEvent>(id, noon(on(1, 2)), approver, approved);
    }
    let found = signals(&story.book(), Watch::default(), on(3, 1)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, SignalKind::SelfApprovedDiscount);
    assert_eq!(found[0].subject, "own");
}

#[test]
fn closings_bunched_at_the_edge_of_a_tier_are_seen() {
    let mut at_signing = plan();
    at_signing["timing"] = json!("SIGNING");
    let mut story = Story::of(at_signing.clone());
    story.signs("a", on(1, 2), 140_000);
    story.signs("b", on(3, 29), 6_000);
    story.signs("c", on(3, 30), 6_000);
    let found = signals(&story.book(), Watch::default(), on(4, 1)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, SignalKind::BunchedAtTierEdge);
    assert_eq!(found[0].events.len(), 2);
    // Far above the edge, or spread over the window, they are as they should be.
    let mut story = Story::of(at_signing);
    story.signs("a", on(1, 2), 140_000);
    story.signs("b", on(3, 29), 50_000);
    story.signs("c", on(3, 30), 50_000);
    assert_eq!(
        signals(&story.book(), Watch::default(), on(4, 1)).unwrap(),
        []
    );
}
