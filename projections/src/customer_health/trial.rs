//! The question: whom would a health model have flagged, and who left?

use std::collections::HashMap;

use ::figures::health::{Backtest, Band, Flagged, Outcome, health};
use chrono::{Datelike as _, Days, NaiveDate};
use event_schemas::health_model::HealthTerms;
use proto::v1;

use super::book::{accounts, wanted_band};
use super::{Scene, period, required, tell};
use crate::QueryError;
use crate::asked::count;
use crate::calendar::day_of;

/// Longest period, in days: 36 months.
const DAYS_MAX: i64 = 1_096;

/// Days within which a flag was right, where the request names none.
const WITHIN_DAYS: u32 = 90;

/// Answers one request.
pub(crate) async fn trial(
    scene: &mut Scene,
    request: &v1::TryHealthModelRequest,
) -> Result<v1::HealthModelTrial, QueryError> {
    let terms = supposed(&request.terms_json)?;
    let mut unknown = terms.metrics.iter().map(|factor| &factor.metric_id);
    if let Some(metric_id) = unknown.find(|id| !scene.metrics.is_declared(id.as_str())) {
        return Err(QueryError::Invalid {
            field: "terms_json".into(),
            description: format!("names metric {metric_id}, which was never declared"),
        });
    }
    let from_on = required(&request.from_on, "from_on")?;
    let to_on = required(&request.to_on, "to_on")?;
    period(from_on, to_on, DAYS_MAX)?;
    let below = wanted_band(request.below)?.unwrap_or(Band::Healthy);
    let within_days = match request.within_days {
        0 => WITHIN_DAYS,
        days => days,
    };
    let accounts = accounts(scene).await?;
    let departures = Departures::load(scene).await?;
    let mut overall = Backtest::default();
    let mut months = Vec::new();
    let known_to = scene.calendar.on(scene.asked.at);
    for on in month_ends(from_on, to_on) {
        // Before then nobody can tell a false alarm from one that is yet to come true.
        let decided_on = on.checked_add_days(Days::new(within_days.into()));
        let is_decided = decided_on.is_some_and(|decided_on| decided_on <= known_to);
        let day = scene.calendar.day(on);
        let mut counts = Backtest::default();
        let mut customers = Vec::new();
        for standing in scene.standings(&terms, day).await? {
            if !standing.is_active {
                continue;
            }
            let health = health(&terms, &standing);
            let customer_id = standing.customer_id.to_string();
            let flagged = Flagged {
                is_flagged: health.band.is_some_and(|band| band < below),
                churned_on: departures.after(&customer_id, on),
                customer_id: standing.customer_id,
                on,
            };
            let outcome = flagged.outcome(within_days);
            counts.add(outcome);
            if is_decided {
                overall.add(outcome);
            }
            let told = match outcome {
                Outcome::Hit => "HIT",
                Outcome::FalseAlarm => "FALSE_ALARM",
                Outcome::Missed => "MISSED",
                Outcome::Quiet => continue,
            };
            let account = accounts.get(&customer_id).cloned().unwrap_or_default();
            let churned_on = flagged.churned_on.map(|on| on.to_string());
            customers.push(v1::HealthTrialCustomer {
                name: account.name,
                score: tell::score(health.score),
                outcome: told.to_owned(),
                churned_on: churned_on.unwrap_or_default(),
                customer_id,
            });
        }
        months.push(v1::HealthTrialMonth {
            on: on.to_string(),
            counts: Some(counted(&counts)),
            customers,
        });
    }
    Ok(v1::HealthModelTrial {
        answered_from: Some(scene.asked.answered_from()),
        months,
        overall: Some(counted(&overall)),
    })
}

