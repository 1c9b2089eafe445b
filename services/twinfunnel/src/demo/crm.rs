//! The first funnel of the demo: what a CRM export tells of the pipeline, and what its reps are paid.

use std::net::SocketAddr;

use chrono::NaiveDate;
use client::Client;
use proto::v1;
use proto::v1::{ConversionMode, Dimension};

use super::{Format, commission, happened_by};
use crate::export::{self, Source};
use crate::import_crm::{self, Contracts, Dirt, Export, Sources};
use crate::{output, render};

/// By what the answers are cut.
const CUT_BY: [Dimension; 3] = [Dimension::Rep, Dimension::Region, Dimension::Product];

/// The day after the last that the data tell of: all of it has happened by then.
const ASKED_ON: NaiveDate = match NaiveDate::from_ymd_opt(2018, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Sends the history, and asks; the answers as text.
pub(super) async fn show(client: &Client, format: Format) -> anyhow::Result<String> {
    let export = Export::read(&embedded())?;
    let mut dirt = Dirt::of(&export.bad_rows);
    let mut commands = import_crm::commands(&export, Contracts::Signed, &mut dirt);
    output::tell(&dirt.to_string());
    let plan = commission::plan(&commands);
    commands.extend(plan);
    let summary = export::send(client, commands).await?;
    output::tell_line(&summary.to_string());

    let (funnel, velocity) = ask(client, summary.position).await?;
    let paid = commission::close(client, summary.position).await?;
    match format {
        Format::Table => {
            let (funnel, velocity) = (
                render::funnel::table(&funnel),
                render::velocity::table(&velocity),
            );
            let commission = commission::table(&paid);
            Ok(format!("{funnel}\n{velocity}\n{commission}"))
        }
        Format::Json => {
            let all = serde_json::json!({
                "funnel": proto::json::to_value(&funnel)?,
                "velocity": proto::json::to_value(&velocity)?,
                "commission": commission::json(&paid)?,
            });
            Ok(format!("{all}\n"))
        }
    }
}

/// The history that comes with the program.
fn embedded() -> Sources {
    Sources {
        accounts: Source::embedded(
            "accounts.csv",
            include_str!("../../../../tests/data/crm/accounts.csv"),
        ),
        products: Source::embedded(
            "products.csv",
            include_str!("../../../../tests/data/crm/products.csv"),
        ),
        teams: Source::embedded(
            "sales_teams.csv",
            include_str!("../../../../tests/data/crm/sales_teams.csv"),
        ),
        pipeline: Source::embedded(
            "sales_pipeline.csv",
            include_str!("../../../../tests/data/crm/sales_pipeline.csv"),
        ),
    }
}

/// Asks both questions once the read models hold the history.
async fn ask(
    client: &Client,
    position: u64,
) -> anyhow::Result<(v1::FunnelConversion, v1::PipelineVelocity)> {
    let consistency = Some(happened_by(ASKED_ON, position));
    let cut_by: Vec<i32> = CUT_BY.into_iter().map(Into::into).collect();
    let funnel = client.funnel_conversion(v1::GetFunnelConversionRequest {
        mode: ConversionMode::Cohort.into(),
        cut_by: cut_by.clone(),
        consistency,
        ..v1::GetFunnelConversionRequest::default()
    });
    let velocity = client.pipeline_velocity(v1::GetPipelineVelocityRequest {
        cut_by,
        consistency,
        ..v1::GetPipelineVelocityRequest::default()
    });
    Ok((funnel.await?, velocity.await?))
}

/// Says what to do with a server that stays up.
pub(super) fn invite(address: SocketAddr) {
    let server = format!("--server http://{address}");
    output::tell_line(&format!(
        "\nIt listens on {address} until Ctrl-C. Ask it more from another terminal:\n\
         \n  twinfunnel show funnel --by team,industry --happened-by {ASKED_ON} {server}\
         \n  twinfunnel show commission --on 2017-06-30 --rep darcel-schlecht --explain {server}\
         \n  twinfunnel audit bundle --plan {plan} --participant darcel-schlecht --period 2017-Q4 {server}",
        plan = commission::PLAN,
    ));
}
