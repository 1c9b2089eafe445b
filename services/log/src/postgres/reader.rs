//! Reads from PostgreSQL, by a pool of connections.

use std::collections::{HashMap, HashSet};

use event_schemas::vocabulary::{Position, StreamName, TenantId, Version};
use futures::future::BoxFuture;
use sqlx::PgPool;

use crate::backend::{
    self, CommandColumns, EventColumns, Reader, ReceiptColumns, Stretch, signed, unsigned,
};
use crate::claim::Key;
use crate::resolve::Known;
use crate::{AppendedEvent, Error, Filter, StreamPage};

/// Reads from PostgreSQL.
#[derive(Debug)]
pub(crate) struct PgReader {
    pool: PgPool,
}

impl PgReader {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// The values of a filter's field as PostgreSQL takes them; nothing if all are wanted.
fn wanted<'a>(values: impl Iterator<Item = &'a str>) -> Option<Vec<&'a str>> {
    let values: Vec<&str> = values.collect();
    (!values.is_empty()).then_some(values)
}

impl Reader for PgReader {
    fn heads(&self) -> BoxFuture<'_, Result<Vec<(TenantId, Position)>, Error>> {
        Box::pin(async {
            let rows = sqlx::query_as(include_str!("../../sql/postgres/heads.sql"));
            let rows: Vec<(String, i64)> = rows.fetch_all(&self.pool).await?;
            rows.into_iter().map(backend::tenant_head).collect()
        })
    }

    fn head<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Position, Error>> {
        Box::pin(async {
            let row =
                sqlx::query_as(include_str!("../../sql/postgres/head.sql")).bind(tenant.as_str());
            let row: Option<(i64,)> = row.fetch_optional(&self.pool).await?;
            row.map_or(Ok(Position(0)), |(head,)| unsigned(head).map(Position))
        })
    }

    fn scan<'a>(
        &'a self,
        stretch: Stretch<'a>,
        filter: &'a Filter,
    ) -> BoxFuture<'a, Result<StreamPage, Error>> {
        Box::pin(async move {
            let sql = if filter.is_empty() {
                include_str!("../../sql/postgres/scan.sql")
            } else {
                include_str!("../../sql/postgres/scan_filtered.sql")
            };
            let mut query = sqlx::query_as::<_, EventColumns>(sql)
                .bind(stretch.tenant.as_str())
                .bind(signed(stretch.after.0))
                .bind(signed(stretch.until.0));
            if !filter.is_empty() {
                query = query
                    .bind(wanted(filter.categories.iter().map(String::as_str)))
                    .bind(wanted(filter.event_types.iter().map(String::as_str)))
                    .bind(wanted(filter.streams.iter().map(StreamName::as_str)));
            }
            let rows = query.bind(backend::limit(stretch.limit)).fetch(&self.pool);
            backend::page(stretch.tenant, stretch.limit, rows).await
        })
    }

    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamName,
        after: Version,
        limit: usize,
    ) -> BoxFuture<'a, Result<StreamPage, Error>> {
        Box::pin(async move {
            let rows =
                sqlx::query_as::<_, EventColumns>(include_str!("../../sql/postgres/stream.sql"))
                    .bind(tenant.as_str())
                    .bind(stream.as_str())
                    .bind(signed(after.0))
                    .bind(backend::limit(limit))
                    .fetch(&self.pool);
            backend::page(tenant, limit, rows).await
        })
    }

    fn stream_head<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Version, Error>> {
        Box::pin(async {
            let version = sqlx::query_scalar(include_str!("../../sql/postgres/stream_head.sql"))
                .bind(tenant.as_str())
                .bind(stream.as_str())
                .fetch_optional(&self.pool)
                .await?;
            unsigned(version.unwrap_or_default()).map(Version)
        })
    }

    fn recorded_at<'a>(
        &'a self,
        tenant: &'a TenantId,
        position: Position,
    ) -> BoxFuture<'a, Result<Option<i64>, Error>> {
        Box::pin(async move {
            let at = sqlx::query_scalar(include_str!("../../sql/postgres/recorded_at.sql"))
                .bind(tenant.as_str())
                .bind(signed(position.0));
            Ok(at.fetch_optional(&self.pool).await?)
        })
    }

    fn command<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Known>, Error>> {
        Box::pin(async move {
            let row =
                sqlx::query_as::<_, CommandColumns>(include_str!("../../sql/postgres/command.sql"))
                    .bind(tenant.as_str())
                    .bind(id)
                    .fetch_optional(&self.pool)
                    .await?;
            row.map(backend::known).transpose()
        })
    }

    fn held<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<HashSet<Key>, Error>> {
        Box::pin(async move {
            let keys = keys.iter().map(|key| (&*key.scope, &*key.value));
            let (scopes, values): (Vec<&str>, Vec<&str>) = keys.unzip();
            let rows: Vec<(String, String, String)> =
                sqlx::query_as(include_str!("../../sql/postgres/facts_claims.sql"))
                    .bind(tenant.as_str())
                    .bind(scopes)
                    .bind(values)
                    .fetch_all(&self.pool)
                    .await?;
            let keys = rows.into_iter();
            Ok(keys
                .map(|(scope, value, _)| Key {
                    scope: scope.into(),
                    value,
                })
                .collect())
        })
    }

    fn receipts<'a>(
        &'a self,
        tenant: &'a TenantId,
        positions: &'a [i64],
    ) -> BoxFuture<'a, Result<HashMap<u64, AppendedEvent>, Error>> {
        Box::pin(async move {
            let rows = sqlx::query_as::<_, ReceiptColumns>(include_str!(
                "../../sql/postgres/receipts.sql"
            ))
            .bind(tenant.as_str())
            .bind(positions)
            .fetch_all(&self.pool)
            .await?;
            rows.into_iter().map(backend::receipt).collect()
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}
