//! Customers are followed up: what is to be done for them is planned, moved, escalated and cancelled as
//! time goes by, whichever way it is told.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate};
use client::{Client, CommandOptions, IntoKind};
use futures::TryStreamExt as _;
use proto::v1;

use crate::company::{customer, found, tell, usd};
use crate::home::{Home, client, eventually, history, twinfunnel};

on_both! {
    a_contract_is_followed_up_from_its_signing_to_its_end,
    what_is_counted_from_the_end_moves_with_it,
    a_history_told_at_once_in_pieces_and_anew_brings_the_same,
    a_tenant_in_shanghai_has_its_own_days,
    the_clock_goes_on_day_by_day_and_never_twice,
    a_day_that_is_not_over_is_not_ended,
    a_renewal_is_won_at_what_was_signed,
}

pub(crate) fn sign(contract: &str, from: &str, to: &str) -> v1::SignContract {
    let line = v1::Line {
        line_id: "seats".to_owned(),
        product_id: "gtx".to_owned(),
        amount: usd("1200"),
        ..v1::Line::default()
    };
    v1::SignContract {
        contract_id: contract.to_owned(),
        customer_id: "acme".to_owned(),
        currency_code: "USD".to_owned(),
        starts_on: from.to_owned(),
        ends_on: to.to_owned(),
        lines: vec![v1::Line {
            quantity: "1".to_owned(),
            list_price: usd("1200"),
            amount: None,
            ..line
        }],
        rep_id: "ann".to_owned(),
        ..v1::SignContract::default()
    }
}

fn reach(contract: &str, milestone: &str, day: &str) -> v1::ReachMilestone {
    v1::ReachMilestone {
        contract_id: contract.to_owned(),
        milestone_id: milestone.to_owned(),
        reached_on: day.to_owned(),
    }
}

fn complete(task: &str) -> v1::CompleteTask {
    v1::CompleteTask {
        task_id: task.to_owned(),
        outcome: "done".to_owned(),
        note: String::new(),
    }
}

/// Tells what happened at an instant.
pub(crate) async fn tell_at(client: &Client, at: &str, command: impl IntoKind) -> u64 {
    let at: DateTime<chrono::Utc> = at.parse().unwrap();
    let options = CommandOptions {
        occurred_at: Some(at),
        ..CommandOptions::default()
    };
    client.command(options, command).await.unwrap().position
}

/// The reps, the process, the product and the customer, all long ago.
pub(crate) async fn long_ago(client: &Client, time_zone: &str) {
    let beginning = "2023-01-01T00:00:00Z";
    let tenant = v1::ConfigureTenant {
        time_zone: time_zone.to_owned(),
        currency_code: "USD".to_owned(),
    };
    tell_at(client, beginning, tenant).await;
    tell_at(client, beginning, crate::company::process()).await;
    tell_at(client, beginning, crate::company::rep("ann")).await;
    let product = v1::RegisterProduct {
        product_id: "gtx".to_owned(),
        name: "GTX".to_owned(),
        ..v1::RegisterProduct::default()
    };
    tell_at(client, beginning, product).await;
    tell_at(client, beginning, customer("acme")).await;
}

pub(crate) async fn tick(client: &Client, day: &str) -> Vec<v1::TickResponse> {
    let days = client.tick(day).await.unwrap();
    days.try_collect().await.unwrap()
}

/// All tasks, as they stand on a day: id, day and state.
async fn tasks(client: &Client, on: &str) -> Vec<String> {
    use v1::TaskState as S;
    let all = [
        S::Open,
        S::Snoozed,
        S::Due,
        S::Overdue,
        S::Escalated,
        S::Done,
        S::Cancelled,
    ];
    let head = crate::home::head(client).await;
    let question = v1::ListTasksRequest {
        states: all.map(i32::from).into(),
        on: on.to_owned(),
        consistency: Some(client::at_least(head)),
        ..v1::ListTasksRequest::default()
    };
    let answer = client.list_tasks(question).await.unwrap();
    let told = answer.tasks.into_iter().map(|task| {
        let state = S::try_from(task.state).unwrap().as_str_name();
        let state = state.trim_start_matches("TASK_STATE_");
        format!("{} {} {state}", task.task_id, task.due_on)
    });
    told.collect()
}

