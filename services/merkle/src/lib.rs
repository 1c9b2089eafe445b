//! The Merkle tree over a tenant's log, without a database: leaves, tiles, proofs, and checkpoints
//! that are signed. Server and offline verifier run the very same code.
//!
//! The tree is that of RFC 6962 (SHA-256), cut into tiles as [tlog-tiles] has it; its heads are
//! [tlog-checkpoint]s, which are [signed-note]s by Ed25519; a proof for a file is a [tlog-proof].
//! Leaf number n is the event at position n + 1; what its bytes are, [`leaf`] says.
//!
//! Nothing here panics, whatever it is given: a proof comes from the one who is not trusted.
//!
//! [tlog-tiles]: https://c2sp.org/tlog-tiles
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-proof]: https://c2sp.org/tlog-proof

mod checkpoint;
mod edge;
mod hash;
mod key;
mod leaf;
mod proof;
mod proof_file;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, DatedKey, OriginPrefix};
pub use edge::Edge;
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use key::{KeyError, SigningKey, VerifierKey};
pub use leaf::{event_hash, leaf};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use proof_file::{ProofFile, ProofFileError};
pub use tile::{TILE_WIDTH, Tile, TileId};
pub use tree::{Node, Range, consistency_ranges, inclusion_ranges};
