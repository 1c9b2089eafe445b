//! The log in one SQLite file of a data directory that one process owns.

use std::fs::{File, TryLockError};
use std::path::Path;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use serde_json::json;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::backend::{
    Backend, ClaimKey, Error, Facts, Landing, Plan, instant, known, migrator, number, stored,
    stream, tenant,
};
use crate::follow::Filter;

/// Connections for reading; writing has one of its own.
const READERS: u32 = 4;

/// Rows of one INSERT: each length is a statement of its own, prepared once.
const CHUNKS: [usize; 4] = [256, 32, 4, 1];

const EVENT_ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const COMMAND_ROW: &str = "(?, ?, ?, ?, ?)";

/// The steps that made the schema what it is.
const MIGRATIONS: &[(i64, &str, &str)] = &[(
    1,
    "log",
    include_str!("../sql/sqlite/migrations/0001_log.sql"),
)];

/// The log in a SQLite file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Held for as long as the log is open.
    _owned: File,
}

impl Sqlite {
    pub(crate) async fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.display().to_string();
        let at = |source| Error::Directory {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(at)?;
        let owned = File::create(dir.join("lock")).map_err(at)?;
        match owned.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(path)),
            Err(TryLockError::Error(source)) => return Err(at(source)),
        }
        let options = SqliteConnectOptions::new()
            .filename(dir.join("log.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(100);
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer = pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        migrator(MIGRATIONS).run(&writer).await?;
        let readers = pool()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            writer,
            readers,
            _owned: owned,
        })
    }
}

/// A list as one parameter, for json_each.
fn list(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| json!(texts).to_string())
}

fn streams(names: &[StreamName]) -> String {
    json!(names.iter().map(StreamName::as_str).collect::<Vec<_>>()).to_string()
}

async fn facts(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    names: &[StreamName],
    commands: &[String],
    claims: &[ClaimKey],
) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    if !names.is_empty() {
        let rows = sqlx::query(include_str!("../sql/sqlite/stream_heads.sql"))
            .bind(tenant.as_str())
            .bind(streams(names))
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            let version = Version(number(row.try_get("version")?)?);
            facts.heads.insert(stream(row.try_get("stream")?)?, version);
        }
    }
    if let Some(commands) = list(commands) {
        let rows = sqlx::query(include_str!("../sql/sqlite/commands.sql"))
            .bind(tenant.as_str())
            .bind(commands)
            .fetch_all(&mut *connection)
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
        let keys: Vec<_> = claims
            .iter()
            .map(|(scope, key)| (scope, hex::encode(key)))
            .collect();
        let rows = sqlx::query(include_str!("../sql/sqlite/claims.sql"))
            .bind(tenant.as_str())
            .bind(json!(keys).to_string())
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            let key = (row.try_get("scope")?, row.try_get("key")?);
            facts.claims.insert(key, row.try_get("holder")?);
        }
    }
    Ok(facts)
}

/// Whether what a plan takes for granted holds.
async fn holds(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    plan: &Plan,
) -> Result<bool, Error> {
    let names: Vec<_> = plan
        .assumed_heads
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let keys: Vec<_> = plan
        .assumed_claims
        .iter()
        .map(|(key, _)| key.clone())
        .collect();
    let found = facts(
        connection,
        tenant,
        &names,
        &plan.assumed_new_commands,
        &keys,
    )
    .await?;
    let heads = plan
        .assumed_heads
        .iter()
        .all(|(name, version)| found.heads.get(name).copied().unwrap_or_default() == *version);
    let claims = plan
        .assumed_claims
        .iter()
        .all(|(key, held)| found.claims.get(key) == held.as_ref());
    Ok(heads && claims && found.commands.is_empty())
}

/// Splits rows into chunks of the lengths that have a prepared statement.
fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let len = CHUNKS.into_iter().find(|len| *len <= rows.len())?;
        let (chunk, rest) = rows.split_at(len);
        rows = rest;
        Some(chunk)
    })
}

fn insert(head: &str, row: &str, count: usize) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("{head}{}", vec![row; count].join(", ")))
}

