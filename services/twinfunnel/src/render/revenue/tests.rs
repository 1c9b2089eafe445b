//! How recurring revenue reads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proto::v1::{RevenueCohortMonth, RevenueCut, RevenuePeriodRow, RevenueRow};

use super::*;

fn dollars(amount: &str) -> Option<Money> {
    Some(Money {
        currency_code: "USD".to_owned(),
        amount: amount.to_owned(),
    })
}

fn figures() -> RevenueFigures {
    RevenueFigures {
        start_mrr: dollars("1500.00"),
        new_mrr: dollars("0.00"),
        reactivation_mrr: dollars("400.00"),
        expansion_mrr: dollars("0.00"),
        contraction_mrr: dollars("500.00"),
        churn_mrr: dollars("0.00"),
        end_mrr: dollars("1400.00"),
        arr: dollars("16800.00"),
        start_customers: 1,
        reactivated_customers: 1,
        contracted_customers: 1,
        end_customers: 2,
        grr: Some(0.625),
        nrr: Some(0.625),
        logo_churn: Some(0.0),
        ..Default::default()
    }
}

fn revenue() -> RecurringRevenue {
    let month = |months_since, revenue_retention| RevenueCohortMonth {
        months_since,
        customers: 1,
        mrr: dollars("1000.00"),
        logo_retention: Some(0.5),
        revenue_retention,
    };
    RecurringRevenue {
        currency_code: "USD".to_owned(),
        other_currency_codes: vec!["EUR".to_owned()],
        from_on: "2024-03-01".to_owned(),
        to_on: "2024-04-01".to_owned(),
        period: RevenuePeriod::Month.into(),
        overall: Some(figures()),
        periods: vec![RevenuePeriodRow {
            from_on: "2024-03-01".to_owned(),
            to_on: "2024-04-01".to_owned(),
            figures: Some(figures()),
        }],
        cuts: vec![RevenueCut {
            dimension: RevenueDimension::Industry.into(),
            rows: vec![RevenueRow {
                figures: Some(RevenueFigures::default()),
                ..Default::default()
            }],
        }],
        cohorts: vec![RevenueCohort {
            month: "2024-01".to_owned(),
            customers: 2,
            months: vec![month(0, Some(1.0)), month(1, None)],
        }],
        ..Default::default()
    }
}

#[test]
fn movements_stand_beside_each_other() {
    let text = table(&revenue());
    let row = text.lines().find(|line| line.contains("2024-03 ")).unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(
        cells.join(" "),
        "2024-03 1,500.00 0.00 400.00 0.00 500.00 0.00 1,400.00 2 62.5 % 62.5 % 0.0 %"
    );
    assert!(text.contains("MRR 1,400.00 USD · ARR 16,800.00 USD · customers 2"));
    assert!(text.contains("There is more in EUR"));
    assert!(text.contains("By industry"));
    assert!(text.contains("(none)"));
    // What has no value is a dash, what has not come yet is nothing.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = text.lines().map(words).collect();
    assert!(lines.contains(&"2024-01 2 100.0 % –".to_owned()), "{text}");
    assert!(
        lines.contains(&"2024-01 2 50.0 % 50.0 %".to_owned()),
        "{text}"
    );
}

#[test]
fn periods_go_by_their_names() {
    assert_eq!(period(RevenuePeriod::Month, "2024-03-15"), "2024-03");
    assert_eq!(period(RevenuePeriod::Quarter, "2024-03-15"), "2024 Q1");
    assert_eq!(period(RevenuePeriod::Quarter, "2024-10-01"), "2024 Q4");
    assert_eq!(period(RevenuePeriod::Year, "2024-03-15"), "2024");
}

#[test]
fn csv_has_a_row_for_each_figure() {
    let text = csv(&revenue()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(
        lines.get(1).copied(),
        Some(
            "overall,,,USD,1500.00,0.00,400.00,0.00,500.00,0.00,1400.00,16800.00,1,0,1,0,1,0,2,\
             0.625,0.625,0,,,"
        )
    );
    assert_eq!(
        lines.get(4).copied(),
        Some("cohort,2024-01,,USD,,,,,,,1000.00,,,,,,,,1,,,,0,0.5,1")
    );
}
