//! What gives cause for worry about a customer is an alarm and one task, until it is over; and whose
//! tasks are whose, as people come and go.

use client::Client;
use futures::TryStreamExt as _;
use proto::v1;

use crate::company::customer;
use crate::following_up::{brought, has_tasks, long_ago, sign, tell_at, tick};
use crate::home::{Home, client, head, stream};

on_both! {
    each_cause_raises_one_alarm_and_one_task_until_it_is_over,
    alarms_told_at_once_in_pieces_and_doubled_are_the_same,
    what_needs_no_health_model_raises_an_alarm_without_one,
    a_task_goes_to_whose_customer_it_is_and_to_the_manager_when_it_is_late,
}

fn at(day: u32) -> String {
    format!("2024-01-{day:02}T09:00:00Z")
}

fn on(day: u32) -> String {
    format!("2024-01-{day:02}")
}

/// Usage against all over four days, tickets open for three days, payments two days late.
fn model() -> v1::PublishHealthModel {
    let logins = v1::HealthMetricFactor {
        metric_id: "logins".to_owned(),
        weight: "1".to_owned(),
        window_days: Some(2),
        baseline_days: Some(4),
        threshold: "0.5".to_owned(),
    };
    v1::PublishHealthModel {
        health_model_id: "standard".to_owned(),
        effective_from: "2024-01-01".to_owned(),
        terms: Some(v1::HealthTerms {
            metrics: vec![logins],
            nps: Some(v1::HealthNpsFactor {
                weight: "1".to_owned(),
                window_days: 90,
            }),
            ticket_open_days: Some(3),
            payment_late_days: Some(2),
            ..v1::HealthTerms::default()
        }),
    }
}

/// A playbook that only says what is done about low usage; of the rest the built-in one holds.
fn playbook() -> v1::PublishPlaybook {
    let item = v1::TaskItem {
        item_id: "call".to_owned(),
        name: "Call the champion".to_owned(),
    };
    let guide = v1::PlaybookGuide {
        cause: v1::AlarmCause::MetricBelowThreshold.into(),
        name: "Win them back".to_owned(),
        due_days: 4,
        checklist: vec![item],
        document_ids: vec!["usage-guide".to_owned()],
        escalate_after_days: Some(2),
    };
    v1::PublishPlaybook {
        playbook_id: "own".to_owned(),
        name: "Own".to_owned(),
        effective_from: "2024-01-01".to_owned(),
        plays: Some(v1::Plays {
            guides: vec![guide],
            ..v1::Plays::default()
        }),
    }
}

fn csm(rep_id: &str) -> v1::AssignCsm {
    v1::AssignCsm {
        customer_id: "acme".to_owned(),
        rep_id: rep_id.to_owned(),
    }
}

/// Someone there who decides.
fn decider(contact_id: &str) -> v1::AddContact {
    v1::AddContact {
        customer_id: "acme".to_owned(),
        contact_id: contact_id.to_owned(),
        profile: Some(v1::ContactProfile {
            name: contact_id.to_owned(),
            roles: vec![v1::ContactRole::DecisionMaker.into()],
            ..v1::ContactProfile::default()
        }),
    }
}

fn ticket(ticket_id: &str) -> v1::OpenTicket {
    v1::OpenTicket {
        ticket_id: ticket_id.to_owned(),
        customer_id: "acme".to_owned(),
        priority: v1::TicketPriority::Medium.into(),
        ..v1::OpenTicket::default()
    }
}

fn close(ticket_id: &str) -> v1::CloseTicket {
    v1::CloseTicket {
        ticket_id: ticket_id.to_owned(),
        resolution: String::new(),
    }
}

fn answer(id: &str, score: u32) -> v1::AnswerSurvey {
    v1::AnswerSurvey {
        survey_answer_id: id.to_owned(),
        customer_id: "acme".to_owned(),
        contact_id: "eva".to_owned(),
        score: Some(score),
        comment: String::new(),
    }
}

/// Bob works in Mia's team.
async fn team(client: &Client) {
    let beginning = "2023-01-02T00:00:00Z";
    for rep in ["bob", "eve", "mia"] {
        tell_at(client, beginning, crate::company::rep(rep)).await;
    }
    let team = v1::FormTeam {
        team_id: "success".to_owned(),
        name: "Success".to_owned(),
        region: String::new(),
        manager_id: "mia".to_owned(),
    };
    tell_at(client, beginning, team).await;
    for rep in ["bob", "eve"] {
        let join = v1::JoinTeam {
            rep_id: rep.to_owned(),
            team_id: "success".to_owned(),
            ..v1::JoinTeam::default()
        };
        tell_at(client, beginning, join).await;
    }
}

