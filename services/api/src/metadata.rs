//! What surrounds a command: its id, its times, what it belongs to. From a unary call's metadata, or
//! from an element of a bulk stream.

use chrono::{DateTime, Datelike as _, Utc};
use domain::CLOCK_SKEW;
use executor::Envelope;
use proto::v1::SubmitRequest;
use tonic::Status;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use crate::door::{Caller, Right, actor};
use crate::status::{invalid_field, permission_denied};

/// Longest id of a command, a correlation or a cause, in bytes.
const ID_MAX_LEN: usize = 128;

/// The envelope of a unary command.
pub(crate) fn of_call(caller: Caller, metadata: &MetadataMap) -> Result<Envelope, Status> {
    caller.require(Right::Command)?;
    let occurred_at = match text(metadata, "x-occurred-at")? {
        None => None,
        Some(text) => Some(
            DateTime::parse_from_rfc3339(&text)
                .ok()
                .map(|at| at.with_timezone(&Utc))
                .filter(|at| (1..=9_999).contains(&at.year()))
                .ok_or_else(|| invalid_field("x-occurred-at", "is not an RFC 3339 instant"))?,
        ),
    };
    let occurred_at = occurred(&caller, occurred_at, "x-occurred-at")?;
    Ok(Envelope {
        command_id: command_id(text(metadata, "x-command-id")?, "x-command-id")?,
        correlation_id: id(text(metadata, "x-correlation-id")?, "x-correlation-id")?,
        causation_id: id(text(metadata, "x-causation-id")?, "x-causation-id")?,
        trace_context: trace_context(metadata),
        tenant: caller.tenant,
        actor: caller.actor,
        occurred_at,
    })
}

/// The envelope of an element of a bulk stream.
pub(crate) fn of_element(
    caller: &Caller,
    trace_context: Option<&String>,
    element: &mut SubmitRequest,
) -> Result<Envelope, Status> {
    caller.require(Right::Command)?;
    let given = |text: &mut String| Some(std::mem::take(text)).filter(|t| !t.is_empty());
    let actor = match given(&mut element.actor) {
        Some(other) if other != caller.actor => {
            caller.require(Right::Import)?;
            actor(other)?
        }
        _ => caller.actor.clone(),
    };
    let occurred_at = match element.occurred_at.take() {
        None => None,
        Some(at) => Some(instant(&at, "occurred_at")?),
    };
    Ok(Envelope {
        tenant: caller.tenant.clone(),
        actor,
        occurred_at: occurred(caller, occurred_at, "occurred_at")?,
        command_id: command_id(given(&mut element.command_id), "command_id")?,
        correlation_id: id(given(&mut element.correlation_id), "correlation_id")?,
        causation_id: id(given(&mut element.causation_id), "causation_id")?,
        trace_context: trace_context.cloned(),
    })
}

/// Reads a protobuf instant.
pub(crate) fn instant(at: &prost_types::Timestamp, field: &str) -> Result<DateTime<Utc>, Status> {
    proto::instant::from_timestamp(at).ok_or_else(|| invalid_field(field, "is not an instant"))
}

fn occurred(
    caller: &Caller,
    given: Option<DateTime<Utc>>,
    field: &str,
) -> Result<DateTime<Utc>, Status> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the door reads the clock, so that nothing behind it does"
    )]
    let now = Utc::now();
    let Some(given) = given else { return Ok(now) };
    if given > now + CLOCK_SKEW {
        return Err(invalid_field(field, "lies in the future"));
    }
    if given < now - CLOCK_SKEW && !caller.may(Right::Import) {
        return Err(permission_denied(&caller.actor, "import"));
    }
    Ok(given)
}

fn command_id(given: Option<String>, field: &str) -> Result<String, Status> {
    Ok(id(given, field)?.unwrap_or_else(|| Uuid::now_v7().to_string()))
}

fn id(given: Option<String>, field: &str) -> Result<Option<String>, Status> {
    let good = |text: &String| {
        !text.is_empty() && text.len() <= ID_MAX_LEN && text.bytes().all(|b| b.is_ascii_graphic())
    };
    match given {
        Some(text) if !good(&text) => {
            Err(invalid_field(field, "is 1 to 128 visible ASCII characters"))
        }
        other => Ok(other),
    }
}

fn text(metadata: &MetadataMap, key: &str) -> Result<Option<String>, Status> {
    match metadata.get(key) {
        None => Ok(None),
        Some(value) => match value.to_str() {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(invalid_field(key, "is not visible ASCII")),
        },
    }
}

/// The W3C trace context; one that is not well-formed is dropped, as the standard says.
pub(crate) fn trace_context(metadata: &MetadataMap) -> Option<String> {
    let text = metadata.get("traceparent")?.to_str().ok()?;
    let good = text.len() == 55 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    good.then(|| text.to_owned())
}
