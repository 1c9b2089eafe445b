//! Whether a long log is as quick as a short one: durable commands and reads beside events that are
//! there already.
//!
//! The events are written past the log, as it would have written them, because ten million commands take too
//! long. Streams and command ids are random, so that each insert is at another place of its index, which is
//! the worst that can be.

use std::time::{Duration, Instant};

use event_schemas::vocabulary::{Position, TenantId};
use log::{Filter, Log, Options};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use support::Postgres;

use crate::commands;
use crate::report::Report;
use crate::server::Server;

const IN_FLIGHT: usize = 64;

/// Events of the short log.
const FEW: u64 = 10_000;

/// Events written by one statement.
const AT_ONCE: usize = 500_000;

/// Events of a read.
const PAGE: usize = 1_000;

const OF_POSTGRES: &str = include_str!("fill_postgres.sql");
const OF_SQLITE: &str = include_str!("fill_sqlite.sql");

/// What the log asks of its tables all the time. None may read more than it gives.
const QUESTIONS: [(&str, &str); 4] = [
    (
        "the version of a stream",
        "SELECT version FROM events WHERE tenant = 'bench' AND stream = $1 ORDER BY version DESC LIMIT 1",
    ),
    (
        "a stream",
        "SELECT * FROM events WHERE tenant = 'bench' AND stream = $1 AND version > 0 ORDER BY version",
    ),
    (
        "a page of the log",
        "SELECT * FROM events WHERE tenant = 'bench' AND position > 5000 ORDER BY position LIMIT 1000",
    ),
    (
        "a command",
        "SELECT position FROM commands WHERE tenant = 'bench' AND command_id = $1",
    ),
];

/// Measures both databases with few events and with `many`.
pub(crate) async fn size(report: &mut Report, many: u64, span: Duration) -> anyhow::Result<()> {
    let postgres = Postgres::start()?;
    for events in [FEW, many] {
        let url = postgres.create_database().await?;
        let log = Log::connect_postgres(&url, Options::default()).await?;
        fill_postgres(&url, events).await?;
        read(report, "postgres", &log, events, many).await?;
        log.close().await;
        let server = Server::start(&["--database-url", &url, "--roles", "command"]).await?;
        write(report, "postgres", &server, events, span).await?;
        drop(server);
        if events == many {
            show_plans(&url).await?;
        }

        let folder = tempfile::tempdir()?;
        let data_dir = folder.path().join("data");
        let log = Log::open_sqlite(&data_dir, Options::default()).await?;
        log.close().await;
        let file = data_dir.join("log.sqlite").display().to_string();
        fill_sqlite(&file, events).await?;
        let log = Log::open_sqlite(&data_dir, Options::default()).await?;
        read(report, "sqlite", &log, events, many).await?;
        log.close().await;
        let data_dir = data_dir.display().to_string();
        let server = Server::start(&["--data-dir", &data_dir, "--roles", "command"]).await?;
        write(report, "sqlite", &server, events, span).await?;
    }
    Ok(())
}

fn named(what: &str, database: &str, events: u64) -> String {
    format!("{what}, {database}, beside {events} events")
}

/// Commands a second.
async fn write(
    report: &mut Report,
    database: &str,
    server: &Server,
    events: u64,
    span: Duration,
) -> anyhow::Result<()> {
    let rate = commands::register(server, IN_FLIGHT, span).await?;
    let reference = (events != FEW).then(|| named("commands", database, FEW));
    let name = named("commands", database, events);
    report.add(&name, rate.per_second, "commands/s", reference.as_deref());
    report.add(&format!("{name}, p99"), rate.p99_ms, "ms", None);
    Ok(())
}

/// Events a second of pages from everywhere in the log.
async fn read(
    report: &mut Report,
    database: &str,
    log: &Log,
    events: u64,
    many: u64,
) -> anyhow::Result<()> {
    let tenant = TenantId::new("bench")?;
    let everything = Filter::default();
    let (mut seen, began) = (0, Instant::now());
    for number in 0..100 {
        let after = (events - PAGE as u64) / 100 * number;
        let page = log.read(&tenant, Position(after), &everything, PAGE);
        seen += page.await?.events.len();
    }
    let rate = seen as f64 / began.elapsed().as_secs_f64();
    let reference = (events == many).then(|| named("pages read", database, FEW));
    let name = named("pages read", database, events);
    report.add(&name, rate, "events/s", reference.as_deref());
    Ok(())
}

/// The stretches that are written at once, as first and last position.
fn stretches(events: u64) -> impl Iterator<Item = anyhow::Result<(i64, i64)>> {
    let starts = (1..=events).step_by(AT_ONCE);
    starts.map(move |first| {
        let last = events.min(first + AT_ONCE as u64 - 1);
        Ok((i64::try_from(first)?, i64::try_from(last)?))
    })
}

async fn fill_postgres(url: &str, events: u64) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    for stretch in stretches(events) {
        let (first, last) = stretch?;
        let sql = OF_POSTGRES.replace("$1", &first.to_string());
        let sql = sql.replace("$2", &last.to_string());
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await?;
    }
    // As autovacuum does in time: without it no row is known to be visible to all.
    // One by one: several at once are a transaction, in which there is no vacuum.
    for statement in [
        "VACUUM ANALYZE events",
        "VACUUM ANALYZE commands",
        "CHECKPOINT",
    ] {
        sqlx::raw_sql(statement).execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}

async fn fill_sqlite(file: &str, events: u64) -> anyhow::Result<()> {
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{file}")).await?;
    for stretch in stretches(events) {
        let (first, last) = stretch?;
        let sql = OF_SQLITE.replace("?1", &first.to_string());
        let sql = sql.replace("?2", &last.to_string());
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await?;
    }
    Ok(connection.close().await?)
}

/// Prints how PostgreSQL answers what it is asked all the time.
async fn show_plans(url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let any = "SELECT stream, command_id FROM events WHERE tenant = 'bench' AND position = 4711";
    let row = sqlx::query(any).fetch_one(&mut connection).await?;
    let (stream, command): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    for (what, question) in QUESTIONS {
        println!("{what}:");
        let value = if what == "a command" {
            &command
        } else {
            &stream
        };
        let question = question.replace("$1", &format!("'{value}'"));
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY OFF) {question}");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
            .fetch_all(&mut connection)
            .await?;
        for line in plan {
            println!("    {line}");
        }
    }
    Ok(connection.close().await?)
}
