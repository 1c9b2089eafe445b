//! What single fields take and how they are written down.

use domain::opportunity::Command;
use domain::rep::Command as RepCommand;
use domain::wire::{AMOUNT_MINOR_MAX, VIOLATIONS_MAX};
use prost_types::Timestamp;
use proto::commands::{OpportunityCommand, RepCommand as RepMessage, SalesProcessCommand};
use proto::v1;
use serde_json::json;

use super::wrong_fields;

fn registration() -> v1::RegisterOpportunity {
    v1::RegisterOpportunity {
        opportunity_id: "o1".to_owned(),
        name: "100 seats".to_owned(),
        sales_process_id: "standard".to_owned(),
        ..Default::default()
    }
}

/// How a telephone number is written down.
fn phone(text: &str) -> Option<String> {
    let message = v1::RegisterOpportunity {
        phone: text.to_owned(),
        ..registration()
    };
    let read = domain::opportunity::parse(OpportunityCommand::RegisterOpportunity(message));
    match read.ok()?.command {
        Command::Register(registration) => registration.facts.phone,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_telephone_number_is_written_one_way() {
    for same in [
        "+49 30 1234",
        "0049301234",
        "+49 (0)30 1234",
        "0049 (0) 30/12-34",
        "(+49) 30.1234",
        "(+49)(0)30 1234",
        " +49-30-1234 ",
    ] {
        assert_eq!(phone(same).as_deref(), Some("+49301234"), "{same}");
    }
    assert_eq!(
        phone("(0)30 1234").as_deref(),
        Some("0301234"),
        "no country code"
    );
    assert_eq!(phone("030 1234").as_deref(), Some("0301234"));
    assert_eq!(phone("+49 030 1234").as_deref(), Some("+490301234"));
    for wrong in [
        "1234",
        "+49 30 12 ext 4",
        "++49301234",
        "٠٣٠١٢٣٤٥",
        "123456789012345678901",
    ] {
        assert_eq!(phone(wrong), None, "{wrong}");
    }
}

#[test]
fn a_day_is_of_the_years_1_to_9999() {
    let wrong = |on: &str| {
        wrong_fields(&json!({
            "change_expected_close": { "opportunity_id": "o1", "expected_close_on": on },
        }))
    };
    for good in ["0001-01-01", "2017-12-31", "9999-12-31", "2016-02-29"] {
        assert_eq!(wrong(good), [""; 0], "{good}");
    }
    for bad in [
        "",
        "0000-12-31",
        "+10000-01-01",
        "+99999-01-01",
        "-0001-01-01",
        "2017-02-29",
    ] {
        assert_eq!(wrong(bad), ["expected_close_on"], "{bad}");
    }
}

#[test]
fn an_instant_is_of_the_years_1_to_9999_and_whole_microseconds() {
    let left_at = |seconds, nanos| {
        let message = v1::LeaveTeam {
            rep_id: "ann".to_owned(),
            at: Some(Timestamp { seconds, nanos }),
        };
        match domain::rep::parse(RepMessage::LeaveTeam(message))
            .ok()?
            .command
        {
            RepCommand::LeaveTeam { at } => at,
            other => panic!("{other:?}"),
        }
    };
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    assert_eq!(
        left_at(first, 0).unwrap().to_rfc3339(),
        "0001-01-01T00:00:00+00:00"
    );
    let last_micro = left_at(last, 999_999_999).unwrap();
    assert_eq!(last_micro.to_rfc3339(), "9999-12-31T23:59:59.999999+00:00");
    for (seconds, nanos) in [
        (first - 1, 0),
        (last + 1, 0),
        (i64::MAX, 0),
        (i64::MIN, 0),
        (0, -1),
        (59, 1_000_000_000),
    ] {
        assert_eq!(left_at(seconds, nanos), None, "{seconds} s {nanos} ns");
    }
}

#[test]
fn money_is_neither_negative_nor_larger_than_any_deal() {
    let wrong = |amount: &str| {
        wrong_fields(&json!({
            "change_amount": {
                "opportunity_id": "o1", "amount": { "currency_code": "USD", "amount": amount },
            },
        }))
    };
    let most = AMOUNT_MINOR_MAX / 100;
    assert_eq!(wrong("0"), [""; 0]);
    assert_eq!(wrong(&format!("{most}.00")), [""; 0]);
    for bad in [
        format!("{most}.01"),
        "-1".to_owned(),
        "1,50".to_owned(),
        String::new(),
    ] {
        assert_eq!(wrong(&bad), ["amount.amount"], "{bad}");
    }
}

#[test]
fn a_list_that_is_too_long_is_not_looked_through() {
    let many = vec!["not an id"; 1_000_000];
    let products = json!({ "change_products": { "opportunity_id": "o1", "product_ids": many } });
    assert_eq!(wrong_fields(&products), ["product_ids"]);
    let roles = vec![99; 1_000_000];
    let profile = json!({ "name": "Ann", "roles": roles });
    let contact =
        json!({ "add_contact": { "customer_id": "c", "contact_id": "ann", "profile": profile } });
    assert_eq!(wrong_fields(&contact), ["profile.roles"]);
    let process = |stages| {
        let message = v1::DefineSalesProcess {
            sales_process_id: "s".to_owned(),
            name: "Standard".to_owned(),
            stages,
        };
        let read = domain::sales_process::parse(SalesProcessCommand::DefineSalesProcess(message));
        let wrong = read.unwrap_err().violations.into_iter();
        wrong.map(|violation| violation.field).collect::<Vec<_>>()
    };
    assert_eq!(process(vec![v1::Stage::default(); 100_000]), ["stages"]);
    let stage = v1::Stage {
        stage_id: "lead".to_owned(),
        name: "Lead".to_owned(),
        checklist: vec![v1::ChecklistItem::default(); 100_000],
        ..Default::default()
    };
    assert_eq!(process(vec![stage]), ["stages[0].checklist"]);
}

#[test]
fn no_more_is_told_to_be_wrong_than_anyone_reads() {
    let stage = v1::Stage {
        checklist: vec![v1::ChecklistItem::default(); 100],
        ..Default::default()
    };
    let message = v1::ReviseSalesProcess {
        sales_process_id: "s".to_owned(),
        name: "Standard".to_owned(),
        stages: vec![stage; 50],
    };
    let read = domain::sales_process::parse(SalesProcessCommand::ReviseSalesProcess(message));
    assert_eq!(read.unwrap_err().violations.len(), VIOLATIONS_MAX);
}

#[test]
fn ids_of_other_systems_are_told_apart() {
    let claimed = |system: &str, id: &str| {
        use domain::Decider as _;
        let message = v1::RegisterOpportunity {
            external_id: Some(v1::ExternalId {
                system: system.to_owned(),
                id: id.to_owned(),
            }),
            ..registration()
        };
        let read = domain::opportunity::parse(OpportunityCommand::RegisterOpportunity(message));
        let Command::Register(registration) = read.unwrap().command else {
            panic!("it is a registration")
        };
        let mut opportunity = domain::opportunity::Opportunity::default();
        let event = registration.facts.into();
        opportunity.evolve(&event, chrono::DateTime::UNIX_EPOCH);
        opportunity.claims(&event)
    };
    assert_ne!(claimed("sap/de", "1"), claimed("sap", "de/1"));
    assert_ne!(claimed("1", "1:a/b"), claimed("1/1:a", "b"));
    assert_eq!(claimed(" sap ", "1"), claimed("sap", "1 "));
}

#[test]
fn a_list_names_a_thing_once() {
    let twice = json!({
        "define_sales_process": { "sales_process_id": "s", "name": "S", "stages": [
            { "stage_id": "lead", "name": "Lead" },
            { "stage_id": "lead", "name": "Lead again", "checklist": [
                { "item_id": "i", "text": "one" }, { "item_id": "i", "text": "two" },
            ] },
        ] },
    });
    assert_eq!(
        wrong_fields(&twice),
        ["stages[1].checklist[1].item_id", "stages[1].stage_id"]
    );
}