/// What holds before anything happens: the model, the playbook, and two customers with contracts.
async fn begun(client: &Client) {
    long_ago(client, "UTC").await;
    team(client).await;
    let beginning = "2024-01-01T00:00:00Z";
    let logins = v1::DeclareMetric {
        metric_id: "logins".to_owned(),
        name: "Logins".to_owned(),
        unit: "times".to_owned(),
        aggregation: v1::MetricAggregation::Sum.into(),
    };
    tell_at(client, beginning, logins).await;
    tell_at(client, beginning, model()).await;
    tell_at(client, beginning, playbook()).await;
    tell_at(client, beginning, customer("beta")).await;
    tell_at(client, beginning, csm("bob")).await;
    tell_at(client, beginning, decider("eva")).await;
    let contract = sign("c1", "2024-01-01", "2025-01-01");
    tell_at(client, "2024-01-01T08:00:00Z", contract).await;
    let contract = v1::SignContract {
        customer_id: "beta".to_owned(),
        ..sign("c2", "2024-01-01", "2025-01-01")
    };
    tell_at(client, "2024-01-01T08:00:00Z", contract).await;
}

/// Days on which nobody at Acme logs in.
const QUIET: [u32; 8] = [20, 21, 22, 27, 28, 29, 30, 31];

/// What happens on a day of January: Beta logs in every day, Acme on most; a ticket is escalated,
/// another stays open for a week; an answer, a departure, an invoice, and what sets each right.
async fn live(client: &Client, day: u32) {
    for customer_id in ["acme", "beta"] {
        if customer_id == "acme" && QUIET.contains(&day) {
            continue;
        }
        let record = v1::UsageRecord {
            record_id: format!("{customer_id}~{day}"),
            metric_id: "logins".to_owned(),
            quantity: "10".to_owned(),
            used_on: on(day),
            ..v1::UsageRecord::default()
        };
        let record = v1::RecordUsage {
            customer_id: customer_id.to_owned(),
            records: vec![record],
        };
        tell_at(client, &at(day), record).await;
    }
    let at = at(day);
    match day {
        10 => tell_at(client, &at, ticket("t2")).await,
        11 => tell_at(client, &at, ticket("t1")).await,
        12 => {
            let escalate = v1::EscalateTicket {
                ticket_id: "t1".to_owned(),
                reason: String::new(),
            };
            tell_at(client, &at, escalate).await;
            tell_at(client, &at, answer("a1", 3)).await
        }
        13 => tell_at(client, &at, close("t1")).await,
        14 => {
            let gone = v1::RemoveContact {
                customer_id: "acme".to_owned(),
                contact_id: "eva".to_owned(),
                reason: String::new(),
            };
            tell_at(client, &at, answer("a2", 9)).await;
            tell_at(client, &at, gone).await
        }
        16 => {
            let invoice = v1::IssueInvoice {
                contract_id: "c1".to_owned(),
                invoice_id: "i1".to_owned(),
                due_on: "2024-01-17".to_owned(),
                ..v1::IssueInvoice::default()
            };
            tell_at(client, &at, invoice).await
        }
        17 => tell_at(client, &at, close("t2")).await,
        18 => tell_at(client, &at, decider("tom")).await,
        22 => {
            let payment = v1::RecordPayment {
                contract_id: "c1".to_owned(),
                payment_id: "p1".to_owned(),
                invoice_id: "i1".to_owned(),
                ..v1::RecordPayment::default()
            };
            tell_at(client, &at, payment).await
        }
        _ => 0,
    };
}

