//! Appending: exact bytes, expected versions, all or nothing.

use event_schemas::vocabulary::{Position, Version};
use twinfunnel_log::{AppendError, Chain, Filter, Log, limits};

use crate::home::{Home, With as _, add, assert_conflict, nothing, stream, tenant, together};

on_both!(
    what_was_appended_is_read_back_byte_for_byte,
    a_stream_is_written_only_at_the_expected_version,
    several_streams_land_together_or_not_at_all,
    what_was_only_read_is_checked_too,
    an_append_without_events_answers_with_the_head,
    one_that_conflicts_fails_alone,
    appends_of_one_batch_build_on_one_another,
    a_cut_chain_lets_nothing_land_that_was_built_on_what_did_not,
    a_chain_is_cut_only_by_what_others_may_have_built_on,
    a_stream_may_be_written_twice_in_one_append,
    limits_are_told_in_plain_words,
    tenants_are_strangers,
);

async fn what_was_appended_is_read_back_byte_for_byte(home: Home) {
    let log = home.open().await;
    let mut append = add("opportunity-1", 0, 2).sent_as("c-1", 1);
    append.writes[0].events[0].payload = (0..=255).collect();
    append.writes[0].events[1].payload = "{ \"naïve\" :  1.50 }\n".into();
    append.writes[0].events[1].schema_version = 7;
    append.meta.actor = "Zoë ✓".into();
    append.meta.correlation_id = Some("affair".into());
    append.meta.causation_id = Some("cause".into());
    append.meta.trace_context = Some("00-trace".into());
    let appended = log.append(append.clone()).await.unwrap();
    assert_eq!(
        (appended.first_position, appended.position),
        (Position(1), Position(2))
    );
    assert!(!appended.duplicate);

    let read = log
        .read_stream(&tenant("acme"), &stream("opportunity-1"), Version(0), 10)
        .await;
    let read = read.unwrap();
    assert_eq!(read.len(), 2);
    for (recorded, event) in read.iter().zip(&append.writes[0].events) {
        assert_eq!(recorded.payload, event.payload);
        assert_eq!(recorded.event_type, event.event_type);
        assert_eq!(recorded.schema_version, event.schema_version);
        assert_eq!(recorded.actor, "Zoë ✓");
        assert_eq!(recorded.command_id, "c-1");
        assert_eq!(recorded.correlation_id, "affair");
        assert_eq!(recorded.causation_id.as_deref(), Some("cause"));
        assert_eq!(recorded.trace_context.as_deref(), Some("00-trace"));
        assert_eq!(recorded.occurred_at, append.meta.occurred_at);
        assert_eq!(recorded.event_id.get_version_num(), 7);
    }
    let (acme, first) = (tenant("acme"), stream("opportunity-1"));
    let after_first = log
        .read_stream(&acme, &first, Version(1), 10)
        .await
        .unwrap();
    assert_eq!(after_first, read[1..]);
    let page = log
        .read(&tenant("acme"), Position(0), &Filter::default(), 10)
        .await
        .unwrap();
    assert_eq!((page.events, page.scanned_to), (read, Position(2)));

    log.append(add("opportunity-2", 0, 1).sent_as("c-2", 1))
        .await
        .unwrap();
    let second = log
        .read(&tenant("acme"), Position(2), &Filter::default(), 10)
        .await
        .unwrap();
    assert_eq!(
        second.events[0].correlation_id, "c-2",
        "the command id stands in"
    );
}

async fn a_stream_is_written_only_at_the_expected_version(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 2)).await.unwrap();
    assert_conflict(&log.append(add("rep-1", 0, 1)).await, ("rep-1", 0, 2));
    assert_conflict(&log.append(add("rep-1", 1, 1)).await, ("rep-1", 1, 2));
    assert_conflict(&log.append(add("rep-1", 3, 1)).await, ("rep-1", 3, 2));
    assert_conflict(&log.append(add("rep-2", 1, 1)).await, ("rep-2", 1, 0));
    let appended = log.append(add("rep-1", 2, 1)).await.unwrap();
    assert_eq!(appended.events[0].version, Version(3));
    assert_eq!(
        appended.position,
        Position(3),
        "what failed took no position"
    );
    assert_eq!(
        log.stream_head(&tenant("acme"), &stream("rep-1"))
            .await
            .unwrap(),
        Version(3)
    );
    assert_eq!(
        log.stream_head(&tenant("acme"), &stream("rep-2"))
            .await
            .unwrap(),
        Version(0)
    );
}

