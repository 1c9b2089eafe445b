//! Two nodes on one PostgreSQL are one service.

use std::time::{Duration, Instant};

use client::Client;
use futures::StreamExt as _;
use futures::future::join_all;
use proto::v1::follow_response::Item;
use proto::v1::{FollowRequest, GetFunnelConversionRequest, Receipt};
use tonic::Code;

use crate::company::{advance, assign, found, lead, tell, under, win, worth};
use crate::following_up::{has_tasks, long_ago, sign, tell_at, tick};
use crate::home::{Home, assert_dense, assert_kept, client, history, stream};

macro_rules! on_postgres {
    ($($journey:ident),+ $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                super::$journey($crate::home::Home::postgres().await).await;
            })+
        }
    };
}

on_postgres! {
    what_one_node_took_the_other_shows,
    a_follower_on_one_node_hears_of_what_the_other_took,
    a_command_sent_to_both_at_once_takes_effect_once,
    both_work_on_one_opportunity,
    a_node_that_only_answers_keeps_up_with_one_that_takes_commands,
    what_a_dead_node_took_the_other_goes_on_with,
    what_follows_a_dead_node_leaves_to_the_other,
    whichever_node_ends_a_day_looks_at_what_was_told_late,
}

fn created_by(position: u64) -> GetFunnelConversionRequest {
    let consistency = Some(client::at_least(position));
    GetFunnelConversionRequest {
        consistency,
        ..GetFunnelConversionRequest::default()
    }
}

async fn created(client: &Client, position: u64) -> u32 {
    let answer = client
        .funnel_conversion(created_by(position))
        .await
        .unwrap();
    assert!(answer.answered_from.unwrap().position >= position);
    answer.overall.unwrap().created
}

async fn what_one_node_took_the_other_shows(home: Home) {
    let (one, other) = (home.start(), home.start());
    let (one, other) = (client(&one, "acme"), client(&other, "acme"));
    found(&one).await;
    for n in 1..=20 {
        let (taker, asked) = if n % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let receipt = tell(taker, lead(&format!("o{n}"))).await;
        assert_eq!(created(asked, receipt.position).await, n);
    }
    assert_dense(&history(&other).await);
    assert_eq!(history(&one).await, history(&other).await);
}

