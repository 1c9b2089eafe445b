//! `twinfunnel serve`: the options of a node, its metrics, and the signals that stop it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use api::{Authentication, Tls};
use log::seal::KeyFile;
use merkle::OriginPrefix;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

use crate::limits::LimitArgs;
use crate::output;
use crate::serve::{self, Role, SealConfig, ServeConfig, Store};
use crate::signals::Signals;

/// How long calls under way may take to end once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Upper bounds of the buckets of times, in seconds.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Options of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Where to listen; port 0 takes any free one. Without --jwt-public-key on loopback only.
    #[arg(
        long,
        env = "TWINFUNNEL_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:7447"
    )]
    listen: SocketAddr,
    /// What this node does; all of it if not given. On a database, sealing needs --seal-key; to relay
    /// needs --nats-url.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE")]
    roles: Option<Vec<Role>>,
    /// The file with the key that seals the log; seal.key in the data directory if not given. Nodes
    /// that share a database share it.
    #[arg(long, env = "TWINFUNNEL_SEAL_KEY", value_name = "FILE")]
    seal_key: Option<PathBuf>,
    /// How the names of the sealed logs begin, in checkpoints: PREFIX/TENANT.
    #[arg(
        long,
        env = "TWINFUNNEL_SEAL_ORIGIN",
        value_name = "PREFIX",
        default_value = "twinfunnel"
    )]
    seal_origin: OriginPrefix,
    #[command(flatten)]
    relay: RelayArgs,
    /// PEM public key (Ed25519, P-256 or RSA) that callers' JSON Web Tokens are checked with.
    #[arg(long, env = "TWINFUNNEL_JWT_PUBLIC_KEY", value_name = "FILE")]
    jwt_public_key: Option<PathBuf>,
    /// Take only tokens of this issuer.
    #[arg(long, requires = "jwt_public_key", value_name = "ISS")]
    jwt_issuer: Option<String>,
    /// Take only tokens for this audience.
    #[arg(long, requires = "jwt_public_key", value_name = "AUD")]
    jwt_audience: Option<String>,
    /// PEM certificate chain; speaks TLS if given.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// PEM private key of the certificate.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Offer metrics to Prometheus here.
    #[arg(long, env = "TWINFUNNEL_METRICS_LISTEN", value_name = "ADDR")]
    metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, clap::Args)]
struct RelayArgs {
    /// Send events on to this NATS server, with JetStream; user and password, or a token, in the URL.
    #[arg(
        long,
        env = "TWINFUNNEL_NATS_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    nats_url: Option<String>,
    /// How many days NATS keeps them; for good if not given.
    #[arg(long, requires = "nats_url", value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    nats_keep_days: Option<u32>,
    /// How many servers of a NATS cluster keep them.
    #[arg(long, requires = "nats_url", value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nats_replicas: u8,
}

impl RelayArgs {
    fn options(self) -> Option<relay::Options> {
        let day = Duration::from_secs(24 * 60 * 60);
        Some(relay::Options {
            url: self.nats_url?,
            keep: self.nats_keep_days.map(|days| day * days),
            replicas: self.nats_replicas.into(),
        })
    }
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct StoreArgs {
    /// Keep everything in this directory (SQLite); one server at a time.
    #[arg(long, env = "TWINFUNNEL_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Keep everything in this PostgreSQL database, which nodes may share.
    #[arg(
        long,
        env = "TWINFUNNEL_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database_url: Option<String>,
}

/// Runs the server until it is told to stop.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    // Listened to from the start, so that a signal during a long start is not lost.
    let mut signals = Signals::listen()?;
    if let Some(address) = args.metrics_listen {
        PrometheusBuilder::new()
            .with_http_listener(address)
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
            .install()
            .with_context(|| format!("offering metrics on {address}"))?;
    }
    let config = config(args).await?;
    let mut running = tokio::select! {
        running = serve::start(config) => running?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    // The only line on standard output: whoever started us with port 0 reads the port from it.
    output::write_line(&format!("listening on {}", running.address))?;

    tokio::select! {
        () = signals.next() => {}
        error = running.failed() => return Err(error),
    }
    tracing::info!("stopping");
    tokio::select! {
        stopped = running.stop() => stopped?,
        // What is appended is durable: nothing is lost by leaving a follower behind.
        () = tokio::time::sleep(GRACE) => tracing::warn!("some calls did not end"),
        () = signals.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn config(args: Args) -> anyhow::Result<ServeConfig> {
    let store = match (args.store.data_dir, args.store.database_url) {
        (Some(data_dir), None) => Store::Sqlite { data_dir },
        (None, Some(url)) => Store::Postgres { url },
        _ => bail!("either --data-dir or --database-url says where to keep everything"),
    };
    let seal = match (&args.seal_key, &store) {
        (Some(path), _) => Some(SealConfig {
            key: KeyFile::at(path),
            may_make_key: false,
            prefix: args.seal_origin,
        }),
        (None, Store::Sqlite { data_dir }) => Some(SealConfig {
            prefix: args.seal_origin,
            ..SealConfig::in_data_dir(data_dir)
        }),
        (None, Store::Postgres { .. }) => None,
    };
    let relay = args.relay.options();
    let roles = match args.roles {
        Some(roles) if roles.contains(&Role::Relay) && relay.is_none() => {
            bail!("where to relay to is missing: --nats-url")
        }
        Some(roles) if roles.contains(&Role::Seal) && seal.is_none() => bail!(
            "to seal a log in a database the nodes share a key: make it with \
             `twinfunnel seal rotate-key --seal-key FILE`, and name it with --seal-key"
        ),
        Some(roles) => roles,
        None => vec![
            Role::Command,
            Role::Query,
            Role::Project,
            Role::React,
            Role::Seal,
            Role::Relay,
        ],
    };
    if roles.contains(&Role::Seal) && seal.is_none() {
        tracing::info!("the log is not sealed: --seal-key is not given");
    }
    let authentication = match &args.jwt_public_key {
        Some(path) => Authentication::token_signed_by(
            path,
            args.jwt_issuer.as_deref(),
            args.jwt_audience.as_deref(),
        )?,
        None => Authentication::Loopback,
    };
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate_pem: read(certificate).await?,
            key_pem: read(key).await?,
        }),
        _ => None,
    };
    Ok(ServeConfig {
        listen: args.listen,
        store,
        roles,
        seal,
        relay,
        authentication,
        tls,
        limits: args.limits.of_callers(),
        log: args.limits.of_log(),
    })
}

async fn read(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    tokio::fs::read(path)
        .await
        .with_context(|| path.display().to_string())
}
