//! Values that mean harm, or are broken: each is refused by its field, nothing of it is recorded, and
//! the node goes on.

use client::{Client, CommandOptions, IntoKind as _};
use proto::v1;
use proto::v1::command::Kind;
use support::Node;
use tonic::Code;

use crate::company::{element, found, lead, refused, tell, usd, win, worth};
use crate::home::{Home, client, head, history, now};

on_both! {
    text_that_does_not_read_as_it_is_stored_is_refused,
    ids_are_plain,
    money_is_exact_or_refused,
    a_day_is_a_day_of_the_calendar,
    an_instant_lies_in_the_calendar_and_not_ahead,
}

/// Fails unless the node answers, and has recorded nothing since.
pub(crate) async fn assert_unmoved(node: &Node, recorded: u64) {
    let fresh = client(node, "acme");
    assert!(fresh.health().await.unwrap());
    assert_eq!(head(&fresh).await, recorded);
    assert_eq!(history(&fresh).await.len() as u64, recorded);
}

/// Fails unless the command is refused for this field alone.
pub(crate) async fn assert_wrong(client: &Client, command: Kind, field: &str) {
    let told = format!("{command:?}");
    let refused = refused(client, command).await;
    assert_eq!(refused.code, Code::InvalidArgument, "{told}: {refused}");
    let fields: Vec<_> = refused
        .violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(fields, [field], "{told}: {refused}");
}

async fn text_that_does_not_read_as_it_is_stored_is_refused(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let bad = [
        "a\u{0}b",
        "a\u{7}b",
        "a\u{1b}[31mb",
        "a\u{7f}b",
        "a\u{85}b",
        "a\nb",
        "a\tb",
        // Whatever turns the direction of the text around it.
        "a\u{202e}b",
        "a\u{202a}b",
        "a\u{2066}b",
        "a\u{2069}b",
        "a\u{200e}b",
        "a\u{200f}b",
        "a\u{61c}b",
        "a\u{feff}b",
        // Whatever breaks a line.
        "a\u{2028}b",
        "a\u{2029}b",
    ];
    let mut taken = Vec::new();
    for (name, n) in bad.into_iter().zip(0..) {
        let named = v1::RegisterOpportunity {
            name: name.into(),
            ..lead(&format!("o{n}"))
        };
        match client.command(CommandOptions::default(), named).await {
            Ok(_) => taken.push(format!("{name:?}")),
            Err(error) => {
                let refused = error.refused().unwrap();
                assert_eq!(refused.code, Code::InvalidArgument, "{name:?}: {refused}");
                assert_eq!(refused.violations[0].field, "name", "{name:?}: {refused}");
            }
        }
    }
    assert_eq!(taken, <[String; 0]>::default());
    let note = v1::AdvanceStage {
        note: "two\nlines\tare fine, \u{202e}this is not".into(),
        ..crate::company::advance("o1", "proposal")
    };
    assert_wrong(&client, note.into_kind().unwrap(), "note").await;
    let long = v1::RegisterOpportunity {
        name: "ü".repeat(201),
        ..lead("o1")
    };
    assert_wrong(&client, long.into_kind().unwrap(), "name").await;
    assert_unmoved(&node, 3).await;

    // Every script there is, and what people put into names, is taken as it is.
    let name = "Zoë & Søns — “株式会社” שלום 🚀 '; DROP TABLE event; -- %s ${jndi} <b>";
    let fine = v1::RegisterOpportunity {
        name: name.into(),
        ..lead("o1")
    };
    tell(&client, fine).await;
    let event = history(&client).await.pop().unwrap();
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
    assert_eq!(payload["name"], name);
}

async fn ids_are_plain(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let bad = [
        "",
        " ",
        "a b",
        "a\u{0}",
        "\u{0}",
        "../../etc/passwd",
        "é",
        "-a",
        "a/b",
        "a\nb",
        "'",
    ];
    let long = "x".repeat(65);
    for id in bad.into_iter().chain([long.as_str()]) {
        assert_wrong(&client, win(id).into_kind().unwrap(), "opportunity_id").await;
        let nobody = crate::company::assign("o1", id);
        assert_wrong(&client, nobody.into_kind().unwrap(), "rep_id").await;
        let process = v1::RegisterOpportunity {
            sales_process_id: id.into(),
            ..lead("o1")
        };
        assert_wrong(&client, process.into_kind().unwrap(), "sales_process_id").await;
    }
    assert_unmoved(&node, 3).await;
}

