//! Why a command was not carried out.

use domain::{InvalidCommand, Refused};
use event_schemas::DecodeError;
use event_schemas::vocabulary::StreamName;

/// Why a command was not carried out. Nothing of it was appended, but for [`Error::Log`]: then it
/// may have been, and to send it again under its id finds out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of it cannot be taken.
    #[error(transparent)]
    Invalid(#[from] InvalidCommand),
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A unique value it needs belongs to another stream.
    #[error("{scope} is taken by {holder}")]
    Taken {
        /// What kind of value.
        scope: String,
        /// The stream that has it.
        holder: String,
    },
    /// The command id was used for another command.
    #[error("the command id was used before, for another command")]
    CommandIdReused,
    /// Others kept changing what it was decided on.
    #[error("{stream} kept changing: tried {tries} times")]
    Contended {
        /// The stream the command was for.
        stream: StreamName,
        /// How often it was tried.
        tries: u32,
    },
    /// More is asked than can be taken on now.
    #[error("more commands are waiting than can be taken on")]
    Overloaded,
    /// A limit of the log is passed.
    #[error("{0}")]
    TooLarge(String),
    /// What is stored cannot be read.
    #[error("{stream}: {source}")]
    Unreadable {
        /// The stream.
        stream: StreamName,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The log does not answer.
    #[error("the log does not answer: {0}")]
    Log(String),
}
