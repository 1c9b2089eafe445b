//! Many at once: on one thing, and on many things.

use futures::future::join_all;
use proto::v1::{GetFunnelConversionRequest, Receipt};

use crate::company::{STAGES, advance, assign, found, lead, tell, tell_all, under, worth};
use crate::home::{Home, assert_dense, assert_kept, client, history, stream};

on_both! {
    many_change_one_opportunity_and_every_change_counts,
    many_opportunities_go_forward_at_once,
    of_many_leads_with_one_address_one_is_taken,
    a_rule_holds_however_many_try_to_break_it,
}

async fn many_change_one_opportunity_and_every_change_counts(home: Home) {
    let node = home.start();
    let first = client(&node, "acme");
    found(&first).await;
    tell(&first, lead("hot")).await;
    let clients: Vec<_> = (0..4).map(|_| client(&node, "acme")).collect();
    let tasks = (0..16).map(|task| {
        let client = clients[task % 4].clone();
        tokio::spawn(async move {
            let mut receipts = Vec::new();
            for n in 0..10 {
                let id = format!("c{task}.{n}");
                let amount = worth("hot", &format!("{task}.{n:02}"));
                receipts.push(client.command(under(&id), amount).await.unwrap());
                let rep = if task % 2 == 0 { "ann" } else { "bob" };
                receipts.push(tell(&client, assign("hot", rep)).await);
            }
            receipts
        })
    });
    let receipts: Vec<Receipt> = join_all(tasks)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(receipts.len(), 320);

    let events = history(&first).await;
    assert_dense(&events);
    assert_kept(&receipts, &events);
    let appended = receipts
        .iter()
        .filter(|receipt| !receipt.event_types.is_empty())
        .count();
    assert_eq!(events.len(), 4 + appended);
    let changed = events
        .iter()
        .filter(|event| event.r#type == "AmountChanged")
        .count();
    assert_eq!(changed, 160, "no two amounts were the same");
    let own = stream(&first, "opportunity-hot").await;
    assert_eq!(own.last().unwrap().version, own.len() as u64);
    // Nobody was assigned to it who had it already.
    let owners = own.iter().filter(|event| event.r#type == "LeadAssigned");
    let owners: Vec<serde_json::Value> = owners
        .map(|event| serde_json::from_str(&event.payload).unwrap())
        .collect();
    for pair in owners.windows(2) {
        assert_eq!(pair[0]["rep_id"], pair[1]["previous_rep_id"]);
        assert_ne!(pair[0]["rep_id"], pair[1]["rep_id"]);
    }
}

async fn many_opportunities_go_forward_at_once(home: Home) {
    let node = home.start();
    let first = client(&node, "acme");
    found(&first).await;
    let clients: Vec<_> = (0..4).map(|_| client(&node, "acme")).collect();
    let going = (0..200).map(|n| {
        let client = clients[n % 4].clone();
        tokio::spawn(async move {
            let id = format!("o{n}");
            let mut receipts = vec![tell(&client, lead(&id)).await];
            // All at once: what is assigned may be advanced before or after.
            let (assigned, advanced, changed) = futures::join!(
                tell(&client, assign(&id, "ann")),
                tell(&client, advance(&id, STAGES[1])),
                tell(&client, worth(&id, "1.00")),
            );
            receipts.extend([assigned, advanced, changed]);
            receipts
        })
    });
    let receipts: Vec<Receipt> = join_all(going)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    let events = history(&first).await;
    assert_dense(&events);
    assert_eq!(events.len(), 803);
    assert_kept(&receipts, &events);
    let question = GetFunnelConversionRequest {
        consistency: Some(client::at_least(803)),
        ..GetFunnelConversionRequest::default()
    };
    let overall = first
        .funnel_conversion(question)
        .await
        .unwrap()
        .overall
        .unwrap();
    assert_eq!(
        (
            overall.created,
            overall.stages[1].reached,
            overall.stages[2].reached
        ),
        (200, 200, 0)
    );
}

async fn of_many_leads_with_one_address_one_is_taken(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let leads = (0..24).map(|n| proto::v1::RegisterOpportunity {
        email: if n % 2 == 0 {
            "zoe@example.com".into()
        } else {
            " ZOE@Example.com".into()
        },
        ..lead(&format!("o{n}"))
    });
    let sent = leads.map(|lead| client.command(client::CommandOptions::default(), lead));
    let (taken, refused): (Vec<_>, Vec<_>) =
        join_all(sent).await.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (1, 23));
    let holder = &taken[0].as_ref().unwrap().stream;
    for refused in refused {
        let error = refused.unwrap_err();
        let refused = error.refused().unwrap();
        assert_eq!(refused.reason, "ALREADY_CLAIMED");
        assert_eq!(refused.metadata["holder"], *holder);
    }
    assert_eq!(history(&client).await.len(), 4);
    tell_all(&client, (30..40).map(|n| lead(&format!("o{n}")))).await;
}

async fn a_rule_holds_however_many_try_to_break_it(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    for round in 0..10 {
        let id = format!("o{round}");
        tell(&client, lead(&id)).await;
        // Won once, or lost once; whoever comes later is told that it is closed.
        let lose = proto::v1::LoseOpportunity {
            opportunity_id: id.clone(),
            reason: "price".into(),
            ..proto::v1::LoseOpportunity::default()
        };
        let (won, lost) = futures::join!(
            client.command(client::CommandOptions::default(), crate::company::win(&id)),
            client.command(client::CommandOptions::default(), lose),
        );
        let refused = match (won, lost) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused.refused().unwrap().reason, "ALREADY_CLOSED");
        let types = stream(&client, &format!("opportunity-{id}")).await;
        assert_eq!(types.len(), 2);
    }
}
