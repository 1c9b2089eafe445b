//! Trees and their proofs: the published test vectors, a naive tree, and another implementation.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use tlog_tiles::tlog;
use twinfunnel_merkle::{
    Edge, Hash, Node, ProofError, Range, Tile, TileId, consistency_ranges, empty_root,
    inclusion_ranges, leaf_hash, node_hash, verify_consistency, verify_inclusion,
};

/// The tree as RFC 6962, section 2.1, defines it, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(naive_root(&leaves[..k]), naive_root(&leaves[k..]))
        }
    }
}

/// PATH(m, D[n]) of section 2.1.1.
fn naive_inclusion(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if m < k {
        (naive_inclusion(m, left), right)
    } else {
        (naive_inclusion(m - k, right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// SUBPROOF(m, D[n], b) of section 2.1.2.
fn naive_consistency(m: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if is_known {
            Vec::new()
        } else {
            vec![naive_root(leaves)]
        };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if m <= k {
        (naive_consistency(m, left, is_known), right)
    } else {
        (naive_consistency(m - k, right, false), left)
    };
    path.push(naive_root(sibling));
    path
}

/// A tree with all of its tiles, grown leaf by leaf.
struct Grown {
    edge: Edge,
    full: Vec<Tile>,
}

fn grown(leaves: &[Hash]) -> Grown {
    let mut edge = Edge::default();
    let full = leaves.iter().flat_map(|leaf| edge.push(*leaf)).collect();
    Grown { edge, full }
}

impl Grown {
    fn node(&self, node: Node) -> Hash {
        let tiles = self.full.iter().cloned().chain(self.edge.tiles());
        tiles.into_iter().find_map(|tile| tile.node(node)).unwrap()
    }

    fn hash(&self, range: Range) -> Hash {
        let nodes: Vec<_> = range.nodes().into_iter().map(|n| self.node(n)).collect();
        Range::hash(&nodes).unwrap()
    }

    fn hashes(&self, ranges: Vec<Range>) -> Vec<Hash> {
        ranges.into_iter().map(|range| self.hash(range)).collect()
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// The eight leaves of the test vectors of Certificate Transparency.
fn published() -> Vec<Hash> {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    leaves
        .map(|leaf| leaf_hash(&hex::decode(leaf).unwrap()))
        .to_vec()
}

#[test]
fn the_roots_are_those_of_certificate_transparency() {
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (size, root) in roots.iter().enumerate() {
        let tree = grown(&published()[..size]);
        assert_eq!(hex::encode(tree.edge.root().0), *root, "{size} leaves");
    }
}

#[test]
fn the_proofs_are_those_of_certificate_transparency() {
    let tree = grown(&published());
    let told = |ranges: Option<Vec<Range>>| -> Vec<String> {
        let hashes = tree.hashes(ranges.unwrap());
        hashes.iter().map(|hash| hex::encode(hash.0)).collect()
    };
    assert_eq!(
        told(inclusion_ranges(5, 8)),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        told(consistency_ranges(6, 8)),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_leaf_of_every_small_tree_is_proved() {
    for size in 1..=70 {
        let leaves = leaves(size);
        let tree = grown(&leaves);
        let head = (size as u64, naive_root(&leaves));
        assert_eq!(tree.edge.root(), head.1);
        for (n, leaf) in leaves.iter().enumerate() {
            let proof = tree.hashes(inclusion_ranges(n as u64, head.0).unwrap());
            assert_eq!(proof, naive_inclusion(n, &leaves));
            assert_eq!(verify_inclusion((n as u64, *leaf), head, &proof), Ok(()));
            let other = verify_inclusion((n as u64, empty_root()), head, &proof);
            assert_eq!(other, Err(ProofError::Root));
        }
        for from in 0..=size {
            let proof = tree.hashes(consistency_ranges(from as u64, head.0).unwrap());
            if from > 0 {
                assert_eq!(proof, naive_consistency(from, &leaves, true));
            }
            let smaller = (from as u64, naive_root(&leaves[..from]));
            assert_eq!(verify_consistency(smaller, head, &proof), Ok(()));
            let other = verify_consistency((from as u64, leaves[0]), head, &proof);
            assert!(other.is_err() || smaller.1 == leaves[0]);
        }
    }
}

#[test]
fn what_is_outside_of_the_tree_has_no_proof() {
    assert_eq!(inclusion_ranges(8, 8), None);
    assert_eq!(inclusion_ranges(0, 0), None);
    assert_eq!(consistency_ranges(9, 8), None);
    let tree = (8, empty_root());
    let outside = Err(ProofError::Outside { part: 8, size: 8 });
    assert_eq!(verify_inclusion((8, empty_root()), tree, &[]), outside);
    let outside = Err(ProofError::Outside { part: 9, size: 8 });
    assert_eq!(verify_consistency((9, empty_root()), tree, &[]), outside);
}

fn a_hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Some hundreds of leaves: tiles become full, and the edge is taken up again from its tiles.
    #[test]
    fn a_larger_tree_is_the_naive_one(size in 1_usize..900, part in any::<prop::sample::Index>(),
            cut in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let cut = cut.index(size);
        let mut tree = grown(&leaves[..cut]);
        tree.edge = Edge::of(cut as u64, &tree.edge.tiles()).unwrap();
        prop_assert_eq!(tree.edge.root(), naive_root(&leaves[..cut]));
        for leaf in &leaves[cut..] {
            tree.full.extend(tree.edge.push(*leaf));
        }
        let head = (size as u64, naive_root(&leaves));
        prop_assert_eq!(tree.edge.root(), head.1);
        prop_assert_eq!(tree.edge.size(), head.0);

        let n = part.index(size);
        let proof = tree.hashes(inclusion_ranges(n as u64, head.0).unwrap());
        prop_assert_eq!(&proof, &naive_inclusion(n, &leaves));
        prop_assert_eq!(verify_inclusion((n as u64, leaves[n]), head, &proof), Ok(()));
        let theirs: Vec<_> = proof.iter().map(|hash| tlog::Hash(hash.0)).collect();
        let (root, leaf) = (tlog::Hash(head.1.0), tlog::Hash(leaves[n].0));
        prop_assert!(tlog::check_record(&theirs, head.0, root, n as u64, leaf).is_ok());

        let from = n + 1;
        let proof = tree.hashes(consistency_ranges(from as u64, head.0).unwrap());
        prop_assert_eq!(&proof, &naive_consistency(from, &leaves, true));
        let smaller = (from as u64, naive_root(&leaves[..from]));
        prop_assert_eq!(verify_consistency(smaller, head, &proof), Ok(()));
        let theirs: Vec<_> = proof.iter().map(|hash| tlog::Hash(hash.0)).collect();
        let old = tlog::Hash(smaller.1.0);
        prop_assert!(tlog::check_tree(&theirs, head.0, root, smaller.0, old).is_ok());
    }

    /// Whatever is claimed: one other bit, one hash more or less, and it is refused.
    #[test]
    fn a_changed_proof_is_refused(size in 2_usize..300, at in any::<prop::sample::Index>(),
            place in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let leaves = leaves(size);
        let tree = grown(&leaves);
        let head = (size as u64, tree.edge.root());
        let n = at.index(size);
        let proof = tree.hashes(inclusion_ranges(n as u64, head.0).unwrap());
        let leaf = (n as u64, leaves[n]);
        let mut changed = proof.clone();
        changed[place.index(proof.len())].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(leaf, head, &changed).is_err());
        prop_assert!(verify_inclusion(leaf, head, &proof[1..]).is_err());
        prop_assert!(verify_inclusion(leaf, head, &[proof.clone(), vec![leaves[0]]].concat()).is_err());
        if n > 0 {
            prop_assert!(verify_inclusion((leaf.0 - 1, leaf.1), head, &proof).is_err());
        }
        let from = at.index(size - 1) + 1;
        let smaller = (from as u64, naive_root(&leaves[..from]));
        let mut changed = tree.hashes(consistency_ranges(smaller.0, head.0).unwrap());
        let place = place.index(changed.len());
        changed[place].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(smaller, head, &changed).is_err());
    }

    /// Sizes from outside may be anything.
    #[test]
    fn nonsense_is_refused_without_a_panic(sizes in any::<[u64; 3]>(), level in any::<u8>(),
            hashes in prop::collection::vec(a_hash(), 0..70), hash in a_hash()) {
        let [a, b, c] = sizes;
        prop_assert!(verify_inclusion((a, hash), (b, hash), &hashes).is_err());
        let same = verify_consistency((a, hash), (b, hash), &hashes);
        prop_assert!(same.is_err() || a == b);
        let _ = (inclusion_ranges(a, b), consistency_ranges(b, c));
        for range in inclusion_ranges(a.min(b), a.max(b).max(1)).into_iter().flatten() {
            let nodes: u64 = range.nodes().iter().map(|node| 1 << node.level).sum();
            prop_assert_eq!(nodes, range.to - range.from);
        }
        let tile = TileId { level, index: b };
        let _ = (tile.width(c), tile.positions(255), tile.path(256));
        let _ = (Tile::from_bytes(tile, &hash.0), Edge::of(c, &[]));
    }
}
