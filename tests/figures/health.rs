//! Customer health, worked out straight from the files of the SaaS sample by the model that its import
//! publishes: all features' use over 14 days against that of all over 90, less 5 points for each open
//! ticket, 20 at most; and what the program tells of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{Days, NaiveDate, NaiveDateTime};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answer::AnsweredFrom;
use crate::export::midnight;
use crate::program::{read, saas_demo};

#[derive(Deserialize)]
struct AccountRow {
    account_id: String,
    account_name: String,
    industry: String,
    country: String,
}

#[derive(Deserialize)]
struct SubscriptionRow {
    subscription_id: String,
    account_id: String,
    start_date: NaiveDate,
    end_date: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct UsageRow {
    usage_id: String,
    subscription_id: String,
    usage_date: NaiveDate,
    usage_count: u32,
}

#[derive(Deserialize)]
struct TicketRow {
    account_id: String,
    submitted_at: NaiveDate,
    closed_at: Option<String>,
}

fn rows<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/saas");
    let mut file = csv::Reader::from_path(folder.join(name)).unwrap();
    file.deserialize().map(Result::unwrap).collect()
}

struct Files {
    accounts: BTreeMap<String, AccountRow>,
    subscriptions: Vec<SubscriptionRow>,
    /// What each account used on a day.
    used: BTreeMap<(String, NaiveDate), u32>,
    tickets: Vec<TicketRow>,
}

/// How all customers are on a day.
struct Day {
    active: BTreeSet<String>,
    /// Use of an active customer a day.
    baseline: Decimal,
    scores: BTreeMap<String, Decimal>,
}

impl Files {
    fn read() -> Self {
        let accounts: Vec<AccountRow> = rows("ravenstack_accounts.csv");
        let subscriptions: Vec<SubscriptionRow> = rows("ravenstack_subscriptions.csv");
        let whose: BTreeMap<&str, &str> = subscriptions
            .iter()
            .map(|row| (&*row.subscription_id, &*row.account_id))
            .collect();
        let (mut seen, mut used) = (BTreeSet::new(), BTreeMap::new());
        for row in rows::<UsageRow>("ravenstack_feature_usage.csv") {
            // An id that is seen again is the same record: the first counts.
            if seen.insert(row.usage_id) {
                let account_id = whose[&*row.subscription_id].to_owned();
                *used.entry((account_id, row.usage_date)).or_default() += row.usage_count;
            }
        }
        Self {
            accounts: accounts
                .into_iter()
                .map(|row| (row.account_id.clone(), row))
                .collect(),
            used,
            tickets: rows("ravenstack_support_tickets.csv"),
            subscriptions,
        }
    }

    /// What an account used in the days that end with one.
    fn used(&self, account_id: &str, on: NaiveDate, days: u64) -> Decimal {
        let first = on - Days::new(days - 1);
        let from = (account_id.to_owned(), first);
        let to = (account_id.to_owned(), on);
        self.used
            .range(from..=to)
            .map(|(_, count)| count)
            .sum::<u32>()
            .into()
    }

    /// The points that open tickets take off.
    fn points(&self, account_id: &str, on: NaiveDate) -> Decimal {
        let end = on.succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap();
        let is_open = |row: &&TicketRow| {
            let closed_at = row
                .closed_at
                .as_deref()
                .map(|at| NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M:%S").unwrap());
            row.account_id == account_id
                && row.submitted_at <= on
                && closed_at.is_none_or(|closed_at| closed_at >= end)
        };
        let open = self.tickets.iter().filter(is_open).count();
        Decimal::from(5 * open).min(Decimal::from(20))
    }

    fn day(&self, on: NaiveDate) -> Day {
        let in_force = self.subscriptions.iter().filter(|row| {
            row.start_date <= on && row.end_date.is_none_or(|end_date| on < end_date)
        });
        let active: BTreeSet<String> = in_force.map(|row| row.account_id.clone()).collect();
        let of_all: Decimal = active.iter().map(|id| self.used(id, on, 90)).sum();
        let baseline = of_all / Decimal::from(90 * active.len());
        let scores = self.accounts.keys().map(|id| {
            let value = self.used(id, on, 14) / Decimal::from(14);
            let factor = Decimal::ONE_HUNDRED * (value / baseline).min(Decimal::ONE);
            let score = (factor - self.points(id, on)).max(Decimal::ZERO);
            (id.clone(), score)
        });
        Day {
            scores: scores.collect(),
            baseline,
            active,
        }
    }
}

/// As it is told: half away from zero, without zeros at the end.
fn told(value: Decimal, places: u32) -> String {
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    let value = value.round_dp(12);
    let value = value.round_dp_with_strategy(places, half_up).normalize();
    value.to_string()
}

fn band(score: Decimal) -> &'static str {
    match score {
        _ if score >= Decimal::from(80) => "HEALTH_BAND_HEALTHY",
        _ if score >= Decimal::from(50) => "HEALTH_BAND_AT_RISK",
        _ => "HEALTH_BAND_CRITICAL",
    }
}

