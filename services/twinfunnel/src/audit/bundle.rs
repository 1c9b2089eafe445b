//! `twinfunnel audit bundle`: reads the log, its seal and its tiles, and writes them into one file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use audit::{Bundle, Key};
use client::Client;
use event_schemas::vocabulary::{CommissionPlanId, Recorded, RepId, TenantId};
use futures::StreamExt as _;
use indicatif::ProgressBar;
use merkle::{Checkpoint, DatedKey, Hash, TILE_WIDTH};
use proto::v1;

use super::{StatementArgs, render};
use crate::connect::ConnectArgs;
use crate::{output, progress, seal};

/// Options of `audit bundle`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    statement: StatementArgs,
    /// The file to write.
    #[arg(short, long, value_name = "FILE", default_value = "bundle.json")]
    output: PathBuf,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Writes the bundle, and tells what it shows.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let bundle = make(&client, &args.statement).await?;
    write(&args.output, &bundle)?;
    let report = audit::verify(&bundle, &trusted(&bundle.keys)?);
    output::write(&render::summary(&report))?;
    output::write_line(&format!(
        "written to {}; check it anywhere with: twinfunnel audit verify {}",
        args.output.display(),
        args.output.display()
    ))?;
    Ok(if report.holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Reads all that a bundle holds.
pub(crate) async fn make(client: &Client, statement: &StatementArgs) -> anyhow::Result<Bundle> {
    let answer = client.statement(statement.question()).await?;
    let question = covering(&answer);
    let told = statement.only(answer.statement)?;
    ensure!(
        !told.statement_id.is_empty(),
        "the period from {} to {} is not closed; close it with: twinfunnel close-period",
        told.from_on,
        told.to_on
    );
    let keys = seal::told(client).await?;
    let note = client.get_checkpoint(question).await?.note;
    let checkpoint = Checkpoint::open_dated(&note, &keys)
        .with_context(|| format!("the checkpoint is not the server's own:\n{note}"))?;
    let (_, tenant) = checkpoint.origin.rsplit_once('/').unwrap_or_default();
    let tenant = TenantId::new(tenant)?;
    let progress = progress::bar(checkpoint.size, "events");
    let events = events(client, &tenant, checkpoint.size, &progress).await?;
    progress.finish_and_clear();
    let sealed = sealed(client, checkpoint.size).await?;
    let asked = (
        CommissionPlanId::new(&statement.plan)?,
        RepId::new(&statement.participant)?,
        told.from_on.parse()?,
    );
    let keys = keys.iter().map(|dated| Key {
        verifier_key: dated.key.to_string(),
        from_size: dated.from_size,
    });
    let keys = keys.collect();
    let bundle = Bundle::of(asked, note, keys, tenant, &events, &sealed);
    bundle.context("an event's payload is no text")
}

/// Asks for a checkpoint that covers the closing: it was seen closed at the position that the answer names. That
/// is not the one after what the statement knew, where another statement of the period may be closed.
fn covering(answer: &v1::GetStatementResponse) -> v1::GetCheckpointRequest {
    let seen_at = answer.answered_from.as_ref();
    v1::GetCheckpointRequest {
        size: None,
        min_position: seen_at.map_or(0, |seen| seen.position),
    }
}

/// The keys that a bundle brings along.
pub(crate) fn trusted(keys: &[Key]) -> anyhow::Result<Vec<DatedKey>> {
    let trusted = keys.iter().map(|key| {
        Ok(DatedKey {
            key: key.verifier_key.parse().context(key.verifier_key.clone())?,
            from_size: key.from_size,
        })
    });
    trusted.collect()
}

async fn events(
    client: &Client,
    tenant: &TenantId,
    size: u64,
    progress: &ProgressBar,
) -> anyhow::Result<Vec<Recorded>> {
    let mut told = seal::events(client, tenant, 0).await?;
    let mut events = Vec::new();
    while let Some(event) = told.next().await {
        let event = event?;
        if event.position.0 > size {
            break;
        }
        progress.set_position(event.position.0);
        events.push(event);
    }
    Ok(events)
}

/// The hashes of the leaves, as they were sealed.
async fn sealed(client: &Client, size: u64) -> anyhow::Result<Vec<Hash>> {
    let width = u64::try_from(TILE_WIDTH)?;
    let mut hashes = Vec::new();
    for index in 0..size.div_ceil(width) {
        let question = v1::GetTileRequest {
            level: 0,
            index,
            width: u32::try_from(width.min(size - index * width))?,
        };
        let tile = client.get_tile(question).await?.hashes;
        let read = tile.chunks(Hash::LEN).map(Hash::from_slice);
        let read: Option<Vec<Hash>> = read.collect();
        hashes.extend(read.context("a tile holds a hash that is none")?);
    }
    Ok(hashes)
}

fn write(path: &Path, bundle: &Bundle) -> anyhow::Result<()> {
    let shown = || path.display().to_string();
    let file = std::fs::File::create(path).with_context(shown)?;
    let mut file = std::io::BufWriter::new(file);
    serde_json::to_writer(&mut file, bundle).with_context(shown)?;
    std::io::Write::flush(&mut file).with_context(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkpoint_covers_the_closing_and_not_only_what_it_knew() {
        let answer = v1::GetStatementResponse {
            answered_from: Some(v1::AnsweredFrom {
                position: 41,
                at: None,
            }),
            statement: Some(v1::CommissionStatement {
                at_position: 12,
                ..Default::default()
            }),
        };
        assert_eq!(covering(&answer).min_position, 41);
    }
}
