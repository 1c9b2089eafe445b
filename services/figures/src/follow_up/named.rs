//! How things are called that follow from others: readable where that tells them apart.

use event_schemas::vocabulary::{Invalid, TaskId};
use sha2::{Digest as _, Sha256};

/// How much of a hash tells two things apart, in bytes.
const HASH_LEN: usize = 20;

/// An id made of parts: joined by `~` where that is an id and can be read in one way only, else a hash
/// of them.
pub(super) fn named<T: TryFrom<String, Error = Invalid>>(parts: &[&str]) -> Result<T, Invalid> {
    T::try_from(named_text(parts))
}

/// The same, as text.
pub(super) fn named_text(parts: &[&str]) -> String {
    let readable = parts.join("~");
    let is_plain = parts.iter().all(|part| !part.contains('~'));
    if is_plain && TaskId::new(&readable).is_ok() {
        return readable;
    }
    let mut hash = Sha256::new();
    for part in parts {
        // Each with its length, so that no others are written alike.
        hash.update(format!("{} {part} ", part.len()));
    }
    let hash: Vec<u8> = hash.finalize().iter().take(HASH_LEN).copied().collect();
    hex::encode(hash)
}
