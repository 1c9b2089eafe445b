//! How health reads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proto::v1;
use proto::v1::{
    CustomerHealth, CustomerHealthRow, HealthBand, HealthDirection, HealthDistribution,
    HealthFactor, HealthMovement, HealthPoints, HealthTrialCounts, StreamEventRef,
};

use super::*;

fn event(stream: &str) -> StreamEventRef {
    StreamEventRef {
        stream: stream.to_owned(),
        version: 1,
    }
}

fn health() -> CustomerHealth {
    CustomerHealth {
        customer_id: "acme".to_owned(),
        on: "2024-05-31".to_owned(),
        health_model: Some(v1::HealthModelRef {
            health_model_id: "standard".to_owned(),
            version: 2,
        }),
        is_active: true,
        score: "62.5".to_owned(),
        band: HealthBand::AtRisk.into(),
        factors: vec![HealthFactor {
            name: "logins".to_owned(),
            weight: "2".to_owned(),
            value: "5.5".to_owned(),
            baseline: "7.5".to_owned(),
            factor: "73.33".to_owned(),
            contribution: "73.33".to_owned(),
            events: Vec::new(),
        }],
        points: vec![HealthPoints {
            kind: "OPEN_TICKETS".to_owned(),
            points: "10.83".to_owned(),
            count: 2,
            events: vec![event("ticket-t-1"), event("ticket-t-2")],
        }],
        compared_on: "2024-05-01".to_owned(),
        compared_score: "73.33".to_owned(),
        change: "-10.83".to_owned(),
        direction: HealthDirection::Down.into(),
        movements: vec![HealthMovement {
            name: "OPEN_TICKETS".to_owned(),
            points: "-10.83".to_owned(),
            former_points: "0".to_owned(),
            change: "-10.83".to_owned(),
            events: vec![event("ticket-t-1")],
        }],
        ..Default::default()
    }
}

#[test]
fn one_customer_reads_well() {
    insta::assert_snapshot!(one(&health()));
}

#[test]
fn a_book_reads_well() {
    let distribution = HealthDistribution {
        customers: 1_204,
        healthy: 800,
        at_risk: 300,
        critical: 100,
        without_score: 4,
        mean_score: "81.25".to_owned(),
    };
    let answer = ListCustomerHealthResponse {
        on: "2024-05-31".to_owned(),
        health_model: Some(v1::HealthModelRef {
            health_model_id: "standard".to_owned(),
            version: 2,
        }),
        baselines: vec![v1::HealthBaseline {
            metric_id: "logins".to_owned(),
            baseline: "4.2".to_owned(),
        }],
        overall: Some(distribution.clone()),
        cuts: vec![HealthCut {
            dimension: BookDimension::Csm.into(),
            rows: vec![v1::HealthCutRow {
                key: "mia".to_owned(),
                label: "Mia".to_owned(),
                distribution: Some(distribution),
            }],
        }],
        rows: vec![CustomerHealthRow {
            customer_id: "acme".to_owned(),
            name: "Acme Ltd".to_owned(),
            csm_id: "mia".to_owned(),
            score: "62.5".to_owned(),
            band: HealthBand::AtRisk.into(),
            change: "-10.83".to_owned(),
            direction: HealthDirection::Down.into(),
            ..Default::default()
        }],
        next_page_token: "50".to_owned(),
        ..Default::default()
    };
    insta::assert_snapshot!(book(&answer));
    let csv = book_csv(&answer).unwrap();
    assert_eq!(
        csv.lines().nth(1),
        Some("acme,Acme Ltd,mia,,,62.5,at risk,-10.83")
    );
}

#[test]
fn a_trial_reads_well() {
    let counts = HealthTrialCounts {
        hits: 1,
        false_alarms: 1,
        missed: 2,
        quiet: 96,
        precision: Some(0.5),
        recall: Some(0.333_333_333_3),
    };
    let answer = HealthModelTrial {
        months: vec![v1::HealthTrialMonth {
            on: "2024-05-31".to_owned(),
            counts: Some(counts),
            customers: vec![v1::HealthTrialCustomer {
                customer_id: "acme".to_owned(),
                name: "Acme Ltd".to_owned(),
                score: "41".to_owned(),
                outcome: "FALSE_ALARM".to_owned(),
                churned_on: String::new(),
            }],
        }],
        overall: Some(counts),
        ..Default::default()
    };
    insta::assert_snapshot!(trial(&answer));
}

#[test]
fn the_rows_for_programs_are_plain() {
    let text = one_csv(&health()).unwrap();
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "score,acme,,,,,62.5,",
            "factor,logins,2,5.5,7.5,73.33,73.33,",
            "points,OPEN_TICKETS,,,,,-10.83,2",
        ]
    );
}
