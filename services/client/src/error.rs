//! Why a call brought no answer: the gRPC status and its `google.rpc` details, told apart.

use std::collections::HashMap;
use std::fmt;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Why a call brought no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The server understood and said no. Asking again will not help.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// The server is reached but cannot answer now (it is too busy, contended, or away from what it
    /// needs), and did not within the time allowed.
    #[error("{reason}: {message}")]
    Unavailable {
        /// The rule, such as `LOG_UNAVAILABLE`.
        reason: String,
        /// For people.
        message: String,
    },
    /// The time allowed ran out. A command may have taken effect nevertheless: send it again with
    /// the same id.
    #[error("no answer within the time allowed")]
    DeadlineExceeded,
    /// The server is not reached, or the connection broke.
    #[error("cannot reach {endpoint}: {cause}")]
    Transport {
        /// Where the server should be.
        endpoint: String,
        /// What went wrong, such as "Connection refused".
        cause: String,
    },
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(String),
}

/// What the server refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What kind of refusal.
    pub code: Code,
    /// The rule broken, in UPPER_SNAKE_CASE; empty if the server named none.
    pub reason: String,
    /// For people.
    pub message: String,
    /// The fields at fault.
    pub violations: Vec<Violation>,
    /// Facts about the refusal, such as who holds what was asked for.
    pub metadata: HashMap<String, String>,
}

/// A field of the request that is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its path.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => write!(f, "{:?}: {}", self.code, self.message),
            reason => write!(f, "{reason}: {}", self.message),
        }
    }
}

impl Error {
    /// What the server refused, if that is what happened.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// Whether the same call may well be answered a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Transport { .. })
    }
}

impl Error {
    /// What a status of the server at that endpoint means.
    pub(crate) fn from_status(status: &Status, endpoint: &str) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let reason = info.map(|info| info.reason.clone()).unwrap_or_default();
        let message = status.message().to_owned();
        let lost = || Self::Transport {
            endpoint: endpoint.to_owned(),
            cause: deepest_cause(status),
        };
        match status.code() {
            Code::DeadlineExceeded => return Self::DeadlineExceeded,
            // Said by the server's own time limit, without details.
            Code::Cancelled if info.is_none() && message == "Timeout expired" => {
                return Self::DeadlineExceeded;
            }
            Code::Unavailable | Code::Aborted if info.is_some() => {
                return Self::Unavailable { reason, message };
            }
            // Without a time to come back it is exhausted for good: a message that is too large.
            Code::ResourceExhausted if details.retry_info().is_some() => {
                return Self::Unavailable { reason, message };
            }
            Code::Unavailable => return lost(),
            // A broken connection in the midst of a stream: no server says this with details.
            Code::Unknown | Code::Internal | Code::Cancelled
                if info.is_none() && std::error::Error::source(status).is_some() =>
            {
                return lost();
            }
            _ => {}
        }
        let violations = details.bad_request().map(|bad| {
            let told = |v: &tonic_types::FieldViolation| Violation {
                field: v.field.clone(),
                description: v.description.clone(),
            };
            bad.field_violations.iter().map(told).collect()
        });
        Self::Refused(Box::new(Refused {
            code: status.code(),
            reason,
            message,
            violations: violations.unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
        }))
    }
}

/// What lies beneath a broken connection, such as "Connection refused": the layers above it say
/// only that there was an error.
fn deepest_cause(status: &Status) -> String {
    let mut deepest = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        deepest = error.to_string();
        cause = error.source();
    }
    deepest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use tonic_types::ErrorDetails;

    fn told(status: &Status) -> Error {
        Error::from_status(status, "http://h")
    }

    #[test]
    fn a_refusal_keeps_its_rule_and_its_fields() {
        let mut details = ErrorDetails::with_error_info(
            "INVALID_ARGUMENT",
            "twinfunnel",
            HashMap::from([("a".to_owned(), "b".to_owned())]),
        );
        details.add_bad_request_violation("amount", "is negative");
        let status =
            Status::with_error_details(Code::InvalidArgument, "amount is negative", details);
        let error = told(&status);
        assert_eq!(error.to_string(), "INVALID_ARGUMENT: amount is negative");
        let refused = error.refused().unwrap();
        assert_eq!(refused.code, Code::InvalidArgument);
        assert_eq!(refused.metadata.get("a").unwrap(), "b");
        let violation = Violation {
            field: "amount".to_owned(),
            description: "is negative".to_owned(),
        };
        assert_eq!(refused.violations, [violation]);
    }

    #[test]
    fn a_server_that_is_away_is_told_from_one_that_is_not_there() {
        let details = ErrorDetails::with_error_info("BEING_BUILT", "twinfunnel", HashMap::new());
        let away = told(&Status::with_error_details(
            Code::Unavailable,
            "later",
            details,
        ));
        assert!(matches!(away, Error::Unavailable { ref reason, .. } if reason == "BEING_BUILT"));
        let gone = told(&Status::unavailable("tcp connect error"));
        assert!(matches!(gone, Error::Transport { .. }));
        assert!(away.is_transient() && gone.is_transient());
    }

    #[test]
    fn a_deadline_is_a_deadline() {
        let server = told(&Status::cancelled("Timeout expired"));
        assert!(matches!(server, Error::DeadlineExceeded));
        assert!(!server.is_transient());
    }
}
