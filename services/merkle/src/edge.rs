//! The right edge of the tree: what has to be known of a tree to let it grow, and its root.

use crate::hash::{Hash, empty_root};
use crate::tile::{TILE_WIDTH, Tile, TileId, complete};
use crate::tree::Range;

/// A tree that grows to the right. It keeps the last tile of each level that is not full yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// From the leaves up.
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree of a size, given the tiles of [`TileId::right_edge`], which may be wider.
    /// Nothing if one of them is missing or too narrow.
    pub fn of(size: u64, tiles: &[Tile]) -> Option<Self> {
        let mut edge = Self {
            size,
            levels: Vec::new(),
        };
        for id in TileId::right_edge(size) {
            let tile = tiles.iter().find(|tile| tile.id == id)?;
            let hashes = tile.hashes.get(..id.width(size))?.to_vec();
            edge.levels.resize(usize::from(id.level), Vec::new());
            edge.levels.push(hashes);
        }
        Some(edge)
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and hands out the tiles that became full by it, from the leaves up.
    pub fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        self.size += 1;
        let mut full = Vec::new();
        let mut rising = Some(leaf);
        let mut level = 0;
        while let Some(hash) = rising.take() {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::with_capacity(TILE_WIDTH));
            }
            let Some(hashes) = self.levels.get_mut(usize::from(level)) else {
                break;
            };
            hashes.push(hash);
            if hashes.len() == TILE_WIDTH {
                rising = complete(hashes);
                let hashes = std::mem::take(hashes);
                let above = u32::from(level + 1) * 8;
                let index = (self.size >> above) - 1;
                full.push(Tile {
                    id: TileId { level, index },
                    hashes,
                });
                level += 1;
            }
        }
        full
    }

    /// The last tile of each level that is not full, from the leaves up.
    pub fn tiles(&self) -> Vec<Tile> {
        let tile = |id: TileId| {
            let hashes = self.levels.get(usize::from(id.level))?.clone();
            Some(Tile { id, hashes })
        };
        TileId::right_edge(self.size).filter_map(tile).collect()
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        // From the left: the complete subtrees of the highest level first.
        let mut nodes = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
                nodes.extend(complete(subtree));
                rest = after;
            }
        }
        Range::hash(&nodes).unwrap_or_else(empty_root)
    }
}
