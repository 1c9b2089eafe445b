//! Given what was published and who was enrolled, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

use chrono::NaiveDate;
use event_schemas::commission_plan::{
    Basis, CommissionPlanEvent, CommissionPlanPublished, CreditRules, ParticipantEnrolled,
    ParticipantWithdrawn, Pay, Period, Proration, Rate, Terms, Timing,
};
use event_schemas::rep::{RepEvent, RepRegistered};
use event_schemas::vocabulary::{Currency, Number};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::CommissionPlan;
use crate::given::{Given, given, id, live, nothing};
use crate::rep::Rep;

/// A day of a month of 2017; from 13 on, of the year after.
fn on(month: u32, day: u32) -> NaiveDate {
    let (year, month) = if month > 12 {
        (2018, month - 12)
    } else {
        (2017, month)
    };
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn terms(percent: u32) -> Terms {
    Terms {
        currency: Currency::new("USD").unwrap(),
        statement_period: Period::Month,
        timing: Timing::Signing,
        basis: Basis::Revenue,
        credit: CreditRules::default(),
        rates: vec![Rate {
            product_id: None,
            product_category: None,
            revenue_type: None,
            pays: Pay::Percent(Number::parse(&percent.to_string()).unwrap()),
        }],
        tiers: None,
        discounts: Vec::new(),
        spifs: Vec::new(),
        overrides: Vec::new(),
        floor: None,
        cap: None,
        guarantee_minor: None,
        holdback: None,
        clawback: None,
        draw: None,
        quota_proration: Proration::Days,
    }
}

fn published(version: u32, effective_from: NaiveDate, percent: u32) -> CommissionPlanEvent {
    CommissionPlanPublished {
        plan_id: id("field"),
        version,
        effective_from,
        terms: Box::new(terms(percent)),
    }
    .into()
}

fn said(percent: u32) -> v1::CommissionTerms {
    v1::CommissionTerms {
        currency_code: "USD".to_owned(),
        statement_period: v1::CommissionPeriod::Month.into(),
        timing: v1::CommissionTiming::Signing.into(),
        basis: v1::CommissionBasis::Revenue.into(),
        rates: vec![v1::CommissionRate {
            pays: Some(v1::commission_rate::Pays::Percent(percent.to_string())),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn publish_terms(effective_from: NaiveDate, terms: v1::CommissionTerms) -> Kind {
    Kind::PublishCommissionPlan(v1::PublishCommissionPlan {
        commission_plan_id: "field".to_owned(),
        effective_from: effective_from.to_string(),
        terms: Some(terms),
    })
}

fn publish(effective_from: NaiveDate, percent: u32) -> Kind {
    publish_terms(effective_from, said(percent))
}

fn enrolled(from_on: NaiveDate, to_on: Option<NaiveDate>) -> CommissionPlanEvent {
    let rep_id = id("zoe");
    ParticipantEnrolled {
        rep_id,
        from_on,
        to_on,
    }
    .into()
}

fn enroll(rep: &str, from_on: NaiveDate, to_on: Option<NaiveDate>) -> Kind {
    Kind::EnrollParticipant(v1::EnrollParticipant {
        commission_plan_id: "field".to_owned(),
        rep_id: rep.to_owned(),
        from_on: from_on.to_string(),
        to_on: to_on.map(|to_on| to_on.to_string()).unwrap_or_default(),
    })
}

fn withdrawn(from_on: NaiveDate, to_on: NaiveDate) -> CommissionPlanEvent {
    let rep_id = id("zoe");
    ParticipantWithdrawn {
        rep_id,
        from_on,
        to_on,
    }
    .into()
}

fn withdraw(rep: &str, to_on: NaiveDate) -> Kind {
    Kind::WithdrawParticipant(v1::WithdrawParticipant {
        commission_plan_id: "field".to_owned(),
        rep_id: rep.to_owned(),
        to_on: to_on.to_string(),
    })
}

/// A plan, and two reps who could take part in it.
fn plan() -> Given<CommissionPlan> {
    let rep = |name: &str| -> Given<Rep> {
        given([RepEvent::from(RepRegistered {
            rep_id: id(name),
            name: name.to_owned(),
            email: None,
        })])
    };
    given([published(1, on(1, 1), 5)])
        .knowing("zoe", &rep("zoe"))
        .knowing("bob", &rep("bob"))
}

#[test]
fn versions_are_numbered_in_the_order_of_their_days() {
    let first = nothing::<CommissionPlan>().when(publish(on(1, 1), 5));
    let first = first.then([published(1, on(1, 1), 5)]).and();
    let second = first.when(publish(on(7, 1), 6));
    let second = second.then([published(2, on(7, 1), 6)]).and();
    let third = second.when(publish(on(7, 2), 5));
    third.then([published(3, on(7, 2), 5)]);
}

#[test]
fn what_is_published_again_is_published_already() {
    let two = plan().and_on(2, [published(2, on(7, 1), 6)]);
    two.clone().when(publish(on(7, 1), 6)).then_nothing();
    two.when(publish(on(1, 1), 5)).then_nothing();
}

#[test]
fn a_version_holds_from_a_later_day_than_the_one_before() {
    let facts = &["effective_from=2017-01-01", "version=1"];
    for earlier in [on(1, 1), NaiveDate::from_ymd_opt(2016, 12, 31).unwrap()] {
        let late = plan().when(publish(earlier, 6));
        late.then_refused("NOT_LATER", facts);
    }
}

#[test]
fn a_version_keeps_currency_and_statement_period() {
    let other = v1::CommissionTerms {
        currency_code: "EUR".to_owned(),
        statement_period: v1::CommissionPeriod::Quarter.into(),
        ..said(5)
    };
    let violations = "violations=[\"currency: a version keeps the currency of the plan\",\
        \"statement_period: a version keeps the statement period of the plan\"]";
    let refused = plan().when(publish_terms(on(7, 1), other));
    refused.then_refused("NOT_A_SUCCESSOR", &[violations]);
}

#[test]
fn a_rep_takes_part_once_at_a_time() {
    let one = plan().when(enroll("zoe", on(2, 1), Some(on(5, 1))));
    let one = one.then([enrolled(on(2, 1), Some(on(5, 1)))]).and();
    let facts = &["from_on=2017-02-01", "to_on=2017-05-01"];
    for (from_on, to_on) in [
        (on(1, 1), None),
        (on(4, 30), Some(on(6, 1))),
        (on(1, 1), Some(on(2, 2))),
        (on(3, 1), Some(on(4, 1))),
    ] {
        let twice = one.clone().when(enroll("zoe", from_on, to_on));
        twice.then_refused("OVERLAPPING_PARTICIPATION", facts);
    }
    one.clone()
        .when(enroll("zoe", on(5, 1), None))
        .then([enrolled(on(5, 1), None)]);
    let before = one.clone().when(enroll("zoe", on(1, 1), Some(on(2, 1))));
    before.then([enrolled(on(1, 1), Some(on(2, 1)))]);
    let open = plan().and_on(2, [enrolled(on(2, 1), None)]);
    let twice = open.when(enroll("zoe", on(9, 1), None));
    twice.then_refused("OVERLAPPING_PARTICIPATION", &["from_on=2017-02-01"]);
    let other = one.when(enroll("bob", on(3, 1), None)).and().state();
    assert!(other.has_participant(&id("bob")) && !other.has_participant(&id("ann")));
}

#[test]
fn only_a_registered_rep_takes_part_in_a_published_plan() {
    let nobody = plan().when(enroll("kim", on(2, 1), None));
    nobody.then_refused("UNKNOWN_REP", &["rep_id=kim"]);
    let none = nothing::<CommissionPlan>().when(enroll("zoe", on(2, 1), None));
    none.then_refused("NOT_PUBLISHED", &[]);
    let none = nothing::<CommissionPlan>().when(withdraw("zoe", on(2, 1)));
    none.then_refused("NOT_PUBLISHED", &[]);
    let empty = plan().when(enroll("zoe", on(2, 1), Some(on(2, 1))));
    empty.then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
}

#[test]
fn the_participation_that_holds_on_the_last_day_ends_with_it() {
    let spans = [enrolled(on(1, 1), Some(on(3, 1))), enrolled(on(3, 1), None)];
    let two = plan().and_on(2, spans);
    let first = two.clone().when(withdraw("zoe", on(2, 1)));
    first.then([withdrawn(on(1, 1), on(2, 1))]);
    two.clone().when(withdraw("zoe", on(3, 1))).then_nothing();
    let second = two.clone().when(withdraw("zoe", on(6, 1)));
    let second = second.then([withdrawn(on(3, 1), on(6, 1))]).and();
    let none = &["rep_id=zoe"];
    second
        .clone()
        .when(withdraw("zoe", on(7, 1)))
        .then_refused("NOT_A_PARTICIPANT", none);
    second
        .clone()
        .when(withdraw("zoe", on(1, 1)))
        .then_refused("NOT_A_PARTICIPANT", none);
    second
        .clone()
        .when(withdraw("bob", on(2, 1)))
        .then_refused("NOT_A_PARTICIPANT", &["rep_id=bob"]);
    // What was enrolled before is not enrolled again, and from then on there is room.
    second
        .clone()
        .when(enroll("zoe", on(3, 1), None))
        .then_nothing();
    second
        .when(enroll("zoe", on(6, 1), None))
        .then([enrolled(on(6, 1), None)]);
}

/// Anything that can be asked of a plan.
fn any_command() -> impl Strategy<Value = Kind> {
    let day = || (1..=14_u32, 1..=28_u32).prop_map(|(month, day)| on(month, day));
    prop_oneof![
        (day(), 1..4_u32).prop_map(|(from, percent)| publish(from, percent)),
        ("zoe|bob", day(), prop::option::of(day()))
            .prop_map(|(rep, from, to)| enroll(&rep, from, to)),
        ("zoe|bob", day()).prop_map(|(rep, to)| withdraw(&rep, to)),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_versions_follow_each_other_and_nobody_takes_part_twice(
        commands in prop::collection::vec((0..10_000_i64, any_command()), 1..30),
    ) {
        let state = live(plan(), commands).state();
        let CommissionPlan::Published { latest, earlier, participations } = state else {
            panic!("it was published")
        };
        let versions: Vec<_> = earlier.iter().chain([&*latest]).collect();
        for (version, number) in versions.iter().zip(1..) {
            prop_assert_eq!(version.version, number);
        }
        for pair in versions.windows(2) {
            prop_assert!(pair[0].effective_from < pair[1].effective_from);
        }
        for (at, one) in participations.iter().enumerate() {
            prop_assert!(one.to_on.is_none_or(|to_on| one.from_on < to_on));
            for other in participations.iter().skip(at + 1) {
                let apart = one.to_on.is_some_and(|end| end <= other.from_on)
                    || other.to_on.is_some_and(|end| end <= one.from_on);
                prop_assert!(one.rep_id != other.rep_id || apart);
            }
        }
    }
}
