//! The one writer of a SQLite log.
//!
//! Nobody else writes, so it keeps the heads of tenants in memory. Each statement is a trip to the
//! connection's thread, so rows go many to a statement.

mod failing;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use event_schemas::vocabulary::TenantId;
use futures::future::BoxFuture;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteTransaction};
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Sqlite};

use super::Ownership;
use crate::backend::{self, Failure, Item, Settled, Writer, signed, unsigned};
use crate::claim::{Key, Secret};
use crate::error::AppendError;
use crate::resolve::{self, Facts, Plan, Remembered, Row, Verdict, count};
use crate::{ClaimChange, Error};

/// Rows inserted by one statement, at most. With 15 columns SQLite would take 2,184; past 64 a
/// statement's own cost no longer shows.
const ROWS: usize = 64;

/// Bytes of the write-ahead log from which on it is emptied though readers have to be waited for: as long as
/// some reader is always in the midst of it, SQLite by itself only ever adds to it.
const WAL_BYTES: u64 = 32 << 20;

/// How many commits go by before its size is looked at.
const WAL_LOOK: u32 = 64;

/// Waits for readers, but not long; if they take longer it is tried again.
const EMPTY_WAL: &str = "PRAGMA busy_timeout = 200; PRAGMA wal_checkpoint(TRUNCATE);
     PRAGMA busy_timeout = 5000";

const EVENT_ROW: &str = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
const COMMAND_ROW: &str = "(?,?,?,?,?,?)";
const CLAIM_ROW: &str = "(?,?,?,?)";

use failing::{failure, is_taken};

type Result<T, E = Failure> = std::result::Result<T, E>;

/// The head of a tenant, as this writer left it.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    position: u64,
    recorded_at: i64,
}

/// Writes to SQLite.
#[derive(Debug)]
pub(crate) struct SqliteWriter {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
    heads: HashMap<TenantId, Head>,
    events: Inserts,
    commands: Inserts,
    claims: Inserts,
    /// The file of the write-ahead log, and commits until its size is looked at.
    wal: PathBuf,
    until_look: u32,
    _owned: Arc<Ownership>,
}

/// `INSERT` statements of one table, by how many rows they insert.
#[derive(Debug)]
struct Inserts(Vec<Arc<str>>);

impl Inserts {
    /// `insert` has no rows: they go behind its `VALUES`.
    fn new(insert: &str, row: &str) -> Self {
        let of = |rows| {
            let values = format!("VALUES {}", vec![row; rows].join(","));
            insert.replacen("VALUES", &values, 1).into()
        };
        Self((1..=ROWS).map(of).collect())
    }

    fn of<'q>(&self, rows: usize) -> Query<'q, Sqlite, SqliteArguments> {
        let sql = self
            .0
            .get(rows.saturating_sub(1))
            .map(Arc::clone)
            .unwrap_or_default();
        sqlx::query(AssertSqlSafe(sql))
    }
}

impl SqliteWriter {
    pub(super) fn new(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        wal: PathBuf,
        owned: Arc<Ownership>,
    ) -> Self {
        Self {
            options,
            connection: Some(connection),
            heads: HashMap::new(),
            events: Inserts::new(
                include_str!("../../sql/sqlite/insert_events.sql"),
                EVENT_ROW,
            ),
            commands: Inserts::new(
                include_str!("../../sql/sqlite/insert_commands.sql"),
                COMMAND_ROW,
            ),
            claims: Inserts::new(
                include_str!("../../sql/sqlite/insert_claims.sql"),
                CLAIM_ROW,
            ),
            wal,
            until_look: WAL_LOOK,
            _owned: owned,
        }
    }

    /// Gives up a connection that is out of step. Where there is no room, or the disk fails, SQLite ends a
    /// transaction by itself, which sqlx does not hear of: what it took for a transaction within that one
    /// would never be committed.
    async fn keep_in_step(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        // Answered after what was asked before, such as to roll back.
        if connection.ping().await.is_ok() && !connection.is_in_transaction() {
            self.connection = Some(connection);
        } else if let Err(error) = connection.close().await {
            tracing::debug!(%error, "a connection that was given up was not closed cleanly");
        }
    }

