//! One database, SQLite or PostgreSQL, to which the same SQL is said: parameters are `$1`, `$2` …,
//! values are whole numbers (instants in microseconds, money in minor units) or text.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool, Postgres, Row as _, Sqlite,
    SqlitePool, Transaction,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Connections of one generation on PostgreSQL, and readers on SQLite, at most.
const CONNECTIONS: u32 = 6;

/// Connections of a scratch database, at most: there are many, and each is asked little.
const SCRATCH_CONNECTIONS: u32 = 2;

/// Rows of one upsert on SQLite, at most; smaller ones are powers of two, so that there are few
/// statements to keep prepared.
const SQLITE_ROWS: usize = 128;

/// Rows that SQLite may read ahead of whoever takes them: each hand-over costs a wake-up.
const ROWS: usize = 1_024;

/// Prepared statements kept by each connection.
const STATEMENTS: usize = 256;

/// What a table bears at its end whose rows are to lie in the order of its key, where the database
/// knows how: of a large table with small rows, a range is then read without a jump a row.
const CLUSTERED: &str = "/* clustered */";

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

/// A table, by the columns a fold writes. Every table begins with the tenant, which the engine adds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// With the tenant, the primary key.
    pub(crate) key: &'static [&'static str],
    pub(crate) columns: &'static [&'static str],
}

impl Table {
    fn all_columns(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once("tenant")
            .chain(self.key.iter().copied())
            .chain(self.columns.iter().copied())
    }

    fn on_conflict(&self) -> String {
        let key = self.key.join(", ");
        let sets: Vec<String> = self
            .columns
            .iter()
            .map(|c| format!("{c} = excluded.{c}"))
            .collect();
        match sets.is_empty() {
            true => format!(" ON CONFLICT (tenant, {key}) DO NOTHING"),
            false => format!(
                " ON CONFLICT (tenant, {key}) DO UPDATE SET {}",
                sets.join(", ")
            ),
        }
    }
}

/// A database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Sqlite {
        pool: SqlitePool,
        /// SQLite has one writer at a time: they queue here rather than poll for the file's lock.
        writing: Arc<Mutex<()>>,
    },
    Postgres(PgPool),
}

/// A transaction, to read or to write. Dropped, it is rolled back.
pub(crate) enum Session {
    Sqlite(Transaction<'static, Sqlite>, Option<OwnedMutexGuard<()>>),
    Postgres(Transaction<'static, Postgres>),
}

/// A row that was read.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// How many columns it has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Sqlite(row) => row.len(),
            Self::Postgres(row) => row.len(),
        }
    }

    /// The whole number in a column, numbered from 0.
    pub(crate) fn int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// The text in a column, numbered from 0.
    pub(crate) fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// A count in a column; 0 where there is none.
    pub(crate) fn count(&self, column: usize) -> Result<u64, sqlx::Error> {
        Ok(self
            .int(column)?
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default())
    }
}

/// `(query, values)` with the values bound, whichever the database.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(*value),
                Value::Text(value) => query.bind(value.as_deref()),
            };
        }
        query
    }};
}

impl Db {
    /// A SQLite file. It loses nothing that the log cannot give again, so commits are not fsynced;
    /// the file stays whole whatever happens.
    pub(crate) async fn sqlite(path: &Path, is_scratch: bool) -> Result<Self, sqlx::Error> {
        // The page cache of a connection is in KiB where it is negative.
        let (journal, synchronous, connections, cache) = match is_scratch {
            true => (
                SqliteJournalMode::Memory,
                SqliteSynchronous::Off,
                SCRATCH_CONNECTIONS,
                "-4096",
            ),
            false => (
                SqliteJournalMode::Wal,
                SqliteSynchronous::Normal,
                CONNECTIONS,
                "-32768",
            ),
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(journal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", cache)
            .pragma("temp_store", "memory")
            .row_buffer_size(ROWS)
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            // Where there is no room, SQLite ends a transaction by itself, which sqlx does not hear of.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite {
            pool,
            writing: Arc::default(),
        })
    }

    /// A schema of a PostgreSQL database.
    pub(crate) async fn postgres(url: &str, schema: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?
            .options([("search_path", schema)])
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    /// Begins to read: all that is read is of one moment.
    pub(crate) async fn read(&self) -> Result<Session, sqlx::Error> {
        match self {
            Self::Sqlite { pool, .. } => Ok(Session::Sqlite(pool.begin().await?, None)),
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Ok(Session::Postgres(pool.begin_with(begin).await?))
            }
        }
    }

    /// Begins to write.
    pub(crate) async fn write(&self) -> Result<Session, sqlx::Error> {
        match self {
            Self::Sqlite { pool, writing } => {
                let turn = Arc::clone(writing).lock_owned().await;
                Ok(Session::Sqlite(
                    pool.begin_with("BEGIN IMMEDIATE").await?,
                    Some(turn),
                ))
            }
            Self::Postgres(pool) => Ok(Session::Postgres(pool.begin().await?)),
        }
    }

