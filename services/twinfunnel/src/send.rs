//! `twinfunnel send`: one command, written as JSON, and its receipt.

use std::io::Read as _;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use client::CommandOptions;
use proto::v1::Command;

use crate::connect::ConnectArgs;
use crate::{instant, output};

/// Options of `send`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command, such as '{"winOpportunity":{"opportunityId":"o1"}}'; `-` reads standard input.
    #[arg(value_name = "JSON")]
    command: String,
    /// Idempotency key; made anew if not given.
    #[arg(long, value_name = "ID")]
    command_id: Option<String>,
    /// Business time; now if not given.
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    occurred_at: Option<DateTime<Utc>>,
    /// What larger affair it belongs to.
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// The event or command that caused it.
    #[arg(long, value_name = "ID")]
    causation_id: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Sends the command and prints its receipt.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut text = args.command;
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let command: Command = proto::json::from_str(&text)?;
    let options = CommandOptions {
        command_id: args.command_id,
        occurred_at: args.occurred_at,
        correlation_id: args.correlation_id,
        causation_id: args.causation_id,
    };
    let receipt = args.connect.client()?.command(options, command).await?;
    output::write_line(&serde_json::to_string_pretty(&proto::json::to_value(
        &receipt,
    )?)?)?;
    Ok(ExitCode::SUCCESS)
}
