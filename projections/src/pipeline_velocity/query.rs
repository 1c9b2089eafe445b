//! The question: which opportunities, over which look-back, cut by what; and the sums that answer it.

use std::collections::HashMap;

use chrono::TimeDelta;
use event_schemas::vocabulary::Currency;
use proto::instant::to_timestamp;
use proto::v1::{
    Dimension, GetPipelineVelocityRequest, PipelineVelocity, VelocityCut, VelocityRow,
};

use super::figures::{Lesson, Open, Sums, told};
use super::stages;
use crate::QueryError;
use crate::asked::{self, Asked};
use crate::engine::db::{Row, Value};
use crate::pipeline::{Gathered, Labels, Measure, Picked, Process};

/// The look-back where a request names none, in days.
const LOOK_BACK_DAYS: u32 = 365;

/// The longest look-back, in days.
const MAX_LOOK_BACK_DAYS: u32 = 36_500;

/// Answers one request from a read model's database.
pub(crate) async fn answer(
    asked: &mut Asked,
    request: &GetPipelineVelocityRequest,
) -> Result<PipelineVelocity, QueryError> {
    let look_back = match request.look_back_days {
        0 => LOOK_BACK_DAYS,
        days @ 1..=MAX_LOOK_BACK_DAYS => days,
        _ => {
            return Err(QueryError::Invalid {
                field: "look_back_days".into(),
                description: format!("is at most {MAX_LOOK_BACK_DAYS}"),
            });
        }
    };
    let max_stalled = stages::max_stalled(request.max_stalled)?;
    let from = asked
        .at
        .checked_sub_signed(TimeDelta::days(i64::from(look_back)));
    let from = from.unwrap_or(asked::BEGINNING);
    let process =
        Process::find(&mut asked.session, &asked.tenant, &request.sales_process_id).await?;
    let currency = asked::currency_of(&mut asked.session, &asked.tenant).await?;
    let picked = Picked::new(
        &asked.tenant,
        &process,
        asked.at,
        &request.cut_by,
        &request.filters,
    )?;
    let period = [
        from.timestamp_micros().into(),
        asked.at.timestamp_micros().into(),
    ];

    let whole = summed(asked, &picked, &process, currency, &period).await?;
    let of_teams = match picked.of_teams() {
        Some(picked) => Some(summed(asked, picked, &process, currency, &period).await?),
        None => None,
    };
    let of_teams = of_teams.as_ref().unwrap_or(&whole);
    let standing = stages::standing(asked, &picked, &process, &period, max_stalled).await?;
    let labels = Labels::load(&mut asked.session, &asked.tenant, asked.at, &picked.cut_by).await?;
    let stages = process.stages.iter().map(|stage| {
        let open = whole.sums.overall.open.get(&stage.id).copied();
        let lesson = whole.lessons.get(&stage.id).copied();
        let (open, lesson) = (open.unwrap_or_default(), lesson.unwrap_or_default());
        standing.told(stage, &open, lesson, currency)
    });
    let cuts = picked.cut_by.iter();
    Ok(PipelineVelocity {
        answered_from: Some(asked.answered_from()),
        sales_process_id: process.id.clone(),
        look_back_from: Some(to_timestamp(from)),
        look_back_to: Some(to_timestamp(asked.at)),
        overall: Some(told(&whole.sums.overall, &whole.lessons, currency)),
        stages: stages.collect(),
        cuts: cuts
            .map(|dimension| cut(*dimension, &whole, of_teams, &labels, currency))
            .collect(),
        stalled_count: asked::count(standing.stalled_count()),
        stalled: standing.stalled(max_stalled),
    })
}

/// What the picked ones come to, and what the stages have taught by them.
struct Summed {
    sums: Gathered<Sums>,
    lessons: HashMap<String, Lesson>,
}

