//! One command that writes several streams: all of it lands, or nothing.

use std::time::Duration;

use event_schemas::vocabulary::{Position, Recorded, StreamName, Version};
use log::Log;
use proto::v1::command::Kind;
use twinfunnel_executor::{Error, Executor, Options};
use words::{
    accept, customer, draft, lead, process, product, reopen, send, signed_alone, signed_on, worth,
};

use crate::home::{envelope, tenant};

on_both! {
    all_of_it_lands,
    nothing_lands_if_one_refuses,
    what_is_begun_in_order_takes_effect_in_order,
    a_signature_on_what_another_node_changed_is_decided_anew,
    an_opportunity_is_won_by_one_of_many,
    contracts_that_renew_each_other_do_not_wait_for_ever,
}

/// The words of the stories.
mod words {
    use proto::v1;
    use proto::v1::command::Kind;

    pub(super) fn process() -> Kind {
        Kind::DefineSalesProcess(v1::DefineSalesProcess {
            sales_process_id: "b2b".to_owned(),
            name: "B2B".to_owned(),
            stages: vec![v1::Stage {
                stage_id: "lead".to_owned(),
                name: "Lead".to_owned(),
                ..Default::default()
            }],
        })
    }

    pub(super) fn usd(amount: &str) -> Option<v1::Money> {
        Some(v1::Money {
            currency_code: "USD".to_owned(),
            amount: amount.to_owned(),
        })
    }

    pub(super) fn product() -> Kind {
        Kind::RegisterProduct(v1::RegisterProduct {
            product_id: "gtx".to_owned(),
            name: "GTX".to_owned(),
            list_price: usd("100"),
            ..Default::default()
        })
    }

    pub(super) fn customer() -> Kind {
        Kind::RegisterCustomer(v1::RegisterCustomer {
            customer_id: "acme".to_owned(),
            profile: Some(v1::CustomerProfile {
                name: "Acme".to_owned(),
                ..Default::default()
            }),
            external_id: None,
        })
    }

    pub(super) fn lead(id: &str) -> Kind {
        Kind::RegisterOpportunity(v1::RegisterOpportunity {
            opportunity_id: id.to_owned(),
            name: id.to_owned(),
            sales_process_id: "b2b".to_owned(),
            customer_id: "acme".to_owned(),
            ..Default::default()
        })
    }

    pub(super) fn worth(id: &str, amount: usize) -> Kind {
        Kind::ChangeAmount(v1::ChangeAmount {
            opportunity_id: id.to_owned(),
            amount: usd(&amount.to_string()),
        })
    }

    pub(super) fn reopen(id: &str) -> Kind {
        Kind::ReopenOpportunity(v1::ReopenOpportunity {
            opportunity_id: id.to_owned(),
            ..Default::default()
        })
    }

    fn line(quantity: usize) -> v1::Line {
        v1::Line {
            line_id: "seats".to_owned(),
            product_id: "gtx".to_owned(),
            quantity: quantity.to_string(),
            ..Default::default()
        }
    }

    pub(super) fn draft(id: &str, opportunity: &str, quantity: usize) -> Kind {
        Kind::DraftQuote(v1::DraftQuote {
            quote_id: id.to_owned(),
            opportunity_id: opportunity.to_owned(),
            currency_code: "USD".to_owned(),
            lines: vec![line(quantity)],
            ..Default::default()
        })
    }

    pub(super) fn send(id: &str) -> Kind {
        let quote_id = id.to_owned();
        Kind::SendQuote(v1::SendQuote { quote_id })
    }

    pub(super) fn accept(id: &str) -> Kind {
        let quote_id = id.to_owned();
        Kind::AcceptQuote(v1::AcceptQuote { quote_id })
    }

    pub(super) fn sign() -> v1::SignContract {
        v1::SignContract {
            starts_on: "2017-03-01".to_owned(),
            ..Default::default()
        }
    }

    pub(super) fn signed_on(id: &str, quote: &str) -> Kind {
        Kind::SignContract(v1::SignContract {
            contract_id: id.to_owned(),
            quote_id: quote.to_owned(),
            ..sign()
        })
    }

    pub(super) fn signed_alone(id: &str, opportunity: &str, renews: &str) -> Kind {
        Kind::SignContract(v1::SignContract {
            contract_id: id.to_owned(),
            customer_id: "acme".to_owned(),
            opportunity_id: opportunity.to_owned(),
            renews_contract_id: renews.to_owned(),
            currency_code: "USD".to_owned(),
            lines: vec![line(1)],
            ..sign()
        })
    }
}

