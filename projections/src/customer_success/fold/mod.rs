//! The rows of one stream: all that is known of it in, its rows out.

mod contract;
mod customer;
mod line;
mod model;
mod task;
mod usage;
mod voice;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::StreamName;

use super::Event;
use crate::calendar::day_number as day;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static TOUCH: Table = Table {
    name: "touch",
    key: &["customer_id", "touched_at", "stream", "version"],
    columns: &[],
};

/// The rows of a stream, whatever its kind.
pub(super) fn rows(stream: &StreamName, history: &[Fact<'_, Event>]) -> Vec<FoldedRow> {
    let mut rows = Vec::new();
    let id = stream.id();
    // All facts of a stream are of one kind: its category's.
    match history.first().map(|fact| fact.event) {
        Some(Event::Alarm(_) | Event::Task(_)) => task::rows(stream, history, &mut rows),
        Some(Event::Contract(_)) => contract::rows(stream, history, &mut rows),
        Some(Event::Customer(_)) => customer::rows(stream, history, &mut rows),
        Some(Event::Usage(_)) => usage::rows(history, &mut rows),
        Some(Event::Ticket(_)) => voice::ticket(stream, history, &mut rows),
        Some(Event::Survey(_) | Event::Interaction(_)) => {
            voice::rows(stream, history, &mut rows);
        }
        Some(Event::HealthModel(_) | Event::Metric(_) | Event::Rep(_) | Event::Tenant(_)) => {
            model::rows(id, history, &mut rows);
        }
        None => {}
    }
    rows
}

fn row(table: &'static Table, values: impl IntoIterator<Item = Value>) -> FoldedRow {
    FoldedRow {
        table,
        values: values.into_iter().collect(),
    }
}

fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn version(version: u64) -> Value {
    Value::Int(Some(i64::try_from(version).unwrap_or(i64::MAX)))
}

fn touch(customer_id: &str, stream: &StreamName, fact: &Fact<'_, Event>) -> FoldedRow {
    row(
        &TOUCH,
        [
            customer_id.into(),
            micros(fact.occurred_at).into(),
            stream.as_str().into(),
            version(fact.version),
        ],
    )
}
