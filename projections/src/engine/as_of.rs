//! Answering as of any moment: the chosen events folded into a scratch SQLite database.
//!
//! Scratch databases lie in a directory that this process owns: at home where that is one, else
//! among the temporary files. What a crash leaves at home goes at the next start.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, TenantId};
use log::Log;
use moka::future::Cache;
use tempfile::{TempDir, TempPath};
use tokio::sync::watch;

use super::db::Db;
use super::generation::{Error, Generation, Model, Until};
use crate::{Home, QueryError};

/// Scratch databases that are kept, at most.
const SCRATCH_COUNT: u64 = 16;

/// How long one is kept that nobody asks.
const SCRATCH_IDLE: Duration = Duration::from_secs(600);

/// What a scratch database holds.
type Key = (&'static str, TenantId, Position, Option<DateTime<Utc>>);

/// The scratch databases of a node.
#[derive(Debug)]
pub(crate) struct Scratches {
    dir: PathBuf,
    /// The same directory, where it goes with this.
    _temporary: Option<TempDir>,
    kept: Cache<Key, Arc<Generation>>,
    closing: watch::Sender<bool>,
}

impl Scratches {
    pub(crate) fn open(home: &Home) -> Result<Self, Error> {
        let (dir, temporary) = match home {
            Home::Sqlite { dir } => {
                let dir = dir.join("scratch");
                remove(&dir)?;
                std::fs::create_dir_all(&dir)?;
                (dir, None)
            }
            Home::Postgres { .. } => {
                let dir = tempfile::Builder::new().prefix("twinfunnel-").tempdir()?;
                (dir.path().to_owned(), Some(dir))
            }
        };
        let kept = Cache::builder()
            .max_capacity(SCRATCH_COUNT)
            .time_to_idle(SCRATCH_IDLE);
        Ok(Self {
            dir,
            _temporary: temporary,
            kept: kept.build(),
            closing: watch::Sender::new(false),
        })
    }

    /// The scratch database of these events; built if it is not there. Those who ask at the same
    /// time share one.
    pub(crate) async fn get(
        &self,
        log: &Log,
        model: Model,
        tenant: &TenantId,
        until: Until,
    ) -> Result<Arc<Generation>, Arc<Error>> {
        let key = (
            model.name,
            tenant.clone(),
            until.position,
            until.happened_by,
        );
        if let Some(kept) = self.kept.get(&key).await {
            return Ok(kept);
        }
        let (kept, mut closing) = (self.kept.clone(), self.closing.subscribe());
        let file = self.file().map_err(Error::from)?;
        let build = build(file, log.clone(), model, tenant.clone(), until);
        // It goes on though the caller may go: whoever asks again finds it.
        let built = tokio::spawn(async move {
            tokio::select! {
                built = kept.try_get_with(key, build) => built,
                _ = closing.wait_for(|is_closing| *is_closing) => Err(Arc::new(Error::Ended)),
            }
        });
        built.await.unwrap_or_else(|_| Err(Arc::new(Error::Ended)))
    }

    /// A scratch database for the one who asks, as a file.
    pub(crate) async fn export(
        &self,
        log: &Log,
        model: Model,
        tenant: &TenantId,
        until: Until,
    ) -> Result<TempPath, Arc<Error>> {
        let scratch = self.get(log, model, tenant, until).await?;
        let copy = self.file().map_err(Error::from)?;
        // Nothing is written to it any more: the file is whole.
        let from = scratch.file.as_ref().ok_or(Error::Ended)?;
        let copied = tokio::fs::copy(from, &copy).await;
        copied.map_err(Error::from)?;
        Ok(copy)
    }

    /// Ends what is being built, and removes them all.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        for (_, scratch) in &self.kept {
            scratch.db.close().await;
        }
        self.kept.invalidate_all();
        if let Err(error) = remove(&self.dir) {
            tracing::warn!(%error, "scratch databases stay");
        }
    }

    fn file(&self) -> Result<TempPath, std::io::Error> {
        let file = tempfile::Builder::new()
            .prefix("as-of-")
            .suffix(".sqlite")
            .tempfile_in(&self.dir)?;
        Ok(file.into_temp_path())
    }
}

fn remove(dir: &Path) -> Result<(), std::io::Error> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn build(
    file: TempPath,
    log: Log,
    model: Model,
    tenant: TenantId,
    until: Until,
) -> Result<Arc<Generation>, Error> {
    let db = Db::sqlite(&file, true).await?;
    let mut session = db.write().await?;
    session.script(&model.script()).await?;
    session.commit().await?;
    let mut generation = Generation::new(model, 0, db, true);
    generation.file = Some(file);
    let generation = Arc::new(generation);
    generation.catch_up(&log, &tenant, until).await?;
    Ok(generation)
}

impl From<Arc<Error>> for QueryError {
    fn from(error: Arc<Error>) -> Self {
        Self::Backend(error.to_string())
    }
}
