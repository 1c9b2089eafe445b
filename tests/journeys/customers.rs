//! What customers do is told, again and late and in bulk, and stands under the customer's id once.

use chrono::{DateTime, TimeZone as _, Utc};
use client::{Client, CommandOptions, IntoKind};
use proto::v1;
use proto::v1::Receipt;
use tonic::Code;

use crate::bulk::submit;
use crate::company::{customer, element, refused, rep};
use crate::home::{Home, client, history, stream};

on_both! {
    each_record_comes_in_once_however_often_and_wherever_it_is_told,
    a_record_is_corrected_and_the_last_word_counts,
    what_customers_say_stands_in_their_picture,
    what_cannot_be_taken_is_refused_by_its_reason,
    a_health_model_is_published_and_customers_are_scored_by_it,
}

/// Nine o'clock on a day of March 2024.
fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 3, day, 9, 0, 0).unwrap()
}

/// Sends a command that is taken, of what happened on a day.
async fn tell_on(client: &Client, on: u32, command: impl IntoKind) -> Receipt {
    let options = CommandOptions {
        occurred_at: Some(day(on)),
        ..CommandOptions::default()
    };
    client.command(options, command).await.unwrap()
}

fn metric(id: &str, aggregation: v1::MetricAggregation) -> v1::DeclareMetric {
    v1::DeclareMetric {
        metric_id: id.into(),
        name: id.to_uppercase(),
        unit: "times".into(),
        aggregation: aggregation.into(),
    }
}

fn told(record_id: &str, quantity: &str, day: u32) -> v1::UsageRecord {
    v1::UsageRecord {
        record_id: record_id.into(),
        metric_id: "logins".into(),
        quantity: quantity.into(),
        used_on: format!("2024-03-{day:02}"),
        ..Default::default()
    }
}

fn numbered(source: &str, sequence: u64, day: u32) -> v1::UsageRecord {
    v1::UsageRecord {
        source: source.into(),
        sequence: Some(sequence),
        ..told("", "1", day)
    }
}

fn record(records: impl IntoIterator<Item = v1::UsageRecord>) -> v1::RecordUsage {
    v1::RecordUsage {
        customer_id: "acme".into(),
        records: records.into_iter().collect(),
    }
}

/// Two customers, Ann at Acme, the rep Bob, and two metrics.
async fn begun(client: &Client) {
    let ann = v1::AddContact {
        customer_id: "acme".into(),
        contact_id: "ann".into(),
        profile: Some(v1::ContactProfile {
            name: "Ann".into(),
            ..Default::default()
        }),
    };
    tell_on(client, 1, customer("acme")).await;
    tell_on(client, 1, customer("other")).await;
    tell_on(client, 1, ann).await;
    tell_on(client, 1, rep("bob")).await;
    tell_on(client, 1, metric("logins", v1::MetricAggregation::Sum)).await;
    tell_on(client, 1, metric("users", v1::MetricAggregation::Distinct)).await;
}

/// All that is known of Acme by the end of the twentieth.
async fn picture(client: &Client, min_position: u64) -> v1::CustomerPicture {
    let happened_by = v1::AsOf {
        happened_by: Some(prost_types::Timestamp {
            seconds: day(20).timestamp(),
            nanos: 0,
        }),
        ..Default::default()
    };
    let question = v1::GetCustomerPictureRequest {
        customer_id: "acme".into(),
        consistency: Some(v1::Consistency {
            as_of: Some(happened_by),
            min_position,
        }),
        ..Default::default()
    };
    client.customer_picture(question).await.unwrap()
}

/// A metric's values, day by day: `03-05 2`.
fn days(picture: &v1::CustomerPicture, metric_id: &str) -> Vec<String> {
    let usage = picture.usage.iter();
    let of_metric = usage.filter(|usage| usage.metric_id == metric_id);
    let days = of_metric.flat_map(|usage| &usage.days);
    days.map(|day| format!("{} {}", &day.on[5..], day.value))
        .collect()
}

