//! Given what happened, when asked, then.

use event_schemas::sales_process::{
    ChecklistItem, SalesProcessDefined, SalesProcessEvent, SalesProcessRevised, Stage,
};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::SalesProcess;
use crate::given::{given, id, live, nothing};

fn stage(stage_id: &str) -> Stage {
    Stage {
        stage_id: id(stage_id),
        name: stage_id.to_uppercase(),
        checklist: vec![ChecklistItem {
            item_id: id("budget"),
            text: "There is a budget".to_owned(),
            required: true,
        }],
        suggested_document_ids: vec![id("deck")],
        target_open_count: Some(7),
        target_open_amount: None,
    }
}

fn stages(ids: &[&str]) -> Vec<Stage> {
    ids.iter().map(|stage_id| stage(stage_id)).collect()
}

fn defined(ids: &[&str]) -> SalesProcessEvent {
    SalesProcessDefined {
        sales_process_id: id("standard"),
        name: "Standard".to_owned(),
        stages: stages(ids),
    }
    .into()
}

fn revised(ids: &[&str]) -> SalesProcessEvent {
    SalesProcessRevised {
        name: "Standard".to_owned(),
        stages: stages(ids),
    }
    .into()
}

fn message(stage_id: &str) -> v1::Stage {
    v1::Stage {
        stage_id: stage_id.to_owned(),
        name: stage_id.to_uppercase(),
        checklist: vec![v1::ChecklistItem {
            item_id: "budget".to_owned(),
            text: "There is a budget".to_owned(),
            required: true,
        }],
        suggested_document_ids: vec!["deck".to_owned(), "deck".to_owned()],
        target_open_count: Some(7),
        target_open_amount: None,
    }
}

fn define(ids: &[&str]) -> Kind {
    Kind::DefineSalesProcess(v1::DefineSalesProcess {
        sales_process_id: "standard".to_owned(),
        name: "Standard".to_owned(),
        stages: ids.iter().map(|stage_id| message(stage_id)).collect(),
    })
}

fn revise(ids: &[&str]) -> Kind {
    Kind::ReviseSalesProcess(v1::ReviseSalesProcess {
        sales_process_id: "standard".to_owned(),
        name: "Standard".to_owned(),
        stages: ids.iter().map(|stage_id| message(stage_id)).collect(),
    })
}

#[test]
fn a_process_is_defined_once() {
    let standard = nothing::<SalesProcess>().when(define(&["lead", "demo"]));
    let standard = standard.then([defined(&["lead", "demo"])]).and();
    standard
        .clone()
        .when(define(&["lead", "demo"]))
        .then_nothing();
    let other = standard.when(define(&["lead"]));
    other.then_refused("ALREADY_DEFINED", &["sales_process_id=standard"]);
}

#[test]
fn a_definition_said_again_after_a_revision_is_said_twice() {
    let history = given([defined(&["lead"])]).and_on(5, [revised(&["lead", "demo"])]);
    history.clone().when(define(&["lead"])).then_nothing();
    let revision = history.when(define(&["lead", "demo"]));
    revision.then_refused("ALREADY_DEFINED", &["sales_process_id=standard"]);
}

#[test]
fn a_process_is_revised_and_revised_back() {
    let history = given([defined(&["lead", "demo"])]);
    history
        .clone()
        .when(revise(&["lead", "demo"]))
        .then_nothing();
    let turned = history
        .when(revise(&["demo", "lead"]))
        .then([revised(&["demo", "lead"])]);
    turned
        .and()
        .on(11)
        .when(revise(&["lead", "demo"]))
        .then([revised(&["lead", "demo"])]);
}

#[test]
fn only_what_is_defined_is_revised() {
    let none = nothing::<SalesProcess>().when(revise(&["lead"]));
    none.then_refused("NOT_DEFINED", &[]);
}

#[test]
fn a_stage_is_never_taken_away() {
    let shorter = given([defined(&["lead", "demo", "offer"])]).when(revise(&["demo"]));
    shorter.then_refused("STAGE_REMOVED", &[r#"missing=["lead","offer"]"#]);
}

#[test]
fn a_revision_that_comes_late_stands_before_later_ones() {
    let history = given([defined(&["lead"])]).and_on(5, [revised(&["lead", "demo", "offer"])]);
    let late = history.on(3).when(revise(&["offer", "demo", "lead"]));
    let state = late
        .then([revised(&["offer", "demo", "lead"])])
        .and()
        .state();
    assert_eq!(state.first_stage(), Some(&id("lead")));
    assert_eq!(state.rank(&id("offer")), Some(2));
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_process_ends_well(
        asked in prop::collection::vec(any_command(), 0..20),
    ) {
        live(nothing::<SalesProcess>(), asked);
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let sets: Vec<&[&str]> = vec![&["lead"], &["lead", "demo"], &["demo", "lead"]];
    let stages = prop::sample::select(sets);
    let command = (any::<bool>(), stages)
        .prop_map(|(new, stages)| if new { define(stages) } else { revise(stages) });
    (0..60i64, command)
}