fn executors(logs: &[Log; 2]) -> [Executor; 2] {
    let executor = |log: &Log| Executor::new(log.clone(), &Options::default());
    [executor(&logs[0]), executor(&logs[1])]
}

/// Carries out what is taken, one after the other.
async fn tell(executor: &Executor, name: &str, commands: impl IntoIterator<Item = Kind>) {
    for (at, command) in commands.into_iter().enumerate() {
        let id = format!("{name}-{at}");
        executor.execute(envelope(&id), command).await.unwrap();
    }
}

/// A company with an opportunity, and an accepted quote for two seats that answers it.
async fn founded(executor: &Executor) {
    let company = [process(), product(), customer(), lead("o1")];
    tell(executor, "company", company).await;
    tell(
        executor,
        "quote",
        [draft("q1", "o1", 2), send("q1"), accept("q1")],
    )
    .await;
}

async fn events(log: &Log, stream: &str) -> Vec<Recorded> {
    let stream = StreamName::parse(stream).unwrap();
    let events = log.read_stream(&tenant(), &stream, Version(0), 1_000).await;
    events.unwrap()
}

async fn last_type(log: &Log, stream: &str) -> String {
    let events = events(log, stream).await;
    events.last().unwrap().event_type.to_string()
}

async fn all_of_it_lands(logs: [Log; 2]) {
    let [executor, other] = executors(&logs);
    founded(&executor).await;
    tell(&executor, "old", [signed_alone("c0", "", "")]).await;
    let Kind::SignContract(mut contract) = signed_on("c1", "q1") else {
        panic!("it is a signature")
    };
    contract.renews_contract_id = "c0".to_owned();
    let contract = Kind::SignContract(contract);
    let receipt = executor
        .execute(envelope("c"), contract.clone())
        .await
        .unwrap();
    let types = [
        "ContractSigned",
        "OpportunityWon",
        "QuoteSigned",
        "ContractRenewed",
    ];
    assert_eq!(receipt.event_types, types);
    assert_eq!(receipt.stream.as_str(), "contract-c1");
    assert_eq!(
        (receipt.version, receipt.position),
        (Version(1), Position(12))
    );
    let won = events(&logs[0], "opportunity-o1").await.pop().unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&won.payload).unwrap();
    assert_eq!(payload["amount"]["amount_minor"], 20_000);
    assert_eq!(payload["contract_id"], "c1");
    assert_eq!(won.command_id, "c");
    // Sent again, to whomever, it is answered as at first.
    for executor in [executor, other] {
        let again = executor
            .execute(envelope("c"), contract.clone())
            .await
            .unwrap();
        assert!(again.duplicate);
        assert_eq!(
            (again.version, again.position),
            (receipt.version, receipt.position)
        );
        assert_eq!(again.event_types, types);
    }
}

async fn nothing_lands_if_one_refuses(logs: [Log; 2]) {
    let [executor, _] = executors(&logs);
    founded(&executor).await;
    tell(&executor, "more", [draft("q2", "o1", 3)]).await;
    let refused = |answer: Result<_, Error>| match answer {
        Err(Error::Refused(refused)) => refused.reason,
        other => panic!("{other:?}"),
    };
    let not_sent = signed_on("c1", "q2");
    let answer = executor.execute(envelope("c1"), not_sent).await;
    assert_eq!(refused(answer), "NOT_ACCEPTED");
    assert!(events(&logs[0], "contract-c1").await.is_empty());
    assert_eq!(
        last_type(&logs[0], "opportunity-o1").await,
        "OpportunityRegistered"
    );
    // It was not remembered, and what it would have changed can still be changed.
    tell(&executor, "then", [signed_on("c1", "q1")]).await;
    let second = signed_alone("c2", "o1", "");
    let answer = executor.execute(envelope("c2"), second).await;
    assert_eq!(refused(answer), "ALREADY_WON");
    assert!(events(&logs[0], "contract-c2").await.is_empty());
}

