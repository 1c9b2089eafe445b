//! `twinfunnel show`: a question from options, and its answer as a table, JSON or CSV.

mod commission;
mod customer;
mod revenue;
mod tasks;

use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Subcommand, ValueEnum};
use proto::instant::to_timestamp;
use proto::v1;
use proto::v1::{ConversionMode, CutFilter, Dimension};

pub(crate) use commission::{ClosePeriodArgs, close_period};

use crate::connect::ConnectArgs;
use crate::instant::{self, AsOfArgs};
use crate::output;
use crate::render::{self, Format};

/// The questions.
#[derive(Debug, Subcommand)]
pub(crate) enum Show {
    /// How many opportunities get how far.
    Funnel(FunnelArgs),
    /// What the open pipeline is worth and how fast it flows.
    Velocity(VelocityArgs),
    /// What plans pay whom for a period, and why.
    Commission(commission::CommissionArgs),
    /// What a deal that is not signed would pay.
    Estimate(commission::EstimateArgs),
    /// What someone should look at before commission is paid.
    Signals(commission::SignalsArgs),
    /// How healthy customers are, and why.
    Health(customer::HealthArgs),
    /// Everything about a customer.
    Customer(customer::CustomerArgs),
    /// What is to be done for customers, by whom, until when.
    Tasks(tasks::TasksArgs),
    /// What recurs each month, how it moves, and how much of it stays.
    Revenue(revenue::RevenueArgs),
}

/// Options of `show funnel`.
#[derive(Debug, clap::Args)]
pub(crate) struct FunnelArgs {
    /// Opportunities created in the period, or what happened in it.
    #[arg(long, value_enum, default_value_t = Mode::Cohort)]
    mode: Mode,
    /// Start of the period, inclusive: an RFC 3339 instant, or a day (its midnight in UTC).
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    from: Option<DateTime<Utc>>,
    /// End of the period, exclusive.
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    to: Option<DateTime<Utc>>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Options of `show velocity`.
#[derive(Debug, clap::Args)]
pub(crate) struct VelocityArgs {
    /// Days over which closed opportunities teach; 365 if not given.
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 0,
        hide_default_value = true
    )]
    look_back_days: u32,
    /// List at most this many stalled opportunities; 20 if not given.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    max_stalled: u32,
    #[command(flatten)]
    common: CommonArgs,
}

/// What every question about opportunities may say.
#[derive(Debug, clap::Args)]
struct CommonArgs {
    /// A table for each of these.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "DIMENSION")]
    by: Vec<By>,
    /// Only opportunities with one of these values, as in rep=a,b; rep= is those without one. May
    /// be given several times: all must match.
    #[arg(long, value_name = "DIMENSION=VALUE,…", value_parser = parse_filter)]
    filter: Vec<CutFilter>,
    /// The sales process, where there are several.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    process: String,
    #[command(flatten)]
    asking: AskingArgs,
}

/// What every question may say: of when, how to print the answer, and where to ask.
#[derive(Debug, clap::Args)]
struct AskingArgs {
    #[command(flatten)]
    as_of: AsOfArgs,
    /// Wait until the read model holds this position, such as that of a receipt.
    #[arg(
        long,
        value_name = "POSITION",
        default_value_t = 0,
        hide_default_value = true
    )]
    min_position: u64,
    /// How to print it. CSV has the figures, row by row.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Which opportunities the period picks.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    /// Opportunities created in the period, whatever has happened to them since.
    Cohort,
    /// What happened in the period.
    Period,
}

/// By what opportunities are told apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Rep,
    Team,
    Source,
    Product,
    Region,
    Industry,
    Kind,
}

impl From<By> for Dimension {
    fn from(by: By) -> Self {
        match by {
            By::Rep => Self::Rep,
            By::Team => Self::Team,
            By::Source => Self::Source,
            By::Product => Self::Product,
            By::Region => Self::Region,
            By::Industry => Self::Industry,
            By::Kind => Self::Kind,
        }
    }
}

fn parse_filter(text: &str) -> Result<CutFilter, String> {
    let (name, values) = text.split_once('=').ok_or("is not DIMENSION=VALUE,…")?;
    let by = By::from_str(name, true)?;
    let keys = values
        .split(',')
        .map(|value| value.trim().to_owned())
        .collect();
    Ok(CutFilter {
        dimension: Dimension::from(by).into(),
        keys,
    })
}

impl CommonArgs {
    fn cut_by(&self) -> Vec<i32> {
        self.by
            .iter()
            .map(|&by| Dimension::from(by).into())
            .collect()
    }
}

impl AskingArgs {
    fn consistency(&self) -> Option<v1::Consistency> {
        Some(v1::Consistency {
            as_of: self.as_of.as_of(),
            min_position: self.min_position,
        })
    }
}

/// Asks, and prints the answer.
pub(crate) async fn run(show: Show) -> anyhow::Result<ExitCode> {
    let text = match show {
        Show::Funnel(args) => {
            let (format, connect) = (
                args.common.asking.output,
                args.common.asking.connect.clone(),
            );
            let answer = connect
                .client()?
                .funnel_conversion(funnel_question(args))
                .await?;
            match format {
                Format::Table => render::funnel::table(&answer),
                Format::Csv => render::funnel::csv(&answer)?,
                Format::Json => render::json(&answer)?,
            }
        }
        Show::Velocity(args) => {
            let (format, connect) = (
                args.common.asking.output,
                args.common.asking.connect.clone(),
            );
            let answer = connect
                .client()?
                .pipeline_velocity(velocity_question(args))
                .await?;
            match format {
                Format::Table => render::velocity::table(&answer),
                Format::Csv => render::velocity::csv(&answer)?,
                Format::Json => render::json(&answer)?,
            }
        }
        Show::Commission(args) => commission::statements(args).await?,
        Show::Estimate(args) => commission::estimate(args).await?,
        Show::Signals(args) => commission::signals(args).await?,
        Show::Health(args) => customer::health(args).await?,
        Show::Customer(args) => customer::picture(args).await?,
        Show::Tasks(args) => tasks::tasks(args).await?,
        Show::Revenue(args) => revenue::revenue(args).await?,
    };
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn funnel_question(args: FunnelArgs) -> v1::GetFunnelConversionRequest {
    let mode = match args.mode {
        Mode::Cohort => ConversionMode::Cohort,
        Mode::Period => ConversionMode::Period,
    };
    v1::GetFunnelConversionRequest {
        mode: mode.into(),
        from: args.from.map(to_timestamp),
        to: args.to.map(to_timestamp),
        cut_by: args.common.cut_by(),
        consistency: args.common.asking.consistency(),
        sales_process_id: args.common.process,
        filters: args.common.filter,
    }
}

fn velocity_question(args: VelocityArgs) -> v1::GetPipelineVelocityRequest {
    v1::GetPipelineVelocityRequest {
        look_back_days: args.look_back_days,
        max_stalled: args.max_stalled,
        cut_by: args.common.cut_by(),
        consistency: args.common.asking.consistency(),
        sales_process_id: args.common.process,
        filters: args.common.filter,
    }
}

/// A day as a question takes it; empty where none is named.
fn day(named: Option<NaiveDate>) -> String {
    named.map(|day| day.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_filter_names_a_dimension_and_values() {
        let filter = parse_filter("rep=a,b").unwrap();
        assert_eq!(filter.dimension(), Dimension::Rep);
        assert_eq!(filter.keys, ["a", "b"]);
        assert_eq!(parse_filter("team=").unwrap().keys, [""]);
        assert!(parse_filter("rep").is_err());
        assert!(parse_filter("colour=red").is_err());
    }
}
