//! However an answer about a part of history comes about, it is the same.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::answer::{Funnel, Velocity};
use crate::differences::{assert_funnel, assert_velocity};
use crate::export::{self, deals, midnight};
use crate::from_files::funnel_questions;
use crate::funnel::funnel;
use crate::program::{AsOf, POSTGRES, SQLITE, Server, run};
use crate::question::VelocityQuestion;
use crate::velocity::velocity;

#[test]
fn a_rebuild_and_a_replay_give_the_live_answers_on_sqlite() {
    a_rebuild_and_a_replay_give_the_live_answers(&SQLITE);
}

#[test]
fn a_rebuild_and_a_replay_give_the_live_answers_on_postgresql() {
    a_rebuild_and_a_replay_give_the_live_answers(&POSTGRES);
}

fn a_rebuild_and_a_replay_give_the_live_answers(server: &Server) {
    let live = all_answers(server, AsOf::NOW);
    let generation = generation(server);
    server.run(&["rebuild", "pipeline"]);
    assert_eq!(self::generation(server), generation + 1, "it was rebuilt");
    assert_eq!(all_answers(server, AsOf::NOW), live, "rebuilt");
    let head = AsOf {
        known_at: Some(server.head),
        ..AsOf::NOW
    };
    assert_eq!(all_answers(server, head), live, "known at the head");
}

#[test]
fn what_had_not_happened_by_then_leaves_no_trace() {
    let day = "2017-07-01";
    let folder = export::folder();
    let all = run(
        &["import-crm", folder.to_str().unwrap(), "--json-lines", "-"],
        None,
    );
    let before: String = all
        .split_inclusive('\n')
        .filter(|line| occurred_at(line) < midnight(day))
        .collect();
    assert!((1..all.len()).contains(&before.len()), "a part of history");
    let reduced = Server::holding("SQLite, history before the day", &before);
    assert!(reduced.head < SQLITE.head);

    let deals = deals();
    for question in funnel_questions() {
        let [whole, part] = [&*SQLITE, &reduced]
            .map(|server| figures(server.answer(&question.command_line(), AsOf::day(day))));
        assert_eq!(whole, part, "{question:?}");
        let actual = reduced.funnel(&question, AsOf::day(day));
        assert_funnel(
            reduced.name,
            funnel(&deals, &question, midnight(day)),
            actual,
        );
    }
    let question = VelocityQuestion::new(365);
    let [whole, part] = [&*SQLITE, &reduced]
        .map(|server| figures(server.answer(&question.command_line(), AsOf::day(day))));
    assert_eq!(whole, part, "{question:?}");
    let actual = reduced.velocity(&question, AsOf::day(day));
    let expected = velocity(&deals, &question, midnight(day));
    assert_velocity(reduced.name, question.stalled_max, expected, actual);
}

/// An answer without the head of the log that it was given from.
pub(crate) fn figures(mut answer: Value) -> Value {
    let answered_from = answer["answeredFrom"].as_object_mut().unwrap();
    assert!(answered_from.remove("position").is_some());
    answer
}

fn occurred_at(line: &str) -> DateTime<Utc> {
    let line: Value = serde_json::from_str(line).unwrap();
    line["occurredAt"].as_str().unwrap().parse().unwrap()
}

/// How often the read model has been built.
fn generation(server: &Server) -> u64 {
    let status: Value = serde_json::from_str(&server.run(&["status", "--output", "json"])).unwrap();
    let models = status["readModels"].as_array().unwrap();
    let pipeline = models
        .iter()
        .find(|model| model["name"] == "pipeline")
        .unwrap();
    pipeline["generation"].as_str().unwrap().parse().unwrap()
}

fn all_answers(server: &Server, as_of: AsOf) -> (Vec<Funnel>, Vec<Velocity>) {
    let funnels = funnel_questions().into_iter().map(|question| {
        let answer = server.funnel(&question, as_of);
        assert_eq!(
            answer.answered_from.as_ref().unwrap().position,
            server.head.to_string()
        );
        funnel_apart_from_the_clock(answer)
    });
    let velocities = [365, 10_000].map(|look_back_days| {
        let answer = server.velocity(&VelocityQuestion::new(look_back_days), as_of);
        assert_eq!(
            answer.answered_from.as_ref().unwrap().position,
            server.head.to_string()
        );
        velocity_apart_from_the_clock(answer)
    });
    (funnels.collect(), velocities.into())
}

/// The answer without where it was answered from, and without the instant asked about as the end
/// of a period that has none.
pub(crate) fn funnel_apart_from_the_clock(mut answer: Funnel) -> Funnel {
    let at = answer.answered_from.take().unwrap().at;
    answer.to = answer.to.filter(|&to| to != at);
    answer
}

/// The answer without where it was answered from, and without what grows while nothing happens:
/// that it has grown to the instant asked about is held here.
pub(crate) fn velocity_apart_from_the_clock(mut answer: Velocity) -> Velocity {
    let at = answer.answered_from.take().unwrap().at;
    assert_eq!(answer.look_back_to, at);
    answer.look_back_from += midnight("2018-01-01") - at;
    answer.look_back_to = midnight("2018-01-01");
    for stalled in &mut answer.stalled {
        let seconds = (at - stalled.in_stage_since).as_seconds_f64();
        assert!(
            (stalled.days_in_stage * 86_400.0 - seconds).abs() < 1e-3,
            "{stalled:?}"
        );
        stalled.days_in_stage = 0.0;
    }
    answer
}
