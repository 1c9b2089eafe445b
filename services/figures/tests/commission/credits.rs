//! Who is credited: splits, overlays, owners, teams and their managers. Sections A6 and E of the
//! worked examples that others published.

use event_schemas::commission_period::LineKind;
use event_schemas::contract::ContractSigned;
use event_schemas::opportunity::{LeadAssigned, OpportunityEvent};
use event_schemas::vocabulary::{OpportunityId, RevenueType, Split};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use twinfunnel_figures::commission::CalculateError;

use super::language::*;

fn plan(percent: &str) -> Value {
    json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": percent } }],
    })
}

#[test]
fn e1_a_commission_is_shared_half_and_half() {
    let mut story = Story::of(plan("30"));
    story.enrol("bob", on(1, 1), None);
    story.signs_for(&[split("ann", 50), split("bob", 50)], "c", on(1, 5), 100);
    let of = |who| {
        let statement = story.statement(who, month(1));
        (statement.lines[0].basis_minor, statement.total_minor)
    };
    assert_eq!(of("ann"), (Some(number("5000")), 1_500));
    assert_eq!(of("bob"), (Some(number("5000")), 1_500));
}

#[test]
fn e3_an_overlay_comes_on_top_where_the_plan_has_it() {
    let splits = [split("ann", 50), split("bob", 50), overlay("ann", 20)];
    for (overlays, credited) in [(true, "70000"), (false, "50000")] {
        let mut json = plan("10");
        json["credit"] = json!({ "overlays": overlays });
        let mut story = Story::of(json);
        story.enrol("bob", on(1, 1), None);
        story.signs_for(&splits, "c", on(1, 5), 1_000);
        let credit = |who| story.statement(who, month(1)).attainment.credited_minor;
        assert_eq!(credit("ann"), number(credited));
        assert_eq!(credit("bob"), number("50000"));
    }
}

#[test]
fn e10_shares_that_are_not_the_whole_are_refused() {
    let mut story = Story::of(plan("10"));
    story.signs_for(&[split("ann", 50), split("bob", 40)], "c", on(1, 5), 1_000);
    let refused = story.ask("ann", month(1)).unwrap_err();
    assert!(matches!(
        refused,
        CalculateError::SharesNotWhole { total: 9_000, .. }
    ));
}

fn team(over: Value) -> Story {
    let mut story = Story::of(plan("10"));
    let manager = json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "overrides": [over],
    });
    story.publish_as("managers", 1, on(1, 1), manager);
    story.enrol_in("managers", "max", on(1, 1), None);
    story.leads("max", "team", on(1, 1));
    story
}

fn of_manager(story: &Story) -> event_schemas::commission_period::Statement {
    let plan_id = event_schemas::vocabulary::CommissionPlanId::new("managers").unwrap();
    let (book, max) = (story.book(), rep("max"));
    twinfunnel_figures::commission::statement(&book, &plan_id, &max, month(1)).unwrap()
}

#[test]
fn e4_an_override_on_what_the_team_sells() {
    let mut story = team(json!({ "on": "TEAM_BASIS", "rate": { "PERCENT": "3" } }));
    for (at, amount) in [75_000, 60_000, 67_500, 52_500, 45_000]
        .into_iter()
        .enumerate()
    {
        let (who, id) = (format!("rep{at}"), format!("c{at}"));
        story.joins(&who, "team", on(1, 1), None);
        story.signs_for(&[split(&who, 100)], &id, on(1, 5 + at as u32), amount);
    }
    // Not of the team.
    story.signs_for(&[split("zoe", 100)], "other", on(1, 20), 1_000);
    let statement = of_manager(&story);
    let paid = amounts(&statement, LineKind::Override);
    assert_eq!(paid, [225_000, 180_000, 202_500, 157_500, 135_000]);
    assert_eq!(statement.total_minor, 900_000);
}

#[test]
fn e6_an_override_on_what_a_subordinate_is_paid() {
    let mut story = team(json!({ "on": "TEAM_COMMISSION", "rate": { "PERCENT": "10" } }));
    story.joins("ann", "team", on(1, 1), None);
    story.signs("c", on(1, 5), 20_000);
    assert_eq!(story.total("ann", month(1)), 200_000);
    assert_eq!(of_manager(&story).total_minor, 20_000);
}

#[test]
fn an_override_names_the_facts_that_make_the_team_the_managers() {
    for on_what in ["TEAM_BASIS", "TEAM_COMMISSION"] {
        let mut story = team(json!({ "on": on_what, "rate": { "PERCENT": "10" } }));
        story.joins("ann", "team", on(1, 1), None);
        story.signs("c", on(1, 5), 20_000);
        let statement = of_manager(&story);
        let events = &statement.lines[0].derivation.events;
        for named in ["TeamJoined", "ManagerAppointed", "ContractSigned"] {
            let times = events.iter().filter(|event| event.event_type == named);
            assert_eq!(times.count(), 1, "{named} for {on_what}");
        }
    }
}

#[test]
fn an_override_may_begin_at_a_threshold_and_have_tiers() {
    let mut story = team(json!({ "on": "TEAM_BASIS", "rate": { "TIERS": {
        "measure": "BASIS", "window": "MONTH", "mode": "MARGINAL",
        "bands": [
            { "from": "0", "to": "1000000", "pays": { "PERCENT": "0" } },
            { "from": "1000000", "to": "2000000", "pays": { "PERCENT": "1" } },
            { "from": "2000000", "pays": { "PERCENT": "2" } },
        ],
    } } }));
    story.joins("ann", "team", on(1, 1), None);
    story.signs("a", on(1, 5), 9_000);
    story.signs("b", on(1, 6), 14_000);
    assert_eq!(
        amounts(&of_manager(&story), LineKind::Override),
        [0, 16_000]
    );
}