/// An answer about the health of all customers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Book {
    answered_from: AnsweredFrom,
    on: NaiveDate,
    health_model: Model,
    overall: Distribution,
    cuts: Vec<Cut>,
    rows: Vec<Row>,
    #[serde(default)]
    next_page_token: String,
    baselines: Vec<Baseline>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Model {
    health_model_id: String,
    version: u32,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Distribution {
    customers: u32,
    healthy: u32,
    at_risk: u32,
    critical: u32,
    without_score: u32,
    mean_score: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cut {
    dimension: String,
    rows: Vec<CutRow>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CutRow {
    key: String,
    label: String,
    distribution: Distribution,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    customer_id: String,
    name: String,
    industry: String,
    country: String,
    #[serde(default)]
    csm_id: String,
    score: String,
    band: String,
    change: String,
    direction: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Baseline {
    metric_id: String,
    baseline: String,
}

fn distribution(scores: &[Decimal]) -> Distribution {
    let count = |wanted: &str| {
        let of_band = scores.iter().filter(|score| band(**score) == wanted);
        u32::try_from(of_band.count()).unwrap()
    };
    let sum: Decimal = scores.iter().sum();
    Distribution {
        customers: u32::try_from(scores.len()).unwrap(),
        healthy: count("HEALTH_BAND_HEALTHY"),
        at_risk: count("HEALTH_BAND_AT_RISK"),
        critical: count("HEALTH_BAND_CRITICAL"),
        without_score: 0,
        mean_score: told(sum / Decimal::from(scores.len()), 2),
    }
}

#[test]
fn every_customers_health_is_what_the_files_say() {
    let book: Book = read(saas_demo()["health"].take());
    assert_eq!(book.answered_from.at, midnight("2025-01-01"));
    let on = NaiveDate::from_ymd_opt(2024, 12, 31).unwrap();
    assert_eq!(book.on, on);
    let model = Model {
        health_model_id: "standard".to_owned(),
        version: 1,
    };
    assert_eq!((book.health_model, &*book.next_page_token), (model, ""));

    let files = Files::read();
    let (day, former) = (files.day(on), files.day(on - Days::new(30)));
    let baseline = Baseline {
        metric_id: "feature_usage".to_owned(),
        baseline: told(day.baseline, 4),
    };
    assert_eq!(book.baselines, [baseline]);

    let mut active: Vec<_> = day.active.iter().map(|id| (day.scores[id], id)).collect();
    active.sort_unstable();
    assert_eq!(book.rows.len(), active.len());
    for (row, (score, id)) in book.rows.iter().zip(&active) {
        let account = &files.accounts[*id];
        let change = score - former.scores[*id];
        let direction = match change {
            up if up > Decimal::ONE => "HEALTH_DIRECTION_UP",
            down if down < Decimal::NEGATIVE_ONE => "HEALTH_DIRECTION_DOWN",
            _ => "HEALTH_DIRECTION_STEADY",
        };
        let expected = Row {
            customer_id: (*id).clone(),
            name: account.account_name.clone(),
            industry: account.industry.clone(),
            country: account.country.clone(),
            csm_id: String::new(),
            score: told(*score, 2),
            band: band(*score).to_owned(),
            change: told(change, 2),
            direction: direction.to_owned(),
        };
        assert_eq!(*row, expected);
    }

    let scores: Vec<_> = active.iter().map(|(score, _)| *score).collect();
    assert_eq!(book.overall, distribution(&scores));
    let [cut] = &book.cuts[..] else {
        panic!("{:?}", book.cuts)
    };
    assert_eq!(cut.dimension, "BOOK_DIMENSION_INDUSTRY");
    let mut industries: BTreeMap<&str, Vec<Decimal>> = BTreeMap::new();
    for (score, id) in &active {
        let industry = &*files.accounts[*id].industry;
        industries.entry(industry).or_default().push(*score);
    }
    assert_eq!(cut.rows.len(), industries.len());
    for row in &cut.rows {
        assert_eq!(row.key, row.label);
        assert_eq!(
            row.distribution,
            distribution(&industries[&*row.key]),
            "{}",
            row.key
        );
    }
}
