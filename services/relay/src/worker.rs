//! One tenant's events on their way, for as long as the log is open.

use std::collections::VecDeque;
use std::time::Duration;

use event_schemas::vocabulary::Position;
use futures::StreamExt as _;
use log::{Filter, Log};

use crate::Error;
use crate::stream::Feed;

/// Messages that are on their way before the first of them is waited for, at most.
const IN_FLIGHT: usize = 256;

/// How long to rest after an error, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(2);

/// Relays until the log is closed. After any error it asks the stream anew how far it goes.
pub(crate) async fn run(log: Log, feed: Feed) {
    let mut wait = RETRY_FIRST;
    loop {
        let mut has_sent = false;
        let Err(error) = relay(&log, &feed, &mut has_sent).await else {
            return;
        };
        let tenant = &feed.tenant;
        match error {
            Error::Moved(_) => tracing::debug!(%error, %tenant, "the feed looks again"),
            Error::Changed { .. } | Error::Foreign { .. } => {
                tracing::error!(%error, %tenant, "the feed stands still");
            }
            _ => tracing::warn!(%error, %tenant, "the feed stands still"),
        }
        metrics::counter!("relay_errors_total").increment(1);
        if has_sent {
            wait = RETRY_FIRST;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_MOST);
    }
}

async fn relay(log: &Log, feed: &Feed, has_sent: &mut bool) -> Result<(), Error> {
    let reached = feed.reached(log).await?;
    let everything = Filter::default();
    let mut pages = Box::pin(log.follow(feed.tenant.clone(), reached, everything));
    let mut on_their_way: VecDeque<(Position, _)> = VecDeque::new();
    while let Some(page) = pages.next().await {
        for event in page?.events {
            let position = event.position;
            on_their_way.push_back((position, feed.send(event).await?));
            if on_their_way.len() >= IN_FLIGHT
                && let Some((position, sent)) = on_their_way.pop_front()
            {
                arrive(feed, position, sent).await?;
                *has_sent = true;
            }
        }
        for (position, sent) in on_their_way.drain(..) {
            arrive(feed, position, sent).await?;
            *has_sent = true;
        }
    }
    Ok(())
}

async fn arrive(
    feed: &Feed,
    position: Position,
    sent: async_nats::jetstream::context::PublishAckFuture,
) -> Result<(), Error> {
    feed.kept(position, sent).await?;
    metrics::counter!("relay_events_total").increment(1);
    Ok(())
}
