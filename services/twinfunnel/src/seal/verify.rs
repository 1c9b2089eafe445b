//! `twinfunnel seal verify`: the tree recomputed from the events. Nothing that the server says is
//! believed but its signature; what it stores of the tree only helps to name what was changed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use client::Client;
use event_schemas::vocabulary::{Recorded, TenantId};
use futures::StreamExt as _;
use indicatif::ProgressBar;
use merkle::{Checkpoint, Edge, Hash, TILE_WIDTH, Tile, TileId, event_hash, verify_inclusion};
use proto::v1;

use super::{Trust, TrustArgs, hashes};
use crate::connect::ConnectArgs;
use crate::{output, progress, render};

/// Options of `seal verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A checkpoint that was kept elsewhere: the log must still begin with what it sealed. May be
    /// given several times.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Reads the log from its beginning to the last checkpoint.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let trust = Trust::of(&client, &args.trust).await?;
    let mut checkpoints = Vec::new();
    for path in &args.checkpoint {
        let named = || path.display().to_string();
        let note = tokio::fs::read_to_string(path).await.with_context(named)?;
        checkpoints.push(trust.open(&note).with_context(named)?);
    }
    let last = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    checkpoints.push(trust.open(&last.note)?);
    checkpoints.sort_by_key(|checkpoint| checkpoint.size);
    let last = checkpoints
        .last()
        .context("there is one, two lines up")?
        .clone();
    for checkpoint in &checkpoints {
        ensure!(
            checkpoint.origin == last.origin,
            "checkpoints of {} and of {}",
            checkpoint.origin,
            last.origin
        );
    }
    let progress = progress::bar(last.size, "events");
    let mut walk = Walk {
        tenant: trust.tenant(&last.origin)?,
        client,
        last: last.clone(),
        edge: Edge::default(),
        versions: HashMap::new(),
        leaves: None,
        upper: Vec::new(),
        damaged: Vec::new(),
    };
    let walked = walk.through(&checkpoints, &progress).await;
    progress.finish_and_clear();
    walked?;
    for position in &walk.damaged {
        output::tell_line(&format!(
            "The stored tree is damaged at position {position}; the event there is what was sealed."
        ));
    }
    let kept = match args.checkpoint.len() {
        0 => String::new(),
        _ => " It still begins with what the checkpoints given had sealed.".to_owned(),
    };
    output::write_line(&format!(
        "{}: all {} events are what was sealed, and none is missing.{kept}",
        last.origin,
        render::grouped(&last.size.to_string())
    ))?;
    if !trust.is_pinned {
        output::tell_line(
            "The server itself said which keys are its own; --key takes no word but yours.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// A walk through the log, along its tree.
struct Walk {
    client: Client,
    tenant: TenantId,
    last: Checkpoint,
    /// The tree as the events make it.
    edge: Edge,
    /// How far each stream has come.
    versions: HashMap<String, u64>,
    /// The stored hashes of the leaves that come next.
    leaves: Option<Tile>,
    /// The full tiles above the leaves, as the events make them.
    upper: Vec<Tile>,
    /// Positions whose stored hash is wrong, but whose event is not.
    damaged: Vec<u64>,
}

impl Walk {
    async fn through(
        &mut self,
        checkpoints: &[Checkpoint],
        progress: &ProgressBar,
    ) -> anyhow::Result<()> {
        let mut due = checkpoints.iter().peekable();
        let mut events = super::events(&self.client, &self.tenant, 0).await?;
        loop {
            while let Some(checkpoint) = due.next_if(|next| next.size <= self.edge.size()) {
                if checkpoint.root != self.edge.root() {
                    return Err(self.what_differs(checkpoint).await);
                }
            }
            if self.edge.size() >= self.last.size {
                return Ok(());
            }
            let position = self.edge.size() + 1;
            let event = events.next().await.transpose();
            let event = event.with_context(|| format!("reading position {position}"))?;
            let event = event.with_context(|| {
                let sealed = self.last.size;
                format!(
                    "position {position}: the log ends before it, but {sealed} events are sealed"
                )
            })?;
            self.take(&event).await?;
            progress.set_position(self.edge.size());
        }
    }

    /// Takes the next event, and fails if it is not the one that was sealed there.
    async fn take(&mut self, event: &Recorded) -> anyhow::Result<()> {
        let position = self.edge.size() + 1;
        ensure!(
            event.position.0 == position,
            "position {position}: the event is missing"
        );
        let leaf = event_hash(event);
        if self.stored(position).await != Some(leaf) {
            self.judge(position, leaf).await?;
            self.damaged.push(position);
        }
        let version = self.versions.entry(event.stream.to_string()).or_default();
        ensure!(
            event.version.0 == *version + 1,
            "position {position}: {} is at version {version}, and goes on with {}",
            event.stream,
            event.version
        );
        *version += 1;
        let full = self.edge.push(leaf);
        self.upper
            .extend(full.into_iter().filter(|tile| tile.id.level > 0));
        Ok(())
    }

    /// The stored hash of the leaf at a position; nothing if the server has none that is one.
    async fn stored(&mut self, position: u64) -> Option<Hash> {
        let width = TILE_WIDTH as u64;
        let id = TileId {
            level: 0,
            index: (position - 1) / width,
        };
        if self.leaves.as_ref().is_none_or(|tile| tile.id != id) {
            // A tile that is wanting only makes it harder to say what was changed.
            self.leaves = self.tile(id).await;
        }
        let offset = usize::try_from((position - 1) % width).ok()?;
        self.leaves.as_ref()?.hashes.get(offset).copied()
    }

    async fn tile(&self, id: TileId) -> Option<Tile> {
        let question = v1::GetTileRequest {
            level: id.level.into(),
            index: id.index,
            width: u32::try_from(id.width(self.last.size)).ok()?,
        };
        Tile::from_bytes(id, &self.client.get_tile(question).await.ok()?.hashes)
    }

    /// Where event and stored hash differ, one of them was changed: which, the signed root says.
    async fn judge(&self, position: u64, leaf: Hash) -> anyhow::Result<()> {
        let question = v1::GetInclusionProofRequest {
            position,
            tree_size: Some(self.last.size),
        };
        let is_sealed = match self.client.get_inclusion_proof(question).await {
            Ok(proof) => verify_inclusion(
                (position - 1, leaf),
                (self.last.size, self.last.root),
                &hashes(&proof.hashes)?,
            )
            .is_ok(),
            Err(_) => false,
        };
        ensure!(
            is_sealed,
            "position {position}: the event is not what was sealed"
        );
        Ok(())
    }

    /// Every event has the stored hash, but the root is another: the stored tree was changed with the
    /// events. How far up, the tiles above say.
    async fn what_differs(&self, checkpoint: &Checkpoint) -> anyhow::Error {
        let edge = self
            .edge
            .tiles()
            .into_iter()
            .filter(|tile| tile.id.level > 0);
        let mut tiles: Vec<_> = self.upper.iter().cloned().chain(edge).collect();
        tiles.sort_by_key(|tile| tile.id);
        for made in tiles {
            let Some(stored) = self.tile(made.id).await else {
                continue;
            };
            let mut pairs = made.hashes.iter().zip(&stored.hashes);
            if let Some(offset) = pairs.position(|(made, stored)| made != stored) {
                let (first, last) = made.id.positions(offset);
                return anyhow::anyhow!(
                    "positions {first} to {last}: an event is not what was sealed, \
                     and the tree was changed to match it"
                );
            }
        }
        anyhow::anyhow!(
            "positions 1 to {}: an event is not what was sealed, and all of the stored tree was \
             changed to match it",
            checkpoint.size
        )
    }
}
