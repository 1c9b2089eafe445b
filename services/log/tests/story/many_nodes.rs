//! Several nodes on one PostgreSQL.

use std::time::Duration;

use event_schemas::vocabulary::{Position, Version};
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;
use twinfunnel_log::{AppendError, ClaimValue, Filter, Log};

use crate::home::{Home, With as _, add, assert_conflict, nothing, number, stream, tenant};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_have_no_gap_however_many_nodes_write() {
    let home = Home::postgres().await;
    let nodes = [home.open().await, home.open().await, home.open().await];
    let watcher = home.open().await;
    let follower = tokio::spawn(async move {
        let mut pages = Box::pin(watcher.follow(tenant("acme"), Position(0), Filter::default()));
        let mut seen = Vec::new();
        while seen.len() < 3 * 8 * 40 {
            let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
            seen.extend(page.events);
        }
        seen
    });
    let mut writers = Vec::new();
    for (node, log) in nodes.iter().enumerate() {
        for writer in 0..8 {
            let log = log.clone();
            writers.push(tokio::spawn(async move {
                for n in 0..40 {
                    let command = format!("c-{node}-{writer}-{n}");
                    // Every fourth goes to a stream that all nodes fight for.
                    if n % 4 == 0 {
                        fight(&log, &command).await;
                    } else {
                        let name = format!("rep-{node}_{writer}_{n}");
                        log.append(add(&name, 0, 1).sent_as(&command, 1))
                            .await
                            .unwrap();
                    }
                }
            }));
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let seen = follower.await.unwrap();
    let positions: Vec<u64> = seen.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, (1..=number(seen.len())).collect::<Vec<_>>());
    let fought: Vec<u64> = seen
        .iter()
        .filter(|event| event.stream == stream("rep-hot"))
        .map(|e| e.version.0)
        .collect();
    assert_eq!(fought, (1..=3 * 8 * 10).collect::<Vec<_>>());
    assert!(seen.iter().map(|event| event.recorded_at).is_sorted());
}

/// Appends to the contended stream, however often that takes.
async fn fight(log: &Log, command: &str) {
    loop {
        let version = log
            .stream_head(&tenant("acme"), &stream("rep-hot"))
            .await
            .unwrap();
        match log
            .append(add("rep-hot", version.0, 1).sent_as(command, 1))
            .await
        {
            Ok(_) => return,
            Err(AppendError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_did_the_other_knows() {
    let home = Home::postgres().await;
    let (one, other) = (home.open().await, home.open().await);
    let first = one
        .append(add("rep-1", 0, 2).sent_as("c-1", 1))
        .await
        .unwrap();
    let again = other
        .append(add("rep-1", 0, 2).sent_as("c-1", 1))
        .await
        .unwrap();
    assert!(again.duplicate);
    assert_eq!(again.events, first.events);
    let reused = other.append(nothing().sent_as("c-1", 2)).await;
    assert!(matches!(reused, Err(AppendError::CommandReused)));
    assert_conflict(&other.append(add("rep-1", 0, 1)).await, ("rep-1", 0, 2));
    let email = || ClaimValue::Personal("zoe@somewhere.example".into());
    one.append(nothing().claiming(email(), "contact-1"))
        .await
        .unwrap();
    let taken = other.append(nothing().claiming(email(), "contact-2")).await;
    assert!(matches!(taken, Err(AppendError::Claimed { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_hears_of_another_node() {
    let home = Home::postgres().await;
    let (one, other) = (home.open().await, home.open().await);
    let mut tenants = other.watch_tenants();
    let mut pages = Box::pin(other.follow(tenant("acme"), Position(0), Filter::default()));
    one.append(add("rep-1", 0, 1)).await.unwrap();
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(page.scanned_to, Position(1));
    timeout(SOON, tenants.wait_for(|count| *count == 1))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_seen_before_its_turn_while_a_transaction_is_held_open() {
    let home = Home::postgres().await;
    let log = home.open().await;
    log.append(add("rep-1", 0, 1)).await.unwrap();
    let mut pages = Box::pin(log.follow(tenant("acme"), Position(0), Filter::default()));
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(page.scanned_to, Position(1));

    // Another writer holds the head and has position 2 in hand, not committed yet.
    let mut holder = PgConnection::connect(home.url()).await.unwrap();
    for statement in [
        "BEGIN",
        "SELECT FROM heads WHERE tenant = 'acme' FOR UPDATE",
        "INSERT INTO events SELECT tenant, 2, 'rep-held', 1, gen_random_uuid(), event_type, 1,
             occurred_at, recorded_at, actor, 'c-held', NULL, NULL, NULL, payload
         FROM events WHERE tenant = 'acme' AND position = 1",
        "UPDATE heads SET position = 2 WHERE tenant = 'acme'",
    ] {
        sqlx::query(statement).execute(&mut holder).await.unwrap();
    }
    let waiting = log
        .reserve(&tenant("acme"))
        .unwrap()
        .send(add("rep-2", 0, 1));
    let too_early = timeout(Duration::from_millis(300), pages.next()).await;
    assert!(
        too_early.is_err(),
        "position 3 must not be seen before position 2"
    );
    assert_eq!(log.head(&tenant("acme")).await.unwrap(), Position(1));
    // Another tenant is not held up.
    log.append(add("rep-1", 0, 1).of("beta")).await.unwrap();

    sqlx::query("COMMIT").execute(&mut holder).await.unwrap();
    assert_eq!(
        timeout(SOON, waiting).await.unwrap().unwrap().position,
        Position(3)
    );
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
        seen.extend(page.events.iter().map(|event| event.position.0));
    }
    assert_eq!(seen, [2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_are_made_anew() {
    let home = Home::postgres().await;
    let (one, other) = (home.open().await, home.open().await);
    let mut pages = Box::pin(other.follow(tenant("acme"), Position(0), Filter::default()));
    let mut admin = PgConnection::connect(home.url()).await.unwrap();
    for n in 0..20 {
        let append = add("rep-1", n, 1).sent_as(&format!("c-{n}"), 1);
        let sent = one.reserve(&tenant("acme")).unwrap().send(append);
        if n % 5 == 0 {
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'twinfunnel-log' AND datname = current_database()";
            sqlx::query(kill).execute(&mut admin).await.unwrap();
        }
        // It landed, or it finds itself from the lost try: a command is never carried out twice.
        assert_eq!(
            timeout(SOON, sent).await.unwrap().unwrap().events[0].version,
            Version(n + 1)
        );
    }
    let mut seen = Vec::new();
    while seen.len() < 20 {
        match timeout(SOON, pages.next()).await.unwrap() {
            Some(Ok(page)) => seen.extend(page.events.iter().map(|event| event.position.0)),
            // A read may have met its end too; a follower goes on from where it was.
            Some(Err(_)) | None => {
                let after = Position(seen.last().copied().unwrap_or_default());
                pages = Box::pin(other.follow(tenant("acme"), after, Filter::default()));
            }
        }
    }
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_finds_what_no_notification_told() {
    let home = Home::postgres().await;
    let log = home.open().await;
    log.append(add("rep-1", 0, 1)).await.unwrap();
    let mut pages = Box::pin(log.follow(tenant("acme"), Position(1), Filter::default()));
    let mut silent = PgConnection::connect(home.url()).await.unwrap();
    for statement in [
        "INSERT INTO events SELECT tenant, 2, 'rep-held', 1, gen_random_uuid(), event_type, 1,
             occurred_at, recorded_at, actor, 'c-held', NULL, NULL, NULL, payload
         FROM events WHERE tenant = 'acme' AND position = 1",
        "UPDATE heads SET position = 2 WHERE tenant = 'acme'",
    ] {
        sqlx::query(statement).execute(&mut silent).await.unwrap();
    }
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(page.scanned_to, Position(2));
    // And the listener, taken to be deaf, is there again.
    let other = home.open().await;
    other.append(add("rep-2", 0, 1)).await.unwrap();
    let page = timeout(SOON, pages.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(page.scanned_to, Position(3));
}
