//! A node that dies in the midst of its work has kept everything it acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::Client;
use futures::StreamExt as _;
use futures::future::join_all;
use proto::v1::submit_response::Outcome;
use proto::v1::{GetFunnelConversionRequest, Receipt};

use crate::company::{element, found, lead, under};
use crate::home::{Home, assert_dense, assert_kept, client, eventually, history};

on_both! {
    what_was_acknowledged_before_a_crash_is_there_after_it,
    what_was_not_acknowledged_may_be_sent_again,
    a_caller_outlives_a_crash_of_the_server,
}

/// How many commands are acknowledged before the crash, at least.
const ENOUGH: usize = 400;

/// Registers leads one by one until the node is gone; gives the receipts.
async fn register_alone(client: Client, task: usize, taken: Arc<AtomicUsize>) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for n in 0.. {
        let id = format!("u{task}.{n}");
        match client.command(under(&id), lead(&id)).await {
            Ok(receipt) => receipts.push(receipt),
            Err(_) => break,
        }
        taken.fetch_add(1, Ordering::Relaxed);
    }
    receipts
}

/// Registers leads through one stream until the node is gone; gives the receipts.
async fn register_in_bulk(client: Client, taken: Arc<AtomicUsize>) -> Vec<Receipt> {
    let leads = futures::stream::iter((0..).map(|n| {
        let id = format!("b{n}");
        element(&id, lead(&id))
    }));
    let mut answers = client.submit(leads).await.unwrap();
    let mut receipts = Vec::new();
    while let Some(Ok(answer)) = answers.next().await {
        match answer.outcome {
            Some(Outcome::Receipt(receipt)) => receipts.push(receipt),
            other => panic!("{other:?}"),
        }
        taken.fetch_add(1, Ordering::Relaxed);
    }
    receipts
}

/// Kills a node under load and gives all receipts that came before.
async fn crash(home: &Home) -> Vec<Receipt> {
    let node = home.start();
    found(&client(&node, "acme")).await;
    let (alone, in_bulk) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // So that they give up soon once the node is gone.
    let hasty = client::Config {
        timeout: std::time::Duration::from_millis(800),
        ..client::Config::new(node.url(), "acme")
    };
    let working: Vec<_> = (0..8)
        .map(|task| {
            let client = Client::connect(hasty.clone()).unwrap();
            tokio::spawn(register_alone(client, task, Arc::clone(&alone)))
        })
        .chain([tokio::spawn(register_in_bulk(
            client(&node, "acme"),
            Arc::clone(&in_bulk),
        ))])
        .collect();
    eventually("both are in the midst of it", async || {
        alone.load(Ordering::Relaxed) >= ENOUGH / 4 && in_bulk.load(Ordering::Relaxed) >= ENOUGH
    })
    .await;
    tokio::task::block_in_place(|| node.kill());
    join_all(working)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect()
}

async fn what_was_acknowledged_before_a_crash_is_there_after_it(home: Home) {
    let receipts = crash(&home).await;
    assert!(receipts.len() >= ENOUGH);
    let node = home.start();
    let client = client(&node, "acme");
    let events = history(&client).await;
    assert_dense(&events);
    assert_kept(&receipts, &events);
    // The read models stand where the log stands.
    let question = GetFunnelConversionRequest {
        consistency: Some(client::at_least(events.len() as u64)),
        ..GetFunnelConversionRequest::default()
    };
    let overall = client
        .funnel_conversion(question)
        .await
        .unwrap()
        .overall
        .unwrap();
    assert_eq!(overall.created as usize, events.len() - 3);
}

async fn what_was_not_acknowledged_may_be_sent_again(home: Home) {
    let receipts = crash(&home).await;
    let node = home.start();
    let client = client(&node, "acme");
    let recorded = history(&client).await;
    // Sent again, all of them and some that were never sent: each takes effect once.
    let most = recorded.len();
    let again = (0..most + 50)
        .map(|n| format!("b{n}"))
        .map(|id| element(&id, lead(&id)));
    let answers = crate::bulk::submit(&client, again.collect()).await;
    let known = |id: &str| recorded.iter().any(|event| event.command_id == id);
    for answer in &answers {
        let receipt = answer.as_ref().unwrap();
        assert_eq!(receipt.duplicate, known(&receipt.command_id), "{receipt:?}");
    }
    let events = history(&client).await;
    assert_dense(&events);
    let all: Vec<Receipt> = answers
        .into_iter()
        .map(Result::unwrap)
        .chain(receipts)
        .collect();
    assert_kept(&all, &events);
}

async fn a_caller_outlives_a_crash_of_the_server(home: Home) {
    let address = format!("127.0.0.1:{}", support::free_port().unwrap());
    let node = home.start_with(&["--listen", &address]);
    let client = client(&node, "acme");
    found(&client).await;
    tokio::task::block_in_place(|| node.kill());
    // Sent while nobody is there to take it.
    let sent = tokio::spawn({
        let client = client.clone();
        async move { client.command(under("c1"), lead("o1")).await }
    });
    let _node = home.start_with(&["--listen", &address]);
    let receipt = sent.await.unwrap().unwrap();
    assert_eq!((receipt.position, receipt.duplicate), (4, false));
    let question = GetFunnelConversionRequest {
        consistency: Some(client::at_least(4)),
        ..GetFunnelConversionRequest::default()
    };
    let answer = client.funnel_conversion(question).await.unwrap();
    assert_eq!(answer.overall.unwrap().created, 1);
}
