//! Past its limits a node refuses at once, says when to come again, and does what it has taken on.

use std::time::{Duration, Instant};

use client::Answers;
use futures::StreamExt as _;
use futures::future::join_all;
use proto::v1;
use proto::v1::follow_response::Item;
use proto::v1::funnel_conversion_query_service_client::FunnelConversionQueryServiceClient;
use proto::v1::history_service_client::HistoryServiceClient;
use proto::v1::opportunity_command_service_client::OpportunityCommandServiceClient;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::company::{found, lead, rep, tell};
use crate::home::{Home, assert_dense, assert_kept, client, history};
use crate::raw;

on_both! {
    more_commands_than_can_wait_are_told_to_come_again,
    more_calls_than_there_is_room_for_are_told_to_come_again,
    more_follows_than_there_is_room_for_are_told_to_come_again,
    a_read_ends_where_it_is_too_long_and_goes_on_from_there,
    a_quiet_log_is_told_to_be_alive,
}

/// Fails unless it is a refusal that says when to come again.
fn assert_comes_again(refused: &Status, reason: &str) {
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert_eq!(raw::reason(refused), reason);
    let details = refused.get_error_details();
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    assert!(retry.is_some_and(|delay| !delay.is_zero()), "{refused:?}");
}

async fn more_commands_than_can_wait_are_told_to_come_again(home: Home) {
    let node = home.start_with(&["--max-queue-len", "4", "--max-batch-len", "2"]);
    found(&client(&node, "acme")).await;
    let commands = OpportunityCommandServiceClient::new(raw::channel(&node));
    let began = Instant::now();
    let sent = (0..300).map(|n| {
        let mut commands = commands.clone();
        tokio::spawn(async move {
            let request = raw::of("acme", lead(&format!("o{n}")));
            commands.register_opportunity(request).await
        })
    });
    let answers = join_all(sent).await;
    assert!(began.elapsed() < Duration::from_secs(20));
    let (mut taken, mut refused) = (Vec::new(), 0);
    for answer in answers {
        match answer.unwrap() {
            Ok(receipt) => taken.push(receipt.into_inner()),
            Err(status) => {
                assert_comes_again(&status, "OVERLOADED");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && !taken.is_empty(), "{refused} refused");
    // What was taken is there, and nothing of what was refused.
    let events = history(&client(&node, "acme")).await;
    assert_dense(&events);
    assert_kept(&taken, &events);
    assert_eq!(events.len(), 3 + taken.len());
}

async fn more_calls_than_there_is_room_for_are_told_to_come_again(home: Home) {
    let node = home.start_with(&["--max-calls", "2", "--max-seconds", "3"]);
    let client = client(&node, "acme");
    found(&client).await;
    let questions = FunnelConversionQueryServiceClient::new(raw::channel(&node));
    let ask = |min_position| {
        let mut questions = questions.clone();
        async move {
            let question = v1::GetFunnelConversionRequest {
                consistency: Some(client::at_least(min_position)),
                ..Default::default()
            };
            let asked = questions.get_funnel_conversion(raw::of("acme", question));
            asked.await.map(tonic::Response::into_inner)
        }
    };
    // Two wait for what is yet to come.
    let waiting = [tokio::spawn(ask(4)), tokio::spawn(ask(4))];
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_comes_again(&ask(0).await.unwrap_err(), "TOO_MANY_CALLS");
    assert!(client.health().await.unwrap(), "that is always told");
    for waiting in waiting {
        let status = waiting.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
    tell(&client, lead("o1")).await;
    assert_eq!(ask(4).await.unwrap().overall.unwrap().created, 1);
}

async fn more_follows_than_there_is_room_for_are_told_to_come_again(home: Home) {
    let node = home.start_with(&["--max-follows", "2"]);
    let client = client(&node, "acme");
    found(&client).await;
    let mut histories = HistoryServiceClient::new(raw::channel(&node));
    let follow = || raw::of("acme", v1::FollowRequest::default());
    let first = histories.follow(follow()).await.unwrap();
    let _second = histories.follow(follow()).await.unwrap();
    let refused = histories.follow(follow()).await.unwrap_err();
    assert_comes_again(&refused, "TOO_MANY_FOLLOWS");
    // Other calls have room, and one who goes leaves room behind.
    tell(&client, rep("zoe")).await;
    drop(first);
    crate::home::eventually("there is room", async || {
        histories.follow(follow()).await.is_ok()
    })
    .await;
}

async fn a_read_ends_where_it_is_too_long_and_goes_on_from_there(home: Home) {
    let node = home.start_with(&["--max-read-len", "3"]);
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    for n in 1..=4 {
        let amount = crate::company::worth("o1", &format!("{n}.00"));
        tell(&client, amount).await;
    }
    let read = async |after_version, limit| {
        let question = v1::ReadStreamRequest {
            stream: "opportunity-o1".into(),
            after_version,
            limit,
        };
        let answers: Answers<_> = client.read_stream(question).await.unwrap();
        let answers: Vec<_> = answers.collect().await;
        let (events, errors): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        let versions = events
            .into_iter()
            .map(|answer| answer.unwrap().event.unwrap().version);
        let errors = errors.into_iter().map(Result::unwrap_err);
        (versions.collect::<Vec<_>>(), errors.collect::<Vec<_>>())
    };
    let (versions, errors) = read(0, 0).await;
    assert_eq!((versions.as_slice(), errors.len()), (&[1, 2, 3][..], 1));
    let refused = errors[0].refused().unwrap();
    assert_eq!(refused.code, Code::ResourceExhausted);
    assert_eq!(refused.reason, "READ_TOO_LONG");
    assert_eq!(refused.metadata["after_version"], "3");
    for (after, limit, wanted) in [(3, 0, vec![4, 5]), (0, 3, vec![1, 2, 3])] {
        let (versions, errors) = read(after, limit).await;
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(versions, wanted);
    }
}

async fn a_quiet_log_is_told_to_be_alive(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let question = v1::FollowRequest {
        from: Some(v1::follow_request::From::FromNow(true)),
        // Nothing that is appended matches.
        filter: Some(v1::EventFilter {
            categories: vec!["team".into()],
            ..v1::EventFilter::default()
        }),
        heartbeat_seconds: 1,
        ..v1::FollowRequest::default()
    };
    let mut heard = client.follow(question).await.unwrap();
    let beat = async |heard: &mut Answers<v1::FollowResponse>| loop {
        let next = tokio::time::timeout(Duration::from_secs(5), heard.next()).await;
        if let Some(Item::Heartbeat(beat)) = next.unwrap().unwrap().unwrap().item {
            return beat.head;
        }
    };
    assert_eq!(beat(&mut heard).await, 3);
    tell(&client, lead("o1")).await;
    assert_eq!(beat(&mut heard).await, 4);
    assert_eq!(beat(&mut heard).await, 4);
}
