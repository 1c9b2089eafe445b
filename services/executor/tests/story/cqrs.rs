//! The executor and cqrs-es on the real log.

use std::collections::HashMap;

use chrono::{TimeZone as _, Utc};
use cqrs_es::{CqrsFramework, EventStore as _};
use domain::product::{Command, Product};
use domain::{Aggregated, Decider as _, Reads};
use event_schemas::product::ProductRegistered;
use event_schemas::vocabulary::{ProductId, StreamName, Version};
use log::Log;
use proto::v1;
use proto::v1::command::Kind;
use twinfunnel_executor::{Error, Executor, Loaded, LogStore, Options, Receipt};

use crate::home::{envelope, list_price, log_in, price, refolded, register, retire, tenant, usd};

#[tokio::test]
async fn cqrs_es_applies_an_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let store = LogStore::new(log.clone(), tenant());
    let framework = CqrsFramework::<Aggregated<Product>, _>::new(
        store.clone(),
        vec![],
        Reads::new("tester", Utc.with_ymd_and_hms(2017, 3, 1, 0, 0, 0).unwrap()),
    );
    let registered = ProductRegistered {
        product_id: ProductId::new("gtx").unwrap(),
        name: "GTX".to_owned(),
        category: None,
        list_price: None,
    };
    framework
        .execute("gtx", Command::Register(registered))
        .await
        .unwrap();
    framework
        .execute(
            "gtx",
            Command::ChangeListPrice {
                list_price: usd(55_000),
            },
        )
        .await
        .unwrap();

    // What cqrs-es was handed back to go on with, and what the stream says, are the same.
    let mut context: Loaded<Product> = store.load_aggregate("gtx").await.unwrap();
    let command = Command::ChangeListPrice {
        list_price: usd(60_000),
    };
    let reads = Reads::new("tester", Utc::now());
    let events = domain::decide_and_evolve(&mut context.state, command, &reads)
        .await
        .unwrap();
    let evolved = serde_json::to_value(&context.state.0).unwrap();
    store.commit(events, context, HashMap::new()).await.unwrap();

    let loaded = refolded(&log, "gtx").await;
    assert_eq!(loaded.version, Version(3), "an event is stored once");
    assert_eq!(
        serde_json::to_value(&loaded.state.0).unwrap(),
        evolved,
        "and applied once"
    );
}

#[tokio::test]
async fn a_counter_that_would_show_a_second_application_does_not() {
    // Contacts are pushed to a list: applied twice, one contact would be there twice.
    use domain::customer::Customer;
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    let customer = Kind::RegisterCustomer(v1::RegisterCustomer {
        customer_id: "acme".to_owned(),
        profile: Some(v1::CustomerProfile {
            name: "Acme".to_owned(),
            ..Default::default()
        }),
        external_id: None,
    });
    executor.execute(envelope("c1"), customer).await.unwrap();
    let contact = Kind::AddContact(v1::AddContact {
        customer_id: "acme".to_owned(),
        contact_id: "ann".to_owned(),
        profile: Some(v1::ContactProfile {
            name: "Ann".to_owned(),
            ..Default::default()
        }),
    });
    executor.execute(envelope("c2"), contact).await.unwrap();
    let stream = StreamName::new("customer", "acme").unwrap();
    let store = LogStore::new(log, tenant());
    let loaded: Loaded<Customer> = store.load(&stream).await.unwrap();
    let Customer::Known { contacts, .. } = &loaded.state.0 else {
        panic!("it is registered")
    };
    assert_eq!(contacts.len(), 1);
}

#[tokio::test]
async fn a_repeated_command_gets_its_first_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    executor
        .execute(envelope("c1"), register("gtx"))
        .await
        .unwrap();
    let first = executor
        .execute(envelope("c2"), price("gtx", 550))
        .await
        .unwrap();
    executor
        .execute(envelope("c3"), retire("gtx"))
        .await
        .unwrap();

    // By now the rules forbid it; it is answered all the same, here and by another executor.
    for executor in [executor, Executor::new(log.clone(), &Options::default())] {
        let again = executor
            .execute(envelope("c2"), price("gtx", 550))
            .await
            .unwrap();
        assert_eq!(
            again,
            Receipt {
                duplicate: true,
                ..first.clone()
            }
        );
        let other = executor.execute(envelope("c2"), price("gtx", 551)).await;
        assert!(matches!(other, Err(Error::CommandIdReused)), "{other:?}");
    }
    assert_eq!(refolded(&log, "gtx").await.version, Version(3));
}

