//! Rows of an export, and exactly the commands they come to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use chrono::DateTime;
use proto::json::to_value;
use serde_json::{Value, json};

use super::dirt::Oddity;
use super::*;
use crate::export::Source;
use crate::submit::Outgoing;

const ACCOUNTS: &str = "account_id,account_name,industry,country,signup_date\n\
                        A-1,Acme,steel,DE,2023-02-01\n";
const SUBSCRIPTIONS: &str = "subscription_id,account_id,start_date,end_date,plan_tier,mrr_amount,\
                             arr_amount,billing_frequency\n";
const USAGE: &str = "usage_id,subscription_id,usage_date,feature_name,usage_count\n";
const TICKETS: &str = "ticket_id,account_id,submitted_at,closed_at,priority,\
                       first_response_time_minutes,satisfaction_score,escalation_flag\n";
const CHURNS: &str = "churn_event_id,account_id,churn_date,reason_code,feedback_text\n";

const OPEN: &str = "S-1,A-1,2023-02-03,,Pro,49,588,annual\n";

#[derive(Default)]
struct Rows<'a> {
    subscriptions: &'a str,
    usage: &'a str,
    tickets: &'a str,
    churns: &'a str,
}

/// What an export with these rows comes to, beside one account.
fn mapped(rows: &Rows<'_>) -> (Vec<Outgoing>, Dirt) {
    let source =
        |label, header: &str, rows: &str| Source::embedded(label, &format!("{header}{rows}"));
    let sources = Sources {
        accounts: source("accounts.csv", ACCOUNTS, ""),
        subscriptions: source("subscriptions.csv", SUBSCRIPTIONS, rows.subscriptions),
        usage: source("usage.csv", USAGE, rows.usage),
        tickets: source("tickets.csv", TICKETS, rows.tickets),
        churns: source("churns.csv", CHURNS, rows.churns),
    };
    let export = Export::read(&sources).unwrap();
    let mut dirt = Dirt::of(&export.bad_rows);
    (commands(&export, &mut dirt), dirt)
}

/// Command id and instant.
fn told(outgoing: &Outgoing) -> String {
    let at = outgoing.request.occurred_at.unwrap();
    let at = DateTime::from_timestamp(at.seconds, 0).unwrap();
    let id = outgoing.request.command_id.strip_prefix("saas:").unwrap();
    format!("{id} {}", at.format("%F %R"))
}

fn body(commands: &[Outgoing], command_id: &str) -> Value {
    let found = commands
        .iter()
        .find(|outgoing| outgoing.request.command_id == command_id);
    let command = found.unwrap().request.command.as_ref().unwrap();
    let Value::Object(body) = to_value(command).unwrap() else {
        panic!("an object")
    };
    body.into_iter().next().unwrap().1
}

/// A value says all that is asked for; the rest of it is empty or does not matter.
fn assert_says(value: &Value, expected: &Value) {
    match (value, expected) {
        (Value::Object(told), Value::Object(expected)) => {
            for (key, expected) in expected {
                assert_says(told.get(key).unwrap_or(&Value::Null), expected);
            }
        }
        (Value::Array(told), Value::Array(expected)) => {
            assert_eq!(told.len(), expected.len());
            for (told, expected) in told.iter().zip(expected) {
                assert_says(told, expected);
            }
        }
        _ => assert_eq!(value, expected),
    }
}

