//! Recurring revenue, worked out straight from the subscriptions of the SaaS sample, day by day; and
//! what the program tells of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Deserialize;

use crate::answer::{AnsweredFrom, Usd};
use crate::export::midnight;
use crate::program::{read, saas_demo};

#[derive(Deserialize)]
struct SubscriptionRow {
    account_id: String,
    start_date: NaiveDate,
    end_date: Option<NaiveDate>,
    mrr_amount: Decimal,
}

/// What each customer pays a month on a day; those who pay nothing are not there.
type Paying = BTreeMap<String, Decimal>;

struct Book(Vec<SubscriptionRow>);

impl Book {
    fn read() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/saas");
        let mut file = csv::Reader::from_path(folder.join("ravenstack_subscriptions.csv")).unwrap();
        Self(file.deserialize().map(Result::unwrap).collect())
    }

    fn paying(&self, day: NaiveDate) -> Paying {
        let mut paying = Paying::new();
        for row in &self.0 {
            let has_ended = row.end_date.is_some_and(|end| end <= day);
            if row.start_date <= day && !has_ended && !row.mrr_amount.is_zero() {
                *paying.entry(row.account_id.clone()).or_default() += row.mrr_amount;
            }
        }
        paying
    }

    /// The day on which each customer first pays anything.
    fn firsts(&self) -> BTreeMap<String, NaiveDate> {
        let mut firsts: BTreeMap<String, NaiveDate> = BTreeMap::new();
        for row in &self.0 {
            if row.end_date != Some(row.start_date) && !row.mrr_amount.is_zero() {
                let first = firsts
                    .entry(row.account_id.clone())
                    .or_insert(row.start_date);
                *first = (*first).min(row.start_date);
            }
        }
        firsts
    }
}

/// An answer about recurring revenue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Revenue {
    answered_from: AnsweredFrom,
    currency_code: String,
    other_currency_codes: Vec<String>,
    from_on: NaiveDate,
    to_on: NaiveDate,
    period: String,
    overall: Figures,
    periods: Vec<Period>,
    cuts: Vec<serde_json::Value>,
    cohorts: Vec<Cohort>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Period {
    from_on: NaiveDate,
    to_on: NaiveDate,
    figures: Figures,
}

