//! What exports of other systems have in common: files of rows in, commands out, dirt told of.

mod dirt;
mod rows;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use client::Client;
use proto::instant::to_timestamp;
use proto::v1;
use proto::v1::command::Kind;
use proto::v1::{ImportLine, SubmitRequest};

pub(crate) use dirt::Dirt;
pub(crate) use rows::{BadRow, Row, Source, amount, day, rows};

use crate::connect::ConnectArgs;
use crate::submit::{Origin, Outgoing, Summary, submit_all};
use crate::{output, progress};

/// Where the commands go.
#[derive(Debug, clap::Args)]
pub(crate) struct Delivery {
    /// Write the commands as an import file instead of sending them; `-` is standard output.
    #[arg(long, value_name = "OUT")]
    json_lines: Option<PathBuf>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// A command under an id, as of an instant.
pub(crate) fn outgoing(
    origin: Origin,
    command_id: String,
    occurred_at: DateTime<Utc>,
    kind: Kind,
) -> Outgoing {
    let request = SubmitRequest {
        command_id,
        occurred_at: Some(to_timestamp(occurred_at)),
        command: Some(v1::Command { kind: Some(kind) }),
        ..SubmitRequest::default()
    };
    Outgoing {
        origin,
        request,
        weight: 1,
    }
}

/// Sends the commands, or writes them. Exit code 3 if some were refused, or rows came to none.
pub(crate) async fn deliver(
    delivery: &Delivery,
    commands: Vec<Outgoing>,
    unmapped_count: u64,
) -> anyhow::Result<ExitCode> {
    let summary = match &delivery.json_lines {
        Some(out) => {
            let text = json_lines(commands)?;
            if out.as_os_str() == "-" {
                output::write(&text)?;
            } else {
                std::fs::write(out, text).with_context(|| out.display().to_string())?;
            }
            Summary {
                refused: unmapped_count,
                ..Summary::default()
            }
        }
        None => {
            let mut summary = send(&delivery.connect.client()?, commands).await?;
            summary.refused += unmapped_count;
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
pub(crate) fn json_lines(commands: Vec<Outgoing>) -> anyhow::Result<String> {
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
