//! The worked example of an event that got a new shape: bytes of every version read as the newest
//! type. A room that needs it writes its `upcast` as here and names it in `events!`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use event_schemas::{DecodeError, StreamEvents as _, events};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

events! {
    /// What can happen to a visit.
    pub enum VisitEvent in "visit" via upcast {
        VisitPlanned = 3,
        VisitHeld = 2,
        VisitCancelled = 1,
    }
}

/// A visit was planned. Version 1 knew hours and one guest, version 2 minutes and one guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisitPlanned {
    /// How long it is to take.
    pub duration_minutes: u32,
    /// Who comes.
    pub guests: Vec<String>,
}

/// A visit was held. Version 1 called the note `remark`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisitHeld {
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A visit was cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisitCancelled {}

/// One arm a step: `(event, version found)` gives the payload of the next version.
fn upcast(event_type: &str, version: u32, mut payload: Value) -> Value {
    let Some(fields) = payload.as_object_mut() else {
        return payload;
    };
    match (event_type, version) {
        ("VisitPlanned", 1) => {
            let hours = fields.remove("duration_hours");
            let minutes = hours
                .and_then(|hours| hours.as_u64())
                .map(|hours| hours * 60);
            fields.insert("duration_minutes".to_owned(), json!(minutes));
        }
        ("VisitPlanned", 2) => {
            let guests: Vec<Value> = fields.remove("guest").into_iter().collect();
            fields.insert("guests".to_owned(), Value::Array(guests));
        }
        ("VisitHeld", 1) => {
            if let Some(remark) = fields.remove("remark") {
                fields.insert("note".to_owned(), remark);
            }
        }
        _ => {}
    }
    payload
}

fn planned() -> VisitEvent {
    let guests = vec!["Ann".to_owned()];
    VisitPlanned {
        duration_minutes: 120,
        guests,
    }
    .into()
}

#[test]
fn bytes_of_every_version_read_as_the_newest_type() {
    let published: [&[u8]; 3] = [
        br#"{"duration_hours":2,"guest":"Ann"}"#,
        br#"{"duration_minutes":120,"guest":"Ann"}"#,
        br#"{"duration_minutes":120,"guests":["Ann"]}"#,
    ];
    for (version, payload) in (1..).zip(published) {
        let read = VisitEvent::decode("VisitPlanned", version, payload).unwrap();
        assert_eq!(read, planned(), "version {version}");
    }
}

#[test]
fn one_step_lifts_one_event_and_leaves_its_neighbour() {
    let held = VisitEvent::decode("VisitHeld", 1, br#"{"remark":"went well"}"#).unwrap();
    let note = Some("went well".to_owned());
    assert_eq!(held, VisitHeld { note }.into());
    let cancelled = VisitEvent::decode("VisitCancelled", 1, b"{}").unwrap();
    assert_eq!(cancelled, VisitCancelled {}.into());
}

#[test]
fn what_is_written_is_the_newest_version() {
    let event = planned();
    assert_eq!(
        (event.event_type(), event.schema_version()),
        ("VisitPlanned", 3)
    );
    let read = VisitEvent::decode("VisitPlanned", 3, &event.encode().unwrap()).unwrap();
    assert_eq!(read, event);
}

#[test]
fn what_a_newer_program_wrote_is_not_guessed_at() {
    let newer = VisitEvent::decode("VisitPlanned", 4, b"{}");
    assert!(matches!(
        newer,
        Err(DecodeError::TooNew {
            found: 4,
            known: 3,
            ..
        })
    ));
    let unknown = VisitEvent::decode("VisitDreamt", 1, b"{}");
    assert!(matches!(unknown, Err(DecodeError::UnknownType { .. })));
    let malformed = VisitEvent::decode("VisitPlanned", 1, br#"{"duration_hours":"two"}"#);
    assert!(matches!(malformed, Err(DecodeError::Malformed { .. })));
}
