//! Given what happened, when asked, then.

use event_schemas::contract::{BillingFrequency, BillingTerms, ContractEvent, ContractSigned};
use event_schemas::customer::{CustomerEvent, CustomerProfile, CustomerRegistered};
use event_schemas::rep::{RepDeactivated, RepEvent, RepRegistered};
use event_schemas::task::{
    TaskAssigned, TaskCancelled, TaskCompleted, TaskEscalated, TaskEvent, TaskItemCompleted,
    TaskMoved, TaskOrigin, TaskPlanned, TaskSnoozed,
};
use event_schemas::vocabulary::TaskItem;
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::{Command, Task};
use crate::given::{Given, given, id, live, nothing};

fn planned() -> TaskPlanned {
    TaskPlanned {
        task_id: id("t1"),
        customer_id: id("acme"),
        contract_id: Some(id("c1")),
        origin: TaskOrigin::ByHand,
        name: "Call them".to_owned(),
        due_on: "2017-04-01".parse().unwrap_or_default(),
        rep_id: Some(id("ann")),
        checklist: vec![TaskItem {
            item_id: id("number"),
            name: "Find the number".to_owned(),
        }],
        document_ids: Vec::new(),
        escalate_after_days: Some(3),
        reaches: None,
    }
}

fn plan() -> Kind {
    Kind::PlanTask(v1::PlanTask {
        task_id: "t1".to_owned(),
        customer_id: "acme".to_owned(),
        contract_id: "c1".to_owned(),
        name: "Call them".to_owned(),
        due_on: "2017-04-01".to_owned(),
        rep_id: "ann".to_owned(),
        checklist: vec![v1::TaskItem {
            item_id: "number".to_owned(),
            name: "Find the number".to_owned(),
        }],
        document_ids: Vec::new(),
        escalate_after_days: Some(3),
    })
}

fn registered(customer: &str) -> CustomerEvent {
    CustomerRegistered {
        customer_id: id(customer),
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
    }
    .into()
}

fn signed(customer: &str) -> ContractEvent {
    ContractSigned {
        contract_id: id("c1"),
        customer_id: id(customer),
        opportunity_id: None,
        quote_id: None,
        renews_contract_id: None,
        currency: id("USD"),
        starts_on: "2017-03-01".parse().unwrap_or_default(),
        ends_on: None,
        billing: BillingTerms {
            frequency: BillingFrequency::Once,
            payment_days: 0,
        },
        lines: Vec::new(),
        rep_id: None,
        splits: Vec::new(),
    }
    .into()
}

fn rep(name: &str) -> RepEvent {
    RepRegistered {
        rep_id: id(name),
        name: name.to_owned(),
        email: None,
    }
    .into()
}

/// With what there is besides a task.
fn there(task: Given<Task>) -> Given<Task> {
    task.knowing("acme", &given([registered("acme")]))
        .knowing("c1", &given([signed("acme")]))
        .knowing("ann", &given([rep("ann")]))
        .knowing("bob", &given([rep("bob")]))
}

fn open() -> Given<Task> {
    there(given([TaskEvent::from(planned())]))
}

fn assign(rep_id: &str) -> Kind {
    Kind::AssignTask(v1::AssignTask {
        task_id: "t1".to_owned(),
        rep_id: rep_id.to_owned(),
    })
}

fn move_to(due_on: &str) -> Kind {
    Kind::MoveTask(v1::MoveTask {
        task_id: "t1".to_owned(),
        due_on: due_on.to_owned(),
        reason: String::new(),
    })
}

fn complete(outcome: &str) -> Kind {
    Kind::CompleteTask(v1::CompleteTask {
        task_id: "t1".to_owned(),
        outcome: outcome.to_owned(),
        note: String::new(),
    })
}

fn tick_off(item_id: &str) -> Kind {
    Kind::CompleteTaskItem(v1::CompleteTaskItem {
        task_id: "t1".to_owned(),
        item_id: item_id.to_owned(),
    })
}

