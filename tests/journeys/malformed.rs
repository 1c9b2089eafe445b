//! Calls that are broken as such: too large, not text, no call at all. Each gets a clear answer where
//! one can be given, nothing of it is recorded, and the node goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use client::IntoKind as _;
use futures::{StreamExt as _, stream};
use proto::v1;
use proto::v1::follow_response::Item;
use proto::v1::funnel_conversion_query_service_client::FunnelConversionQueryServiceClient;
use proto::v1::history_service_client::HistoryServiceClient;
use proto::v1::opportunity_command_service_client::OpportunityCommandServiceClient;
use proto::v1::read_model_service_client::ReadModelServiceClient;
use proto::v1::submit_response::Outcome;
use tonic::Code;
use tonic::metadata::MetadataValue;

use crate::company::{customer, element, found, lead};
use crate::home::{Home, client, head, history};
use crate::hostile::{assert_unmoved, assert_wrong};
use crate::raw;

on_both! {
    a_message_too_large_is_refused,
    metadata_that_is_not_text_is_refused,
    a_history_nobody_could_have_is_refused,
    a_question_about_what_cannot_be_is_refused,
    a_refusal_fits_into_its_answer_however_much_is_wrong,
    bytes_that_are_no_call_do_no_harm,
}

async fn a_message_too_large_is_refused(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let large = v1::RegisterOpportunity {
        name: "x".repeat(5 << 20),
        ..lead("o1")
    };
    let error = client
        .command(client::CommandOptions::default(), large.clone())
        .await
        .unwrap_err();
    let told = error.refused().unwrap();
    assert!(
        matches!(told.code, Code::OutOfRange | Code::ResourceExhausted),
        "{told:?}"
    );
    assert!(told.message.contains("too large"), "{told:?}");

    // In a stream nobody can tell where it would go on: what came before is answered, then it ends.
    let elements = vec![
        element("c1", lead("o1")),
        element("c2", large),
        element("c3", lead("o3")),
    ];
    let mut answers = client.submit(stream::iter(elements)).await.unwrap();
    let first = answers.next().await.unwrap().unwrap();
    assert!(matches!(first.outcome, Some(Outcome::Receipt(_))));
    let broken = answers.next().await.unwrap().unwrap_err();
    let told = broken.refused().unwrap();
    assert!(
        matches!(told.code, Code::OutOfRange | Code::ResourceExhausted),
        "{told:?}"
    );
    assert!(answers.next().await.is_none());
    assert_unmoved(&node, 4).await;

    // What is within the limit but too much for a field says so.
    let many = v1::ChangeProducts {
        opportunity_id: "o1".into(),
        product_ids: (0..10_000).map(|n| format!("p{n}")).collect(),
    };
    assert_wrong(&client, many.into_kind().unwrap(), "product_ids").await;
    let profile = v1::CustomerProfile {
        industry: "x".repeat(1 << 20),
        name: "A".into(),
        ..Default::default()
    };
    let wordy = v1::RegisterCustomer {
        profile: Some(profile),
        ..customer("c")
    };
    assert_wrong(&client, wordy.into_kind().unwrap(), "profile.industry").await;
}

