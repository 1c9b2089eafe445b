//! Where an attack takes place: a data directory, or a database of a throw-away PostgreSQL.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use client::{Client, Config};
use log::{Log, Options};
use support::{Node, Postgres};
use tempfile::TempDir;

/// The tenant of all attacks that need but one.
pub(crate) const TENANT: &str = "acme";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// A data directory.
    Sqlite,
    /// A throw-away PostgreSQL.
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// Where everything is kept.
pub(crate) enum Home {
    Sqlite(TempDir),
    Postgres { cluster: Arc<Postgres>, url: String },
}

impl Home {
    /// An empty one.
    pub(crate) async fn new(backend: Backend) -> anyhow::Result<Self> {
        Ok(match backend {
            Backend::Sqlite => Self::Sqlite(tempfile::tempdir()?),
            Backend::Postgres => {
                let cluster = tokio::task::spawn_blocking(Postgres::start).await??;
                let url = cluster.create_database().await?;
                Self::Postgres {
                    cluster: Arc::new(cluster),
                    url,
                }
            }
        })
    }

    /// Opens the log in this process.
    pub(crate) async fn log(&self) -> anyhow::Result<Log> {
        Ok(match self {
            Self::Sqlite(folder) => Log::open_sqlite(folder.path(), Options::default()).await?,
            Self::Postgres { url, .. } => Log::connect_postgres(url, Options::default()).await?,
        })
    }

    /// Starts a node.
    pub(crate) fn start(&self, options: &[&str]) -> anyhow::Result<Node> {
        tokio::task::block_in_place(|| match self {
            Self::Sqlite(folder) => Node::start_sqlite_with(folder.path(), options),
            Self::Postgres { url, .. } => Node::start_postgres_with(url, options),
        })
    }
}

/// A caller with a connection of its own, who gives up after `patience`.
pub(crate) fn caller(url: &str, patience: Duration) -> anyhow::Result<Client> {
    Ok(Client::connect(Config {
        actor: Some("ann".to_owned()),
        timeout: patience,
        retry_for: patience,
        ..Config::new(url, TENANT)
    })?)
}
