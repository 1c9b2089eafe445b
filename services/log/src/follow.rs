//! Reading the log from a position on, and going on as it grows.

use std::sync::Arc;

use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId};
use futures::Stream;
use futures::stream;

use crate::backend::{Backend, Error};
use crate::heads::Heads;

/// Most positions examined for one page, so that a filter that matches little cannot make one
/// read endless.
const SPAN: u64 = 50_000;

/// Events of a page of a follower.
const PAGE: usize = 1_000;

/// Which events are wanted. An empty field wants all; within a field any may match, and every field
/// must.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Stream categories.
    pub categories: Vec<String>,
    /// Event types.
    pub event_types: Vec<String>,
    /// Streams.
    pub streams: Vec<StreamName>,
}

/// A part of the log.
#[derive(Debug, Clone)]
pub struct Page {
    /// What matched, in order.
    pub events: Vec<Recorded>,
    /// Everything up to here was examined. Nothing at or before it will ever appear anew.
    pub scanned_to: Position,
}

/// Reads one page after a position.
pub(crate) async fn page(
    backend: &dyn Backend,
    tenant: &TenantId,
    after: Position,
    filter: &Filter,
    limit: usize,
) -> Result<Page, Error> {
    let head = backend.head(tenant).await?;
    let up_to = head.min(Position(after.0.saturating_add(SPAN)));
    if up_to <= after {
        return Ok(Page {
            events: Vec::new(),
            scanned_to: after.min(head),
        });
    }
    let events = backend.read(tenant, after, up_to, filter, limit).await?;
    let scanned_to = match events.last() {
        Some(last) if events.len() >= limit => last.position,
        _ => up_to,
    };
    Ok(Page { events, scanned_to })
}

/// Every page after a position, for ever. Woken when the log grows.
pub(crate) fn follow(
    backend: Arc<dyn Backend>,
    heads: &Heads,
    tenant: TenantId,
    after: Position,
    filter: Filter,
) -> impl Stream<Item = Result<Page, Error>> + Send + 'static {
    let woken = heads.watch(&tenant);
    stream::try_unfold((after, woken), move |(after, mut woken)| {
        let (backend, tenant, filter) = (Arc::clone(&backend), tenant.clone(), filter.clone());
        async move {
            loop {
                // Seen before the read: what lands during it wakes us again.
                woken.mark_unchanged();
                let page = page(&*backend, &tenant, after, &filter, PAGE).await?;
                if page.scanned_to > after {
                    let scanned_to = page.scanned_to;
                    return Ok(Some((page, (scanned_to, woken))));
                }
                if woken.changed().await.is_err() {
                    return Ok(None);
                }
            }
        }
    })
}
