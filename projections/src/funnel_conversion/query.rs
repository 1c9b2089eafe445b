//! The question: which opportunities, cut by what; and the counts that answer it.
//!
//! `reached(k)`: the furthest stage is k or later; a skipped stage counts as passed; a won
//! opportunity reached all. COHORT picks what was created in the period, whatever happened since;
//! PERIOD counts what happened in it: created, stages first reached, won and lost.

use ::figures::funnel::{Funnel, Group, Outcome};
use ::figures::rate;
use proto::instant::to_timestamp;
use proto::v1::{
    ConversionMode, Dimension, FunnelConversion, FunnelCut, FunnelRow, GetFunnelConversionRequest,
    StageDistribution,
};

use super::figures::told;
use crate::QueryError;
use crate::asked::{self, Asked};
use crate::engine::db::{Row, Value};
use crate::pipeline::{Gathered, Labels, Measure, Picked, Process, Stage};

/// Answers one request from a read model's database.
pub(crate) async fn answer(
    asked: &mut Asked,
    request: &GetFunnelConversionRequest,
) -> Result<FunnelConversion, QueryError> {
    let mode = mode(request.mode)?;
    let from = asked::instant_or(request.from.as_ref(), "from", asked::BEGINNING)?;
    let to = asked::instant_or(request.to.as_ref(), "to", asked.at)?;
    if from > to {
        return Err(QueryError::Invalid {
            field: "to".into(),
            description: "lies before from".into(),
        });
    }
    let process =
        Process::find(&mut asked.session, &asked.tenant, &request.sales_process_id).await?;
    let picked = Picked::new(
        &asked.tenant,
        &process,
        asked.at,
        &request.cut_by,
        &request.filters,
    )?;
    let period = [from.timestamp_micros().into(), to.timestamp_micros().into()];
    let counts = counted(asked, &picked, &process, mode, &period).await?;
    let of_teams = match picked.of_teams() {
        Some(picked) => Some(counted(asked, picked, &process, mode, &period).await?),
        None => None,
    };
    let of_teams = of_teams.as_ref().unwrap_or(&counts);
    let labels = Labels::load(&mut asked.session, &asked.tenant, asked.at, &picked.cut_by).await?;
    let cuts = picked
        .cut_by
        .iter()
        .map(|dimension| cut(*dimension, &counts, of_teams, &labels, &process));
    Ok(FunnelConversion {
        answered_from: Some(asked.answered_from()),
        sales_process_id: process.id.clone(),
        mode: mode.into(),
        from: (from > asked::BEGINNING).then(|| to_timestamp(from)),
        to: Some(to_timestamp(to)),
        overall: Some(told(&counts.overall, &process)),
        cuts: cuts.collect(),
        distribution: distribution(asked, &picked, &process).await?,
    })
}

fn mode(asked: i32) -> Result<ConversionMode, QueryError> {
    match ConversionMode::try_from(asked) {
        Ok(ConversionMode::Unspecified) => Ok(ConversionMode::Cohort),
        Ok(mode) => Ok(mode),
        Err(_) => {
            let description = "is no conversion mode".into();
            Err(QueryError::Invalid {
                field: "mode".into(),
                description,
            })
        }
    }
}

/// Counts the picked ones.
async fn counted(
    asked: &mut Asked,
    picked: &Picked,
    process: &Process,
    mode: ConversionMode,
    period: &[Value],
) -> Result<Gathered<Funnel>, QueryError> {
    let mut counts = Gathered::new(Funnel::empty(process.stages.len()));
    match mode {
        ConversionMode::Period => {
            for (measure, add) in in_period(picked, period) {
                count(asked, picked, &measure, &mut counts, add).await?;
            }
        }
        _ => {
            let measure = cohort(picked, period);
            count(asked, picked, &measure, &mut counts, add_group).await?;
        }
    }
    Ok(counts)
}

/// Adds what a row counts.
type Add = fn(&mut Funnel, &Row) -> Result<(), sqlx::Error>;

async fn count(
    asked: &mut Asked,
    picked: &Picked,
    measure: &Measure<'_>,
    counts: &mut Gathered<Funnel>,
    add: Add,
) -> Result<(), QueryError> {
    for (dims, row) in picked.cells(&mut asked.session, measure).await? {
        add(&mut counts.overall, &row)?;
        for (dimension, key) in picked.keys(&dims) {
            add(counts.at(dimension, key.clone()), &row)?;
        }
    }
    if picked.by_product() {
        for (product, row) in picked.product_cells(&mut asked.session, measure).await? {
            add(counts.at(Dimension::Product, product), &row)?;
        }
    }
    Ok(())
}

