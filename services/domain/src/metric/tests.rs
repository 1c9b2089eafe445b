//! Given what happened, when asked, then.

use event_schemas::metric::{Aggregation, MetricDeclared, MetricEvent, MetricRetired};
use proptest::prelude::*;
use proto::v1;
use proto::v1::command::Kind;

use super::Metric;
use crate::given::{Given, day, given, id, live, nothing};

fn declared() -> MetricEvent {
    MetricDeclared {
        metric_id: id("logins"),
        name: "Logins".to_owned(),
        unit: "logins".to_owned(),
        aggregation: Aggregation::Sum,
    }
    .into()
}

fn retired() -> MetricEvent {
    MetricRetired {}.into()
}

fn declare(aggregation: v1::MetricAggregation) -> Kind {
    Kind::DeclareMetric(v1::DeclareMetric {
        metric_id: "logins".to_owned(),
        name: "Logins".to_owned(),
        unit: " logins ".to_owned(),
        aggregation: aggregation.into(),
    })
}

fn retire() -> Kind {
    Kind::RetireMetric(v1::RetireMetric {
        metric_id: "logins".to_owned(),
    })
}

fn no_metric() -> Given<Metric> {
    nothing()
}

#[test]
fn a_metric_is_declared_once_and_keeps_its_meaning() {
    let sum = || declare(v1::MetricAggregation::Sum);
    no_metric().when(sum()).then([declared()]);
    given([declared()]).when(sum()).then_nothing();
    let other = given([declared()]).when(declare(v1::MetricAggregation::Last));
    other.then_refused("ALREADY_DECLARED", &["metric_id=logins"]);
}

#[test]
fn only_what_is_measured_is_retired_and_once() {
    no_metric().when(retire()).then_refused("NOT_DECLARED", &[]);
    let retired = given([declared()]).when(retire()).then([retired()]).and();
    retired.on(11).when(retire()).then_nothing();
}

#[test]
fn a_retirement_told_late_holds_from_when_it_was() {
    let history = given([declared()]).and_on(8, [retired()]);
    let late = history.on(4).when(retire()).then([retired()]).and().state();
    let retired_at = late.declared().and_then(|(_, retired_at)| retired_at);
    assert_eq!(retired_at, Some(day(4)));
}

proptest! {
    #[test]
    fn whatever_is_asked_of_a_metric_ends_well(asked in prop::collection::vec(any_command(), 0..20)) {
        live(no_metric(), asked);
    }
}

fn any_command() -> impl Strategy<Value = (i64, Kind)> {
    let command = prop_oneof![
        Just(declare(v1::MetricAggregation::Sum)),
        Just(declare(v1::MetricAggregation::Distinct)),
        Just(retire()),
    ];
    (0..60i64, command)
}
