//! Seals in PostgreSQL, beside the log.

use event_schemas::vocabulary::TenantId;
use futures::future::BoxFuture;
use merkle::TileId;
use sqlx::PgPool;

use crate::Error;
use crate::backend::{public_key, seal, signed};
use crate::seal::{KeySince, Publication, Seal, SealStore};

/// Keeps seals in PostgreSQL.
#[derive(Debug)]
pub(crate) struct PgSeals {
    pool: PgPool,
}

impl PgSeals {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

impl SealStore for PgSeals {
    fn seal<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Option<Seal>, Error>> {
        Box::pin(async move {
            let row = sqlx::query_as(include_str!("../../sql/postgres/seal.sql"))
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
            let hashes = sqlx::query_scalar(include_str!("../../sql/postgres/seal_tile.sql"))
                .bind(tenant.as_str())
                .bind(i16::from(id.level))
                .bind(signed(id.index));
            Ok(hashes.fetch_optional(&self.pool).await?)
        })
    }

    fn keys<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Vec<KeySince>, Error>> {
        Box::pin(async move {
            let rows = sqlx::query_as(include_str!("../../sql/postgres/seal_keys.sql"))
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
            let mut transaction = self.pool.begin().await?;
            if publication.built_on.is_none() {
                sqlx::query(include_str!("../../sql/postgres/begin_seal.sql"))
                    .bind(tenant.as_str())
                    .execute(&mut *transaction)
                    .await?;
            }
            let (size, checkpoint) = publication.expects();
            // Another node that publishes holds the row until it has committed; then it is compared.
            let set = sqlx::query(include_str!("../../sql/postgres/set_seal.sql"))
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
            let tiles = &publication.tiles;
            let levels: Vec<_> = tiles.iter().map(|tile| i16::from(tile.id.level)).collect();
            let places: Vec<_> = tiles.iter().map(|tile| signed(tile.id.index)).collect();
            let hashes: Vec<_> = tiles.iter().map(merkle::Tile::to_bytes).collect();
            sqlx::query(include_str!("../../sql/postgres/set_seal_tiles.sql"))
                .bind(tenant.as_str())
                .bind(levels)
                .bind(places)
                .bind(hashes)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(include_str!("../../sql/postgres/set_seal_key.sql"))
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
        Box::pin(self.pool.close())
    }
}
