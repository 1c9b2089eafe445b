//! What a database must be able to do for the log: one writer a lane, and readers.
//!
//! Everything else (order, batches, retries, waking followers) is written once, above this.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use futures::future::BoxFuture;
use futures::{Stream, TryStreamExt as _};
use sqlx::types::Uuid;
use tokio::sync::oneshot;

use crate::claim::{Key, Secret};
use crate::read::PAGE_BYTES;
use crate::resolve::{Known, Verdict};
use crate::seal::{KeySince, Seal};
use crate::{Append, AppendError, Appended, AppendedEvent, Error, Filter, StreamPage};

/// Tells who waits for an append what became of it.
pub(crate) type Reply = oneshot::Sender<Result<Appended, AppendError>>;

/// An append that waits to be committed, and who waits for it.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) append: Append,
    /// Its claims as they are stored, one for each change; filled in by the lane.
    pub(crate) keys: Vec<Key>,
    pub(crate) reply: Option<Reply>,
}

/// What became of the appends of one tenant in a transaction that is committed.
#[derive(Debug)]
pub(crate) struct Settled {
    /// One for each append.
    pub(crate) verdicts: Vec<Verdict>,
    /// The tenant's head before it.
    pub(crate) head_before: u64,
    /// The tenant's head after it.
    pub(crate) head: u64,
}

/// Why a transaction failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It surely did not land, and trying again may help: no connection, a deadlock.
    Transient(Error),
    /// Trying the very same again will not help.
    Lasting(Error),
    /// The connection broke while it was being committed.
    Unknown(Error),
}

/// Commits batches, one at a time. There is one for each lane.
pub(crate) trait Writer: Send {
    /// Commits the appends of several tenants in one transaction. Each group is of one tenant, in
    /// the order of sending; groups are in the order of their tenants, so that writers that meet
    /// take their locks in one order.
    fn commit<'a>(
        &'a mut self,
        groups: &'a [&'a [Item]],
    ) -> BoxFuture<'a, Result<Vec<Settled>, Failure>>;

    /// The tenant's secret, made at first use.
    fn secret<'a>(&'a mut self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Secret, Failure>>;

    /// Closes the connection.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// A stretch of a tenant's log that is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) after: Position,
    /// The last position that is looked at.
    pub(crate) until: Position,
    pub(crate) limit: usize,
}

/// Reads. Shared by all.
pub(crate) trait Reader: Send + Sync {
    /// The heads of all tenants.
    fn heads(&self) -> BoxFuture<'_, Result<Vec<(TenantId, Position)>, Error>>;

    /// The head of one tenant.
    fn head<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Position, Error>>;

    /// The wanted events of a stretch, in order of position.
    fn scan<'a>(
        &'a self,
        stretch: Stretch<'a>,
        filter: &'a Filter,
    ) -> BoxFuture<'a, Result<StreamPage, Error>>;

    /// Events of one stream, in order of version.
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamName,
        after: Version,
        limit: usize,
    ) -> BoxFuture<'a, Result<StreamPage, Error>>;

    /// The version of one stream.
    fn stream_head<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Version, Error>>;

    /// When an event was recorded, in microseconds.
    fn recorded_at<'a>(
        &'a self,
        tenant: &'a TenantId,
        position: Position,
    ) -> BoxFuture<'a, Result<Option<i64>, Error>>;

    /// A command that was carried out.
    fn command<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Known>, Error>>;

    /// Which of these claims somebody holds.
    fn held<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<HashSet<Key>, Error>>;

    /// What receipts say of the events at these positions.
    fn receipts<'a>(
        &'a self,
        tenant: &'a TenantId,
        positions: &'a [i64],
    ) -> BoxFuture<'a, Result<HashMap<u64, AppendedEvent>, Error>>;

    /// Closes all connections.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The receipt of a command that was carried out before.
pub(crate) fn first_receipt(known: &Known, events: &HashMap<u64, AppendedEvent>) -> Appended {
    Appended {
        position: Position(known.position),
        first_position: Position(known.first_position()),
        events: known
            .positions()
            .filter_map(|position| events.get(&position).cloned())
            .collect(),
        version: Version(known.version),
        duplicate: true,
    }
}

/// The columns of an event as both databases hand them out.
pub(crate) type EventColumns = (
    i64,
    String,
    i64,
    Uuid,
    String,
    i32,
    i64,
    i64,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Vec<u8>,
);

