//! Hears of what other nodes append.
//!
//! A notification is sent inside the transaction that appends, so none is missing while the
//! connection holds. When it was lost, all heads are read once it is back. A connection may also die
//! without a word: so when nothing was heard for a while, the heads are read, and if they tell
//! anything that was not heard, the connection is made anew.

use std::sync::Arc;
use std::time::Duration;

use event_schemas::vocabulary::{Position, TenantId};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};

use crate::Error;
use crate::backend::Reader;
use crate::heads::Heads;

/// Channel of the notifications: `tenant head`.
const CHANNEL: &str = "twinfunnel_log";

/// How long nothing may be heard before it is asked whether there was something.
const SILENCE: Duration = Duration::from_secs(5);

/// How long to wait before another try to connect, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// A connection that hears of other nodes.
#[derive(Debug)]
pub(crate) struct Listener {
    options: PgConnectOptions,
    listener: PgListener,
}

/// Begins to listen. What is appended from now on is heard of.
pub(crate) async fn listen(options: &PgConnectOptions) -> Result<Listener, Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    // A lost connection is made anew here, in one way only.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(Listener {
        options: options.clone(),
        listener,
    })
}

impl Listener {
    /// Tells `heads` of everything that is heard, for as long as it is let run.
    pub(crate) async fn run(mut self, heads: Arc<Heads>, reader: Arc<dyn Reader>) {
        loop {
            match tokio::time::timeout(SILENCE, self.listener.try_recv()).await {
                Ok(Ok(Some(notification))) => {
                    if let Some((tenant, head)) = parse(notification.payload()) {
                        heads.publish(&tenant, head);
                    }
                    continue;
                }
                Ok(Ok(None)) => tracing::warn!("the listener's connection is lost"),
                Ok(Err(error)) => tracing::warn!(%error, "the listener's connection is lost"),
                Err(_) => match reader.heads().await {
                    Ok(all) if !heads.publish_all(&all) => continue,
                    Ok(_) => tracing::warn!("the listener did not hear of an append"),
                    Err(error) => tracing::warn!(%error, "the heads cannot be read"),
                },
            }
            self.connect_anew(&heads, &*reader).await;
        }
    }

    /// Connects anew, and then reads the heads: in this order, so that nothing is missed. While
    /// there is no listener the heads are read at each try all the same, so that followers do not
    /// wait for it alone.
    async fn connect_anew(&mut self, heads: &Heads, reader: &dyn Reader) {
        let mut wait = RETRY_FIRST;
        let mut listening = false;
        loop {
            if !listening {
                match tokio::time::timeout(SILENCE, listen(&self.options)).await {
                    Ok(Ok(anew)) => {
                        *self = anew;
                        listening = true;
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "no connection for the listener yet"),
                    Err(_) => tracing::warn!("no connection for the listener yet"),
                }
            }
            match reader.heads().await {
                Ok(all) => {
                    heads.publish_all(&all);
                    if listening {
                        tracing::info!("the listener is connected again");
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, "the heads cannot be read"),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MOST);
        }
    }
}

fn parse(payload: &str) -> Option<(TenantId, Position)> {
    let (tenant, head) = payload.split_once(' ')?;
    Some((TenantId::new(tenant).ok()?, Position(head.parse().ok()?)))
}
