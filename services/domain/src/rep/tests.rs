//! Given what happened, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use event_schemas::rep::{
    QuotaSet, RepDeactivated, RepEvent, RepRegistered, TeamJoined, TeamLeft, TerritoryAssigned,
};
use event_schemas::team::{TeamEvent, TeamFormed};
use event_schemas::vocabulary::BasisPoints;
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::Rep;
use crate::given::{Given, day, dollars, given, id, live, nothing, told, usd};
use crate::team::Team;

fn registered() -> RepEvent {
    RepRegistered {
        rep_id: id("ann"),
        name: "Ann".to_owned(),
        email: Some("ann@acme.example".to_owned()),
    }
    .into()
}

fn deactivated() -> RepEvent {
    RepDeactivated { reason: None }.into()
}

fn joined(team: &str, from: u32, to: Option<u32>) -> RepEvent {
    TeamJoined {
        team_id: id(team),
        from_at: day(from),
        to_at: to.map(day),
    }
    .into()
}

fn left(team: &str, from: u32, to: u32) -> RepEvent {
    TeamLeft {
        team_id: id(team),
        from_at: day(from),
        to_at: day(to),
    }
    .into()
}

fn register(name: &str) -> Kind {
    Kind::RegisterRep(v1::RegisterRep {
        rep_id: "ann".to_owned(),
        name: name.to_owned(),
        email: " Ann@Acme.example".to_owned(),
    })
}

fn deactivate() -> Kind {
    Kind::DeactivateRep(v1::DeactivateRep {
        rep_id: "ann".to_owned(),
        reason: String::new(),
    })
}

fn join(team: &str, from: Option<u32>, to: Option<u32>) -> Kind {
    Kind::JoinTeam(v1::JoinTeam {
        rep_id: "ann".to_owned(),
        team_id: team.to_owned(),
        from: from.and_then(|from| told(day(from))),
        to: to.and_then(|to| told(day(to))),
    })
}

fn leave(at: Option<u32>) -> Kind {
    Kind::LeaveTeam(v1::LeaveTeam {
        rep_id: "ann".to_owned(),
        at: at.and_then(|at| told(day(at))),
    })
}

fn team(name: &str) -> Given<Team> {
    given([TeamEvent::TeamFormed(TeamFormed {
        team_id: id(name),
        name: name.to_owned(),
        region: None,
        manager_id: None,
    })])
}

/// With the teams there are.
fn with_teams(rep: Given<Rep>) -> Given<Rep> {
    rep.knowing("east", &team("east"))
        .knowing("west", &team("west"))
}

fn ann() -> Given<Rep> {
    with_teams(given([registered()]))
}

#[test]
fn a_rep_is_registered_once_and_has_the_address_alone() {
    let new = nothing::<Rep>().when(register("Ann")).then([registered()]);
    new.and_claims(&["+rep.email ann@acme.example"]);
    ann().when(register("Ann")).then_nothing().and_claims(&[]);
    let renamed = ann().when(register("Anna"));
    renamed.then_refused("ALREADY_REGISTERED", &["rep_id=ann"]);
}

#[test]
fn only_who_is_registered_is_worked_with() {
    for command in [deactivate(), join("east", None, None), leave(None)] {
        with_teams(nothing())
            .when(command)
            .then_refused("NOT_REGISTERED", &[]);
    }
}

#[test]
fn a_rep_stops_selling_once() {
    let stopped = ann()
        .when(deactivate())
        .then([deactivated()])
        .and_claims(&[]);
    stopped.and().on(12).when(deactivate()).then_nothing();
}

#[test]
fn who_sells_no_more_joins_no_team_from_then_on() {
    let stopped = ann().and_on(6, [deactivated()]);
    stopped
        .clone()
        .when(join("east", None, None))
        .then_refused("INACTIVE", &[]);
    stopped
        .clone()
        .when(join("east", Some(6), None))
        .then_refused("INACTIVE", &[]);
    let before = stopped.when(join("east", Some(5), Some(6)));
    before.then([joined("east", 5, Some(6))]);
}

