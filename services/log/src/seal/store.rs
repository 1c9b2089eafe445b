//! What a database must be able to do for the seal.

use event_schemas::vocabulary::TenantId;
use futures::future::BoxFuture;
use merkle::{Tile, TileId};

use crate::Error;

/// How far a tenant's log is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Leaves of the tree.
    pub(crate) size: u64,
    /// Its checkpoint, a signed note.
    pub(crate) checkpoint: String,
}

/// A public key, and the size of the first tree that it signed.
pub(crate) type KeySince = ([u8; 32], u64);

/// A larger tree, which is to be published.
#[derive(Debug)]
pub(crate) struct Publication<'a> {
    pub(crate) tenant: &'a TenantId,
    /// What it was built on; nothing if it is the first.
    pub(crate) built_on: Option<&'a Seal>,
    pub(crate) seal: Seal,
    /// The tiles that are new, or wider.
    pub(crate) tiles: Vec<Tile>,
    /// Who has signed it.
    pub(crate) public_key: [u8; 32],
}

impl Publication<'_> {
    /// The size and the checkpoint that must still be the last ones.
    pub(crate) fn expects(&self) -> (u64, &str) {
        match self.built_on {
            Some(seal) => (seal.size, &seal.checkpoint),
            None => (0, ""),
        }
    }
}

/// Keeps the trees.
pub(crate) trait SealStore: Send + Sync {
    /// How far a tenant's log is sealed, if it is at all.
    fn seal<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Option<Seal>, Error>>;

    /// The hashes of a tile, one after the other, if it is there.
    fn tile<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TileId,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>>;

    /// The public keys that have signed.
    fn keys<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Vec<KeySince>, Error>>;

    /// Publishes a larger tree in one transaction; false, and nothing is written, if what it was
    /// built on is no longer the last.
    fn publish<'a>(
        &'a self,
        publication: &'a Publication<'a>,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Closes all connections.
    fn close(&self) -> BoxFuture<'_, ()>;
}
