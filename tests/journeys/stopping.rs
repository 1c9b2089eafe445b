//! A node that is told to stop finishes what it has begun, and ends.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use proto::v1::submit_response::Outcome;
use proto::v1::{FollowRequest, Receipt};
use support::Node;
use tonic::Code;

use crate::company::{element, found, lead, tell};
use crate::home::{Home, assert_dense, assert_kept, client, history};

on_both! {
    an_idle_node_stops_at_once,
    a_follower_does_not_keep_a_node_from_stopping,
    what_was_acknowledged_before_the_stop_is_there_after_it,
}

/// Tells a node to stop; how long that took. Fails unless it ended well.
async fn stop(node: Node) -> Duration {
    let began = Instant::now();
    let status = tokio::task::spawn_blocking(move || node.stop())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
    began.elapsed()
}

async fn an_idle_node_stops_at_once(home: Home) {
    let node = home.start();
    let connected = client(&node, "acme");
    found(&connected).await;
    let took = stop(node).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    // Nothing is left that keeps the next one from starting.
    let node = home.start();
    assert_eq!(history(&client(&node, "acme")).await.len(), 3);
    stop(node).await;
}

async fn a_follower_does_not_keep_a_node_from_stopping(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let mut heard = client.follow(FollowRequest::default()).await.unwrap();
    heard.next().await.unwrap().unwrap();
    let followed = tokio::spawn(async move {
        let mut last = None;
        while let Some(answer) = heard.next().await {
            last = Some(answer);
        }
        last.unwrap()
    });
    let took = stop(node).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    // It is told why, so that it goes on elsewhere.
    let last = followed.await.unwrap();
    assert!(
        matches!(&last, Err(client::Error::Unavailable { reason, .. }) if reason == "STOPPING"),
        "{last:?}"
    );
}

async fn what_was_acknowledged_before_the_stop_is_there_after_it(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let endless = futures::stream::iter((0..).map(|n| {
        let id = format!("o{n}");
        element(&id, lead(&id))
    }));
    let mut answers = client.submit(endless).await.unwrap();
    let (enough, reached) = tokio::sync::oneshot::channel();
    let sending = tokio::spawn(async move {
        let mut enough = Some(enough);
        let mut receipts = Vec::<Receipt>::new();
        let ended = loop {
            match answers.next().await {
                Some(Ok(answer)) => match answer.outcome.unwrap() {
                    Outcome::Receipt(receipt) => receipts.push(receipt),
                    Outcome::Refusal(refusal) => {
                        assert_eq!(refusal.code, i32::from(Code::Unavailable), "{refusal:?}");
                    }
                },
                Some(Err(error)) => break error,
                None => panic!("the stream has no end"),
            }
            if receipts.len() >= 300
                && let Some(enough) = enough.take()
            {
                enough.send(()).unwrap();
            }
        };
        (receipts, ended)
    });
    reached.await.unwrap();
    let took = stop(node).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (receipts, ended) = sending.await.unwrap();
    assert!(
        matches!(
            &ended,
            client::Error::Unavailable { .. } | client::Error::Transport { .. }
        ),
        "{ended:?}"
    );

    let node = home.start();
    let client = crate::home::client(&node, "acme");
    let events = history(&client).await;
    assert_dense(&events);
    assert_kept(&receipts, &events);
    // An orderly end answers all that it took.
    assert_eq!(events.len(), receipts.len() + 3);
    tell(&client, lead("next")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_waits_does_not_keep_a_node_from_stopping_for_long() {
    let home = Home::sqlite();
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let waiting = tokio::spawn({
        let client = client.clone();
        let consistency = Some(client::at_least(1_000));
        let question = proto::v1::GetFunnelConversionRequest {
            consistency,
            ..Default::default()
        };
        async move { client.funnel_conversion(question).await }
    });
    // Another call on the same connection: by its answer the first has been taken.
    client.list_read_models().await.unwrap();
    let took = stop(node).await;
    assert!(took < Duration::from_secs(15), "{took:?}");
    waiting.abort();
}
