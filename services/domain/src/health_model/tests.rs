//! Given what happened, when asked, then.

use chrono::NaiveDate;
use event_schemas::health_model::{
    Bands, HealthModelEvent, HealthModelPublished, HealthTerms, MetricFactor, NpsFactor,
};
use event_schemas::metric::{Aggregation, MetricDeclared, MetricEvent};
use event_schemas::vocabulary::Number;
use proto::v1;
use proto::v1::command::Kind;

use super::HealthModel;
use crate::given::{Given, given, id, nothing};
use crate::metric::Metric;

fn number(text: &str) -> Number {
    id(text)
}

fn metric() -> Given<Metric> {
    given([MetricEvent::from(MetricDeclared {
        metric_id: id("logins"),
        name: "Logins".to_owned(),
        unit: "logins".to_owned(),
        aggregation: Aggregation::Sum,
    })])
}

fn published(version: u32, day: u32, weight: &str) -> HealthModelEvent {
    HealthModelPublished {
        health_model_id: id("standard"),
        version,
        effective_from: NaiveDate::from_ymd_opt(2017, 3, day).unwrap_or_default(),
        terms: HealthTerms {
            metrics: vec![MetricFactor {
                metric_id: id("logins"),
                weight: number(weight),
                window_days: 14,
                baseline_days: 90,
                threshold: number("1"),
            }],
            nps: Some(NpsFactor {
                weight: number("1"),
                window_days: 180,
            }),
            bands: Bands::default(),
            ..HealthTerms::default()
        },
    }
    .into()
}

fn publish(day: u32, metric: &str, weight: &str) -> Kind {
    Kind::PublishHealthModel(v1::PublishHealthModel {
        health_model_id: "standard".to_owned(),
        effective_from: format!("2017-03-{day:02}"),
        terms: Some(v1::HealthTerms {
            metrics: vec![v1::HealthMetricFactor {
                metric_id: metric.to_owned(),
                weight: weight.to_owned(),
                ..Default::default()
            }],
            nps: Some(v1::HealthNpsFactor {
                weight: "1".to_owned(),
                window_days: 180,
            }),
            ..Default::default()
        }),
    })
}

fn unpublished() -> Given<HealthModel> {
    nothing().knowing("logins", &metric())
}

#[test]
fn versions_are_numbered_and_hold_from_later_and_later_days() {
    let first = unpublished().when(publish(1, "logins", "2"));
    let first = first.then([published(1, 1, "2")]).and();
    let second = first.when(publish(5, "logins", "3"));
    let second = second.then([published(2, 5, "3")]).and();
    for day in [1, 4, 5] {
        let third = second.clone().when(publish(day, "logins", "4"));
        third.then_refused("NOT_LATER", &["effective_from=2017-03-05", "version=2"]);
    }
}

#[test]
fn what_was_published_is_not_published_again() {
    let history = given([published(1, 1, "2"), published(2, 5, "3")]);
    history
        .clone()
        .when(publish(1, "logins", "2.0"))
        .then_nothing();
    history.when(publish(5, "logins", "3")).then_nothing();
}

#[test]
fn what_usage_counts_for_is_declared() {
    let unknown = unpublished().when(publish(1, "visits", "2"));
    unknown.then_refused("UNKNOWN_METRIC", &["metric_id=visits"]);
}
