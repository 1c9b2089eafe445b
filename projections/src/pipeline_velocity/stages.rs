//! What stages teach: win probability, dwell time, and which opportunities stand still.

use std::collections::HashMap;

use ::figures::durations::{Durations, days};
use ::figures::rate;
use ::figures::velocity::forecast_minor;
use event_schemas::vocabulary::Currency;
use proto::instant::to_timestamp;
use proto::v1::{DwellTime, StageVelocity, StalledOpportunity};

use super::figures::{Lesson, Open, told_minor};
use crate::QueryError;
use crate::asked::{Asked, count, money};
use crate::engine::db::{Row, Value};
use crate::engine::fold::instant;
use crate::pipeline::{Picked, Process, Stage};

/// Stalled opportunities that are listed where a request does not say.
const LISTED: u32 = 20;

/// Stalled opportunities that can be listed at most.
const MAX_LISTED: u32 = 1_000;

/// How many stalled opportunities to list.
pub(super) fn max_stalled(asked: u32) -> Result<usize, QueryError> {
    match asked {
        0 => Ok(LISTED),
        1..=MAX_LISTED => Ok(asked),
        _ => Err(QueryError::Invalid {
            field: "max_stalled".into(),
            description: format!("is at most {MAX_LISTED}"),
        }),
    }
    .map(|listed| usize::try_from(listed).unwrap_or_default())
}

/// What each stage has taught, by stage id: of the opportunities closed in the look-back, those that
/// reached it, and those of them that were won. A won one reached all.
pub(super) async fn lessons(
    asked: &mut Asked,
    picked: &Picked,
    process: &Process,
    period: &[Value],
) -> Result<HashMap<String, Lesson>, QueryError> {
    let select =
        include_str!("lessons.sql").replace("$closed_in_period", &picked.in_period("closed_at"));
    let mut lessons: Vec<Lesson> = vec![Lesson::default(); process.stages.len()];
    for row in picked.select(&mut asked.session, &select, period).await? {
        let is_won = row.text(0)?.as_deref() == Some("WON");
        let furthest = row.int(1)?.and_then(|rank| usize::try_from(rank).ok());
        let reached = match furthest {
            _ if is_won => lessons.len(),
            Some(rank) => rank + 1,
            None => 0,
        };
        let closed = row.count(2)?;
        for lesson in lessons.iter_mut().take(reached) {
            lesson.closed += closed;
            lesson.won += if is_won { closed } else { 0 };
        }
    }
    let ids = process.stages.iter().map(|stage| stage.id.clone());
    Ok(ids.zip(lessons).collect())
}

/// How long opportunities stay in stages, and which have stayed too long.
#[derive(Debug)]
pub(super) struct Standing {
    /// By stage id.
    dwells: HashMap<String, Durations>,
    /// By stage id.
    stalled_counts: HashMap<String, u64>,
    /// With how far each is over its stage's p90, in microseconds.
    stalled: Vec<(f64, StalledOpportunity)>,
}

/// Looks at the stays that ended in the look-back, and at those that last.
pub(super) async fn standing(
    asked: &mut Asked,
    picked: &Picked,
    process: &Process,
    period: &[Value],
    max_stalled: usize,
) -> Result<Standing, QueryError> {
    let select =
        include_str!("dwells.sql").replace("$left_in_period", &picked.in_period("visit.left_at"));
    let mut dwells: HashMap<String, Vec<(i64, u64)>> = HashMap::new();
    for row in picked.select(&mut asked.session, &select, period).await? {
        let of_stage = dwells.entry(row.text(0)?.unwrap_or_default()).or_default();
        of_stage.push((row.int(1)?.unwrap_or_default(), row.count(2)?));
    }
    let dwells = dwells
        .into_iter()
        .map(|(stage, dwells)| (stage, dwells.into_iter().collect()));
    let mut standing = Standing {
        dwells: dwells.collect(),
        stalled_counts: HashMap::new(),
        stalled: Vec::new(),
    };
    for stage in &process.stages {
        standing
            .find_stalled(asked, picked, stage, max_stalled)
            .await?;
    }
    standing.stalled.sort_by(|(over_a, a), (over_b, b)| {
        over_b
            .total_cmp(over_a)
            .then_with(|| a.opportunity_id.cmp(&b.opportunity_id))
    });
    Ok(standing)
}

