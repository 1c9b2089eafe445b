//! Every text field of every command, with whatever text in it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proto::v1::Command;
use serde_json::{Value, json};

use super::samples::samples;
use super::wrong_fields;

/// Whether it is the name of a value of an enumeration, such as `REVENUE_TYPE_NEW`.
fn is_a_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// What a wrong text makes wrong: its own field; but the terms of a plan are looked at as a whole,
/// such as tiers that begin where the one before ends.
fn is_about(field: &str, path: &str) -> bool {
    let of_terms = |field: &str| field.starts_with("terms.");
    field == path || of_terms(field) && of_terms(path)
}

/// Where a command holds text: a JSON pointer, and the path by which a wrong field is told.
fn texts(pointer: &str, path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                texts(&format!("{pointer}/{name}"), &path, value, found);
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                texts(
                    &format!("{pointer}/{at}"),
                    &format!("{path}[{at}]"),
                    value,
                    found,
                );
            }
        }
        // Kinds, roles and instants are no text.
        Value::String(text) if is_a_name(text) => {}
        Value::String(text) if text.ends_with("00Z") => {}
        Value::String(_) => found.push((pointer.to_owned(), path.to_owned())),
        _ => {}
    }
}

/// Every text field of every command: the command, where the field is, and how it is called.
fn places() -> Vec<(Value, String, String)> {
    let each = samples().into_iter().flat_map(|command| {
        let (name, fields) = command.as_object().unwrap().iter().next().unwrap();
        let mut found = Vec::new();
        texts(&format!("/{name}"), "", fields, &mut found);
        found
            .into_iter()
            .map(|(pointer, path)| (command.clone(), pointer, path))
            .collect::<Vec<_>>()
    });
    each.collect()
}

#[test]
fn there_is_a_good_sample_of_every_command_with_something_in_every_field() {
    let mut seen = BTreeSet::new();
    for command in samples() {
        assert_eq!(wrong_fields(&command), [""; 0], "{command}");
        let message: Command = proto::json::from_str(&command.to_string()).unwrap();
        let written = proto::json::to_value(&message).unwrap();
        let (name, fields) = written.as_object().unwrap().iter().next().unwrap();
        for (field, value) in fields.as_object().unwrap() {
            let default = [json!(""), json!([]), json!(0), Value::Null].contains(value);
            assert!(!default, "{name}.{field} is empty");
        }
        seen.insert(name.clone());
    }
    let all = include_str!("../../../../proto/twinfunnel/v1/command.proto");
    let kinds = all
        .split("oneof kind {")
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap();
    assert_eq!(
        seen.len(),
        kinds.matches(';').count(),
        "a command has no sample"
    );
}

/// Any text: printable, broken, long, or close to something good.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        1 => any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        1 => "\\PC{0,300}",
        1 => "[ -~]{0,12}",
        1 => "[+]?[0-9 ()/.-]{0,30}",
        1 => "[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}",
        1 => "[a-z@.]{0,20}",
        1 => "[\u{0}-\u{1f}\u{200e}-\u{202e}\u{feff}a]{0,5}",
        1 => (0..5_000usize).prop_map(|len| "x".repeat(len)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_text_is_in_a_field_it_is_taken_or_that_field_is_named(
        place in prop::sample::select(places()),
        text in any_text(),
    ) {
        let (mut command, pointer, path) = place;
        *command.pointer_mut(&pointer).unwrap() = Value::String(text);
        let wrong = wrong_fields(&command);
        prop_assert!(wrong.iter().all(|field| is_about(field, &path)), "{}: {:?}", path, wrong);
    }

    #[test]
    fn whatever_texts_are_in_all_fields_they_are_taken_or_told_to_be_wrong(
        command in prop::sample::select(samples()),
        text in prop::collection::vec(any_text(), 1..30),
    ) {
        let mut command = command;
        let mut found = Vec::new();
        texts("", "", &command, &mut found);
        for ((pointer, _), text) in found.iter().zip(text.iter().cycle()) {
            *command.pointer_mut(pointer).unwrap() = Value::String(text.clone());
        }
        let known: Vec<&str> = found
            .iter()
            .map(|(_, path)| path.split_once('.').map_or("", |(_, field)| field))
            .collect();
        for field in wrong_fields(&command) {
            prop_assert!(known.contains(&field.as_str()), "{} is no field of {}", field, command);
        }
    }
}