    /// Keeps the write-ahead log from growing without end.
    async fn bound_wal(&mut self) {
        self.until_look -= 1;
        if self.until_look > 0 {
            return;
        }
        self.until_look = WAL_LOOK;
        let len = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        if len > WAL_BYTES
            && let Some(connection) = &mut self.connection
            && let Err(error) = sqlx::raw_sql(EMPTY_WAL).execute(connection).await
        {
            tracing::warn!(%error, len, "the write-ahead log is not emptied");
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "recorded_at is the instant of the commit"
    )]
    async fn write(
        &mut self,
        groups: &[&[Item]],
        asked: Asked,
        committing: &mut bool,
    ) -> Result<Vec<(Settled, Head)>, Error> {
        let Self {
            options,
            connection,
            heads,
            events,
            commands,
            claims,
            ..
        } = self;
        let connection = connected(connection, options).await?;
        // Refused where sqlx takes another to be open.
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut settled = Vec::with_capacity(groups.len());
        for items in groups {
            let Some(tenant) = items.first().map(|item| &item.append.tenant) else {
                continue;
            };
            let before = match heads.get(tenant) {
                Some(head) => *head,
                None => head(&mut tx, tenant).await?,
            };
            let given = facts(&mut tx, tenant, items, asked).await?;
            let plan = resolve::on_facts(items, &given);
            let all;
            // Whoever is told that another holds a value is told who really does.
            let (facts, plan) = if asked == Asked::Given && plan.verdicts.iter().any(is_claimed) {
                all = facts(&mut tx, tenant, items, Asked::All).await?;
                (&all, resolve::on_facts(items, &all))
            } else {
                (&given, plan)
            };
            let mut after = before;
            if !plan.events.is_empty() {
                after.position += count(plan.events.len());
                after.recorded_at = before.recorded_at.max(Utc::now().timestamp_micros());
                insert_events(&mut tx, events, tenant, before, after, &plan.events).await?;
                let set = sqlx::query(include_str!("../../sql/sqlite/set_head.sql"))
                    .bind(tenant.as_str())
                    .bind(signed(after.position))
                    .bind(after.recorded_at);
                set.execute(&mut *tx).await?;
            }
            insert_commands(&mut tx, commands, tenant, before, &plan.commands).await?;
            change_claims(&mut tx, claims, tenant, facts, &plan).await?;
            let Plan { verdicts, .. } = plan;
            let (head_before, head) = (before.position, after.position);
            settled.push((
                Settled {
                    verdicts,
                    head_before,
                    head,
                },
                after,
            ));
        }
        *committing = true;
        tx.commit().await?;
        Ok(settled)
    }
}

impl Writer for SqliteWriter {
    fn commit<'a>(&'a mut self, groups: &'a [&'a [Item]]) -> BoxFuture<'a, Result<Vec<Settled>>> {
        Box::pin(async move {
            let mut committing = false;
            let mut written = self.write(groups, Asked::Given, &mut committing).await;
            if written.as_ref().is_err_and(is_taken) {
                written = self.write(groups, Asked::All, &mut committing).await;
            }
            let written = match written {
                Ok(written) => written,
                Err(error) => {
                    self.heads.clear();
                    self.keep_in_step().await;
                    return Err(failure(error, committing));
                }
            };
            let mut settled = Vec::with_capacity(written.len());
            for (items, (result, head)) in groups.iter().zip(written) {
                if let Some(item) = items.first() {
                    self.heads.insert(item.append.tenant.clone(), head);
                }
                settled.push(result);
            }
            self.bound_wal().await;
            Ok(settled)
        })
    }

    fn secret<'a>(&'a mut self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(async {
            let connection = connected(&mut self.connection, &self.options).await;
            let connection = connection.map_err(|error| failure(error, false))?;
            let made = sqlx::query(include_str!("../../sql/sqlite/make_secret.sql"))
                .bind(tenant.as_str())
                .execute(&mut *connection);
            made.await.map_err(|error| failure(error.into(), false))?;
            let secret = sqlx::query_scalar(include_str!("../../sql/sqlite/secret.sql"))
                .bind(tenant.as_str())
                .fetch_one(connection);
            let secret: Vec<u8> = secret.await.map_err(|error| failure(error.into(), false))?;
            backend::secret(secret).map_err(Failure::Lasting)
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {
            if let Some(connection) = self.connection
                && let Err(error) = connection.close().await
            {
                tracing::warn!(%error, "the log's file was not closed cleanly");
            }
        })
    }
}

/// The connection; made anew where the last one was given up.
async fn connected<'a>(
    connection: &'a mut Option<SqliteConnection>,
    options: &SqliteConnectOptions,
) -> Result<&'a mut SqliteConnection, Error> {
    match connection {
        Some(connection) => Ok(connection),
        nothing => Ok(nothing.insert(options.connect().await?)),
    }
}

fn is_claimed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Refused(AppendError::Claimed { .. }))
}

/// Which claims a batch asks for before it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Those that are given back. What is only taken is held to be free: the unique index finds out.
    Given,
    /// All that it names.
    All,
}

async fn head(tx: &mut SqliteTransaction<'_>, tenant: &TenantId) -> Result<Head, Error> {
    let row = sqlx::query_as(include_str!("../../sql/sqlite/head.sql")).bind(tenant.as_str());
    let row: Option<(i64, i64)> = row.fetch_optional(&mut **tx).await?;
    let Some((position, recorded_at)) = row else {
        return Ok(Head::default());
    };
    Ok(Head {
        position: unsigned(position)?,
        recorded_at,
    })
}

