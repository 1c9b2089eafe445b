//! Tells of each deal that is won, once, as it happens: `won_deals [URL] [TENANT]`.
//!
//! A durable consumer: NATS remembers how far it has come. It acknowledges a message when it is done with
//! it, so one that dies in between gets that message again; the position in `ce-sequence` is by which it
//! would know it, if it kept a note of it beside what it does.
#![allow(clippy::print_stdout, reason = "a program whose output is the point")]

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self, Message};
use event_schemas::vocabulary::TenantId;
use futures::StreamExt as _;
use twinfunnel_relay::{stream_name, subject};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next();
    let url = url.unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    let tenant = TenantId::new(&arguments.next().unwrap_or_else(|| "main".to_owned()))?;

    let context = jetstream::new(async_nats::connect(url).await?);
    let stream = context.get_stream(stream_name(&tenant)).await?;
    let wanted = pull::Config {
        durable_name: Some("won-deals".to_owned()),
        // Filtered by the server: nothing else comes over the wire.
        filter_subject: subject(&tenant, "opportunity", "OpportunityWon"),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ..pull::Config::default()
    };
    let consumer = stream.get_or_create_consumer("won-deals", wanted).await?;
    let mut messages = consumer.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let payload = String::from_utf8_lossy(&message.payload);
        let (at, deal) = (
            header(&message, "ce-sequence"),
            header(&message, "ce-subject"),
        );
        println!("{at} {deal} {payload}");
        message.ack().await.map_err(anyhow::Error::from_boxed)?;
    }
    Ok(())
}

fn header<'a>(message: &'a Message, name: &str) -> &'a str {
    let headers = message.headers.as_ref();
    let value = headers.and_then(|headers| headers.get(name));
    value.map_or("", |value| value.as_str())
}
