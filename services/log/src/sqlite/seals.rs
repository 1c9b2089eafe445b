//! Seals in SQLite, in a file of their own.

use std::sync::Arc;

use event_schemas::vocabulary::TenantId;
use futures::future::BoxFuture;
use merkle::TileId;
use sqlx::SqlitePool;
use tokio::sync::Mutex;

use super::Ownership;
use crate::Error;
use crate::backend::{public_key, seal, signed};
use crate::seal::{KeySince, Publication, Seal, SealStore};

/// Keeps seals in SQLite.
#[derive(Debug)]
pub(crate) struct SqliteSeals {
    pool: SqlitePool,
    /// SQLite takes one writer at a time; waiting here is fairer than trying again there.
    writing: Mutex<Option<Arc<Ownership>>>,
}

impl SqliteSeals {
    pub(super) fn new(pool: SqlitePool, owned: Arc<Ownership>) -> Self {
        Self {
            pool,
            writing: Mutex::new(Some(owned)),
        }
    }
}

impl SealStore for SqliteSeals {
    fn seal<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Option<Seal>, Error>> {
        Box::pin(async move {
            let row = sqlx::query_as(include_str!("../../sql/sqlite/seal.sql"))
                .bind(tenant.as_str())
                .fetch_optional(&self.pool)
                .await?;
            row.map(seal).transpose()
        })
    }

    fn tile<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TileId,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async move {
            let hashes = sqlx::query_scalar(include_str!("../../sql/sqlite/seal_tile.sql"))
                .bind(tenant.as_str())
                .bind(i16::from(id.level))
                .bind(signed(id.index));
            Ok(hashes.fetch_optional(&self.pool).await?)
        })
    }

    fn keys<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Vec<KeySince>, Error>> {
        Box::pin(async move {
            let rows = sqlx::query_as(include_str!("../../sql/sqlite/seal_keys.sql"))
                .bind(tenant.as_str())
                .fetch_all(&self.pool)
                .await?;
            rows.into_iter().map(public_key).collect()
        })
    }

    fn publish<'a>(
        &'a self,
        publication: &'a Publication<'a>,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let Publication { tenant, seal, .. } = publication;
            let _writing = self.writing.lock().await;
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            if publication.built_on.is_none() {
                sqlx::query(include_str!("../../sql/sqlite/begin_seal.sql"))
                    .bind(tenant.as_str())
                    .execute(&mut *transaction)
                    .await?;
            }
            let (size, checkpoint) = publication.expects();
            let set = sqlx::query(include_str!("../../sql/sqlite/set_seal.sql"))
                .bind(signed(seal.size))
                .bind(&seal.checkpoint)
                .bind(tenant.as_str())
                .bind(signed(size))
                .bind(checkpoint)
                .execute(&mut *transaction)
                .await?;
            if set.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
            for tile in &publication.tiles {
                sqlx::query(include_str!("../../sql/sqlite/set_seal_tile.sql"))
                    .bind(tenant.as_str())
                    .bind(i16::from(tile.id.level))
                    .bind(signed(tile.id.index))
                    .bind(tile.to_bytes())
                    .execute(&mut *transaction)
                    .await?;
            }
            sqlx::query(include_str!("../../sql/sqlite/set_seal_key.sql"))
                .bind(tenant.as_str())
                .bind(publication.public_key.as_slice())
                .bind(signed(seal.size))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.pool.close().await;
            self.writing.lock().await.take();
        })
    }
}
