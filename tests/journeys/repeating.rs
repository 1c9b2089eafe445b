//! A command sent again takes effect once, however often and whenever it is sent.

use proto::v1::Receipt;
use tonic::Code;

use crate::company::{advance, assign, element, found, lead, tell, under, win};
use crate::home::{Home, assert_dense, assert_kept, client, head, history};

on_both! {
    a_command_sent_twice_answers_with_its_first_receipt,
    a_command_sent_again_after_a_crash_answers_with_its_first_receipt,
    a_command_that_would_be_refused_by_now_still_answers_with_its_first_receipt,
    a_command_that_changed_nothing_answers_with_its_first_receipt_too,
    an_id_belongs_to_one_command,
    a_refused_command_may_be_sent_again_and_taken,
    one_command_sent_by_many_at_once_takes_effect_once,
    a_repetition_in_a_bulk_stream_is_told,
}

fn once_more(first: &Receipt) -> Receipt {
    Receipt {
        duplicate: true,
        ..first.clone()
    }
}

async fn a_command_sent_twice_answers_with_its_first_receipt(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let first = client.command(under("c1"), lead("o1")).await.unwrap();
    assert!(!first.duplicate);
    // Others come between.
    tell(&client, assign("o1", "ann")).await;
    let recorded = head(&client).await;
    for _ in 0..3 {
        let again = client.command(under("c1"), lead("o1")).await.unwrap();
        assert_eq!(again, once_more(&first));
    }
    assert_eq!(head(&client).await, recorded);
}

async fn a_command_sent_again_after_a_crash_answers_with_its_first_receipt(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let first = client.command(under("c1"), lead("o1")).await.unwrap();
    let second = client
        .command(under("c2"), assign("o1", "ann"))
        .await
        .unwrap();
    tokio::task::block_in_place(|| node.kill());

    let node = home.start();
    let client = crate::home::client(&node, "acme");
    let recorded = head(&client).await;
    assert_eq!(recorded, second.position);
    let again = client.command(under("c1"), lead("o1")).await.unwrap();
    assert_eq!(again, once_more(&first));
    let again = client
        .command(under("c2"), assign("o1", "ann"))
        .await
        .unwrap();
    assert_eq!(again, once_more(&second));
    assert_eq!(head(&client).await, recorded);
    // And the node knows the opportunity as it stood.
    let next = tell(&client, advance("o1", "proposal")).await;
    assert_eq!((next.position, next.version), (recorded + 1, 3));
    assert_dense(&history(&client).await);
}

async fn a_command_that_would_be_refused_by_now_still_answers_with_its_first_receipt(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    let first = client
        .command(under("c1"), advance("o1", "qualified"))
        .await
        .unwrap();
    tell(&client, win("o1")).await;
    let again = client
        .command(under("c1"), advance("o1", "qualified"))
        .await
        .unwrap();
    assert_eq!(again, once_more(&first));
}

async fn a_command_that_changed_nothing_answers_with_its_first_receipt_too(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    tell(&client, assign("o1", "ann")).await;
    let first = client
        .command(under("c1"), assign("o1", "ann"))
        .await
        .unwrap();
    assert_eq!(
        (first.position, first.version, first.event_types.len()),
        (5, 2, 0)
    );
    tell(&client, advance("o1", "qualified")).await;
    let again = client
        .command(under("c1"), assign("o1", "ann"))
        .await
        .unwrap();
    assert_eq!(again, once_more(&first));
    // Also where it would take effect by now.
    tell(&client, assign("o1", "bob")).await;
    let again = client
        .command(under("c1"), assign("o1", "ann"))
        .await
        .unwrap();
    assert_eq!(again, once_more(&first));
    assert_eq!(head(&client).await, 7);
}

async fn an_id_belongs_to_one_command(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    client
        .command(under("c1"), assign("o1", "ann"))
        .await
        .unwrap();
    let recorded = head(&client).await;
    let other = client
        .command(under("c1"), assign("o1", "bob"))
        .await
        .unwrap_err();
    let refused = other.refused().unwrap();
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::AlreadyExists, "COMMAND_ID_REUSED")
    );
    // Of another kind, of another aggregate, one that changes nothing, one that breaks a rule.
    let others = [
        client.command(under("c1"), win("o1")).await,
        client.command(under("c1"), lead("o2")).await,
        client
            .command(under("c1"), crate::company::rep("ann"))
            .await,
        client.command(under("c1"), advance("o1", "nowhere")).await,
    ];
    for other in others {
        let error = other.unwrap_err();
        assert_eq!(error.refused().unwrap().reason, "COMMAND_ID_REUSED");
    }
    assert_eq!(head(&client).await, recorded);
}

async fn a_refused_command_may_be_sent_again_and_taken(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let early = client
        .command(under("c1"), assign("o1", "ann"))
        .await
        .unwrap_err();
    assert_eq!(early.refused().unwrap().reason, "NOT_REGISTERED");
    tell(&client, lead("o1")).await;
    let taken = client
        .command(under("c1"), assign("o1", "ann"))
        .await
        .unwrap();
    assert_eq!((taken.duplicate, taken.version), (false, 2));
}

async fn one_command_sent_by_many_at_once_takes_effect_once(home: Home) {
    let node = home.start();
    let first = client(&node, "acme");
    found(&first).await;
    let clients: Vec<_> = (0..4).map(|_| client(&node, "acme")).collect();
    let sent = (0..32).map(|n| clients[n % 4].command(under("c1"), lead("o1")));
    let receipts: Vec<_> = futures::future::join_all(sent)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let firsts = receipts.iter().filter(|receipt| !receipt.duplicate).count();
    assert_eq!(firsts, 1);
    let events = history(&first).await;
    assert_eq!(events.len(), 4);
    assert_kept(&receipts, &events);
}

async fn a_repetition_in_a_bulk_stream_is_told(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let elements = vec![
        element("c1", lead("o1")),
        element("c1", lead("o1")),
        element("c1", lead("o2")),
        element("c2", lead("o2")),
    ];
    let answers = crate::bulk::submit(&client, elements).await;
    let [first, again, reused, other] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!(again.as_ref().unwrap(), &once_more(first.as_ref().unwrap()));
    assert_eq!(reused.as_ref().unwrap_err().reason, "COMMAND_ID_REUSED");
    assert!(!other.as_ref().unwrap().duplicate);
    assert_eq!(head(&client).await, 5);
}
