//! What the customer used of late, metric by metric.

use std::collections::BTreeMap;

use figures::health::mean_of;
use proto::v1;

use super::{rows, told};
use crate::QueryError;
use crate::calendar::Day;
use crate::calendar::day_of;
use crate::customer_health::Scene;

/// Days that are told where the request names none, and at most.
const DAYS: (u32, u32) = (28, 366);

/// A day's value as it grows with what was told of it.
#[derive(Default)]
struct Value {
    sum: (i128, i128),
    subjects: i128,
    last: (i128, i128),
}

pub(super) async fn of_late(
    scene: &mut Scene,
    customer_id: &str,
    day: Day,
    asked_days: u32,
) -> Result<Vec<v1::PictureUsage>, QueryError> {
    let days = match asked_days {
        0 => DAYS.0,
        days if days <= DAYS.1 => days,
        _ => {
            return Err(QueryError::Invalid {
                field: "usage_days".into(),
                description: format!("is more than {}", DAYS.1),
            });
        }
    };
    let sql = "SELECT metric_id, used_on, whole, part, subjects, last_whole, last_part FROM usage \
               WHERE tenant = $1 AND customer_id = $2 AND used_on > $3 AND used_on <= $4 \
               ORDER BY metric_id, used_on, told_at";
    let to = day.number();
    let period = [(to - i64::from(days)).into(), to.into()];
    let mut values: BTreeMap<String, BTreeMap<i64, Value>> = BTreeMap::new();
    for row in rows(scene, customer_id, sql, &period).await? {
        let of_metric = values.entry(told(&row, 0)?).or_default();
        let value = of_metric
            .entry(row.int(1)?.unwrap_or_default())
            .or_default();
        let int = |column| Ok::<_, sqlx::Error>(i128::from(row.int(column)?.unwrap_or_default()));
        value.sum.0 += int(2)?;
        value.sum.1 += int(3)?;
        value.subjects += int(4)?;
        value.last = (int(5)?, int(6)?);
    }
    let sql = "SELECT metric_id, name, unit, aggregation FROM metric WHERE tenant = $1";
    let tenant = [scene.asked.tenant.as_str().into()];
    let mut usage = Vec::new();
    for row in scene.asked.session.rows(sql, &tenant).await? {
        let metric_id = told(&row, 0)?;
        let Some(values) = values.remove(&metric_id) else {
            continue;
        };
        let aggregation = told(&row, 3)?;
        let day = |(on, value): (i64, Value)| {
            let (whole, part) = match aggregation.as_str() {
                "LAST" => value.last,
                "DISTINCT" => (value.subjects, 0),
                _ => value.sum,
            };
            let value = mean_of(whole, part, 1).unwrap_or_default();
            v1::UsageOfDay {
                on: day_of(on).to_string(),
                value: value.normalize().to_string(),
            }
        };
        usage.push(v1::PictureUsage {
            days: values.into_iter().rev().map(day).collect(),
            metric_id,
            name: told(&row, 1)?,
            unit: told(&row, 2)?,
            aggregation,
        });
    }
    usage.sort_by(|a, b| a.metric_id.cmp(&b.metric_id));
    Ok(usage)
}