#[test]
fn a_team_is_as_it_stood_on_the_day() {
    let mut story = team(json!({ "on": "TEAM_BASIS", "rate": { "PERCENT": "10" } }));
    story.joins("ann", "team", on(1, 10), Some(on(1, 20)));
    story.signs("before", on(1, 9), 100);
    story.signs("within", on(1, 10), 200);
    story.signs("after", on(1, 20), 400);
    assert_eq!(of_manager(&story).total_minor, 2_000);
}

#[test]
fn a_managers_own_deals_never_feed_the_managers_override() {
    let mut story = team(json!({ "on": "TEAM_BASIS", "rate": { "PERCENT": "10" } }));
    story.joins("max", "team", on(1, 1), None);
    story.joins("ann", "team", on(1, 1), None);
    story.signs_for(&[split("max", 100)], "own", on(1, 5), 1_000);
    assert_eq!(of_manager(&story).lines.len(), 0);
}

#[test]
fn a_direct_credit_on_a_subordinates_deal_is_refused_unless_the_plan_declares_it() {
    for declared in [false, true] {
        let mut json = plan("10");
        json["credit"] = json!({ "direct_on_subordinates": declared });
        let mut story = Story::of(json);
        story.enrol("max", on(1, 1), None);
        story.leads("max", "team", on(1, 1));
        story.joins("ann", "team", on(1, 1), None);
        story.signs_for(&[split("ann", 50), split("max", 50)], "c", on(1, 5), 1_000);
        assert_eq!(story.total("ann", month(1)), 5_000);
        let max = story.statement("max", month(1));
        let [line] = &*max.lines else {
            panic!("{max:?}");
        };
        let is_refused = line.derivation.steps.iter().any(|s| s.step == "refused");
        assert_eq!(is_refused, !declared);
        let credited = if declared { 50_000 } else { 0 };
        assert_eq!(max.total_minor, credited / 10);
        let credited = Decimal::from(credited);
        assert_eq!(max.attainment.credited_minor.decimal(), credited);
    }
}

#[test]
fn what_is_refused_keeps_nothing_else_from_being_paid() {
    let mut json = plan("10");
    json["spifs"] = json!([{
        "name": "win", "amount_minor": 50_000, "from_on": "2024-01-01", "to_on": "2025-01-01",
    }]);
    let mut story = Story::of(json);
    story.enrol("max", on(1, 1), None);
    story.leads("max", "team", on(1, 1));
    story.joins("ann", "team", on(1, 1), None);
    story.signs_for(&[split("ann", 50), split("max", 50)], "c", on(1, 5), 1_000);
    story.signs_for(&[split("max", 100)], "own", on(1, 6), 200);
    assert_eq!(story.total("max", month(1)), 2_000 + 50_000);
}

#[test]
fn who_is_given_a_contract_is_credited_with_what_happens_from_then_on() {
    let mut json = plan("10");
    json["timing"] = json!("PAYMENT");
    let mut story = Story::of(json);
    story.enrol("bob", on(1, 1), None);
    story.signs("c", on(1, 2), 1_000);
    story.pays("c", on(1, 3), 400);
    story.reassigns("c", on(1, 4), "bob");
    story.pays("c", on(1, 5), 600);
    assert_eq!(story.total("ann", month(1)), 4_000);
    assert_eq!(story.total("bob", month(1)), 6_000);
}

#[test]
fn a_contract_that_names_nobody_falls_to_the_owner_of_its_opportunity() {
    let mut story = Story::of(plan("10"));
    let signed = ContractSigned {
        rep_id: None,
        opportunity_id: Some(OpportunityId::new("o").unwrap()),
        ..Story::signing("c", on(1, 10), vec![line("it", 1_000)])
    };
    story.contract("c", on(1, 10), signed);
    let given = |to: &str| LeadAssigned {
        rep_id: rep(to),
        previous_rep_id: None,
        reason: None,
    };
    story.record::<OpportunityEvent>("o", noon(on(1, 3)), "boss", given("ann"));
    story.record::<OpportunityEvent>("o", noon(on(1, 11)), "boss", given("bob"));
    story.enrol("bob", on(1, 1), None);
    assert_eq!(story.total("ann", month(1)), 10_000);
    assert_eq!(story.total("bob", month(1)), 0);
}

#[test]
fn a_spif_is_one_bonus_for_a_win_shared_by_who_is_credited() {
    let mut json = plan("1");
    json["spifs"] = json!([{
        "name": "spring", "amount_minor": 50_000, "from_on": "2024-01-10", "to_on": "2024-01-20",
        "revenue_type": "NEW",
    }]);
    let mut story = Story::of(json);
    story.enrol("bob", on(1, 1), None);
    let half: [Split; 2] = [split("ann", 50), split("bob", 50)];
    story.signs_for(&half, "in", on(1, 10), 1_000);
    story.signs_for(&half, "late", on(1, 20), 1_000);
    let mut renewal = Story::signing("renewal", on(1, 11), vec![line("it", 100)]);
    renewal.lines[0].revenue_type = RevenueType::Renewal;
    story.contract("renewal", on(1, 11), renewal);
    for who in ["ann", "bob"] {
        assert_eq!(
            amounts(&story.statement(who, month(1)), LineKind::Spif),
            [25_000]
        );
    }
}
