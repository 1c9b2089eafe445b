//! Messages about a metric.

use event_schemas::metric::{Aggregation, MetricDeclared};
use event_schemas::vocabulary::MetricId;
use proto::commands::MetricCommand as Message;
use proto::v1;

use super::{Command, Metric};
use crate::wire::{CODE_MAX, Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Reads a command about a metric.
pub fn parse(message: Message) -> Result<Addressed<Metric>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::DeclareMetric(m) => &m.metric_id,
        Message::RetireMetric(m) => &m.metric_id,
    };
    let id: Option<MetricId> = f.id("metric_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&MetricId>) -> Option<Command> {
    Some(match message {
        Message::DeclareMetric(m) => {
            let name = f.text("name", &m.name, NAME_MAX);
            let unit = f.text("unit", &m.unit, CODE_MAX);
            let aggregation = aggregation(f, m.aggregation);
            Command::Declare(MetricDeclared {
                metric_id: id?.clone(),
                name: name?,
                unit: unit?,
                aggregation: aggregation?,
            })
        }
        Message::RetireMetric(_) => Command::Retire,
    })
}

fn aggregation(f: &mut Fields, value: i32) -> Option<Aggregation> {
    match v1::MetricAggregation::try_from(value) {
        Ok(v1::MetricAggregation::Sum) => Some(Aggregation::Sum),
        Ok(v1::MetricAggregation::Last) => Some(Aggregation::Last),
        Ok(v1::MetricAggregation::Distinct) => Some(Aggregation::Distinct),
        Ok(v1::MetricAggregation::Unspecified) => {
            f.wrong("aggregation", "is missing");
            None
        }
        Err(_) => {
            f.wrong("aggregation", "is not an aggregation");
            None
        }
    }
}