async fn summed(
    asked: &mut Asked,
    picked: &Picked,
    process: &Process,
    currency: Currency,
    period: &[Value],
) -> Result<Summed, QueryError> {
    let mut sums = Gathered::new(Sums::default());
    let of_currency = [currency.code().into()];
    let measure = open(picked, &of_currency);
    sum(asked, picked, &measure, &mut sums, add_open).await?;
    let closing = [period, &of_currency[..]].concat();
    let measure = closed(picked, &closing);
    sum(asked, picked, &measure, &mut sums, add_closed).await?;
    let lessons = stages::lessons(asked, picked, process, period).await?;
    Ok(Summed { sums, lessons })
}

/// Adds what a row sums up.
type Add = fn(&mut Sums, &Row) -> Result<(), sqlx::Error>;

async fn sum(
    asked: &mut Asked,
    picked: &Picked,
    measure: &Measure<'_>,
    sums: &mut Gathered<Sums>,
    add: Add,
) -> Result<(), QueryError> {
    for (dims, row) in picked.cells(&mut asked.session, measure).await? {
        add(&mut sums.overall, &row)?;
        for (dimension, key) in picked.keys(&dims) {
            add(sums.at(dimension, key.clone()), &row)?;
        }
    }
    if picked.by_product() {
        for (product, row) in picked.product_cells(&mut asked.session, measure).await? {
            add(sums.at(Dimension::Product, product), &row)?;
        }
    }
    Ok(())
}

fn open<'a>(picked: &Picked, values: &'a [Value]) -> Measure<'a> {
    let currency = picked.first_value();
    Measure {
        with: String::new(),
        join: "",
        by: "stage_id",
        of: format!(
            "COUNT(*), COUNT(CASE WHEN amount_minor IS NULL THEN 1 END), \
             COUNT(CASE WHEN currency <> ${currency} THEN 1 END), {}",
            asked::amounts(currency)
        ),
        condition: "outcome = 'OPEN'".into(),
        values,
    }
}

fn add_open(sums: &mut Sums, row: &Row) -> Result<(), sqlx::Error> {
    let open = Open {
        count: row.count(1)?,
        without_amount: row.count(2)?,
        other_currency: row.count(3)?,
        minor: asked::sum(row, 4)?,
    };
    sums.open
        .entry(row.text(0)?.unwrap_or_default())
        .or_default()
        .add(open);
    Ok(())
}

fn closed<'a>(picked: &Picked, values: &'a [Value]) -> Measure<'a> {
    let currency = picked.first_value() + 2;
    Measure {
        with: String::new(),
        join: "",
        by: "outcome, cycle",
        of: format!(
            "COUNT(*), COUNT(CASE WHEN currency = ${currency} THEN 1 END), {}",
            asked::amounts(currency)
        ),
        condition: format!("outcome <> 'OPEN' AND {}", picked.in_period("closed_at")),
        values,
    }
}

fn add_closed(sums: &mut Sums, row: &Row) -> Result<(), sqlx::Error> {
    let (count, closed) = (row.count(2)?, &mut sums.closed);
    if row.text(0)?.as_deref() != Some("WON") {
        closed.lost += count;
        return Ok(());
    }
    closed.won += count;
    closed.won_with_amount += row.count(3)?;
    closed.won_minor += asked::sum(row, 4)?;
    closed.cycles.push((row.int(1)?.unwrap_or_default(), count));
    Ok(())
}

fn cut(
    dimension: Dimension,
    whole: &Summed,
    of_teams: &Summed,
    labels: &Labels,
    currency: Currency,
) -> VelocityCut {
    let rows = labels.in_order(dimension, whole.sums.rows(dimension));
    let row = |(key, label, of_key): (&str, String, &Sums)| {
        let team = match dimension {
            Dimension::Rep => labels.team_of(key),
            _ => None,
        };
        let of_team = team.and_then(|team| of_teams.sums.get(Dimension::Team, Some(team)));
        VelocityRow {
            key: key.to_owned(),
            label,
            figures: Some(told(of_key, &whole.lessons, currency)),
            team_id: team.unwrap_or_default().to_owned(),
            team_figures: of_team.map(|of_team| told(of_team, &of_teams.lessons, currency)),
        }
    };
    VelocityCut {
        dimension: dimension.into(),
        rows: rows.into_iter().map(row).collect(),
    }
}
