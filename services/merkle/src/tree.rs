//! The shape of the tree: which complete subtrees a stretch of leaves is made of, and which
//! stretches a proof consists of. RFC 6962, sections 2.1.1 and 2.1.2.

use crate::hash::{Hash, node_hash};
use crate::tile::{TILE_HEIGHT, TileId};

/// A complete subtree of 2^level leaves; the index counts those of its level from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    /// 0 for a leaf.
    pub level: u32,
    /// 0 for the leftmost of its level.
    pub index: u64,
}

impl Node {
    /// The tile that holds it, of the least width, and which of the tile's hashes lie under it.
    pub fn place(self) -> (TileId, std::ops::Range<usize>) {
        let within = self.level % u32::from(TILE_HEIGHT);
        let first = self.index << within;
        let offset = usize::from((first & 0xff) as u8);
        let count = 1_usize << within;
        let id = TileId {
            // A tree has no more than 64 levels.
            level: u8::try_from(self.level / u32::from(TILE_HEIGHT)).unwrap_or(u8::MAX),
            index: first >> TILE_HEIGHT,
        };
        (id, offset..offset + count)
    }
}

/// Leaves `from..to` that make up one node of the tree of RFC 6962: `from` is a multiple of every
/// complete subtree in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first leaf.
    pub from: u64,
    /// The leaf after the last.
    pub to: u64,
}

impl Range {
    /// All leaves of a tree.
    pub fn all(size: u64) -> Self {
        Self { from: 0, to: size }
    }

    /// The complete subtrees that it consists of, the largest first.
    pub fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let level = (self.to - from).ilog2();
            nodes.push(Node {
                level,
                index: from >> level,
            });
            from += 1 << level;
        }
        nodes
    }

    /// Its hash, from those of its nodes; none if it is empty.
    pub fn hash(nodes: &[Hash]) -> Option<Hash> {
        nodes
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(left, right))
    }

    /// Its two children: the left one is the largest complete subtree that leaves something over.
    fn split(self) -> (Self, Self) {
        let len = self.to - self.from;
        let middle = self.from + (1 << (len - 1).ilog2());
        let left = Self {
            from: self.from,
            to: middle,
        };
        let right = Self {
            from: middle,
            to: self.to,
        };
        (left, right)
    }
}

/// Whose hashes prove that a leaf is in a tree, the nearest to the leaf first. Nothing if it is not.
pub fn inclusion_ranges(leaf: u64, size: u64) -> Option<Vec<Range>> {
    let mut range = Range::all(size);
    let mut proof = Vec::new();
    if leaf >= size {
        return None;
    }
    while range.to - range.from > 1 {
        let (left, right) = range.split();
        if leaf < left.to {
            proof.push(right);
            range = left;
        } else {
            proof.push(left);
            range = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Whose hashes prove that a tree begins with a smaller one. Nothing if `from` is not within 0..=to;
/// from the empty tree and to the same tree there is nothing to prove.
pub fn consistency_ranges(from: u64, to: u64) -> Option<Vec<Range>> {
    if from > to {
        return None;
    }
    let mut proof = Vec::new();
    if from == 0 || from == to {
        return Some(proof);
    }
    let mut range = Range::all(to);
    // Whether the smaller tree's part of this node is all of the smaller tree: its verifier knows it.
    let mut is_known = true;
    while range.to != from {
        let (left, right) = range.split();
        if from <= left.to {
            proof.push(right);
            range = left;
        } else {
            proof.push(left);
            range = right;
            is_known = false;
        }
    }
    if !is_known {
        proof.push(range);
    }
    proof.reverse();
    Some(proof)
}
