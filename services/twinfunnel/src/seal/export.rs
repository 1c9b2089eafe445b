//! `twinfunnel seal export`: checkpoint and tiles as files, as c2sp.org/tlog-tiles has them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use client::Client;
use event_schemas::vocabulary::TenantId;
use futures::StreamExt as _;
use merkle::{Edge, Tile, TileId, leaf};
use proto::v1;

use super::{Trust, TrustArgs};
use crate::connect::ConnectArgs;
use crate::{output, render};

/// Options of `seal export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write `checkpoint` and `tile/…` into this directory; a full tile that is there already is kept.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write the leaves, too: the envelope of each event, with the hash of its payload.
    #[arg(long)]
    entries: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Writes the tiles, and the checkpoint last: whoever reads it finds all tiles that it needs.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let trust = Trust::of(&client, &args.trust).await?;
    let note = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?
        .note;
    let checkpoint = trust.open(&note)?;
    let mut edge = Vec::new();
    let mut written = 0_u64;
    for id in TileId::all(checkpoint.size) {
        let width = id.width(checkpoint.size);
        let path = args.out.join(id.path(width));
        let is_full = width == merkle::TILE_WIDTH;
        if is_full && tokio::fs::try_exists(&path).await.unwrap_or(false) {
            continue;
        }
        let question = v1::GetTileRequest {
            level: id.level.into(),
            index: id.index,
            width: u32::try_from(width)?,
        };
        let bytes = client.get_tile(question).await?.hashes;
        let tile = Tile::from_bytes(id, &bytes).filter(|tile| tile.hashes.len() == width);
        let tile = tile.with_context(|| format!("{} is not a tile", id.path(width)))?;
        write(&path, &bytes).await?;
        written += 1;
        if !is_full {
            edge.push(tile);
        }
    }
    let root = Edge::of(checkpoint.size, &edge).map(|edge| edge.root());
    ensure!(
        root == Some(checkpoint.root),
        "the tiles do not lead to the signed root"
    );
    if args.entries {
        let tenant = trust.tenant(&checkpoint.origin)?;
        entries(&client, &tenant, checkpoint.size, &args.out).await?;
    }
    write(&args.out.join("checkpoint"), note.as_bytes()).await?;
    output::write_line(&format!(
        "{}: {} tiles written, a tree of {} events",
        args.out.display(),
        render::grouped(&written.to_string()),
        render::grouped(&checkpoint.size.to_string())
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the leaves in bundles of 256: the length of each, 2 bytes, the highest first, and its bytes.
async fn entries(client: &Client, tenant: &TenantId, size: u64, out: &Path) -> anyhow::Result<()> {
    let mut events = std::pin::pin!(
        super::events(client, tenant, 0)
            .await?
            .take(usize::try_from(size)?)
    );
    for id in TileId::all(size).take_while(|id| id.level == 0) {
        let width = id.width(size);
        let mut bundle = Vec::new();
        for _ in 0..width {
            let event = events.next().await.context("the log ends too early")??;
            let leaf = leaf(&event);
            bundle.extend(u16::try_from(leaf.len())?.to_be_bytes());
            bundle.extend(leaf);
        }
        write(&out.join(id.entries_path(width)), &bundle).await?;
    }
    Ok(())
}

/// Whole or not at all.
async fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let named = || path.display().to_string();
    let folder = path.parent().with_context(named)?;
    tokio::fs::create_dir_all(folder)
        .await
        .with_context(named)?;
    let file = tempfile::NamedTempFile::new_in(folder).with_context(named)?;
    tokio::fs::write(file.path(), bytes)
        .await
        .with_context(named)?;
    file.persist(path).with_context(named)?;
    Ok(())
}
