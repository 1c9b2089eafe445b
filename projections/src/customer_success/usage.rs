//! Sums of usage over the days that end with a day, and what customers are held against.
//!
//! A score needs the mean of all active customers, which is a sum over all of them: far too much to be
//! read for each score. So it is kept in memory, by day and metric, customer by customer, and brought
//! up to the position asked about by the customers that events since then are about
//! ([why](../../../docs/decisions/0010-a-baseline-kept-by-customer.md)).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use event_schemas::vocabulary::{Position, Recorded, TenantId};
use figures::health::mean_of;
use log::{Filter, Log};
use moka::future::Cache;
use rust_decimal::Decimal;
use tokio::sync::Mutex;

use super::models::Aggregation;
use crate::QueryError;
use crate::asked::Asked;
use crate::calendar::{Day, day_number};
use crate::engine::db::{Row, Session, Value};

/// Baselines that are kept, at most: some megabytes each for 50,000 customers.
const KEPT: u64 = 48;

/// How long one is kept that nobody asks.
const IDLE: Duration = Duration::from_secs(600);

/// Events after which it is cheaper to sum up anew than to go customer by customer.
const FEW_EVENTS: u64 = 20_000;

/// The contracts in force at the end of day $2, known by $3.
const IN_FORCE: &str = "signed_at < $3 AND starts_on <= $2 AND (ends_on IS NULL OR ends_on > $2) \
     AND (terminated_at IS NULL OR terminated_at >= $3 OR terminated_on > $2)";

/// Which customers are asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// The active ones.
    Active,
    /// This one, active or not.
    One(&'a str),
}

/// A sum, in wholes and in their millionths of a millionth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    whole: i128,
    part: i128,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.whole += other.whole;
        self.part += other.part;
    }

    fn take(&mut self, other: Self) {
        self.whole -= other.whole;
        self.part -= other.part;
    }

    /// Divided by a number of days, or of customers times days.
    pub(crate) fn mean(self, over: u64) -> Option<Decimal> {
        mean_of(self.whole, self.part, over)
    }

    fn read(row: &Row, column: usize) -> Result<Self, sqlx::Error> {
        Ok(Self {
            whole: row.int(column)?.unwrap_or_default().into(),
            part: row.int(column + 1)?.unwrap_or_default().into(),
        })
    }
}

/// A metric, as it is summed up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Metric {
    pub(crate) metric_id: String,
    pub(crate) aggregation: Aggregation,
}

/// Customers of whom a contract is in force at the end of a day.
pub(crate) async fn active(
    session: &mut Session,
    tenant: &TenantId,
    day: Day,
    scope: Scope<'_>,
) -> Result<HashSet<String>, QueryError> {
    let mut sql =
        format!("SELECT DISTINCT customer_id FROM contract WHERE tenant = $1 AND {IN_FORCE}");
    let mut values = vec![tenant.as_str().into()];
    values.extend(day.values());
    if let Scope::One(customer_id) = scope {
        sql.push_str(" AND customer_id = $4");
        values.push(customer_id.into());
    }
    let mut active = HashSet::new();
    for row in session.rows(&sql, &values).await? {
        active.extend(row.text(0)?);
    }
    Ok(active)
}

/// Each customer's sum of day values over so many days that end with a day; nothing for one without
/// records.
pub(crate) async fn sums(
    session: &mut Session,
    tenant: &TenantId,
    metric: &Metric,
    day: Day,
    days: u32,
    scope: Scope<'_>,
) -> Result<HashMap<String, Sum>, QueryError> {
    let mut values: Vec<Value> = vec![tenant.as_str().into()];
    values.extend(day.values());
    values.push(metric.metric_id.as_str().into());
    values.push((day.number() - i64::from(days)).into());
    let of = match scope {
        Scope::Active => format!(
            "customer_id IN (SELECT customer_id FROM contract WHERE tenant = $1 AND {IN_FORCE})"
        ),
        Scope::One(customer_id) => {
            values.push(customer_id.into());
            "customer_id = $6".to_owned()
        }
    };
    let known = format!(
        "FROM usage WHERE tenant = $1 AND {of} AND metric_id = $4 AND used_on <= $2 AND told_at < $3"
    );
    let sql = match metric.aggregation {
        Aggregation::Sum => format!(
            "SELECT customer_id, CAST(SUM(whole) AS BIGINT), CAST(SUM(part) AS BIGINT) \
             {known} AND used_on > $5 GROUP BY customer_id"
        ),
        Aggregation::Distinct => format!(
            "SELECT customer_id, CAST(SUM(subjects) AS BIGINT), CAST(0 AS BIGINT) \
             {known} AND used_on > $5 GROUP BY customer_id"
        ),
        Aggregation::Last => format!("{}{known}{}", LAST.0, LAST.1),
    };
    let mut sums = HashMap::new();
    for row in session.rows(&sql, &values).await? {
        let customer_id = row.text(0)?.unwrap_or_default();
        sums.insert(customer_id, Sum::read(&row, 1)?);
    }
    Ok(sums)
}

