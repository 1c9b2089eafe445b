//! Why a question has no answer.

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The request is not one.
    #[error("{field} {description}")]
    Invalid {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        description: String,
    },
    /// What it is about was not there by the moment asked about.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be answered as it is asked.
    #[error("{message}")]
    Precondition {
        /// The rule, as a constant.
        reason: String,
        /// For people.
        message: String,
    },
    /// The read model has not caught up yet; ask again.
    #[error("{0}")]
    NotReady(String),
    /// The database or the log failed.
    #[error("{0}")]
    Backend(String),
}

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Backend(error.to_string())
    }
}

impl From<log::Error> for QueryError {
    fn from(error: log::Error) -> Self {
        Self::Backend(error.to_string())
    }
}
