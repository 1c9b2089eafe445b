//! Messages about usage.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::NaiveDate;
use event_schemas::usage::UsageRecord;
use event_schemas::vocabulary::{CustomerId, MetricId, Number, UsageRecordId};
use proto::commands::UsageCommand as Message;
use proto::v1;

use super::{Command, Correction, Records, Usage, address};
use crate::wire::{CODE_MAX, Fields};
use crate::{Addressed, InvalidCommand};

/// Most records of one command.
const RECORDS_MAX: usize = 1_000;

/// Largest quantity.
const QUANTITY_MAX: i64 = 1_000_000_000_000;

/// Reads a command about usage.
pub fn parse(message: Message) -> Result<Addressed<Usage>, InvalidCommand> {
    let mut f = Fields::default();
    match message {
        Message::RecordUsage(m) => {
            let customer_id: Option<CustomerId> = f.id("customer_id", &m.customer_id);
            let days = days(&mut f, &m.records);
            f.finish(|| {
                let customer_id = customer_id?;
                let mut days = days.into_iter().map(|(used_on, records)| {
                    Arc::new(Records {
                        customer_id: customer_id.clone(),
                        used_on,
                        metric_ids: metric_ids(&records),
                        records,
                    })
                });
                let day = days.next()?;
                Some(Addressed {
                    id: day.address(),
                    command: Command::Record {
                        day,
                        others: days.collect(),
                    },
                })
            })
        }
        Message::CorrectUsage(m) => {
            let customer_id: Option<CustomerId> = f.id("customer_id", &m.customer_id);
            let used_on = f.some_date("used_on", &m.used_on);
            let record_id = f.id("record_id", &m.record_id);
            let quantity = quantity(&mut f, "quantity", &m.quantity);
            let reason = f.note("reason", &m.reason);
            f.finish(|| {
                let (customer_id, used_on) = (customer_id?, used_on?);
                Some(Addressed {
                    id: address(&customer_id, used_on),
                    command: Command::Correct(Box::new(Correction {
                        customer_id,
                        used_on,
                        record_id: record_id?,
                        quantity: quantity?,
                        reason,
                    })),
                })
            })
        }
    }
}

/// The records by their day, in the order in which they were told; each once, the first.
fn days(f: &mut Fields, messages: &[v1::UsageRecord]) -> Vec<(NaiveDate, Vec<UsageRecord>)> {
    if messages.is_empty() {
        f.wrong("records", "is missing: there is at least one");
    }
    let mut days: Vec<(NaiveDate, Vec<UsageRecord>)> = Vec::new();
    if !f.fits("records", messages.len(), RECORDS_MAX) {
        return days;
    }
    let mut seen: HashSet<UsageRecordId> = HashSet::with_capacity(messages.len());
    let mut last = Last::default();
    for (at, message) in messages.iter().enumerate() {
        let field = |name: &str| format!("records[{at}].{name}");
        let Some((used_on, record)) = last.record(f, field, message) else {
            continue;
        };
        if !seen.insert(record.record_id.clone()) {
            continue;
        }
        match days.iter_mut().rev().find(|(day, _)| *day == used_on) {
            Some((_, records)) => records.push(record),
            None => days.push((used_on, vec![record])),
        }
    }
    days
}

/// What was read last: most records of a command are of one metric and day.
#[derive(Default)]
struct Last {
    metric_id: Option<MetricId>,
    used_on: Option<(String, NaiveDate)>,
}

impl Last {
    fn record(
        &mut self,
        f: &mut Fields,
        field: impl Fn(&str) -> String,
        m: &v1::UsageRecord,
    ) -> Option<(NaiveDate, UsageRecord)> {
        let record_id = record_id(f, &field, m);
        let metric_id = match &self.metric_id {
            Some(metric_id) if metric_id.as_str() == m.metric_id => Some(metric_id.clone()),
            _ => f.id(&field("metric_id"), &m.metric_id),
        };
        self.metric_id.clone_from(&metric_id);
        let quantity = match Number::parse(&m.quantity) {
            Ok(number) if number.decimal().abs() <= QUANTITY_MAX.into() => Some(number),
            _ => quantity(f, &field("quantity"), &m.quantity),
        };
        let used_on = match &self.used_on {
            Some((text, used_on)) if *text == m.used_on => Some(*used_on),
            _ => f.some_date(&field("used_on"), &m.used_on),
        };
        if self.used_on.as_ref().map(|(_, known)| *known) != used_on {
            self.used_on = used_on.map(|used_on| (m.used_on.clone(), used_on));
        }
        let subject = match m.subject.as_str() {
            "" => None,
            subject => f.line(&field("subject"), subject, CODE_MAX),
        };
        let record = UsageRecord {
            record_id: record_id?,
            metric_id: metric_id?,
            quantity: quantity?,
            subject,
        };
        Some((used_on?, record))
    }
}

/// Which record it is: by its id, or by its sender and the number that it has there.
fn record_id(
    f: &mut Fields,
    field: impl Fn(&str) -> String,
    m: &v1::UsageRecord,
) -> Option<UsageRecordId> {
    let is_numbered = !m.source.is_empty() || m.sequence.is_some();
    // Where it is good, no path is made of it: there are many.
    let id = |f: &mut Fields, name: &str, text: &str| {
        let good = UsageRecordId::new(text).ok();
        good.or_else(|| f.id(&field(name), text))
    };
    if !is_numbered {
        return id(f, "record_id", &m.record_id);
    }
    if m.source.is_empty() {
        f.wrong(&field("source"), "is missing: it says whose sequence it is");
        return None;
    }
    if !m.record_id.is_empty() {
        let why = "is one thing, source and sequence the other: only one of them is told";
        f.wrong(&field("record_id"), why);
        return None;
    }
    let Some(sequence) = m.sequence else {
        f.wrong(
            &field("sequence"),
            "is missing: all that it sends would be one record",
        );
        return None;
    };
    // A sequence holds no `~`, so no two of them are written alike.
    id(f, "source", &format!("{}~{sequence}", m.source))
}

/// A required quantity.
fn quantity(f: &mut Fields, field: &str, text: &str) -> Option<Number> {
    if text.is_empty() {
        f.wrong(field, "is missing");
    }
    f.number(field, text, -QUANTITY_MAX..=QUANTITY_MAX)
}

/// What records measure, each metric once.
fn metric_ids(records: &[UsageRecord]) -> Vec<MetricId> {
    let mut metric_ids: Vec<MetricId> = Vec::new();
    for record in records {
        if !metric_ids.contains(&record.metric_id) {
            metric_ids.push(record.metric_id.clone());
        }
    }
    metric_ids
}
