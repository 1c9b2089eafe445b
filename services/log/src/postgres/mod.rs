//! The log in a PostgreSQL database that any number of nodes share.

mod listener;
mod reader;
mod rows;
mod seals;
mod writer;

use std::str::FromStr as _;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _};

pub(crate) use listener::{Listener, listen};
pub(crate) use reader::PgReader;
pub(crate) use seals::PgSeals;
pub(crate) use writer::PgWriter;

use crate::Error;

/// What every connection is set to.
///
/// The plans are made once and for all tenants, and only ever go through an index: a plan made
/// while the tables were empty would otherwise read them whole once they are not, until the next
/// `ANALYZE`. And no server default may weaken what "appended" means.
const SETTINGS: [(&str, &str); 11] = [
    ("synchronous_commit", "on"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_bitmapscan", "off"),
    ("jit", "off"),
    ("default_transaction_isolation", "read committed"),
    // By these the server finds out that a node is gone, and lets go of what it held. sqlx offers
    // no such thing for this end: here all that must not hang has a time limit.
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// How long anything may take, but for the making of tables.
const TIMEOUTS: [(&str, &str); 3] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("lock_timeout", "20s"),
    ("statement_timeout", "20s"),
];

/// A connected log: who reads, who keeps the seals, who writes (one for each lane), and who hears of
/// other nodes.
pub(crate) async fn connect(
    url: &str,
    readers: u32,
    lanes: usize,
) -> Result<(PgReader, PgSeals, Vec<PgWriter>, Listener), Error> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("twinfunnel-log")
        .options(SETTINGS)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    crate::error::migrated(migrations().run(&mut connection).await)?;
    connection.close().await?;
    let options = options.options(TIMEOUTS);
    let pool = PgPoolOptions::new()
        .max_connections(readers)
        .connect_with(options.clone())
        .await?;
    let listener = listen(&options).await?;
    let writers = (0..lanes).map(|_| PgWriter::new(options.clone())).collect();
    let seals = PgSeals::new(pool.clone());
    Ok((PgReader::new(pool), seals, writers, listener))
}

fn migrations() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        let sql = sql.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(vec![
        migration(
            1,
            "log",
            include_str!("../../sql/postgres/migrations/1_log.sql"),
        ),
        migration(
            2,
            "append",
            include_str!("../../sql/postgres/migrations/2_append.sql"),
        ),
        migration(
            3,
            "seal",
            include_str!("../../sql/postgres/migrations/3_seal.sql"),
        ),
        migration(
            4,
            "append, asking less",
            include_str!("../../sql/postgres/migrations/4_append.sql"),
        ),
        migration(
            5,
            "append, row by row",
            include_str!("../../sql/postgres/migrations/5_append.sql"),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::migrations;

    /// A database remembers the checksum of what was applied to it, and does not open for another.
    /// What stands here never changes; a new migration adds a line.
    #[test]
    fn what_was_applied_to_a_database_never_changes() {
        let checksums: Vec<String> = migrations()
            .iter()
            .map(|migration| hex::encode(migration.checksum.get(..8).unwrap_or_default()))
            .collect();
        assert_eq!(
            checksums,
            [
                "45bf7525ff2c9e0f",
                "944813187f819421",
                "825ac6e8baa4117b",
                "16cf59038130988f",
                "fc3cc11911919f2a",
            ]
        );
    }
}