/// An event as it was recorded.
pub(crate) fn recorded(tenant: &TenantId, row: EventColumns) -> Result<Recorded, Error> {
    Ok(Recorded {
        tenant: tenant.clone(),
        position: Position(unsigned(row.0)?),
        stream: stream_name(&row.1)?,
        version: Version(unsigned(row.2)?),
        event_id: row.3,
        event_type: row.4,
        schema_version: u32::try_from(row.5)
            .map_err(|_| Error::Corrupt(format!("a schema version {}", row.5)))?,
        occurred_at: instant(row.6)?,
        recorded_at: instant(row.7)?,
        actor: row.8,
        correlation_id: row.10.unwrap_or_else(|| row.9.clone()),
        command_id: row.9,
        causation_id: row.11,
        trace_context: row.12,
        payload: row.13,
    })
}

/// Takes events until there are no more, or they are enough for one page.
pub(crate) async fn page(
    tenant: &TenantId,
    limit: usize,
    mut rows: impl Stream<Item = sqlx::Result<EventColumns>> + Unpin,
) -> Result<StreamPage, Error> {
    let mut events = Vec::new();
    let mut bytes = 0;
    while bytes < PAGE_BYTES
        && let Some(row) = rows.try_next().await?
    {
        let event = recorded(tenant, row)?;
        bytes += event.payload.len();
        events.push(event);
    }
    let has_more = events.len() >= limit || bytes >= PAGE_BYTES;
    Ok(StreamPage { events, has_more })
}

/// The columns of a receipt's event as both databases hand them out.
pub(crate) type ReceiptColumns = (i64, String, i64, String);

/// An event as a receipt tells it.
pub(crate) fn receipt(row: ReceiptColumns) -> Result<(u64, AppendedEvent), Error> {
    let (position, stream, version, event_type) = row;
    let position = unsigned(position)?;
    let event = AppendedEvent {
        stream: stream_name(&stream)?,
        version: Version(unsigned(version)?),
        event_type: Cow::Owned(event_type),
        position: Position(position),
    };
    Ok((position, event))
}

/// The columns of a remembered command as both databases hand them out.
pub(crate) type CommandColumns = (Vec<u8>, i64, i64, i64);

/// A command as it is remembered.
pub(crate) fn known(columns: CommandColumns) -> Result<Known, Error> {
    let (digest, position, events, version) = columns;
    let digest = digest
        .try_into()
        .map_err(|_| Error::Corrupt("a digest of another length".into()))?;
    Ok(Known {
        digest,
        position: unsigned(position)?,
        events: unsigned(events)?,
        version: unsigned(version)?,
    })
}

/// A secret as it is stored.
pub(crate) fn secret(stored: Vec<u8>) -> Result<Secret, Error> {
    stored
        .try_into()
        .map_err(|_| Error::Corrupt("a secret of another length".into()))
}

/// A seal as it is stored.
pub(crate) fn seal((size, checkpoint): (i64, String)) -> Result<Seal, Error> {
    Ok(Seal {
        size: unsigned(size)?,
        checkpoint,
    })
}

/// A public key as it is stored, and since when it signs.
pub(crate) fn public_key((key, from_size): (Vec<u8>, i64)) -> Result<KeySince, Error> {
    let key = key
        .try_into()
        .map_err(|_| Error::Corrupt("a public key of another length".into()))?;
    Ok((key, unsigned(from_size)?))
}

/// A tenant and its head.
pub(crate) fn tenant_head((tenant, head): (String, i64)) -> Result<(TenantId, Position), Error> {
    let tenant = TenantId::new(&tenant).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok((tenant, Position(unsigned(head)?)))
}

/// A stored count. It never was negative.
pub(crate) fn unsigned(stored: i64) -> Result<u64, Error> {
    u64::try_from(stored).map_err(|_| Error::Corrupt(format!("a negative count {stored}")))
}

/// A count as it is stored: the largest one stands for everything past it.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A limit as it is stored.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn stream_name(text: &str) -> Result<StreamName, Error> {
    StreamName::parse(text).map_err(|error| Error::Corrupt(format!("{text}: {error}")))
}

/// A stored instant.
pub(crate) fn instant(micros: i64) -> Result<DateTime<Utc>, Error> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| Error::Corrupt(format!("an instant {micros}")))
}