async fn money_is_exact_or_refused(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    let forty = "1".repeat(40);
    let amounts = [
        forty.as_str(),
        "92233720368547758.07",
        "10000000000000.01",
        "-1",
        "-0.01",
        "1.005",
        "1e5",
        "0x10",
        "NaN",
        "inf",
        "",
        " 1",
        "1 ",
        "1,000",
        "1.",
        ".5",
        "+1",
        "١",
        "1\u{0}",
        "1_000",
        "--1",
        "1.2.3",
    ];
    for amount in amounts {
        let command = worth("o1", amount).into_kind().unwrap();
        assert_wrong(&client, command, "amount.amount").await;
    }
    for code in ["XXX1", "", "usd", "US", "ZZZ", "U$D", "EUR ", "ＵＳＤ"] {
        let amount = v1::Money {
            currency_code: code.into(),
            amount: "1".into(),
        };
        let command = v1::ChangeAmount {
            opportunity_id: "o1".into(),
            amount: Some(amount),
        };
        assert_wrong(
            &client,
            command.into_kind().unwrap(),
            "amount.currency_code",
        )
        .await;
    }
    let nothing = v1::ChangeAmount {
        opportunity_id: "o1".into(),
        amount: None,
    };
    assert_wrong(&client, nothing.into_kind().unwrap(), "amount").await;
    assert_unmoved(&node, 4).await;

    // The largest sums that are taken are added up exactly.
    let largest = "10000000000000.00";
    tell(&client, worth("o1", largest)).await;
    let second = v1::RegisterOpportunity {
        amount: usd(largest),
        ..lead("o2")
    };
    let receipt = tell(&client, second).await;
    let question = v1::GetPipelineVelocityRequest {
        consistency: Some(client::at_least(receipt.position)),
        ..v1::GetPipelineVelocityRequest::default()
    };
    let overall = client
        .pipeline_velocity(question)
        .await
        .unwrap()
        .overall
        .unwrap();
    assert_eq!(overall.open_amount.unwrap().amount, "20000000000000.00");
}

async fn a_day_is_a_day_of_the_calendar(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    let days = [
        "2017-02-30",
        "2017-13-01",
        "2017-00-10",
        "2017-1",
        "30.02.2017",
        "2017-02-28T00:00:00Z",
        "+99999-01-01",
        "-0001-01-01",
        "2017-02-28\u{0}",
        "today",
    ];
    let mut taken = Vec::new();
    for day in days {
        let command = v1::ChangeExpectedClose {
            opportunity_id: "o1".into(),
            expected_close_on: day.into(),
        };
        match client.command(CommandOptions::default(), command).await {
            Ok(_) => taken.push(day),
            Err(error) => {
                let refused = error.refused().unwrap();
                assert_eq!(refused.code, Code::InvalidArgument, "{day}: {refused}");
                assert_eq!(refused.violations[0].field, "expected_close_on");
            }
        }
    }
    assert_eq!(taken, <[&str; 0]>::default());
    assert_unmoved(&node, 4).await;
}

async fn an_instant_lies_in_the_calendar_and_not_ahead(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let at = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
    let now = now();
    let bad = [
        at(now + 3_600, 0),
        at(now, -1),
        at(now, i32::MIN),
        at(now, 2_000_000_000),
        at(i64::MAX, 0),
        at(i64::MIN, 0),
        // A millennium after the calendar of the contract's instants ends, and before it begins.
        at(284_000_000_000, 0),
        at(-100_000_000_000, 0),
    ];
    let mut elements: Vec<_> = bad
        .into_iter()
        .zip(0..)
        .map(|(occurred_at, n)| v1::SubmitRequest {
            occurred_at,
            ..element(&format!("c{n}"), lead(&format!("o{n}")))
        })
        .collect();
    let outcomes = crate::bulk::submit(&client, elements.clone()).await;
    elements.retain({
        let mut outcomes = outcomes.iter();
        move |_| outcomes.next().is_some_and(Result::is_ok)
    });
    let taken: Vec<_> = elements
        .iter()
        .map(|element| element.occurred_at.unwrap())
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().code, i32::from(Code::InvalidArgument));
    }

    let team = v1::FormTeam {
        team_id: "t".into(),
        name: "T".into(),
        ..v1::FormTeam::default()
    };
    let formed = tell(&client, team).await.position;
    for (from, to) in [
        (at(0, -1), None),
        (at(i64::MAX, 0), None),
        (None, at(0, i32::MAX)),
    ] {
        let field = if from.is_some() { "from" } else { "to" };
        let join = v1::JoinTeam {
            rep_id: "ann".into(),
            team_id: "t".into(),
            from,
            to,
        };
        assert_wrong(&client, join.into_kind().unwrap(), field).await;
    }
    assert_unmoved(&node, formed).await;
}
