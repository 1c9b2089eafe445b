//! What has come to NATS: each event once, in order.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use futures::StreamExt as _;
use proto::v1::Event;
use tokio::time::{Instant, sleep};

use crate::Tally;
use crate::home::TENANT;

/// How long the relay may take to catch up.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);

/// Compares the stream with the log.
pub(crate) async fn check(url: &str, events: &[Event], tally: &mut Tally) -> anyhow::Result<()> {
    let wanted = u64::try_from(events.len())?;
    let context = jetstream::new(async_nats::connect(url).await?);
    let name = format!("twinfunnel-{TENANT}");
    let give_up = Instant::now() + CAUGHT_UP_WITHIN;
    let stream = loop {
        if let Ok(mut stream) = context.get_stream(&name).await {
            let state = stream.info().await?.state.clone();
            if state.last_sequence >= wanted || Instant::now() > give_up {
                let (messages, last) = (state.messages, state.last_sequence);
                if last < wanted {
                    tally.lose(format!("the feed stands at {last} of {wanted}"));
                }
                if messages > wanted {
                    tally.double(format!("{messages} messages of {wanted} events"));
                }
                break stream;
            }
        } else if Instant::now() > give_up {
            tally.lose("there is no feed");
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    };
    let everything = jetstream::consumer::pull::OrderedConfig::default();
    let consumer = stream.create_consumer(everything).await?;
    let mut messages = consumer.messages().await?;
    for event in events {
        tally.try_many(1);
        let message = messages.next().await.context("the feed ended")??;
        let headers = message.headers.clone().unwrap_or_default();
        let header = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
        let position = event.position.to_string();
        if header("ce-sequence").as_deref() != Some(&position)
            || header("ce-id").as_deref() != Some(&event.event_id)
            || message.payload != event.payload.as_bytes()
        {
            tally.disorder(format!("in place of {event:?}: {:?}", message.headers));
            return Ok(());
        }
    }
    Ok(())
}
