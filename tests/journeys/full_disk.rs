//! A node whose disk is full loses nothing that it acknowledged, and goes on by itself when there is room.

use std::time::Duration;

use proto::v1::{GetFunnelConversionRequest, Receipt};
use support::Node;

use crate::company::{found, lead, under};
use crate::home::{Home, assert_dense, assert_kept, client, eventually, history};

/// What a file may hold: less than a write-ahead log does before it is emptied by itself.
const ROOM: u64 = 1_500_000;

/// Commands sent by each task.
const EACH: usize = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_disk_did_not_take_was_not_acknowledged() {
    let home = Home::sqlite();
    let Home::Sqlite(folder) = &home else {
        unreachable!("it was made so");
    };
    let start = || Node::start_sqlite_within(folder.path(), ROOM);
    let node = tokio::task::block_in_place(start).unwrap();
    let caller = client(&node, "acme");
    found(&caller).await;
    let sending: Vec<_> = (0..8)
        .map(|task| {
            let caller = caller.clone();
            tokio::spawn(async move {
                let mut receipts: Vec<Receipt> = Vec::new();
                for n in 0..EACH {
                    let id = format!("{task}.{n}");
                    // One that is not answered, or refused, may be sent again; here it is not.
                    let sent = caller.command(under(&id), lead(&id)).await;
                    receipts.extend(sent);
                }
                receipts
            })
        })
        .collect();
    eventually("the disk is full", async || {
        node.told().contains("is full") || node.told().contains("disk I/O error")
    })
    .await;
    // Long enough for many to be tried in vain.
    tokio::time::sleep(Duration::from_secs(2)).await;
    node.lift_limit().unwrap();
    let mut receipts = Vec::new();
    for task in sending {
        receipts.extend(task.await.unwrap());
    }
    // It takes commands again, and its read models come to the head.
    let last = caller.command(under("last"), lead("last")).await.unwrap();
    let question = GetFunnelConversionRequest {
        consistency: Some(client::at_least(last.position)),
        ..GetFunnelConversionRequest::default()
    };
    let answer = caller.funnel_conversion(question).await.unwrap();
    receipts.push(last);
    assert_eq!(answer.overall.unwrap().created as usize, receipts.len());
    tokio::task::block_in_place(|| node.kill());

    let node = home.start();
    let events = history(&client(&node, "acme")).await;
    assert_dense(&events);
    assert_kept(&receipts, &events);
}
