//! Given what was proposed, when somebody asks, then.

use event_schemas::commission_period::{
    AdjustmentApproved, AdjustmentProposed, AdjustmentRejected, CommissionPeriodEvent, LineOrigin,
    Statement,
};
use event_schemas::vocabulary::{StatementId, StreamName};
use figures::statement_id;
use proto::v1;
use proto::v1::command::Kind;

use super::{STATEMENT, closed, frozen, on, plan, statement, zoe};
use crate::commission_period::{CommissionStatement, adjustment_stream};
use crate::given::{Given, Then, dollars, given, id, nothing, usd};

fn propose(amount: u32, line_id: Option<&str>) -> v1::ProposeAdjustment {
    v1::ProposeAdjustment {
        adjustment_id: "a1".to_owned(),
        commission_plan_id: "field".to_owned(),
        rep_id: "zoe".to_owned(),
        amount: dollars(amount),
        reason: "a split".to_owned(),
        concerns: line_id.map(|line_id| v1::StatementLineReference {
            statement_id: STATEMENT.to_owned(),
            line_id: line_id.to_owned(),
        }),
    }
}

fn proposed(line_id: Option<&str>) -> CommissionPeriodEvent {
    AdjustmentProposed {
        adjustment_id: id("a1"),
        plan_id: id("field"),
        rep_id: id("zoe"),
        amount: usd(50),
        reason: "a split".to_owned(),
        concerns: line_id.map(|line_id| LineOrigin {
            statement_id: id(STATEMENT),
            line_id: line_id.to_owned(),
            late_events: Vec::new(),
        }),
    }
    .into()
}

/// Where corrections can be proposed.
fn company() -> Given<CommissionStatement> {
    let others = nothing::<CommissionStatement>().knowing("field", &plan());
    others.knowing(STATEMENT, &given([closed()]))
}

fn when_proposed(message: v1::ProposeAdjustment) -> Then<CommissionStatement> {
    company().when(Kind::ProposeAdjustment(message))
}

#[test]
fn a_correction_is_of_a_participant_in_the_currency_of_the_plan() {
    when_proposed(propose(50, None)).then([proposed(None)]);
    let refused = |change: fn(&mut v1::ProposeAdjustment)| {
        let mut message = propose(50, Some("one"));
        change(&mut message);
        when_proposed(message)
    };
    refused(|m| m.commission_plan_id = "other".to_owned())
        .then_refused("UNKNOWN_PLAN", &["plan_id=other"]);
    refused(|m| m.rep_id = "kim".to_owned()).then_refused("NOT_A_PARTICIPANT", &["rep_id=kim"]);
    refused(|m| m.amount.as_mut().unwrap().currency_code = "EUR".to_owned())
        .then_refused("CURRENCY_MISMATCH", &["currency=USD", "found=EUR"]);
}

#[test]
fn what_is_corrected_is_a_line_of_a_closed_statement_of_the_same_participant() {
    when_proposed(propose(50, Some("two"))).then([proposed(Some("two"))]);
    when_proposed(propose(50, Some("three"))).then_refused("UNKNOWN_LINE", &["line_id=three"]);
    let open = nothing::<CommissionStatement>().knowing("field", &plan());
    let open = open.when(Kind::ProposeAdjustment(propose(50, Some("one"))));
    open.then_refused("UNKNOWN_STATEMENT", &["statement_id=field~zoe~2017-02-01"]);
    let of_kim = Statement {
        rep_id: id("kim"),
        ..statement(1)
    };
    let of_kim = given([CommissionPeriodEvent::from(frozen(of_kim))]);
    let other = nothing::<CommissionStatement>()
        .knowing("field", &plan())
        .knowing(STATEMENT, &of_kim);
    let other = other.when(Kind::ProposeAdjustment(propose(50, Some("one"))));
    other.then_refused("OTHER_STATEMENT", &["plan_id=field", "rep_id=kim"]);
}

#[test]
fn an_id_stands_for_one_correction() {
    let known = company().and_on(2, [proposed(None)]);
    known
        .clone()
        .when(Kind::ProposeAdjustment(propose(50, None)))
        .then_nothing();
    let other = known.when(Kind::ProposeAdjustment(propose(60, None)));
    other.then_refused("DUPLICATE_ADJUSTMENT", &["adjustment_id=a1"]);
}

fn approve_adjustment() -> Kind {
    let adjustment_id = "a1".to_owned();
    Kind::ApproveAdjustment(v1::ApproveAdjustment { adjustment_id })
}

fn reject(reason: &str) -> Kind {
    Kind::RejectAdjustment(v1::RejectAdjustment {
        adjustment_id: "a1".to_owned(),
        reason: reason.to_owned(),
    })
}

fn adjustment_approved() -> CommissionPeriodEvent {
    let adjustment_id = id("a1");
    AdjustmentApproved { adjustment_id }.into()
}

fn adjustment_rejected() -> CommissionPeriodEvent {
    AdjustmentRejected {
        adjustment_id: id("a1"),
        reason: "no".to_owned(),
    }
    .into()
}

/// What Ann has proposed for Zoe.
fn proposal() -> Given<CommissionStatement> {
    given([proposed(None)]).knowing("zoe", &zoe())
}

#[test]
fn a_correction_is_approved_by_a_second_person_whom_it_does_not_concern() {
    let own = proposal().when(approve_adjustment());
    own.then_refused("SECOND_PERSON_NEEDED", &["actor=ann"]);
    for actor in ["zoe", "zoe@acme.example"] {
        let own = proposal().by(actor).when(approve_adjustment());
        own.then_refused("SELF_APPROVAL", &[&format!("actor={actor}")]);
    }
    let second = proposal().by("bob").when(approve_adjustment());
    let second = second.then([adjustment_approved()]).and();
    second
        .clone()
        .by("kim")
        .when(approve_adjustment())
        .then_nothing();
    second
        .when(reject("no"))
        .then_refused("ALREADY_APPROVED", &[]);
}

#[test]
fn what_is_rejected_is_not_approved() {
    let rejected = proposal().when(reject("no"));
    let rejected = rejected.then([adjustment_rejected()]).and();
    rejected.clone().when(reject("never")).then_nothing();
    let late = rejected.by("bob").when(approve_adjustment());
    late.then_refused("ALREADY_REJECTED", &[]);
}

#[test]
fn what_nobody_proposed_is_neither_approved_nor_rejected() {
    for command in [approve_adjustment(), reject("no")] {
        let none = nothing::<CommissionStatement>().when(command);
        none.then_refused("NOT_PROPOSED", &[]);
    }
}

#[test]
fn no_correction_takes_the_place_of_a_statement() {
    let called = statement_id(&id("field"), &id("zoe"), on(2, 1)).unwrap();
    assert_eq!(called.as_str(), STATEMENT);
    let stream = adjustment_stream(&id(STATEMENT));
    assert!(StatementId::new(&stream).is_err());
    let category = "commission_period";
    let longest = adjustment_stream(&id(&"x".repeat(64)));
    StreamName::new(category, &longest).unwrap();
}