#[test]
fn a_rep_sells_until_the_earliest_day_on_which_it_is_told_they_stopped() {
    let stopped = ann().and_on(6, [deactivated()]).on(4).when(deactivate());
    let state = stopped.then([deactivated()]).and().state();
    assert!(state.is_active_at(day(3)));
    assert!(!state.is_active_at(day(4)));
}

#[test]
fn a_membership_begins_when_it_is_said_or_when_the_command_occurred() {
    ann()
        .when(join("east", Some(3), Some(9)))
        .then([joined("east", 3, Some(9))]);
    ann()
        .when(join("east", None, None))
        .then([joined("east", 10, None)]);
}

#[test]
fn a_team_is_one_that_was_formed() {
    let north = ann().when(join("north", None, None));
    north.then_refused("UNKNOWN_TEAM", &["team_id=north"]);
}

#[test]
fn a_rep_is_in_one_team_at_a_time() {
    let east = ann().and_on(3, [joined("east", 3, Some(9))]);
    let inside = east.clone().when(join("west", Some(4), Some(5)));
    inside.then_refused("OVERLAPPING_MEMBERSHIP", &["team_id=east"]);
    let around = east.clone().when(join("west", Some(2), None));
    around.then_refused("OVERLAPPING_MEMBERSHIP", &["team_id=east"]);
    let before = east.clone().when(join("west", Some(1), Some(3)));
    before.then([joined("west", 1, Some(3))]);
    east.when(join("west", Some(9), None))
        .then([joined("west", 9, None)]);
}

#[test]
fn a_membership_ends_after_it_begins() {
    for to in [2, 3] {
        let empty = ann().when(join("east", Some(3), Some(to)));
        empty.then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
    }
    let east = ann().and_on(3, [joined("east", 3, None)]);
    east.when(leave(Some(3)))
        .then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
}

#[test]
fn who_is_in_a_team_leaves_it() {
    let east = ann().and_on(3, [joined("east", 3, None)]);
    let left_east = east
        .clone()
        .when(leave(None))
        .then([left("east", 3, 10)])
        .and();
    left_east.on(11).when(leave(Some(10))).then_nothing();
    let sooner = east
        .and_on(10, [left("east", 3, 10)])
        .on(12)
        .when(leave(Some(8)));
    sooner.then([left("east", 3, 8)]);
}

#[test]
fn only_who_is_in_a_team_leaves_it() {
    ann().when(leave(None)).then_refused("NOT_A_MEMBER", &[]);
    let past = ann().and_on(3, [joined("east", 3, Some(9))]);
    past.when(leave(None)).then_refused("NOT_A_MEMBER", &[]);
}

#[test]
fn the_membership_that_holds_is_left_and_not_one_that_ended_at_the_instant() {
    let moved = ann()
        .and_on(3, [joined("east", 3, Some(9))])
        .and_on(9, [joined("west", 9, None)]);
    moved
        .clone()
        .when(leave(Some(9)))
        .then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
    moved.when(leave(Some(10))).then([left("west", 9, 10)]);
}

