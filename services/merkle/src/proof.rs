//! Checking proofs, as RFC 9162, sections 2.1.3.2 and 2.1.4.2, does it.

use crate::hash::{Hash, node_hash};

/// Why a proof does not prove what it is said to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf, or the smaller tree is the larger one.
    #[error("{part} is not within a tree of {size} leaves")]
    Outside {
        /// The number of the leaf, or the size of the smaller tree.
        part: u64,
        /// The size of the tree.
        size: u64,
    },
    /// It has more or fewer hashes than a proof of this has.
    #[error("a proof of another length")]
    Length,
    /// The hashes do not lead to the root of the tree.
    #[error("the proof does not lead to the root of the tree")]
    Root,
    /// The hashes do not lead to the root of the smaller tree.
    #[error("the proof does not lead to the root of the smaller tree")]
    SmallerRoot,
}

/// Checks that a tree has a leaf with this hash.
pub fn verify_inclusion(
    (leaf, hash): (u64, Hash),
    (size, root): (u64, Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if leaf >= size {
        return Err(ProofError::Outside { part: leaf, size });
    }
    let (mut node, mut last) = (leaf, size - 1);
    let mut reached = hash;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            reached = node_hash(*sibling, reached);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            reached = node_hash(reached, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, reached == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks that a tree begins with a smaller one: nothing was changed or taken away, only added.
pub fn verify_consistency(
    (from, from_root): (u64, Hash),
    (to, to_root): (u64, Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Outside {
            part: from,
            size: to,
        });
    }
    if from == to || from == 0 {
        let is_same = from == to && from_root != to_root;
        return match (proof, is_same) {
            ([], false) if from > 0 || from_root == crate::empty_root() => Ok(()),
            ([], _) => Err(ProofError::SmallerRoot),
            _ => Err(ProofError::Length),
        };
    }
    // Where the smaller tree is complete, its root is the first hash, and is not sent.
    let (first, rest) = if from.is_power_of_two() {
        (from_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*first, rest)
    };
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut smaller, mut larger) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            smaller = node_hash(*sibling, smaller);
            larger = node_hash(*sibling, larger);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            larger = node_hash(larger, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if smaller != from_root {
        return Err(ProofError::SmallerRoot);
    }
    if larger != to_root {
        return Err(ProofError::Root);
    }
    Ok(())
}
