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
use proto::v1::ImportLine;
use serde_json::{Value, json};

use super::dirt::Oddity;
use super::mapping::slug;
use super::master::of_millions;
use super::*;
use crate::export::{Source, amount, json_lines};
use crate::submit::Outgoing;

const ACCOUNTS: &str =
    "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n";
const PRODUCTS: &str = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n";
const TEAMS: &str = "sales_agent,manager,regional_office\nMei-Mei Johns,Cara Losch,East\n";
const PIPELINE: &str = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,\
                        close_date,close_value\n";

fn source(label: &str, text: String) -> Source {
    Source {
        label: label.into(),
        text,
    }
}

/// What an export with these rows comes to, beside one product line, agent and manager.
fn mapped(accounts: &str, pipeline: &str) -> (Vec<Outgoing>, Dirt) {
    mapped_with(Contracts::Untold, accounts, pipeline)
}

fn mapped_with(contracts: Contracts, accounts: &str, pipeline: &str) -> (Vec<Outgoing>, Dirt) {
    let sources = Sources {
        accounts: source("accounts.csv", format!("{ACCOUNTS}{accounts}")),
        products: source("products.csv", PRODUCTS.to_owned()),
        teams: source("sales_teams.csv", TEAMS.to_owned()),
        pipeline: source("sales_pipeline.csv", format!("{PIPELINE}{pipeline}")),
    };
    let export = Export::read(&sources).unwrap();
    let mut dirt = Dirt::of(&export.bad_rows);
    (commands(&export, contracts, &mut dirt), dirt)
}

