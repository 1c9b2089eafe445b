//! The peers: postgres-es doing the equivalent command, and the bare insert that bounds us all.

use std::time::{Duration, Instant};

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::{default_postgress_pool, postgres_cqrs};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::load::run;

const TABLES: &str = include_str!("postgres_es.sql");

/// Rows of one bare insert.
const BATCH: usize = 1_000;

/// The equivalent aggregate: registered once.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Opportunity {
    registered: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

#[derive(Debug, thiserror::Error)]
#[error("registered already")]
struct AlreadyRegistered;

impl DomainEvent for Registered {
    fn event_type(&self) -> String {
        "OpportunityRegistered".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Opportunity {
    const TYPE: &'static str = "opportunity";
    type Command = Registered;
    type Event = Registered;
    type Error = AlreadyRegistered;
    type Services = ();

    async fn handle(
        &mut self,
        command: Registered,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), AlreadyRegistered> {
        if self.registered {
            return Err(AlreadyRegistered);
        }
        sink.write(command, self).await;
        Ok(())
    }

    fn apply(&mut self, _event: Registered) {
        self.registered = true;
    }
}

fn registered() -> Registered {
    Registered {
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

/// Commands a second of postgres-es, called in process: no gRPC in between.
pub(crate) async fn postgres_es(
    url: &str,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<f64> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(TABLES).execute(&mut connection).await?;
    let pool = default_postgress_pool(url).await;
    let cqrs = std::sync::Arc::new(postgres_cqrs::<Opportunity>(pool, vec![], ()));
    let callers = (0..in_flight).map(|_| {
        let cqrs = std::sync::Arc::clone(&cqrs);
        move || {
            let cqrs = std::sync::Arc::clone(&cqrs);
            async move {
                let command = registered();
                let id = command.opportunity_id.clone();
                cqrs.execute(&id, command).await?;
                Ok(())
            }
        }
    });
    Ok(run(callers.collect(), span).await?.per_second)
}

/// Rows a second that the log's own events table takes by UNNEST, a commit a batch.
pub(crate) async fn unnest(url: &str, span: Duration) -> anyhow::Result<f64> {
    // The log makes its tables; what follows goes past it.
    log::Log::connect_postgres(url, log::Options::default())
        .await?
        .close()
        .await;
    let mut connection = PgConnection::connect(url).await?;
    let payload = serde_json::to_vec(&registered())?;
    let mut position = 0_i64;
    let started = Instant::now();
    while started.elapsed() < span {
        let streams: Vec<String> = (0..BATCH)
            .map(|_| format!("opportunity-{}", Uuid::now_v7()))
            .collect();
        let ids: Vec<Uuid> = (0..BATCH).map(|_| Uuid::now_v7()).collect();
        let commands: Vec<String> = (0..BATCH).map(|_| Uuid::now_v7().to_string()).collect();
        sqlx::query(include_str!("unnest.sql"))
            .bind(position)
            .bind(streams)
            .bind(ids)
            .bind(commands)
            .bind(vec![payload.as_slice(); BATCH])
            .execute(&mut connection)
            .await?;
        position += i64::try_from(BATCH)?;
    }
    Ok(position as f64 / started.elapsed().as_secs_f64())
}