async fn what_is_begun_in_order_takes_effect_in_order(logs: [Log; 2]) {
    let [executor, other] = executors(&logs);
    tell(&executor, "company", [process(), product(), customer()]).await;
    for n in 0..30 {
        let (o, q) = (format!("o{n}"), format!("q{n}"));
        let quote = [lead(&o), draft(&q, &o, 2), send(&q), accept(&q)];
        tell(&executor, &format!("quote-{n}"), quote).await;
        // What the first knows of every third is out of date: all that is begun on it fails at first.
        if n % 3 == 0 {
            tell(&other, &format!("meanwhile-{n}"), [worth(&o, 1)]).await;
        }
    }
    let mut in_flight = Vec::new();
    for n in 0..30 {
        let (o, q, c) = (format!("o{n}"), format!("q{n}"), format!("c{n}"));
        let commands = [worth(&o, 7), signed_on(&c, &q), reopen(&o), worth(&o, 9)];
        for (at, command) in commands.into_iter().enumerate() {
            in_flight.push(
                executor
                    .begin(envelope(&format!("{n}-{at}")), command)
                    .await,
            );
        }
    }
    let answers = futures::future::join_all(in_flight).await;
    let failed: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{failed:?}");
    for n in 0..30 {
        let events = events(&logs[0], &format!("opportunity-o{n}")).await;
        let types = events.iter().map(|event| &*event.event_type);
        let types: Vec<_> = types.skip(if n % 3 == 0 { 2 } else { 1 }).collect();
        let course = [
            "AmountChanged",
            "OpportunityWon",
            "OpportunityReopened",
            "AmountChanged",
        ];
        assert_eq!(types, course, "o{n}");
    }
}

async fn a_signature_on_what_another_node_changed_is_decided_anew(logs: [Log; 2]) {
    let [executor, other] = executors(&logs);
    founded(&executor).await;
    tell(&other, "meanwhile", [worth("o1", 5)]).await;
    let receipt = executor.execute(envelope("c"), signed_on("c1", "q1")).await;
    assert_eq!(receipt.unwrap().event_types.len(), 3);
    // What it took along is known where it was done, and found out where it was not.
    for (at, executor) in [executor, other].into_iter().enumerate() {
        let late = executor
            .execute(envelope(&format!("late-{at}")), worth("o1", 6))
            .await;
        let Err(Error::Refused(refused)) = late else {
            panic!("{late:?}")
        };
        assert_eq!(refused.reason, "ALREADY_CLOSED");
    }
}

async fn an_opportunity_is_won_by_one_of_many(logs: [Log; 2]) {
    let nodes = executors(&logs);
    founded(&nodes[0]).await;
    let mut tasks = Vec::new();
    for n in 0..40 {
        let executor = nodes[n % 2].clone();
        tasks.push(tokio::spawn(async move {
            let command = match n % 4 {
                3 => worth("o1", n),
                _ => signed_alone(&format!("c{n}"), "o1", ""),
            };
            executor.execute(envelope(&format!("n{n}")), command).await
        }));
    }
    let mut signed = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(receipt) if receipt.stream.category() == "contract" => signed.push(receipt),
            Ok(_) | Err(Error::Contended { .. }) => {}
            Err(Error::Refused(refused)) => {
                let reasons = ["ALREADY_WON", "ALREADY_CLOSED"];
                assert!(reasons.contains(&refused.reason.as_str()), "{refused:?}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(signed.len() <= 1, "{signed:?}");
    let won = events(&logs[0], "opportunity-o1").await;
    let won = won
        .iter()
        .filter(|event| event.event_type == "OpportunityWon");
    assert_eq!(won.count(), signed.len());
    for n in 0..40 {
        let name = format!("contract-c{n}");
        let is_signed = signed.iter().any(|receipt| receipt.stream.as_str() == name);
        assert_eq!(
            !events(&logs[0], &name).await.is_empty(),
            is_signed,
            "{name}"
        );
    }
}

async fn contracts_that_renew_each_other_do_not_wait_for_ever(logs: [Log; 2]) {
    let [executor, _] = executors(&logs);
    founded(&executor).await;
    let mut in_flight = Vec::new();
    for n in 0..20 {
        // Half of them have their own name before the other's, half after.
        for (at, (id, renews)) in [("a", "b"), ("b", "a")].into_iter().enumerate() {
            let (id, renews) = (format!("{id}{n}"), format!("{renews}{n}"));
            let executor = executor.clone();
            in_flight.push(tokio::spawn(async move {
                let command = signed_alone(&id, "", &renews);
                executor
                    .execute(envelope(&format!("{n}-{at}")), command)
                    .await
            }));
        }
    }
    let all = tokio::time::timeout(
        Duration::from_secs(60),
        futures::future::join_all(in_flight),
    );
    for answer in all.await.unwrap() {
        match answer.unwrap() {
            // Neither is there for the other to go on from.
            Err(Error::Refused(refused)) => assert_eq!(refused.reason, "NOT_SIGNED"),
            other => panic!("{other:?}"),
        }
    }
}
