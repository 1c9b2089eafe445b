//! Usage: per feature and in total, of the account whose subscription it was, on its day. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use event_schemas::vocabulary::{MetricId, UsageRecordId};
use proto::v1;
use proto::v1::command::Kind;

use super::dirt::{Dirt, Oddity};
use super::mapping::{Catalog, Dated, midnight, some_day};
use super::read::Usage;
use crate::export::Row;
use crate::submit::Origin;

/// The metric of all features together.
pub(super) const TOTAL: &str = "feature_usage";

/// What an account used on a day, and where that is said first.
struct Told<'a> {
    origin: &'a Origin,
    records: Vec<v1::UsageRecord>,
}

/// What declares the metrics, and what records the usage: one command for each account's day.
pub(super) fn commands(
    rows: &[Row<Usage>],
    catalog: &Catalog<'_>,
    dirt: &mut Dirt,
) -> (Vec<Dated>, Vec<Dated>) {
    let mut seen = BTreeSet::new();
    let mut features: BTreeMap<&str, &Origin> = BTreeMap::new();
    let mut by_day: BTreeMap<(NaiveDate, &str), Told<'_>> = BTreeMap::new();
    for row in rows {
        let Row { origin, cells } = row;
        let (account_id, used_on) = match used(row, catalog, dirt) {
            Ok(used) => used,
            Err(reason) => {
                dirt.refuse(origin, reason);
                continue;
            }
        };
        if !seen.insert(&*cells.usage_id) {
            dirt.note(Oddity::SeenAgain, origin);
            continue;
        }
        features.entry(&cells.feature_name).or_insert(origin);
        let told = by_day.entry((used_on, account_id)).or_insert(Told {
            origin,
            records: Vec::new(),
        });
        let of_total = cells.usage_id.clone();
        let of_feature = format!("{}~{}", cells.usage_id, cells.feature_name);
        for (record_id, metric_id) in [(of_total, TOTAL), (of_feature, &*cells.feature_name)] {
            told.records.push(v1::UsageRecord {
                record_id,
                metric_id: metric_id.to_owned(),
                quantity: cells.usage_count.clone(),
                used_on: used_on.to_string(),
                ..v1::UsageRecord::default()
            });
        }
    }
    let first = features.values().next().copied();
    let total = first.map(|origin| metric(TOTAL, "Use of all features", origin));
    let features = features
        .into_iter()
        .map(|(feature, origin)| metric(feature, feature, origin));
    let metrics = total.into_iter().chain(features).collect();
    (metrics, by_day.into_iter().map(recorded).collect())
}

/// Whose usage a row tells of, and of which day.
fn used<'a>(
    Row { origin, cells }: &Row<Usage>,
    catalog: &Catalog<'a>,
    dirt: &mut Dirt,
) -> Result<(&'a str, NaiveDate), String> {
    let used_on = some_day("usage_date", &cells.usage_date)?;
    let id = &cells.subscription_id;
    let term = catalog.subscriptions.get(&**id);
    let term = term.ok_or_else(|| format!("unknown subscription {id:?}"))?;
    // Else it would be refused together with all of its day.
    let record_id = format!("{}~{}", cells.usage_id, cells.feature_name);
    if cells.usage_id.is_empty() || UsageRecordId::new(&record_id).is_err() {
        return Err(format!("usage_id {:?} is no id", cells.usage_id));
    }
    if MetricId::new(&cells.feature_name).is_err() {
        return Err(format!("feature_name {:?} is no id", cells.feature_name));
    }
    if cells.usage_count.parse::<u32>().is_err() {
        return Err(format!("usage_count {:?} is no count", cells.usage_count));
    }
    if used_on < term.starts_on {
        dirt.note(Oddity::UsageBeforeStart, origin);
    } else if term.ends_on.is_some_and(|ends_on| used_on >= ends_on) {
        dirt.note(Oddity::UsageAfterEnd, origin);
    }
    Ok((term.account_id, used_on))
}

fn metric(metric_id: &str, name: &str, origin: &Origin) -> Dated {
    let declare = v1::DeclareMetric {
        metric_id: metric_id.to_owned(),
        name: name.to_owned(),
        unit: "uses".to_owned(),
        aggregation: v1::MetricAggregation::Sum.into(),
    };
    Dated {
        at: DateTime::UNIX_EPOCH,
        origin: origin.clone(),
        kind_name: "declare_metric",
        id: metric_id.to_owned(),
        kind: Kind::DeclareMetric(declare),
    }
}

fn recorded(((used_on, account_id), told): ((NaiveDate, &str), Told<'_>)) -> Dated {
    let record = v1::RecordUsage {
        customer_id: account_id.to_owned(),
        records: told.records,
    };
    Dated {
        at: midnight(used_on),
        origin: told.origin.clone(),
        kind_name: "record_usage",
        id: format!("{account_id}~{used_on}"),
        kind: Kind::RecordUsage(record),
    }
}