async fn each_record_comes_in_once_however_often_and_wherever_it_is_told(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    begun(&client).await;
    // Singly, in a batch of several days, and late.
    let first = tell_on(&client, 5, record([told("a", "1", 5)])).await;
    assert_eq!(first.event_types, ["UsageRecorded"]);
    assert_eq!(first.stream, "usage-acme~2024-03-05");
    let batch = record([
        told("b", "2", 5),
        told("c", "4", 3),
        numbered("web", 1, 6),
        told("a", "9", 6),
    ]);
    let receipt = tell_on(&client, 6, batch.clone()).await;
    assert_eq!(receipt.event_types, ["UsageRecorded"; 3]);
    // Sent again under another id, and under a name of its own in another day.
    let again = tell_on(&client, 7, batch).await;
    assert_eq!(again.event_types, [""; 0]);
    let elsewhere = record([told("c", "4", 4), told("web~1", "1", 4)]);
    let again = tell_on(&client, 7, elsewhere).await;
    assert_eq!(again.event_types, [""; 0]);
    // By stream: each batch twice, the second time in other company.
    let batches = (0..40u64).map(|at| {
        let first = at / 2 * 5 + at % 2;
        record((first..first + 5).map(|sequence| numbered("app", sequence, 8)))
    });
    let mut elements = Vec::new();
    for (at, batch) in batches.enumerate() {
        let mut element = element(&format!("s{at}"), batch);
        element.occurred_at = Some(prost_types::Timestamp {
            seconds: day(8).timestamp(),
            nanos: 0,
        });
        elements.push(element);
    }
    let answers = submit(&client, elements).await;
    let position = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().position);
    let picture = picture(&client, position.max().unwrap()).await;
    let expected = ["03-08 101", "03-06 1", "03-05 3", "03-03 4"];
    assert_eq!(days(&picture, "logins"), expected);
}

async fn a_record_is_corrected_and_the_last_word_counts(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    begun(&client).await;
    let user = |record_id: &str, subject: &str| v1::UsageRecord {
        metric_id: "users".into(),
        subject: subject.into(),
        ..told(record_id, "1", 5)
    };
    let users = [user("u", "kim"), user("v", "lee"), user("w", "kim")];
    tell_on(&client, 5, record(users)).await;
    tell_on(&client, 5, record([told("a", "12", 5)])).await;
    let correct = |record_id: &str, quantity: &str| v1::CorrectUsage {
        customer_id: "acme".into(),
        used_on: "2024-03-05".into(),
        record_id: record_id.into(),
        quantity: quantity.into(),
        reason: "counted twice".into(),
    };
    for (on, record_id, quantity) in [(6, "a", "7"), (8, "a", "8.5"), (7, "a", "6"), (6, "v", "0")]
    {
        let receipt = tell_on(&client, on, correct(record_id, quantity)).await;
        assert_eq!(receipt.event_types, ["UsageCorrected"]);
    }
    let receipt = tell_on(&client, 9, correct("a", "8.50")).await;
    assert_eq!(receipt.event_types, [""; 0]);
    let picture = picture(&client, receipt.position).await;
    assert_eq!(days(&picture, "logins"), ["03-05 8.5"]);
    assert_eq!(days(&picture, "users"), ["03-05 1"]);
    let events = stream(&client, "usage-acme~2024-03-05").await;
    let last: serde_json::Value = serde_json::from_str(&events[2].payload).unwrap();
    assert_eq!(last["quantity"], "7");
    let other = refused(&client, correct("z", "1")).await;
    assert_eq!(
        (other.code, &*other.reason),
        (Code::NotFound, "UNKNOWN_RECORD")
    );
}

async fn what_customers_say_stands_in_their_picture(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    begun(&client).await;
    let ticket_id = "t1".to_owned();
    let open = v1::OpenTicket {
        ticket_id: ticket_id.clone(),
        customer_id: "acme".into(),
        contact_id: "ann".into(),
        subject: "It is slow".into(),
        priority: v1::TicketPriority::High.into(),
    };
    tell_on(&client, 2, open).await;
    let answer = v1::AnswerTicket {
        ticket_id: ticket_id.clone(),
    };
    tell_on(&client, 2, answer).await;
    let escalate = v1::EscalateTicket {
        ticket_id: ticket_id.clone(),
        reason: "It still is".into(),
    };
    tell_on(&client, 3, escalate).await;
    let close = v1::CloseTicket {
        ticket_id: ticket_id.clone(),
        resolution: "More memory".into(),
    };
    tell_on(&client, 5, close.clone()).await;
    let reopen = v1::ReopenTicket {
        ticket_id: ticket_id.clone(),
        reason: "Slow again".into(),
    };
    tell_on(&client, 7, reopen).await;
    tell_on(&client, 9, close).await;
    let rate = v1::RateTicket {
        ticket_id,
        satisfaction: 4,
    };
    tell_on(&client, 10, rate).await;
    let answer = v1::AnswerSurvey {
        survey_answer_id: "a1".into(),
        customer_id: "acme".into(),
        contact_id: "ann".into(),
        score: Some(0),
        comment: "Too slow".into(),
    };
    tell_on(&client, 4, answer).await;
    let log = v1::LogInteraction {
        interaction_id: "i1".into(),
        customer_id: "acme".into(),
        contact_ids: vec!["ann".into()],
        rep_id: "bob".into(),
        channel: v1::InteractionChannel::Call.into(),
        note: "They want to leave".into(),
        ..Default::default()
    };
    tell_on(&client, 11, log).await;
    let assign = v1::AssignCsm {
        customer_id: "acme".into(),
        rep_id: "bob".into(),
    };
    tell_on(&client, 3, assign).await;
    let churn = v1::RecordChurn {
        customer_id: "acme".into(),
        churn_id: "c1".into(),
        churned_on: "2024-06-30".into(),
        reason: "performance".into(),
        feedback: "Too slow".into(),
    };
    let receipt = tell_on(&client, 12, churn).await;

    let picture = picture(&client, receipt.position).await;
    let ticket = &picture.tickets[0];
    assert_eq!(ticket.priority, "HIGH");
    assert_eq!(ticket.satisfaction, 4);
    let closed_at = ticket.closed_at.as_ref().map(|at| at.seconds);
    assert_eq!(closed_at, Some(day(9).timestamp()));
    let [answer] = &*picture.answers else {
        panic!("{:?}", picture.answers)
    };
    assert_eq!((answer.score, &*answer.comment), (0, "Too slow"));
    assert_eq!(picture.interactions[0].channel, "CALL");
    assert_eq!((&*picture.csm_id, &*picture.csm_name), ("bob", "Rep bob"));
    assert_eq!(picture.churns[0].reason, "performance");
}

