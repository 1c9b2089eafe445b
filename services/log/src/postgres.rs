//! The log in a PostgreSQL database that any number of nodes share.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use sqlx::Row as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use tokio::task::JoinHandle;

use crate::backend::{
    Backend, ClaimKey, Error, Facts, Landing, Plan, instant, known, migrator, number, stored,
    stream, tenant,
};
use crate::follow::Filter;
use crate::heads::Heads;

/// Connections for reading, besides one for each lane.
const READERS: u32 = 8;

/// Where nodes tell one another of new events: `<tenant> <position>`.
const CHANNEL: &str = "twinfunnel_log";

/// The steps that made the schema what it is.
const MIGRATIONS: &[(i64, &str, &str)] = &[(
    1,
    "log",
    include_str!("../sql/postgres/migrations/0001_log.sql"),
)];

/// The log in a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    writers: PgPool,
    readers: PgPool,
}

impl Postgres {
    pub(crate) async fn connect(url: &str, lanes: usize) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse()?;
        // Whatever the server's or the role's defaults: an acknowledged append is on disk. The
        // just-in-time compiler only costs time on statements as short as ours.
        let options = options.options([("synchronous_commit", "on"), ("jit", "off")]);
        let pool = || {
            PgPoolOptions::new()
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(5))
        };
        let lanes = u32::try_from(lanes).unwrap_or(u32::MAX);
        let writers = pool()
            .max_connections(lanes)
            .connect_with(options.clone())
            .await?;
        migrator(MIGRATIONS).run(&writers).await?;
        let readers = pool()
            .max_connections(READERS)
            .connect_with(options)
            .await?;
        Ok(Self { writers, readers })
    }

    /// Hears of what other nodes append. When the connection was lost, everyone is woken, since
    /// something may have been missed meanwhile.
    pub(crate) async fn listen(&self, heads: Arc<Heads>) -> Result<JoinHandle<()>, Error> {
        let mut listener = PgListener::connect_with(&self.readers).await?;
        listener.listen(CHANNEL).await?;
        Ok(tokio::spawn(async move {
            loop {
                match listener.try_recv().await {
                    Ok(Some(heard)) => {
                        let told = heard
                            .payload()
                            .split_once(' ')
                            .and_then(|(name, position)| {
                                Some((tenant(name).ok()?, Position(position.parse().ok()?)))
                            });
                        match told {
                            Some((tenant, position)) => heads.raise(&tenant, position),
                            None => heads.wake_all(),
                        }
                    }
                    Ok(None) => heads.wake_all(),
                    Err(error) => {
                        tracing::warn!(%error, "not hearing of other nodes; trying again");
                        tokio::time::sleep(Duration::from_millis(500)).await;
                        heads.wake_all();
                    }
                }
            }
        }))
    }
}

fn names(streams: &[StreamName]) -> Vec<&str> {
    streams.iter().map(StreamName::as_str).collect()
}

fn wanted<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

fn recorded(row: &PgRow) -> Result<Recorded, Error> {
    let command_id: String = row.try_get("command_id")?;
    let correlation_id: Option<String> = row.try_get("correlation_id")?;
    let schema_version: i32 = row.try_get("schema_version")?;
    Ok(Recorded {
        tenant: tenant(row.try_get("tenant")?)?,
        position: Position(number(row.try_get("position")?)?),
        stream: stream(row.try_get("stream")?)?,
        version: Version(number(row.try_get("version")?)?),
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        schema_version: u32::try_from(schema_version)
            .map_err(|_| Error::Corrupt("a schema version".to_owned()))?,
        occurred_at: instant(row.try_get("occurred_at")?)?,
        recorded_at: instant(row.try_get("recorded_at")?)?,
        actor: row.try_get("actor")?,
        correlation_id: correlation_id.unwrap_or_else(|| command_id.clone()),
        command_id,
        causation_id: row.try_get("causation_id")?,
        trace_context: row.try_get("trace_context")?,
        payload: row.try_get("payload")?,
    })
}

#[async_trait]
impl Backend for Postgres {
    async fn land(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        now: DateTime<Utc>,
    ) -> Result<Landing, Error> {
        let Plan {
            events,
            commands,
            released,
            taken,
            ..
        } = plan;
        let heads = &plan.assumed_heads;
        let claims = &plan.assumed_claims;
        macro_rules! column {
            ($rows:expr, |$row:pat_param| $value:expr) => {
                $rows.iter().map(|$row| $value).collect::<Vec<_>>()
            };
        }
        let schema = |version: u32| i32::try_from(version).unwrap_or(i32::MAX);
        let row = sqlx::query(include_str!("../sql/postgres/land.sql"))
            .bind(tenant.as_str())
            .bind(now.timestamp_micros())
            .bind(column!(heads, |(name, _)| name.as_str()))
            .bind(column!(heads, |(_, version)| stored(version.0)))
            .bind(&plan.assumed_new_commands)
            .bind(column!(claims, |((scope, _), _)| scope.as_str()))
            .bind(column!(claims, |((_, key), _)| key.as_slice()))
            .bind(column!(claims, |(_, holder)| holder.as_deref()))
            .bind(column!(events, |e| e.stream.as_str()))
            .bind(column!(events, |e| stored(e.version.0)))
            .bind(column!(events, |e| e.event_id))
            .bind(column!(events, |e| e.event_type.as_str()))
            .bind(column!(events, |e| schema(e.schema_version)))
            .bind(column!(events, |e| e.occurred_at.timestamp_micros()))
            .bind(column!(events, |e| e.actor.as_str()))
            .bind(column!(events, |e| e.command_id.as_str()))
            .bind(column!(events, |e| e.correlation_id.as_deref()))
            .bind(column!(events, |e| e.causation_id.as_deref()))
            .bind(column!(events, |e| e.trace_context.as_deref()))
            .bind(column!(events, |e| e.payload.as_slice()))
            .bind(column!(commands, |c| c.id.as_str()))
            .bind(column!(commands, |c| c.digest.as_slice()))
            .bind(column!(commands, |c| stored(c.first)))
            .bind(column!(commands, |c| stored(c.last)))
            .bind(column!(released, |(scope, _)| scope.as_str()))
            .bind(column!(released, |(_, key)| key.as_slice()))
            .bind(column!(taken, |((scope, _), _)| scope.as_str()))
            .bind(column!(taken, |((_, key), _)| key.as_slice()))
            .bind(column!(taken, |(_, holder)| holder.as_str()))
            .fetch_one(&self.writers)
            .await?;
        Ok(if row.try_get("landed")? {
            Landing::Landed(Position(number(row.try_get("head")?)?))
        } else {
            Landing::Contradicted
        })
    }

