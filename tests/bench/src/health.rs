//! Customer health: how fast usage is folded, what one customer's score costs with few and with many
//! customers, how long it takes to look at all of them, and to end a day on which most are quiet.

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use log::{Append, Log, Meta, NewEvent, StreamWrite};
use projections::{Home, Options, Projections};
use proto::v1;
use proto::v1::clock_service_client::ClockServiceClient;
use serde_json::json;

use crate::report::Report;
use crate::server::Server;

/// Days of usage of each customer: what a baseline looks back on.
const DAYS: u64 = 90;

/// Records of a customer's day.
const RECORDS: usize = 4;

/// Events of one append.
const CHUNK: usize = 1_000;

/// Scores asked for.
const SCORES: usize = 200;

const TENANT: &str = "bench";

/// Fills a log with customers and their usage, and asks about them.
pub(crate) async fn health(report: &mut Report, customers: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let log = Log::open_sqlite(folder.path(), log::Options::default()).await?;
    let head = fill(&log, customers).await?;
    let home = Home::Sqlite {
        dir: folder.path().join("read-models"),
    };
    let tenant = TenantId::new(TENANT)?;
    let started = Instant::now();
    let projections = Projections::start(log.clone(), Options::at(home)).await?;
    let asked = |customer: usize, min_position| v1::GetCustomerHealthRequest {
        customer_id: customer_id(customer),
        on: last_day().to_string(),
        consistency: Some(v1::Consistency {
            as_of: None,
            min_position,
        }),
        ..Default::default()
    };
    let nps = v1::GetNpsRequest {
        consistency: asked(0, head).consistency,
        ..Default::default()
    };
    projections.nps(&tenant, nps).await?;
    let records = customers as f64 * DAYS as f64 * RECORDS as f64;
    let rate = records / started.elapsed().as_secs_f64();
    let of = format!("of {customers} customers");
    let name = format!("health model catches up, usage {of}, {RECORDS} records an event, sqlite");
    report.add(&name, rate, "records/s", None);

    let started = Instant::now();
    projections.customer_health(&tenant, asked(0, 0)).await?;
    let name = format!("first score {of}, baselines summed up");
    report.add(&name, milliseconds(started), "ms", None);
    let mut took = Vec::with_capacity(SCORES);
    for number in 0..SCORES {
        let started = Instant::now();
        let customer = number * 7_919 % customers;
        projections
            .customer_health(&tenant, asked(customer, 0))
            .await?;
        took.push(milliseconds(started));
    }
    report.add(&format!("score of one {of}, p50"), median(took), "ms", None);

    let mut took = Vec::with_capacity(SCORES);
    for number in 0..SCORES {
        let customer = number * 7_919 % customers;
        let usage = used(customer, last_day(), 1_000_000 + number)?;
        let usage = StreamWrite {
            expected: Version(1 + u64::try_from(number / customers)?),
            ..usage
        };
        let at = instant(last_day()) + TimeDelta::hours(20);
        let position = append(&log, at, vec![usage]).await?;
        let started = Instant::now();
        let reached = projections
            .customer_health(&tenant, asked(customer, position))
            .await?;
        anyhow::ensure!(!reached.score.is_empty(), "there is no score");
        took.push(milliseconds(started));
    }
    let name = format!("score of one {of} after one more record, p50");
    report.add(&name, median(took), "ms", None);

    let started = Instant::now();
    let found = projections.findings(&tenant, last_day()).await?;
    anyhow::ensure!(!found.is_empty(), "nothing was found");
    let name = format!("a day's evaluation {of}");
    report.add(&name, milliseconds(started) / 1e3, "s", None);
    projections.shutdown().await;
    log.close().await;
    end_days(report, folder.path(), customers).await
}

/// Ends the last two days through gRPC: on the first it is found out for whom something is due, and
/// whoever gives cause for worry has an alarm raised; the second is a day as they usually are.
async fn end_days(report: &mut Report, folder: &Path, customers: usize) -> anyhow::Result<()> {
    let data_dir = folder.display().to_string();
    let server = Server::start(&["--data-dir", &data_dir]).await?;
    let channels = server.channels(1).await?;
    let channel = channels.into_iter().next().context("no channel")?;
    let mut clock = ClockServiceClient::new(channel);
    for (day, what) in [
        (last_day() - Days::new(1), "first day ended"),
        (last_day(), "a day ended"),
    ] {
        let mut tick = tonic::Request::new(v1::TickRequest {
            through_on: day.to_string(),
        });
        tick.metadata_mut().insert("x-tenant", TENANT.parse()?);
        tick.metadata_mut().insert("x-actor", "bench".parse()?);
        let started = Instant::now();
        let mut days = clock.tick(tick).await?.into_inner();
        let ended = days.message().await?.context("no day was ended")?;
        anyhow::ensure!(days.message().await?.is_none(), "more than a day was ended");
        let reactions = ended.reactions;
        let name = format!("{what} of {customers} customers, {reactions} reactions, sqlite");
        report.add(&name, milliseconds(started) / 1e3, "s", None);
    }
    Ok(())
}

