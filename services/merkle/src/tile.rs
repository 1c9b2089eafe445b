//! Tiles: 256 hashes of one level, side by side. Tiles of level 0 hold the hashes of leaves; each hash
//! of level n + 1 is that of a full tile of level n.

use crate::hash::{Hash, node_hash};
use crate::tree::Node;

/// Levels of the tree that one tile spans.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// Hashes of a full tile.
pub const TILE_WIDTH: usize = 256;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// 0 for the hashes of leaves.
    pub level: u8,
    /// 0 for the leftmost of its level.
    pub index: u64,
}

impl TileId {
    /// The path of the tile with so many hashes: `tile/0/x001/234`, `tile/1/000.p/7`.
    pub fn path(self, width: usize) -> String {
        let mut rest = self.index / 1_000;
        let mut path = format!("{:03}", self.index % 1_000);
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1_000);
            rest /= 1_000;
        }
        if width < TILE_WIDTH {
            path = format!("{path}.p/{width}");
        }
        format!("tile/{}/{path}", self.level)
    }

    /// The path of the bundle with the leaves under a tile of level 0: `tile/entries/x001/234`.
    pub fn entries_path(self, width: usize) -> String {
        let path = self.path(width);
        path.replacen("tile/0/", "tile/entries/", 1)
    }

    /// How many hashes it has in a tree of a size; 0 if it is not in it.
    pub fn width(self, size: u64) -> usize {
        let hashes = size
            .checked_shr(u32::from(self.level) * u32::from(TILE_HEIGHT))
            .unwrap_or(0);
        let before = self.index.saturating_mul(TILE_WIDTH as u64);
        let width = hashes.saturating_sub(before).min(TILE_WIDTH as u64);
        usize::try_from(width).unwrap_or(TILE_WIDTH)
    }

    /// The tiles of a tree of a size, level by level.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        (0..TILE_HEIGHT).flat_map(move |level| {
            let hashes = size >> (u32::from(level) * u32::from(TILE_HEIGHT));
            (0..hashes.div_ceil(TILE_WIDTH as u64)).map(move |index| Self { level, index })
        })
    }

    /// The last tiles of a tree of a size that are not full, from the leaves up: what it grows from.
    pub fn right_edge(size: u64) -> impl Iterator<Item = Self> {
        (0..TILE_HEIGHT)
            .map(move |level| Self {
                level,
                index: size >> (u32::from(level + 1) * u32::from(TILE_HEIGHT)).min(63),
            })
            .filter(move |tile| tile.width(size) > 0)
    }

    /// The leaves under one of its hashes, as positions in the log: the first and the last.
    pub fn positions(self, offset: usize) -> (u64, u64) {
        let span = 1_u64 << (u32::from(self.level) * u32::from(TILE_HEIGHT)).min(63);
        let hash = self
            .index
            .saturating_mul(TILE_WIDTH as u64)
            .saturating_add(offset as u64);
        let first = hash.saturating_mul(span);
        (first.saturating_add(1), first.saturating_add(span))
    }
}

/// A tile: its place, and its hashes from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its place.
    pub id: TileId,
    /// At most [`TILE_WIDTH`]; fewer only in the last of its level.
    pub hashes: Vec<Hash>,
}

impl Tile {
    /// A tile as it is stored and served: its hashes one after the other. Nothing if it is not one.
    pub fn from_bytes(id: TileId, bytes: &[u8]) -> Option<Self> {
        let fits = bytes.len().is_multiple_of(Hash::LEN)
            && (1..=TILE_WIDTH).contains(&(bytes.len() / Hash::LEN));
        let hashes = bytes.chunks_exact(Hash::LEN).map(Hash::from_slice);
        let hashes: Option<Vec<_>> = hashes.collect();
        hashes.filter(|_| fits).map(|hashes| Self { id, hashes })
    }

    /// Its hashes one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// The hash of a subtree that lies in it; nothing if it does not, or is not complete yet.
    pub fn node(&self, node: Node) -> Option<Hash> {
        let (id, under) = node.place();
        (id == self.id)
            .then(|| self.hashes.get(under).map(complete))
            .flatten()
            .flatten()
    }
}

/// The hash above 2^n hashes; none if there are none.
pub(crate) fn complete(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [hash] => Some(*hash),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(complete(left)?, complete(right)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_standard() {
        let path = |level, index, width| TileId { level, index }.path(width);
        assert_eq!(path(0, 0, 256), "tile/0/000");
        let bundle = TileId { level: 0, index: 0 }.entries_path(5);
        assert_eq!(bundle, "tile/entries/000.p/5");
        assert_eq!(path(1, 7, 9), "tile/1/007.p/9");
        assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(3, 999_000, 1), "tile/3/x999/000.p/1");
    }

    #[test]
    fn a_tree_of_70000_leaves_has_277_tiles() {
        let size = 70_000;
        let tiles: Vec<_> = TileId::all(size).collect();
        assert_eq!(tiles.len(), 274 + 2 + 1);
        let widths = tiles.iter().map(|tile| tile.width(size)).sum::<usize>();
        assert_eq!(widths, 70_000 + 273 + 1);
        let edge: Vec<_> = TileId::right_edge(size)
            .map(|tile| (tile.level, tile.index, tile.width(size)))
            .collect();
        assert_eq!(edge, [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
        assert_eq!(TileId { level: 1, index: 1 }.positions(0), (65_537, 65_792));
        assert_eq!(TileId { level: 0, index: 2 }.width(512), 0);
    }
}
