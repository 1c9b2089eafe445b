//! Whose word is taken: keys that were given, or those that the server names itself.

use anyhow::{Context as _, bail, ensure};
use client::Client;
use event_schemas::vocabulary::TenantId;
use merkle::{Checkpoint, DatedKey, VerifierKey};
use proto::v1;

/// Which keys are trusted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrustArgs {
    /// Trust only this key, as `twinfunnel seal public-key` printed it. May be given several times:
    /// then each but the first that the log had says since which size it signs, as `twinfunnel seal
    /// keys` told when it was new. Without it the server's own word is taken for which keys are its own.
    #[arg(
        long = "key",
        env = "TWINFUNNEL_SEAL_VERIFIER_KEY",
        value_name = "NAME+ID+KEY[@SIZE]"
    )]
    keys: Vec<DatedKey>,
}

/// The keys whose word is taken.
#[derive(Debug)]
pub(super) struct Trust {
    keys: Vec<DatedKey>,
    /// Whether they are given; otherwise the server named them.
    pub(super) is_pinned: bool,
}

impl Trust {
    /// The keys given; the server's own if none is given.
    pub(super) async fn of(client: &Client, args: &TrustArgs) -> anyhow::Result<Self> {
        let is_pinned = !args.keys.is_empty();
        let keys = if is_pinned {
            pinned(args.keys.clone())?
        } else {
            told(client).await?
        };
        Ok(Self { keys, is_pinned })
    }

    /// A checkpoint, if one of the keys has signed it.
    pub(super) fn open(&self, note: &str) -> anyhow::Result<Checkpoint> {
        let opened = Checkpoint::open_dated(note, &self.keys);
        opened.with_context(|| format!("the checkpoint is not to be trusted:\n{note}"))
    }

    /// Whose log it is: a tenant's id holds no slash.
    pub(super) fn tenant(&self, origin: &str) -> anyhow::Result<TenantId> {
        let (_, tenant) = origin.rsplit_once('/').unwrap_or(("", origin));
        let names = |dated: &DatedKey| dated.key.name() == origin;
        ensure!(self.keys.iter().any(names), "no key is of {origin}");
        TenantId::new(tenant).with_context(|| format!("{origin} names no tenant"))
    }
}

/// The keys that the server names as its own, the newest first.
pub(crate) async fn told(client: &Client) -> anyhow::Result<Vec<DatedKey>> {
    let told = client.list_keys(v1::ListKeysRequest {}).await?.keys;
    let dated = told.into_iter().map(|told| {
        let key: VerifierKey = told.verifier_key.parse().context(told.verifier_key)?;
        let from_size = told.from_size;
        Ok(DatedKey { key, from_size })
    });
    dated.collect()
}

/// Keys that were given. When one took over from another must be given with it: whoever has stolen the
/// one that was replaced could tell any other moment.
pub(crate) fn pinned(given: Vec<DatedKey>) -> anyhow::Result<Vec<DatedKey>> {
    let unclear = given.iter().enumerate().find_map(|(place, one)| {
        let mut before = given.iter().take(place);
        let other = before.find(|other| {
            other.key != one.key
                && other.key.name() == one.key.name()
                && other.from_size == one.from_size
        });
        Some((&other?.key, &one.key))
    });
    if let Some((one, other)) = unclear {
        bail!(
            "{one} and {other} are keys of one log: say since which size the later one signs, as KEY@SIZE"
        );
    }
    Ok(given)
}
