//! A customer's usage of a day: what each telling adds to it, metric by metric.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use event_schemas::usage::UsageEvent;
use event_schemas::vocabulary::{MetricId, UsageRecordId};
use figures::health::part_of;
use rust_decimal::Decimal;

use super::{day, micros, row, version};
use crate::customer_success::Event;
use crate::engine::db::Table;
use crate::engine::fold::{Fact, FoldedRow};

static USAGE: Table = Table {
    name: "usage",
    key: &["customer_id", "metric_id", "used_on", "told_at"],
    columns: &[
        "whole",
        "part",
        "subjects",
        "last_whole",
        "last_part",
        "version",
    ],
};

/// Every zone's midnight falls on one, in microseconds.
const QUARTER: i64 = 15 * 60 * 1_000_000;

/// A day of UTC, in microseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Where the day ends first on earth: 14 hours before UTC.
const FIRST_END: i64 = 10 * 60 * 60 * 1_000_000;

/// Largest sum that a row holds: thousands of rows can be added.
const LARGEST: i64 = 1_000_000_000_000_000;

/// A record as it stands.
struct Record<'a> {
    metric_id: &'a MetricId,
    quantity: Decimal,
    subject: Option<&'a str>,
}

/// What a metric's records come to.
#[derive(Default)]
struct Total<'a> {
    sum: Decimal,
    /// Of each subject, how many records that are not taken back.
    subjects: HashMap<&'a str, u32>,
    last: Option<&'a UsageRecordId>,
    version: u64,
    is_changed: bool,
    /// What earlier rows hold.
    told: (Decimal, i64),
}

pub(super) fn rows(history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let of = history.iter().find_map(|fact| match fact.event {
        Event::Usage(UsageEvent::UsageRecorded(event)) => Some((&event.customer_id, event.used_on)),
        Event::Usage(UsageEvent::UsageCorrected(event)) => {
            Some((&event.customer_id, event.used_on))
        }
        _ => None,
    });
    let Some((customer_id, used_on)) = of else {
        return;
    };
    let mut records: HashMap<&UsageRecordId, Record<'_>> = HashMap::new();
    let mut totals: BTreeMap<&MetricId, Total<'_>> = BTreeMap::new();
    let mut facts = history.iter().peekable();
    while let Some(fact) = facts.next() {
        let told_at = told_at(used_on, micros(fact.occurred_at));
        take(fact, &mut records, &mut totals);
        let next = facts
            .peek()
            .map(|next| self::told_at(used_on, micros(next.occurred_at)));
        if next == Some(told_at) {
            continue;
        }
        for (metric_id, total) in &mut totals {
            if std::mem::take(&mut total.is_changed) {
                let values = total.added(&records);
                let key = [
                    customer_id.as_str().into(),
                    metric_id.as_str().into(),
                    day(used_on).into(),
                    told_at.into(),
                ];
                let values = values.map(Into::into);
                let of = [version(total.version)];
                rows.push(row(&USAGE, key.into_iter().chain(values).chain(of)));
            }
        }
    }
}

/// When something was told, as it is stored.
fn told_at(used_on: NaiveDate, at: i64) -> i64 {
    let first = day(used_on).saturating_mul(DAY).saturating_add(FIRST_END);
    let told = at.div_euclid(QUARTER).saturating_mul(QUARTER);
    told.max(first.saturating_sub(QUARTER))
}

fn take<'a>(
    fact: &Fact<'a, Event>,
    records: &mut HashMap<&'a UsageRecordId, Record<'a>>,
    totals: &mut BTreeMap<&'a MetricId, Total<'a>>,
) {
    match fact.event {
        Event::Usage(UsageEvent::UsageRecorded(event)) => {
            for record in &event.records {
                // Seen again it is the same record: the first counts.
                if records.contains_key(&record.record_id) {
                    continue;
                }
                let total = totals.entry(&record.metric_id).or_default();
                let quantity = record.quantity.decimal();
                total.change(quantity, fact.version);
                total.last = Some(&record.record_id);
                if let Some(subject) = record.subject.as_deref().filter(|_| !quantity.is_zero()) {
                    *total.subjects.entry(subject).or_default() += 1;
                }
                records.insert(
                    &record.record_id,
                    Record {
                        metric_id: &record.metric_id,
                        quantity,
                        subject: record.subject.as_deref(),
                    },
                );
            }
        }
        Event::Usage(UsageEvent::UsageCorrected(event)) => {
            let Some(record) = records.get_mut(&event.record_id) else {
                return;
            };
            let quantity = event.quantity.decimal();
            let before = std::mem::replace(&mut record.quantity, quantity);
            let total = totals.entry(record.metric_id).or_default();
            total.change(quantity.saturating_sub(before), fact.version);
            if let Some(subject) = record.subject {
                let seen = total.subjects.entry(subject).or_default();
                match (before.is_zero(), quantity.is_zero()) {
                    (false, true) => *seen = seen.saturating_sub(1),
                    (true, false) => *seen = seen.saturating_add(1),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

impl Total<'_> {
    fn change(&mut self, by: Decimal, version: u64) {
        self.sum = self.sum.saturating_add(by);
        self.version = self.version.max(version);
        self.is_changed = true;
    }

    /// What a row adds to those before it: whole, part, subjects; and the last quantity.
    fn added(&mut self, records: &HashMap<&UsageRecordId, Record<'_>>) -> [i64; 5] {
        let counted = self.subjects.values().filter(|seen| **seen > 0).count();
        let subjects = i64::try_from(counted).unwrap_or(i64::MAX);
        let (sum_before, subjects_before) = std::mem::replace(&mut self.told, (self.sum, subjects));
        let largest = Decimal::from(LARGEST);
        let held = |sum: Decimal| part_of(sum.clamp(-largest, largest));
        let (whole, part) = held(self.sum.saturating_sub(sum_before));
        let last = self.last.and_then(|id| records.get(id));
        let (last_whole, last_part) = held(last.map(|last| last.quantity).unwrap_or_default());
        [
            whole,
            part,
            subjects - subjects_before,
            last_whole,
            last_part,
        ]
    }
}
