//! Usage told by senders who send at least once: each record comes in once, whatever they do.

use std::collections::BTreeMap;

use event_schemas::StreamEvents as _;
use event_schemas::usage::UsageEvent;
use event_schemas::vocabulary::Position;
use futures::future::join_all;
use log::{Filter, Log};
use proto::v1;
use proto::v1::command::Kind;
use twinfunnel_executor::{Error, Executor, Options};

use crate::home::{envelope, tenant};

on_both! {
    a_batch_of_several_days_lands_as_one,
    a_record_told_of_another_day_or_customer_is_left_out,
    two_senders_of_the_same_records_bring_each_in_once,
    a_pipeline_of_records_told_of_another_day_is_answered_one_by_one,
    all_days_are_refused_if_one_is,
}

fn customer(id: &str) -> Kind {
    Kind::RegisterCustomer(v1::RegisterCustomer {
        customer_id: id.to_owned(),
        profile: Some(v1::CustomerProfile {
            name: id.to_owned(),
            ..Default::default()
        }),
        external_id: None,
    })
}

fn metric() -> Kind {
    Kind::DeclareMetric(v1::DeclareMetric {
        metric_id: "logins".to_owned(),
        name: "Logins".to_owned(),
        unit: "logins".to_owned(),
        aggregation: v1::MetricAggregation::Sum.into(),
    })
}

fn told(record_id: &str, day: u32) -> v1::UsageRecord {
    v1::UsageRecord {
        record_id: record_id.to_owned(),
        metric_id: "logins".to_owned(),
        quantity: "1".to_owned(),
        used_on: format!("2017-02-{day:02}"),
        ..Default::default()
    }
}

fn record(customer_id: &str, records: impl IntoIterator<Item = v1::UsageRecord>) -> Kind {
    Kind::RecordUsage(v1::RecordUsage {
        customer_id: customer_id.to_owned(),
        records: records.into_iter().collect(),
    })
}

async fn begun(log: &Log) -> Executor {
    let executor = Executor::new(log.clone(), &Options::default());
    for (id, command) in [
        ("c1", customer("acme")),
        ("c2", customer("other")),
        ("m1", metric()),
    ] {
        executor.execute(envelope(id), command).await.unwrap();
    }
    executor
}

/// Where each record came in; it came in once.
async fn recorded(log: &Log) -> BTreeMap<String, String> {
    let filter = Filter {
        categories: vec!["usage".to_owned()],
        ..Filter::default()
    };
    let mut recorded = BTreeMap::new();
    let mut after = Position(0);
    loop {
        let page = log.read(&tenant(), after, &filter, 1_000).await.unwrap();
        for found in &page.events {
            let event = UsageEvent::decode(&found.event_type, 1, &found.payload).unwrap();
            let UsageEvent::UsageRecorded(event) = event else {
                continue;
            };
            for record in event.records {
                let before =
                    recorded.insert(record.record_id.to_string(), found.stream.to_string());
                assert_eq!(before, None, "{} came in twice", record.record_id);
            }
        }
        if page.scanned_to == after {
            return recorded;
        }
        after = page.scanned_to;
    }
}

async fn a_batch_of_several_days_lands_as_one([log, other]: [Log; 2]) {
    let executor = begun(&log).await;
    let batch = [told("a", 2), told("b", 1), told("c", 2), told("d", 28)];
    let batch = record("acme", batch);
    let before = log.head(&tenant()).await.unwrap();
    let receipt = executor
        .execute(envelope("u1"), batch.clone())
        .await
        .unwrap();
    assert_eq!(receipt.event_types, ["UsageRecorded"; 3]);
    assert_eq!(receipt.position, Position(before.0 + 3));
    assert_eq!(receipt.stream.to_string(), "usage-acme~2017-02-02");
    let again = executor
        .execute(envelope("u1"), batch.clone())
        .await
        .unwrap();
    assert!(again.duplicate);
    assert_eq!(again.event_types, receipt.event_types);
    // Another command with the same records, on a node that has seen none of them.
    let elsewhere = Executor::new(other, &Options::default());
    let again = elsewhere.execute(envelope("u2"), batch).await.unwrap();
    assert_eq!(again.event_types, [""; 0]);
    assert_eq!(recorded(&log).await.len(), 4);
}

