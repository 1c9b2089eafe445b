//! A follower hears of every event once, in order, as soon as it is there.

use std::time::{Duration, Instant};

use client::{Answers, Client};
use futures::StreamExt as _;
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;
use proto::v1::{Event, EventFilter, FollowRequest, FollowResponse};

use crate::company::{advance, assign, found, lead, tell, tell_all, win};
use crate::home::{Home, assert_dense, client, head, history, now};

on_both! {
    an_event_is_heard_of_at_once,
    one_who_follows_from_now_on_is_told_where_that_is,
    only_what_is_asked_for_is_told,
    a_follower_goes_on_where_it_stopped,
    history_is_told_from_an_instant_on,
    a_call_up_to_the_head_ends_there,
    a_follower_that_is_slow_misses_nothing,
}

/// The next event.
async fn next(heard: &mut Answers<FollowResponse>) -> Event {
    loop {
        let answer = tokio::time::timeout(Duration::from_secs(5), heard.next()).await;
        match answer.expect("it hears").unwrap().unwrap().item.unwrap() {
            Item::Event(event) => return event,
            Item::CaughtUpTo(_) | Item::Heartbeat(_) => {}
        }
    }
}

fn after(position: u64) -> FollowRequest {
    FollowRequest {
        from: Some(From::AfterPosition(position)),
        ..FollowRequest::default()
    }
}

async fn an_event_is_heard_of_at_once(home: Home) {
    let node = home.start();
    let teller = client(&node, "acme");
    found(&teller).await;
    let follower = client(&node, "acme");
    let mut from_here = follower.follow(after(head(&teller).await)).await.unwrap();
    let mut beyond = follower.follow(after(5)).await.unwrap();
    for n in 1..=5 {
        let told = Instant::now();
        let receipt = tell(&teller, lead(&format!("o{n}"))).await;
        let event = next(&mut from_here).await;
        assert!(
            told.elapsed() < Duration::from_secs(1),
            "{:?}",
            told.elapsed()
        );
        assert_eq!(
            (event.position, event.command_id),
            (receipt.position, receipt.command_id)
        );
    }
    // One that begins beyond the head hears of nothing before it gets there.
    assert_eq!(next(&mut beyond).await.position, 6);
}

async fn one_who_follows_from_now_on_is_told_where_that_is(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let question = FollowRequest {
        from: Some(From::FromNow(true)),
        ..FollowRequest::default()
    };
    let mut heard = client.follow(question.clone()).await.unwrap();
    let first = heard.next().await.unwrap().unwrap();
    assert_eq!(first.item, Some(Item::CaughtUpTo(3)));
    tell(&client, lead("o1")).await;
    assert_eq!(next(&mut heard).await.position, 4);
    let (events, places) = told(&client, question).await;
    assert_eq!((events.len(), places), (0, vec![4]));
}

async fn only_what_is_asked_for_is_told(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let filter = |categories: &[&str], types: &[&str], streams: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        EventFilter {
            categories: owned(categories),
            types: owned(types),
            streams: owned(streams),
        }
    };
    let ask = async |filter| {
        let question = FollowRequest {
            filter: Some(filter),
            ..after(0)
        };
        client.follow(question).await.unwrap()
    };
    let mut won = ask(filter(&[], &["OpportunityWon"], &[])).await;
    let mut reps = ask(filter(&["rep"], &[], &[])).await;
    let mut of_two = ask(filter(
        &[],
        &["LeadAssigned", "StageAdvanced"],
        &["opportunity-o2"],
    ))
    .await;
    found(&client).await;
    for id in ["o1", "o2"] {
        tell(&client, lead(id)).await;
        tell(&client, assign(id, "ann")).await;
        tell(&client, advance(id, "proposal")).await;
        tell(&client, win(id)).await;
    }
    let event = next(&mut won).await;
    assert_eq!(
        (event.position, event.stream.as_str()),
        (7, "opportunity-o1")
    );
    assert_eq!(next(&mut won).await.position, 11);
    assert_eq!(next(&mut reps).await.position, 2);
    assert_eq!(next(&mut reps).await.position, 3);
    assert_eq!(next(&mut of_two).await.position, 9);
    assert_eq!(next(&mut of_two).await.position, 10);
}