async fn a_follower_on_one_node_hears_of_what_the_other_took(home: Home) {
    let (one, other) = (home.start(), home.start());
    let (one, other) = (client(&one, "acme"), client(&other, "acme"));
    let mut heard = other.follow(FollowRequest::default()).await.unwrap();
    for n in 1..=10 {
        let receipt = tell(&one, crate::company::rep(&format!("rep{n}"))).await;
        let told = Instant::now();
        let event = loop {
            let next = tokio::time::timeout(Duration::from_secs(5), heard.next()).await;
            if let Some(Item::Event(event)) = next.unwrap().unwrap().unwrap().item {
                break event;
            }
        };
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
}

async fn a_command_sent_to_both_at_once_takes_effect_once(home: Home) {
    let (one, other) = (home.start(), home.start());
    let (one, other) = (client(&one, "acme"), client(&other, "acme"));
    found(&one).await;
    let mut receipts = Vec::new();
    for n in 0..20 {
        let (id, opportunity) = (format!("c{n}"), format!("o{n}"));
        let (here, there) = futures::join!(
            one.command(under(&id), lead(&opportunity)),
            other.command(under(&id), lead(&opportunity)),
        );
        let (here, there) = (here.unwrap(), there.unwrap());
        assert_ne!(here.duplicate, there.duplicate, "one of them was first");
        assert_eq!(
            Receipt {
                duplicate: false,
                ..here
            },
            Receipt {
                duplicate: false,
                ..there.clone()
            }
        );
        receipts.push(there);
        // The same id for two different commands: one of them is taken.
        let id = format!("d{n}");
        let (here, there) = futures::join!(
            one.command(under(&id), assign(&opportunity, "ann")),
            other.command(under(&id), assign(&opportunity, "bob")),
        );
        let (taken, refused) = match (here, there) {
            (Ok(taken), Err(refused)) | (Err(refused), Ok(taken)) => (taken, refused),
            both => panic!("{both:?}"),
        };
        assert_eq!(refused.refused().unwrap().reason, "COMMAND_ID_REUSED");
        receipts.push(taken);
    }
    let events = history(&one).await;
    assert_eq!(events.len(), 43);
    assert_dense(&events);
    assert_kept(&receipts, &events);
}

async fn both_work_on_one_opportunity(home: Home) {
    let (one, other) = (home.start(), home.start());
    let (one, other) = (client(&one, "acme"), client(&other, "acme"));
    found(&one).await;
    tell(&one, lead("hot")).await;
    let tasks = (0..8).map(|task| {
        let client = if task % 2 == 0 {
            one.clone()
        } else {
            other.clone()
        };
        tokio::spawn(async move {
            let mut receipts = Vec::new();
            for n in 0..10 {
                let (id, amount) = (
                    format!("c{task}.{n}"),
                    worth("hot", &format!("{task}.{n:02}")),
                );
                // Told that others were faster, a caller sends the same command again.
                let receipt = loop {
                    match client.command(under(&id), amount.clone()).await {
                        Ok(receipt) => break receipt,
                        Err(error) => assert_eq!(error.refused().unwrap().code, Code::Aborted),
                    }
                };
                receipts.push(receipt);
            }
            receipts
        })
    });
    let receipts: Vec<Receipt> = join_all(tasks)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    let events = history(&one).await;
    assert_dense(&events);
    assert_eq!(events.len(), 84);
    assert_kept(&receipts, &events);
    // Both know how it stands.
    tell(&other, win("hot")).await;
    let refused = crate::company::refused(&one, advance("hot", "proposal")).await;
    assert_eq!(refused.reason, "ALREADY_CLOSED");
    assert_eq!(stream(&one, "opportunity-hot").await.len(), 82);
}

async fn a_node_that_only_answers_keeps_up_with_one_that_takes_commands(home: Home) {
    let taker = home.start_with(&["--roles", "command,project"]);
    let answerer = home.start_with(&["--roles", "query"]);
    let (taker, answerer) = (client(&taker, "acme"), client(&answerer, "acme"));
    for name in ["b2b"] {
        let process = proto::v1::DefineSalesProcess {
            sales_process_id: name.into(),
            ..crate::company::process()
        };
        tell(&taker, process).await;
    }
    for n in 1..=5 {
        let receipt = tell(&taker, lead(&format!("o{n}"))).await;
        assert_eq!(created(&answerer, receipt.position).await, n);
    }
    // What a node does not do it says so.
    let answer = answerer.command(under("c1"), lead("o9")).await.unwrap_err();
    assert_eq!(answer.refused().unwrap().code, Code::Unimplemented);
    let answer = taker.funnel_conversion(created_by(1)).await.unwrap_err();
    assert_eq!(answer.refused().unwrap().code, Code::Unimplemented);
}

async fn what_a_dead_node_took_the_other_goes_on_with(home: Home) {
    let (one, other_node) = (home.start(), home.start());
    let other = client(&other_node, "acme");
    let taken = {
        let client = client(&one, "acme");
        found(&client).await;
        client.command(under("c1"), lead("o1")).await.unwrap()
    };
    tokio::task::block_in_place(|| one.kill());
    let again = other.command(under("c1"), lead("o1")).await.unwrap();
    assert_eq!(
        again,
        Receipt {
            duplicate: true,
            ..taken
        }
    );
    let next = tell(&other, assign("o1", "ann")).await;
    assert_eq!((next.position, next.version), (5, 2));
    assert_eq!(created(&other, next.position).await, 1);
}

/// What follows at once from a contract signed on 31 January, and from one signed on 15 February.
const FIRST: [&str; 2] = [
    "c1~onboarding~1 2024-02-29 OPEN",
    "c1~renewal-reminder~1 2024-11-30 OPEN",
];
const BOTH: [&str; 4] = [
    "c1~onboarding~1 2024-02-29 OPEN",
    "c2~onboarding~1 2024-03-15 OPEN",
    "c1~renewal-reminder~1 2024-11-30 OPEN",
    "c2~renewal-reminder~1 2024-12-15 OPEN",
];

async fn what_follows_a_dead_node_leaves_to_the_other(home: Home) {
    let one = home.start();
    let first = client(&one, "acme");
    long_ago(&first, "UTC").await;
    let contract = sign("c1", "2024-01-31", "2025-01-31");
    tell_at(&first, "2024-01-31T10:00:00Z", contract).await;
    // So it is the first's turn, and stays so as long as it lives.
    has_tasks(&first, "2024-02-01", &FIRST).await;
    let other_node = home.start();
    let other = client(&other_node, "acme");
    tokio::task::block_in_place(|| one.kill());
    let contract = sign("c2", "2024-02-15", "2025-02-15");
    tell_at(&other, "2024-02-15T10:00:00Z", contract).await;
    has_tasks(&other, "2024-02-16", &BOTH).await;
    let planned = history(&other).await.into_iter();
    let planned = planned.filter(|event| event.r#type == "TaskPlanned");
    assert_eq!(planned.count(), 4);
}

async fn whichever_node_ends_a_day_looks_at_what_was_told_late(home: Home) {
    let one_node = home.start();
    let one = client(&one_node, "acme");
    long_ago(&one, "UTC").await;
    let contract = sign("c1", "2024-01-31", "2025-01-31");
    tell_at(&one, "2024-01-31T10:00:00Z", contract).await;
    has_tasks(&one, "2024-02-01", &FIRST).await;
    let other_node = home.start();
    let other = client(&other_node, "acme");
    // The one reacts, and the other ends days and remembers for whom something is due.
    tick(&other, "2024-02-20").await;
    let late = proto::v1::SignContract {
        customer_id: "late".to_owned(),
        ..sign("c2", "2024-02-15", "2025-02-15")
    };
    tell_at(
        &one,
        "2024-02-15T10:00:00Z",
        crate::company::customer("late"),
    )
    .await;
    tell_at(&one, "2024-02-15T10:00:00Z", late).await;
    has_tasks(&other, "2024-02-16", &BOTH).await;
    // It has to learn that the late one's tasks may be overdue.
    tick(&other, "2024-04-01").await;
    let escalated = [
        "c1~onboarding~1 2024-02-29 ESCALATED",
        "c2~onboarding~1 2024-03-15 ESCALATED",
        "c1~renewal-reminder~1 2024-11-30 OPEN",
        "c2~renewal-reminder~1 2024-12-15 OPEN",
    ];
    has_tasks(&one, "2024-04-01", &escalated).await;
}