/// Sums, counts and shares; a share that has no value is none.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Figures {
    start_mrr: Usd,
    new_mrr: Usd,
    reactivation_mrr: Usd,
    expansion_mrr: Usd,
    contraction_mrr: Usd,
    churn_mrr: Usd,
    end_mrr: Usd,
    arr: Usd,
    start_customers: u32,
    new_customers: u32,
    reactivated_customers: u32,
    expanded_customers: u32,
    contracted_customers: u32,
    churned_customers: u32,
    end_customers: u32,
    grr: Option<f64>,
    nrr: Option<f64>,
    logo_churn: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cohort {
    month: String,
    customers: u32,
    #[serde(default)]
    months: Vec<CohortMonth>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CohortMonth {
    #[serde(default)]
    months_since: u32,
    #[serde(default)]
    customers: u32,
    mrr: Usd,
    logo_retention: Option<f64>,
    revenue_retention: Option<f64>,
}

/// What the demo prints of recurring revenue.
fn demo() -> Revenue {
    read(saas_demo()["recurringRevenue"].take())
}

/// How many customers, and what they come to.
type Sum = (u32, Decimal);

fn add(sum: &mut Sum, amount: Decimal) {
    sum.0 += 1;
    sum.1 += amount;
}

fn assert_share(what: &str, told: Option<f64>, part: Decimal, whole: Decimal) {
    let expected = (!whole.is_zero()).then(|| (part / whole).to_f64().unwrap());
    match (told, expected) {
        (Some(told), Some(expected)) => {
            assert!((told - expected).abs() < 1e-9, "{what}: {told}, {expected}");
        }
        (told, expected) => assert_eq!(told, expected, "{what}"),
    }
}

fn assert_figures(book: &Book, from_on: NaiveDate, to_on: NaiveDate, told: &Figures) {
    let (before, after) = (book.paying(from_on), book.paying(to_on));
    let firsts = book.firsts();
    let [mut new, mut again, mut more, mut less, mut gone] = [Sum::default(); 5];
    let customers: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for customer in customers {
        match (before.get(customer), after.get(customer)) {
            (None, Some(now)) if firsts[customer] < from_on => add(&mut again, *now),
            (None, Some(now)) => add(&mut new, *now),
            (Some(once), None) => add(&mut gone, *once),
            (Some(once), Some(now)) if now > once => add(&mut more, now - once),
            (Some(once), Some(now)) if now < once => add(&mut less, once - now),
            _ => {}
        }
    }
    let all = |paying: &Paying| {
        let count = u32::try_from(paying.len()).unwrap();
        (count, paying.values().sum::<Decimal>())
    };
    let (start, end) = (all(&before), all(&after));
    let rows = [
        ("start", start, (told.start_customers, told.start_mrr)),
        ("new", new, (told.new_customers, told.new_mrr)),
        (
            "reactivation",
            again,
            (told.reactivated_customers, told.reactivation_mrr),
        ),
        (
            "expansion",
            more,
            (told.expanded_customers, told.expansion_mrr),
        ),
        (
            "contraction",
            less,
            (told.contracted_customers, told.contraction_mrr),
        ),
        ("churn", gone, (told.churned_customers, told.churn_mrr)),
        ("end", end, (told.end_customers, told.end_mrr)),
    ];
    for (what, expected, told) in rows {
        let told = (told.0, told.1.exact());
        assert_eq!(told, expected, "{what} from {from_on}, before {to_on}");
    }
    assert_eq!(told.arr.exact(), end.1 * Decimal::from(12));
    let what = format!("from {from_on}");
    assert_share(&what, told.grr, start.1 - less.1 - gone.1, start.1);
    assert_share(&what, told.nrr, start.1 + more.1 - less.1 - gone.1, start.1);
    assert_share(&what, told.logo_churn, gone.0.into(), start.0.into());
}

fn next_month(day: NaiveDate) -> NaiveDate {
    let (year, month) = match day.month() {
        12 => (day.year() + 1, 1),
        month => (day.year(), month + 1),
    };
    NaiveDate::from_ymd_opt(year, month, 1).unwrap()
}

#[test]
fn every_months_movements_are_what_the_subscriptions_say() {
    let (book, told) = (Book::read(), demo());
    assert_eq!(told.answered_from.at, midnight("2025-01-01"));
    assert_eq!(told.currency_code, "USD");
    assert!(told.other_currency_codes.is_empty() && told.cuts.is_empty());
    assert_eq!(told.period, "REVENUE_PERIOD_MONTH");
    assert_figures(&book, told.from_on, told.to_on, &told.overall);
    let mut day = NaiveDate::from_ymd_opt(2023, 1, 1).unwrap();
    assert_eq!((told.from_on, told.periods.len()), (day, 24));
    for Period {
        from_on,
        to_on,
        figures,
    } in &told.periods
    {
        assert_eq!((*from_on, *to_on), (day, next_month(day)));
        assert_figures(&book, *from_on, *to_on, figures);
        day = *to_on;
    }
    assert_eq!(told.to_on, day);
}

#[test]
fn what_stays_of_each_months_customers_is_what_the_subscriptions_say() {
    let (book, told) = (Book::read(), demo());
    let mut by_month: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (customer, first) in book.firsts() {
        let month = first.format("%Y-%m").to_string();
        by_month.entry(month).or_default().push(customer);
    }
    let months: Vec<_> = told.cohorts.iter().map(|cohort| &cohort.month).collect();
    assert_eq!(months, by_month.keys().collect::<Vec<_>>());
    let end = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    for cohort in &told.cohorts {
        let customers = &by_month[&cohort.month];
        assert_eq!(cohort.customers as usize, customers.len());
        let begun = format!("{}-01", cohort.month).parse().unwrap();
        let mut day = next_month(begun);
        let mut at_first = None;
        for (since, month) in (0..).zip(&cohort.months) {
            let paying = book.paying(day);
            let stay: Vec<_> = customers.iter().filter_map(|id| paying.get(id)).collect();
            let mrr: Decimal = stay.iter().copied().sum();
            let what = format!("{} {since}", cohort.month);
            let expected = (since, stay.len(), mrr);
            let told = (
                month.months_since,
                month.customers as usize,
                month.mrr.exact(),
            );
            assert_eq!(told, expected, "{what}");
            let first = *at_first.get_or_insert(mrr);
            assert_share(&what, month.revenue_retention, mrr, first);
            let all = Decimal::from(customers.len());
            assert_share(&what, month.logo_retention, Decimal::from(stay.len()), all);
            day = next_month(day);
        }
        assert_eq!(day, next_month(end), "{}", cohort.month);
    }
}