/// A last value holds until the next: so many days of the window, and none where the next was told for
/// the same day. Around the rows that are known.
const LAST: (&str, &str) = (
    "SELECT customer_id, CAST(SUM(last_whole * days) AS BIGINT), \
     CAST(SUM(last_part * days) AS BIGINT) FROM (\
     SELECT customer_id, last_whole, last_part, \
     until_on - CASE WHEN used_on > $5 THEN used_on ELSE $5 + 1 END AS days FROM (\
     SELECT customer_id, last_whole, last_part, used_on, \
     COALESCE(LEAD(used_on) OVER (PARTITION BY customer_id ORDER BY used_on, told_at), $2 + 1) \
     AS until_on ",
    ") AS held WHERE until_on > $5 + 1) AS lasting GROUP BY customer_id",
);

/// What a customer is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Baseline {
    sum: Sum,
    /// How many customers are active.
    customers: usize,
}

impl Baseline {
    /// The mean of the customers' means over so many days; none without customers.
    pub(crate) fn mean(self, days: u32) -> Option<Decimal> {
        let customers = u64::try_from(self.customers).unwrap_or(u64::MAX);
        self.sum.mean(customers.checked_mul(u64::from(days))?)
    }
}

/// Of which generation, tenant, day, metric and number of days.
type Key = (u64, TenantId, Day, Metric, u32);

/// The baselines of a node.
#[derive(Clone)]
pub(crate) struct Baselines {
    log: Log,
    kept: Cache<Key, Arc<Mutex<Kept>>>,
}

/// A baseline, by customer.
#[derive(Default)]
struct Kept {
    position: Position,
    active: HashSet<String>,
    /// Of those that are active.
    sums: HashMap<String, Sum>,
    sum: Sum,
}

impl std::fmt::Debug for Baselines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Baselines").finish_non_exhaustive()
    }
}

impl Baselines {
    pub(crate) fn new(log: Log) -> Self {
        let kept = Cache::builder().max_capacity(KEPT).time_to_idle(IDLE);
        Self {
            log,
            kept: kept.build(),
        }
    }

    /// The baseline of a day, from the moment of the read model that is asked.
    pub(crate) async fn on(
        &self,
        asked: &mut Asked,
        metric: &Metric,
        day: Day,
        days: u32,
    ) -> Result<Baseline, QueryError> {
        let key = (
            asked.generation,
            asked.tenant.clone(),
            day,
            metric.clone(),
            days,
        );
        let kept = self.kept.get_with(key, async { Arc::default() }).await;
        let mut kept = kept.lock().await;
        if kept.position > asked.position {
            // It was brought further by one who asked later; this one sees what it saw.
            let mut former = Kept::default();
            former.sum_up(asked, metric, day, days).await?;
            return Ok(former.baseline());
        }
        if kept.position == asked.position && asked.position > Position(0) {
            return Ok(kept.baseline());
        }
        match self
            .touched(asked, kept.position, metric, day, days)
            .await?
        {
            Some(touched) => {
                for customer_id in touched {
                    kept.replace(asked, metric, day, days, &customer_id).await?;
                }
                kept.position = asked.position;
            }
            None => kept.sum_up(asked, metric, day, days).await?,
        }
        Ok(kept.baseline())
    }