async fn what_cannot_be_taken_is_refused_by_its_reason(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    begun(&client).await;
    tell_on(
        &client,
        6,
        v1::RetireMetric {
            metric_id: "users".into(),
        },
    )
    .await;
    let before = history(&client).await.len();
    let of = |metric_id: &str, wrong: v1::UsageRecord| {
        let metric_id = metric_id.into();
        record([told("good", "1", 5), v1::UsageRecord { metric_id, ..wrong }])
    };
    let usage = [
        (of("visits", told("a", "1", 5)), "UNKNOWN_METRIC"),
        (of("users", told("a", "1", 7)), "RETIRED_METRIC"),
        (of("users", told("a", "1", 5)), "SUBJECT_MISSING"),
        (of("users", told("a", "-1", 5)), "NEGATIVE_QUANTITY"),
    ];
    for (command, reason) in usage {
        assert_eq!(refused(&client, command).await.reason, reason);
    }
    let stranger = v1::RecordUsage {
        customer_id: "nobody".into(),
        ..record([told("a", "1", 5)])
    };
    assert_eq!(refused(&client, stranger).await.reason, "UNKNOWN_CUSTOMER");
    let wrong = record([told("a", "many", 5), numbered("", 7, 99)]);
    let wrong = refused(&client, wrong).await;
    assert_eq!(wrong.code, Code::InvalidArgument);
    let fields = wrong.violations.iter().map(|wrong| wrong.field.as_str());
    let fields: Vec<_> = fields.collect();
    let expected = [
        "records[0].quantity",
        "records[1].source",
        "records[1].used_on",
    ];
    assert_eq!(fields, expected);
    let otherwise = metric("logins", v1::MetricAggregation::Last);
    assert_eq!(refused(&client, otherwise).await.reason, "ALREADY_DECLARED");
    let unopened = v1::EscalateTicket {
        ticket_id: "t9".into(),
        reason: String::new(),
    };
    assert_eq!(refused(&client, unopened).await.reason, "NOT_OPENED");
    let assign = v1::AssignCsm {
        customer_id: "acme".into(),
        rep_id: "eve".into(),
    };
    assert_eq!(refused(&client, assign).await.reason, "UNKNOWN_REP");
    assert_eq!(history(&client).await.len(), before, "nothing was recorded");
}

fn model(weight: &str) -> v1::PublishHealthModel {
    v1::PublishHealthModel {
        health_model_id: "standard".into(),
        effective_from: "2024-01-01".into(),
        terms: Some(v1::HealthTerms {
            nps: Some(v1::HealthNpsFactor {
                weight: weight.into(),
                window_days: 90,
            }),
            ..Default::default()
        }),
    }
}

async fn a_health_model_is_published_and_customers_are_scored_by_it(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    begun(&client).await;
    let wrong = refused(&client, model("0")).await;
    assert_eq!(wrong.violations[0].field, "terms.nps.weight");
    tell_on(&client, 2, model("1")).await;
    let twice = tell_on(&client, 3, model("1")).await;
    assert_eq!(twice.event_types, [""; 0]);
    let later = refused(&client, model("2")).await;
    assert_eq!(
        (later.code, &*later.reason),
        (Code::FailedPrecondition, "NOT_LATER")
    );
    let answer = v1::AnswerSurvey {
        survey_answer_id: "a1".into(),
        customer_id: "acme".into(),
        score: Some(7),
        ..Default::default()
    };
    let receipt = tell_on(&client, 4, answer).await;
    let health = picture(&client, receipt.position).await.health.unwrap();
    assert_eq!(health.score, "70");
    assert_eq!(health.health_model.unwrap().version, 1);
}