/// All raisings there were: what about, from when to when, in the order of their tasks' names.
async fn raisings(client: &Client) -> Vec<String> {
    let question = v1::ListAlarmsRequest {
        with_cleared: true,
        consistency: Some(client::at_least(head(client).await)),
        ..v1::ListAlarmsRequest::default()
    };
    let answer = client.list_alarms(question).await.unwrap();
    let told = answer.alarms.into_iter().map(|alarm| {
        let cause = alarm
            .cause()
            .as_str_name()
            .trim_start_matches("ALARM_CAUSE_");
        let (from, to) = (&alarm.raised_on[8..], alarm.cleared_on.get(8..));
        let (who, subject) = (&alarm.customer_id, &alarm.subject_id);
        format!("{who} {cause} {subject} {from}-{}", to.unwrap_or("")).replace("  ", " ")
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

/// As they follow from what happens in January.
const RAISED: [&str; 7] = [
    "acme DECISION_MAKER_DEPARTED 14-18",
    "acme METRIC_BELOW_THRESHOLD logins 21-23",
    "acme METRIC_BELOW_THRESHOLD logins 28-",
    "acme NPS_DETRACTOR eva 12-14",
    "acme PAYMENT_LATE i1 20-22",
    "acme TICKET_ESCALATED t1 12-13",
    "acme TICKET_OPEN_TOO_LONG t2 14-17",
];

async fn each_cause_raises_one_alarm_and_one_task_until_it_is_over(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    begun(&client).await;
    for day in 10..=31 {
        live(&client, day).await;
        tick(&client, &on(day)).await;
    }
    assert_eq!(raisings(&client).await, RAISED);

    let low = v1::GetTaskRequest {
        task_id: "acme~metric_below_threshold~logins~2024-01-21".to_owned(),
        on: "2024-01-31".to_owned(),
        consistency: None,
    };
    let task = client.task(low).await.unwrap();
    assert_eq!(task.name, "Win them back");
    assert_eq!(task.document_ids, ["usage-guide"]);
    assert_eq!(task.checklist.len(), 1);
    assert_eq!((&*task.due_on, &*task.rep_id), ("2024-01-25", "bob"));
    // Two days after it was due it went to the manager.
    assert_eq!(task.state(), v1::TaskState::Escalated);
    assert_eq!(task.escalated_to_rep_id, "mia");
    has_tasks(
        &client,
        "2024-01-31",
        &[
            "acme~ticket_escalated~t1~2024-01-12 2024-01-14 ESCALATED",
            "acme~nps_detractor~eva~2024-01-12 2024-01-15 ESCALATED",
            "acme~ticket_open_too_long~t2~2024-01-14 2024-01-17 ESCALATED",
            "acme~decision_maker_departed~2024-01-14 2024-01-21 ESCALATED",
            "acme~metric_below_threshold~logins~2024-01-21 2024-01-25 ESCALATED",
            "acme~payment_late~i1~2024-01-20 2024-01-25 OVERDUE",
            "acme~metric_below_threshold~logins~2024-01-28 2024-02-01 OPEN",
        ],
    )
    .await;
}

async fn alarms_told_at_once_in_pieces_and_doubled_are_the_same(home: Home) {
    let mut node = home.start();
    let whole = client(&node, "whole");
    begun(&whole).await;
    for day in 10..=31 {
        live(&whole, day).await;
    }
    tick(&whole, "2024-01-31").await;
    assert_eq!(raisings(&whole).await, RAISED);
    let expected = brought(&whole).await;
    // Seven raised, six cleared, seven tasks of which five went to the manager; and January's days.
    assert_eq!(expected.len(), 25 + 31, "{expected:#?}");
    let before = head(&whole).await;
    assert!(tick(&whole, "2024-01-31").await.is_empty());
    assert_eq!(head(&whole).await, before);

    begun(&client(&node, "pieces")).await;
    for (from, to) in [(10, 12), (13, 21), (22, 31)] {
        let pieces = client(&node, "pieces");
        for day in from..=to {
            live(&pieces, day).await;
        }
        tick(&pieces, &on(to)).await;
        node.stop().unwrap();
        node = home.start();
    }
    let pieces = client(&node, "pieces");
    assert_eq!(brought(&pieces).await, expected);
    if matches!(home, Home::Sqlite(_)) {
        return;
    }

    let other = home.start();
    let (one, other) = (client(&node, "doubled"), client(&other, "doubled"));
    begun(&one).await;
    for day in 10..=31 {
        live(if day % 2 == 0 { &one } else { &other }, day).await;
    }
    let (one_days, other_days) = futures::join!(one.tick("2024-01-31"), other.tick("2024-01-31"));
    let ended = futures::join!(
        one_days.unwrap().try_collect::<Vec<_>>(),
        other_days.unwrap().try_collect::<Vec<_>>()
    );
    assert!(ended.0.is_ok() && ended.1.is_ok(), "{ended:?}");
    assert_eq!(brought(&one).await, expected);
}

/// What is on someone's list on a day.
async fn list(client: &Client, rep_id: &str, on: &str) -> Vec<String> {
    let question = v1::ListTasksRequest {
        rep_id: rep_id.to_owned(),
        on: on.to_owned(),
        consistency: Some(client::at_least(head(client).await)),
        ..v1::ListTasksRequest::default()
    };
    let answer = client.list_tasks(question).await.unwrap();
    let told = answer.tasks.into_iter().map(|task| {
        let state = task.state().as_str_name().trim_start_matches("TASK_STATE_");
        format!("{} {state} {}", task.task_id, task.rep_id)
    });
    told.map(|told| told.trim_end().to_owned()).collect()
}

async fn a_task_goes_to_whose_customer_it_is_and_to_the_manager_when_it_is_late(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "UTC").await;
    team(&client).await;
    let contract = sign("c1", "2024-01-31", "2025-01-31");
    tell_at(&client, "2024-01-31T10:00:00Z", contract).await;
    let by_hand = |task_id: &str, rep_id: &str| v1::PlanTask {
        task_id: task_id.to_owned(),
        customer_id: "acme".to_owned(),
        name: "Send the minutes".to_owned(),
        due_on: "2024-03-10".to_owned(),
        rep_id: rep_id.to_owned(),
        ..v1::PlanTask::default()
    };
    tell_at(&client, "2024-02-01T10:00:00Z", by_hand("of-ann", "ann")).await;
    tick(&client, "2024-02-01").await;
    // Nobody's yet.
    assert_eq!(
        list(&client, "", "2024-02-01").await,
        [
            "c1~onboarding~1 OPEN",
            "of-ann OPEN ann",
            "c1~renewal-reminder~1 OPEN",
        ]
    );
    tell_at(&client, "2024-02-02T10:00:00Z", csm("bob")).await;
    tick(&client, "2024-02-02").await;
    assert_eq!(
        list(&client, "bob", "2024-02-02").await,
        ["c1~onboarding~1 OPEN bob", "c1~renewal-reminder~1 OPEN bob"]
    );
    // Given away on purpose, it stays where it is; the rest goes to who comes next.
    let give = v1::AssignTask {
        task_id: "c1~renewal-reminder~1".to_owned(),
        rep_id: "ann".to_owned(),
    };
    tell_at(&client, "2024-02-03T10:00:00Z", give).await;
    tell_at(&client, "2024-02-04T10:00:00Z", csm("eve")).await;
    let snooze = v1::SnoozeTask {
        task_id: "c1~onboarding~1".to_owned(),
        until_on: "2024-03-05".to_owned(),
        reason: String::new(),
    };
    tell_at(&client, "2024-02-20T10:00:00Z", snooze).await;
    tick(&client, "2024-03-13").await;
    assert_eq!(list(&client, "bob", "2024-03-13").await, [""; 0]);
    let of_ann = list(&client, "ann", "2024-03-13").await;
    assert_eq!(
        of_ann,
        ["of-ann OVERDUE ann", "c1~renewal-reminder~1 OPEN ann"]
    );
    // Due on the 29th of February, hidden until the fifth, and then late.
    for (on, state) in [
        ("2024-02-29", "SNOOZED"),
        ("2024-03-04", "SNOOZED"),
        ("2024-03-05", "OVERDUE"),
        ("2024-03-13", "OVERDUE"),
    ] {
        let expected = format!("c1~onboarding~1 {state} eve");
        assert_eq!(list(&client, "eve", on).await, [expected], "on {on}");
    }
    assert_eq!(list(&client, "mia", "2024-03-13").await, [""; 0]);
    // Fourteen days after it was due.
    tick(&client, "2024-03-14").await;
    assert_eq!(
        list(&client, "mia", "2024-03-14").await,
        ["c1~onboarding~1 ESCALATED eve"]
    );
    let mut course = stream(&client, "task-c1~onboarding~1").await;
    course.sort_by_key(|event| event.occurred_at.map(|at| at.seconds));
    let course: Vec<&str> = course.iter().map(|event| &*event.r#type).collect();
    assert_eq!(
        course,
        [
            "TaskPlanned",
            "TaskAssigned",
            "TaskAssigned",
            "TaskSnoozed",
            "TaskEscalated"
        ]
    );
}

async fn what_needs_no_health_model_raises_an_alarm_without_one(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    long_ago(&client, "UTC").await;
    tell_at(&client, &at(3), ticket("t1")).await;
    let escalate = v1::EscalateTicket {
        ticket_id: "t1".to_owned(),
        reason: "down".to_owned(),
    };
    tell_at(&client, &at(4), escalate).await;
    tick(&client, &on(5)).await;
    let history = crate::home::history(&client).await;
    let raised = history.iter().filter(|event| event.r#type == "AlarmRaised");
    assert_eq!(raised.count(), 1);
}
