//! `twinfunnel show commission`, `show estimate`, `show signals` and `twinfunnel close-period`: the
//! questions about commission, and the closing of a period.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use chrono::NaiveDate;
use clap::ValueEnum;
use proto::v1;
use proto::v1::estimate_commission_request::Deal;

use super::{AskingArgs, day};
use crate::connect::ConnectArgs;
use crate::output;
use crate::render::commission::{self as rendered, Depth};
use crate::render::{self, Format};

/// Options of `show commission`.
#[derive(Debug, clap::Args)]
pub(crate) struct CommissionArgs {
    /// Only this plan.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    plan: String,
    /// A day of the period, such as 2017-03-31; today, or the last day asked about, if not given.
    #[arg(long, value_name = "DAY")]
    on: Option<NaiveDate>,
    /// Only this participant.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    rep: String,
    /// Only who is in this team at the end of the period, or manages it then.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    team: String,
    /// With the lines of each statement.
    #[arg(long)]
    lines: bool,
    /// With how each line follows from which facts.
    #[arg(long, conflicts_with = "lines")]
    explain: bool,
    /// What if this version of a plan had been published: a file as publishCommissionPlan takes it, in
    /// JSON. Nothing is recorded.
    #[arg(long, value_name = "FILE")]
    what_if: Option<PathBuf>,
    #[command(flatten)]
    asking: AskingArgs,
}

/// Options of `show estimate`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("deal").required(true))]
pub(crate) struct EstimateArgs {
    /// The plan.
    #[arg(long, value_name = "ID")]
    plan: String,
    /// The participant.
    #[arg(long, value_name = "ID")]
    rep: String,
    /// An open opportunity that would be signed at its amount.
    #[arg(long, value_name = "ID", group = "deal")]
    opportunity: Option<String>,
    /// A deal of this amount, such as "20000 USD".
    #[arg(long, value_name = "SUM", group = "deal", value_parser = parse_money)]
    amount: Option<v1::Money>,
    /// Its product.
    #[arg(
        long,
        value_name = "ID",
        default_value = "",
        hide_default_value = true,
        requires = "amount"
    )]
    product: String,
    /// The category of its product.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        requires = "amount"
    )]
    category: String,
    /// What kind of revenue it brings.
    #[arg(
        long = "type",
        value_enum,
        value_name = "TYPE",
        default_value_t,
        requires = "amount"
    )]
    revenue_type: RevenueType,
    /// What is taken off the list price, in percent.
    #[arg(
        long,
        value_name = "PERCENT",
        default_value = "",
        hide_default_value = true,
        requires = "amount"
    )]
    discount: String,
    /// Its direct cost, such as "5000 USD".
    #[arg(long, value_name = "SUM", value_parser = parse_money, requires = "amount")]
    cost: Option<v1::Money>,
    /// The day on which it would be signed; today, or the last day asked about, if not given.
    #[arg(long, value_name = "DAY")]
    on: Option<NaiveDate>,
    #[command(flatten)]
    asking: AskingArgs,
}

/// What kind of revenue a deal brings.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum RevenueType {
    /// A first purchase.
    #[default]
    New,
    /// A contract going on.
    Renewal,
    /// A customer buying more.
    Expansion,
    /// Work done for the customer.
    Service,
}

/// Options of `show signals`.
#[derive(Debug, clap::Args)]
pub(crate) struct SignalsArgs {
    /// Tell of a hand-over so many days before a close, or fewer; 7 if not given.
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 0,
        hide_default_value = true
    )]
    hand_over_days: u32,
    /// The last days of a tier window in which closings may be bunched; 5 if not given.
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 0,
        hide_default_value = true
    )]
    bunching_days: u32,
    /// How far above a tier's edge is just above it, in percent; 5 if not given.
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 0,
        hide_default_value = true
    )]
    edge_percent: u32,
    #[command(flatten)]
    asking: AskingArgs,
}

/// Options of `close-period`.
#[derive(Debug, clap::Args)]
pub(crate) struct ClosePeriodArgs {
    /// The plan.
    #[arg(long, value_name = "ID")]
    plan: String,
    /// A day of the period, such as 2017-03-31.
    #[arg(long, value_name = "DAY")]
    on: NaiveDate,
    /// Only this participant.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    rep: String,
    /// How to print what is closed.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Reads a sum and its currency.
fn parse_money(text: &str) -> Result<v1::Money, String> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [amount, currency_code] => Ok(v1::Money {
            currency_code: (*currency_code).to_owned(),
            amount: (*amount).to_owned(),
        }),
        _ => Err("is no sum with its currency, such as \"20000 USD\"".to_owned()),
    }
}

