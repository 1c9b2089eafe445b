//! Commands in bulk: one stream in, one stream of answers out, in the same order.

use client::{Client, IntoKind as _};
use futures::{StreamExt as _, stream};
use proto::v1::submit_response::Outcome;
use proto::v1::{Receipt, Refusal, SubmitRequest};
use tonic::Code;

use crate::company::{STAGES, advance, assign, element, found, lead, worth};
use crate::home::{Home, assert_dense, assert_kept, client, head, history};

on_both! {
    two_thousand_commands_are_answered_in_order_and_one_refusal_ends_nothing,
    commands_of_a_stream_build_on_one_another,
    a_stream_of_nothing_but_nonsense_is_answered_element_by_element,
    answers_come_while_the_stream_is_still_open,
}

/// Sends commands through one stream and gives their answers.
pub(crate) async fn submit(
    client: &Client,
    elements: Vec<SubmitRequest>,
) -> Vec<Result<Receipt, Refusal>> {
    let answers = client.submit(stream::iter(elements)).await.unwrap();
    answers
        .map(|answer| told(answer.unwrap().outcome.unwrap()))
        .collect()
        .await
}

fn told(outcome: Outcome) -> Result<Receipt, Refusal> {
    match outcome {
        Outcome::Receipt(receipt) => Ok(receipt),
        Outcome::Refusal(refusal) => Err(refusal),
    }
}

async fn two_thousand_commands_are_answered_in_order_and_one_refusal_ends_nothing(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let mut elements = Vec::new();
    for n in 0..400 {
        let id = format!("o{n}");
        let commands = [
            lead(&id).into_kind(),
            assign(&id, if n % 2 == 0 { "ann" } else { "bob" }).into_kind(),
            advance(&id, STAGES[n % 3 + 1]).into_kind(),
            worth(&id, &format!("{n}.00")).into_kind(),
            worth(&id, &format!("{n}.50")).into_kind(),
        ];
        for (step, command) in commands.into_iter().enumerate() {
            elements.push(element(&format!("c{n}.{step}"), command.unwrap()));
        }
    }
    elements[1_000] = element("bad", advance("o5", "nowhere"));
    elements[1_001] = SubmitRequest {
        command_id: "empty".into(),
        ..SubmitRequest::default()
    };
    let ids: Vec<String> = elements
        .iter()
        .map(|element| element.command_id.clone())
        .collect();

    let answers = submit(&client, elements).await;
    assert_eq!(answers.len(), 2_000);
    let mut receipts = Vec::new();
    for ((answer, id), at) in answers.into_iter().zip(&ids).zip(0..) {
        match (at, answer) {
            (1_000, Err(refusal)) => {
                assert_eq!(refusal.code, i32::from(Code::FailedPrecondition));
                assert_eq!(refusal.reason, "UNKNOWN_STAGE");
                assert!(!refusal.message.is_empty());
            }
            (1_001, Err(refusal)) => assert_eq!(refusal.code, i32::from(Code::InvalidArgument)),
            // The opportunity whose first command gave way to the bad one is not there.
            (1_002..1_005, Err(refusal)) => assert_eq!(refusal.reason, "NOT_REGISTERED"),
            (_, Ok(receipt)) => {
                assert_eq!(receipt.command_id, *id);
                receipts.push(receipt);
            }
            (at, other) => panic!("{at}: {other:?}"),
        }
    }
    assert_eq!(receipts.len(), 1_995);
    let events = history(&client).await;
    assert_dense(&events);
    assert_eq!(events.len(), 1_998);
    assert_kept(&receipts, &events);
    let positions: Vec<u64> = receipts.iter().map(|receipt| receipt.position).collect();
    assert!(positions.is_sorted(), "they take effect in the order sent");
}

async fn commands_of_a_stream_build_on_one_another(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    // Each names what the one before it brings about, before any of it can be durable.
    let elements = vec![
        element("c1", crate::company::process()),
        element("c2", crate::company::rep("ann")),
        element("c3", lead("o1")),
        element("c4", assign("o1", "ann")),
        element("c5", advance("o1", "proposal")),
        element("c6", advance("o1", "qualified")),
        element("c7", crate::company::win("o1")),
        element("c8", worth("o1", "1.00")),
    ];
    let answers = submit(&client, elements).await;
    let reasons: Vec<Option<&str>> = answers
        .iter()
        .map(|answer| answer.as_ref().err().map(|refusal| refusal.reason.as_str()))
        .collect();
    let none = None;
    let expected = [
        none,
        none,
        none,
        none,
        none,
        Some("NOT_FORWARD"),
        none,
        Some("ALREADY_CLOSED"),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(head(&client).await, 6);
}

async fn a_stream_of_nothing_but_nonsense_is_answered_element_by_element(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let nonsense = [
        (element("c 1", lead("o1")), "command_id"),
        (element(&"c".repeat(129), lead("o1")), "command_id"),
        (
            SubmitRequest {
                actor: "\u{202e}".into(),
                ..element("c2", lead("o1"))
            },
            "actor",
        ),
        (
            SubmitRequest {
                correlation_id: "a b".into(),
                ..element("c3", lead("o1"))
            },
            "correlation_id",
        ),
        (
            SubmitRequest {
                causation_id: "\n".into(),
                ..element("c4", lead("o1"))
            },
            "causation_id",
        ),
        (element("c5", lead("o\u{0}1")), "opportunity_id"),
    ];
    let (elements, fields): (Vec<_>, Vec<_>) = nonsense.into_iter().unzip();
    let answers = submit(&client, elements).await;
    assert_eq!(answers.len(), fields.len());
    for (answer, field) in answers.into_iter().zip(fields) {
        let refusal = answer.unwrap_err();
        assert_eq!(
            refusal.code,
            i32::from(Code::InvalidArgument),
            "{refusal:?}"
        );
        assert!(refusal.message.contains(field), "{refusal:?}");
    }
    assert_eq!(head(&client).await, 0);
}

async fn answers_come_while_the_stream_is_still_open(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let (commands, carried) = futures::channel::mpsc::unbounded();
    let mut answers = client.submit(carried).await.unwrap();
    commands
        .unbounded_send(element("c1", crate::company::process()))
        .unwrap();
    for n in 0..20 {
        let answer = answers.next().await.unwrap().unwrap();
        let receipt = told(answer.outcome.unwrap()).unwrap();
        assert_eq!(receipt.position, n + 1);
        // The next is sent only once the last is answered.
        commands
            .unbounded_send(element("", lead(&format!("o{n}"))))
            .unwrap();
    }
    drop(commands);
    let last = told(answers.next().await.unwrap().unwrap().outcome.unwrap()).unwrap();
    assert!(!last.command_id.is_empty(), "made by the server");
    assert!(answers.next().await.is_none());
    assert_eq!(head(&client).await, 21);
}
