//! What an error of SQLite means for a batch.

use crate::Error;
use crate::backend::Failure;

/// Whether a value that was taken to be free is another's.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Database(sqlx::Error::Database(cause)) if cause.is_unique_violation())
}

/// What an error means for the batch.
pub(super) fn failure(error: Error, committing: bool) -> Failure {
    let code = match &error {
        Error::Database(sqlx::Error::Database(cause)) => cause.code(),
        _ => None,
    };
    let code = code.and_then(|code| code.parse().ok());
    match code.map_or(Meaning::Lasting, |code| meaning(code, committing)) {
        Meaning::Transient => Failure::Transient(error),
        Meaning::Unknown => Failure::Unknown(error),
        Meaning::Lasting => Failure::Lasting(error),
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Transient,
    Lasting,
    Unknown,
}

/// What a result code of SQLite means; the low byte tells the kind. 5: busy. 6: locked. 10: the disk
/// failed, and if that was at the commit, nobody can tell whether all of it was written before.
pub(super) fn meaning(code: u32, committing: bool) -> Meaning {
    match code & 0xff {
        5 | 6 => Meaning::Transient,
        10 if committing => Meaning::Unknown,
        _ => Meaning::Lasting,
    }
}
