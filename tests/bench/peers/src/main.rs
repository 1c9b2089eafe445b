//! Measures other event stores at the job that twinfunnel-bench measures: so many callers, each of whom
//! registers a fresh opportunity and waits until it is durable before the next.
//!
//! ```text
//! twinfunnel-peers umadb|disintegrate|esrs|message-db --database-url postgres://… --in-flight N --seconds N
//! ```
//!
//! It says one line of JSON: `{"per_second": …, "p50_ms": …, "p99_ms": …}`. Each is called in process, as its
//! makers mean it to be, but for UmaDB, whose server runs in a process of its own.

mod disintegrate_postgres;
mod esrs_postgres;
#[path = "../../src/load.rs"]
mod load;
mod message_db;
#[cfg(feature = "umadb")]
mod umadb;

use std::time::Duration;

use clap::{Parser, Subcommand};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

/// Connections of each that keeps its events in PostgreSQL; more than the machine has cores to serve.
const CONNECTIONS: u32 = 32;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    peer: Peer,
    /// An empty database.
    #[arg(long, global = true, default_value = "")]
    database_url: String,
    /// Callers.
    #[arg(long, global = true, default_value_t = 64)]
    in_flight: usize,
    /// How long.
    #[arg(long, global = true, default_value_t = 8)]
    seconds: u64,
}

#[derive(Debug, Subcommand)]
enum Peer {
    /// UmaDB: one event appended by gRPC, with no condition and no rule.
    #[cfg(feature = "umadb")]
    Umadb,
    /// Runs UmaDB's server.
    #[cfg(feature = "umadb")]
    UmadbServer {
        #[arg(long)]
        folder: std::path::PathBuf,
        #[arg(long)]
        listen: String,
    },
    /// disintegrate-postgres: a decision.
    Disintegrate,
    /// esrs: a command to an aggregate.
    Esrs,
    /// message-db: `write_message` with the version that is expected.
    MessageDb,
}

/// The event that all of them keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Registered {
    opportunity_id: String,
    name: String,
    kind: String,
    sales_process_id: String,
    stage_id: String,
    currency: String,
    amount_minor: i64,
    source: String,
}

impl Registered {
    fn anew() -> Self {
        Self {
            opportunity_id: Uuid::now_v7().to_string(),
            name: "A purchase of some size".to_owned(),
            kind: "NEW".to_owned(),
            sales_process_id: "bench".to_owned(),
            stage_id: "prospecting".to_owned(),
            currency: "USD".to_owned(),
            amount_minor: 105_400,
            source: "referral".to_owned(),
        }
    }
}

async fn pool(url: &str) -> anyhow::Result<PgPool> {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS);
    Ok(options.connect(url).await?)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        peer,
        database_url: url,
        in_flight,
        seconds,
    } = Arguments::parse();
    let span = Duration::from_secs(seconds);
    let rate = match peer {
        #[cfg(feature = "umadb")]
        Peer::UmadbServer { folder, listen } => return umadb::serve(folder, listen).await,
        #[cfg(feature = "umadb")]
        Peer::Umadb => umadb::measure(in_flight, span).await?,
        Peer::Disintegrate => {
            disintegrate_postgres::measure(pool(&url).await?, in_flight, span).await?
        }
        Peer::Esrs => esrs_postgres::measure(pool(&url).await?, in_flight, span).await?,
        Peer::MessageDb => message_db::measure(&url, in_flight, span).await?,
    };
    let line = serde_json::json!({
        "per_second": rate.per_second, "p50_ms": rate.p50_ms, "p99_ms": rate.p99_ms,
    });
    println!("{line}");
    Ok(())
}
