//! `twinfunnel show revenue`: the question about recurring revenue.

use chrono::NaiveDate;
use clap::ValueEnum;
use proto::v1;
use proto::v1::{RevenueDimension, RevenueFilter, RevenuePeriod};

use super::{AskingArgs, day};
use crate::render::{self, Format};

/// Options of `show revenue`.
#[derive(Debug, clap::Args)]
pub(crate) struct RevenueArgs {
    /// The first day, such as 2024-01-01; that of the first revenue if not given.
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// The day after the last; the day asked about if not given.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// Into what the time is cut.
    #[arg(long, value_enum, default_value_t)]
    period: Period,
    /// A table for each of these, over the whole time.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "DIMENSION")]
    by: Vec<By>,
    /// Only revenue with one of these values, as in customer=a,b; country= is that of no country. May
    /// be given several times: all must match.
    #[arg(long, value_name = "DIMENSION=VALUE,…", value_parser = parse_filter)]
    filter: Vec<RevenueFilter>,
    /// What stays of the customers of each month.
    #[arg(long)]
    cohorts: bool,
    /// In which currency, such as USD; the tenant's if not given.
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    currency: String,
    #[command(flatten)]
    asking: AskingArgs,
}

/// Into what a time is cut.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Period {
    #[default]
    Month,
    Quarter,
    Year,
}

impl From<Period> for RevenuePeriod {
    fn from(period: Period) -> Self {
        match period {
            Period::Month => Self::Month,
            Period::Quarter => Self::Quarter,
            Period::Year => Self::Year,
        }
    }
}

/// By what recurring revenue is told apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Customer,
    Industry,
    Country,
    Product,
}

impl From<By> for RevenueDimension {
    fn from(by: By) -> Self {
        match by {
            By::Customer => Self::Customer,
            By::Industry => Self::Industry,
            By::Country => Self::Country,
            By::Product => Self::Product,
        }
    }
}

fn parse_filter(text: &str) -> Result<RevenueFilter, String> {
    let (name, values) = text.split_once('=').ok_or("is not DIMENSION=VALUE,…")?;
    let by = By::from_str(name, true)?;
    let keys = values.split(',').map(|value| value.trim().to_owned());
    Ok(RevenueFilter {
        dimension: RevenueDimension::from(by).into(),
        keys: keys.collect(),
    })
}

/// Asks what recurs; the answer as text.
pub(crate) async fn revenue(args: RevenueArgs) -> anyhow::Result<String> {
    let by = args.by.iter();
    let question = v1::GetRecurringRevenueRequest {
        currency_code: args.currency,
        from_on: day(args.from),
        to_on: day(args.to),
        period: RevenuePeriod::from(args.period).into(),
        cut_by: by.map(|&by| RevenueDimension::from(by).into()).collect(),
        filters: args.filter,
        with_cohorts: args.cohorts,
        consistency: args.asking.consistency(),
    };
    let client = args.asking.connect.client()?;
    let answer = client.recurring_revenue(question).await?;
    match args.asking.output {
        Format::Table => Ok(render::revenue::table(&answer)),
        Format::Csv => render::revenue::csv(&answer),
        Format::Json => render::json(&answer),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_filter_names_a_dimension_and_values() {
        let filter = parse_filter("customer=a, b").unwrap();
        assert_eq!(filter.dimension(), RevenueDimension::Customer);
        assert_eq!(filter.keys, ["a", "b"]);
        assert!(parse_filter("rep=a").is_err());
    }
}