fn cancel(reason: &str) -> Kind {
    Kind::CancelTask(v1::CancelTask {
        task_id: "t1".to_owned(),
        reason: reason.to_owned(),
    })
}

fn completed(outcome: &str) -> TaskEvent {
    TaskCompleted {
        outcome: outcome.to_owned(),
        note: None,
    }
    .into()
}

fn moved(previous: &str, due_on: &str, by_playbook: bool) -> TaskEvent {
    TaskMoved {
        due_on: due_on.parse().unwrap_or_default(),
        previous_due_on: previous.parse().unwrap_or_default(),
        by_playbook,
        reason: None,
    }
    .into()
}

#[test]
fn it_is_planned_for_a_customer_under_a_contract_of_theirs() {
    there(nothing()).when(plan()).then([planned().into()]);
    let customer = nothing::<Task>().knowing("ann", &given([rep("ann")]));
    let nobody = customer.when(plan());
    nobody.then_refused("UNKNOWN_CUSTOMER", &["customer_id=acme"]);
    let acme = given([registered("acme")]);
    let unsigned = nothing::<Task>().knowing("acme", &acme).when(plan());
    unsigned.then_refused("UNKNOWN_CONTRACT", &["contract_id=c1"]);
    let other = nothing::<Task>().knowing("acme", &acme);
    let other = other.knowing("c1", &given([signed("zeta")])).when(plan());
    other.then_refused("OTHER_CUSTOMER", &["contract_id=c1", "customer_id=zeta"]);
}

#[test]
fn it_is_given_to_reps_who_are_registered() {
    let bob = open().when(assign("bob"));
    let assigned = TaskAssigned {
        rep_id: id("bob"),
        previous_rep_id: Some(id("ann")),
    };
    bob.then([assigned.into()]);
    open().when(assign("ann")).then_nothing();
    open()
        .when(assign("kim"))
        .then_refused("UNKNOWN_REP", &["rep_id=kim"]);
}

#[test]
fn someone_and_its_playbook_move_it() {
    let by_hand = open().when(move_to("2017-04-05"));
    let by_hand = by_hand
        .then([moved("2017-04-01", "2017-04-05", false)])
        .and();
    by_hand.clone().when(move_to("2017-04-05")).then_nothing();
    // The playbook's own day is another fact, though it is the same day.
    let by_playbook = by_hand.on(11).when_asked(Command::Move {
        due_on: "2017-04-05".parse().unwrap_or_default(),
        by_playbook: true,
        reason: None,
    });
    by_playbook.then([moved("2017-04-05", "2017-04-05", true)]);
}

#[test]
fn who_has_left_is_given_nothing() {
    let left = given([rep("carl")]).and_on(5, [RepDeactivated { reason: None }.into()]);
    let refused = open().knowing("carl", &left).when(assign("carl"));
    refused.then_refused("INACTIVE_REP", &["rep_id=carl"]);
}

#[test]
fn what_lay_after_an_end_is_taken_up_again_by_its_playbook_alone() {
    let by_playbook = || Command::Move {
        due_on: "2017-04-01".parse().unwrap_or_default(),
        by_playbook: true,
        reason: None,
    };
    let reason = |code: &str| TaskCancelled {
        reason: code.to_owned(),
    };
    let ended = open().and_on(5, [reason("contract_ended").into()]);
    let closed = "closed_at=2017-03-05T09:00:00Z";
    let by_hand = ended.clone().when(move_to("2017-05-01"));
    by_hand.then_refused("ALREADY_CLOSED", &[closed]);
    let again = ended.when_asked(by_playbook());
    let again = again.then([moved("2017-04-01", "2017-04-01", true)]).and();
    again.when(cancel("over")).then([reason("over").into()]);
    let other = open().and_on(5, [reason("over").into()]);
    let other = other.when_asked(by_playbook());
    other.then_refused("ALREADY_CLOSED", &[closed]);
}