async fn metadata_that_is_not_text_is_refused(home: Home) {
    let node = home.start();
    let recorded = {
        let client = client(&node, "acme");
        found(&client).await;
        head(&client).await
    };
    let mut commands = OpportunityCommandServiceClient::new(raw::channel(&node));
    let opaque = || MetadataValue::try_from(&b"caf\xe9"[..]).unwrap();
    let long = "x".repeat(129);
    let cases = [
        ("x-tenant", opaque()),
        ("x-actor", opaque()),
        ("x-actor", long.parse().unwrap()),
        ("x-command-id", opaque()),
        ("x-command-id", long.parse().unwrap()),
        ("x-command-id", "".parse().unwrap()),
        ("x-command-id", "a b".parse().unwrap()),
        ("x-correlation-id", opaque()),
        ("x-causation-id", long.parse().unwrap()),
        ("x-occurred-at", "yesterday".parse().unwrap()),
        ("x-occurred-at", "2017-02-30T00:00:00Z".parse().unwrap()),
        ("x-occurred-at", "2999-01-01T00:00:00Z".parse().unwrap()),
        ("x-occurred-at", opaque()),
    ];
    for (key, value) in cases {
        let told = format!("{key}: {value:?}");
        let request = raw::with(raw::of("acme", lead("o1")), |metadata| {
            metadata.insert(key, value);
        });
        let status = commands.register_opportunity(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{told}: {status:?}");
        assert_eq!(raw::fields(&status), [key], "{told}");
    }
    assert_unmoved(&node, recorded).await;

    // A trace context that is none is nobody's fault: it is dropped.
    let request = raw::with(raw::of("acme", lead("o1")), |metadata| {
        metadata.insert("traceparent", "00-nonsense".parse().unwrap());
    });
    commands.register_opportunity(request).await.unwrap();
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = raw::with(raw::of("acme", lead("o2")), |metadata| {
        metadata.insert("traceparent", good.parse().unwrap());
    });
    commands.register_opportunity(request).await.unwrap();
    let events = history(&client(&node, "acme")).await;
    assert_eq!(
        (
            events[3].trace_context.as_str(),
            events[4].trace_context.as_str()
        ),
        ("", good)
    );
}

async fn a_history_nobody_could_have_is_refused(home: Home) {
    let node = home.start();
    let mut histories = HistoryServiceClient::new(raw::channel(&node));
    for name in [
        "",
        "opportunity",
        "opportunity-",
        "Opportunity-1",
        "opportunity-a b",
        "-",
        "a\u{0}-b",
    ] {
        let question = v1::ReadStreamRequest {
            stream: name.into(),
            ..Default::default()
        };
        let status = histories
            .read_stream(raw::of("acme", question))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{name:?}");
        assert_eq!(raw::fields(&status), ["stream"]);
    }
    let follow = |filter, from| v1::FollowRequest {
        filter,
        from,
        until_head: true,
        ..v1::FollowRequest::default()
    };
    let streams = |names: &[&str]| {
        let streams = names.iter().map(|&name| name.to_owned()).collect();
        Some(v1::EventFilter {
            streams,
            ..v1::EventFilter::default()
        })
    };
    let instant = |seconds, nanos| {
        Some(v1::follow_request::From::RecordedFrom(
            prost_types::Timestamp { seconds, nanos },
        ))
    };
    let cases = [
        (follow(streams(&["nonsense"]), None), "filter.streams"),
        (follow(streams(&["a-b"; 101]), None), "filter"),
        (follow(None, instant(0, -1)), "recorded_from"),
        (follow(None, instant(i64::MAX, 0)), "recorded_from"),
    ];
    for (question, field) in cases {
        let status = histories
            .follow(raw::of("acme", question))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert_eq!(raw::fields(&status), [field]);
    }
    // Names that no event has are no fault: nothing matches. One that cannot be a name may be said
    // to be none, but never that the log is away.
    let client = client(&node, "acme");
    found(&client).await;
    let named = |name: &str| v1::EventFilter {
        types: vec![name.into()],
        categories: vec![name.into()],
        ..v1::EventFilter::default()
    };
    for name in ["'; DROP TABLE event; --", "%", "_", "\u{0}", "é", ""] {
        let question = follow(Some(named(name)), None);
        match histories.follow(raw::of("acme", question)).await {
            Err(status) => assert_eq!(status.code(), Code::InvalidArgument, "{name:?}: {status:?}"),
            Ok(answers) => {
                let answers: Vec<_> = answers.into_inner().collect().await;
                for answer in answers {
                    let item = answer
                        .unwrap_or_else(|status| panic!("{name:?}: {status:?}"))
                        .item;
                    assert!(
                        matches!(item, Some(Item::CaughtUpTo(3))),
                        "{name:?}: {item:?}"
                    );
                }
            }
        }
    }
    // Positions beyond everything.
    let from = Some(v1::follow_request::From::AfterPosition(u64::MAX));
    let answers = client.follow(follow(None, from)).await.unwrap();
    assert_eq!(answers.count().await, 0);
    assert_unmoved(&node, 3).await;
}

async fn a_question_about_what_cannot_be_is_refused(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let mut funnels = FunnelConversionQueryServiceClient::new(raw::channel(&node));
    let names = ["\u{0}", "b2b\u{0}", "'; DROP TABLE stage; --", "é", "%"];
    for name in names {
        let process = v1::GetFunnelConversionRequest {
            sales_process_id: name.into(),
            consistency: Some(client::at_least(3)),
            ..v1::GetFunnelConversionRequest::default()
        };
        let answer = funnels
            .get_funnel_conversion(raw::of("acme", process))
            .await;
        let status = answer.unwrap_err();
        let is_clear = matches!(status.code(), Code::NotFound | Code::InvalidArgument);
        assert!(is_clear, "{status:?}");
        for dimension in 1..=7 {
            let filter = v1::CutFilter {
                dimension,
                keys: vec![name.into()],
            };
            let filtered = v1::GetFunnelConversionRequest {
                filters: vec![filter],
                cut_by: vec![dimension],
                consistency: Some(client::at_least(3)),
                ..v1::GetFunnelConversionRequest::default()
            };
            match funnels
                .get_funnel_conversion(raw::of("acme", filtered))
                .await
            {
                Ok(answer) => assert_eq!(answer.into_inner().overall.unwrap().created, 0),
                Err(status) => assert_eq!(status.code(), Code::InvalidArgument, "{status:?}"),
            }
        }
    }
    assert_unmoved(&node, 3).await;
}

async fn a_refusal_fits_into_its_answer_however_much_is_wrong(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let mut commands = OpportunityCommandServiceClient::new(raw::channel(&node));
    // Many wrong fields, within and beyond what a list may hold: beyond it, they are not looked at.
    for (count, field) in [(100, "product_ids[0]"), (10_000, "product_ids")] {
        let products = v1::RegisterOpportunity {
            product_ids: vec!["no good".into(); count],
            ..lead("o1")
        };
        let answer = commands
            .register_opportunity(raw::of("acme", products))
            .await;
        let status = answer.unwrap_err();
        assert_eq!(
            status.code(),
            Code::InvalidArgument,
            "{count}: {}",
            status.message()
        );
        assert!(raw::fields(&status).contains(&field.to_owned()));
    }
    // Long names of what is not there.
    let long = "x".repeat(100_000);
    let mut funnels = FunnelConversionQueryServiceClient::new(raw::channel(&node));
    let process = v1::GetFunnelConversionRequest {
        sales_process_id: long.clone(),
        ..v1::GetFunnelConversionRequest::default()
    };
    let answer = funnels
        .get_funnel_conversion(raw::of("acme", process))
        .await;
    let code = answer.unwrap_err().code();
    assert!(
        matches!(code, Code::NotFound | Code::InvalidArgument),
        "{code:?}"
    );
    let mut models = ReadModelServiceClient::new(raw::channel(&node));
    let rebuild = v1::RebuildReadModelRequest { name: long };
    let answer = models.rebuild_read_model(raw::of("acme", rebuild)).await;
    let code = answer.unwrap_err().code();
    assert!(
        matches!(code, Code::NotFound | Code::InvalidArgument),
        "{code:?}"
    );
    assert_unmoved(&node, 3).await;
}

async fn bytes_that_are_no_call_do_no_harm(home: Home) {
    let node = home.start();
    let recorded = {
        let client = client(&node, "acme");
        found(&client).await;
        head(&client).await
    };
    let address = node.address();
    let strange: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &[0; 4_096],
        b"",
    ];
    tokio::task::spawn_blocking(move || {
        let mut held = Vec::new();
        for bytes in strange {
            let mut connection = TcpStream::connect(address).unwrap();
            connection
                .set_read_timeout(Some(Duration::from_millis(200)))
                .unwrap();
            // It may hang up while we speak, or say nothing: both are its right.
            let _ = connection.write_all(bytes);
            let _ = connection.read(&mut [0; 64]);
            held.push(connection);
        }
    })
    .await
    .unwrap();
    assert_unmoved(&node, recorded).await;
}
