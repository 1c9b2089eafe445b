//! The relay: each tenant's log to a stream of NATS JetStream, for others to build on.
//!
//! # What it promises
//!
//! - **Nothing that is not committed is sent, and nothing committed is not sent.** It follows the log,
//!   and the stream itself says how far it has come: message N of a tenant's stream is the event at
//!   position N. A message is only taken if the one before it is there, so none is doubled, left out or
//!   out of order, whoever crashes, however many relays there are, and for however long.
//! - **A dead NATS holds nothing up but the feed.** The relay catches up by itself.
//! - **CloudEvents** in binary mode: what surrounds an event is in the headers, the payload is the
//!   message, byte for byte as recorded.
//!
//! # What it must never know
//!
//! What an event means.

mod message;
mod stream;
mod worker;

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream;
use event_schemas::vocabulary::TenantId;
use log::Log;
use tokio::task::{JoinHandle, JoinSet};

pub use message::{stream_name, subject};

/// How long NATS may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// How long to rest before tenants are looked for again.
const REST: Duration = Duration::from_secs(1);

/// Where events go, and how they are kept there.
#[derive(Clone)]
pub struct Options {
    /// The server, such as `nats://127.0.0.1:4222`, with user and password or token if it wants them.
    pub url: String,
    /// How long messages are kept; for good if not given.
    pub keep: Option<Duration>,
    /// How many servers of a cluster keep them.
    pub replicas: usize,
}

impl std::fmt::Debug for Options {
    // There may be a password in the URL.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("keep", &self.keep)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}

/// Why the feed of a tenant stands still.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options cannot be used.
    #[error("the URL of NATS: {0}")]
    Connect(#[from] async_nats::ConnectError),
    /// NATS does not answer, or JetStream refuses.
    #[error("NATS: {0}")]
    Nats(String),
    /// The log does not answer.
    #[error("the log: {0}")]
    Log(#[from] log::Error),
    /// Another relay, or a message that came late, was faster: look again how far the stream goes.
    #[error("the stream has moved on: {0}")]
    Moved(String),
    /// The stream was made by somebody else, or changed, in a way that breaks the promise.
    #[error("the stream {stream} is not as the relay makes it: {what}")]
    Changed {
        /// Its name.
        stream: String,
        /// What differs.
        what: String,
    },
    /// The stream holds what is not in the log: someone else wrote to it, or the log is not the one it
    /// was, such as an older backup.
    #[error("message {sequence} of the stream {stream} is not the event at that position")]
    Foreign {
        /// The stream's name.
        stream: String,
        /// Its last message.
        sequence: u64,
    },
}

/// A relay at work.
#[derive(Debug)]
pub struct Relay(JoinHandle<()>);

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Relay {
    /// Starts to relay all tenants of the log. It does not wait for NATS to be there.
    pub async fn start(log: Log, options: Options) -> Result<Self, Error> {
        let client = async_nats::ConnectOptions::new()
            .name("twinfunnel-relay")
            .retry_on_initial_connect()
            .event_callback(|event| async move { tracing::info!(%event, "NATS") })
            .connect(&options.url)
            .await?;
        let context = jetstream::ContextBuilder::new()
            .timeout(ANSWER_WITHIN)
            .ack_timeout(ANSWER_WITHIN)
            .build(client);
        Ok(Self(tokio::spawn(supervise(log, context, options))))
    }

    /// Stops it where it is: nothing is half done.
    pub async fn stop(mut self) {
        self.0.abort();
        // An abort is what was asked for.
        let _ = (&mut self.0).await;
    }
}

/// Runs one worker a tenant, as tenants appear.
async fn supervise(log: Log, context: jetstream::Context, options: Options) {
    let mut appeared = log.watch_tenants();
    let mut known: HashSet<TenantId> = HashSet::new();
    let mut workers = JoinSet::new();
    loop {
        appeared.mark_unchanged();
        match log.tenants().await {
            Ok(tenants) => {
                for tenant in tenants {
                    if known.insert(tenant.clone()) {
                        let feed = stream::Feed::new(context.clone(), tenant, options.clone());
                        workers.spawn(worker::run(log.clone(), feed));
                    }
                }
                if appeared.changed().await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "tenants cannot be read");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