#[test]
fn what_others_need_comes_first_and_the_rest_as_it_occurred() {
    let (commands, dirt) = mapped(&Rows {
        subscriptions: OPEN,
        usage: "U-1,S-1,2023-01-05,feature_2,7\n",
        tickets: "T-1,A-1,2023-03-01,2023-03-02 03:00:00,high,74,4.0,True\n",
        churns: "C-1,A-1,2023-02-20,pricing,\n",
    });
    let told: Vec<_> = commands.iter().map(told).collect();
    let expected = [
        "configure_tenant:self 2023-01-04 00:00",
        "register_product:pro 2023-01-04 00:00",
        "declare_metric:feature_usage 2023-01-04 00:00",
        "declare_metric:feature_2 2023-01-04 00:00",
        "publish_health_model:standard 2023-01-04 00:00",
        "define_sales_process:renewal 2023-01-04 00:00",
        "register_customer:A-1 2023-02-01 00:00",
        "record_usage:A-1~2023-01-05 2023-01-05 00:00",
        "sign_contract:S-1 2023-02-03 00:00",
        "record_churn:C-1 2023-02-20 00:00",
        "open_ticket:T-1 2023-03-01 00:00",
        "escalate_ticket:T-1 2023-03-01 00:00",
        "answer_ticket:T-1 2023-03-01 01:14",
        "close_ticket:T-1 2023-03-02 03:00",
        "rate_ticket:T-1 2023-03-02 03:00",
    ];
    assert_eq!(told, expected);
    assert_eq!(dirt.odd_count(Oddity::UsageBeforeStart), 1);
    assert_eq!(dirt.unmapped_count(), 0, "{dirt}");
    let rated = body(&commands, "saas:rate_ticket:T-1");
    assert_eq!(rated, json!({"ticketId": "T-1", "satisfaction": 4}));
}

#[test]
fn a_subscription_is_a_contract_in_force_until_it_ends() {
    let (commands, dirt) = mapped(&Rows {
        subscriptions: "S-1,A-1,2023-02-03,2023-05-01,Pro,49,588,annual\n\
                        S-2,A-1,2023-02-03,,Basic,0,0,monthly\n\
                        S-3,A-1,2023-02-03,2023-02-03,Basic,9,108,monthly\n",
        ..Rows::default()
    });
    let usd = |amount: &str| json!({"currencyCode": "USD", "amount": amount});
    let expected = json!({
        "contractId": "S-1", "customerId": "A-1", "currencyCode": "USD",
        "startsOn": "2023-02-03", "endsOn": "2023-05-01",
        "billing": {"frequency": "BILLING_FREQUENCY_YEARLY"},
        "lines": [{
            "lineId": "1", "productId": "pro", "listPrice": usd("588"),
            "monthlyRecurring": usd("49")
        }]
    });
    assert_says(&body(&commands, "saas:sign_contract:S-1"), &expected);
    let trial = body(&commands, "saas:sign_contract:S-2");
    assert_eq!(trial["lines"][0]["monthlyRecurring"], usd("0"));
    assert_eq!(trial["endsOn"], json!(""));
    // In force on no day: nothing is signed.
    assert_eq!(dirt.odd_count(Oddity::NoDay), 1);
    let signed = |outgoing: &&Outgoing| outgoing.request.command_id.contains("sign_contract");
    assert_eq!(commands.iter().filter(signed).count(), 2);
}

#[test]
fn usage_is_the_accounts_by_feature_and_in_total_and_an_id_counts_once() {
    let (commands, dirt) = mapped(&Rows {
        subscriptions: "S-1,A-1,2023-02-03,2023-05-01,Pro,49,588,annual\n",
        usage: "U-1,S-1,2023-03-05,feature_2,7\n\
                U-2,S-1,2023-03-05,feature_3,0\n\
                U-1,S-1,2023-05-01,feature_2,9\n",
        ..Rows::default()
    });
    let record = |id: &str, metric: &str, quantity: &str| {
        json!({
            "recordId": id, "metricId": metric, "quantity": quantity, "usedOn": "2023-03-05"
        })
    };
    let expected = json!({"customerId": "A-1", "records": [
        record("U-1", "feature_usage", "7"),
        record("U-1~feature_2", "feature_2", "7"),
        record("U-2", "feature_usage", "0"),
        record("U-2~feature_3", "feature_3", "0"),
    ]});
    assert_says(
        &body(&commands, "saas:record_usage:A-1~2023-03-05"),
        &expected,
    );
    assert_eq!(dirt.odd_count(Oddity::SeenAgain), 1);
    assert_eq!(dirt.odd_count(Oddity::UsageAfterEnd), 1);
}

