//! Given facts, then the course.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::type_complexity,
    reason = "a test that cannot go on has failed"
)]

use chrono::TimeZone as _;
use event_schemas::opportunity::{
    LeadAssigned, OpportunityLost, OpportunityRegistered, OpportunityReopened, OpportunityWon,
    StageAdvanced, SteppedBack,
};
use event_schemas::vocabulary::{Currency, OpportunityId};
use proptest::prelude::*;

use super::*;

fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 3, day, 0, 0, 0).unwrap()
}

fn stage(id: &str) -> StageId {
    StageId::new(id).unwrap()
}

fn dollars(amount: i64) -> Money {
    Money {
        currency: Currency::new("USD").unwrap(),
        amount_minor: amount * 100,
    }
}

fn registered() -> OpportunityEvent {
    OpportunityEvent::OpportunityRegistered(OpportunityRegistered {
        opportunity_id: OpportunityId::new("o-1").unwrap(),
        name: "First".into(),
        kind: OpportunityKind::New,
        sales_process_id: SalesProcessId::new("p").unwrap(),
        stage_id: stage("lead"),
        rep_id: None,
        customer_id: None,
        product_ids: ["b", "a", "b"]
            .map(|id| ProductId::new(id).unwrap())
            .to_vec(),
        amount: Some(dollars(10)),
        expected_close_on: None,
        source: None,
        email: None,
        phone: None,
        external_id: None,
    })
}

fn advanced(to: &str) -> OpportunityEvent {
    let (from_stage_id, to_stage_id) = (stage("lead"), stage(to));
    OpportunityEvent::StageAdvanced(StageAdvanced {
        from_stage_id,
        to_stage_id,
        note: None,
    })
}

fn stepped_back(to: &str) -> OpportunityEvent {
    let (from_stage_id, to_stage_id) = (stage("offer"), stage(to));
    OpportunityEvent::SteppedBack(SteppedBack {
        from_stage_id,
        to_stage_id,
        reason: None,
    })
}

fn won(amount: Option<Money>) -> OpportunityEvent {
    OpportunityEvent::OpportunityWon(OpportunityWon {
        stage_id: stage("offer"),
        amount,
    })
}

fn lost() -> OpportunityEvent {
    OpportunityEvent::OpportunityLost(OpportunityLost {
        stage_id: stage("offer"),
        reason: "price".into(),
        note: None,
        competitor: None,
    })
}

fn reopened(to: &str) -> OpportunityEvent {
    OpportunityEvent::OpportunityReopened(OpportunityReopened {
        stage_id: stage(to),
        reason: None,
    })
}

fn course(facts: &[(u32, OpportunityEvent)]) -> Timeline {
    Timeline::of(facts.iter().map(|(on, event)| (day(*on), event))).unwrap()
}

fn stays(timeline: &Timeline) -> Vec<(&str, DateTime<Utc>, Option<DateTime<Utc>>)> {
    timeline
        .visits
        .iter()
        .map(|v| (v.stage_id.as_str(), v.entered_at, v.left_at))
        .collect()
}

#[test]
fn before_it_is_registered_there_is_none() {
    assert_eq!(Timeline::of([(day(1), &advanced("offer"))]), None);
}

#[test]
fn each_stay_ends_where_the_next_begins_and_the_last_when_it_is_won() {
    let facts = [
        (1, registered()),
        (3, advanced("offer")),
        (4, stepped_back("lead")),
        (9, won(None)),
    ];
    let timeline = course(&facts);
    let expected = [
        ("lead", day(1), Some(day(3))),
        ("offer", day(3), Some(day(4))),
        ("lead", day(4), Some(day(9))),
    ];
    assert_eq!(stays(&timeline), expected);
    assert_eq!(
        (timeline.outcome, timeline.closed_at),
        (Outcome::Won, Some(day(9)))
    );
    assert_eq!(timeline.amount, Some(dollars(10)));
    let ids: Vec<&str> = timeline.product_ids.iter().map(ProductId::as_str).collect();
    assert_eq!(ids, ["a", "b"], "each product once");
}

#[test]
fn it_is_worth_what_it_was_won_at() {
    let timeline = course(&[(1, registered()), (2, won(Some(dollars(12))))]);
    assert_eq!(timeline.amount, Some(dollars(12)));
}

#[test]
fn a_reopened_one_is_open_and_what_it_did_while_closed_is_no_stay() {
    let facts = [
        (1, registered()),
        (3, lost()),
        (4, advanced("offer")),
        (7, reopened("lead")),
    ];
    let timeline = course(&facts);
    assert_eq!(
        stays(&timeline),
        [("lead", day(1), Some(day(3))), ("lead", day(7), None)]
    );
    assert_eq!(
        (timeline.outcome, timeline.closed_at),
        (Outcome::Open, None)
    );
    assert_eq!(timeline.current().unwrap().entered_at, day(7));
}

#[test]
fn what_is_said_of_a_time_before_the_registration_counts_from_it() {
    let assigned = OpportunityEvent::LeadAssigned(LeadAssigned {
        rep_id: RepId::new("ada").unwrap(),
        previous_rep_id: None,
        reason: None,
    });
    let timeline = course(&[(1, assigned), (2, advanced("offer")), (5, registered())]);
    assert_eq!(timeline.rep_id, Some(RepId::new("ada").unwrap()));
    assert_eq!(
        stays(&timeline),
        [("lead", day(5), Some(day(5))), ("offer", day(5), None)]
    );
}

proptest! {
    #[test]
    fn whatever_happens_stays_follow_one_another(
        mut facts in prop::collection::vec((2u32..20, 0usize..6), 0..25)
    ) {
        facts.sort_unstable_by_key(|(on, _)| *on);
        let all = [advanced("offer"), stepped_back("lead"), won(None), lost(), reopened("lead"), advanced("close")];
        let mut told = vec![(1, registered())];
        told.extend(facts.into_iter().map(|(on, which)| (on, all[which].clone())));
        let timeline = course(&told);
        prop_assert_eq!(timeline.closed_at.is_some(), timeline.outcome != Outcome::Open);
        for pair in timeline.visits.windows(2) {
            prop_assert!(pair[0].left_at.is_some_and(|left| left <= pair[1].entered_at));
        }
        for visit in &timeline.visits {
            prop_assert!(visit.left_at.is_none_or(|left| left >= visit.entered_at));
        }
        let last = timeline.current().unwrap();
        prop_assert_eq!(last.left_at, timeline.closed_at);
    }
}
