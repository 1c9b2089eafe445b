//! Reading a tenant's log in order, and following it as it grows.

use std::sync::Arc;

use event_schemas::vocabulary::{Position, Recorded, TenantId};
use futures::Stream;
use futures::stream;
use tokio::sync::watch;

use crate::backend::{Reader, Stretch};
use crate::read::PAGE_BYTES;
use crate::{Error, Filter, Page};

/// Positions that one statement looks at, at most: a filter that wants next to nothing never holds
/// a statement open for the whole log.
const STRETCH: u64 = 50_000;

/// Events of one page that a follower gets, at most.
const PAGE: usize = 1_000;

/// Reads the wanted events after a position, in order, until there are `limit` of them or the head
/// is reached.
pub(crate) async fn read(
    reader: &dyn Reader,
    tenant: &TenantId,
    after: Position,
    filter: &Filter,
    limit: usize,
) -> Result<Page, Error> {
    let mut page = Page {
        events: Vec::new(),
        scanned_to: after,
    };
    if limit == 0 {
        return Ok(page);
    }
    let stretch = |after, until, limit| Stretch {
        tenant,
        after,
        until,
        limit,
    };
    if filter.is_empty() {
        // Positions have no gap, so the last event read is how far the log was read.
        let all = stretch(after, Position(u64::MAX), limit);
        page.events = reader.scan(all, filter).await?.events;
        page.scanned_to = page.events.last().map_or(after, |last| last.position);
        return Ok(page);
    }
    // The head is read first: what is not found up to it is not there, and never will be.
    let head = reader.head(tenant).await?;
    while page.scanned_to < head && page.events.len() < limit && bytes(&page.events) < PAGE_BYTES {
        let after = page.scanned_to;
        let until = head.min(Position(after.0.saturating_add(STRETCH)));
        let next = stretch(after, until, limit - page.events.len());
        let found = reader.scan(next, filter).await?;
        page.events.extend(found.events);
        page.scanned_to = match page.events.last() {
            Some(last) if found.has_more => last.position,
            _ => until,
        };
    }
    Ok(page)
}

fn bytes(events: &[Recorded]) -> usize {
    events.iter().map(|event| event.payload.len()).sum()
}

struct Follower {
    reader: Arc<dyn Reader>,
    head: watch::Receiver<Position>,
    tenant: TenantId,
    filter: Filter,
    after: Position,
}

/// Pages from a position on, for as long as the log is open. Waits for the head to grow; never asks
/// the database whether it has.
pub(crate) fn follow(
    reader: Arc<dyn Reader>,
    head: watch::Receiver<Position>,
    tenant: TenantId,
    after: Position,
    filter: Filter,
) -> impl Stream<Item = Result<Page, Error>> + Send + 'static {
    let follower = Follower {
        reader,
        head,
        tenant,
        filter,
        after,
    };
    stream::try_unfold(follower, |mut follower| async move {
        let page = follower.next().await?;
        Ok(page.map(|page| (page, follower)))
    })
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        loop {
            let Self {
                reader,
                tenant,
                filter,
                after,
                ..
            } = self;
            let page = read(&**reader, tenant, *after, filter, PAGE).await?;
            if page.scanned_to > *after {
                *after = page.scanned_to;
                return Ok(Some(page));
            }
            let after = *after;
            if self.head.wait_for(|head| *head > after).await.is_err() {
                return Ok(None);
            }
        }
    }
}