#[test]
fn what_a_ticket_says_oddly_is_told_and_noted() {
    let (commands, dirt) = mapped(&Rows {
        tickets: "T-1,A-1,2023-01-01,2023-01-01 01:00:00,low,90,,False\n\
                  T-2,A-1,2023-03-01,,low,5,,False\n",
        ..Rows::default()
    });
    let told: Vec<_> = commands.iter().skip(2).map(told).collect();
    let expected = [
        "open_ticket:T-1 2023-01-01 00:00",
        "close_ticket:T-1 2023-01-01 01:00",
        "answer_ticket:T-1 2023-01-01 01:30",
        "open_ticket:T-2 2023-03-01 00:00",
        "answer_ticket:T-2 2023-03-01 00:05",
    ];
    assert_eq!(told, expected);
    let odd = [
        Oddity::TicketBeforeCustomer,
        Oddity::AnsweredAfterClosing,
        Oddity::NotRated,
    ];
    assert_eq!(odd.map(|oddity| dirt.odd_count(oddity)), [1, 1, 1]);
}

#[test]
fn a_row_that_cannot_be_taken_is_told() {
    let cases = [
        (
            Rows {
                subscriptions: OPEN,
                usage: "U-1,S-1,2023-02-05,,7\n",
                ..Rows::default()
            },
            "feature_name",
        ),
        (
            Rows {
                subscriptions: OPEN,
                usage: ",S-1,2023-02-05,feature_2,7\n",
                ..Rows::default()
            },
            "usage_id",
        ),
        (
            Rows {
                subscriptions: "S-1,A-9,2023-02-03,,Pro,1,12,annual\n",
                ..Rows::default()
            },
            "unknown account",
        ),
        (
            Rows {
                subscriptions: "S-1,A-1,,,Pro,1,12,annual\n",
                ..Rows::default()
            },
            "no start_date",
        ),
        (
            Rows {
                subscriptions: "S-1,A-1,2023-02-03,2023-02-01,Pro,1,12,annual\n",
                ..Rows::default()
            },
            "before it starts",
        ),
        (
            Rows {
                subscriptions: "S-1,A-1,2023-02-03,,Pro,-1,12,annual\n",
                ..Rows::default()
            },
            "mrr_amount",
        ),
        (
            Rows {
                subscriptions: "S-1,A-1,2023-02-03,,Pro,1,12,weekly\n",
                ..Rows::default()
            },
            "billing_frequency",
        ),
        (
            Rows {
                subscriptions: "S-1,A-1,2023-02-03,,,1,12,annual\n",
                ..Rows::default()
            },
            "plan_tier",
        ),
        (
            Rows {
                usage: "U-1,S-9,2023-03-05,feature_2,7\n",
                ..Rows::default()
            },
            "unknown subscription",
        ),
        (
            Rows {
                subscriptions: OPEN,
                usage: "U-1,S-1,2023-03-05,feature_2,x\n",
                ..Rows::default()
            },
            "usage_count",
        ),
        (
            Rows {
                tickets: "T-1,A-1,2023-03-01,,odd,5,,False\n",
                ..Rows::default()
            },
            "priority",
        ),
        (
            Rows {
                tickets: "T-1,A-1,2023-03-01,soon,low,5,,False\n",
                ..Rows::default()
            },
            "closed_at",
        ),
        (
            Rows {
                tickets: "T-1,A-1,2023-03-01,,low,5,6.0,False\n",
                ..Rows::default()
            },
            "satisfaction_score",
        ),
        (
            Rows {
                tickets: "T-1,A-1,2023-03-01,,low,5,,maybe\n",
                ..Rows::default()
            },
            "escalation_flag",
        ),
        (
            Rows {
                churns: "C-1,A-9,2023-03-01,pricing,\n",
                ..Rows::default()
            },
            "unknown account",
        ),
    ];
    for (rows, why) in cases {
        let (_, dirt) = mapped(&rows);
        assert_eq!(dirt.unmapped_count(), 1, "{why}");
        assert!(dirt.to_string().contains(why), "{why}: {dirt}");
    }
}
