//! How a refusal is told: a gRPC status with `google.rpc` details. `ErrorInfo.reason` is the rule,
//! its domain is `twinfunnel`.

use std::collections::HashMap;
use std::time::Duration;

use domain::RefusalKind;
use event_schemas::vocabulary::Version;
use log::seal::SealError;
use projections::QueryError;
use proto::v1::Refusal;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

const DOMAIN: &str = "twinfunnel";

/// When a caller may try again after RESOURCE_EXHAUSTED, ABORTED or UNAVAILABLE.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// How much is told of fields at fault, in bytes. Told twice, once of it in base 64, it still fits into
/// the 16 KiB of headers that callers take.
const VIOLATIONS_LEN: usize = 2_500;

/// Longest message, in bytes: what a caller sent may stand in it.
const MESSAGE_LEN: usize = 2_000;

/// The beginning of a text that is too long for a header.
fn shortened(text: &str, len_max: usize) -> String {
    match text
        .char_indices()
        .find(|(at, c)| at + c.len_utf8() > len_max)
    {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn told(code: Code, reason: &str, message: &str, facts: HashMap<String, String>) -> Status {
    let facts = facts
        .into_iter()
        .map(|(name, fact)| (name, shortened(&fact, MESSAGE_LEN / 4)))
        .collect::<HashMap<_, _>>();
    let details = ErrorDetails::with_error_info(reason, DOMAIN, facts);
    Status::with_error_details(code, shortened(message, MESSAGE_LEN), details)
}

fn told_again(code: Code, reason: &str, message: &str) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.set_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(code, shortened(message, MESSAGE_LEN), details)
}

/// Names the fields at fault; of many the first, since a status travels as a header.
pub(crate) fn invalid_fields<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Status {
    let mut details = ErrorDetails::with_error_info("INVALID_ARGUMENT", DOMAIN, HashMap::new());
    let (mut message, mut len, mut more) = (String::new(), 0, 0_u64);
    for (field, description) in fields {
        len += field.len() + description.len();
        if len > VIOLATIONS_LEN {
            more += 1;
            continue;
        }
        details.add_bad_request_violation(field, description);
        if !message.is_empty() {
            message.push_str("; ");
        }
        message.push_str(&format!("{field} {description}"));
    }
    if more > 0 {
        message.push_str(&format!("; and {more} more"));
    }
    Status::with_error_details(Code::InvalidArgument, message, details)
}

pub(crate) fn invalid_field(field: &str, description: &str) -> Status {
    invalid_fields(std::iter::once((field, description)))
}

pub(crate) fn unauthenticated(message: &str) -> Status {
    told(
        Code::Unauthenticated,
        "UNAUTHENTICATED",
        message,
        HashMap::new(),
    )
}

pub(crate) fn permission_denied(actor: &str, right: &str) -> Status {
    let facts = HashMap::from([("right".to_owned(), right.to_owned())]);
    let message = format!("{actor} lacks the right {right}");
    told(Code::PermissionDenied, "RIGHT_MISSING", &message, facts)
}

/// A command that was not carried out.
pub(crate) fn of_command(error: &executor::Error) -> Status {
    use executor::Error;
    let message = error.to_string();
    match error {
        Error::Invalid(invalid) => invalid_fields(
            invalid
                .violations
                .iter()
                .map(|v| (v.field.as_str(), v.description.as_str())),
        ),
        Error::Refused(refused) => {
            let code = match refused.kind {
                RefusalKind::RuleBroken => Code::FailedPrecondition,
                RefusalKind::NotFound => Code::NotFound,
                RefusalKind::AlreadyExists => Code::AlreadyExists,
            };
            told(
                code,
                &refused.reason,
                &message,
                refused.facts.iter().cloned().collect(),
            )
        }
        Error::Taken { scope, holder } => {
            let facts = [
                ("value".to_owned(), scope.clone()),
                ("holder".to_owned(), holder.clone()),
            ];
            told(
                Code::AlreadyExists,
                "ALREADY_CLAIMED",
                &message,
                HashMap::from(facts),
            )
        }
        Error::CommandIdReused => told(
            Code::AlreadyExists,
            "COMMAND_ID_REUSED",
            &message,
            HashMap::new(),
        ),
        Error::Contended { .. } => told_again(Code::Aborted, "CONTENDED", &message),
        Error::Overloaded => told_again(Code::ResourceExhausted, "OVERLOADED", &message),
        Error::TooLarge(_) => told(Code::InvalidArgument, "TOO_LARGE", &message, HashMap::new()),
        Error::Unreadable { .. } => {
            tracing::error!(%message, "stored events cannot be read");
            told(Code::DataLoss, "UNREADABLE", &message, HashMap::new())
        }
        Error::Log(_) => {
            tracing::warn!(%message, "the log does not answer");
            told_again(
                Code::Unavailable,
                "LOG_UNAVAILABLE",
                "the log does not answer",
            )
        }
    }
}

/// A question that was not answered.
pub(crate) fn of_query(error: &QueryError) -> Status {
    let message = error.to_string();
    match error {
        QueryError::Invalid { field, description } => invalid_field(field, description),
        QueryError::NotFound { .. } => told(Code::NotFound, "NOT_FOUND", &message, HashMap::new()),
        QueryError::Precondition { reason, .. } => {
            told(Code::FailedPrecondition, reason, &message, HashMap::new())
        }
        QueryError::NotReady { .. } => told_again(Code::Unavailable, "BEING_BUILT", &message),
        QueryError::Backend(_) => {
            tracing::warn!(%message, "a read model does not answer");
            told_again(
                Code::Unavailable,
                "READ_MODEL_UNAVAILABLE",
                "the read model does not answer",
            )
        }
    }
}

/// Days could not be ended.
pub(crate) fn of_reaction(error: &reactors::Error) -> Status {
    match error {
        reactors::Error::Query(error) => of_query(error),
        reactors::Error::Executor(error) => of_command(error),
        reactors::Error::Log(error) => of_log(error),
        reactors::Error::TooManyDays { .. } | reactors::Error::NotOver { .. } => {
            invalid_field("through_on", &error.to_string())
        }
        reactors::Error::Invalid(_) => told(
            Code::Internal,
            "UNNAMED",
            &error.to_string(),
            HashMap::new(),
        ),
    }
}

/// The log did not answer a read.
pub(crate) fn of_log(error: &log::Error) -> Status {
    tracing::warn!(%error, "the log does not answer");
    told_again(
        Code::Unavailable,
        "LOG_UNAVAILABLE",
        "the log does not answer",
    )
}

/// The seal could not say what was asked of it.
pub(crate) fn of_seal(error: &SealError) -> Status {
    let message = error.to_string();
    match error {
        SealError::Log(error) => of_log(error),
        SealError::NotSealed { asked, sealed } => {
            let facts = [("asked", asked), ("sealed", sealed)];
            let facts = facts.map(|(name, fact)| (name.to_owned(), fact.to_string()));
            told(
                Code::FailedPrecondition,
                "NOT_SEALED_YET",
                &message,
                HashMap::from(facts),
            )
        }
        SealError::Outside { .. } => {
            told(Code::OutOfRange, "NOT_IN_TREE", &message, HashMap::new())
        }
        SealError::Checkpoint(_) | SealError::Damaged(_) => {
            tracing::error!(%message, "the seal was tampered with");
            told(Code::DataLoss, "SEAL_BROKEN", &message, HashMap::new())
        }
        SealError::KeyFile(_) | SealError::Key(_) => {
            tracing::error!(%message, "there is no key to sign with");
            told_again(
                Code::Unavailable,
                "SEAL_KEY_UNAVAILABLE",
                "there is no key to sign with",
            )
        }
    }
}

/// There are as many as this server takes on: come back a little later.
pub(crate) fn too_many(reason: &str, what: &str) -> Status {
    let message = format!("as many {what} are under way as this server takes on");
    told_again(Code::ResourceExhausted, reason, &message)
}

/// A read is as long as this server allows; more is to be had after that version.
pub(crate) fn read_too_long(after_version: Version) -> Status {
    let facts = [("after_version".to_owned(), after_version.to_string())];
    told(
        Code::ResourceExhausted,
        "READ_TOO_LONG",
        "a read is as long as this server allows: go on after the version that was read",
        HashMap::from(facts),
    )
}

/// What was sent is no message of the contract.
pub(crate) fn malformed(message: &str) -> Status {
    told(Code::InvalidArgument, "MALFORMED", message, HashMap::new())
}

/// What was sent is larger than this server takes.
pub(crate) fn message_too_large(message: &str) -> Status {
    told(
        Code::ResourceExhausted,
        "MESSAGE_TOO_LARGE",
        message,
        HashMap::new(),
    )
}

/// There is no such method, or this node has not its role.
pub(crate) fn not_offered() -> Status {
    told(
        Code::Unimplemented,
        "NOT_OFFERED",
        "this node does not offer that method",
        HashMap::new(),
    )
}

/// The call took longer than its caller, or the server, allows.
pub(crate) fn deadline_exceeded() -> Status {
    told(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "there was no answer within the time allowed",
        HashMap::new(),
    )
}

/// The server is about to end; what was begun is finished, and nothing new is.
pub(crate) fn stopping() -> Status {
    told_again(Code::Unavailable, "STOPPING", "the server stops")
}

/// A status as the answer to one element of a bulk stream.
pub(crate) fn refusal(status: &Status) -> Refusal {
    let details = status.get_error_details();
    let reason = details
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default();
    Refusal {
        code: i32::from(status.code()),
        reason,
        message: status.message().to_owned(),
    }
}