pub(crate) async fn has_tasks(client: &Client, on: &str, expected: &[&str]) {
    let what = format!("{expected:?}");
    let mut last = Vec::new();
    let is_so = async || {
        last = tasks(client, on).await;
        last == expected
    };
    if tokio::time::timeout(std::time::Duration::from_secs(9), eventually(&what, is_so))
        .await
        .is_err()
    {
        panic!("{:#?} is not {expected:#?}", tasks(client, on).await);
    }
}

async fn a_contract_is_followed_up_from_its_signing_to_its_end(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "UTC").await;
    // At once: nobody has to tell what day it is.
    let contract = sign("c1", "2024-01-31", "2025-01-31");
    tell_at(&client, "2024-01-31T10:00:00Z", contract).await;
    let signed = [
        "c1~onboarding~1 2024-02-29 OPEN",
        "c1~renewal-reminder~1 2024-11-30 OPEN",
    ];
    has_tasks(&client, "2024-02-01", &signed).await;
    tell_at(
        &client,
        "2024-02-10T10:00:00Z",
        reach("c1", "deployed", "2024-02-10"),
    )
    .await;
    let deployed = [
        "c1~onboarding~1 2024-02-29 DUE",
        "c1~first-review~1 2024-03-10 OPEN",
        "c1~renewal-reminder~1 2024-11-30 OPEN",
    ];
    has_tasks(&client, "2024-02-29", &deployed).await;
    tell_at(
        &client,
        "2024-02-29T11:00:00Z",
        complete("c1~first-review~1"),
    )
    .await;
    tick(&client, "2024-03-14").await;
    let escalated = [
        "c1~onboarding~1 2024-02-29 ESCALATED",
        "c1~first-review~1 2024-03-10 DONE",
        "c1~check-in~1 2024-05-29 OPEN",
        "c1~renewal-reminder~1 2024-11-30 OPEN",
    ];
    has_tasks(&client, "2024-03-14", &escalated).await;
    // As it stood before.
    has_tasks(&client, "2024-02-01", &signed).await;

    let days = tick(&client, "2024-12-02").await;
    assert_eq!(days.len(), 263);
    let picked = tasks(&client, "2024-12-02").await;
    assert!(
        picked.contains(&"c1~check-in~3 2024-11-29 OVERDUE".to_owned()),
        "{picked:?}"
    );
    let stream = crate::home::stream(&client, "opportunity-renewal~c1").await;
    assert_eq!(stream.len(), 1, "{stream:?}");
    let terminate = v1::TerminateContract {
        contract_id: "c1".to_owned(),
        effective_on: "2024-12-10".to_owned(),
        reason: "price".to_owned(),
        note: String::new(),
    };
    tell_at(&client, "2024-12-05T10:00:00Z", terminate).await;
    eventually("the renewal is lost", async || {
        crate::home::stream(&client, "opportunity-renewal~c1")
            .await
            .len()
            == 2
    })
    .await;
    tick(&client, "2024-12-10").await;
    let last = tasks(&client, "2024-12-10").await;
    let over = |task: &String| task.ends_with("CANCELLED") || task.ends_with("DONE");
    assert!(last.iter().all(over), "{last:?}");
}

/// A contract comes to end on another day, from a day on.
fn move_end(amendment: &str, from: &str, to: &str) -> v1::AmendContract {
    v1::AmendContract {
        contract_id: "c1".to_owned(),
        amendment_id: amendment.to_owned(),
        kind: v1::AmendmentKind::Term.into(),
        effective_on: from.to_owned(),
        ends_on: to.to_owned(),
        ..v1::AmendContract::default()
    }
}

