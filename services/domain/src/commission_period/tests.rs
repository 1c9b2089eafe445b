//! Given what was closed, when somebody asks, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

mod adjustments;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{
    Attainment, Carried, CommissionPeriodEvent, Derivation, DisputeResolved, LineKind, Statement,
    StatementApproved, StatementClosed, StatementDisputed, StatementLine, StatementPaid,
};
use event_schemas::commission_plan::ParticipantEnrolled;
use event_schemas::commission_plan::{CommissionPlanEvent, CommissionPlanPublished};
use event_schemas::rep::{RepEvent, RepRegistered};
use event_schemas::vocabulary::{Currency, Number};
use figures::commission::digest;
use proto::v1;
use proto::v1::command::Kind;
use rust_decimal::Decimal;

use super::{Command, CommissionStatement};
use crate::commission_plan::CommissionPlan;
use crate::given::{Given, Then, day, given, id, nothing};
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
        statement: Box::new(statement),
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
    let early = Kind::PayStatement(v1::PayStatement {
        statement_id: STATEMENT.to_owned(),
        payout_reference: "SEPA 7".to_owned(),
        paid_on: on(2, 28).to_string(),
    });
    let refused = after([approved()]).when(early);
    refused.then_refused("PAID_BEFORE_PERIOD_END", &["to_on=2017-03-01"]);
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