#[test]
fn it_is_done_when_its_checklist_is() {
    let early = open().when(complete("done"));
    early.then_refused("CHECKLIST_INCOMPLETE", &[r#"missing=["number"]"#]);
    let other = open().when(tick_off("desk"));
    other.then_refused("UNKNOWN_ITEM", &["item_id=desk"]);
    let ticked = open().when(tick_off("number"));
    let item = TaskItemCompleted {
        item_id: id("number"),
    };
    let ticked = ticked.then([item.into()]).and();
    ticked.when(complete("done")).then([completed("done")]);
}

#[test]
fn a_closed_task_takes_nothing_more() {
    let closed = "closed_at=2017-03-05T09:00:00Z";
    let done = open().and_on(5, [completed("done")]);
    for command in [
        assign("bob"),
        move_to("2017-05-01"),
        tick_off("number"),
        complete("else"),
        cancel("late"),
    ] {
        let done = done.clone().when(command);
        done.then_refused("ALREADY_CLOSED", &[closed]);
    }
    done.when(complete("done")).then_nothing();
    let reason = "over".to_owned();
    let cancelled = open().when(cancel("over"));
    let cancelled = cancelled.then([TaskCancelled { reason }.into()]).and();
    cancelled.clone().when(cancel("over")).then_nothing();
    let closed = "closed_at=2017-03-10T09:00:00Z";
    cancelled
        .when(complete("done"))
        .then_refused("ALREADY_CLOSED", &[closed]);
}

#[test]
fn what_was_so_before_it_was_closed_may_be_told_late() {
    let done = open().and_on(5, [completed("done")]);
    let late = done.on(4).when(assign("bob"));
    let assigned = TaskAssigned {
        rep_id: id("bob"),
        previous_rep_id: Some(id("ann")),
    };
    late.then([assigned.into()]);
    let early = open().at(crate::given::day(1) - chrono::TimeDelta::days(1));
    let early = early.when(assign("bob"));
    early.then_refused("OUT_OF_ORDER", &["after=2017-03-01T09:00:00Z"]);
}

#[test]
fn it_is_hidden_and_goes_to_a_manager_once() {
    let until_on = "2017-03-20";
    let snoozed = open().when(Kind::SnoozeTask(v1::SnoozeTask {
        task_id: "t1".to_owned(),
        until_on: until_on.to_owned(),
        reason: String::new(),
    }));
    let hidden = TaskSnoozed {
        until_on: until_on.parse().unwrap_or_default(),
        reason: None,
    };
    let snoozed = snoozed.then([hidden.into()]).and();
    let escalate = |to: &str| {
        Kind::EscalateTask(v1::EscalateTask {
            task_id: "t1".to_owned(),
            to_rep_id: to.to_owned(),
        })
    };
    let escalated = snoozed.when(escalate("bob"));
    let to = TaskEscalated {
        to_rep_id: Some(id("bob")),
    };
    let escalated = escalated.then([to.into()]).and();
    escalated
        .when(escalate(""))
        .then_refused("ALREADY_ESCALATED", &[]);
}

#[test]
fn only_what_was_planned_is_worked_on() {
    let none = there(nothing()).when(assign("ann"));
    none.then_refused("NOT_PLANNED", &[]);
}

proptest! {
    /// Whatever is asked in whatever order, what holds for every command holds for each of them.
    #[test]
    fn a_task_lives(asked in prop::collection::vec((0i64..20_000, 0usize..8), 0..20)) {
        let commands = asked.into_iter().map(|(minutes, which)| {
            let command = match which {
                0 => plan(),
                1 => assign("ann"),
                2 => assign("bob"),
                3 => move_to("2017-05-01"),
                4 => tick_off("number"),
                5 => complete("done"),
                6 => cancel("over"),
                _ => move_to("2017-06-01"),
            };
            (minutes, command)
        });
        live(there(nothing()), commands);
    }
}