fn cohort<'a>(picked: &Picked, period: &'a [Value]) -> Measure<'a> {
    Measure {
        with: include_str!("furthest.sql").to_owned(),
        join: "LEFT JOIN furthest ON furthest.opportunity_id = picked.opportunity_id",
        by: "outcome, stage_rank",
        of: "COUNT(*)".into(),
        condition: picked.in_period("created_at"),
        values: period,
    }
}

fn add_group(funnel: &mut Funnel, row: &Row) -> Result<(), sqlx::Error> {
    let furthest = row.int(1)?.and_then(|rank| usize::try_from(rank).ok());
    funnel.add(Group {
        furthest,
        outcome: outcome(row)?,
        count: row.count(2)?,
    });
    Ok(())
}

/// What happened in a period: three counts.
fn in_period<'a>(picked: &Picked, period: &'a [Value]) -> [(Measure<'a>, Add); 3] {
    let plain = |by, column| Measure {
        with: String::new(),
        join: "",
        by,
        of: "COUNT(*)".into(),
        condition: picked.in_period(column),
        values: period,
    };
    let created: Add = |funnel, row| {
        let count = row.count(1)?;
        funnel.created += count;
        if outcome(row)? == Outcome::Open {
            funnel.open += count;
        }
        Ok(())
    };
    let closed: Add = |funnel, row| {
        match outcome(row)? {
            Outcome::Won => funnel.won += row.count(1)?,
            Outcome::Lost => funnel.lost += row.count(1)?,
            Outcome::Open => {}
        }
        Ok(())
    };
    let reached: Add = |funnel, row| {
        let rank = row.int(0)?.and_then(|rank| usize::try_from(rank).ok());
        if let Some(reached) = rank.and_then(|rank| funnel.reached.get_mut(rank)) {
            *reached += row.count(1)?;
        }
        Ok(())
    };
    let first_reached = Measure {
        with: include_str!("first_reached.sql").to_owned(),
        join: "JOIN first_reached ON first_reached.opportunity_id = picked.opportunity_id",
        ..plain("stage_rank", "reached_at")
    };
    [
        (plain("outcome", "created_at"), created),
        (plain("outcome", "closed_at"), closed),
        (first_reached, reached),
    ]
}

fn outcome(row: &Row) -> Result<Outcome, sqlx::Error> {
    Ok(match row.text(0)?.as_deref() {
        Some("WON") => Outcome::Won,
        Some("LOST") => Outcome::Lost,
        _ => Outcome::Open,
    })
}

fn cut(
    dimension: Dimension,
    counts: &Gathered<Funnel>,
    of_teams: &Gathered<Funnel>,
    labels: &Labels,
    process: &Process,
) -> FunnelCut {
    let rows = labels.in_order(dimension, counts.rows(dimension));
    let row = |(key, label, funnel): (&str, String, &Funnel)| {
        let team = match dimension {
            Dimension::Rep => labels.team_of(key),
            _ => None,
        };
        let team_figures = team.and_then(|team| of_teams.get(Dimension::Team, Some(team)));
        FunnelRow {
            key: key.to_owned(),
            label,
            figures: Some(told(funnel, process)),
            team_id: team.unwrap_or_default().to_owned(),
            team_figures: team_figures.map(|figures| told(figures, process)),
        }
    };
    FunnelCut {
        dimension: dimension.into(),
        rows: rows.into_iter().map(row).collect(),
    }
}

/// Open opportunities by stage, beside what the team wants there.
async fn distribution(
    asked: &mut Asked,
    picked: &Picked,
    process: &Process,
) -> Result<Vec<StageDistribution>, QueryError> {
    let currency = asked::currency_of(&mut asked.session, &asked.tenant).await?;
    let first = picked.first_value();
    let select = format!(
        "SELECT stage_id, COUNT(*), COUNT(CASE WHEN currency <> ${first} THEN 1 END), {} \
         FROM picked WHERE outcome = 'OPEN' GROUP BY stage_id",
        asked::amounts(first)
    );
    let rows = picked
        .select(&mut asked.session, &select, &[currency.code().into()])
        .await?;
    let mut open = std::collections::HashMap::new();
    let mut all = 0;
    for row in rows {
        let counts = (row.count(1)?, row.count(2)?, asked::sum(&row, 3)?);
        all += counts.0;
        open.insert(row.text(0)?.unwrap_or_default(), counts);
    }
    let stage = |stage: &Stage| {
        let (count, other, minor) = open.get(&stage.id).copied().unwrap_or_default();
        StageDistribution {
            stage_id: stage.id.clone(),
            name: stage.name.clone(),
            open_count: asked::count(count),
            open_amount: Some(asked::money(currency, minor)),
            other_currency_count: asked::count(other),
            target_open_count: stage.target_open_count,
            target_open_amount: stage
                .target_open_amount
                .map(|target| asked::money(target.currency, target.amount_minor)),
            share: rate(count, all),
        }
    };
    Ok(process.stages.iter().map(stage).collect())
}