impl Standing {
    async fn find_stalled(
        &mut self,
        asked: &mut Asked,
        picked: &Picked,
        stage: &Stage,
        max_stalled: usize,
    ) -> Result<(), QueryError> {
        let dwells = self.dwells.get(&stage.id);
        let Some(p90) = dwells.and_then(|dwells| dwells.percentile_micros(0.9)) else {
            return Ok(());
        };
        // A whole number is longer than p90 exactly if it is longer than p90 rounded down.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a duration between two instants"
        )]
        let whole = p90.floor() as i64;
        let since = asked.at.timestamp_micros().saturating_sub(whole);
        let values = [stage.id.as_str().into(), since.into()];
        let first = picked.first_value();
        let condition = format!(
            "outcome = 'OPEN' AND stage_id = ${first} AND in_stage_since < ${}",
            first + 1
        );
        let select = format!("SELECT COUNT(*) FROM picked WHERE {condition}");
        let rows = picked.select(&mut asked.session, &select, &values).await?;
        let stalled = rows.first().map_or(Ok(0), |row| row.count(0))?;
        self.stalled_counts.insert(stage.id.clone(), stalled);
        let select = format!(
            "SELECT opportunity_id, name, rep_id, amount_minor, currency, in_stage_since \
             FROM picked WHERE {condition} ORDER BY in_stage_since, opportunity_id LIMIT {max_stalled}"
        );
        for row in picked.select(&mut asked.session, &select, &values).await? {
            self.stalled.push(stalled_row(&row, asked, stage, p90)?);
        }
        Ok(())
    }

    pub(super) fn stalled_count(&self) -> u64 {
        self.stalled_counts.values().sum()
    }

    /// Those that are furthest over their stage's p90.
    pub(super) fn stalled(self, max_stalled: usize) -> Vec<StalledOpportunity> {
        self.stalled
            .into_iter()
            .take(max_stalled)
            .map(|(_, stalled)| stalled)
            .collect()
    }

    /// What a stage teaches, as it is told.
    pub(super) fn told(
        &self,
        stage: &Stage,
        open: &Open,
        lesson: Lesson,
        currency: Currency,
    ) -> StageVelocity {
        let none = Durations::default();
        let dwells = self.dwells.get(&stage.id).unwrap_or(&none);
        StageVelocity {
            stage_id: stage.id.clone(),
            name: stage.name.clone(),
            closed: count(lesson.closed),
            won: count(lesson.won),
            win_probability: rate(lesson.won, lesson.closed),
            open_count: count(open.count),
            open_amount: Some(money(currency, open.minor)),
            forecast: told_minor(currency, forecast_minor(&lesson.on(open))),
            dwell: Some(DwellTime {
                visits: count(dwells.count()),
                mean_days: dwells.mean_micros().map(days),
                median_days: dwells.median_micros().map(days),
                p90_days: dwells.percentile_micros(0.9).map(days),
            }),
            stalled_count: count(
                self.stalled_counts
                    .get(&stage.id)
                    .copied()
                    .unwrap_or_default(),
            ),
        }
    }
}

fn stalled_row(
    row: &Row,
    asked: &Asked,
    stage: &Stage,
    p90: f64,
) -> Result<(f64, StalledOpportunity), sqlx::Error> {
    let since = instant(row.int(5)?.unwrap_or_default());
    let stayed = (asked.at.timestamp_micros() - since.timestamp_micros()) as f64;
    let currency = row.text(4)?.and_then(|code| Currency::new(&code).ok());
    let amount = row.int(3)?.zip(currency);
    let stalled = StalledOpportunity {
        opportunity_id: row.text(0)?.unwrap_or_default(),
        name: row.text(1)?.unwrap_or_default(),
        stage_id: stage.id.clone(),
        rep_id: row.text(2)?.unwrap_or_default(),
        amount: amount.map(|(amount_minor, currency)| money(currency, amount_minor)),
        in_stage_since: Some(to_timestamp(since)),
        days_in_stage: days(stayed),
        p90_days: days(p90),
    };
    Ok((stayed - p90, stalled))
}
