//! SQLite and PostgreSQL give the same answers.

use serde_json::Value;

use crate::from_files::funnel_questions;
use crate::program::{AsOf, POSTGRES, SQLITE};
use crate::question::VelocityQuestion;
use crate::time_travel::{funnel_apart_from_the_clock, velocity_apart_from_the_clock};

/// An answer about an instant is the same to the last digit, the order of its rows included.
#[test]
fn both_backends_answer_alike_about_an_instant() {
    for day in ["2017-07-01", "2018-01-01"] {
        let funnels = funnel_questions()
            .into_iter()
            .map(|question| question.command_line());
        let velocities = [365, 30].map(|days| VelocityQuestion::new(days).command_line());
        for question in funnels.chain(velocities) {
            let [sqlite, postgres]: [Value; 2] =
                [&*SQLITE, &*POSTGRES].map(|server| server.answer(&question, AsOf::day(day)));
            assert_eq!(sqlite, postgres, "on {day}: {}", question.join(" "));
        }
    }
}

/// A live answer is measured at the instant it is given: apart from that it is the same.
#[test]
fn both_backends_answer_alike_now() {
    let servers = [&*SQLITE, &*POSTGRES];
    for question in funnel_questions() {
        let [sqlite, postgres] =
            servers.map(|server| funnel_apart_from_the_clock(server.funnel(&question, AsOf::NOW)));
        assert_eq!(sqlite, postgres, "{question:?}");
    }
    for look_back_days in [365, 10_000] {
        let question = VelocityQuestion::new(look_back_days);
        let [sqlite, postgres] = servers
            .map(|server| velocity_apart_from_the_clock(server.velocity(&question, AsOf::NOW)));
        assert_eq!(sqlite, postgres, "{question:?}");
    }
}