    /// Lets the planner see how large the tables are. SQLite plans well without.
    pub(crate) async fn analyze(&self) -> Result<(), sqlx::Error> {
        let Self::Postgres(pool) = self else {
            return Ok(());
        };
        let tables =
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await?;
        let analyze = AssertSqlSafe(format!("ANALYZE {}", tables.join(", ")));
        sqlx::raw_sql(analyze).execute(pool).await.map(drop)
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { pool, .. } => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Session {
    /// Runs several statements that take no value.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx, _) => {
                let sql = AssertSqlSafe(sql.replace(CLUSTERED, "WITHOUT ROWID"));
                sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)
            }
            Self::Postgres(tx) => {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)
            }
        }
    }

    /// Runs one statement; how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<u64, sqlx::Error> {
        let sql = sql.to_owned();
        match self {
            Self::Sqlite(tx, _) => Ok(bound!(sql, values)
                .execute(&mut **tx)
                .await?
                .rows_affected()),
            Self::Postgres(tx) => Ok(bound!(sql, values)
                .execute(&mut **tx)
                .await?
                .rows_affected()),
        }
    }

    /// What a query gives.
    pub(crate) async fn rows(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, sqlx::Error> {
        let sql = sql.to_owned();
        match self {
            Self::Sqlite(tx, _) => {
                let rows = bound!(sql, values).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let rows = bound!(sql, values).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The rows of a query whose last parameter, `$2`, is a set of texts: `column IN (…)`.
    pub(crate) async fn rows_in(
        &mut self,
        select: &str,
        column: &str,
        tenant: &str,
        wanted: &[&str],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(tx, _) => {
                let sql = format!(
                    "{select} WHERE tenant = $1 AND {column} IN (SELECT value FROM json_each($2))"
                );
                let wanted = serde_json::json!(wanted).to_string();
                let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(wanted);
                let rows = query.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let sql = format!("{select} WHERE tenant = $1 AND {column} = ANY($2)");
                let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(wanted);
                let rows = query.fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Writes rows, new or in place of those with their keys. Each is the values of the table's key
    /// and columns; no key twice.
    pub(crate) async fn upsert(
        &mut self,
        table: &Table,
        tenant: &str,
        rows: &[Vec<Value>],
    ) -> Result<(), sqlx::Error> {
        let columns: Vec<&str> = table.all_columns().collect();
        let into = format!("INSERT INTO {} ({})", table.name, columns.join(", "));
        let on_conflict = table.on_conflict();
        match self {
            // Many `?` on SQLite: numbered parameters are 35 times slower there.
            Self::Sqlite(tx, _) => {
                let row = format!("({})", vec!["?"; columns.len()].join(", "));
                let mut rest = rows;
                while !rest.is_empty() {
                    let len = SQLITE_ROWS.min(1 << rest.len().ilog2());
                    let (chunk, after) = rest.split_at(len);
                    rest = after;
                    let sql = format!("{into} VALUES {}{on_conflict}", vec![&*row; len].join(", "));
                    let mut query = sqlx::query(AssertSqlSafe(sql));
                    for row in chunk {
                        query = query.bind(tenant);
                        for value in row {
                            query = match value {
                                Value::Int(value) => query.bind(*value),
                                Value::Text(value) => query.bind(value.as_deref()),
                            };
                        }
                    }
                    query.execute(&mut **tx).await?;
                }
                Ok(())
            }
            // One array a column on PostgreSQL: one statement, however many rows.
            Self::Postgres(tx) => {
                let Some(first) = rows.first() else {
                    return Ok(());
                };
                let arrays = first.iter().enumerate().map(|(at, value)| {
                    let kind = match value {
                        Value::Int(_) => "bigint",
                        Value::Text(_) => "text",
                    };
                    format!("${}::{kind}[]", at + 2)
                });
                let arrays = arrays.collect::<Vec<_>>().join(", ");
                let sql = format!("{into} SELECT $1::text, * FROM UNNEST({arrays}){on_conflict}");
                let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant);
                for (at, value) in first.iter().enumerate() {
                    let column = rows.iter().map(|row| row.get(at));
                    query = match value {
                        Value::Int(_) => query.bind(column.map(int).collect::<Vec<_>>()),
                        Value::Text(_) => query.bind(column.map(text).collect::<Vec<_>>()),
                    };
                }
                query.execute(&mut **tx).await.map(drop)
            }
        }
    }

    /// Takes rows away, by their keys.
    pub(crate) async fn delete(
        &mut self,
        table: &Table,
        tenant: &str,
        keys: &[Vec<Value>],
    ) -> Result<(), sqlx::Error> {
        let wheres = table
            .key
            .iter()
            .enumerate()
            .map(|(at, c)| format!(" AND {c} = ${}", at + 2));
        let sql = format!(
            "DELETE FROM {} WHERE tenant = $1{}",
            table.name,
            wheres.collect::<String>()
        );
        for key in keys {
            let mut values = vec![Value::from(tenant)];
            values.extend(key.iter().cloned());
            self.execute(&sql, &values).await?;
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx, _turn) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

fn int(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Int(value)) => *value,
        _ => None,
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value {
        Some(Value::Text(value)) => value.as_deref(),
        _ => None,
    }
}
