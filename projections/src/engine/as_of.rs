//! Answering as of any moment: the chosen events folded into a scratch SQLite database.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, TenantId};
use log::Log;
use moka::future::Cache;
use tempfile::TempPath;

use super::db::Db;
use super::generation::{Error, Generation, Model, Until};

/// Scratch databases that are kept, at most.
const SCRATCH_COUNT: u64 = 16;

/// How long one is kept that nobody asks.
const SCRATCH_IDLE: Duration = Duration::from_secs(600);

/// What a scratch database holds.
type Key = (&'static str, TenantId, Position, Option<DateTime<Utc>>);

/// The scratch databases of a node.
#[derive(Debug)]
pub(crate) struct Scratches(Cache<Key, Arc<Generation>>);

impl Scratches {
    pub(crate) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(SCRATCH_COUNT)
            .time_to_idle(SCRATCH_IDLE);
        Self(cache.build())
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
        self.0
            .try_get_with(key, build(log, model, tenant, until))
            .await
    }
}

async fn build(
    log: &Log,
    model: Model,
    tenant: &TenantId,
    until: Until,
) -> Result<Arc<Generation>, Error> {
    let file = tempfile::Builder::new()
        .prefix("as-of-")
        .suffix(".sqlite")
        .tempfile()?;
    let file = file.into_temp_path();
    let db = Db::sqlite(&file, true).await?;
    let mut session = db.write().await?;
    session.script(&model.script()).await?;
    session.commit().await?;
    let mut generation = Generation::new(model, 0, db, true);
    generation.file = Some(file);
    let generation = Arc::new(generation);
    generation.catch_up(log, tenant, until).await?;
    Ok(generation)
}

/// A scratch database for the one who asks, as a file.
pub(crate) async fn export(
    log: &Log,
    model: Model,
    tenant: &TenantId,
    until: Until,
) -> Result<TempPath, Error> {
    let mut generation = build(log, model, tenant, until).await?;
    generation.db.close().await;
    let file = Arc::get_mut(&mut generation).and_then(|generation| generation.file.take());
    file.ok_or(Error::Ended)
}
