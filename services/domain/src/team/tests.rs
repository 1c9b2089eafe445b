//! Given what happened, when asked, then.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

use event_schemas::rep::{RepEvent, RepRegistered};
use event_schemas::team::{ManagerAppointed, RegionMoved, TeamEvent, TeamFormed};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::Team;
use crate::given::{Given, day, given, id, live, nothing, told};
use crate::rep::Rep;

fn formed() -> TeamEvent {
    TeamFormed {
        team_id: id("east"),
        name: "East".to_owned(),
        region: Some("Ohio".to_owned()),
        manager_id: Some(id("dustin")),
    }
    .into()
}

fn appointed(manager: &str, from: u32) -> TeamEvent {
    ManagerAppointed {
        manager_id: id(manager),
        from_at: day(from),
    }
    .into()
}

fn moved(region: &str, from: u32) -> TeamEvent {
    RegionMoved {
        region: region.to_owned(),
        from_at: day(from),
    }
    .into()
}

fn form(name: &str) -> Kind {
    Kind::FormTeam(v1::FormTeam {
        team_id: "east".to_owned(),
        name: name.to_owned(),
        region: "Ohio".to_owned(),
        manager_id: "dustin".to_owned(),
    })
}

fn appoint(manager: &str, from: Option<u32>) -> Kind {
    Kind::AppointManager(v1::AppointManager {
        team_id: "east".to_owned(),
        manager_id: manager.to_owned(),
        from: from.and_then(|from| told(day(from))),
    })
}

fn move_to(region: &str, from: Option<u32>) -> Kind {
    Kind::MoveRegion(v1::MoveRegion {
        team_id: "east".to_owned(),
        region: region.to_owned(),
        from: from.and_then(|from| told(day(from))),
    })
}

fn rep(name: &str) -> Given<Rep> {
    given([RepEvent::RepRegistered(RepRegistered {
        rep_id: id(name),
        name: name.to_owned(),
        email: None,
    })])
}

/// With the reps that may lead it.
fn with_reps(team: Given<Team>) -> Given<Team> {
    let dustin = team.knowing("dustin", &rep("dustin"));
    dustin.knowing("melvin", &rep("melvin"))
}

#[test]
fn a_team_is_formed_once() {
    with_reps(nothing()).when(form("East")).then([formed()]);
    with_reps(given([formed()]))
        .when(form("East"))
        .then_nothing();
    let renamed = with_reps(given([formed()])).when(form("Far East"));
    renamed.then_refused("ALREADY_FORMED", &["team_id=east"]);
}

#[test]
fn only_what_is_formed_changes() {
    let none = with_reps(nothing());
    none.clone()
        .when(appoint("melvin", None))
        .then_refused("NOT_FORMED", &[]);
    none.when(move_to("Utah", None))
        .then_refused("NOT_FORMED", &[]);
}

#[test]
fn a_manager_is_a_rep() {
    let unknown = "manager_id=dustin";
    nothing::<Team>()
        .when(form("East"))
        .then_refused("UNKNOWN_MANAGER", &[unknown]);
    let stranger = with_reps(given([formed()])).when(appoint("cara", None));
    stranger.then_refused("UNKNOWN_MANAGER", &["manager_id=cara"]);
}

#[test]
fn a_manager_leads_from_when_it_is_said_or_from_when_the_command_occurred() {
    let team = with_reps(given([formed()]));
    team.clone()
        .when(appoint("melvin", Some(20)))
        .then([appointed("melvin", 20)]);
    team.when(appoint("melvin", None))
        .then([appointed("melvin", 10)]);
}

#[test]
fn a_manager_may_be_corrected_and_corrected_back() {
    let team = with_reps(given([formed()])).and_on(2, [appointed("dustin", 20)]);
    let other = team
        .on(3)
        .when(appoint("melvin", Some(20)))
        .then([appointed("melvin", 20)]);
    let back = other.and().on(4).when(appoint("dustin", Some(20)));
    back.then([appointed("dustin", 20)]);
}

#[test]
fn a_correction_that_comes_late_stands_before_later_ones() {
    let team = with_reps(given([formed()])).and_on(2, [appointed("dustin", 20)]);
    let team = team.and_on(8, [appointed("dustin", 20)]);
    let late = team
        .on(5)
        .when(appoint("melvin", Some(20)))
        .then([appointed("melvin", 20)]);
    let Team::Formed { managers, .. } = late.and().state() else {
        panic!("it is formed")
    };
    assert_eq!(
        managers.get(&day(20)).unwrap().latest(),
        Some(&id("dustin"))
    );
}

#[test]
fn a_region_may_be_corrected_and_corrected_back() {
    let team = given([formed()]).and_on(2, [moved("Ohio", 20)]);
    let other = team
        .on(3)
        .when(move_to("Utah", Some(20)))
        .then([moved("Utah", 20)]);
    let back = other
        .and()
        .on(4)
        .when(move_to("Ohio", Some(20)))
        .then([moved("Ohio", 20)]);
    back.and()
        .on(5)
        .when(move_to("Utah", None))
        .then([moved("Utah", 5)]);
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_team_ends_well(asked in prop::collection::vec(any_command(), 0..20)) {
        live(with_reps(nothing()), asked);
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let from = || prop::option::of(1..4u32);
    let who = prop::sample::select(vec!["dustin", "melvin", "cara"]);
    let command = prop_oneof![
        prop::sample::select(vec!["East", "Far East"]).prop_map(form),
        (who, from()).prop_map(|(who, from)| appoint(who, from)),
        (prop::sample::select(vec!["Ohio", "Utah"]), from())
            .prop_map(|(to, from)| move_to(to, from)),
    ];
    (0..60i64, command)
}