async fn a_record_told_of_another_day_or_customer_is_left_out([log, _]: [Log; 2]) {
    let executor = begun(&log).await;
    let execute = async |id: &str, command: Kind| {
        let receipt = executor.execute(envelope(id), command).await.unwrap();
        receipt.event_types.len()
    };
    let first = record("acme", [told("a", 1), told("b", 1)]);
    assert_eq!(execute("u1", first).await, 1);
    let otherwise = record(
        "other",
        [told("c", 1), told("a", 2), told("b", 3), told("d", 2)],
    );
    assert_eq!(execute("u2", otherwise).await, 2);
    let nothing_new = record("other", [told("a", 1), told("c", 9)]);
    assert_eq!(execute("u3", nothing_new).await, 0);
    let places = recorded(&log).await;
    let place = |id: &str| places[id].as_str();
    assert_eq!(place("a"), "usage-acme~2017-02-01");
    assert_eq!(place("b"), "usage-acme~2017-02-01");
    assert_eq!(place("c"), "usage-other~2017-02-01");
    assert_eq!(place("d"), "usage-other~2017-02-02");
}

async fn two_senders_of_the_same_records_bring_each_in_once([one, two]: [Log; 2]) {
    let first = begun(&one).await;
    let second = Executor::new(two, &Options::default());
    // Each sends the same records in other batches, of other days, the one forward, the other back.
    let batch = |sender: u32, of: u32| {
        let records = (0..20).map(move |at| {
            let number = (of * 10 + at) % 200;
            told(&format!("r{number}"), 1 + (number + sender) % 3)
        });
        record("acme", records)
    };
    let sendings = (0..20).flat_map(|of| {
        let (forth, back) = (batch(0, of), batch(1, 19 - of));
        let forth = first.execute(envelope(&format!("one-{of}")), forth);
        let back = second.execute(envelope(&format!("two-{of}")), back);
        [forth, back]
    });
    let mut again = Vec::new();
    for (at, answer) in join_all(sendings).await.into_iter().enumerate() {
        match answer {
            Ok(_) => {}
            // Two who are in each other's way too often say so; then they send again.
            Err(Error::Contended { .. }) => again.push(at),
            Err(error) => panic!("{error}"),
        }
    }
    for at in again {
        let of = u32::try_from(at / 2).unwrap();
        let (sender, id, command) = match at % 2 {
            0 => (&first, format!("one-{of}"), batch(0, of)),
            _ => (&second, format!("two-{of}"), batch(1, 19 - of)),
        };
        sender.execute(envelope(&id), command).await.unwrap();
    }
    assert_eq!(recorded(&one).await.len(), 200);
}

async fn a_pipeline_of_records_told_of_another_day_is_answered_one_by_one([log, _]: [Log; 2]) {
    let executor = begun(&log).await;
    let records = |day| (0..50).map(move |at| told(&format!("r{at}"), day));
    let first = record("acme", records(1));
    executor.execute(envelope("u0"), first).await.unwrap();
    let mut begun = Vec::new();
    for at in 0..25 {
        let (old, new) = (told(&format!("r{at}"), 2), told(&format!("n{at}"), 2));
        let command = record("acme", [old, new]);
        begun.push(executor.begin(envelope(&format!("u-{at}")), command).await);
    }
    for answer in join_all(begun).await {
        assert_eq!(answer.unwrap().event_types, ["UsageRecorded"]);
    }
    assert_eq!(recorded(&log).await.len(), 75);
}

async fn all_days_are_refused_if_one_is([log, _]: [Log; 2]) {
    let executor = begun(&log).await;
    let visits = v1::UsageRecord {
        metric_id: "visits".to_owned(),
        ..told("b", 2)
    };
    let batch = record("acme", [told("a", 1), visits]);
    let refused = executor.execute(envelope("u1"), batch).await.unwrap_err();
    let Error::Refused(refused) = refused else {
        panic!("{refused}")
    };
    assert_eq!(refused.reason, "UNKNOWN_METRIC");
    assert_eq!(recorded(&log).await.len(), 0);
    let alone = record("acme", [told("a", 1)]);
    let receipt = executor.execute(envelope("u1"), alone).await.unwrap();
    assert_eq!(receipt.event_types, ["UsageRecorded"]);
}