/// What the database holds about everything a batch names.
async fn facts(
    tx: &mut SqliteTransaction<'_>,
    tenant: &TenantId,
    items: &[Item],
    asked: Asked,
) -> Result<Facts, Error> {
    let named = resolve::Assumed::by(items);
    let mut facts = Facts::default();
    if !named.streams.is_empty() {
        let names: Vec<&str> = named.streams.keys().copied().collect();
        let rows: Vec<(String, i64)> =
            sqlx::query_as(include_str!("../../sql/sqlite/facts_streams.sql"))
                .bind(tenant.as_str())
                .bind(serde_json::json!(names).to_string())
                .fetch_all(&mut **tx)
                .await?;
        for (stream, version) in rows {
            facts.streams.insert(stream, unsigned(version)?);
        }
    }
    if !named.commands.is_empty() {
        let rows: Vec<(String, Vec<u8>, i64, i64, i64)> =
            sqlx::query_as(include_str!("../../sql/sqlite/facts_commands.sql"))
                .bind(serde_json::json!(named.commands).to_string())
                .bind(tenant.as_str())
                .fetch_all(&mut **tx)
                .await?;
        for (id, digest, position, events, version) in rows {
            facts
                .commands
                .insert(id, backend::known((digest, position, events, version))?);
        }
    }
    let claims = items
        .iter()
        .flat_map(|item| item.append.claims.iter().zip(&item.keys));
    let claims = claims
        .filter(|(change, _)| asked == Asked::All || matches!(change, ClaimChange::Release { .. }));
    let keys: Vec<[&str; 2]> = claims
        .map(|(_, key)| [key.scope.as_ref(), key.value.as_str()])
        .collect();
    if !keys.is_empty() {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as(include_str!("../../sql/sqlite/facts_claims.sql"))
                .bind(serde_json::json!(keys).to_string())
                .bind(tenant.as_str())
                .fetch_all(&mut **tx)
                .await?;
        for (scope, value, holder) in rows {
            let scope = scope.into();
            facts.claims.insert(Key { scope, value }, holder);
        }
    }
    Ok(facts)
}

async fn insert_events(
    tx: &mut SqliteTransaction<'_>,
    inserts: &Inserts,
    tenant: &TenantId,
    before: Head,
    after: Head,
    rows: &[Row<'_>],
) -> Result<(), Error> {
    let tenant: Arc<str> = tenant.as_str().into();
    let mut position = before.position;
    for rows in rows.chunks(ROWS) {
        let mut query = inserts.of(rows.len());
        for row in rows {
            let (event, meta) = (row.event, &row.append.meta);
            position += 1;
            query = query
                .bind(Arc::clone(&tenant))
                .bind(signed(position))
                .bind(row.stream.as_str())
                .bind(signed(row.version))
                .bind(Uuid::now_v7())
                .bind(event.event_type.as_ref())
                .bind(i64::from(event.schema_version))
                .bind(meta.occurred_at.timestamp_micros())
                .bind(after.recorded_at)
                .bind(meta.actor.as_str())
                .bind(row.command_id())
                .bind(meta.correlation_id.as_deref())
                .bind(meta.causation_id.as_deref())
                .bind(meta.trace_context.as_deref())
                .bind(event.payload.as_slice());
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

async fn insert_commands(
    tx: &mut SqliteTransaction<'_>,
    inserts: &Inserts,
    tenant: &TenantId,
    before: Head,
    rows: &[Remembered<'_>],
) -> Result<(), Error> {
    let tenant: Arc<str> = tenant.as_str().into();
    for rows in rows.chunks(ROWS) {
        let mut query = inserts.of(rows.len());
        for row in rows {
            query = query
                .bind(Arc::clone(&tenant))
                .bind(row.id)
                .bind(row.digest.as_slice())
                .bind(signed(before.position + row.offset))
                .bind(signed(row.events))
                .bind(signed(row.version));
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

async fn change_claims(
    tx: &mut SqliteTransaction<'_>,
    inserts: &Inserts,
    tenant: &TenantId,
    facts: &Facts,
    plan: &Plan<'_>,
) -> Result<(), Error> {
    let tenant: Arc<str> = tenant.as_str().into();
    let mut taken = Vec::with_capacity(plan.claims.len());
    for (key, holder) in &plan.claims {
        taken.extend(holder.map(|holder| (*key, holder)));
        if !facts.claims.contains_key(key) {
            continue;
        }
        let free = sqlx::query(include_str!("../../sql/sqlite/free_claim.sql"))
            .bind(Arc::clone(&tenant))
            .bind(&*key.scope)
            .bind(key.value.as_str());
        free.execute(&mut **tx).await?;
    }
    // In the order of the index, so that neighbours are written together.
    taken.sort_unstable();
    for rows in taken.chunks(ROWS) {
        let mut query = inserts.of(rows.len());
        for (key, holder) in rows {
            query = query
                .bind(Arc::clone(&tenant))
                .bind(&*key.scope)
                .bind(key.value.as_str())
                .bind(*holder);
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}