    async fn facts(
        &self,
        tenant: &TenantId,
        streams: &[StreamName],
        commands: &[String],
        claims: &[ClaimKey],
    ) -> Result<Facts, Error> {
        let mut facts = Facts::default();
        if !streams.is_empty() {
            let rows = sqlx::query(include_str!("../sql/postgres/stream_heads.sql"))
                .bind(tenant.as_str())
                .bind(names(streams))
                .fetch_all(&self.readers)
                .await?;
            for row in rows {
                let version = Version(number(row.try_get("version")?)?);
                facts.heads.insert(stream(row.try_get("stream")?)?, version);
            }
        }
        if !commands.is_empty() {
            let rows = sqlx::query(include_str!("../sql/postgres/commands.sql"))
                .bind(tenant.as_str())
                .bind(commands)
                .fetch_all(&self.readers)
                .await?;
            for row in rows {
                let digest: &[u8] = row.try_get("digest")?;
                let (first, last) = (
                    row.try_get("first_position")?,
                    row.try_get("last_position")?,
                );
                facts
                    .commands
                    .insert(row.try_get("command_id")?, known(digest, first, last)?);
            }
        }
        if !claims.is_empty() {
            let (scopes, keys): (Vec<_>, Vec<_>) = claims
                .iter()
                .map(|(scope, key)| (scope.as_str(), key.as_slice()))
                .unzip();
            let rows = sqlx::query(include_str!("../sql/postgres/claims.sql"))
                .bind(tenant.as_str())
                .bind(scopes)
                .bind(keys)
                .fetch_all(&self.readers)
                .await?;
            for row in rows {
                let key = (row.try_get("scope")?, row.try_get("key")?);
                facts.claims.insert(key, row.try_get("holder")?);
            }
        }
        Ok(facts)
    }

    async fn secret(&self, tenant: &TenantId, fresh: [u8; 32]) -> Result<Vec<u8>, Error> {
        sqlx::query(include_str!("../sql/postgres/add_secret.sql"))
            .bind(tenant.as_str())
            .bind(fresh.as_slice())
            .execute(&self.readers)
            .await?;
        let query = sqlx::query_scalar(include_str!("../sql/postgres/secret.sql"));
        Ok(query.bind(tenant.as_str()).fetch_one(&self.readers).await?)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        after: Position,
        up_to: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        let rows = sqlx::query(include_str!("../sql/postgres/read.sql"))
            .bind(tenant.as_str())
            .bind(stored(after.0))
            .bind(stored(up_to.0))
            .bind(wanted(filter.categories.clone()))
            .bind(wanted(filter.event_types.clone()))
            .bind(wanted(names(&filter.streams)))
            .bind(stored(limit as u64))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(recorded).collect()
    }

    async fn read_stream(
        &self,
        tenant: &TenantId,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        let rows = sqlx::query(include_str!("../sql/postgres/read_stream.sql"))
            .bind(tenant.as_str())
            .bind(stream.as_str())
            .bind(stored(after.0))
            .bind(stored(limit as u64))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(recorded).collect()
    }

    async fn head(&self, tenant: &TenantId) -> Result<Position, Error> {
        let query = sqlx::query_scalar(include_str!("../sql/postgres/head.sql"));
        let head = query
            .bind(tenant.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(Position(number(head.unwrap_or(0))?))
    }

    async fn recorded_at(
        &self,
        tenant: &TenantId,
        position: Position,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let at: Option<i64> = sqlx::query_scalar(include_str!("../sql/postgres/recorded_at.sql"))
            .bind(tenant.as_str())
            .bind(stored(position.0))
            .fetch_optional(&self.readers)
            .await?;
        at.map(instant).transpose()
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        let query = sqlx::query_scalar(include_str!("../sql/postgres/tenants.sql"));
        let names: Vec<String> = query.fetch_all(&self.readers).await?;
        names.iter().map(|name| tenant(name)).collect()
    }

    async fn close(&self) {
        self.writers.close().await;
        self.readers.close().await;
    }
}
