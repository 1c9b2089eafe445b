//! Measures Twinfunnel beside its peers, all in one run on one machine, and prints ratios.
//!
//! ```text
//! cargo run --release -p twinfunnel-bench -- [--quick] [--only PART] [--peers] [--json FILE]
//! ```
//!
//! Commands go through gRPC to the real binary and are durable before they are counted. The
//! reference of a row is another row of the same run; a ratio is value / reference.
#![allow(clippy::print_stdout, reason = "a program whose output is the point")]

mod beside;
mod commands;
mod commission;
mod health;
mod load;
mod peers;
mod read_models;
mod report;
mod server;
mod size;
mod usage;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use support::Postgres;

use crate::report::Report;
use crate::server::Server;

/// The callers allocate as the server does, so that neither is held up by it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Twinfunnel beside its peers.
#[derive(Debug, Parser)]
struct Arguments {
    /// Ends within a few minutes; figures are noisier.
    #[arg(long)]
    quick: bool,
    /// Measures one part only; ratios against the other are missing then.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Builds other event stores and measures them beside, where their registries can be reached. The first
    /// build takes minutes.
    #[arg(long)]
    peers: bool,
    /// Writes the rows as JSON: name, value, unit, reference, ratio.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Durable commands, and their peers.
    Commands,
    /// Read models catching up.
    CatchUp,
    /// Read models answering.
    Queries,
    /// Commission statements and bundles.
    Commission,
    /// Customer health.
    Health,
    /// A log of ten million events, and one of ten thousand.
    Size,
    /// Records of usage coming in.
    Usage,
}

/// Callers that wait for each answer before they ask again.
const IN_FLIGHT: [usize; 3] = [1, 64, 256];

/// Commands submitted on streams that have no answer yet.
const SUBMITTED: [usize; 2] = [64, 256];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let span = Duration::from_secs(if arguments.quick { 2 } else { 8 });
    let events = if arguments.quick { 150_000 } else { 1_000_000 };
    let mut report = Report::default();
    let measures = |part| arguments.only.is_none_or(|only| only == part);
    if measures(Part::Commands) {
        measure_commands(&mut report, span, arguments.peers).await?;
    }
    if measures(Part::CatchUp) {
        println!("read models catching up …");
        read_models::catch_up(&mut report, events).await?;
    }
    if measures(Part::Queries) {
        println!("read models answering …");
        read_models::queries(&mut report, span).await?;
    }
    if measures(Part::Commission) {
        println!("commission statements and bundles …");
        let deals = if arguments.quick { 50_000 } else { 1_000_000 };
        // As many deals a quarter after one year as after ten, and then ten times as many.
        commission::statements(&mut report, deals / 10, 1).await?;
        commission::statements(&mut report, deals, 10).await?;
        commission::statements(&mut report, deals, 1).await?;
        commission::bundle(&mut report)?;
    }
    if measures(Part::Health) {
        println!("customer health …");
        let customers = if arguments.quick { 5_000 } else { 50_000 };
        health::health(&mut report, 500).await?;
        health::health(&mut report, customers).await?;
    }
    // Minutes go by while they are written: only when asked for.
    if arguments.only == Some(Part::Size) {
        println!("a long log …");
        let events = if arguments.quick {
            1_000_000
        } else {
            10_000_000
        };
        size::size(&mut report, events, span).await?;
    }
    if measures(Part::Usage) {
        println!("usage coming in …");
        usage::ingest(&mut report, span).await?;
    }
    report.print();
    if let Some(path) = arguments.json {
        let rows = serde_json::to_string_pretty(&report.rows())?;
        std::fs::write(&path, rows).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Durable commands on both databases, beside their peers.
async fn measure_commands(
    report: &mut Report,
    span: Duration,
    with_peers: bool,
) -> anyhow::Result<()> {
    let postgres = Postgres::start()?;
    postgres.wear_in().await?;

    println!("the gRPC no-op, and durable commands on SQLite and PostgreSQL …");
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().join("data").display().to_string();
    let sqlite = Server::start(&["--data-dir", &data_dir, "--roles", "command"]).await?;
    for in_flight in IN_FLIGHT {
        let rate = server::no_op(&sqlite, in_flight, span / 2).await?;
        report.add(&no_op(in_flight), rate.per_second, "calls/s", None);
    }
    for in_flight in IN_FLIGHT {
        let rate = commands::register(&sqlite, in_flight, span).await?;
        add_commands(report, "commands, sqlite", in_flight, &rate);
    }
    for in_flight in SUBMITTED {
        let rate = commands::submit(&sqlite, in_flight, span).await?;
        add_commands(report, "submitted, sqlite", in_flight, &rate);
    }
    drop(sqlite);

    let url = postgres.create_database().await?;
    let server = Server::start(&["--database-url", &url, "--roles", "command"]).await?;
    let mut on_postgres = Vec::new();
    for in_flight in IN_FLIGHT {
        let rate = commands::register(&server, in_flight, span).await?;
        on_postgres.push(("commands, postgres", in_flight, rate));
    }
    for in_flight in SUBMITTED {
        let rate = commands::submit(&server, in_flight, span).await?;
        on_postgres.push(("submitted, postgres", in_flight, rate));
    }
    drop(server);

    println!("peers on the same PostgreSQL: postgres-es, a bare UNNEST insert …");
    let bare = peers::unnest(&postgres.create_database().await?, span).await?;
    report.add(BARE_INSERT, bare, "rows/s", None);
    let url = postgres.create_database().await?;
    for in_flight in IN_FLIGHT {
        let rate = peers::postgres_es(&url, in_flight, span).await?;
        report.add(&postgres_es(in_flight), rate, "commands/s", None);
    }
    for (how, in_flight, rate) in &on_postgres {
        add_commands(report, how, *in_flight, rate);
        let name = format!("{how}, {in_flight} in flight");
        report.add(
            &format!("{name}, beside postgres-es"),
            rate.per_second,
            "commands/s",
            Some(&postgres_es(*in_flight)),
        );
        report.add(
            &format!("{name}, beside the bare insert"),
            rate.per_second,
            "commands/s",
            Some(BARE_INSERT),
        );
    }
    if with_peers {
        println!("other event stores, each called as its makers mean it to be …");
        beside::measure(report, &postgres, span, &on_postgres).await?;
    }
    Ok(())
}

/// What the same PostgreSQL takes of whoever promises nothing.
const BARE_INSERT: &str = "bare UNNEST insert, 1,000 rows a batch";

fn no_op(in_flight: usize) -> String {
    format!("gRPC no-op, {in_flight} in flight")
}

fn postgres_es(in_flight: usize) -> String {
    format!("postgres-es, {in_flight} in flight")
}

/// `how`: one call a command, or submitted on a stream.
fn add_commands(report: &mut Report, how: &str, in_flight: usize, rate: &load::Rate) {
    let name = format!("{how}, {in_flight} in flight");
    report.add(
        &name,
        rate.per_second,
        "commands/s",
        Some(&no_op(in_flight)),
    );
    report.add(&format!("{name}, p50"), rate.p50_ms, "ms", None);
    report.add(&format!("{name}, p99"), rate.p99_ms, "ms", None);
}
