//! `twinfunnel import-crm`: the history that a CRM export tells, as commands, sent in the order in
//! which they occurred, or written as an import file.

mod dirt;
mod mapping;
mod master;
mod read;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use client::Client;
use proto::v1::ImportLine;

pub(crate) use dirt::Dirt;
pub(crate) use mapping::{Contracts, commands};
pub(crate) use read::{Export, Source, Sources};

use crate::connect::ConnectArgs;
use crate::submit::{Outgoing, Summary, submit_all};
use crate::{output, progress};

/// Options of `import-crm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with accounts.csv, products.csv, sales_teams.csv and sales_pipeline.csv.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Sign a contract for each won opportunity: what commission is calculated from.
    #[arg(long)]
    with_contracts: bool,
    /// Write the commands as an import file instead of sending them; `-` is standard output.
    #[arg(long, value_name = "OUT")]
    json_lines: Option<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Imports the export. Exit code 3 if some rows could not be taken or commands were refused.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let export = Export::read(&Sources::of_folder(&args.folder)?)?;
    let mut dirt = Dirt::of(&export);
    let contracts = if args.with_contracts {
        Contracts::Signed
    } else {
        Contracts::Untold
    };
    let commands = commands(&export, contracts, &mut dirt);
    output::tell(&dirt.to_string());
    let summary = match &args.json_lines {
        Some(out) => {
            let text = json_lines(commands)?;
            if out.as_os_str() == "-" {
                output::write(&text)?;
            } else {
                std::fs::write(out, text).with_context(|| out.display().to_string())?;
            }
            Summary {
                refused: dirt.unmapped_count(),
                ..Summary::default()
            }
        }
        None => {
            let mut summary = send(&args.connect.client()?, commands).await?;
            summary.refused += dirt.unmapped_count();
            output::write_line(&summary.to_string())?;
            summary
        }
    };
    Ok(summary.exit_code())
}

/// Sends the commands behind a progress bar; a refused one is told on standard error.
pub(crate) async fn send(client: &Client, commands: Vec<Outgoing>) -> anyhow::Result<Summary> {
    let count = u64::try_from(commands.len()).unwrap_or(u64::MAX);
    let progress = progress::bar(count, "commands");
    let sent = submit_all(
        client,
        futures::stream::iter(commands),
        &progress,
        |origin, reason| {
            progress.suspend(|| output::tell_line(&format!("{origin}: {reason}")));
        },
    );
    let summary = sent.await;
    progress.finish_and_clear();
    summary
}

/// The commands as the lines of an import file.
fn json_lines(commands: Vec<Outgoing>) -> anyhow::Result<String> {
    let mut text = String::new();
    for Outgoing { request, .. } in commands {
        let line = ImportLine {
            tenant: String::new(),
            command_id: request.command_id,
            actor: request.actor,
            occurred_at: request.occurred_at,
            command: request.command,
        };
        text.push_str(&proto::json::to_value(&line)?.to_string());
        text.push('\n');
    }
    Ok(text)
}