async fn write(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    plan: &Plan,
    head: u64,
    at: i64,
) -> Result<(), Error> {
    let mut position = head;
    for chunk in chunks(&plan.events) {
        let head = include_str!("../sql/sqlite/insert_events.sql");
        let mut query = sqlx::query(insert(head, EVENT_ROW, chunk.len()));
        for event in chunk {
            position += 1;
            query = query
                .bind(tenant.as_str())
                .bind(stored(position))
                .bind(event.stream.as_str())
                .bind(stored(event.version.0))
                .bind(event.event_id)
                .bind(event.event_type.as_str())
                .bind(event.schema_version)
                .bind(event.occurred_at.timestamp_micros())
                .bind(at)
                .bind(event.actor.as_str())
                .bind(event.command_id.as_str())
                .bind(event.correlation_id.as_deref())
                .bind(event.causation_id.as_deref())
                .bind(event.trace_context.as_deref())
                .bind(event.payload.as_slice());
        }
        query.execute(&mut *connection).await?;
    }
    if position > head {
        sqlx::query(include_str!("../sql/sqlite/raise_head.sql"))
            .bind(tenant.as_str())
            .bind(stored(position))
            .bind(at)
            .execute(&mut *connection)
            .await?;
    }
    for chunk in chunks(&plan.commands) {
        let insert_head = include_str!("../sql/sqlite/insert_commands.sql");
        let mut query = sqlx::query(insert(insert_head, COMMAND_ROW, chunk.len()));
        for command in chunk {
            query = query
                .bind(tenant.as_str())
                .bind(command.id.as_str())
                .bind(command.digest.as_slice())
                .bind(stored(head + command.first))
                .bind(stored(head + command.last));
        }
        query.execute(&mut *connection).await?;
    }
    for (scope, key) in &plan.released {
        sqlx::query(include_str!("../sql/sqlite/release_claim.sql"))
            .bind(tenant.as_str())
            .bind(scope.as_str())
            .bind(key.as_slice())
            .execute(&mut *connection)
            .await?;
    }
    for ((scope, key), holder) in &plan.taken {
        sqlx::query(include_str!("../sql/sqlite/take_claim.sql"))
            .bind(tenant.as_str())
            .bind(scope.as_str())
            .bind(key.as_slice())
            .bind(holder.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn recorded(row: &SqliteRow) -> Result<Recorded, Error> {
    let command_id: String = row.try_get("command_id")?;
    let correlation_id: Option<String> = row.try_get("correlation_id")?;
    Ok(Recorded {
        tenant: tenant(row.try_get("tenant")?)?,
        position: Position(number(row.try_get("position")?)?),
        stream: stream(row.try_get("stream")?)?,
        version: Version(number(row.try_get("version")?)?),
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        schema_version: row.try_get("schema_version")?,
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
impl Backend for Sqlite {
    async fn land(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        now: DateTime<Utc>,
    ) -> Result<Landing, Error> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query(include_str!("../sql/sqlite/tenant_head.sql"))
            .bind(tenant.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let (head, before) = match row {
            Some(row) => (
                number(row.try_get("position")?)?,
                row.try_get("recorded_at")?,
            ),
            None => (0, i64::MIN),
        };
        if !holds(&mut transaction, tenant, plan).await? {
            transaction.rollback().await?;
            return Ok(Landing::Contradicted);
        }
        let at = now.timestamp_micros().max(before);
        write(&mut transaction, tenant, plan, head, at).await?;
        transaction.commit().await?;
        Ok(Landing::Landed(Position(head)))
    }

    async fn facts(
        &self,
        tenant: &TenantId,
        streams: &[StreamName],
        commands: &[String],
        claims: &[ClaimKey],
    ) -> Result<Facts, Error> {
        let mut connection = self.readers.acquire().await?;
        facts(&mut connection, tenant, streams, commands, claims).await
    }

    async fn secret(&self, tenant: &TenantId, fresh: [u8; 32]) -> Result<Vec<u8>, Error> {
        sqlx::query(include_str!("../sql/sqlite/add_secret.sql"))
            .bind(tenant.as_str())
            .bind(fresh.as_slice())
            .execute(&self.writer)
            .await?;
        let query = sqlx::query_scalar(include_str!("../sql/sqlite/secret.sql"));
        Ok(query.bind(tenant.as_str()).fetch_one(&self.writer).await?)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        after: Position,
        up_to: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        let rows = sqlx::query(include_str!("../sql/sqlite/read.sql"))
            .bind(tenant.as_str())
            .bind(stored(after.0))
            .bind(stored(up_to.0))
            .bind(list(&filter.categories))
            .bind(list(&filter.event_types))
            .bind((!filter.streams.is_empty()).then(|| streams(&filter.streams)))
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
        let rows = sqlx::query(include_str!("../sql/sqlite/read_stream.sql"))
            .bind(tenant.as_str())
            .bind(stream.as_str())
            .bind(stored(after.0))
            .bind(stored(limit as u64))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(recorded).collect()
    }

    async fn head(&self, tenant: &TenantId) -> Result<Position, Error> {
        let query = sqlx::query_scalar(include_str!("../sql/sqlite/head.sql"));
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
        let at: Option<i64> = sqlx::query_scalar(include_str!("../sql/sqlite/recorded_at.sql"))
            .bind(tenant.as_str())
            .bind(stored(position.0))
            .fetch_optional(&self.readers)
            .await?;
        at.map(instant).transpose()
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        let query = sqlx::query_scalar(include_str!("../sql/sqlite/tenants.sql"));
        let names: Vec<String> = query.fetch_all(&self.readers).await?;
        names.iter().map(|name| tenant(name)).collect()
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
