//! `twinfunnel show health` and `twinfunnel show customer`: the questions about customers.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::ValueEnum;
use proto::v1;

use super::{AskingArgs, day};
use crate::render::{self, Format};

/// Options of `show health`.
#[derive(Debug, clap::Args)]
pub(crate) struct HealthArgs {
    /// One customer: its factors, and what moved its score.
    #[arg(long, value_name = "ID", conflicts_with_all = ["by", "csm", "industry", "band", "trial"])]
    customer: Option<String>,
    /// Day by day, the 90 days that end with --on.
    #[arg(long, requires = "customer")]
    history: bool,
    /// The day, such as 2024-05-31; today, or the last one asked about, if not given.
    #[arg(long, value_name = "DAY")]
    on: Option<NaiveDate>,
    /// How many customers of each of these are in which band.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "DIMENSION")]
    by: Vec<By>,
    /// Only customers that this rep looks after.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    csm: String,
    /// Only customers of this industry.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    industry: String,
    /// Only customers in this band.
    #[arg(long, value_enum)]
    band: Option<Band>,
    /// List at most this many customers; 50 if not given.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    max_rows: u32,
    /// What a model would have foreseen that is not published: a file with its terms, in JSON.
    #[arg(long = "try", value_name = "FILE", requires_all = ["from", "to"])]
    trial: Option<PathBuf>,
    /// The first day of the history on which it is tried.
    #[arg(long, value_name = "DAY", requires = "trial")]
    from: Option<NaiveDate>,
    /// The day after the last one.
    #[arg(long, value_name = "DAY", requires = "trial")]
    to: Option<NaiveDate>,
    /// A flag was right if the customer left within so many days; 90 if not given.
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 0,
        hide_default_value = true,
        requires = "trial"
    )]
    within_days: u32,
    /// Customers below this band are flagged.
    #[arg(long, value_enum, default_value_t = Band::Healthy, requires = "trial")]
    below: Band,
    #[command(flatten)]
    asking: AskingArgs,
}

/// Options of `show customer`.
#[derive(Debug, clap::Args)]
pub(crate) struct CustomerArgs {
    /// Which customer.
    #[arg(value_name = "ID")]
    customer: String,
    /// Lines of the time line, latest first; 50 if not given.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    max_lines: u32,
    /// Go on from an answer before: its nextPageToken.
    #[arg(
        long,
        value_name = "TOKEN",
        default_value = "",
        hide_default_value = true
    )]
    page: String,
    #[command(flatten)]
    asking: AskingArgs,
}

/// By what customers are told apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Csm,
    Industry,
    Country,
    /// The bands are counted in any case.
    Band,
}

/// Part of the range of scores.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Band {
    Healthy,
    AtRisk,
    Critical,
}

impl From<Band> for v1::HealthBand {
    fn from(band: Band) -> Self {
        match band {
            Band::Healthy => Self::Healthy,
            Band::AtRisk => Self::AtRisk,
            Band::Critical => Self::Critical,
        }
    }
}

/// Asks how healthy customers are; the answer as text.
pub(crate) async fn health(args: HealthArgs) -> anyhow::Result<String> {
    if args.trial.is_some() {
        return trial(args).await;
    }
    let client = args.asking.connect.client()?;
    let (format, consistency) = (args.asking.output, args.asking.consistency());
    if let Some(customer_id) = args.customer {
        if args.history {
            let to_on = args.on.and_then(|day| day.succ_opt());
            let question = v1::GetHealthHistoryRequest {
                customer_id,
                from_on: String::new(),
                to_on: day(to_on),
                consistency,
            };
            let answer = client.health_history(question).await?;
            return match format {
                Format::Table => Ok(render::health::history(&answer)),
                Format::Csv => render::health::history_csv(&answer),
                Format::Json => render::json(&answer),
            };
        }
        let question = v1::GetCustomerHealthRequest {
            customer_id,
            on: day(args.on),
            health_model_id: String::new(),
            consistency,
        };
        let answer = client.customer_health(question).await?;
        return match format {
            Format::Table => Ok(render::health::one(&answer)),
            Format::Csv => render::health::one_csv(&answer),
            Format::Json => render::json(&answer),
        };
    }
    let cut_by = args.by.iter().filter_map(|by| match by {
        By::Csm => Some(v1::BookDimension::Csm.into()),
        By::Industry => Some(v1::BookDimension::Industry.into()),
        By::Country => Some(v1::BookDimension::Country.into()),
        By::Band => None,
    });
    let question = v1::ListCustomerHealthRequest {
        on: day(args.on),
        csm_id: args.csm,
        industry: args.industry,
        band: args
            .band
            .map_or(0, |band| v1::HealthBand::from(band).into()),
        cut_by: cut_by.collect(),
        page_size: args.max_rows,
        consistency,
        ..Default::default()
    };
    let answer = client.list_customer_health(question).await?;
    match format {
        Format::Table => Ok(render::health::book(&answer)),
        Format::Csv => render::health::book_csv(&answer),
        Format::Json => render::json(&answer),
    }
}

async fn trial(args: HealthArgs) -> anyhow::Result<String> {
    let path = args.trial.unwrap_or_default();
    let terms_json = tokio::fs::read_to_string(&path).await;
    let terms_json = terms_json.with_context(|| format!("cannot read {}", path.display()))?;
    let question = v1::TryHealthModelRequest {
        terms_json,
        from_on: day(args.from),
        to_on: day(args.to),
        below: v1::HealthBand::from(args.below).into(),
        within_days: args.within_days,
        consistency: args.asking.consistency(),
    };
    let answer = args
        .asking
        .connect
        .client()?
        .try_health_model(question)
        .await?;
    match args.asking.output {
        Format::Table => Ok(render::health::trial(&answer)),
        Format::Csv => render::health::trial_csv(&answer),
        Format::Json => render::json(&answer),
    }
}

/// Asks for everything about a customer; the answer as text.
pub(crate) async fn picture(args: CustomerArgs) -> anyhow::Result<String> {
    let question = v1::GetCustomerPictureRequest {
        customer_id: args.customer,
        page_size: args.max_lines,
        page_token: args.page,
        usage_days: 0,
        consistency: args.asking.consistency(),
    };
    let answer = args
        .asking
        .connect
        .client()?
        .customer_picture(question)
        .await?;
    match args.asking.output {
        Format::Table => Ok(render::customer::table(&answer)),
        Format::Csv => render::customer::csv(&answer),
        Format::Json => render::json(&answer),
    }
}
