//! How an opportunity moves, closes and goes on.

use event_schemas::opportunity::ChecklistItemCompleted;

use super::*;
use crate::opportunity::Command;

#[test]
fn a_stage_may_be_skipped() {
    lead()
        .when(advance("demo"))
        .then([advanced("lead", "demo")]);
    lead()
        .when(advance("offer"))
        .then([advanced("lead", "offer")]);
    lead().when(advance("lead")).then_nothing();
}

#[test]
fn advancing_goes_forward() {
    let demo = lead().and_on(2, [advanced("lead", "demo")]);
    demo.when(advance("lead"))
        .then_refused("NOT_FORWARD", &["from=demo", "to=lead"]);
}

#[test]
fn a_stage_is_left_forward_only_when_its_checklist_is_done() {
    let demo = lead().and_on(2, [advanced("lead", "demo")]);
    let early = demo.clone().when(advance("offer"));
    early.then_refused("CHECKLIST_INCOMPLETE", &[r#"missing=["budget"]"#]);
    let done = demo.when(complete("budget")).and();
    done.on(11)
        .when(advance("offer"))
        .then([advanced("demo", "offer")]);
}

#[test]
fn a_checklist_item_is_one_of_the_stage_and_done_once() {
    let item = ["item_id=budget", "stage_id=lead"];
    lead()
        .when(complete("budget"))
        .then_refused("UNKNOWN_CHECKLIST_ITEM", &item);
    let completed = ChecklistItemCompleted {
        stage_id: id("demo"),
        item_id: id("budget"),
    };
    let demo = lead().and_on(2, [advanced("lead", "demo")]);
    let done = demo.when(complete("budget")).then([completed.into()]);
    let back = done
        .and()
        .and_on(10, [stepped_back("demo", "lead"), advanced("lead", "demo")]);
    back.on(11).when(complete("budget")).then_nothing();
}

#[test]
fn stepping_back_goes_back_whatever_is_done() {
    let demo = lead().and_on(2, [advanced("lead", "demo")]);
    demo.clone()
        .when(step_back("lead"))
        .then([stepped_back("demo", "lead")]);
    demo.clone().when(step_back("demo")).then_nothing();
    demo.when(step_back("offer"))
        .then_refused("NOT_BACKWARD", &["from=demo", "to=offer"]);
}

#[test]
fn a_stage_is_one_of_the_process() {
    let nowhere = ["stage_id=party"];
    lead()
        .when(advance("party"))
        .then_refused("UNKNOWN_STAGE", &nowhere);
    lead()
        .when(step_back("party"))
        .then_refused("UNKNOWN_STAGE", &nowhere);
    won_one()
        .when(reopen("party"))
        .then_refused("UNKNOWN_STAGE", &nowhere);
}

#[test]
fn it_is_won_from_any_stage_at_the_sum_it_was_worth_or_another() {
    lead().when(win(None)).then([won("lead", Some(1000))]);
    let offered = lead().and_on(2, [advanced("lead", "offer")]);
    offered.when(win(Some(900))).then([won("offer", Some(900))]);
}

#[test]
fn it_is_won_once() {
    won_one().when(win(None)).then_nothing();
    won_one().when(win(Some(1000))).then_nothing();
    won_one()
        .when(win(Some(900)))
        .then_refused("ALREADY_CLOSED", &[]);
    lost_one()
        .when(win(None))
        .then_refused("ALREADY_CLOSED", &[]);
}

#[test]
fn it_is_lost_for_a_reason_once() {
    lead().when(lose("price")).then([lost("lead", "price")]);
    lost_one().when(lose("price")).then_nothing();
    lost_one()
        .when(lose("timing"))
        .then_refused("ALREADY_CLOSED", &[]);
    won_one()
        .when(lose("price"))
        .then_refused("ALREADY_CLOSED", &[]);
}

#[test]
fn a_closed_one_goes_on_where_it_was_or_elsewhere() {
    lost_one().when(reopen("")).then([reopened("lead")]);
    won_one().when(reopen("offer")).then([reopened("offer")]);
    lead().when(reopen("")).then_nothing();
    let again = lost_one().and_on(6, [reopened("demo")]);
    again.when(win(None)).then([won("demo", Some(1000))]);
}

#[test]
fn a_closed_one_is_worked_on_only_after_it_was_opened_again() {
    for command in all_work() {
        match command {
            // What was done may be told, and what it was closed as may be said again.
            Kind::LogActivity(_) | Kind::ReopenOpportunity(_) | Kind::LoseOpportunity(_) => {}
            work => lost_one().when(work).then_refused("ALREADY_CLOSED", &[]),
        }
    }
}

#[test]
fn an_opportunity_is_won_by_one_contract_which_settles_its_sum() {
    let by = |contract: &str, amount| Command::Win {
        amount: Some(usd(amount)),
        contract_id: Some(id(contract)),
    };
    let won_by = |contract: &str, amount| -> OpportunityEvent {
        OpportunityWon {
            stage_id: id("lead"),
            amount: Some(usd(amount)),
            contract_id: Some(id(contract)),
        }
        .into()
    };
    let won = lead()
        .when_asked(by("c1", 900))
        .then([won_by("c1", 900)])
        .and();
    won.clone().on(11).when(win(Some(900))).then_nothing();
    let second = won.clone().on(11).when_asked(by("c2", 900));
    second.then_refused("ALREADY_WON", &["contract_id=c1"]);
    let again = won.and_on(11, [reopened("lead")]).on(12);
    again.when_asked(by("c2", 800)).then([won_by("c2", 800)]);
    won_one()
        .when_asked(by("c1", 900))
        .then([won_by("c1", 900)]);
    lost_one()
        .when_asked(by("c1", 900))
        .then_refused("ALREADY_CLOSED", &[]);
}
