//! The feed, with a real nats-server: each event is one message, at its place, whatever dies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Config, Stream};
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use log::{Append, Log, Meta, NewEvent, StreamWrite};
use support::Nats;
use tempfile::TempDir;
use twinfunnel_relay::{Options, Relay, stream_name, subject};

const SOON: Duration = Duration::from_secs(20);

/// A log, and a server for its feed.
struct Place {
    _folder: TempDir,
    log: Log,
    nats: Nats,
}

async fn place() -> Place {
    place_with(&[]).await
}

async fn place_with(configuration: &[&str]) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open_sqlite(folder.path(), log::Options::default());
    Place {
        log: log.await.unwrap(),
        _folder: folder,
        nats: Nats::start_with(configuration).unwrap(),
    }
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

impl Place {
    async fn relay(&self) -> Relay {
        let options = Options {
            url: self.nats.url(),
            keep: None,
            replicas: 1,
        };
        Relay::start(self.log.clone(), options).await.unwrap()
    }

    async fn context(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(self.nats.url()).await.unwrap())
    }

    async fn append(&self, tenant_name: &str, stream: &str, after: u64, payloads: &[&str]) {
        let event = |payload: &&str| NewEvent {
            event_type: "RepRegistered".into(),
            schema_version: 1,
            payload: payload.as_bytes().to_vec(),
        };
        let append = Append {
            tenant: tenant(tenant_name),
            command: None,
            writes: vec![StreamWrite {
                stream: StreamName::parse(stream).unwrap(),
                expected: Version(after),
                events: payloads.iter().map(event).collect(),
            }],
            reads: Vec::new(),
            claims: Vec::new(),
            chain: None,
            depends_on: Vec::new(),
            meta: Meta {
                occurred_at: chrono::DateTime::UNIX_EPOCH,
                actor: "J\u{fc}rgen".into(),
                correlation_id: Some("affair".into()),
                causation_id: None,
                trace_context: Some(
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
                ),
            },
        };
        self.log.append(append).await.unwrap();
    }

    /// Appends one event after another to a stream of its own.
    async fn append_many(&self, stream: &str, count: u64) {
        for n in 0..count {
            self.append("acme", stream, n, &["{}"]).await;
        }
    }

    async fn feed(&self, tenant_name: &str) -> Stream {
        let context = self.context().await;
        let name = stream_name(&tenant(tenant_name));
        let give_up = Instant::now() + SOON;
        loop {
            match context.get_stream(&name).await {
                Ok(stream) => return stream,
                Err(error) => assert!(Instant::now() < give_up, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn reached(&self, tenant_name: &str, position: u64) -> Stream {
        let mut feed = self.feed(tenant_name).await;
        let give_up = Instant::now() + SOON;
        while feed.info().await.unwrap().state.last_sequence < position {
            assert!(Instant::now() < give_up, "it does not come to {position}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        feed
    }
}

fn header<'a>(message: &'a StreamMessage, name: &str) -> &'a str {
    message.headers.get(name).map_or("", |value| value.as_str())
}

/// Fails unless message N is event N, from 1 to the last.
async fn assert_exactly_once(feed: &mut Stream, events: u64) {
    let state = feed.info().await.unwrap().state.clone();
    assert_eq!((state.messages, state.last_sequence), (events, events));
    for position in 1..=events {
        let message = feed.get_raw_message(position).await.unwrap();
        assert_eq!(header(&message, "ce-sequence"), position.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_a_cloud_event_on_its_subject() {
    let place = place().await;
    let _relay = place.relay().await;
    place
        .append("acme.eu", "rep-ann", 0, &[r#"{"name":"Ann"}"#, "{}"])
        .await;
    let feed = place.reached("acme.eu", 2).await;
    let message = feed.get_raw_message(1).await.unwrap();
    assert_eq!(
        message.subject.as_str(),
        "twinfunnel.acme%2Eeu.rep.RepRegistered"
    );
    assert_eq!(
        subject(&tenant("acme.eu"), "rep", "RepRegistered"),
        message.subject.as_str()
    );
    assert_eq!(&message.payload[..], br#"{"name":"Ann"}"#);
    for (name, value) in [
        ("Nats-Msg-Id", "acme.eu:1"),
        ("ce-specversion", "1.0"),
        ("ce-source", "/twinfunnel/acme.eu"),
        ("ce-type", "RepRegistered"),
        ("ce-subject", "rep-ann"),
        ("ce-time", "1970-01-01T00:00:00.000000Z"),
        ("ce-datacontenttype", "application/json"),
        ("ce-sequence", "1"),
        ("ce-streamversion", "1"),
        ("ce-schemaversion", "1"),
        ("ce-actor", "J%C3%BCrgen"),
        ("ce-correlationid", "affair"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        (
            "ce-traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ] {
        assert_eq!(header(&message, name), value, "{name}");
    }
    assert_eq!(header(&message, "ce-id").len(), 36);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_dies_in_between_doubles_and_loses_nothing() {
    let place = place().await;
    for life in 0..8_u64 {
        let relay = place.relay().await;
        place.append_many(&format!("rep-{life}"), 60).await;
        // Killed wherever it is: some are sent, some on their way, some are not.
        tokio::time::sleep(Duration::from_millis(life * 7)).await;
        drop(relay);
    }
    let _relay = place.relay().await;
    let mut feed = place.reached("acme", 480).await;
    assert_exactly_once(&mut feed, 480).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_send_each_event_once() {
    let place = place().await;
    let _one = place.relay().await;
    let _other = place.relay().await;
    for stream in 0..4 {
        place.append_many(&format!("rep-{stream}"), 50).await;
    }
    let mut feed = place.reached("acme", 200).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_exactly_once(&mut feed, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_server_holds_up_nothing_but_the_feed() {
    let mut place = place().await;
    place.nats.kill().unwrap();
    let _relay = place.relay().await;
    place.append_many("rep-1", 20).await;
    place.nats.start_again().unwrap();
    place.reached("acme", 20).await;
    place.nats.kill().unwrap();
    place.append_many("rep-2", 20).await;
    place.nats.start_again().unwrap();
    place.reached("acme", 40).await;
    // One that does not answer is no different.
    place.nats.freeze().unwrap();
    place.append_many("rep-3", 20).await;
    place.nats.thaw().unwrap();
    let mut feed = place.reached("acme", 60).await;
    assert_exactly_once(&mut feed, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_no_more_is_not_sent_again() {
    let place = place().await;
    let relay = place.relay().await;
    place.append_many("rep-1", 10).await;
    let feed = place.reached("acme", 10).await;
    relay.stop().await;
    feed.purge().await.unwrap();
    let _relay = place.relay().await;
    place.append_many("rep-2", 1).await;
    let mut feed = place.reached("acme", 11).await;
    let state = feed.info().await.unwrap().state.clone();
    assert_eq!((state.messages, state.first_sequence), (1, 11));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_everything_gets_it_again() {
    let place = place().await;
    let _relay = place.relay().await;
    place.append_many("rep-1", 10).await;
    place.reached("acme", 10).await;
    let context = place.context().await;
    context
        .delete_stream(stream_name(&tenant("acme")))
        .await
        .unwrap();
    place.append_many("rep-2", 1).await;
    let mut feed = place.reached("acme", 11).await;
    assert_exactly_once(&mut feed, 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_the_relays_is_left_alone_and_others_go_on() {
    let place = place().await;
    let context = place.context().await;
    // One that forgets what was read, and one into which somebody else has written.
    let stream = |name: &str| Config {
        name: stream_name(&tenant(name)),
        subjects: vec![format!("twinfunnel.{name}.>")],
        ..Config::default()
    };
    let forgetful = Config {
        retention: jetstream::stream::RetentionPolicy::WorkQueue,
        ..stream("forgetful")
    };
    context.create_stream(forgetful).await.unwrap();
    context.create_stream(stream("written")).await.unwrap();
    let foreign = context.publish("twinfunnel.written.rep.Forged", "{}".into());
    foreign.await.unwrap().await.unwrap();
    let _relay = place.relay().await;
    for name in ["forgetful", "written", "acme"] {
        place.append(name, "rep-ann", 0, &["{}", "{}"]).await;
    }
    place.reached("acme", 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for (name, messages) in [("forgetful", 0), ("written", 1)] {
        let mut feed = place.feed(name).await;
        assert_eq!(
            feed.info().await.unwrap().state.messages,
            messages,
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_too_large_for_the_server_says_where_it_is() {
    let place = place_with(&["max_payload: 16KB"]).await;
    let _relay = place.relay().await;
    let large = format!("\"{}\"", "x".repeat(20_000));
    place
        .append("acme", "rep-ann", 0, &["{}", &large, "{}"])
        .await;
    let mut feed = place.reached("acme", 3).await;
    assert_exactly_once(&mut feed, 3).await;
    let message = feed.get_raw_message(2).await.unwrap();
    assert_eq!(header(&message, "ce-dataref"), "/twinfunnel/acme/rep-ann/2");
    assert!(message.payload.is_empty());
}