/// The terms of a model that is only supposed, as one that is published holds them.
fn supposed(text: &str) -> Result<HealthTerms, QueryError> {
    let invalid = |description: String| QueryError::Invalid {
        field: "terms_json".into(),
        description,
    };
    let terms: HealthTerms = serde_json::from_str(text)
        .map_err(|error| invalid(format!("is no terms of a health model: {error}")))?;
    let weights = terms.metrics.iter().map(|metric| metric.weight);
    let weights = weights.chain(terms.nps.iter().map(|nps| nps.weight));
    let windows = terms
        .metrics
        .iter()
        .flat_map(|m| [m.window_days, m.baseline_days]);
    let mut windows = windows.chain(terms.nps.iter().map(|nps| nps.window_days));
    if terms.metrics.is_empty() && terms.nps.is_none() {
        return Err(invalid("names no factor".into()));
    }
    if weights
        .into_iter()
        .any(|weight| weight.decimal() <= rust_decimal::Decimal::ZERO)
    {
        return Err(invalid("has a weight that is not positive".into()));
    }
    if windows.any(|days| !(1..=3_660).contains(&days)) {
        return Err(invalid("has a window that is not 1 to 3,660 days".into()));
    }
    Ok(terms)
}

/// The last day of each month, in [from, to).
fn month_ends(from_on: NaiveDate, to_on: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let days = from_on.iter_days().take_while(move |on| *on < to_on);
    days.filter(|on| on.succ_opt().is_some_and(|next| next.day() == 1))
}

/// When customers left: with hindsight, by all that is known.
struct Departures(HashMap<String, Vec<NaiveDate>>);

impl Departures {
    async fn load(scene: &mut Scene) -> Result<Self, QueryError> {
        let values = [scene.asked.tenant.as_str().into()];
        let mut departures: HashMap<String, Vec<NaiveDate>> = HashMap::new();
        let sql = "SELECT customer_id, churned_on FROM churn WHERE tenant = $1";
        for row in scene.asked.session.rows(sql, &values).await? {
            let days = departures.entry(row.text(0)?.unwrap_or_default());
            days.or_default().extend(row.int(1)?.map(day_of));
        }
        // The days on which a contract ends and none is in force any more.
        let sql = "SELECT customer_id, starts_on, \
                   CASE WHEN terminated_on IS NOT NULL \
                   AND (ends_on IS NULL OR terminated_on < ends_on) \
                   THEN terminated_on ELSE ends_on END \
                   FROM contract WHERE tenant = $1 ORDER BY customer_id, starts_on";
        let mut reached: Option<(String, Option<i64>)> = None;
        for row in scene.asked.session.rows(sql, &values).await? {
            let customer_id = row.text(0)?.unwrap_or_default();
            let (starts_on, ends_on) = (row.int(1)?.unwrap_or_default(), row.int(2)?);
            if ends_on.is_some_and(|ends_on| ends_on <= starts_on) {
                // It never was in force.
                continue;
            }
            reached = match reached.take() {
                Some((of, Some(end))) if of != customer_id || end < starts_on => {
                    departures.entry(of).or_default().push(day_of(end));
                    Some((customer_id, ends_on))
                }
                Some((of, end)) if of == customer_id => {
                    let later = end.zip(ends_on).map(|(end, ends_on)| end.max(ends_on));
                    Some((of, later))
                }
                _ => Some((customer_id, ends_on)),
            };
        }
        if let Some((of, Some(end))) = reached {
            departures.entry(of).or_default().push(day_of(end));
        }
        Ok(Self(departures))
    }

    /// The first after a day.
    fn after(&self, customer_id: &str, on: NaiveDate) -> Option<NaiveDate> {
        let days = self.0.get(customer_id)?.iter();
        days.filter(|day| **day > on).min().copied()
    }
}

fn counted(counts: &Backtest) -> v1::HealthTrialCounts {
    v1::HealthTrialCounts {
        hits: count(counts.hits),
        false_alarms: count(counts.false_alarms),
        missed: count(counts.missed),
        quiet: count(counts.quiet),
        precision: counts.precision(),
        recall: counts.recall(),
    }
}
