//! Every figure is what the files say.

use std::collections::BTreeSet;

use crate::answer::AnsweredFrom;
use crate::differences::{assert_funnel, assert_velocity};
use crate::export::{Deal, deals, midnight};
use crate::funnel::funnel;
use crate::program::{AsOf, POSTGRES, SQLITE, Server, demo, read};
use crate::question::{Dimension, FunnelQuestion, Mode, Period, VelocityQuestion};
use crate::velocity::velocity;

/// Instants about which the questions are asked: before the first opportunity, before the first
/// was closed, on days of business, and when all has happened.
const DAYS: [&str; 6] = [
    "2016-10-20",
    "2017-03-01",
    "2017-03-02",
    "2017-07-01",
    "2017-12-31",
    "2018-01-01",
];

#[test]
fn the_demo_agrees_with_the_csv_files() {
    let at = midnight("2018-01-01");
    let by = vec![Dimension::Rep, Dimension::Region, Dimension::Product];
    let told = demo();
    for answered_from in [&told.funnel.answered_from, &told.velocity.answered_from] {
        assert_eq!(answered_from.as_ref().unwrap().at, at);
    }

    let deals = deals();
    let question = FunnelQuestion {
        by: by.clone(),
        ..FunnelQuestion::new(Mode::Cohort)
    };
    assert_funnel(
        "the demo's funnel",
        funnel(&deals, &question, at),
        told.funnel,
    );
    let question = VelocityQuestion {
        by,
        stalled_max: 20,
        ..VelocityQuestion::new(365)
    };
    assert_velocity(
        "the demo's velocity",
        question.stalled_max,
        velocity(&deals, &question, at),
        told.velocity,
    );
}

#[test]
fn on_any_day_the_funnel_agrees_with_the_csv_files() {
    let deals = deals();
    for day in DAYS {
        for question in funnel_questions() {
            // A period that ends when it is asked about must not begin later.
            let Period { from, to } = question.period;
            if to.is_none() && from.is_some_and(|from| from > midnight(day)) {
                continue;
            }
            let expected = funnel(&deals, &question, midnight(day));
            let actual = SQLITE.funnel(&question, AsOf::day(day));
            is_measured_at(&SQLITE, day, actual.answered_from.as_ref());
            assert_funnel(&format!("on {day}: {question:?}"), expected, actual);
        }
    }
}

#[test]
fn on_any_day_the_velocity_agrees_with_the_csv_files() {
    let deals = deals();
    for day in DAYS {
        for look_back_days in [365, 30] {
            let question = VelocityQuestion::new(look_back_days);
            let expected = velocity(&deals, &question, midnight(day));
            let actual = SQLITE.velocity(&question, AsOf::day(day));
            is_measured_at(&SQLITE, day, actual.answered_from.as_ref());
            let what = format!("on {day}: {question:?}");
            assert_velocity(&what, question.stalled_max, expected, actual);
        }
    }
}

#[test]
fn a_filter_gives_the_figures_of_what_matches_alone() {
    let filters = [
        vec![(Dimension::Region, "West")],
        // Those of no customer.
        vec![(Dimension::Industry, "")],
        vec![
            (Dimension::Product, "gtx-pro"),
            (Dimension::Team, "melvin-marxen"),
        ],
        vec![(Dimension::Kind, "RENEWAL")],
    ];
    let (day, at) = (AsOf::day("2017-07-01"), midnight("2017-07-01"));
    for filter in filters {
        let matches = |deal: &Deal| filter.iter().all(|&(by, id)| deal.key(by).id == id);
        let deals: Vec<_> = deals().into_iter().filter(matches).collect();
        let said = filter
            .iter()
            .flat_map(|(by, id)| ["--filter".to_owned(), format!("{}={id}", by.option())]);
        let said: Vec<_> = said.collect();

        let question = FunnelQuestion::new(Mode::Cohort);
        let words = [question.command_line(), said.clone()].concat();
        let expected = funnel(&deals, &question, at);
        let actual = read(SQLITE.answer(&words, day));
        assert_funnel(&words.join(" "), expected, actual);

        let question = VelocityQuestion::new(365);
        let words = [question.command_line(), said].concat();
        let expected = velocity(&deals, &question, at);
        let actual = read(SQLITE.answer(&words, day));
        assert_velocity(&words.join(" "), question.stalled_max, expected, actual);
    }
}

/// What is asked without saying when is answered from the live tables, not from a replay.
#[test]
fn the_live_answers_agree_with_the_csv_files() {
    let deals = deals();
    for server in [&*SQLITE, &*POSTGRES] {
        for question in funnel_questions() {
            let what = format!("{} now: {question:?}", server.name);
            let actual = server.funnel(&question, AsOf::NOW);
            let at = actual.answered_from.as_ref().unwrap().at;
            assert_funnel(&what, funnel(&deals, &question, at), actual);
        }
        // The second looks back over all of the history, the first, one day, over none of it.
        for question in [VelocityQuestion::new(365), VelocityQuestion::new(10_000)] {
            let what = format!("{} now: {question:?}", server.name);
            let actual = server.velocity(&question, AsOf::NOW);
            let at = actual.answered_from.as_ref().unwrap().at;
            assert_velocity(
                &what,
                question.stalled_max,
                velocity(&deals, &question, at),
                actual,
            );
        }
    }
}

/// The days must differ in more than their names, or asking about several proves little.
#[test]
fn the_days_asked_about_tell_different_stories() {
    let deals = deals();
    let stories: BTreeSet<_> = DAYS.iter().map(|day| story(&deals, day)).collect();
    assert_eq!(stories.len(), DAYS.len());
    assert_eq!(story(&deals, "2016-10-20"), (0, 0, None));
    assert_eq!(story(&deals, "2018-01-01").0, 2089);
}

/// Open ones, closed ones, and the money that is forecast.
fn story(deals: &[Deal], day: &str) -> (u32, u32, Option<String>) {
    let question = VelocityQuestion {
        by: vec![],
        ..VelocityQuestion::new(365)
    };
    let told = velocity(deals, &question, midnight(day)).overall;
    let forecast = told.forecast.filter(|_| told.open_count > 0);
    (
        told.open_count,
        told.won + told.lost,
        forecast.map(|money| format!("{money:?}")),
    )
}

/// Both modes, about all time, a quarter, and half-open periods.
pub(crate) fn funnel_questions() -> Vec<FunnelQuestion> {
    let since = Period {
        to: None,
        ..Period::quarter()
    };
    let until = Period {
        from: None,
        ..Period::quarter()
    };
    let periods = [Period::default(), Period::quarter(), since, until];
    let asked = |mode| periods.map(|period| FunnelQuestion::new(mode).in_period(period));
    [Mode::Cohort, Mode::Period]
        .into_iter()
        .flat_map(asked)
        .collect()
}

fn is_measured_at(server: &Server, day: &str, answered_from: Option<&AnsweredFrom>) {
    let expected = AnsweredFrom {
        position: server.head.to_string(),
        at: midnight(day),
    };
    assert_eq!(answered_from, Some(&expected), "{}", server.name);
}
