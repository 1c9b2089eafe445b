//! Checkpoints: a tree's size and root, signed.
//!
//! ```text
//! twinfunnel/main
//! 18234
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — twinfunnel/main Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe…
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use event_schemas::vocabulary::TenantId;

use crate::key::is_name;
use crate::{Hash, KeyError, SigningKey, VerifierKey};

/// Longest note that is read, in bytes, and most signatures: there are other signers than we.
const NOTE_LEN_MAX: usize = 100_000;
const SIGNATURES_MAX: usize = 100;

/// How the names of an installation's logs begin; it tells them from everyone else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPrefix(String);

impl Default for OriginPrefix {
    fn default() -> Self {
        Self("twinfunnel".to_owned())
    }
}

impl FromStr for OriginPrefix {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if !is_name(text) {
            return Err(KeyError::Name);
        }
        Ok(Self(text.to_owned()))
    }
}

impl OriginPrefix {
    /// The name of a tenant's log: `PREFIX/TENANT`.
    pub fn of(&self, tenant: &TenantId) -> String {
        format!("{}/{tenant}", self.0)
    }
}

/// A tree's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree it is: the name of the log.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// A key of a log, and since when it signs. Written `NAME+ID+KEY@SIZE`, or without `@SIZE` where it
/// is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedKey {
    /// The key.
    pub key: VerifierKey,
    /// The size of the first checkpoint that it signed. From there on earlier keys do not count.
    pub from_size: u64,
}

impl fmt::Display for DatedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.key, self.from_size)
    }
}

impl FromStr for DatedKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // A name may hold the sign, the base64 of a key never does.
        let said = text
            .rsplit_once('@')
            .filter(|(_, size)| !size.starts_with('+'));
        let dated = said.and_then(|(key, size)| Some((key, size.parse().ok()?)));
        let (key, from_size) = dated.unwrap_or((text, 0));
        Ok(Self {
            key: key.parse()?,
            from_size,
        })
    }
}

/// Why a checkpoint is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or its text is no checkpoint.
    #[error("not a signed checkpoint")]
    Malformed,
    /// None of the given keys has signed it.
    #[error("signed by none of the keys that are trusted")]
    Unsigned,
    /// A signature in the name of a given key is not of that key.
    #[error("the signature of {0} is not genuine: the checkpoint was changed after it was signed")]
    Forged(String),
    /// Signed by a key that had been replaced by then.
    #[error("signed at {size} by a key that was replaced at {replaced_at}")]
    Replaced {
        /// The size of the tree.
        size: u64,
        /// From this size on another key signs.
        replaced_at: u64,
    },
    /// Signed by a key of that name, but the log is another one.
    #[error("the checkpoint is of {found}, the key of {expected}")]
    Origin {
        /// Whose tree it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
}

impl Checkpoint {
    /// The text that is signed.
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        // What further lines say is theirs; that they are not empty is all that holds.
        if origin.is_empty() || lines.any(str::is_empty) {
            return None;
        }
        let parsed = size.parse().ok().filter(|n: &u64| n.to_string() == size)?;
        Some(Self {
            origin: origin.to_owned(),
            size: parsed,
            root: Hash::parse(root)?,
        })
    }

    /// The checkpoint as a note, signed in the name of its origin.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        let verifier = VerifierKey::new(&self.origin, key.public())?;
        let text = self.text();
        let mut signature = verifier.id().to_be_bytes().to_vec();
        signature.extend(key.sign(&text));
        let signature = STANDARD.encode(signature);
        Ok(format!("{text}\n— {} {signature}\n", self.origin))
    }

    /// Opens a note that at least one of the keys has signed; tells by which. Signatures of other keys
    /// say nothing; a false one of a known key spoils the note.
    pub fn open<'k>(
        note: &str,
        keys: &'k [VerifierKey],
    ) -> Result<(Self, &'k VerifierKey), CheckpointError> {
        if note.len() > NOTE_LEN_MAX {
            return Err(CheckpointError::Malformed);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(CheckpointError::Malformed)?;
        let text = format!("{text}\n");
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or(CheckpointError::Malformed)?;
        let mut signed_by = None;
        for (count, line) in signatures.split('\n').enumerate() {
            let parts = line.strip_prefix("— ").and_then(|l| l.split_once(' '));
            let (name, encoded) = parts.ok_or(CheckpointError::Malformed)?;
            let bytes = STANDARD.decode(encoded).unwrap_or_default();
            let split = bytes.split_first_chunk::<4>();
            let (id, signature) = split.ok_or(CheckpointError::Malformed)?;
            if count >= SIGNATURES_MAX || !is_name(name) || signature.is_empty() {
                return Err(CheckpointError::Malformed);
            }
            let id = u32::from_be_bytes(*id);
            let known = keys.iter().find(|key| key.name() == name && key.id() == id);
            if let Some(key) = known {
                if !key.has_signed(&text, signature) {
                    return Err(CheckpointError::Forged(name.to_owned()));
                }
                signed_by.get_or_insert(key);
            }
        }
        let key = signed_by.ok_or(CheckpointError::Unsigned)?;
        let checkpoint = Self::parse(&text).ok_or(CheckpointError::Malformed)?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin {
                found: checkpoint.origin,
                expected: key.name().to_owned(),
            });
        }
        Ok((checkpoint, key))
    }

    /// Likewise, with the keys that a log had one after the other, in any order. A key that was
    /// replaced, and may be in wrong hands, vouches only for trees smaller than the first one that
    /// its successor signed; the newest key may sign an earlier tree again.
    pub fn open_dated(note: &str, keys: &[DatedKey]) -> Result<Self, CheckpointError> {
        let plain: Vec<_> = keys.iter().map(|dated| dated.key.clone()).collect();
        let (checkpoint, signed_by) = Self::open(note, &plain)?;
        let from_size = keys
            .iter()
            .find(|dated| dated.key == *signed_by)
            .map_or(0, |dated| dated.from_size);
        let of_log = keys
            .iter()
            .filter(|dated| dated.key.name() == signed_by.name());
        let later = of_log.map(|dated| dated.from_size);
        match later.filter(|later| *later > from_size).min() {
            Some(replaced_at) if checkpoint.size >= replaced_at => Err(CheckpointError::Replaced {
                size: checkpoint.size,
                replaced_at,
            }),
            _ => Ok(checkpoint),
        }
    }
}
