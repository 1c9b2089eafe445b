//! Running the service: the parts that this node's roles ask for, started bottom up and stopped top
//! down.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use api::{Authentication, Limits, Roles, Server, Tls};
use executor::Executor;
use futures::FutureExt as _;
use log::Log;
use log::seal::{KeyFile, Sealing, Seals};
use merkle::OriginPrefix;
use projections::{Home, Projections};
use reactors::{Reacting, Reactors};
use relay::Relay;
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
    /// Follow customers up: do what follows from what happened, and from the passing of days.
    React,
    /// Seal the log, and prove what is in it.
    Seal,
    /// Send events on to NATS JetStream.
    Relay,
}

/// How a node seals.
#[derive(Debug, Clone)]
pub(crate) struct SealConfig {
    /// Where the key is.
    pub(crate) key: KeyFile,
    /// Whether a key is made if there is none. Nodes that share a database share a key, too: none of
    /// them makes its own.
    pub(crate) may_make_key: bool,
    /// In whose name.
    pub(crate) prefix: OriginPrefix,
}

impl SealConfig {
    /// With a key of its own in a data directory.
    pub(crate) fn in_data_dir(data_dir: &Path) -> Self {
        Self {
            key: KeyFile::at(data_dir.join(crate::seal::KEY_FILE_NAME)),
            may_make_key: true,
            prefix: OriginPrefix::default(),
        }
    }
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
    /// How it seals, if it does.
    pub(crate) seal: Option<SealConfig>,
    /// Where it sends events on to, if it does.
    pub(crate) relay: Option<relay::Options>,
    /// How callers are known.
    pub(crate) authentication: Authentication,
    /// Certificate and key, if it speaks TLS.
    pub(crate) tls: Option<Tls>,
    /// What is held against callers that ask too much.
    pub(crate) limits: Limits,
    /// How much the log takes on.
    pub(crate) log: log::Options,
}

/// A node that runs.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    log: Log,
    projections: Option<Projections>,
    sealing: Option<Sealing>,
    relay: Option<Relay>,
    reacting: Option<Reacting>,
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
    let roles = config.roles;
    let has = |role| roles.contains(&role);

    let (log, home) = match config.store {
        Store::Sqlite { data_dir } => {
            let log = Log::open_sqlite(&data_dir, config.log).await;
            let log = log.with_context(|| format!("opening {}", data_dir.display()))?;
            (
                log,
                Home::Sqlite {
                    dir: data_dir.join("read-models"),
                },
            )
        }
        Store::Postgres { url } => {
            let log = Log::connect_postgres(&url, config.log).await;
            (log.context("opening the database")?, Home::Postgres { url })
        }
    };
    let projections = if has(Role::Query) || has(Role::Project) || has(Role::React) {
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
    let seals = match config.seal.filter(|_| has(Role::Seal)) {
        Some(seal) => Some(seals(&log, seal).await?),
        None => None,
    };
    let relay = match config.relay.filter(|_| has(Role::Relay)) {
        Some(options) => {
            let relay = Relay::start(log.clone(), options).await;
            Some(relay.context("starting the relay")?)
        }
        None => None,
    };
    let executor = Executor::new(log.clone(), &executor::Options::default());
    let reactors = projections.clone().filter(|_| has(Role::React));
    let reactors = reactors.map(|read| Reactors::new(log.clone(), executor.clone(), read));
    let reacting = reactors.as_ref().map(Reactors::start);
    let roles = Roles {
        command: has(Role::Command).then_some(executor),
        react: reactors,
        query: projections.clone().filter(|_| has(Role::Query)),
        seal: seals.clone(),
        log: log.clone(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    // Told to stop, or nobody is left to tell: both mean the same.
    let stopped = Box::pin(stopped.map(drop));
    let serving = tokio::spawn(server.run(roles, stopped));
    Ok(Running {
        address,
        log,
        projections,
        sealing: seals.map(|seals| seals.start()),
        relay,
        reacting,
        stop,
        serving,
    })
}

/// The seals of a log. The key is looked at first: a node that cannot sign says so at once.
async fn seals(log: &Log, config: SealConfig) -> anyhow::Result<Seals> {
    let ring = if config.may_make_key {
        config.key.ensure().await
    } else {
        config.key.read().await
    };
    ring.with_context(|| {
        let path = config.key.path().display();
        format!(
            "the key that seals the log (made by: twinfunnel seal rotate-key --seal-key {path})"
        )
    })?;
    Ok(Seals::new(log.clone(), config.key, config.prefix))
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
        if let Some(reacting) = self.reacting {
            reacting.stop().await;
        }
        if let Some(sealing) = self.sealing {
            sealing.stop().await;
        }
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
        if let Some(projections) = self.projections {
            projections.shutdown().await;
        }
        self.log.close().await;
        Ok(())
    }
}
