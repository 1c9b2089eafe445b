//! Running the service: the parts that this node's roles ask for, started bottom up and stopped top
//! down.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use api::{Authentication, Limits, Roles, Server, Tls};
use executor::Executor;
use log::Log;
use projections::{Home, Projections};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where the log and the read models are kept.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// In a directory that this process owns.
    Sqlite {
        /// The directory.
        data_dir: PathBuf,
    },
    /// In a PostgreSQL database that nodes share.
    Postgres {
        /// Its URL.
        url: String,
    },
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// Take commands.
    Command,
    /// Answer queries.
    Query,
    /// Keep the read models.
    Project,
}

/// How a node is set up.
#[derive(Debug)]
pub(crate) struct ServeConfig {
    /// Where it listens; port 0 for any free one.
    pub(crate) listen: SocketAddr,
    /// Where it keeps things.
    pub(crate) store: Store,
    /// What it does.
    pub(crate) roles: Vec<Role>,
    /// How callers are known.
    pub(crate) authentication: Authentication,
    /// Certificate and key, if it speaks TLS.
    pub(crate) tls: Option<Tls>,
    /// What is held against callers that ask too much.
    pub(crate) limits: Limits,
}

/// A node that runs.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    log: Log,
    projections: Option<Projections>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), api::ServeError>>,
}

/// Starts a node; it answers when this returns.
pub(crate) async fn start(config: ServeConfig) -> anyhow::Result<Running> {
    // The door first: a node that cannot listen has not touched the database.
    let server = Server::bind(
        config.listen,
        config.authentication,
        config.tls,
        config.limits,
    )
    .await?;
    let address = server.address();
    let has = |role| config.roles.contains(&role);

    let (log, home) = match config.store {
        Store::Sqlite { data_dir } => {
            let log = Log::open_sqlite(&data_dir, log::Options::default()).await;
            let log = log.with_context(|| format!("opening {}", data_dir.display()))?;
            (
                log,
                Home::Sqlite {
                    dir: data_dir.join("read-models"),
                },
            )
        }
        Store::Postgres { url } => {
            let log = Log::connect_postgres(&url, log::Options::default()).await;
            (log.context("opening the database")?, Home::Postgres { url })
        }
    };
    let projections = if has(Role::Query) || has(Role::Project) {
        let options = projections::Options {
            run_workers: has(Role::Project),
            ..projections::Options::at(home)
        };
        Some(
            Projections::start(log.clone(), options)
                .await
                .context("starting the read models")?,
        )
    } else {
        None
    };
    let executor = Executor::new(log.clone(), &executor::Options::default());
    let roles = Roles {
        command: has(Role::Command).then_some(executor),
        query: projections.clone().filter(|_| has(Role::Query)),
        log: log.clone(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(roles, async {
        // Told to stop, or nobody is left to tell: both mean the same.
        let _ = stopped.await;
    }));
    Ok(Running {
        address,
        log,
        projections,
        stop,
        serving,
    })
}

impl Running {
    /// Waits for the server to end though nobody told it to; why it did.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        match (&mut self.serving).await {
            Ok(Ok(())) => anyhow::anyhow!("the server ended by itself"),
            Ok(Err(error)) => error.into(),
            Err(error) => error.into(),
        }
    }

    /// Takes no new call, finishes those under way, then stops the read models and the log.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // If the server has ended by itself, its outcome is what follows.
        let _ = self.stop.send(());
        self.serving.await.context("serving")??;
        if let Some(projections) = self.projections {
            projections.shutdown().await;
        }
        self.log.close().await;
        Ok(())
    }
}
