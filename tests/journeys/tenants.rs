//! Tenants share a node and nothing else.

use futures::StreamExt as _;
use proto::v1::follow_response::Item;
use proto::v1::{FollowRequest, GetFunnelConversionRequest, RegisterOpportunity};

use crate::bulk::submit;
use crate::company::{advance, element, found, lead, tell, under, win, worth};
use crate::home::{Home, assert_dense, client, head, history, stream};

on_both! {
    the_same_ids_in_two_tenants_are_two_things,
    a_question_is_answered_from_ones_own_tenant,
    a_follower_hears_of_its_own_tenant_only,
    many_tenants_grow_side_by_side,
}

async fn the_same_ids_in_two_tenants_are_two_things(home: Home) {
    let node = home.start();
    let (acme, bolt) = (client(&node, "acme"), client(&node, "bolt"));
    let with_address = RegisterOpportunity {
        email: "zoe@example.com".into(),
        phone: "+49 30 1234567".into(),
        ..lead("o1")
    };
    for client in [&acme, &bolt] {
        found(client).await;
        // The same command id, the same opportunity, the same address: each tenant's own.
        let receipt = client
            .command(under("c1"), with_address.clone())
            .await
            .unwrap();
        assert_eq!(
            (receipt.position, receipt.version, receipt.duplicate),
            (4, 1, false)
        );
    }
    tell(&acme, win("o1")).await;
    let receipt = tell(&bolt, advance("o1", "proposal")).await;
    assert_eq!((receipt.position, receipt.version), (5, 2));

    let types = async |client| {
        let events = stream(client, "opportunity-o1").await;
        events
            .into_iter()
            .map(|event| event.r#type)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        types(&acme).await,
        ["OpportunityRegistered", "OpportunityWon"]
    );
    assert_eq!(
        types(&bolt).await,
        ["OpportunityRegistered", "StageAdvanced"]
    );
    for client in [&acme, &bolt] {
        assert_dense(&history(client).await);
        assert_eq!(head(client).await, 5);
    }
    // One who never did anything has nothing, however the name looks.
    for name in ["acme2", "ACME", "acm", "a"] {
        let other = client(&node, name);
        assert_eq!(head(&other).await, 0);
        assert!(history(&other).await.is_empty());
        assert!(stream(&other, "opportunity-o1").await.is_empty());
    }
}

async fn a_question_is_answered_from_ones_own_tenant(home: Home) {
    let node = home.start();
    let (acme, bolt) = (client(&node, "acme"), client(&node, "bolt"));
    for (client, count, amount) in [(&acme, 3, "10.00"), (&bolt, 5, "7.00")] {
        found(client).await;
        for n in 0..count {
            tell(client, lead(&format!("o{n}"))).await;
            tell(client, worth(&format!("o{n}"), amount)).await;
        }
    }
    for (client, count, sum) in [(&acme, 3, "30.00"), (&bolt, 5, "35.00")] {
        let consistency = Some(client::at_least(head(client).await));
        let question = GetFunnelConversionRequest {
            consistency,
            ..Default::default()
        };
        let answer = client.funnel_conversion(question).await.unwrap();
        assert_eq!(answer.overall.unwrap().created, count);
        assert_eq!(answer.distribution[0].open_count, count);
        let question = proto::v1::GetPipelineVelocityRequest {
            consistency,
            ..Default::default()
        };
        let answer = client.pipeline_velocity(question).await.unwrap();
        assert_eq!(answer.overall.unwrap().open_amount.unwrap().amount, sum);
    }
}

async fn a_follower_hears_of_its_own_tenant_only(home: Home) {
    let node = home.start();
    let (acme, bolt) = (client(&node, "acme"), client(&node, "bolt"));
    // It follows before its tenant has anything.
    let mut heard = acme.follow(FollowRequest::default()).await.unwrap();
    found(&bolt).await;
    tell(&acme, crate::company::process()).await;
    tell(&bolt, lead("o1")).await;
    tell(&acme, lead("o2")).await;
    let mut streams = Vec::new();
    while streams.len() < 2 {
        if let Some(Item::Event(event)) = heard.next().await.unwrap().unwrap().item {
            streams.push((event.position, event.stream));
        }
    }
    let expected = [
        (1, "sales_process-b2b".to_owned()),
        (2, "opportunity-o2".to_owned()),
    ];
    assert_eq!(streams, expected);
}

async fn many_tenants_grow_side_by_side(home: Home) {
    let node = home.start();
    let tenants: Vec<_> = (0..20).map(|n| client(&node, &format!("t{n}"))).collect();
    let growing = tenants.iter().map(async |client| {
        found(client).await;
        let leads = (0..20)
            .map(|n| element("", lead(&format!("o{n}"))))
            .collect();
        for answer in submit(client, leads).await {
            answer.unwrap();
        }
    });
    futures::future::join_all(growing).await;
    for client in &tenants {
        let events = history(client).await;
        assert_eq!(events.len(), 23);
        assert_dense(&events);
        let consistency = Some(client::at_least(23));
        let question = GetFunnelConversionRequest {
            consistency,
            ..Default::default()
        };
        assert_eq!(
            client
                .funnel_conversion(question)
                .await
                .unwrap()
                .overall
                .unwrap()
                .created,
            20
        );
    }
}
