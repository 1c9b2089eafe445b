//! An event as a message: its subject and its headers.

use std::fmt::Write as _;

use async_nats::HeaderMap;
use chrono::SecondsFormat;
use event_schemas::vocabulary::{Recorded, TenantId};

/// The name of a tenant's stream, `twinfunnel-TENANT`.
pub fn stream_name(tenant: &TenantId) -> String {
    format!("twinfunnel-{}", token(tenant.as_str()))
}

/// The subjects of a tenant's stream.
pub(crate) fn subjects(tenant: &TenantId) -> String {
    format!("twinfunnel.{}.>", token(tenant.as_str()))
}

/// The subject of an event: `twinfunnel.TENANT.CATEGORY.EVENT_TYPE`.
pub fn subject(tenant: &TenantId, category: &str, event_type: &str) -> String {
    let (tenant, event_type) = (token(tenant.as_str()), token(event_type));
    format!("twinfunnel.{tenant}.{category}.{event_type}")
}

/// A part of a subject. Dots part the parts, and `*` and `>` stand for any: such in a name are written
/// as `%2E` and so on.
fn token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_graphic() && !b".*>%/\\".contains(&byte) {
            token.push(char::from(byte));
        } else {
            // A String takes whatever is written.
            let _ = write!(token, "%{byte:02X}");
        }
    }
    token
}

/// By which the server knows a message that it has.
pub(crate) fn id(event: &Recorded) -> String {
    format!("{}:{}", event.tenant, event.position)
}

/// What surrounds an event, as CloudEvents names it.
pub(crate) fn headers(event: &Recorded) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &str| headers.insert(name, encoded(value));
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    set("ce-specversion", "1.0");
    set("ce-id", &event.event_id.to_string());
    set("ce-source", &format!("/twinfunnel/{}", event.tenant));
    set("ce-type", &event.event_type);
    set("ce-subject", event.stream.as_str());
    set("ce-time", &time(event.occurred_at));
    set("ce-recordedtime", &time(event.recorded_at));
    set("ce-datacontenttype", "application/json");
    set("ce-sequence", &event.position.to_string());
    set("ce-streamversion", &event.version.to_string());
    set("ce-schemaversion", &event.schema_version.to_string());
    set("ce-actor", &event.actor);
    set("ce-commandid", &event.command_id);
    set("ce-correlationid", &event.correlation_id);
    if let Some(causation_id) = &event.causation_id {
        set("ce-causationid", causation_id);
    }
    if let Some(trace_context) = &event.trace_context {
        // Once as CloudEvents has it, and once where tracing looks for it.
        set("ce-traceparent", trace_context);
        set("traceparent", trace_context);
    }
    headers
}

/// A header's value, as CloudEvents has it: what is not printable ASCII, and quotes and percents, as
/// the percent-encoded bytes of UTF-8.
fn encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            // A String takes whatever is written.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part_of_a_subject() {
        assert_eq!(token("acme"), "acme");
        assert_eq!(token("a.b:c_d~e-f"), "a%2Eb:c_d~e-f");
        assert_eq!(token("*.>%"), "%2A%2E%3E%25");
    }

    #[test]
    fn a_header_holds_one_line_of_ascii() {
        assert_eq!(encoded("Ann, of Acme"), "Ann, of Acme");
        assert_eq!(
            encoded("J\u{fc}rgen 100% \"x\"\r\n"),
            "J%C3%BCrgen 100%25 %22x%22%0D%0A"
        );
    }
}
