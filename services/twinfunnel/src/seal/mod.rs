//! `twinfunnel seal`: proofs that the log is what it was, and the key behind them.

mod export;
mod key;
mod trust;
mod verify;

use std::process::ExitCode;

use anyhow::Context as _;
use client::Client;
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use futures::stream::{BoxStream, StreamExt as _};
use merkle::{Hash, ProofFile, event_hash};
use proto::instant::from_timestamp;
use proto::v1;
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;
use tonic::Code;

use crate::connect::ConnectArgs;
use crate::output;
pub(crate) use key::FILE_NAME as KEY_FILE_NAME;
use trust::{Trust, TrustArgs};
pub(crate) use trust::{pinned, told};

/// Prove that the log is what it was.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Seal {
    /// Print a signed checkpoint: size and root of the tree over the log. Keep it elsewhere.
    Checkpoint(CheckpointArgs),
    /// Print the proof that the event at a position is in the log, as a tlog-proof.
    Prove(ProveArgs),
    /// Recompute the tree from the events, and name the first that is not what was sealed.
    Verify(verify::Args),
    /// Write checkpoint and tiles into a directory that any web server can offer (tlog-tiles).
    Export(export::Args),
    /// Print the keys by which others verify checkpoints, the newest first.
    PublicKey(key::PublicKeyArgs),
    /// Print the keys that the server names as its own, the newest first, and since which size of the
    /// log each signs: what to note down when a key is replaced.
    Keys(KeysArgs),
    /// Make a new key that signs from now on; earlier checkpoints stay good.
    RotateKey(key::RotateKeyArgs),
}

/// Options of `seal checkpoint`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckpointArgs {
    /// Of the tree over the first N events; of all that are sealed if not given.
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// Wait until the log is sealed up to this position.
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_position: u64,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `seal keys`.
#[derive(Debug, clap::Args)]
pub(crate) struct KeysArgs {
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Options of `seal prove`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProveArgs {
    /// Of the event.
    #[arg(value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    position: u64,
    /// In the tree over the first N events; over all that are sealed if not given.
    #[arg(long, value_name = "N")]
    tree_size: Option<u64>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Carries the command out.
pub(crate) async fn run(seal: Seal) -> anyhow::Result<ExitCode> {
    let ran = match seal {
        Seal::Checkpoint(args) => checkpoint(args).await,
        Seal::Prove(args) => prove(args).await,
        Seal::Verify(args) => verify::run(args).await,
        Seal::Export(args) => export::run(args).await,
        Seal::PublicKey(args) => key::public_key(args).await,
        Seal::Keys(args) => keys(args).await,
        Seal::RotateKey(args) => key::rotate(args).await,
    };
    ran.map_err(|error| match error.downcast_ref() {
        Some(client::Error::Refused(refused)) if refused.code == Code::Unimplemented => {
            error.context("this server does not seal the log: on PostgreSQL it needs --seal-key")
        }
        _ => error,
    })
}

async fn checkpoint(args: CheckpointArgs) -> anyhow::Result<ExitCode> {
    let question = v1::GetCheckpointRequest {
        size: args.size,
        min_position: args.min_position,
    };
    let answer = args.connect.client()?.get_checkpoint(question).await?;
    output::write(&answer.note)?;
    Ok(ExitCode::SUCCESS)
}

async fn keys(args: KeysArgs) -> anyhow::Result<ExitCode> {
    for key in told(&args.connect.client()?).await? {
        output::write_line(&key.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is printed was checked first: a proof that proves nothing is an error.
async fn prove(args: ProveArgs) -> anyhow::Result<ExitCode> {
    let client = args.connect.client()?;
    let trust = Trust::of(&client, &args.trust).await?;
    let question = v1::GetInclusionProofRequest {
        position: args.position,
        tree_size: args.tree_size,
    };
    let answer = client.get_inclusion_proof(question).await?;
    let checkpoint = trust.open(&answer.checkpoint)?;
    let tenant = trust.tenant(&checkpoint.origin)?;
    let event = event(&client, &tenant, args.position).await?;
    let proof = ProofFile {
        leaf: args.position - 1,
        hashes: hashes(&answer.hashes)?,
        checkpoint: answer.checkpoint,
    };
    merkle::verify_inclusion(
        (proof.leaf, event_hash(&event)),
        (checkpoint.size, checkpoint.root),
        &proof.hashes,
    )
    .with_context(|| {
        format!(
            "the event at position {} is not what was sealed",
            args.position
        )
    })?;
    output::write(&proof.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Hashes as an answer carries them.
fn hashes(told: &[Vec<u8>]) -> anyhow::Result<Vec<Hash>> {
    let hashes: Option<Vec<_>> = told.iter().map(|hash| Hash::from_slice(hash)).collect();
    hashes.context("the answer holds a hash that is none")
}

/// The event at a position.
async fn event(client: &Client, tenant: &TenantId, position: u64) -> anyhow::Result<Recorded> {
    let mut events = events(client, tenant, position - 1).await?;
    let event = events.next().await.transpose()?;
    event
        .filter(|event| event.position.0 == position)
        .with_context(|| format!("there is no event at position {position}"))
}

/// The events after a position, up to the head.
pub(crate) async fn events(
    client: &Client,
    tenant: &TenantId,
    after: u64,
) -> anyhow::Result<BoxStream<'static, anyhow::Result<Recorded>>> {
    let question = v1::FollowRequest {
        from: Some(From::AfterPosition(after)),
        filter: None,
        until_head: true,
        ..v1::FollowRequest::default()
    };
    let tenant = tenant.clone();
    let answers = client.follow(question).await?;
    let events = answers.filter_map(move |answer| {
        let event = match answer.map(|answer| answer.item) {
            Ok(Some(Item::Event(event))) => Some(recorded(&tenant, event)),
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        };
        std::future::ready(event)
    });
    Ok(events.boxed())
}

/// An event as it was recorded, from what is told of it: the very bytes that were sealed follow from
/// it.
pub(crate) fn recorded(tenant: &TenantId, event: v1::Event) -> anyhow::Result<Recorded> {
    let at = |told: Option<prost_types::Timestamp>| told.as_ref().and_then(from_timestamp);
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let read = || -> anyhow::Result<Recorded> {
        Ok(Recorded {
            tenant: tenant.clone(),
            position: Position(event.position),
            stream: StreamName::parse(&event.stream)?,
            version: Version(event.version),
            event_id: event.event_id.parse()?,
            event_type: event.r#type,
            schema_version: event.schema_version,
            occurred_at: at(event.occurred_at).context("it has no time")?,
            recorded_at: at(event.recorded_at).context("it has no time of recording")?,
            actor: event.actor,
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            causation_id: given(event.causation_id),
            trace_context: given(event.trace_context),
            payload: event.payload.into_bytes(),
        })
    };
    let position = event.position;
    read().with_context(|| format!("the event at position {position} cannot be read"))
}
