//! `twinfunnel tick`: the clock of a tenant is set going, or on.

use std::process::ExitCode;

use chrono::NaiveDate;
use futures::StreamExt as _;

use crate::connect::ConnectArgs;
use crate::output;

/// Options of `tick`.
#[derive(Debug, clap::Args)]
pub(crate) struct TickArgs {
    /// The last day to be ended, such as 2024-05-31, in the tenant's time zone.
    #[arg(long, value_name = "DAY")]
    at: NaiveDate,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Ends days, and tells how many, and what that brought.
pub(crate) async fn run(args: TickArgs) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let mut ended = client.tick(args.at.to_string()).await?;
    let (mut days, mut reactions, mut position) = (0u64, 0u64, 0);
    while let Some(day) = ended.next().await {
        let day = day?;
        days += 1;
        reactions += u64::from(day.reactions);
        position = day.position;
    }
    let text = match days {
        0 => format!("{} had ended before", args.at),
        _ => format!("{days} days ended, {reactions} reactions, up to position {position}"),
    };
    output::write_line(&text)?;
    Ok(ExitCode::SUCCESS)
}
