//! The log in one SQLite file of a data directory that one process owns.

mod backup;
mod check;
mod reader;
mod seals;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _};

pub use backup::{backup, restore};
pub(crate) use reader::SqliteReader;
pub(crate) use seals::SqliteSeals;
pub(crate) use writer::SqliteWriter;

use crate::Error;

/// The file of the log, in its data directory.
const FILE: &str = "log.sqlite";

/// Rows that a reader may read ahead of whoever takes them: each hand-over costs a wake-up.
const ROWS: usize = 1_024;

/// Prepared statements kept per connection: one for each number of rows that is inserted at once,
/// and those that read.
const STATEMENTS: usize = 256;

/// Connections to the file of the seals: one writes, the others answer.
const SEAL_CONNECTIONS: u32 = 3;

/// The exclusive right to a data directory. Held until the last user of it is gone.
#[derive(Debug)]
pub(crate) struct Ownership {
    _lock: File,
}

/// Opens the log in a data directory, making both if they are missing.
pub(crate) async fn open(
    directory: &Path,
    readers: u32,
) -> Result<(SqliteReader, SqliteSeals, SqliteWriter), Error> {
    let owned = Arc::new(own(directory)?);
    let options = SqliteConnectOptions::new()
        .filename(directory.join(FILE))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-65536")
        .pragma("temp_store", "memory")
        .row_buffer_size(ROWS)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    let mut connection = options.clone().create_if_missing(true).connect().await?;
    crate::error::migrated(migrations().run(&mut connection).await)?;
    check::ends(&mut connection).await?;
    let seals = SqlitePoolOptions::new()
        .max_connections(SEAL_CONNECTIONS)
        .before_acquire(|connection, _| Box::pin(in_step(connection)))
        .connect_with(
            SqliteConnectOptions::new()
                .filename(directory.join("seal.sqlite"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .disable_statement_logging(),
        )
        .await?;
    crate::error::migrated(seal_migrations().run(&seals).await)?;
    let pool = SqlitePoolOptions::new()
        .max_connections(readers)
        .before_acquire(|connection, _| Box::pin(in_step(connection)))
        .connect_with(options.clone().read_only(true).command_buffer_size(16))
        .await?;
    let reader = SqliteReader::new(pool, Arc::clone(&owned));
    let seals = SqliteSeals::new(seals, Arc::clone(&owned));
    let wal = directory.join(format!("{FILE}-wal"));
    let writer = SqliteWriter::new(options, connection, wal, owned);
    Ok((reader, seals, writer))
}

/// Whether sqlx and SQLite agree that no transaction is open. They do not after SQLite has ended one by itself,
/// for want of room or because the disk failed; such a connection is not used again.
async fn in_step(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    Ok(!connection.is_in_transaction())
}

fn own(directory: &Path) -> Result<Ownership, Error> {
    let at = |path: PathBuf| move |source| Error::Io { path, source };
    std::fs::create_dir_all(directory).map_err(at(directory.to_owned()))?;
    let path = directory.join("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let lock = lock.map_err(at(path.clone()))?;
    match lock.try_lock() {
        Ok(()) => Ok(Ownership { _lock: lock }),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}

fn migrations() -> Migrator {
    let log = include_str!("../../sql/sqlite/migrations/1_log.sql").into_sql_str();
    let log = Migration::new(1, "log".into(), MigrationType::Simple, log, false);
    Migrator::with_migrations(vec![log])
}

fn seal_migrations() -> Migrator {
    let seal = include_str!("../../sql/sqlite/seal/1_seal.sql").into_sql_str();
    let seal = Migration::new(1, "seal".into(), MigrationType::Simple, seal, false);
    Migrator::with_migrations(vec![seal])
}
