//! Given what was closed or proposed, when somebody asks, then.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{
    AdjustmentApproved, AdjustmentProposed, AdjustmentRejected, Attainment, Carried,
    CommissionPeriodEvent, Derivation, DisputeResolved, LineKind, LineOrigin, Statement,
    StatementApproved, StatementClosed, StatementDisputed, StatementLine, StatementPaid,
};
use event_schemas::commission_plan::ParticipantEnrolled;
use event_schemas::commission_plan::{CommissionPlanEvent, CommissionPlanPublished};
use event_schemas::rep::{RepEvent, RepRegistered};
use event_schemas::vocabulary::{Currency, Number};
use figures::commission::digest;
use figures::statement_id;
use proto::v1;
use proto::v1::command::Kind;
use rust_decimal::Decimal;

use super::{Command, CommissionStatement};
use crate::commission_plan::CommissionPlan;
use crate::given::{Given, Then, day, dollars, given, id, nothing, usd};
use crate::rep::Rep;

fn on(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, month, day).unwrap()
}

fn line(line_id: &str, amount_minor: i64) -> StatementLine {
    StatementLine {
        line_id: line_id.to_owned(),
        kind: LineKind::Commission,
        contract_id: None,
        contract_line_id: None,
        occurred_at: DateTime::<Utc>::default(),
        basis_minor: None,
        rates_percent: Vec::new(),
        amount_minor,
        origin: None,
        derivation: Derivation::default(),
    }
}

/// Zoe's statement of February, that pays two lines.
fn statement(first_minor: i64) -> Statement {
    Statement {
        plan_id: id("field"),
        plan_version: 1,
        rep_id: id("zoe"),
        from_on: on(2, 1),
        to_on: on(3, 1),
        currency: Currency::new("USD").unwrap(),
        lines: vec![line("one", first_minor), line("two", 5_050)],
        total_minor: first_minor + 5_050,
        attainment: Attainment {
            credited_minor: Number::from(Decimal::ZERO),
            quota_minor: None,
            percent: None,
        },
        tier: None,
        carried: Carried::default(),
    }
}

fn frozen(statement: Statement) -> StatementClosed {
    StatementClosed {
        statement_id: id("field~zoe~2017-02-01"),
        plan_id: statement.plan_id.clone(),
        plan_version: statement.plan_version,
        rep_id: statement.rep_id.clone(),
        from_on: statement.from_on,
        to_on: statement.to_on,
        at_position: 7,
        digest: digest(&statement).unwrap(),
        statement,
    }
}

fn closed() -> CommissionPeriodEvent {
    frozen(statement(10_000)).into()
}

fn close(given: Given<CommissionStatement>, new: StatementClosed) -> Then<CommissionStatement> {
    given.when_asked(Command::Close(Box::new(new)))
}

const STATEMENT: &str = "field~zoe~2017-02-01";

fn approve() -> Kind {
    let statement_id = STATEMENT.to_owned();
    Kind::ApproveStatement(v1::ApproveStatement { statement_id })
}

fn approved() -> CommissionPeriodEvent {
    StatementApproved {}.into()
}

fn pay(reference: &str) -> Kind {
    Kind::PayStatement(v1::PayStatement {
        statement_id: STATEMENT.to_owned(),
        payout_reference: reference.to_owned(),
        paid_on: on(3, 9).to_string(),
    })
}

fn paid(reference: &str) -> CommissionPeriodEvent {
    StatementPaid {
        payout_reference: reference.to_owned(),
        paid_on: on(3, 9),
    }
    .into()
}

fn dispute(reason: &str) -> Kind {
    Kind::DisputeStatement(v1::DisputeStatement {
        statement_id: STATEMENT.to_owned(),
        reason: reason.to_owned(),
    })
}

fn disputed(reason: &str) -> CommissionPeriodEvent {
    let reason = reason.to_owned();
    StatementDisputed { reason }.into()
}

fn resolve(resolution: &str) -> Kind {
    Kind::ResolveDispute(v1::ResolveDispute {
        statement_id: STATEMENT.to_owned(),
        resolution: resolution.to_owned(),
    })
}

fn resolved(resolution: &str) -> CommissionPeriodEvent {
    let resolution = resolution.to_owned();
    DisputeResolved { resolution }.into()
}

/// Zoe, whose token may bear her address.
fn zoe() -> Given<Rep> {
    given([RepEvent::from(RepRegistered {
        rep_id: id("zoe"),
        name: "Zoe".to_owned(),
        email: Some("zoe@acme.example".to_owned()),
    })])
}

/// The plan she takes part in.
fn plan() -> Given<CommissionPlan> {
    let terms = serde_json::json!({
        "currency": "USD", "statement_period": "MONTH", "timing": "SIGNING", "basis": "REVENUE",
        "rates": [{ "pays": { "PERCENT": "5" } }],
    });
    let published: CommissionPlanEvent = CommissionPlanPublished {
        plan_id: id("field"),
        version: 1,
        effective_from: on(1, 1),
        terms: serde_json::from_value(terms).unwrap(),
    }
    .into();
    let enrolled = ParticipantEnrolled {
        rep_id: id("zoe"),
        from_on: on(1, 1),
        to_on: None,
    };
    given([published, enrolled.into()])
}

/// What Ann has closed, and what happened since; Bob asks.
fn after(events: impl IntoIterator<Item = CommissionPeriodEvent>) -> Given<CommissionStatement> {
    let history = given([closed()]).and_on(2, events);
    history.knowing("zoe", &zoe()).by("bob")
}

