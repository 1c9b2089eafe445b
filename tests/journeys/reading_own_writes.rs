//! A query that names the position of a receipt shows what the receipt is for.

use std::time::{Duration, Instant};

use client::{Client, Config, at_least};
use proto::v1::funnel_conversion_query_service_client::FunnelConversionQueryServiceClient;
use proto::v1::{Consistency, GetFunnelConversionRequest, GetPipelineVelocityRequest};
use support::Node;

use crate::company::{assign, found, lead, tell, win, worth};
use crate::home::{Home, client, head};
use crate::raw;

on_both! {
    a_receipt_is_enough_to_read_ones_own_write,
    a_query_that_waits_ends_at_its_deadline,
    a_query_that_waits_is_answered_by_somebody_elses_command,
    a_query_that_waits_too_long_for_the_server_ends_with_a_deadline,
}

fn funnel(position: u64) -> GetFunnelConversionRequest {
    let consistency = Some(at_least(position));
    GetFunnelConversionRequest {
        consistency,
        ..GetFunnelConversionRequest::default()
    }
}

fn velocity(position: u64) -> GetPipelineVelocityRequest {
    let consistency = Some(at_least(position));
    GetPipelineVelocityRequest {
        consistency,
        ..GetPipelineVelocityRequest::default()
    }
}

async fn a_receipt_is_enough_to_read_ones_own_write(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    for count in 1..=25 {
        let id = format!("o{count}");
        let receipt = tell(&client, lead(&id)).await;
        let answer = client
            .funnel_conversion(funnel(receipt.position))
            .await
            .unwrap();
        assert!(answer.answered_from.unwrap().position >= receipt.position);
        assert_eq!(answer.overall.unwrap().created, count);

        let receipt = tell(&client, worth(&id, "100.00")).await;
        let answer = client
            .pipeline_velocity(velocity(receipt.position))
            .await
            .unwrap();
        assert!(answer.answered_from.unwrap().position >= receipt.position);
        let overall = answer.overall.unwrap();
        assert_eq!(overall.open_count, count);
        assert_eq!(overall.open_amount.unwrap().amount, format!("{count}00.00"));
    }
    // What was answered can be asked again, whatever came after.
    let before = client.funnel_conversion(funnel(0)).await.unwrap();
    let receipt = tell(&client, win("o1")).await;
    let as_of = proto::v1::AsOf {
        known_at: before
            .answered_from
            .map(|from| proto::v1::as_of::KnownAt::Position(from.position)),
        happened_by: before.answered_from.and_then(|from| from.at),
    };
    let consistency = Some(Consistency {
        as_of: Some(as_of),
        min_position: 0,
    });
    let again = client
        .funnel_conversion(GetFunnelConversionRequest {
            consistency,
            ..funnel(0)
        })
        .await
        .unwrap();
    assert_eq!(again.overall, before.overall);
    let now = client
        .funnel_conversion(funnel(receipt.position))
        .await
        .unwrap();
    assert_eq!(now.overall.unwrap().won, 1);
}

/// A client that gives its calls so long.
fn patient_for(node: &Node, timeout: Duration) -> Client {
    Client::connect(Config {
        timeout,
        ..Config::new(node.url(), "acme")
    })
    .unwrap()
}

async fn a_query_that_waits_ends_at_its_deadline(home: Home) {
    let node = home.start();
    found(&client(&node, "acme")).await;
    let hasty = patient_for(&node, Duration::from_millis(400));
    let position = head(&hasty).await + 1;

    for _ in 0..2 {
        let asked = Instant::now();
        let (funnel, velocity) = futures::join!(
            hasty.funnel_conversion(funnel(position)),
            hasty.pipeline_velocity(velocity(position)),
        );
        let took = asked.elapsed();
        assert!(
            matches!(funnel, Err(client::Error::DeadlineExceeded)),
            "{funnel:?}"
        );
        assert!(
            matches!(velocity, Err(client::Error::DeadlineExceeded)),
            "{velocity:?}"
        );
        // The server says so a little before the caller would notice by itself.
        assert!((350..3_000).contains(&took.as_millis()), "{took:?}");
    }
    // Nobody waits behind those that gave up.
    hasty.funnel_conversion(funnel(position - 1)).await.unwrap();
}

async fn a_query_that_waits_is_answered_by_somebody_elses_command(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let position = head(&client).await + 2;
    let waiting = tokio::spawn({
        let patient = patient_for(&node, Duration::from_secs(20));
        async move { patient.funnel_conversion(funnel(position)).await }
    });
    tell(&client, lead("o1")).await;
    assert!(!waiting.is_finished(), "one more is waited for");
    let began = Instant::now();
    tell(&client, assign("o1", "ann")).await;
    let answer = waiting.await.unwrap().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(answer.answered_from.unwrap().position, position);
    assert_eq!(answer.overall.unwrap().created, 1);
}

async fn a_query_that_waits_too_long_for_the_server_ends_with_a_deadline(home: Home) {
    let node = home.start_with(&["--max-seconds", "1"]);
    let client = client(&node, "acme");
    found(&client).await;
    let position = head(&client).await + 1;
    let asked = Instant::now();
    // The call names no deadline: it is the server that ends it.
    let answer = FunnelConversionQueryServiceClient::new(raw::channel(&node))
        .get_funnel_conversion(raw::of("acme", funnel(position)))
        .await;
    let status = answer.unwrap_err();
    let took = asked.elapsed();
    assert!((900..3_000).contains(&took.as_millis()), "{took:?}");
    assert_eq!(status.code(), tonic::Code::DeadlineExceeded, "{status:?}");
}