async fn several_streams_land_together_or_not_at_all(home: Home) {
    let log = home.open().await;
    log.append(add("team-1", 0, 1)).await.unwrap();
    let refused = log
        .append(add("team-2", 0, 1).and_add("team-1", 0, 1))
        .await;
    assert_conflict(&refused, ("team-1", 0, 1));
    assert_eq!(
        log.stream_head(&tenant("acme"), &stream("team-2"))
            .await
            .unwrap(),
        Version(0)
    );
    let appended = log
        .append(add("team-2", 0, 2).and_add("team-1", 1, 1))
        .await
        .unwrap();
    let places: Vec<_> = appended
        .events
        .iter()
        .map(|event| (event.stream.to_string(), event.version.0, event.position.0))
        .collect();
    let expected = [("team-2", 1, 2), ("team-2", 2, 3), ("team-1", 2, 4)];
    assert_eq!(
        places,
        expected.map(|(name, version, at)| (name.to_owned(), version, at))
    );
}

async fn what_was_only_read_is_checked_too(home: Home) {
    let log = home.open().await;
    log.append(add("product-1", 0, 1)).await.unwrap();
    let stale = add("quote-1", 0, 1).having_read("product-1", 0);
    assert_conflict(&log.append(stale).await, ("product-1", 0, 1));
    log.append(add("quote-1", 0, 1).having_read("product-1", 1))
        .await
        .unwrap();
}

async fn an_append_without_events_answers_with_the_head(home: Home) {
    let log = home.open().await;
    let empty = log.append(nothing()).await.unwrap();
    assert_eq!((empty.position, empty.events.len()), (Position(0), 0));
    log.append(add("rep-1", 0, 3)).await.unwrap();
    let checked = log.append(add("rep-1", 3, 0)).await.unwrap();
    assert_eq!(
        (checked.first_position, checked.position),
        (Position(3), Position(3))
    );
    assert_conflict(&log.append(add("rep-1", 2, 0)).await, ("rep-1", 2, 3));
    let remembered = log
        .append(add("rep-1", 3, 0).sent_as("seen", 1))
        .await
        .unwrap();
    assert_eq!(
        (remembered.position, remembered.duplicate),
        (Position(3), false)
    );
    assert_eq!(log.head(&tenant("acme")).await.unwrap(), Position(3));
}

async fn one_that_conflicts_fails_alone(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 1)).await.unwrap();
    let answers = together(
        &log,
        vec![
            add("rep-2", 0, 1),
            add("rep-1", 0, 1),
            add("rep-3", 0, 1),
            add("rep-1", 1, 1),
        ],
    )
    .await;
    assert_conflict(&answers[1], ("rep-1", 0, 1));
    let positions: Vec<u64> = answers
        .iter()
        .flatten()
        .map(|done| done.position.0)
        .collect();
    assert_eq!(positions, [1_002, 1_003, 1_004]);
    no_gap(&log).await;
}

async fn appends_of_one_batch_build_on_one_another(home: Home) {
    let log = home.open().await;
    let answers = together(
        &log,
        vec![
            add("rep-1", 0, 2),
            add("rep-1", 2, 1),
            add("rep-1", 2, 1),
            add("rep-1", 3, 1).having_read("rep-2", 0),
            add("rep-2", 0, 1),
            add("rep-3", 0, 1).having_read("rep-2", 1),
        ],
    )
    .await;
    assert_conflict(&answers[2], ("rep-1", 2, 3));
    assert_eq!(answers.iter().flatten().count(), 5);
    assert_eq!(
        log.stream_head(&tenant("acme"), &stream("rep-1"))
            .await
            .unwrap(),
        Version(4)
    );
    no_gap(&log).await;
}

async fn a_cut_chain_lets_nothing_land_that_was_built_on_what_did_not(home: Home) {
    let log = home.open().await;
    // Another node writes the very version that the chain meant to write.
    log.append(add("rep-1", 0, 1)).await.unwrap();
    let chain = Chain::new();
    let mut first = add("rep-1", 0, 1);
    first.chain = Some(chain.clone());
    let mut second = add("rep-1", 1, 1);
    second.chain = Some(chain.clone());
    let mut other = add("rep-2", 0, 1).having_read("rep-1", 1);
    other.depends_on = vec![chain.clone()];
    let answers = together(&log, vec![first, second.clone(), other, add("rep-3", 0, 1)]).await;
    assert_conflict(&answers[0], ("rep-1", 0, 1));
    assert_conflict(&answers[1], ("rep-1", 1, 1));
    assert_conflict(&answers[2], ("rep-1", 1, 1));
    assert!(answers[3].is_ok());
    assert!(chain.is_cut());
    assert_conflict(&log.append(second).await, ("rep-1", 1, 1));
}

