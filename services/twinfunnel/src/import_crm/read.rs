//! The four files of a CRM export, read row by row as text; what a cell means is not decided here.

use std::path::Path;

use serde::Deserialize;

use crate::export::{BadRow, Row, Source, rows};

/// The files of the export.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    /// `accounts.csv`.
    pub(crate) accounts: Source,
    /// `products.csv`.
    pub(crate) products: Source,
    /// `sales_teams.csv`.
    pub(crate) teams: Source,
    /// `sales_pipeline.csv`.
    pub(crate) pipeline: Source,
}

impl Sources {
    /// Reads the files of a folder.
    pub(crate) fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let source = |name| Source::of_folder(folder, name);
        Ok(Self {
            accounts: source("accounts.csv")?,
            products: source("products.csv")?,
            teams: source("sales_teams.csv")?,
            pipeline: source("sales_pipeline.csv")?,
        })
    }
}

/// A row of `accounts.csv`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Account {
    /// Its name, by which the pipeline names it.
    pub(crate) account: String,
    /// Its industry.
    pub(crate) sector: String,
    /// Year.
    pub(crate) year_established: String,
    /// Millions of US dollars a year.
    pub(crate) revenue: String,
    /// How many.
    pub(crate) employees: String,
    /// A country.
    pub(crate) office_location: String,
    /// Name of the account it belongs to; empty if none.
    pub(crate) subsidiary_of: String,
}

/// A row of `products.csv`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Product {
    /// Its name, by which the pipeline names it.
    pub(crate) product: String,
    /// The family it belongs to.
    pub(crate) series: String,
    /// List price in US dollars.
    pub(crate) sales_price: String,
}

/// A row of `sales_teams.csv`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Agent {
    /// Name, by which the pipeline names the agent.
    pub(crate) sales_agent: String,
    /// Name of the agent's manager.
    pub(crate) manager: String,
    /// The manager's region.
    pub(crate) regional_office: String,
}

/// A row of `sales_pipeline.csv`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Deal {
    /// Its id.
    pub(crate) opportunity_id: String,
    /// Name of the agent who owns it.
    pub(crate) sales_agent: String,
    /// Name of the product it is about.
    pub(crate) product: String,
    /// Name of the account; empty if not known yet.
    pub(crate) account: String,
    /// Prospecting, Engaging, Won or Lost.
    pub(crate) deal_stage: String,
    /// Day; empty while prospecting.
    pub(crate) engage_date: String,
    /// Day; empty while open.
    pub(crate) close_date: String,
    /// US dollars; empty while open, 0 if lost.
    pub(crate) close_value: String,
}

/// The rows of the export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Export {
    /// Rows of `accounts.csv`.
    pub(crate) accounts: Vec<Row<Account>>,
    /// Rows of `products.csv`.
    pub(crate) products: Vec<Row<Product>>,
    /// Rows of `sales_teams.csv`.
    pub(crate) agents: Vec<Row<Agent>>,
    /// Rows of `sales_pipeline.csv`.
    pub(crate) deals: Vec<Row<Deal>>,
    /// What stands among them and is none.
    pub(crate) bad_rows: Vec<BadRow>,
}

impl Export {
    /// Reads the rows of the files. An error means that a file is not of this kind.
    pub(crate) fn read(sources: &Sources) -> anyhow::Result<Self> {
        let mut bad_rows = Vec::new();
        Ok(Self {
            accounts: rows(&sources.accounts, ACCOUNT, &mut bad_rows)?,
            products: rows(&sources.products, PRODUCT, &mut bad_rows)?,
            agents: rows(&sources.teams, AGENT, &mut bad_rows)?,
            deals: rows(&sources.pipeline, DEAL, &mut bad_rows)?,
            bad_rows,
        })
    }
}

const ACCOUNT: &[&str] = &[
    "account",
    "sector",
    "year_established",
    "revenue",
    "employees",
    "office_location",
    "subsidiary_of",
];
const PRODUCT: &[&str] = &["product", "series", "sales_price"];
const AGENT: &[&str] = &["sales_agent", "manager", "regional_office"];
const DEAL: &[&str] = &[
    "opportunity_id",
    "sales_agent",
    "product",
    "account",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
];
