//! Whose word is taken: keys that were given, or those that the server names itself.

use anyhow::{Context as _, ensure};
use client::Client;
use event_schemas::vocabulary::TenantId;
use merkle::{Checkpoint, DatedKey, VerifierKey};
use proto::v1;

/// Which keys are trusted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrustArgs {
    /// Trust only this key, as `twinfunnel seal public-key` printed it. May be given several times.
    /// Without it the server's own word is taken for which keys are its own.
    #[arg(
        long = "key",
        env = "TWINFUNNEL_SEAL_VERIFIER_KEY",
        value_name = "NAME+ID+KEY"
    )]
    keys: Vec<VerifierKey>,
}

/// The keys whose word is taken.
#[derive(Debug)]
pub(super) struct Trust {
    keys: Vec<DatedKey>,
    /// Whether they are given; otherwise the server named them.
    pub(super) is_pinned: bool,
}

impl Trust {
    /// The keys given, each since when the server says; its own if none is given.
    pub(super) async fn of(client: &Client, args: &TrustArgs) -> anyhow::Result<Self> {
        let told = client.list_keys(v1::ListKeysRequest {}).await?.keys;
        let mut keys = Vec::with_capacity(told.len());
        for told in told {
            let key: VerifierKey = told.verifier_key.parse().context(told.verifier_key)?;
            let from_size = told.from_size;
            keys.push(DatedKey { key, from_size });
        }
        let is_pinned = !args.keys.is_empty();
        if is_pinned {
            keys = dated(&args.keys, &keys);
        }
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

/// Keys that were given, each since when it is told to sign; one of which nothing is told was in use
/// before anyone can remember.
pub(crate) fn dated(given: &[VerifierKey], told: &[DatedKey]) -> Vec<DatedKey> {
    let since = |key: &VerifierKey| told.iter().find(|told| told.key == *key);
    let dated = given.iter().map(|key| DatedKey {
        key: key.clone(),
        from_size: since(key).map_or(0, |told| told.from_size),
    });
    dated.collect()
}
