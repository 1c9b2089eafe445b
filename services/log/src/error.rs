//! Why the log did not do what was asked.

use std::path::PathBuf;
use std::sync::Arc;

use event_schemas::vocabulary::{StreamName, Version};
use sqlx::migrate::MigrateError;

/// The log could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the data directory open. One process owns it at a time.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The data directory cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The database refused or did not answer.
    #[error("the database of the log: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be made or brought up to date.
    #[error("the tables of the log: {0}")]
    Migrate(#[from] MigrateError),
    /// The tables were made, or changed, by a newer program: this one does not know what they mean.
    #[error(
        "the tables of the log are of a newer program: they are at {0}, which this one does not know"
    )]
    Newer(i64),
    /// The connection broke while a transaction was being committed, and without a command id
    /// nobody can tell whether it landed.
    #[error("the connection broke during the commit, it is unknown whether this landed: {0}")]
    OutcomeUnknown(Arc<Error>),
    /// What is stored breaks a promise of the log.
    #[error("the log holds what it never wrote: {0}")]
    Corrupt(String),
    /// The log was shut down.
    #[error("the log is closed")]
    Closed,
}

/// Whether the tables are as this program needs them.
pub(crate) fn migrated(outcome: Result<(), MigrateError>) -> Result<(), Error> {
    match outcome {
        Err(MigrateError::VersionMissing(version)) => Err(Error::Newer(version)),
        outcome => Ok(outcome?),
    }
}

/// Why an append did not land. Nothing of it was written, but for [`Error::OutcomeUnknown`]: then
/// nobody can tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream is not at the version that was expected, or what this append was built on did not
    /// land (see [`Chain`](crate::Chain)): load again, decide again.
    #[error("{stream} is at version {actual}, not at {expected}")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// The version that was expected.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// Another holder has the unique value.
    #[error("{scope} is held by {holder}")]
    Claimed {
        /// What kind of value.
        scope: String,
        /// Who holds it.
        holder: String,
    },
    /// The command id was used before, with another body.
    #[error("the command id was used before, for another command")]
    CommandReused,
    /// The queue is full: come back a little later.
    #[error("more appends are waiting than the log takes on")]
    Overloaded,
    /// A stated limit is exceeded (see [`limits`](crate::limits)).
    #[error("{0}")]
    TooLarge(String),
    /// A text holds what the log cannot store.
    #[error("{0}")]
    Invalid(String),
    /// The log was shut down.
    #[error("the log is closed")]
    Closed,
    /// The database refused or did not answer.
    #[error("{0}")]
    Backend(Arc<Error>),
}