#[test]
fn a_statement_is_closed_once() {
    let first = close(nothing(), frozen(statement(10_000)));
    let first = first.then([closed()]).and();
    // Calculated again from a longer log, it comes to the same.
    let again = StatementClosed {
        at_position: 9,
        ..frozen(statement(10_000))
    };
    close(first.clone(), again).then_nothing();
    let other = close(first, frozen(statement(10_001)));
    other.then_refused("ALREADY_CLOSED", &["statement_id=field~zoe~2017-02-01"]);
}

#[test]
fn a_statement_is_closed_after_its_period() {
    let march = Statement {
        from_on: on(3, 1),
        to_on: on(4, 1),
        ..statement(1)
    };
    let march = StatementClosed {
        statement_id: id("field~zoe~2017-03-01"),
        ..frozen(march)
    };
    let early = close(nothing().on(31), march);
    early.then_refused("PERIOD_NOT_OVER", &["to_on=2017-04-01"]);
    let first_of_march = close(nothing().on(1), frozen(statement(1)));
    first_of_march.then([frozen(statement(1)).into()]);
}

#[test]
fn what_is_closed_is_the_statement_that_it_says() {
    let good = || frozen(statement(10_000));
    let total = Statement {
        total_minor: 1,
        ..statement(10_000)
    };
    let overflow = Statement {
        lines: vec![line("one", i64::MAX), line("two", 1)],
        ..statement(10_000)
    };
    let empty = Statement {
        to_on: on(2, 1),
        ..statement(10_000)
    };
    for (wrong, field) in [
        (
            StatementClosed {
                digest: "0".repeat(64),
                ..good()
            },
            "digest",
        ),
        (
            StatementClosed {
                statement_id: id("other"),
                ..good()
            },
            "statement_id",
        ),
        (
            StatementClosed {
                plan_id: id("other"),
                ..good()
            },
            "plan_id",
        ),
        (
            StatementClosed {
                plan_version: 2,
                ..good()
            },
            "plan_version",
        ),
        (
            StatementClosed {
                rep_id: id("kim"),
                ..good()
            },
            "rep_id",
        ),
        (
            StatementClosed {
                from_on: on(1, 1),
                ..good()
            },
            "from_on",
        ),
        (
            StatementClosed {
                to_on: on(2, 28),
                ..good()
            },
            "to_on",
        ),
        (frozen(total), "total_minor"),
        (frozen(overflow), "total_minor"),
        (frozen(empty), "to_on"),
    ] {
        let refused = close(nothing(), wrong);
        refused.then_refused("NOT_THE_STATEMENT", &[&format!("field={field}")]);
    }
}

#[test]
fn only_what_is_closed_has_a_course() {
    let open = || nothing::<CommissionStatement>();
    for command in [approve(), pay("SEPA 7"), dispute("why"), resolve("so")] {
        open().when(command).then_refused("NOT_CLOSED", &[]);
    }
}

#[test]
fn nobody_approves_what_they_are_paid_or_have_closed() {
    after([])
        .when(approve())
        .then([approved()])
        .and()
        .when(approve())
        .then_nothing();
    for actor in ["zoe", "zoe@acme.example", "Zoe@Acme.example", "ann"] {
        let own = after([]).by(actor).when(approve());
        own.then_refused("SELF_APPROVAL", &[&format!("actor={actor}")]);
    }
}

#[test]
fn what_is_approved_is_paid_once() {
    after([])
        .when(pay("SEPA 7"))
        .then_refused("NOT_APPROVED", &[]);
    let once = after([approved()]).when(pay("SEPA 7"));
    let once = once.then([paid("SEPA 7")]).and();
    once.clone().when(pay("SEPA 7")).then_nothing();
    let facts = &["paid_on=2017-03-09", "payout_reference=SEPA 7"];
    once.when(pay("SEPA 8")).then_refused("ALREADY_PAID", facts);
}

#[test]
fn what_is_disputed_is_neither_approved_nor_paid_until_that_is_resolved() {
    let open = after([disputed("why")]);
    open.clone().when(approve()).then_refused("DISPUTED", &[]);
    open.clone().when(dispute("why")).then_nothing();
    open.clone()
        .when(dispute("another"))
        .then_refused("ALREADY_DISPUTED", &[]);
    let over = open.when(resolve("so")).then([resolved("so")]).and();
    over.clone().when(resolve("so")).then_nothing();
    over.clone()
        .when(resolve("else"))
        .then_refused("NOT_DISPUTED", &[]);
    over.clone().when(approve()).then([approved()]);
    over.when(dispute("why")).then([disputed("why")]);
    after([])
        .when(resolve("so"))
        .then_refused("NOT_DISPUTED", &[]);

    let approved_before = after([approved(), disputed("why")]);
    approved_before
        .clone()
        .when(pay("SEPA 7"))
        .then_refused("DISPUTED", &[]);
    let over = approved_before.when(resolve("so")).and();
    over.when(pay("SEPA 7")).then([paid("SEPA 7")]);
    let paid_before = after([approved(), paid("SEPA 7")]);
    paid_before.when(dispute("why")).then([disputed("why")]);
}

#[test]
fn a_course_is_told_in_order() {
    let later = given([closed()]).and_on(8, [approved()]).by("bob");
    let facts = &["after=2017-03-08T09:00:00Z"];
    later
        .clone()
        .on(7)
        .when(pay("SEPA 7"))
        .then_refused("OUT_OF_ORDER", facts);
    let skewed = later
        .at(day(8) - chrono::TimeDelta::minutes(1))
        .when(pay("SEPA 7"));
    skewed.then([paid("SEPA 7")]).and_occurred(day(8));
}

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
    let stream = super::adjustment_stream(&id(STATEMENT));
    assert!(event_schemas::vocabulary::StatementId::new(&stream).is_err());
    let category = "commission_period";
    let longest = super::adjustment_stream(&id(&"x".repeat(64)));
    event_schemas::vocabulary::StreamName::new(category, &longest).unwrap();
}
