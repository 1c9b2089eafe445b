//! A tenant's stream: made, checked, and asked how far it goes.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{GetStreamErrorKind, PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{ErrorCode, context::PublishError};
use event_schemas::vocabulary::{Position, Recorded, TenantId};
use log::{Filter, Log};

use crate::message::{headers, id, stream_name, subject, subjects};
use crate::{Error, Options};

/// How long the server knows the ids of messages: by which it tells a message that comes again from
/// one that is out of place.
const REMEMBERED: Duration = Duration::from_secs(120);

/// Room for headers and the protocol in a message.
const HEADROOM: usize = 4_096;

/// The feed of one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    context: Context,
    pub(crate) tenant: TenantId,
    options: Options,
}

fn told(error: impl std::fmt::Display) -> Error {
    Error::Nats(error.to_string())
}

impl Feed {
    pub(crate) fn new(context: Context, tenant: TenantId, options: Options) -> Self {
        Self {
            context,
            tenant,
            options,
        }
    }

    /// The stream as it should be.
    fn config(&self) -> Config {
        Config {
            name: stream_name(&self.tenant),
            description: Some("The log of a tenant of Twinfunnel: message N is event N.".into()),
            subjects: vec![subjects(&self.tenant)],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_messages: -1,
            max_messages_per_subject: -1,
            max_bytes: -1,
            max_message_size: -1,
            max_consumers: -1,
            max_age: self.options.keep.unwrap_or_default(),
            num_replicas: self.options.replicas,
            duplicate_window: self.options.keep.map_or(REMEMBERED, |k| k.min(REMEMBERED)),
            deny_delete: true,
            allow_direct: true,
            ..Config::default()
        }
    }

    /// Makes the stream if it is not there, checks it if it is, and gives the position that it has come
    /// to. That stays known when messages are no longer kept.
    pub(crate) async fn reached(&self, log: &Log) -> Result<Position, Error> {
        let wanted = self.config();
        let mut stream = match self.context.get_stream(&wanted.name).await {
            Ok(stream) => stream,
            Err(error) if is_missing(&error.kind()) => {
                let made = self.context.create_stream(wanted.clone()).await;
                made.map_err(told)?
            }
            Err(error) => return Err(told(error)),
        };
        let info = stream.info().await.map_err(told)?;
        let (found, last) = (info.config.clone(), info.state.last_sequence);
        let holds_last = info.state.messages > 0;
        self.check(&found, &wanted)?;
        let differs = found.max_age != wanted.max_age || found.num_replicas != wanted.num_replicas;
        if differs {
            let mended = Config {
                max_age: wanted.max_age,
                num_replicas: wanted.num_replicas,
                duplicate_window: wanted.duplicate_window,
                ..found
            };
            self.context.update_stream(mended).await.map_err(told)?;
        }
        if last > 0 && !self.is_ours(log, &stream, last, holds_last).await? {
            let (stream, sequence) = (wanted.name, last);
            return Err(Error::Foreign { stream, sequence });
        }
        Ok(Position(last))
    }

    /// Refuses a stream that would lose messages, or take others.
    fn check(&self, found: &Config, wanted: &Config) -> Result<(), Error> {
        let what = if found.subjects != wanted.subjects {
            format!("its subjects are {:?}", found.subjects)
        } else if found.retention != RetentionPolicy::Limits {
            format!("messages are kept by {:?}", found.retention)
        } else if found.storage != StorageType::File {
            "it is kept in memory".to_owned()
        } else if found.sealed || found.no_ack {
            "it is sealed, or acknowledges nothing".to_owned()
        } else if found.mirror.is_some() || found.sources.as_ref().is_some_and(|s| !s.is_empty()) {
            "it copies other streams".to_owned()
        } else {
            return Ok(());
        };
        let stream = stream_name(&self.tenant);
        Err(Error::Changed { stream, what })
    }

    /// Whether the last message of the stream is the event at that position.
    async fn is_ours(
        &self,
        log: &Log,
        stream: &Stream,
        last: u64,
        holds_last: bool,
    ) -> Result<bool, Error> {
        let before = Position(last.saturating_sub(1));
        let page = log
            .read(&self.tenant, before, &Filter::default(), 1)
            .await?;
        let Some(event) = page.events.first() else {
            return Ok(false);
        };
        if !holds_last {
            return Ok(true);
        }
        let message = stream.get_raw_message(last).await.map_err(told)?;
        let sent = message
            .headers
            .get("ce-id")
            .map(|id| id.as_str().to_owned());
        Ok(sent.is_some_and(|sent| sent == event.event_id.to_string()))
    }

    /// Sends an event. It is taken only if the one before it was the last.
    pub(crate) async fn send(&self, event: Recorded) -> Result<PublishAckFuture, Error> {
        let mut headers = headers(&event);
        let most = self.context.client().server_info().max_payload;
        let fits = most == 0 || event.payload.len() + HEADROOM <= most;
        if !fits {
            // The server takes no such message. The feed goes on: it says where the payload is.
            let (stream, version) = (&event.stream, event.version);
            let there = format!("/twinfunnel/{}/{stream}/{version}", event.tenant);
            headers.insert("ce-dataref", there.as_str());
        }
        let subject = subject(&event.tenant, event.stream.category(), &event.event_type);
        let message = PublishMessage::build()
            .headers(headers)
            .message_id(id(&event))
            .expected_stream(stream_name(&event.tenant))
            .expected_last_sequence(event.position.0.saturating_sub(1))
            .payload(if fits { event.payload } else { Vec::new() }.into());
        let sending = self.context.send_publish(subject, message);
        sending.await.map_err(|error| of_publish(&error))
    }

    /// Waits until an event is kept.
    pub(crate) async fn kept(&self, at: Position, sent: PublishAckFuture) -> Result<(), Error> {
        let ack = sent.await.map_err(|error| of_publish(&error))?;
        if ack.sequence != at.0 {
            let told = format!("event {at} became message {}", ack.sequence);
            return Err(Error::Moved(told));
        }
        Ok(())
    }
}

fn of_publish(error: &PublishError) -> Error {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => Error::Moved(error.to_string()),
        _ => told(error),
    }
}

fn is_missing(error: &GetStreamErrorKind) -> bool {
    match error {
        GetStreamErrorKind::JetStream(error) => error.error_code() == ErrorCode::STREAM_NOT_FOUND,
        _ => false,
    }
}
