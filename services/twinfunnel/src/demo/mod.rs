//! `twinfunnel demo`: a server of its own, a company's history, the answers about one of its funnels; it
//! stays up to be asked more.

mod commission;
mod crm;
mod saas;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use api::{Authentication, Limits};
use chrono::{NaiveDate, NaiveTime};
use client::{Client, Config};
use proto::instant::to_timestamp;
use proto::v1::{AsOf, Consistency};

use crate::output;
use crate::serve::{self, Role, Running, SealConfig, ServeConfig, Store};
use crate::signals::Signals;

/// How long the read models may take to hold the history.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long calls under way may take to end once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which history: that of a pipeline and its reps, or that of subscriptions and their customers.
    #[arg(long, value_enum, default_value_t)]
    sample: Sample,
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

/// Which history is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Sample {
    /// The first funnel: a CRM export.
    #[default]
    Crm,
    /// The second funnel: the export of a subscription business.
    Saas,
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

    let text = match args.sample {
        Sample::Crm => crm::show(&client, args.output).await?,
        Sample::Saas => saas::show(&client, args.output).await?,
    };
    output::write(&text)?;
    if !args.once {
        match args.sample {
            Sample::Crm => crm::invite(address),
            Sample::Saas => saas::invite(address),
        }
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

/// What had happened by a day, once the log holds a position. It is replayed from the log, whatever the
/// read models hold by now.
fn happened_by(day: NaiveDate, position: u64) -> Consistency {
    let happened_by = day.and_time(NaiveTime::MIN).and_utc();
    Consistency {
        as_of: Some(AsOf {
            known_at: None,
            happened_by: Some(to_timestamp(happened_by)),
        }),
        min_position: position,
    }
}