async fn a_chain_is_cut_only_by_what_others_may_have_built_on(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 1).sent_as("c-1", 1))
        .await
        .unwrap();
    let chain = Chain::new();
    let of_chain = |mut append: twinfunnel_log::Append| {
        append.chain = Some(chain.clone());
        append
    };
    let answers = together(
        &log,
        vec![
            of_chain(add("rep-1", 1, 0).sent_as("c-1", 1)),
            of_chain(add("rep-1", 0, 0)),
            of_chain(add("rep-1", 1, 1)),
        ],
    )
    .await;
    assert!(answers[0].as_ref().unwrap().duplicate);
    assert_conflict(&answers[1], ("rep-1", 0, 1));
    assert!(answers[2].is_ok() && !chain.is_cut());

    // What is sent again had its events before, somewhere else.
    let again = of_chain(add("rep-1", 2, 1).sent_as("c-1", 1));
    assert!(log.append(again).await.unwrap().duplicate && chain.is_cut());
    let built_on_it = of_chain(add("rep-1", 2, 1));
    assert_conflict(&log.append(built_on_it).await, ("rep-1", 2, 2));
}

async fn a_stream_may_be_written_twice_in_one_append(home: Home) {
    let log = home.open().await;
    let done = log
        .append(add("rep-1", 0, 2).and_add("rep-1", 2, 1))
        .await
        .unwrap();
    let versions: Vec<u64> = done.events.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(done.version, Version(3));
    let again = add("rep-1", 3, 1).and_add("rep-1", 3, 1);
    assert_conflict(&log.append(again).await, ("rep-1", 3, 4));
    no_gap(&log).await;
}

async fn limits_are_told_in_plain_words(home: Home) {
    let log = home.open().await;
    let mut large = add("rep-1", 0, 1);
    large.writes[0].events[0].payload = vec![0; limits::PAYLOAD_BYTES + 1];
    let told = log.append(large).await.unwrap_err();
    assert!(matches!(told, AppendError::TooLarge(_)));
    assert_eq!(
        told.to_string(),
        "bytes of a payload: at most 1048576, not 1048577"
    );
    let many = log
        .append(add("rep-1", 0, limits::EVENTS + 1))
        .await
        .unwrap_err();
    assert_eq!(
        many.to_string(),
        "events of an append: at most 1000, not 1001"
    );
    let unsaid = log
        .append(add("rep-1", 0, 1).sent_as("with space", 1))
        .await
        .unwrap_err();
    assert_eq!(
        unsaid.to_string(),
        "a command id is 1 to 128 visible ASCII characters"
    );
    let mut nul = add("rep-1", 0, 1);
    nul.meta.actor = "a\0b".into();
    let told = log.append(nul).await.unwrap_err();
    assert_eq!(told.to_string(), "an actor holds a NUL character");
    let mut largest = add("rep-1", 0, 1);
    largest.writes[0].events[0].payload = vec![7; limits::PAYLOAD_BYTES];
    log.append(largest).await.unwrap();
}

async fn tenants_are_strangers(home: Home) {
    let log = home.open().await;
    let mut new = log.watch_tenants();
    assert_eq!(*new.borrow_and_update(), 0);
    let answers = together(
        &log,
        vec![
            add("rep-1", 0, 1).of("zeta").sent_as("c", 1),
            add("rep-1", 0, 2).of("beta").sent_as("c", 2),
            add("rep-1", 0, 1).sent_as("c", 3),
            add("rep-1", 9, 1).of("beta"),
        ],
    )
    .await;
    assert_eq!(answers[0].as_ref().unwrap().position, Position(1));
    assert_eq!(answers[1].as_ref().unwrap().position, Position(2));
    assert_eq!(answers[2].as_ref().unwrap().position, Position(1_001));
    assert_conflict(&answers[3], ("rep-1", 9, 2));
    assert_eq!(*new.wait_for(|count| *count == 3).await.unwrap(), 3);
    let mut tenants = log.tenants().await.unwrap();
    tenants.sort();
    assert_eq!(tenants, ["acme", "beta", "zeta"].map(tenant));
    assert_eq!(log.head(&tenant("nobody")).await.unwrap(), Position(0));
}

/// Positions and versions of the tenant `acme` have no gap.
async fn no_gap(log: &Log) {
    let page = log
        .read(&tenant("acme"), Position(0), &Filter::default(), 10_000)
        .await
        .unwrap();
    let mut versions = std::collections::HashMap::new();
    for (place, recorded) in (1..).zip(&page.events) {
        assert_eq!(recorded.position, Position(place));
        let version: &mut u64 = versions.entry(recorded.stream.clone()).or_default();
        *version += 1;
        assert_eq!(recorded.version, Version(*version));
    }
}
