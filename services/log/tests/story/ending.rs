//! How a log ends, and how it is found again.

use std::time::Duration;

use event_schemas::vocabulary::Position;
use futures::FutureExt as _;
use tokio::time::timeout;
use twinfunnel_log::{AppendError, Error, Log, Options};

use crate::home::{Home, With as _, add, nothing, number, tenant};

const SOON: Duration = Duration::from_secs(20);

on_both!(
    what_was_sent_is_committed_before_the_log_closes,
    what_was_sent_is_committed_after_the_last_handle_is_dropped,
    a_log_closes_however_much_is_sent,
    whoever_closes_it_too_waits_until_it_is_closed,
    a_full_queue_refuses_at_once,
    what_was_acknowledged_is_there_after_its_runtime_is_dropped,
);

async fn what_was_sent_is_committed_before_the_log_closes(home: Home) {
    let log = home.open().await;
    let reserved = log.reserve(&tenant("acme")).unwrap();
    let mut sent = Vec::new();
    for n in 0..100 {
        let name = format!("rep-{n}");
        sent.push(log.reserve(&tenant("acme")).unwrap().send(add(&name, 0, 1)));
    }
    let closing = tokio::spawn({
        let log = log.clone();
        async move { log.close().await }
    });
    // A place once taken may still be used.
    sent.push(reserved.send(add("rep-last", 0, 1)));
    for answer in sent {
        answer.await.unwrap();
    }
    closing.await.unwrap();
    assert!(matches!(
        log.append(nothing()).await,
        Err(AppendError::Closed)
    ));
    drop(log);
    assert_eq!(
        home.open().await.head(&tenant("acme")).await.unwrap(),
        Position(101)
    );
}

async fn what_was_sent_is_committed_after_the_last_handle_is_dropped(home: Home) {
    let log = home.open().await;
    let sent = log
        .reserve(&tenant("acme"))
        .unwrap()
        .send(add("rep-1", 0, 1));
    drop(log);
    assert_eq!(sent.await.unwrap().position, Position(1));
}

async fn a_log_closes_however_much_is_sent(home: Home) {
    let log = home.open().await;
    let mut senders = Vec::new();
    for sender in 0..8 {
        let log = log.clone();
        senders.push(tokio::spawn(async move {
            let mut landed = 0;
            loop {
                match log.append(add(&format!("rep-{sender}"), landed, 1)).await {
                    Ok(_) => landed += 1,
                    Err(AppendError::Closed) => return landed,
                    Err(error) => panic!("{error}"),
                }
            }
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    timeout(SOON, log.close()).await.unwrap();
    let mut landed = 0;
    for sender in senders {
        landed += timeout(SOON, sender).await.unwrap().unwrap();
    }
    drop(log);
    let head = reopened(&home).await.head(&tenant("acme")).await.unwrap();
    assert_eq!(head, Position(landed));
}

async fn whoever_closes_it_too_waits_until_it_is_closed(home: Home) {
    let log = home.open().await;
    let sent = log
        .reserve(&tenant("acme"))
        .unwrap()
        .send(add("rep-1", 0, 1_000));
    let first = tokio::spawn({
        let log = log.clone();
        async move { log.close().await }
    });
    log.close().await;
    assert_eq!(
        sent.now_or_never().unwrap().unwrap().position,
        Position(1_000)
    );
    first.await.unwrap();
    // Nothing of it is left that could keep another from opening it.
    drop(log);
    home.open().await;
}

async fn a_full_queue_refuses_at_once(home: Home) {
    let log = home
        .open_with(Options {
            queue_len: 3,
            ..Options::default()
        })
        .await;
    let places: Vec<_> = (0..3)
        .map(|_| log.reserve(&tenant("acme")).unwrap())
        .collect();
    assert!(matches!(
        log.reserve(&tenant("acme")),
        Err(AppendError::Overloaded)
    ));
    assert!(matches!(
        log.append(nothing()).await,
        Err(AppendError::Overloaded)
    ));
    drop(places);
    log.append(nothing()).await.unwrap();
}

async fn what_was_acknowledged_is_there_after_its_runtime_is_dropped(home: Home) {
    // A runtime that is torn down in the middle takes every task with it.
    let home = std::sync::Arc::new(home);
    let there = std::sync::Arc::clone(&home);
    let acknowledged = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut acknowledged = Vec::new();
        let log = runtime.block_on(there.open());
        for n in 0..64 {
            let append = add(&format!("rep-{n}"), 0, 1).sent_as(&format!("c-{n}"), 1);
            let sent = log.reserve(&tenant("acme")).unwrap().send(append);
            if n % 2 == 0 {
                acknowledged.push(runtime.block_on(sent).unwrap());
            }
        }
        runtime.shutdown_background();
        acknowledged
    });
    let acknowledged = acknowledged.join().unwrap();
    let log = reopened(&home).await;
    let head = log.head(&tenant("acme")).await.unwrap();
    assert!(head.0 >= number(acknowledged.len()));
    for n in 0..64 {
        let append = add(&format!("rep-{n}"), 0, 1).sent_as(&format!("c-{n}"), 1);
        let again = log.append(append).await.unwrap();
        if n % 2 == 0 {
            assert!(again.duplicate);
            assert_eq!(again.events, acknowledged[n / 2].events);
        }
    }
    assert_eq!(log.head(&tenant("acme")).await.unwrap(), Position(64));
}

/// Opens it as soon as the dropped runtime's threads have let go of it.
async fn reopened(home: &Home) -> Log {
    let Home::Sqlite(folder) = home else {
        return home.open().await;
    };
    for _ in 0..500 {
        match Log::open_sqlite(folder.path(), Options::default()).await {
            Ok(log) => return log,
            Err(Error::InUse(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the data directory is never let go of");
}

#[tokio::test]
async fn a_data_directory_has_one_owner() {
    let home = Home::sqlite();
    let Home::Sqlite(folder) = &home else { return };
    let log = home.open().await;
    let second = Log::open_sqlite(folder.path(), Options::default()).await;
    assert!(matches!(second, Err(Error::InUse(_))));
    let told = second.unwrap_err().to_string();
    assert_eq!(
        told,
        format!("{} is in use by another process", folder.path().display())
    );
    log.close().await;
    drop(log);
    home.open().await.append(add("rep-1", 0, 1)).await.unwrap();
}
