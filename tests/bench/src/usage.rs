//! Records of usage through gRPC, durable and each known by its id before it is counted: one a call, a
//! batch a call, and batches on streams; and how soon the health model has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use proto::v1;
use proto::v1::command::Kind;
use proto::v1::customer_command_service_client::CustomerCommandServiceClient;
use proto::v1::customer_health_query_service_client::CustomerHealthQueryServiceClient;
use proto::v1::metric_command_service_client::MetricCommandServiceClient;
use proto::v1::usage_command_service_client::UsageCommandServiceClient;
use support::Postgres;
use tonic::transport::Channel;

use crate::BARE_INSERT;
use crate::commands::{request, submit_each};
use crate::load::run;
use crate::report::Report;
use crate::server::Server;

/// Customers, each of whose records are told a batch at a time.
const CUSTOMERS: u64 = 200;

/// Days over which their records are spread.
const DAYS: u64 = 28;

/// Records of a batch.
const BATCH: usize = 1_000;

/// Calls that are waited for.
const CALLS: usize = 64;

/// Batches without an answer, of calls and on streams.
const BATCHES: usize = 32;

/// Records that come in, on both databases.
pub(crate) async fn ingest(report: &mut Report, span: Duration) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().join("data").display().to_string();
    let server = Server::start(&["--data-dir", &data_dir, "--roles", "command"]).await?;
    of_server(report, &server, "sqlite", span, None).await?;
    drop(server);
    caught_up(report, span).await?;
    let postgres = Postgres::start()?;
    let url = postgres.create_database().await?;
    let server = Server::start(&["--database-url", &url, "--roles", "command"]).await?;
    of_server(report, &server, "postgres", span, Some(BARE_INSERT)).await
}

async fn of_server(
    report: &mut Report,
    server: &Server,
    database: &str,
    span: Duration,
    reference: Option<&str>,
) -> anyhow::Result<()> {
    if let Some(channel) = server.channels(1).await?.first() {
        set_up(channel).await?;
    }
    let batches = Batches::default();
    let mut server_time = Vec::new();
    let mut add = |how: &str, per_second: f64| {
        let name = format!("usage, {how}, {database}");
        report.add(&name, per_second, "records/s", reference);
    };
    let single = call(server, CALLS, span, &batches, 1).await?;
    add(&format!("one a call, {CALLS} in flight"), single);
    let batched = call(server, BATCHES, span, &batches, BATCH).await?;
    add(&format!("{BATCH} a call, {BATCHES} in flight"), batched);
    for len in [1, BATCH] {
        let in_flight = if len == 1 { CALLS * 4 } else { BATCHES };
        let (told, used) = (batches.told(), server.cpu_seconds()?);
        let rate = submit_each(server, in_flight, span, |_| batches.of_stream(len)).await?;
        let how = format!("streamed, {len} a command, {in_flight} in flight");
        add(&how, rate.per_second * len as f64);
        let records = (batches.told() - told) as f64 * len as f64;
        let used = (server.cpu_seconds()? - used) / records * 1e6;
        server_time.push((format!("usage, {how}, {database}: the server's time"), used));
    }
    for (name, used) in server_time {
        report.add(&name, used, "µs a record", None);
    }
    Ok(())
}

/// Records that come in on streams, and how long it takes from the first until the health model has the
/// last: one node does both.
async fn caught_up(report: &mut Report, span: Duration) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().join("data").display().to_string();
    let roles = "command,query,project";
    let server = Server::start(&["--data-dir", &data_dir, "--roles", roles]).await?;
    let channel = server.channels(1).await?.pop().context("no connection")?;
    set_up(&channel).await?;
    let batches = Batches::default();
    let used = server.cpu_seconds()?;
    let began = Instant::now();
    submit_each(&server, BATCHES, span, |_| batches.of_stream(BATCH)).await?;
    let mut client = UsageCommandServiceClient::new(channel.clone());
    let last = client.record_usage(request(batches.next(BATCH))).await?;
    let asked = v1::GetNpsRequest {
        consistency: Some(v1::Consistency {
            min_position: last.into_inner().position,
            as_of: None,
        }),
        ..Default::default()
    };
    let mut client = CustomerHealthQueryServiceClient::new(channel);
    client.get_nps(request(asked)).await?;
    let records = batches.told() as f64 * BATCH as f64;
    let rate = records / began.elapsed().as_secs_f64();
    let used = (server.cpu_seconds()? - used) / records * 1e6;
    let name = format!("usage, streamed, {BATCH} a command, until the health model has it, sqlite");
    report.add(&name, rate, "records/s", None);
    report.add(
        &format!("{name}: the server's time"),
        used,
        "µs a record",
        None,
    );
    Ok(())
}

/// Batches of calls, `in_flight` at a time: records a second.
async fn call(
    server: &Server,
    in_flight: usize,
    span: Duration,
    batches: &Batches,
    len: usize,
) -> anyhow::Result<f64> {
    let channels = server.channels(in_flight).await?;
    let callers = channels.into_iter().map(|channel| {
        let client = UsageCommandServiceClient::new(channel);
        let batches = batches.clone();
        move || {
            let mut client = client.clone();
            let batch = batches.next(len);
            async move {
                client.record_usage(request(batch)).await?;
                Ok(())
            }
        }
    });
    let rate = run(callers.collect(), span).await?;
    Ok(rate.per_second * len as f64)
}

/// Declares a metric and registers the customers.
async fn set_up(channel: &Channel) -> anyhow::Result<()> {
    let metric = v1::DeclareMetric {
        metric_id: "logins".to_owned(),
        name: "Logins".to_owned(),
        unit: "logins".to_owned(),
        aggregation: v1::MetricAggregation::Sum.into(),
    };
    let mut client = MetricCommandServiceClient::new(channel.clone());
    client.declare_metric(request(metric)).await?;
    let mut client = CustomerCommandServiceClient::new(channel.clone());
    for number in 0..CUSTOMERS {
        let customer = v1::RegisterCustomer {
            customer_id: customer_id(number),
            profile: Some(v1::CustomerProfile {
                name: "A customer".to_owned(),
                ..Default::default()
            }),
            external_id: None,
        };
        client.register_customer(request(customer)).await?;
    }
    Ok(())
}

fn customer_id(number: u64) -> String {
    format!("c-{number}")
}

/// Batches of records that were never told before, each of one customer's day.
#[derive(Debug, Clone, Default)]
struct Batches(Arc<AtomicU64>);

impl Batches {
    /// What makes the commands of a stream.
    fn of_stream(&self, len: usize) -> impl FnMut() -> Kind + Send + use<> {
        let batches = self.clone();
        move || Kind::RecordUsage(batches.next(len))
    }

    /// How many were made.
    fn told(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn next(&self, len: usize) -> v1::RecordUsage {
        let batch = self.0.fetch_add(1, Ordering::Relaxed);
        let (customer, day) = (batch % CUSTOMERS, batch / CUSTOMERS % DAYS);
        let source = format!("meter-{customer}");
        let used_on = format!("2024-02-{:02}", day + 1);
        let record = |sequence| v1::UsageRecord {
            source: source.clone(),
            sequence: Some(sequence),
            metric_id: "logins".to_owned(),
            quantity: "3".to_owned(),
            used_on: used_on.clone(),
            ..Default::default()
        };
        let first = batch * 1_000;
        let records = (first..).take(len).map(record);
        v1::RecordUsage {
            customer_id: customer_id(customer),
            records: records.collect(),
        }
    }
}
