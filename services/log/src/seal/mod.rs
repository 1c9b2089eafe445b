//! The seal: a Merkle tree over each tenant's log, whose root is signed.
//!
//! # What it promises
//!
//! - Leaf n of the tree is the event at position n + 1 (see [`merkle::leaf`]): positions have no gap,
//!   so a proof that a tree begins with a smaller one proves that nothing was left out either.
//! - **Never slower.** A follower builds it, after the fact; no append waits for it, or writes for it.
//! - **Never two.** The tree follows from the log alone, and a checkpoint is published only over the
//!   very one that was read before: nodes that seal the same tenant at the same time come to the same
//!   tree, and one of them publishes it.
//! - **Never past a doubt.** Before it signs, it checks that the tree on disk still has the root that
//!   it signed last. What an intruder changes there is not signed.
//!
//! The key is in a file, not in the database: whoever can write to the database cannot sign.

mod ask;
mod key_file;
mod sealer;
mod store;

use std::fmt;
use std::sync::Arc;

use event_schemas::vocabulary::TenantId;
use merkle::{CheckpointError, DatedKey, Edge, KeyError, OriginPrefix, Tile, TileId};

pub use ask::Proof;
pub use key_file::{KeyFile, KeyFileError, Keyring};
pub use sealer::Sealing;
pub(crate) use store::{KeySince, Publication, Seal, SealStore};

use crate::heads::Heads;
use crate::{Error, Log};

/// The seals of a log; clones are handles to the same ones.
#[derive(Clone)]
pub struct Seals(Arc<Inner>);

struct Inner {
    log: Log,
    store: Arc<dyn SealStore>,
    keys: KeyFile,
    prefix: OriginPrefix,
    /// How far each tenant's log is sealed, as far as this node knows.
    sealed: Heads,
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seals")
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}

/// Why something could not be sealed or proved.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The log did not answer.
    #[error(transparent)]
    Log(#[from] Error),
    /// There is no key to sign with.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The key cannot sign for this origin.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The last checkpoint is not one of ours, or was changed.
    #[error("the last checkpoint cannot be trusted: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The tree as it is stored is not the one that was signed.
    #[error("the stored tree is not the one that was signed: {0}")]
    Damaged(String),
    /// So far it is not sealed yet, or will never be.
    #[error("the log is sealed up to position {sealed}, not up to {asked}")]
    NotSealed {
        /// What was asked for.
        asked: u64,
        /// How far it is.
        sealed: u64,
    },
    /// What was asked for is not in that tree.
    #[error("{part} is not within a tree of {size} leaves")]
    Outside {
        /// The position, or the smaller size.
        part: u64,
        /// The size of the tree.
        size: u64,
    },
}

impl Seals {
    /// The seals of a log, signed by the key in a file, in the name of an origin.
    pub fn new(log: Log, keys: KeyFile, prefix: OriginPrefix) -> Self {
        let store = log.seal_store();
        Self(Arc::new(Inner {
            log,
            store,
            keys,
            prefix,
            sealed: Heads::new(),
        }))
    }

    /// The keys that have signed for a tenant, the newest first, and since when. Which keys are ours,
    /// the file says; a key that is found in the database alone is none.
    pub async fn keys(&self, tenant: &TenantId) -> Result<Vec<DatedKey>, SealError> {
        let ring = self.0.keys.read().await?;
        self.keys_of(tenant, &ring).await
    }

    async fn keys_of(&self, tenant: &TenantId, ring: &Keyring) -> Result<Vec<DatedKey>, SealError> {
        let used = self.0.store.keys(tenant).await?;
        let origin = self.0.prefix.of(tenant);
        let mut keys = Vec::new();
        for (place, key) in ring.verifiers(&origin)?.into_iter().enumerate() {
            let since = used.iter().find(|(public, _)| *public == key.public());
            let from_size = match since {
                Some((_, from_size)) => *from_size,
                // The key of the file that has not signed yet: it will, the next checkpoint.
                None if place == 0 => {
                    let sealed = self.0.store.seal(tenant).await?;
                    sealed.map_or(0, |seal| seal.size) + 1
                }
                None => continue,
            };
            keys.push(DatedKey { key, from_size });
        }
        Ok(keys)
    }

    async fn tile(&self, tenant: &TenantId, id: TileId) -> Result<Tile, SealError> {
        let hashes = self.0.store.tile(tenant, id).await?;
        let tile = hashes.and_then(|hashes| Tile::from_bytes(id, &hashes));
        tile.ok_or_else(|| SealError::Damaged(format!("there is no {}", id.path(256))))
    }

    /// The right edge of the tree of a size.
    async fn edge(&self, tenant: &TenantId, size: u64) -> Result<Edge, SealError> {
        let mut tiles = Vec::new();
        for id in TileId::right_edge(size) {
            tiles.push(self.tile(tenant, id).await?);
        }
        Edge::of(size, &tiles)
            .ok_or_else(|| SealError::Damaged(format!("a tile lacks hashes up to {size}")))
    }
}