fn milliseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

fn median(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took.get(took.len() / 2).copied().unwrap_or_default()
}

fn customer_id(number: usize) -> String {
    format!("c-{number}")
}

fn last_day() -> NaiveDate {
    NaiveDate::default() + Days::new(19_800)
}

fn instant(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn write(
    category: &str,
    id: &str,
    event_type: &'static str,
    payload: &serde_json::Value,
) -> anyhow::Result<StreamWrite> {
    Ok(StreamWrite {
        stream: StreamName::new(category, id)?,
        expected: Version(0),
        events: vec![NewEvent {
            event_type: event_type.into(),
            schema_version: 1,
            payload: serde_json::to_vec(payload)?,
        }],
    })
}

/// Metrics, a model, customers under contract, and what they used day by day; gives the head.
async fn fill(log: &Log, customers: usize) -> anyhow::Result<u64> {
    let first = last_day() - Days::new(DAYS - 1);
    let mut writes = Vec::new();
    for metric in ["logins", "runs"] {
        let payload = json!({
            "metric_id": metric, "name": metric, "unit": "times", "aggregation": "SUM"
        });
        writes.push(write("metric", metric, "MetricDeclared", &payload)?);
    }
    let terms = json!({
        "metrics": [
            {"metric_id": "logins", "weight": "2", "threshold": "0.1"},
            {"metric_id": "runs", "weight": "1", "threshold": "0.1"}
        ],
        "without_contact": {"after_days": 90, "points": "10"}
    });
    let payload = json!({
        "health_model_id": "standard", "version": 1, "effective_from": first.to_string(),
        "terms": terms
    });
    writes.push(write(
        "health_model",
        "standard",
        "HealthModelPublished",
        &payload,
    )?);
    for number in 0..customers {
        let id = customer_id(number);
        let payload = json!({"customer_id": id, "profile": {"name": id}});
        writes.push(write("customer", &id, "CustomerRegistered", &payload)?);
        let payload = json!({
            "contract_id": id, "customer_id": id, "currency": "USD",
            "starts_on": first.to_string(),
            "billing": {"frequency": "YEARLY", "payment_days": 30}, "lines": []
        });
        writes.push(write("contract", &id, "ContractSigned", &payload)?);
    }
    let mut head = 0;
    while !writes.is_empty() {
        let rest = writes.split_off(writes.len().min(CHUNK));
        head = append(log, instant(first), writes).await?;
        writes = rest;
    }
    for day in first.iter_days().take(usize::try_from(DAYS)?) {
        let at = instant(day) + TimeDelta::hours(18);
        let numbers: Vec<usize> = (0..customers).collect();
        for chunk in numbers.chunks(CHUNK) {
            let writes = chunk.iter().map(|number| used(*number, day, 0));
            head = append(log, at, writes.collect::<anyhow::Result<_>>()?).await?;
        }
        // The clock has come to the last day but one.
        if day + Days::new(2) == last_day() {
            let ended = json!({"day": day.to_string()});
            let ended = write("clock", "self", "DayEnded", &ended)?;
            let at = instant(day) + TimeDelta::days(1) - TimeDelta::microseconds(1);
            append(log, at, vec![ended]).await?;
        }
    }
    Ok(head)
}

/// What a customer used on a day.
fn used(customer: usize, day: NaiveDate, more: usize) -> anyhow::Result<StreamWrite> {
    let id = customer_id(customer);
    let record = |number: usize| {
        json!({
            "record_id": format!("{customer}-{day}-{}", more + number),
            "metric_id": if number.is_multiple_of(2) { "logins" } else { "runs" },
            "quantity": ((customer + number) % 50).to_string()
        })
    };
    let records: Vec<_> = (0..RECORDS).map(record).collect();
    let payload = json!({"customer_id": id, "used_on": day.to_string(), "records": records});
    write("usage", &format!("{id}~{day}"), "UsageRecorded", &payload)
}

async fn append(log: &Log, at: DateTime<Utc>, writes: Vec<StreamWrite>) -> anyhow::Result<u64> {
    let appended = log.append(Append {
        tenant: TenantId::new(TENANT)?,
        command: None,
        writes,
        reads: vec![],
        claims: vec![],
        chain: None,
        depends_on: vec![],
        meta: Meta {
            occurred_at: at,
            actor: "bench".to_owned(),
            correlation_id: None,
            causation_id: None,
            trace_context: None,
        },
    });
    Ok(appended.await?.position.0)
}