/// What is told up to the head: events, and the places to resume from.
async fn told(client: &Client, question: FollowRequest) -> (Vec<Event>, Vec<u64>) {
    let question = FollowRequest {
        until_head: true,
        ..question
    };
    let mut answers = client.follow(question).await.unwrap();
    let (mut events, mut places) = (Vec::new(), Vec::new());
    while let Some(answer) = answers.next().await {
        match answer.unwrap().item.unwrap() {
            Item::Event(event) => events.push(event),
            Item::CaughtUpTo(position) => places.push(position),
            Item::Heartbeat(_) => {}
        }
    }
    (events, places)
}

async fn a_follower_goes_on_where_it_stopped(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    let filter = Some(EventFilter {
        types: vec!["OpportunityWon".into()],
        ..Default::default()
    });
    let (events, places) = told(
        &client,
        FollowRequest {
            filter: filter.clone(),
            ..after(0)
        },
    )
    .await;
    assert!(events.is_empty());
    let place = *places.last().unwrap();
    assert_eq!(place, 4, "it is told how far nothing matched");

    tell(&client, win("o1")).await;
    tokio::task::block_in_place(|| node.kill());
    let node = home.start();
    let client = crate::home::client(&node, "acme");
    let (events, places) = told(
        &client,
        FollowRequest {
            filter,
            ..after(place)
        },
    )
    .await;
    assert_eq!(
        events
            .iter()
            .map(|event| event.position)
            .collect::<Vec<_>>(),
        [5]
    );
    assert_eq!(places.last(), Some(&5));
    for place in 0..=5 {
        let (events, _) = told(&client, after(place)).await;
        let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
        assert_eq!(positions, (place + 1..=5).collect::<Vec<_>>());
    }
}

async fn history_is_told_from_an_instant_on(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    for n in 0..30 {
        tell(&client, lead(&format!("o{n}"))).await;
    }
    let events = history(&client).await;
    let recorded = |event: &Event| event.recorded_at.map(|at| (at.seconds, at.nanos)).unwrap();
    assert!(
        events.is_sorted_by_key(recorded),
        "the clock never runs backwards"
    );
    for event in events.iter().step_by(7) {
        let from = event.recorded_at.map(From::RecordedFrom);
        let (since, _) = told(
            &client,
            FollowRequest {
                from,
                ..FollowRequest::default()
            },
        )
        .await;
        let expected: Vec<&Event> = events
            .iter()
            .filter(|other| recorded(other) >= recorded(event))
            .collect();
        assert_eq!(since.iter().collect::<Vec<_>>(), expected);
    }
    let instant = |seconds| {
        Some(From::RecordedFrom(prost_types::Timestamp {
            seconds,
            nanos: 0,
        }))
    };
    let (all, _) = told(
        &client,
        FollowRequest {
            from: instant(0),
            ..Default::default()
        },
    )
    .await;
    assert_eq!(all.len(), events.len());
    let later = now() + 3_600;
    let (none, _) = told(
        &client,
        FollowRequest {
            from: instant(later),
            ..Default::default()
        },
    )
    .await;
    assert!(none.is_empty());
}

async fn a_call_up_to_the_head_ends_there(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    assert_eq!(
        told(&client, after(0)).await,
        (vec![], vec![]),
        "there is nothing yet"
    );
    found(&client).await;
    let leads: Vec<_> = (0..1_200).map(|n| lead(&format!("o{n}"))).collect();
    tell_all(&client, leads).await;
    let (events, places) = told(&client, after(0)).await;
    assert_eq!(events.len(), 1_203);
    assert_dense(&events);
    assert_eq!(places.last(), Some(&1_203));
    assert_eq!(told(&client, after(1_203)).await, (vec![], vec![]));
}

async fn a_follower_that_is_slow_misses_nothing(home: Home) {
    let node = home.start();
    let teller = client(&node, "acme");
    found(&teller).await;
    let follower = client(&node, "acme");
    // It takes nothing while far more is told than fits between the two.
    let mut heard = follower.follow(after(0)).await.unwrap();
    let mut elements = Vec::new();
    for n in 0..3_000 {
        let long = proto::v1::RegisterOpportunity {
            name: format!("{n} {}", "x".repeat(190)),
            ..lead(&format!("o{n}"))
        };
        elements.push(crate::company::element("", long));
    }
    for answer in crate::bulk::submit(&teller, elements).await {
        answer.unwrap();
    }
    for position in 1..=3_003 {
        assert_eq!(next(&mut heard).await.position, position);
    }
}