async fn what_is_counted_from_the_end_moves_with_it(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "UTC").await;
    let contract = sign("c1", "2024-01-31", "2025-01-31");
    tell_at(&client, "2024-01-31T10:00:00Z", contract).await;
    let reached = reach("c1", "first_review", "2024-02-01");
    tell_at(&client, "2024-02-01T10:00:00Z", reached).await;
    tick(&client, "2024-04-30").await;
    let longer = move_end("a1", "2024-05-01", "2025-04-30");
    tell_at(&client, "2024-05-01T10:00:00Z", longer.clone()).await;
    // Said twice is said once.
    tell_at(&client, "2024-05-02T10:00:00Z", longer).await;
    let moved = [
        "c1~onboarding~1 2024-02-29 ESCALATED",
        "c1~check-in~1 2024-05-01 DUE",
        "c1~renewal-reminder~1 2025-02-28 OPEN",
    ];
    has_tasks(&client, "2024-05-01", &moved).await;
    // The renewal waits for the new end, and is expected by it.
    tick(&client, "2025-02-28").await;
    let renewal = async || crate::home::stream(&client, "opportunity-renewal~c1").await;
    assert_eq!(renewal().await.len(), 0);
    tick(&client, "2025-03-01").await;
    let opened = renewal().await;
    assert!(
        opened[0]
            .payload
            .contains(r#""expected_close_on":"2025-04-30""#)
    );
    // Brought forward: what lies after it is cancelled, and it is over a month earlier.
    let shorter = move_end("a2", "2025-03-10", "2025-03-31");
    tell_at(&client, "2025-03-10T10:00:00Z", shorter).await;
    tick(&client, "2025-03-31").await;
    let lost = renewal().await;
    let last = lost.last().unwrap();
    assert_eq!((lost.len(), &*last.r#type), (3, "OpportunityLost"));
    let moved = &lost[1].payload;
    assert!(
        moved.contains(r#""expected_close_on":"2025-03-31""#),
        "{moved}"
    );
    let over = tasks(&client, "2025-03-31").await;
    let over: Vec<_> = over
        .iter()
        .filter(|task| !task.ends_with("CANCELLED"))
        .collect();
    assert_eq!(over, [""; 0]);
    let late = move_end("a3", "2025-03-20", "2025-12-31");
    let late = crate::company::refused(&client, late).await;
    assert_eq!(late.reason, "END_HAS_PASSED");
}

/// A history of half a year: when, and what.
async fn tell_part(client: &Client, part: usize) {
    match part {
        0 => {
            let contract = sign("c1", "2024-01-31", "2025-01-31");
            tell_at(client, "2024-01-31T10:00:00Z", contract).await;
            let reached = reach("c1", "first_review", "2024-02-01");
            tell_at(client, "2024-02-01T10:00:00Z", reached).await;
            let contract = sign("c2", "2024-02-15", "2024-05-15");
            tell_at(client, "2024-02-15T10:00:00Z", contract).await;
        }
        1 => {
            let over = v1::HandOverContract {
                contract_id: "c2".to_owned(),
                handed_over_on: "2024-02-29".to_owned(),
            };
            tell_at(client, "2024-03-01T10:00:00Z", over).await;
            let renewal = v1::SignContract {
                renews_contract_id: "c2".to_owned(),
                ..sign("c3", "2024-05-15", "2025-05-15")
            };
            tell_at(client, "2024-04-20T10:00:00Z", renewal).await;
        }
        _ => {
            let terminate = v1::TerminateContract {
                contract_id: "c1".to_owned(),
                effective_on: "2024-07-01".to_owned(),
                reason: "price".to_owned(),
                note: String::new(),
            };
            tell_at(client, "2024-06-05T10:00:00Z", terminate).await;
        }
    }
}

/// What was brought about: what happened to tasks and renewals, and when.
pub(crate) async fn brought(client: &Client) -> BTreeSet<String> {
    let events = history(client).await.into_iter();
    let own = events.filter(|event| event.actor == "reactor");
    let told = own.map(|event| {
        let at = event.occurred_at.unwrap();
        format!("{} {} {at} {}", event.stream, event.r#type, event.payload)
    });
    told.collect()
}

async fn a_history_told_at_once_in_pieces_and_anew_brings_the_same(home: Home) {
    let mut node = home.start();
    let whole = client(&node, "whole");
    long_ago(&whole, "Europe/Berlin").await;
    for part in 0..3 {
        tell_part(&whole, part).await;
    }
    tick(&whole, "2024-07-10").await;
    let expected = brought(&whole).await;
    assert!(expected.len() > 20, "{expected:#?}");

    // Day by day as it happens, and with a node that is stopped between.
    let pieces = client(&node, "pieces");
    long_ago(&pieces, "Europe/Berlin").await;
    for (part, until) in ["2024-02-20", "2024-05-01", "2024-07-10"]
        .iter()
        .enumerate()
    {
        let pieces = client(&node, "pieces");
        tell_part(&pieces, part).await;
        tick(&pieces, until).await;
        node.stop().unwrap();
        node = home.start();
    }
    let pieces = client(&node, "pieces");
    assert_eq!(brought(&pieces).await, expected);
    // Once more brings nothing.
    let head = crate::home::head(&pieces).await;
    assert!(tick(&pieces, "2024-07-10").await.is_empty());
    assert_eq!(crate::home::head(&pieces).await, head);
    if matches!(home, Home::Sqlite(_)) {
        return;
    }

    // Two nodes at once.
    let other = home.start();
    let (one, other) = (client(&node, "doubled"), client(&other, "doubled"));
    long_ago(&one, "Europe/Berlin").await;
    for part in 0..3 {
        tell_part(&one, part).await;
    }
    let ticks = futures::join!(one.tick("2024-07-10"), other.tick("2024-07-10"));
    let days = futures::join!(
        ticks.0.unwrap().try_collect::<Vec<_>>(),
        ticks.1.unwrap().try_collect::<Vec<_>>()
    );
    assert!(days.0.is_ok() && days.1.is_ok(), "{days:?}");
    assert_eq!(brought(&one).await, expected);
}

async fn a_tenant_in_shanghai_has_its_own_days(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "Asia/Shanghai").await;
    // There it is the first of February already.
    let contract = sign("c1", "2024-02-01", "2024-12-31");
    tell_at(&client, "2024-01-31T17:00:00Z", contract).await;
    let planned = [
        "c1~onboarding~1 2024-03-01 OPEN",
        "c1~renewal-reminder~1 2024-10-31 OPEN",
    ];
    has_tasks(&client, "2024-02-10", &planned).await;
    let days = tick(&client, "2024-03-15").await;
    let first: NaiveDate = days[0].day.parse().unwrap();
    assert_eq!(first.to_string(), "2024-02-01");
    let escalated = crate::home::stream(&client, "task-c1~onboarding~1").await;
    let at = escalated.last().unwrap().occurred_at.unwrap();
    // The last instant of the 15th of March there.
    assert_eq!((at.seconds, at.nanos), (1_710_518_399, 999_999_000));
}

async fn the_clock_goes_on_day_by_day_and_never_twice(home: Home) {
    let node = home.start();
    let client = client(&node, "main");
    found(&client).await;
    tell(&client, customer("acme")).await;
    let url = node.url().to_owned();
    let run = async |day: &str| twinfunnel(&["tick", "--at", day, "--server", &url]).await;
    let first = run("2024-05-30").await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(
        first.out.starts_with("1 days ended, 0 reactions"),
        "{first:?}"
    );
    let next = run("2024-06-02").await;
    assert!(next.out.starts_with("3 days ended"), "{next:?}");
    let again = run("2024-06-01").await;
    assert_eq!(again.out.trim(), "2024-06-01 had ended before");
    let far = run("2124-06-01").await;
    assert_ne!(far.code, Some(0), "{far:?}");
    let none = twinfunnel(&["show", "tasks", "--server", &url]).await;
    assert_eq!(none.code, Some(0), "{none:?}");
}

async fn a_day_that_is_not_over_is_not_ended(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "UTC").await;
    let days = client.tick("2999-01-01").await.unwrap();
    let refused = days.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(
        refused.refused().unwrap().code,
        tonic::Code::InvalidArgument
    );
    let history = history(&client).await;
    assert!(history.iter().all(|event| event.r#type != "DayEnded"));
}

async fn a_renewal_is_won_at_what_was_signed(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "UTC").await;
    let contract = sign("c1", "2024-01-31", "2024-12-31");
    tell_at(&client, "2024-01-31T10:00:00Z", contract).await;
    tick(&client, "2024-11-30").await;
    // For less, and without a word of the opportunity.
    let mut less = sign("c2", "2024-12-31", "2025-12-31");
    less.renews_contract_id = "c1".to_owned();
    less.lines[0].list_price = usd("300");
    tell_at(&client, "2024-12-01T10:00:00Z", less).await;
    let renewal = async || crate::home::stream(&client, "opportunity-renewal~c1").await;
    eventually("the renewal is won", async || renewal().await.len() == 2).await;
    let won = renewal().await.pop().unwrap();
    assert_eq!(won.r#type, "OpportunityWon");
    assert!(
        won.payload.contains(r#""amount_minor":30000"#),
        "{}",
        won.payload
    );
}