/// Command id and day.
fn told(outgoing: &Outgoing) -> (String, String) {
    let at = outgoing.request.occurred_at.unwrap();
    let at = DateTime::from_timestamp(at.seconds, 0).unwrap();
    (
        outgoing.request.command_id.clone(),
        at.format("%F %T").to_string(),
    )
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

/// Whether a value says all that is asked for.
fn says(value: &Value, expected: &Value) -> bool {
    expected
        .as_object()
        .unwrap()
        .iter()
        .all(|(key, expected)| value.get(key) == Some(expected))
}

const WON: &str = "O1,Mei-Mei Johns,GTXPro,Acme,Won,2017-01-02,2017-03-01,4514.50\n";
const LOST: &str = "O2,Mei-Mei Johns,MG Special,Acme,Lost,2017-01-01,2017-03-01,0\n";
const ENGAGING: &str = "O3,Mei-Mei Johns,MG Special,,Engaging,2017-02-01,,\n";
const PROSPECTING: &str = "O4,Mei-Mei Johns,MG Special,Acme,Prospecting,,,\n";
const ACME: &str = "Acme,technolgy,1996,1100.04,2822,Kenya,\n";

#[test]
fn commands_go_in_the_order_in_which_they_occurred() {
    let (commands, _) = mapped(ACME, &[WON, LOST, ENGAGING, PROSPECTING].concat());
    let told: Vec<_> = commands.iter().map(told).collect();
    let expected = [
        ("crm:configure_tenant:self", "2016-12-31"),
        ("crm:define_sales_process:crm", "2016-12-31"),
        ("crm:register_product:gtx-pro", "2016-12-31"),
        ("crm:register_product:mg-special", "2016-12-31"),
        ("crm:register_customer:acme", "2016-12-31"),
        ("crm:register_rep:cara-losch", "2016-12-31"),
        ("crm:form_team:cara-losch", "2016-12-31"),
        ("crm:register_rep:mei-mei-johns", "2016-12-31"),
        ("crm:join_team:mei-mei-johns", "2016-12-31"),
        ("crm:register_opportunity:O2", "2017-01-01"),
        ("crm:advance_stage:O2", "2017-01-01"),
        ("crm:register_opportunity:O1", "2017-01-02"),
        ("crm:advance_stage:O1", "2017-01-02"),
        ("crm:register_opportunity:O3", "2017-02-01"),
        ("crm:advance_stage:O3", "2017-02-01"),
        ("crm:win_opportunity:O1", "2017-03-01"),
        ("crm:lose_opportunity:O2", "2017-03-01"),
        ("crm:register_opportunity:O4", "2017-12-31"),
    ];
    assert_eq!(
        told,
        expected.map(|(id, day)| (id.to_owned(), format!("{day} 00:00:00")))
    );
}

#[test]
fn an_opportunity_begins_at_its_list_price_and_is_won_at_its_close_value() {
    let (commands, dirt) = mapped(ACME, WON);
    let registered = body(&commands, "crm:register_opportunity:O1");
    let expected = json!({
        "opportunityId": "O1",
        "name": "GTX Pro for Acme",
        "kind": "OPPORTUNITY_KIND_NEW",
        "salesProcessId": "crm",
        "stageId": "prospecting",
        "repId": "mei-mei-johns",
        "customerId": "acme",
        "productIds": ["gtx-pro"],
        "amount": {"currencyCode": "USD", "amount": "4821"},
        "source": "",
    });
    assert!(says(&registered, &expected), "{registered:#}");
    let advanced = body(&commands, "crm:advance_stage:O1");
    assert_eq!(
        advanced,
        json!({"opportunityId": "O1", "toStageId": "engaging", "note": ""})
    );
    let won =
        json!({"opportunityId": "O1", "amount": {"currencyCode": "USD", "amount": "4514.50"}});
    assert_eq!(body(&commands, "crm:win_opportunity:O1"), won);
    assert_eq!(dirt.mended_count("GTXPro"), 1);
    assert_eq!(dirt.unmapped_count(), 0, "{dirt}");
}

#[test]
fn with_contracts_what_is_won_is_signed_at_its_close_value() {
    let (commands, dirt) = mapped_with(Contracts::Signed, ACME, &[WON, LOST].concat());
    let at: Vec<_> = commands.iter().map(told).collect();
    let signing = ("crm:sign_contract:O1", "2017-03-01 00:00:00");
    assert!(at.contains(&(signing.0.to_owned(), signing.1.to_owned())));
    assert!(at.iter().all(|(id, _)| id != "crm:win_opportunity:O1"));
    let signed = body(&commands, signing.0);
    let expected = json!({
        "contractId": "O1",
        "customerId": "acme",
        "opportunityId": "O1",
        "currencyCode": "USD",
        "startsOn": "2017-03-01",
        "endsOn": "",
        "repId": "mei-mei-johns",
    });
    assert!(says(&signed, &expected), "{signed:#}");
    let [line] = signed["lines"].as_array().unwrap().as_slice() else {
        panic!("one line: {signed:#}")
    };
    let expected = json!({
        "productId": "gtx-pro",
        "amount": {"currencyCode": "USD", "amount": "4514.50"},
        "isAgreed": true,
    });
    assert!(says(line, &expected), "{line:#}");
    assert_eq!(dirt.odd_count(Oddity::NobodyToSign), 0);
}

#[test]
fn what_nobody_can_have_signed_is_won_without_a_contract() {
    let (commands, dirt) = mapped_with(Contracts::Signed, "", WON);
    let won = json!({"opportunityId": "O1"});
    assert!(says(&body(&commands, "crm:win_opportunity:O1"), &won));
    assert_eq!(dirt.odd_count(Oddity::NobodyToSign), 1);
    assert_eq!(dirt.unmapped_count(), 0);
}

#[test]
fn a_lost_one_is_lost_for_an_unknown_reason() {
    let (commands, dirt) = mapped(ACME, LOST);
    assert!(says(
        &body(&commands, "crm:lose_opportunity:O2"),
        &json!({"reason": "unknown"})
    ));
    assert_eq!(dirt.odd_count(Oddity::ValueOfLost), 0);
}

#[test]
fn what_is_open_and_has_no_account_is_taken_and_counted() {
    let (commands, dirt) = mapped("", &[ENGAGING, PROSPECTING].concat());
    let engaging = body(&commands, "crm:register_opportunity:O3");
    assert!(
        says(&engaging, &json!({"name": "MG Special", "customerId": ""})),
        "{engaging:#}"
    );
    assert_eq!(dirt.odd_count(Oddity::NoAccount), 1);
    assert_eq!(dirt.odd_count(Oddity::UnknownAccount), 1);
    assert_eq!(dirt.unmapped_count(), 0);
}

#[test]
fn an_account_is_a_customer_registered_after_the_one_it_belongs_to() {
    let rows = format!("Sub,retail,x,0.5,10,Philipines,Acme\n{ACME}");
    let (commands, dirt) = mapped(&rows, PROSPECTING);
    let ids: Vec<_> = commands
        .iter()
        .map(|outgoing| outgoing.request.command_id.as_str())
        .collect();
    let place = |id: &str| ids.iter().position(|known| *known == id).unwrap();
    assert!(place("crm:register_customer:acme") < place("crm:register_customer:sub"));
    let sub = &body(&commands, "crm:register_customer:sub")["profile"];
    let expected = json!({
        "name": "Sub",
        "industry": "retail",
        "country": "Philippines",
        "employees": 10,
        "foundedYear": 0,
        "annualRevenue": {"currencyCode": "USD", "amount": "500000"},
        "parentCustomerId": "acme",
    });
    assert_eq!(*sub, expected);
    let acme = &body(&commands, "crm:register_customer:acme")["profile"];
    assert_eq!(acme["industry"], "technology");
    assert_eq!(dirt.mended_count("technolgy"), 1);
    assert_eq!(dirt.odd_count(Oddity::NotANumber), 1, "{dirt}");
}

#[test]
fn a_team_is_its_managers() {
    let (commands, _) = mapped("", PROSPECTING);
    let formed = body(&commands, "crm:form_team:cara-losch");
    let expected = json!({"teamId": "cara-losch", "region": "East", "managerId": "cara-losch"});
    assert!(says(&formed, &expected), "{formed:#}");
    let joined = body(&commands, "crm:join_team:mei-mei-johns");
    assert!(says(
        &joined,
        &json!({"repId": "mei-mei-johns", "teamId": "cara-losch"})
    ));
}

#[test]
fn a_row_that_cannot_be_taken_is_told_with_its_line() {
    let cases = [
        (
            "O,Nobody,MG Special,Acme,Won,2017-01-01,2017-03-01,1\n",
            "unknown agent \"Nobody\"",
        ),
        (
            "O,Mei-Mei Johns,Pen,Acme,Won,2017-01-01,2017-03-01,1\n",
            "unknown product \"Pen\"",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Won,2017-02-30,2017-03-01,1\n",
            "engage_date \"2017-02-30\" is no day such as 2017-12-31",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Lost,2017-03-02,2017-03-01,0\n",
            "closed on 2017-03-01, before 2017-03-02",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Won,2017-01-01,2017-03-01,-5\n",
            "close_value \"-5\" is negative",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Won,2017-01-01,2017-03-01,\n",
            "Won without close_value",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Won,2017-01-01,,1\n",
            "Won without close_date",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Lost,,2017-01-01,0\n",
            "Lost without engage_date",
        ),
        (
            "O,Mei-Mei Johns,MG Special,Acme,Dreaming,,,\n",
            "unknown deal_stage \"Dreaming\"",
        ),
        (
            ",Mei-Mei Johns,MG Special,Acme,Prospecting,,,\n",
            "has no opportunity_id",
        ),
        ("O,Mei-Mei Johns\n", "has 2 cells instead of 8"),
    ];
    for (row, reason) in cases {
        let (commands, dirt) = mapped(ACME, &format!("{PROSPECTING}{row}{LOST}"));
        assert_eq!(dirt.unmapped_count(), 1, "{row}");
        let told = dirt.to_string();
        assert!(
            told.contains(&format!("left out: sales_pipeline.csv:3: {reason}\n")),
            "{told}"
        );
        // Those before and after it are taken.
        body(&commands, "crm:register_opportunity:O4");
        body(&commands, "crm:lose_opportunity:O2");
    }
}

#[test]
fn a_file_of_another_kind_is_an_error() {
    let other = source("accounts.csv", "name,sector\nAcme,retail\n".to_owned());
    let sources = Sources {
        accounts: other,
        products: source("products.csv", PRODUCTS.to_owned()),
        teams: source("sales_teams.csv", TEAMS.to_owned()),
        pipeline: source("sales_pipeline.csv", PIPELINE.to_owned()),
    };
    let error = Export::read(&sources).unwrap_err();
    assert_eq!(error.to_string(), "accounts.csv has no column account");
}

#[test]
fn lines_of_an_import_file_read_back() {
    let (commands, _) = mapped(ACME, WON);
    let text = json_lines(commands.clone()).unwrap();
    let lines: Vec<ImportLine> = text
        .lines()
        .map(|l| proto::json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), commands.len());
    for (line, outgoing) in lines.iter().zip(&commands) {
        assert_eq!(line.command_id, outgoing.request.command_id);
        assert_eq!(line.occurred_at, outgoing.request.occurred_at);
        assert_eq!(line.command, outgoing.request.command);
    }
}

#[test]
fn names_become_ids_and_sums_stay_exact() {
    assert_eq!(slug("Mei-Mei Johns").as_deref(), Some("mei-mei-johns"));
    assert_eq!(slug(" GTX  Plus Pro! ").as_deref(), Some("gtx-plus-pro"));
    assert_eq!(slug("…"), None);
    assert_eq!(of_millions("1100.04").as_deref(), Some("1100040000"));
    assert_eq!(of_millions("0"), Some("0".to_owned()));
    assert_eq!(of_millions("1.2345678"), None);
    assert_eq!(amount("55"), Ok("55".to_owned()));
    assert!(amount("1.234").is_err() && amount("1e3").is_err() && amount(".5").is_err());
}