/// The statements of a period.
pub(super) async fn statements(args: CommissionArgs) -> anyhow::Result<String> {
    let (format, client) = (args.asking.output, args.asking.connect.client()?);
    let depth = match (args.explain, args.lines) {
        (true, _) => Depth::Explanations,
        (false, true) => Depth::Lines,
        (false, false) => Depth::Sums,
    };
    let what_if = match &args.what_if {
        None => None,
        Some(path) => {
            let shown = || path.display().to_string();
            let text = tokio::fs::read_to_string(path).await.with_context(shown)?;
            let plan: v1::PublishCommissionPlan =
                proto::json::from_str(&text).with_context(shown)?;
            Some(plan)
        }
    };
    let asked_of = args.rep.clone();
    let question = v1::ListStatementsRequest {
        what_if,
        consistency: args.asking.consistency(),
        commission_plan_id: args.plan,
        period_on: day(args.on),
        rep_id: args.rep,
        team_id: args.team,
        with_lines: depth != Depth::Sums,
    };
    let answer = client.list_statements(question).await?;
    let is_there = !answer.statements.is_empty() || !answer.problems.is_empty();
    ensure!(
        is_there || asked_of.is_empty(),
        "{asked_of} has no statement there: nobody of that id takes part in that period"
    );
    match format {
        Format::Table => Ok(rendered::table(&answer, depth)),
        Format::Json => render::json(&answer),
        Format::Csv => {
            // The rows have no place for what could not be calculated.
            for problem in &answer.problems {
                output::tell_line(&format!("{}: {}", problem.rep_id, problem.message));
            }
            rendered::csv(&answer, depth)
        }
    }
}

/// What a deal would pay.
pub(super) async fn estimate(args: EstimateArgs) -> anyhow::Result<String> {
    let (format, client) = (args.asking.output, args.asking.connect.client()?);
    let revenue_type = args.revenue_type.to_possible_value();
    let revenue_type = revenue_type.map(|value| value.get_name().to_ascii_uppercase());
    let hypothetical = |amount| {
        Deal::Hypothetical(v1::HypotheticalDeal {
            amount: Some(amount),
            product_id: args.product,
            product_category: args.category,
            revenue_type: revenue_type.unwrap_or_default(),
            discount_percent: args.discount,
            direct_cost: args.cost,
        })
    };
    let deal = match args.opportunity {
        Some(id) => Some(Deal::OpportunityId(id)),
        None => args.amount.map(hypothetical),
    };
    let question = v1::EstimateCommissionRequest {
        consistency: args.asking.consistency(),
        commission_plan_id: args.plan,
        rep_id: args.rep,
        deal: Some(deal.context("neither an opportunity nor an amount is given")?),
        signed_on: day(args.on),
    };
    let answer = client.estimate_commission(question).await?;
    match format {
        Format::Table => Ok(rendered::estimate_table(&answer)),
        Format::Json => render::json(&answer),
        Format::Csv => rendered::estimate_csv(&answer),
    }
}

/// What someone should look at.
pub(super) async fn signals(args: SignalsArgs) -> anyhow::Result<String> {
    let (format, client) = (args.asking.output, args.asking.connect.client()?);
    let question = v1::ListCommissionSignalsRequest {
        consistency: args.asking.consistency(),
        hand_over_days: args.hand_over_days,
        bunching_days: args.bunching_days,
        edge_percent: args.edge_percent,
    };
    let answer = client.list_commission_signals(question).await?;
    match format {
        Format::Table => Ok(rendered::signals_table(&answer)),
        Format::Json => render::json(&answer),
        Format::Csv => rendered::signals_csv(&answer),
    }
}

/// Freezes the statements of a period, and prints what is frozen.
pub(crate) async fn close_period(args: ClosePeriodArgs) -> anyhow::Result<ExitCode> {
    let question = v1::ClosePeriodRequest {
        commission_plan_id: args.plan,
        period_on: args.on.to_string(),
        rep_id: args.rep,
    };
    let answer = args.connect.client()?.close_period(question).await?;
    let text = match args.output {
        Format::Table => rendered::closed_table(&answer),
        Format::Json => render::json(&answer)?,
        Format::Csv => rendered::closed_csv(&answer)?,
    };
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_sum_names_its_currency() {
        let sum = parse_money("20000.50 USD").unwrap();
        assert_eq!(
            (sum.amount.as_str(), sum.currency_code.as_str()),
            ("20000.50", "USD")
        );
        assert!(parse_money("20000").is_err());
        assert!(parse_money("20 000 USD").is_err());
    }
}
