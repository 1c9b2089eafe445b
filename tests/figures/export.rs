//! The four CSV files as what they tell of each opportunity.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::question::Dimension;

/// The day on which what has no engage date was registered.
const TAKEN_ON: &str = "2017-12-31";

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/crm")
}

#[derive(Deserialize)]
struct AccountRow {
    account: String,
    sector: String,
}

#[derive(Deserialize)]
struct ProductRow {
    product: String,
    sales_price: Decimal,
}

#[derive(Deserialize)]
struct AgentRow {
    sales_agent: String,
    manager: String,
    regional_office: String,
}

#[derive(Deserialize)]
struct DealRow {
    opportunity_id: String,
    sales_agent: String,
    product: String,
    account: String,
    deal_stage: String,
    engage_date: String,
    close_date: String,
    close_value: Option<Decimal>,
}

/// A value of a dimension: its id, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) label: String,
}

impl Key {
    /// Of what has a name of its own.
    fn named(id: &str, label: &str) -> Self {
        Self {
            id: slug(id),
            label: label.to_owned(),
        }
    }

    /// Of what is only a word.
    fn word(word: &str) -> Self {
        Self {
            id: word.to_owned(),
            label: word.to_owned(),
        }
    }

    /// Of what has no value in the dimension.
    fn none() -> Self {
        Self::word("")
    }
}

/// An opportunity, from its registration to where the files leave it.
#[derive(Debug)]
pub(crate) struct Deal {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) registered_at: DateTime<Utc>,
    /// When it left the first stage for the second.
    pub(crate) engaged_at: Option<DateTime<Utc>>,
    pub(crate) closed: Option<Closed>,
    /// What it is worth while it is open.
    pub(crate) list_price: Decimal,
    keys: BTreeMap<Dimension, Key>,
}

/// How an opportunity ended.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) at: DateTime<Utc>,
    /// What it was won at; nothing if it was lost.
    pub(crate) won: Option<Decimal>,
}

impl Deal {
    /// Its value in a dimension.
    pub(crate) fn key(&self, dimension: Dimension) -> &Key {
        &self.keys[&dimension]
    }

    /// How it ended, if it had by then.
    pub(crate) fn closed_by(&self, at: DateTime<Utc>) -> Option<&Closed> {
        self.closed.as_ref().filter(|closed| closed.at < at)
    }

    /// Whether it had been registered by then and had not ended.
    pub(crate) fn is_open_at(&self, at: DateTime<Utc>) -> bool {
        self.registered_at < at && self.closed_by(at).is_none()
    }
}

/// A sales agent, and who manages the agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) manager_id: String,
}

/// All agents of the files.
pub(crate) fn agents() -> Vec<Agent> {
    let agent = |row: AgentRow| Agent {
        id: slug(&row.sales_agent),
        manager_id: slug(&row.manager),
    };
    rows("sales_teams.csv").map(agent).collect()
}

/// All opportunities of the files.
pub(crate) fn deals() -> Vec<Deal> {
    let industries: BTreeMap<String, String> = rows("accounts.csv")
        .map(|row: AccountRow| (row.account, row.sector))
        .collect();
    let prices: BTreeMap<String, Decimal> = rows("products.csv")
        .map(|row: ProductRow| (row.product, row.sales_price))
        .collect();
    let agents: BTreeMap<String, AgentRow> = rows("sales_teams.csv")
        .map(|row: AgentRow| (row.sales_agent.clone(), row))
        .collect();

    let deal = |row: DealRow| {
        let agent = &agents[&row.sales_agent];
        let product = if row.product == "GTXPro" {
            "GTX Pro"
        } else {
            &row.product
        };
        let industry = match row.account.as_str() {
            "" => Key::none(),
            account => match industries[account].as_str() {
                "technolgy" => Key::word("technology"),
                sector => Key::word(sector),
            },
        };
        let keys = BTreeMap::from([
            (
                Dimension::Rep,
                Key::named(&row.sales_agent, &row.sales_agent),
            ),
            (
                Dimension::Team,
                Key::named(&agent.manager, &format!("{}'s team", agent.manager)),
            ),
            (Dimension::Source, Key::none()),
            (Dimension::Product, Key::named(product, product)),
            (Dimension::Region, Key::word(&agent.regional_office)),
            (Dimension::Industry, industry),
            (Dimension::Kind, Key::word("NEW")),
        ]);
        let engaged_at = midnight_if_any(&row.engage_date);
        let closed = midnight_if_any(&row.close_date).map(|at| Closed {
            at,
            won: match row.deal_stage.as_str() {
                "Won" => Some(row.close_value.expect("what was won has a value")),
                "Lost" => None,
                open => panic!("{open} has a close date"),
            },
        });
        let name = match row.account.as_str() {
            "" => product.to_owned(),
            account => format!("{product} for {account}"),
        };
        Deal {
            name,
            registered_at: engaged_at.unwrap_or_else(|| midnight(TAKEN_ON)),
            engaged_at,
            closed,
            list_price: prices[product],
            keys,
            id: row.opportunity_id,
        }
    };
    rows("sales_pipeline.csv").map(deal).collect()
}

fn rows<T: DeserializeOwned>(file: &str) -> impl Iterator<Item = T> {
    let reader = csv::Reader::from_path(folder().join(file)).unwrap();
    reader.into_deserialize().map(Result::unwrap)
}

/// The beginning of a day in UTC.
pub(crate) fn midnight(day: &str) -> DateTime<Utc> {
    day.parse::<NaiveDate>()
        .unwrap()
        .and_time(NaiveTime::MIN)
        .and_utc()
}

fn midnight_if_any(day: &str) -> Option<DateTime<Utc>> {
    (!day.is_empty()).then(|| midnight(day))
}

/// The id made of a name: `Mei-Mei Johns` is `mei-mei-johns`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[test]
fn the_files_hold_what_their_page_says() {
    let deals = deals();
    let count = |is: fn(&Deal) -> bool| deals.iter().filter(|deal| is(deal)).count();
    let is_won = |deal: &Deal| {
        deal.closed
            .as_ref()
            .is_some_and(|closed| closed.won.is_some())
    };
    let is_lost = |deal: &Deal| {
        deal.closed
            .as_ref()
            .is_some_and(|closed| closed.won.is_none())
    };
    assert_eq!(deals.len(), 8800);
    assert_eq!(count(is_won), 4238);
    assert_eq!(count(is_lost), 2473);
    assert_eq!(
        count(|deal| deal.closed.is_none() && deal.engaged_at.is_some()),
        1589
    );
    assert_eq!(count(|deal| deal.engaged_at.is_none()), 500);
    assert_eq!(
        count(|deal| deal.key(Dimension::Industry).id.is_empty()),
        1425
    );
}
