//! A proof for a file, as [tlog-proof](https://c2sp.org/tlog-proof) writes it: it needs nothing else
//! but the event and a key that is trusted.

use std::fmt;
use std::str::FromStr;

use crate::{Checkpoint, CheckpointError, Hash, ProofError, VerifierKey, verify_inclusion};

const WHAT: &str = "c2sp.org/tlog-proof@v1";

/// More hashes no proof has: a tree has fewer than 2^64 leaves.
const HASHES_MAX: usize = 64;

/// That a leaf is in a tree whose checkpoint is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// The number of the leaf: its event's position less one.
    pub leaf: u64,
    /// The nearest to the leaf first.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// Why a proof for a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// Not written as a proof is.
    #[error("not a {WHAT}")]
    Malformed,
    /// The checkpoint is not to be trusted.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaf is not in that tree.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl ProofFile {
    /// Checks that the leaf with this hash is in a tree that one of the keys has signed; which tree.
    pub fn verify(&self, hash: Hash, keys: &[VerifierKey]) -> Result<Checkpoint, ProofFileError> {
        let (checkpoint, _) = Checkpoint::open(&self.checkpoint, keys)?;
        let tree = (checkpoint.size, checkpoint.root);
        verify_inclusion((self.leaf, hash), tree, &self.hashes)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for ProofFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{WHAT}\nindex {}", self.leaf)?;
        for hash in &self.hashes {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for ProofFile {
    type Err = ProofFileError;

    fn from_str(text: &str) -> Result<Self, ProofFileError> {
        parse(text).ok_or(ProofFileError::Malformed)
    }
}

fn parse(text: &str) -> Option<ProofFile> {
    let (proof, checkpoint) = text.split_once("\n\n")?;
    let mut lines = proof.split('\n').peekable();
    if lines.next()? != WHAT {
        return None;
    }
    // What others put beside the proof is not signed, and means nothing here.
    lines.next_if(|line| line.starts_with("extra "));
    let index = lines.next()?.strip_prefix("index ")?;
    let leaf = index
        .parse()
        .ok()
        .filter(|n: &u64| n.to_string() == index)?;
    let hashes: Vec<_> = lines.map(Hash::parse).collect::<Option<_>>()?;
    (hashes.len() <= HASHES_MAX).then(|| ProofFile {
        leaf,
        hashes,
        checkpoint: checkpoint.to_owned(),
    })
}
