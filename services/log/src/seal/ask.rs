//! What may be asked of the seal: checkpoints, proofs, tiles.

use event_schemas::vocabulary::{Position, TenantId};
use merkle::{
    Checkpoint, Hash, Range, TILE_WIDTH, Tile, TileId, consistency_ranges, inclusion_ranges,
    verify_consistency,
};

use super::{Seal, SealError, Seals};
use crate::Error;

/// Hashes that prove something of a tree, and the tree's signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// In the order in which they are checked.
    pub hashes: Vec<Hash>,
    /// The size of the tree.
    pub size: u64,
    /// Its checkpoint, a signed note.
    pub checkpoint: String,
}

impl Seals {
    /// How far a tenant's log is sealed.
    pub async fn sealed(&self, tenant: &TenantId) -> Result<u64, SealError> {
        Ok(self.last(tenant).await?.map_or(0, |seal| seal.size))
    }

    /// Waits until it is sealed up to a position. Never, if nothing is ever recorded there: whoever
    /// asks sets a limit.
    pub async fn wait_for(&self, tenant: &TenantId, position: u64) -> Result<(), SealError> {
        if self.sealed(tenant).await? >= position {
            return Ok(());
        }
        let mut sealed = self.0.sealed.watch(tenant);
        match sealed.wait_for(|sealed| sealed.0 >= position).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Closed.into()),
        }
    }

    /// The signed checkpoint of a size; the last one if none is given.
    pub async fn checkpoint(
        &self,
        tenant: &TenantId,
        size: Option<u64>,
    ) -> Result<String, SealError> {
        let last = self.last(tenant).await?;
        let sealed = last.as_ref().map_or(0, |seal| seal.size);
        let size = size.unwrap_or(sealed);
        match last {
            Some(last) if size == sealed => Ok(last.checkpoint),
            _ if size > sealed => Err(SealError::NotSealed {
                asked: size,
                sealed,
            }),
            last => self.sign_again(tenant, size, last).await,
        }
    }

    /// Signs the head of an earlier tree, or of the empty one. Only if it is the beginning of the tree
    /// that was signed last: the tiles may have been changed since.
    async fn sign_again(
        &self,
        tenant: &TenantId,
        size: u64,
        last: Option<Seal>,
    ) -> Result<String, SealError> {
        let ring = self.0.keys.read().await?;
        let root = match Range::hash(&self.nodes(tenant, Range::all(size)).await?) {
            None => merkle::empty_root(),
            Some(root) => root,
        };
        if let Some(last) = last {
            let keys = self.keys_of(tenant, &ring).await?;
            let signed = Checkpoint::open_dated(&last.checkpoint, &keys)?;
            let ranges = consistency_ranges(size, signed.size).unwrap_or_default();
            let proof = self.hashes(tenant, &ranges).await?;
            verify_consistency((size, root), (signed.size, signed.root), &proof)
                .map_err(|error| SealError::Damaged(error.to_string()))?;
        }
        let checkpoint = Checkpoint {
            origin: self.0.prefix.of(tenant),
            size,
            root,
        };
        Ok(checkpoint.sign(&ring.current)?)
    }

    /// The proof that the event at a position is in the tree of a size; of the last size if none is
    /// given.
    pub async fn inclusion(
        &self,
        tenant: &TenantId,
        position: Position,
        size: Option<u64>,
    ) -> Result<Proof, SealError> {
        let size = self.size(tenant, size).await?;
        let leaf = position.0.checked_sub(1);
        let ranges = leaf.and_then(|leaf| inclusion_ranges(leaf, size));
        let ranges = ranges.ok_or(SealError::Outside {
            part: position.0,
            size,
        })?;
        self.proof(tenant, size, &ranges).await
    }

    /// The proof that the tree of one size begins with that of a smaller one.
    pub async fn consistency(
        &self,
        tenant: &TenantId,
        from: u64,
        to: Option<u64>,
    ) -> Result<Proof, SealError> {
        let size = self.size(tenant, to).await?;
        let ranges = consistency_ranges(from, size);
        let ranges = ranges.ok_or(SealError::Outside { part: from, size })?;
        self.proof(tenant, size, &ranges).await
    }

    /// The first hashes of a tile, as many as are asked for; all there are if none is given.
    pub async fn tile_hashes(
        &self,
        tenant: &TenantId,
        id: TileId,
        width: Option<usize>,
    ) -> Result<Vec<u8>, SealError> {
        let sealed = self.sealed(tenant).await?;
        let there = id.width(sealed);
        let width = width.unwrap_or(there.max(1));
        if width > there {
            let (_, asked) = id.positions(width.clamp(1, TILE_WIDTH) - 1);
            return Err(SealError::NotSealed { asked, sealed });
        }
        let mut hashes = self.tile(tenant, id).await?.to_bytes();
        hashes.truncate(width * Hash::LEN);
        Ok(hashes)
    }

    async fn last(&self, tenant: &TenantId) -> Result<Option<Seal>, SealError> {
        Ok(self.0.store.seal(tenant).await?)
    }

    async fn size(&self, tenant: &TenantId, asked: Option<u64>) -> Result<u64, SealError> {
        let sealed = self.sealed(tenant).await?;
        match asked {
            Some(asked) if asked > sealed => Err(SealError::NotSealed { asked, sealed }),
            asked => Ok(asked.unwrap_or(sealed)),
        }
    }

    async fn proof(
        &self,
        tenant: &TenantId,
        size: u64,
        ranges: &[Range],
    ) -> Result<Proof, SealError> {
        Ok(Proof {
            hashes: self.hashes(tenant, ranges).await?,
            size,
            checkpoint: self.checkpoint(tenant, Some(size)).await?,
        })
    }

    async fn hashes(&self, tenant: &TenantId, ranges: &[Range]) -> Result<Vec<Hash>, SealError> {
        let mut hashes = Vec::with_capacity(ranges.len());
        for range in ranges {
            let nodes = self.nodes(tenant, *range).await?;
            hashes.extend(Range::hash(&nodes));
        }
        Ok(hashes)
    }

    /// The hashes of the complete subtrees of a range.
    async fn nodes(&self, tenant: &TenantId, range: Range) -> Result<Vec<Hash>, SealError> {
        let mut hashes = Vec::new();
        let mut held: Option<Tile> = None;
        for node in range.nodes() {
            let (id, _) = node.place();
            // Neighbours mostly lie in the same tile.
            let tile = match held.take() {
                Some(tile) if tile.id == id => tile,
                _ => self.tile(tenant, id).await?,
            };
            let hash = tile.node(node);
            hashes.push(hash.ok_or_else(|| {
                SealError::Damaged(format!("{} lacks hashes", id.path(TILE_WIDTH)))
            })?);
            held = Some(tile);
        }
        Ok(hashes)
    }
}
