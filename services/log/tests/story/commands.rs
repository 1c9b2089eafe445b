//! Commands: carried out once, however often they are sent.

use event_schemas::vocabulary::{Position, Version};
use twinfunnel_log::{AppendError, ClaimValue};

use crate::home::{Home, With as _, add, assert_conflict, nothing, tenant, together};

on_both!(
    a_command_sent_again_answers_with_the_first_receipt,
    a_command_is_remembered_across_a_restart,
    another_body_under_the_same_id_is_refused,
    a_command_sent_twice_at_once_is_carried_out_once,
    a_command_that_failed_may_be_sent_again,
    a_receipt_can_be_asked_for,
);

async fn a_command_sent_again_answers_with_the_first_receipt(home: Home) {
    let log = home.open().await;
    let command = add("rep-1", 0, 2)
        .and_add("rep-2", 0, 1)
        .sent_as("c-1", 1)
        .claiming(ClaimValue::Plain("a".into()), "rep-1");
    let first = log.append(command.clone()).await.unwrap();
    log.append(add("rep-1", 2, 1)).await.unwrap();
    // Its versions are stale by now, its claim is taken: it is known all the same.
    let second = log.append(command).await.unwrap();
    assert!(!first.duplicate && second.duplicate);
    assert_eq!(second.events, first.events);
    assert_eq!((first.version, second.version), (Version(2), Version(2)));
    assert_eq!(
        (second.first_position, second.position),
        (Position(1), Position(3))
    );
    assert_eq!(log.head(&tenant("acme")).await.unwrap(), Position(4));

    let unchanged = add("rep-1", 3, 0).sent_as("c-3", 1);
    let first = log.append(unchanged.clone()).await.unwrap();
    let unchanged_at = first.position;
    let barrier = nothing().sent_as("c-2", 1);
    let first = log.append(barrier.clone()).await.unwrap();
    log.append(add("rep-1", 3, 1)).await.unwrap();
    let second = log.append(barrier).await.unwrap();
    assert_eq!(
        (first.position, second.position),
        (Position(4), Position(4))
    );
    assert!(second.duplicate && second.events.is_empty());
    let again = log.append(unchanged).await.unwrap();
    assert_eq!((again.version, again.duplicate), (Version(3), true));
    assert_eq!(again.position, unchanged_at);
}

async fn a_command_is_remembered_across_a_restart(home: Home) {
    let log = home.open().await;
    let first = log
        .append(add("rep-1", 0, 2).sent_as("c-1", 1))
        .await
        .unwrap();
    log.close().await;
    drop(log);
    let log = home.open().await;
    let second = log
        .append(add("rep-1", 0, 2).sent_as("c-1", 1))
        .await
        .unwrap();
    assert!(second.duplicate);
    assert_eq!(second.events, first.events);
    let next = log.append(add("rep-1", 2, 1)).await.unwrap();
    assert_eq!(next.position, Position(3));
}

async fn another_body_under_the_same_id_is_refused(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 1).sent_as("c-1", 1))
        .await
        .unwrap();
    let reused = log.append(add("rep-9", 0, 1).sent_as("c-1", 2)).await;
    assert!(matches!(reused, Err(AppendError::CommandReused)));
    assert_eq!(log.head(&tenant("acme")).await.unwrap(), Position(1));
}

async fn a_command_sent_twice_at_once_is_carried_out_once(home: Home) {
    let log = home.open().await;
    let answers = together(
        &log,
        vec![
            add("rep-1", 0, 2).sent_as("c-1", 1),
            add("rep-1", 0, 2).sent_as("c-1", 1),
            add("rep-7", 0, 1).sent_as("c-1", 2),
            add("rep-2", 0, 1).sent_as("c-2", 1),
        ],
    )
    .await;
    let (first, second) = (answers[0].as_ref().unwrap(), answers[1].as_ref().unwrap());
    assert!(!first.duplicate && second.duplicate);
    assert_eq!(first.events, second.events);
    assert!(matches!(answers[2], Err(AppendError::CommandReused)));
    assert_eq!(answers[3].as_ref().unwrap().position, Position(1_003));
}

async fn a_command_that_failed_may_be_sent_again(home: Home) {
    let log = home.open().await;
    let refused = log.append(add("rep-1", 4, 1).sent_as("c-1", 1)).await;
    assert_conflict(&refused, ("rep-1", 4, 0));
    let landed = log
        .append(add("rep-1", 0, 1).sent_as("c-1", 1))
        .await
        .unwrap();
    assert!(!landed.duplicate);
}

async fn a_receipt_can_be_asked_for(home: Home) {
    let log = home.open().await;
    let appended = log
        .append(add("rep-1", 0, 2).sent_as("c-1", 9))
        .await
        .unwrap();
    let (receipt, digest) = log
        .receipt_of(&tenant("acme"), "c-1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&receipt.events, digest), (&appended.events, [9; 32]));
    assert!(receipt.duplicate);
    assert!(
        log.receipt_of(&tenant("acme"), "c-2")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        log.receipt_of(&tenant("beta"), "c-1")
            .await
            .unwrap()
            .is_none()
    );
}