#[test]
fn a_leaving_told_late_stands_before_what_was_told_after_it() {
    let east = ann()
        .and_on(3, [joined("east", 3, None)])
        .and_on(8, [left("east", 3, 8)]);
    let late = east
        .on(5)
        .when(leave(None))
        .then([left("east", 3, 5)])
        .and();
    let Rep::Known { memberships, .. } = late.state() else {
        panic!("she is registered")
    };
    assert_eq!(memberships.first().unwrap().to_at(), Some(day(8)));
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_rep_ends_well(asked in prop::collection::vec(any_command(), 0..25)) {
        let history = live(with_teams(nothing()), asked);
        if let Rep::Known { memberships, .. } = history.state() {
            for (at, one) in memberships.iter().enumerate() {
                for other in memberships.iter().skip(at + 1) {
                    let apart = one.to_at().is_some_and(|to| to <= other.from_at)
                        || other.to_at().is_some_and(|to| to <= one.from_at);
                    prop_assert!(apart, "{:?} overlaps {:?}", one, other);
                }
            }
        }
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let days = || prop::option::of(1..8u32);
    let command = prop_oneof![
        2 => prop::sample::select(vec!["Ann", "Anna"]).prop_map(register),
        1 => Just(deactivate()),
        5 => (prop::sample::select(vec!["east", "west", "north"]), days(), days())
            .prop_map(|(team, from, to)| join(team, from, to)),
        4 => days().prop_map(leave),
    ];
    (0..7 * 24 * 60i64, command)
}

fn set_quota(from_on: &str, to_on: &str, amount: u32, weights: &[u32]) -> Kind {
    Kind::SetQuota(v1::SetQuota {
        rep_id: "ann".to_owned(),
        from_on: from_on.to_owned(),
        to_on: to_on.to_owned(),
        amount: dollars(amount),
        weights_basis_points: weights.to_vec(),
    })
}

fn quota(amount: i64, weights: &[u32]) -> RepEvent {
    QuotaSet {
        from_on: "2017-01-01".parse().unwrap(),
        to_on: "2018-01-01".parse().unwrap(),
        amount: usd(amount),
        weights: weights.iter().copied().map(BasisPoints).collect(),
    }
    .into()
}

fn quota_of(amount: u32) -> Kind {
    set_quota("2017-01-01", "2018-01-01", amount, &[])
}

#[test]
fn a_quota_is_set_and_the_last_word_counts() {
    let first = given([registered()])
        .when(quota_of(100))
        .then([quota(100, &[])])
        .and();
    first.clone().on(11).when(quota_of(100)).then_nothing();
    let second = first
        .on(12)
        .when(quota_of(120))
        .then([quota(120, &[])])
        .and();
    // Told late, it was what was told first.
    second.clone().on(11).when(quota_of(100)).then_nothing();
    second.on(13).when(quota_of(100)).then([quota(100, &[])]);
}

#[test]
fn a_rep_has_one_quota_at_a_time() {
    let year = given([registered()]).and_on(2, [quota(100, &[])]);
    let quarter = year
        .clone()
        .when(set_quota("2017-12-31", "2018-03-01", 1, &[]));
    let facts = ["from_on=2017-01-01", "to_on=2018-01-01"];
    quarter.then_refused("OVERLAPPING_QUOTA", &facts);
    let next = year.when(set_quota("2018-01-01", "2019-01-01", 1, &[]));
    assert!(matches!(next.and().state(), Rep::Known { quotas, .. } if quotas.len() == 2));
}

#[test]
fn a_quota_has_a_span_weights_that_make_it_up_and_a_rep_who_sells() {
    let ann = given([registered()]);
    let weights = [2_000, 2_500, 2_500, 3_000];
    let year = |weights: &[u32]| set_quota("2017-01-01", "2018-01-01", 100, weights);
    ann.clone()
        .when(year(&weights))
        .then([quota(100, &weights)]);
    let less = ann.clone().when(year(&weights[1..]));
    less.then_refused("WEIGHTS_NOT_WHOLE", &["total_basis_points=8000"]);
    let none = ann
        .clone()
        .when(set_quota("2017-01-01", "2017-01-01", 100, &[]));
    none.then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
    ann.and_on(5, [deactivated()])
        .when(quota_of(1))
        .then_refused("INACTIVE", &[]);
    nothing::<Rep>()
        .when(quota_of(1))
        .then_refused("NOT_REGISTERED", &[]);
}

#[test]
fn a_territory_is_given_to_who_sells_when_it_begins() {
    let assign = |from: u32, to: Option<u32>| {
        Kind::AssignTerritory(v1::AssignTerritory {
            rep_id: "ann".to_owned(),
            territory: "Midwest".to_owned(),
            from: told(day(from)),
            to: to.and_then(|to| told(day(to))),
        })
    };
    let assigned = |from: u32, to: Option<u32>| {
        TerritoryAssigned {
            territory: "Midwest".to_owned(),
            from_at: day(from),
            to_at: to.map(day),
        }
        .into()
    };
    let ann = given([registered()]);
    ann.clone()
        .when(assign(3, Some(9)))
        .then([assigned(3, Some(9))]);
    ann.clone()
        .when(assign(9, Some(9)))
        .then_refused("ENDS_BEFORE_IT_BEGINS", &[]);
    let gone = ann.and_on(5, [deactivated()]);
    gone.clone()
        .when(assign(5, None))
        .then_refused("INACTIVE", &[]);
    gone.when(assign(4, None)).then([assigned(4, None)]);
}
