//! `twinfunnel demo`: a server of its own, a company's history, the answers about its funnel and its
//! pipeline, and what its reps are paid; it stays up to be asked more.

mod commission;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use api::{Authentication, Limits};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use client::{Client, Config};
use proto::instant::to_timestamp;
use proto::v1;
use proto::v1::{AsOf, Consistency, ConversionMode, Dimension};

use crate::export::{self, Source};
use crate::import_crm::{self, Contracts, Dirt, Export, Sources};
use crate::serve::{self, Role, Running, SealConfig, ServeConfig, Store};
use crate::signals::Signals;
use crate::{output, render};

/// By what the answers are cut.
const CUT_BY: [Dimension; 3] = [Dimension::Rep, Dimension::Region, Dimension::Product];

/// The day after the last that the data tell of: all of it has happened by then.
const ASKED_ON: NaiveDate = match NaiveDate::from_ymd_opt(2018, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// How long the read models may take to hold the history.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long calls under way may take to end once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End once the answers are printed.
    #[arg(long)]
    once: bool,
    /// How to print the answers; JSON is one object of all.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    /// Where to listen, on loopback; any free port if this one is taken.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7447")]
    listen: SocketAddr,
}

/// How the answers are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Table,
    /// As they came, in proto3 JSON.
    Json,
}

/// Shows it at work, in a temporary folder that is gone afterwards.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let folder = tempfile::Builder::new()
        .prefix("twinfunnel-demo-")
        .tempdir()?;
    let data_dir = folder.path().to_owned();
    // Ended by a signal at any time, so that the folder never stays behind.
    tokio::select! {
        shown = show(&args, data_dir) => shown?,
        () = signals.next() => {}
    }
    folder.close()?;
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &Args, data_dir: std::path::PathBuf) -> anyhow::Result<()> {
    let running = start(args.listen, data_dir).await?;
    let address = running.address;
    output::tell_line(&format!(
        "A server of its own listens on {address}; its data are gone when it ends."
    ));
    let client = Client::connect(Config {
        actor: Some("demo".to_owned()),
        timeout: TIMEOUT,
        ..Config::new(format!("http://{address}"), "main")
    })?;

    let export = Export::read(&embedded())?;
    let mut dirt = Dirt::of(&export.bad_rows);
    let mut commands = import_crm::commands(&export, Contracts::Signed, &mut dirt);
    output::tell(&dirt.to_string());
    let plan = commission::plan(&commands);
    commands.extend(plan);
    let summary = export::send(&client, commands).await?;
    output::tell_line(&summary.to_string());

    let (funnel, velocity) = ask(&client, summary.position).await?;
    let paid = commission::close(&client, summary.position).await?;
    match args.output {
        Format::Table => {
            let (funnel, velocity) = (
                render::funnel::table(&funnel),
                render::velocity::table(&velocity),
            );
            let commission = commission::table(&paid);
            output::write(&format!("{funnel}\n{velocity}\n{commission}"))?;
        }
        Format::Json => {
            let all = serde_json::json!({
                "funnel": proto::json::to_value(&funnel)?,
                "velocity": proto::json::to_value(&velocity)?,
                "commission": commission::json(&paid)?,
            });
            output::write_line(&all.to_string())?;
        }
    }
    if !args.once {
        invite(address);
        std::future::pending::<()>().await;
    }
    // What is appended is durable, and here it is thrown away: nobody waits for long.
    match tokio::time::timeout(GRACE, running.stop()).await {
        Ok(stopped) => stopped,
        Err(_) => Ok(()),
    }
}

/// Starts a server with all roles; where the port is taken, on any other.
async fn start(listen: SocketAddr, data_dir: std::path::PathBuf) -> anyhow::Result<Running> {
    let config = |listen| ServeConfig {
        listen,
        store: Store::Sqlite {
            data_dir: data_dir.clone(),
        },
        roles: vec![Role::Command, Role::Query, Role::Project, Role::Seal],
        seal: Some(SealConfig::in_data_dir(&data_dir)),
        relay: None,
        authentication: Authentication::Loopback,
        tls: None,
        limits: Limits::default(),
        log: log::Options::default(),
    };
    match serve::start(config(listen)).await {
        Err(error) if is_taken(&error) => {
            output::tell_line(&format!("{listen} is taken; another port is used."));
            serve::start(config(SocketAddr::new(listen.ip(), 0))).await
        }
        started => started,
    }
}

fn is_taken(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(api::ServeError::Listen { source, .. }) => source.kind() == ErrorKind::AddrInUse,
        _ => false,
    }
}

/// The history that comes with the program.
fn embedded() -> Sources {
    let source = |label: &str, text: &str| Source {
        label: label.into(),
        text: text.to_owned(),
    };
    Sources {
        accounts: source(
            "accounts.csv",
            include_str!("../../../../tests/data/crm/accounts.csv"),
        ),
        products: source(
            "products.csv",
            include_str!("../../../../tests/data/crm/products.csv"),
        ),
        teams: source(
            "sales_teams.csv",
            include_str!("../../../../tests/data/crm/sales_teams.csv"),
        ),
        pipeline: source(
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
    // Answers as of an instant are replayed from the log, whatever the read models hold by now.
    let happened_by = to_timestamp(asked_at());
    let consistency = Some(Consistency {
        as_of: Some(AsOf {
            known_at: None,
            happened_by: Some(happened_by),
        }),
        min_position: position,
    });
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

fn asked_at() -> DateTime<Utc> {
    ASKED_ON.and_time(NaiveTime::MIN).and_utc()
}

/// Says what to do with a server that stays up.
fn invite(address: SocketAddr) {
    let server = format!("--server http://{address}");
    output::tell_line(&format!(
        "\nIt listens on {address} until Ctrl-C. Ask it more from another terminal:\n\
         \n  twinfunnel show funnel --by team,industry --happened-by {ASKED_ON} {server}\
         \n  twinfunnel show commission --on 2017-06-30 --rep darcel-schlecht --explain {server}\
         \n  twinfunnel audit bundle --plan {plan} --participant darcel-schlecht --period 2017-Q4 {server}",
        plan = commission::PLAN,
    ));
}
