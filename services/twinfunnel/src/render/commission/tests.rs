//! Answers about commission, as they read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proto::instant::to_timestamp;
use proto::v1::{AnsweredFrom, ClosedStatement, CommissionSignal, StatementProblem};

use super::*;
use crate::instant;

fn usd(amount: &str) -> Option<Money> {
    Some(Money {
        currency_code: "USD".to_owned(),
        amount: amount.to_owned(),
    })
}

fn event(position: u64) -> EventRef {
    EventRef {
        position,
        event_id: format!("e{position}"),
        event_type: "ContractSigned".to_owned(),
    }
}

fn line() -> StatementLine {
    StatementLine {
        line_id: "commission:12:c1:1".to_owned(),
        kind: "COMMISSION".to_owned(),
        contract_id: "c1".to_owned(),
        contract_line_id: "1".to_owned(),
        occurred_at: Some(to_timestamp(instant::parse("2017-03-01").unwrap())),
        basis: "60000".to_owned(),
        rates_percent: vec!["5".to_owned(), "7".to_owned()],
        amount: usd("3200.00"),
        events: vec![event(7), event(12)],
        explanation: "COMMISSION  3200.00 USD  commission:12:c1:1\n  step 1       tiers\n"
            .to_owned(),
        ..StatementLine::default()
    }
}

fn statement(rep_id: &str, credited: &str, total: &str) -> CommissionStatement {
    CommissionStatement {
        status: StatementStatus::Open.into(),
        commission_plan_id: "field".to_owned(),
        plan_version: 1,
        rep_id: rep_id.to_owned(),
        from_on: "2017-01-01".to_owned(),
        to_on: "2017-04-01".to_owned(),
        credited: usd(credited),
        total: usd(total),
        ..CommissionStatement::default()
    }
}

fn answer() -> ListStatementsResponse {
    let ann = CommissionStatement {
        status: StatementStatus::Closed.into(),
        quota: usd("48000"),
        attainment_percent: "125".to_owned(),
        tier: 2,
        lines: vec![line()],
        statement_id: "s1".to_owned(),
        at_position: 1_234,
        digest: "ab".to_owned(),
        ..statement("ann", "60000", "3200.00")
    };
    ListStatementsResponse {
        answered_from: Some(AnsweredFrom {
            position: 1_234,
            at: Some(to_timestamp(instant::parse("2017-04-01").unwrap())),
        }),
        statements: vec![ann, statement("bob", "0.5", "0.05")],
        problems: vec![StatementProblem {
            commission_plan_id: "field".to_owned(),
            rep_id: "cid".to_owned(),
            message: "there is no quota".to_owned(),
        }],
    }
}

fn estimate() -> EstimateCommissionResponse {
    EstimateCommissionResponse {
        difference: usd("3200.00"),
        from_on: "2017-01-01".to_owned(),
        to_on: "2017-04-01".to_owned(),
        without: usd("0.00"),
        with: usd("3200.00"),
        lines: vec![line()],
        ..EstimateCommissionResponse::default()
    }
}

#[test]
fn the_table_reads_well() {
    insta::assert_snapshot!(table(&answer(), Depth::Lines));
}

#[test]
fn a_line_is_explained_as_it_came() {
    let text = table(&answer(), Depth::Explanations);
    let told = "\nann by field, from 2017-01-01, before 2017-04-01\nCOMMISSION  3200.00 USD";
    assert!(text.contains(told), "{text}");
}

#[test]
fn an_estimate_reads_well() {
    insta::assert_snapshot!(estimate_table(&estimate()));
}

#[test]
fn each_currency_has_a_total_of_its_own() {
    let euros = CommissionStatement {
        credited: None,
        total: Some(Money {
            currency_code: "EUR".to_owned(),
            amount: "1.00".to_owned(),
        }),
        ..statement("cid", "0", "0")
    };
    let ann = statement("ann", "10", "1.00");
    let text = statements(&[ann.clone(), euros, ann]);
    let totals: Vec<_> = text
        .lines()
        .filter(|line| line.contains("Total  "))
        .collect();
    let totals: Vec<_> = totals.iter().map(|line| line.trim_end()).collect();
    assert!(
        totals.iter().any(|line| line.ends_with("2.00 USD")),
        "{text}"
    );
    assert!(
        totals.iter().any(|line| line.ends_with("1.00 EUR")),
        "{text}"
    );
}

#[test]
fn the_rows_for_programs_are_plain() {
    let text = csv(&answer(), Depth::Sums).unwrap();
    let rows: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "field,1,ann,2017-01-01,2017-04-01,closed,USD,60000,48000,125,2,3200.00,,,s1,1234,ab",
            "field,1,bob,2017-01-01,2017-04-01,open,USD,0.5,,,0,0.05,,,,0,",
        ]
    );
    let text = csv(&answer(), Depth::Lines).unwrap();
    let rows: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "field,ann,2017-01-01,2017-04-01,commission:12:c1:1,COMMISSION,c1,1,2017-03-01,60000,5 7,\
          USD,3200.00,7 12"
        ]
    );
    let text = estimate_csv(&estimate()).unwrap();
    assert!(text.ends_with("\n2017-01-01,2017-04-01,USD,0.00,3200.00,3200.00\n"));
}

#[test]
fn signals_and_what_was_closed_are_told() {
    let signals = ListCommissionSignalsResponse {
        answered_from: None,
        signals: vec![CommissionSignal {
            kind: "HAND_OVER_BEFORE_CLOSE".to_owned(),
            subject: "o1".to_owned(),
            message: "o1 went from ann to bob".to_owned(),
            events: vec![event(3), event(9)],
        }],
    };
    let told = signals_table(&signals);
    assert!(
        told.contains("hand over before close") && told.contains("#3 #9"),
        "{told}"
    );
    let row = "\nHAND_OVER_BEFORE_CLOSE,o1,o1 went from ann to bob,3 9\n";
    assert!(signals_csv(&signals).unwrap().ends_with(row));
    let nothing = signals_table(&ListCommissionSignalsResponse::default());
    assert!(nothing.contains("Nothing to look at"), "{nothing}");

    let closed = ClosePeriodResponse {
        statements: vec![ClosedStatement {
            statement_id: "s1".to_owned(),
            rep_id: "ann".to_owned(),
            total: usd("3200.00"),
            digest: "ab".to_owned(),
            at_position: 1_234,
            was_closed: true,
            position: 1_240,
        }],
    };
    let told = closed_table(&closed);
    assert!(told.contains("before") && told.contains("1,234"), "{told}");
    assert!(
        closed_csv(&closed)
            .unwrap()
            .ends_with("\nann,s1,true,1234,1240,USD,3200.00,ab\n")
    );
}

#[test]
fn an_empty_answer_is_a_table_too() {
    let text = table(&ListStatementsResponse::default(), Depth::Sums);
    assert!(text.contains("Nobody takes part"), "{text}");
}