    /// The customers whose part may have changed since a position; nothing where it is better to sum
    /// up anew.
    async fn touched(
        &self,
        asked: &mut Asked,
        since: Position,
        metric: &Metric,
        day: Day,
        days: u32,
    ) -> Result<Option<HashSet<String>>, QueryError> {
        if since == Position(0) || asked.position.0.saturating_sub(since.0) > FEW_EVENTS {
            return Ok(None);
        }
        let filter = Filter {
            categories: ["contract", "metric", "tenant", "usage"]
                .map(str::to_owned)
                .to_vec(),
            ..Filter::default()
        };
        let mut touched = HashSet::new();
        let (mut after, to) = (since, asked.position);
        while after < to {
            let page = self.log.read(&asked.tenant, after, &filter, 4_000).await?;
            let known = page.events.iter();
            for event in known.filter(|event| event.position <= to) {
                match of_whom(event) {
                    Whom::Everybody => return Ok(None),
                    Whom::Contract(id) => touched.extend(holder(asked, id).await?),
                    Whom::Used(customer_id, used_on) => {
                        let is_within = used_on.is_none_or(|used_on| {
                            used_on <= day.number()
                                && (metric.aggregation == Aggregation::Last
                                    || used_on > day.number() - i64::from(days))
                        });
                        if is_within && !touched.contains(customer_id) {
                            touched.insert(customer_id.to_owned());
                        }
                    }
                }
            }
            if page.scanned_to <= after {
                break;
            }
            after = page.scanned_to;
        }
        Ok(Some(touched))
    }
}

/// Whose part of a baseline an event changes.
enum Whom<'a> {
    Everybody,
    Contract(&'a str),
    Used(&'a str, Option<i64>),
}

fn of_whom(event: &Recorded) -> Whom<'_> {
    let id = event.stream.id();
    match event.stream.category() {
        "contract" => Whom::Contract(id),
        // A stream of usage is named by customer and day.
        "usage" => match id.rsplit_once('~') {
            Some((customer_id, on)) => {
                let on = on.parse().ok().map(day_number);
                Whom::Used(customer_id, on)
            }
            None => Whom::Everybody,
        },
        _ => Whom::Everybody,
    }
}

/// Whose contract it is.
async fn holder(asked: &mut Asked, contract_id: &str) -> Result<Option<String>, QueryError> {
    let sql = "SELECT customer_id FROM contract WHERE tenant = $1 AND contract_id = $2";
    let values = [asked.tenant.as_str().into(), contract_id.into()];
    let rows = asked.session.rows(sql, &values).await?;
    Ok(rows.first().map(|row| row.text(0)).transpose()?.flatten())
}

impl Kept {
    fn baseline(&self) -> Baseline {
        Baseline {
            sum: self.sum,
            customers: self.active.len(),
        }
    }

    async fn sum_up(
        &mut self,
        asked: &mut Asked,
        metric: &Metric,
        day: Day,
        days: u32,
    ) -> Result<(), QueryError> {
        let (session, tenant) = (&mut asked.session, &asked.tenant);
        self.active = active(session, tenant, day, Scope::Active).await?;
        self.sums = sums(session, tenant, metric, day, days, Scope::Active).await?;
        self.sum = Sum::default();
        for sum in self.sums.values() {
            self.sum.add(*sum);
        }
        self.position = asked.position;
        Ok(())
    }

    async fn replace(
        &mut self,
        asked: &mut Asked,
        metric: &Metric,
        day: Day,
        days: u32,
        customer_id: &str,
    ) -> Result<(), QueryError> {
        if let Some(former) = self.sums.remove(customer_id) {
            self.sum.take(former);
        }
        let (session, tenant, one) = (&mut asked.session, &asked.tenant, Scope::One(customer_id));
        if active(session, tenant, day, one).await?.is_empty() {
            self.active.remove(customer_id);
            return Ok(());
        }
        self.active.insert(customer_id.to_owned());
        let sums = sums(session, tenant, metric, day, days, one).await?;
        if let Some(sum) = sums.get(customer_id) {
            self.sum.add(*sum);
            self.sums.insert(customer_id.to_owned(), *sum);
        }
        Ok(())
    }
}
