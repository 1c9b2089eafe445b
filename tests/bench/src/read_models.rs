//! Read models: how fast they catch up with a log, and how fast they answer.
#![allow(clippy::disallowed_methods, reason = "its history ends today")]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use event_schemas::StreamEvents;
use event_schemas::opportunity::{
    OpportunityEvent, OpportunityKind, OpportunityRegistered, OpportunityWon, StageAdvanced,
};
use event_schemas::sales_process::{SalesProcessDefined, SalesProcessEvent, Stage};
use event_schemas::vocabulary::{
    Currency, Money, OpportunityId, SalesProcessId, StageId, StreamName, TenantId, Version,
};
use log::{Append, Log, Meta, NewEvent, StreamWrite};
use projections::{Home, Options, Projections};
use proto::v1;
use proto::v1::funnel_conversion_query_service_client::FunnelConversionQueryServiceClient;
use proto::v1::pipeline_velocity_query_service_client::PipelineVelocityQueryServiceClient;

use crate::commands::{PROCESS, request};
use crate::load::run;
use crate::report::Report;
use crate::server::Server;

/// Opportunities behind the queries.
const OPPORTUNITIES: usize = 10_000;

/// Opportunities of one append.
const CHUNK: usize = 250;

/// Fills a log, then starts the read models on it, and waits.
pub(crate) async fn catch_up(report: &mut Report, events: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let log = Log::open_sqlite(folder.path(), log::Options::default()).await?;
    let head = fill(&log, events / 3).await?;
    let home = Home::Sqlite {
        dir: folder.path().join("read-models"),
    };
    let started = Instant::now();
    let projections = Projections::start(log.clone(), Options::at(home)).await?;
    let asked = v1::Consistency {
        min_position: head,
        ..v1::Consistency::default()
    };
    let funnel = v1::GetFunnelConversionRequest {
        consistency: Some(asked),
        ..v1::GetFunnelConversionRequest::default()
    };
    projections.funnel_conversion(&tenant()?, funnel).await?;
    let rate = head as f64 / started.elapsed().as_secs_f64();
    report.add("read models catch up, sqlite", rate, "events/s", None);
    projections.shutdown().await;
    log.close().await;
    Ok(())
}

/// Asks both questions of the real binary over gRPC.
pub(crate) async fn queries(report: &mut Report, span: Duration) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let log = Log::open_sqlite(folder.path(), log::Options::default()).await?;
    let head = fill(&log, OPPORTUNITIES).await?;
    log.close().await;
    drop(log);
    let server = Server::start(&["--data-dir", &folder.path().display().to_string()]).await?;
    let consistency = Some(v1::Consistency {
        min_position: head,
        ..v1::Consistency::default()
    });
    let Some(channel) = server.channels(1).await?.pop() else {
        return Ok(());
    };

    let client = FunnelConversionQueryServiceClient::new(channel.clone());
    let funnel = move || {
        let mut client = client.clone();
        async move {
            let asked = v1::GetFunnelConversionRequest {
                consistency,
                ..Default::default()
            };
            client.get_funnel_conversion(request(asked)).await?;
            Ok(())
        }
    };
    let funnel = run(vec![funnel], span / 2).await?;
    report.add(
        "funnel query over 10,000 opportunities, p50",
        funnel.p50_ms,
        "ms",
        None,
    );
    report.add(
        "funnel query over 10,000 opportunities, p99",
        funnel.p99_ms,
        "ms",
        None,
    );

    let client = PipelineVelocityQueryServiceClient::new(channel);
    let velocity = move || {
        let mut client = client.clone();
        async move {
            let asked = v1::GetPipelineVelocityRequest {
                consistency,
                ..Default::default()
            };
            client.get_pipeline_velocity(request(asked)).await?;
            Ok(())
        }
    };
    let velocity = run(vec![velocity], span / 2).await?;
    report.add(
        "velocity query over 10,000 opportunities, p50",
        velocity.p50_ms,
        "ms",
        None,
    );
    report.add(
        "velocity query over 10,000 opportunities, p99",
        velocity.p99_ms,
        "ms",
        None,
    );
    Ok(())
}

fn tenant() -> anyhow::Result<TenantId> {
    Ok(TenantId::new("bench")?)
}

/// Appends opportunities that were registered, advanced, and every third won; gives the head.
async fn fill(log: &Log, opportunities: usize) -> anyhow::Result<u64> {
    let started = Utc::now() - TimeDelta::days(300);
    let process = SalesProcessId::new(PROCESS)?;
    let stage = |id: &str| {
        anyhow::Ok(Stage {
            stage_id: StageId::new(id)?,
            name: id.to_owned(),
            checklist: vec![],
            suggested_document_ids: vec![],
            target_open_count: None,
            target_open_amount: None,
        })
    };
    let defined = SalesProcessEvent::from(SalesProcessDefined {
        sales_process_id: process.clone(),
        name: "Bench".to_owned(),
        stages: vec![stage("prospecting")?, stage("engaging")?],
    });
    let stream = StreamName::new("sales_process", PROCESS)?;
    log.append(append(started, vec![write(stream, vec![defined])?])?)
        .await?;

    let mut head = 0;
    for chunk in 0..opportunities.div_ceil(CHUNK) {
        let at = started + TimeDelta::minutes(i64::try_from(chunk)?);
        let mut writes = Vec::with_capacity(CHUNK);
        for number in 0..CHUNK {
            let id = format!("{chunk}-{number}");
            let stream = StreamName::new("opportunity", &id)?;
            writes.push(write(stream, life(&id, &process, number % 3 == 0)?)?);
        }
        head = log.append(append(at, writes)?).await?.position.0;
    }
    Ok(head)
}

fn life(id: &str, process: &SalesProcessId, won: bool) -> anyhow::Result<Vec<OpportunityEvent>> {
    let (first, second) = (StageId::new("prospecting")?, StageId::new("engaging")?);
    let amount = Some(Money {
        currency: Currency::new("USD")?,
        amount_minor: 105_400,
    });
    let registered = OpportunityRegistered {
        opportunity_id: OpportunityId::new(id)?,
        name: "A purchase of some size".to_owned(),
        kind: OpportunityKind::New,
        sales_process_id: process.clone(),
        stage_id: first.clone(),
        rep_id: None,
        customer_id: None,
        product_ids: vec![],
        amount,
        expected_close_on: None,
        source: Some("referral".to_owned()),
        email: None,
        phone: None,
        external_id: None,
    };
    let advanced = StageAdvanced {
        from_stage_id: first,
        to_stage_id: second.clone(),
        note: None,
    };
    let mut events = vec![registered.into(), advanced.into()];
    if won {
        events.push(
            OpportunityWon {
                stage_id: second,
                amount,
                contract_id: None,
            }
            .into(),
        );
    }
    Ok(events)
}

fn write<E: StreamEvents>(stream: StreamName, events: Vec<E>) -> anyhow::Result<StreamWrite> {
    let mut encoded = Vec::with_capacity(events.len());
    for event in events {
        encoded.push(NewEvent {
            event_type: event.event_type().into(),
            schema_version: event.schema_version(),
            payload: event.encode()?,
        });
    }
    Ok(StreamWrite {
        stream,
        expected: Version(0),
        events: encoded,
    })
}

fn append(at: DateTime<Utc>, writes: Vec<StreamWrite>) -> anyhow::Result<Append> {
    Ok(Append {
        tenant: tenant()?,
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
    })
}