#[tokio::test]
async fn what_is_said_twice_under_two_ids_changes_nothing_but_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    executor
        .execute(envelope("c1"), register("gtx"))
        .await
        .unwrap();
    let same = executor
        .execute(envelope("c2"), register("gtx"))
        .await
        .unwrap();
    assert_eq!((same.event_types.len(), same.version), (0, Version(1)));
    assert!(!same.duplicate);
    assert!(
        executor
            .execute(envelope("c2"), register("gtx"))
            .await
            .unwrap()
            .duplicate
    );
}

#[tokio::test]
async fn a_refusal_names_the_rule_and_appends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    let refused = executor.execute(envelope("c1"), price("gtx", 550)).await;
    let Err(Error::Refused(refused)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refused.reason, "NOT_REGISTERED");
    assert_eq!(refolded(&log, "gtx").await.version, Version(0));
    // A refused command is not remembered: once it is possible, it is done.
    executor
        .execute(envelope("c2"), register("gtx"))
        .await
        .unwrap();
    executor
        .execute(envelope("c1"), price("gtx", 550))
        .await
        .unwrap();
}

#[tokio::test]
async fn commands_begun_in_order_take_effect_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    let mut in_flight = vec![executor.begin(envelope("c0"), register("gtx")).await];
    for n in 1..=300 {
        in_flight.push(
            executor
                .begin(envelope(&format!("c{n}")), price("gtx", n))
                .await,
        );
    }
    for (at, command) in in_flight.into_iter().enumerate() {
        assert_eq!(command.await.unwrap().version, Version(at as u64 + 1));
    }
    assert_eq!(list_price(&log, "gtx").await, Some(usd(30_000)));
}

#[tokio::test]
async fn two_nodes_that_fight_over_one_aggregate_lose_no_update() {
    let postgres = support::Postgres::shared().unwrap();
    let url = postgres.create_database().await.unwrap();
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let log = Log::connect_postgres(&url, log::Options::default())
            .await
            .unwrap();
        nodes.push((log.clone(), Executor::new(log, &Options::default())));
    }
    let (log, first) = nodes.first().unwrap().clone();
    first.execute(envelope("c"), register("gtx")).await.unwrap();
    let mut tasks = Vec::new();
    for (node, (_, executor)) in nodes.iter().enumerate() {
        for n in 0..50 {
            let executor = executor.clone();
            let price = price("gtx", u32::try_from(node * 1_000 + n).unwrap());
            tasks.push(tokio::spawn(async move {
                executor
                    .execute(envelope(&format!("{node}-{n}")), price)
                    .await
            }));
        }
    }
    let mut appended = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(receipt) => appended += receipt.event_types.len() as u64,
            // Under this much contention some give up; nothing of theirs may be there.
            Err(Error::Contended { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(appended > 0);
    let loaded = refolded(&log, "gtx").await;
    assert_eq!(
        loaded.version,
        Version(appended + 1),
        "every receipt is an event, and no more"
    );
    // Every price differs from the one before it: none was decided on a state that was not there.
    let stream = StreamName::new("product", "gtx").unwrap();
    let events = log
        .read_stream(&tenant(), &stream, Version(1), 1_000)
        .await
        .unwrap();
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].payload != pair[1].payload)
    );
}

#[test]
fn creating_commands_say_so() {
    let registered = ProductRegistered {
        product_id: ProductId::new("gtx").unwrap(),
        name: "GTX".to_owned(),
        category: None,
        list_price: None,
    };
    assert!(Product::creates(&Command::Register(registered)));
    assert!(!Product::creates(&Command::Retire { reason: None }));
}
