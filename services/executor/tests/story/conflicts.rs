//! What becomes of commands that others were faster than, or that were carried out before.

use cqrs_es::CqrsFramework;
use domain::rep::{Command, Rep};
use domain::{Aggregated, Reads};
use event_schemas::rep::RepRegistered;
use event_schemas::vocabulary::{RepId, StreamName, Version};
use log::{Append, Meta, NewEvent, StreamWrite};
use proto::v1;
use proto::v1::command::Kind;
use twinfunnel_executor::{Error, Executor, LogStore, Options};

use crate::home::{envelope, list_price, log_in, price, register, retire, tenant, usd};

fn rep(id: &str, email: &str) -> Kind {
    Kind::RegisterRep(v1::RegisterRep {
        rep_id: id.to_owned(),
        name: "Ann".to_owned(),
        email: email.to_owned(),
    })
}

fn customer(id: &str, parent: &str) -> Kind {
    Kind::RegisterCustomer(v1::RegisterCustomer {
        customer_id: id.to_owned(),
        profile: Some(v1::CustomerProfile {
            name: "Acme".to_owned(),
            parent_customer_id: parent.to_owned(),
            ..Default::default()
        }),
        external_id: None,
    })
}

#[tokio::test]
async fn what_exists_is_not_made_again_though_nobody_remembers_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let first = Executor::new(log.clone(), &Options::default());
    first.execute(envelope("c1"), rep("ann", "")).await.unwrap();

    let second = Executor::new(log.clone(), &Options::default());
    let same = second
        .execute(envelope("c2"), rep("ann", ""))
        .await
        .unwrap();
    assert_eq!((same.event_types.len(), same.version), (0, Version(1)));

    let third = Executor::new(log, &Options::default());
    let other = rep("ann", "ann@acme.example");
    let refused = third.execute(envelope("c3"), other).await;
    let Err(Error::Refused(refused)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refused.reason, "ALREADY_REGISTERED");
}

#[tokio::test]
async fn what_others_read_is_not_lost_to_a_conflict() {
    // All of them read the same parent; every other one is there already, and is in conflict.
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    let name = |n: usize| format!("child-{n}");
    executor
        .execute(envelope("p"), customer("parent", ""))
        .await
        .unwrap();
    for n in (0..200).step_by(2) {
        let other = Executor::new(log.clone(), &Options::default());
        other
            .execute(envelope(&format!("a{n}")), customer(&name(n), ""))
            .await
            .unwrap();
    }
    let mut in_flight = Vec::new();
    for n in 0..200 {
        let command = customer(&name(n), "parent");
        in_flight.push(executor.begin(envelope(&format!("b{n}")), command).await);
        // The parent is written too, all the while.
        let contact = Kind::AddContact(v1::AddContact {
            customer_id: "parent".to_owned(),
            contact_id: format!("contact-{n}"),
            profile: Some(v1::ContactProfile {
                name: "Zoe".to_owned(),
                ..Default::default()
            }),
        });
        in_flight.push(executor.begin(envelope(&format!("c{n}")), contact).await);
    }
    let answers = futures::future::join_all(in_flight).await;
    for (n, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(_) => assert_ne!(n % 4, 0),
            Err(Error::Refused(refused)) => {
                assert_eq!(refused.reason, "ALREADY_REGISTERED");
                assert_eq!(n % 4, 0);
            }
            Err(other) => panic!("{n}: {other}"),
        }
    }
}

#[tokio::test]
async fn an_import_that_is_resumed_takes_effect_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let before = Executor::new(log.clone(), &Options::default());
    before
        .execute(envelope("c0"), register("gtx"))
        .await
        .unwrap();
    // Every third line was carried out before, in such a way that it would have to be done again.
    for n in (1..=60).step_by(3) {
        before
            .execute(envelope(&format!("c{n}")), price("gtx", n))
            .await
            .unwrap();
    }
    let executor = Executor::new(log.clone(), &Options::default());
    let mut in_flight = std::collections::VecDeque::new();
    let mut told = Vec::new();
    for n in 0..=600 {
        let command = match n {
            0 => register("gtx"),
            n => price("gtx", n),
        };
        in_flight.push_back(executor.begin(envelope(&format!("c{n}")), command).await);
        if in_flight.len() > 50 {
            told.push(in_flight.pop_front().unwrap().await.unwrap());
        }
    }
    for command in in_flight {
        told.push(command.await.unwrap());
    }
    let fresh: Vec<u64> = told
        .iter()
        .filter(|receipt| !receipt.duplicate)
        .map(|receipt| receipt.version.0)
        .collect();
    assert_eq!(told.len() - fresh.len(), 21);
    assert!(fresh.is_sorted(), "{fresh:?}");
    assert_eq!(list_price(&log, "gtx").await, Some(usd(60_000)));
}

#[tokio::test]
async fn a_command_that_changed_nothing_is_answered_as_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let executor = Executor::new(log.clone(), &Options::default());
    for (id, command) in [("c1", register("gtx")), ("c2", price("gtx", 550))] {
        executor.execute(envelope(id), command).await.unwrap();
    }
    let first = executor
        .execute(envelope("c3"), price("gtx", 550))
        .await
        .unwrap();
    assert_eq!((first.event_types.len(), first.version), (0, Version(2)));
    executor
        .execute(envelope("c4"), retire("gtx"))
        .await
        .unwrap();
    let again = executor
        .execute(envelope("c3"), price("gtx", 550))
        .await
        .unwrap();
    assert!(again.duplicate);
    assert_eq!(
        (again.version, again.position),
        (first.version, first.position)
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let unreadable = NewEvent {
        event_type: "ProductAbolished".into(),
        schema_version: 9,
        payload: b"{}".to_vec(),
    };
    let append = Append {
        tenant: tenant(),
        command: None,
        writes: vec![StreamWrite {
            stream: StreamName::new("product", "gtx").unwrap(),
            expected: Version(0),
            events: vec![unreadable],
        }],
        reads: Vec::new(),
        claims: Vec::new(),
        chain: None,
        depends_on: Vec::new(),
        meta: Meta {
            occurred_at: envelope("c").occurred_at,
            actor: "tester".to_owned(),
            correlation_id: None,
            causation_id: None,
            trace_context: None,
        },
    };
    log.append(append).await.unwrap();
    let executor = Executor::new(log, &Options::default());
    let answer = executor.execute(envelope("c1"), price("gtx", 550)).await;
    assert!(
        matches!(answer, Err(Error::Unreadable { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_cqrs_es_registers_holds_its_unique_values() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(&folder).await;
    let framework = CqrsFramework::<Aggregated<Rep>, _>::new(
        LogStore::new(log.clone(), tenant()),
        vec![],
        Reads::new("tester", envelope("c").occurred_at),
    );
    let ann = RepRegistered {
        rep_id: RepId::new("ann").unwrap(),
        name: "Ann".to_owned(),
        email: Some("ann@acme.example".to_owned()),
    };
    framework
        .execute("ann", Command::Register(ann))
        .await
        .unwrap();
    let executor = Executor::new(log, &Options::default());
    let same_email = rep("zoe", "ann@acme.example");
    let taken = executor.execute(envelope("c1"), same_email).await;
    assert!(matches!(taken, Err(Error::Taken { .. })), "{taken:?}");
}
