//! Following: every position once, in order, as it comes.

use std::time::Duration;

use event_schemas::vocabulary::Position;
use futures::StreamExt as _;
use tokio::time::timeout;
use twinfunnel_log::Filter;

use crate::home::{Home, With as _, add, number, tenant};

const SOON: Duration = Duration::from_secs(10);

on_both!(
    a_follower_catches_up_and_then_hears_of_what_comes,
    a_follower_with_a_filter_advances_past_what_it_does_not_want,
    a_follower_sees_each_position_once_while_writers_race,
    followers_end_with_the_log,
    the_head_can_be_watched,
);

async fn a_follower_catches_up_and_then_hears_of_what_comes(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 3)).await.unwrap();
    let mut pages = Box::pin(log.follow(tenant("acme"), Position(1), Filter::default()));
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((page.events.len(), page.scanned_to), (2, Position(3)));
    let waiting = tokio::spawn(async move { pages.next().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    log.append(add("rep-1", 3, 1)).await.unwrap();
    let page = timeout(SOON, waiting)
        .await
        .unwrap()
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!((page.events.len(), page.scanned_to), (1, Position(4)));
}

async fn a_follower_with_a_filter_advances_past_what_it_does_not_want(home: Home) {
    let log = home.open().await;
    let filter = Filter {
        categories: vec!["team".into()],
        ..Filter::default()
    };
    let mut pages = Box::pin(log.follow(tenant("acme"), Position(0), filter));
    log.append(add("rep-1", 0, 3)).await.unwrap();
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((page.events.len(), page.scanned_to), (0, Position(3)));
    log.append(add("team-1", 0, 1).and_add("rep-2", 0, 1))
        .await
        .unwrap();
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((page.events.len(), page.scanned_to), (1, Position(5)));
}

async fn a_follower_sees_each_position_once_while_writers_race(home: Home) {
    let log = home.open().await;
    let mut writers = Vec::new();
    for writer in 0..16 {
        let log = log.clone();
        writers.push(tokio::spawn(async move {
            for n in 0..50 {
                let name = format!("rep-{writer}_{n}");
                log.append(add(&name, 0, 1 + n % 3)).await.unwrap();
            }
        }));
    }
    let total: usize = 16 * (0..50).map(|n| 1 + n % 3).sum::<usize>();
    let mut pages = Box::pin(log.follow(tenant("acme"), Position(0), Filter::default()));
    let mut next = 1;
    while next <= number(total) {
        let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
        for event in page.events {
            assert_eq!(event.position, Position(next));
            next += 1;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn followers_end_with_the_log(home: Home) {
    let log = home.open().await;
    let mut pages = Box::pin(log.follow(tenant("acme"), Position(0), Filter::default()));
    let waiting = tokio::spawn(async move { pages.next().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    log.close().await;
    assert!(timeout(SOON, waiting).await.unwrap().unwrap().is_none());
}

async fn the_head_can_be_watched(home: Home) {
    let log = home.open().await;
    let mut head = log.watch_head(&tenant("acme"));
    assert_eq!(*head.borrow(), Position(0));
    log.append(add("rep-1", 0, 2)).await.unwrap();
    assert_eq!(
        *timeout(SOON, head.wait_for(|at| at.0 > 0))
            .await
            .unwrap()
            .unwrap(),
        Position(2)
    );
    log.close().await;
    drop((log, head));
    let log = home.open().await;
    assert_eq!(*log.watch_head(&tenant("acme")).borrow(), Position(2));
}
