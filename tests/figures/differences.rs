//! Where two answers differ, figure by figure.

use serde::Serialize;
use serde_json::Value;

use crate::answer::{Cut, Funnel, Stalled, Statement, Velocity};
use crate::velocity::over;

/// How far two floats may lie apart, of the larger one. Counts and sums of money are the same or
/// are not: counts are too small for this to matter, and sums are text.
const TOLERANCE: f64 = 1e-9;

/// How many differences are told; the rest is counted.
const TOLD: usize = 30;

/// Fails, and says where, if the program's funnel is not the expected one.
pub(crate) fn assert_funnel(what: &str, mut expected: Funnel, mut actual: Funnel) {
    // From where an answer was given is not a figure; that is held elsewhere.
    actual.answered_from = None;
    sort(&mut expected.cuts);
    sort(&mut actual.cuts);
    assert_none(what, &differences(&expected, &actual));
}

/// Fails, and says where, if the program's velocity is not the expected one.
pub(crate) fn assert_velocity(
    what: &str,
    max: usize,
    mut expected: Velocity,
    mut actual: Velocity,
) {
    actual.answered_from = None;
    sort(&mut expected.cuts);
    sort(&mut actual.cuts);
    let listed = std::mem::take(&mut actual.stalled);
    let mut found = stalled_differences(&std::mem::take(&mut expected.stalled), &listed, max);
    found.extend(differences(&expected, &actual));
    assert_none(what, &found);
}

/// Fails, and says where, if the program's statements are not the expected ones, in their order.
pub(crate) fn assert_statements(what: &str, expected: &[Statement], actual: &[Statement]) {
    assert_none(what, &differences(&expected, &actual));
}

/// Rows may stand in any order.
fn sort<T>(cuts: &mut [Cut<T>]) {
    for cut in cuts {
        cut.rows.sort_by(|a, b| a.key.cmp(&b.key));
    }
}

/// The list begins with those longest over it; of those that are equally long, any.
fn stalled_differences(expected: &[Stalled], listed: &[Stalled], max: usize) -> Vec<String> {
    let mut found = Vec::new();
    let count = expected.len().min(max);
    if listed.len() != count {
        found.push(format!(
            "stalled: {} listed instead of {count}",
            listed.len()
        ));
    }
    for (place, (is, should)) in listed.iter().zip(expected).enumerate() {
        if !is_close(over(is), over(should)) {
            found.push(format!(
                "stalled[{place}]: over by {} instead of {}",
                over(is),
                over(should)
            ));
        }
        match expected
            .iter()
            .find(|stalled| stalled.opportunity_id == is.opportunity_id)
        {
            None => found.push(format!("stalled[{place}]: {} is not", is.opportunity_id)),
            Some(same) => found.extend(differences(same, is)),
        }
        if listed
            .iter()
            .filter(|other| other.opportunity_id == is.opportunity_id)
            .count()
            > 1
        {
            found.push(format!(
                "stalled[{place}]: {} is listed twice",
                is.opportunity_id
            ));
        }
    }
    found
}

fn assert_none(what: &str, differences: &[String]) {
    let told: Vec<_> = differences.iter().take(TOLD).map(String::as_str).collect();
    assert!(
        differences.is_empty(),
        "{what}: {} differences\n{}",
        differences.len(),
        told.join("\n")
    );
}

/// What differs, with the way to it.
fn differences<T: Serialize>(expected: &T, actual: &T) -> Vec<String> {
    let mut found = Vec::new();
    let (expected, actual) = (serde_json::to_value(expected), serde_json::to_value(actual));
    compare("", &expected.unwrap(), &actual.unwrap(), &mut found);
    found
}

fn compare(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(should), Value::Object(is)) if should.len() == is.len() => {
            for (name, should) in should {
                compare(&format!("{path}.{name}"), should, &is[name], found);
            }
        }
        (Value::Array(should), Value::Array(is)) if names(should) == names(is) => {
            for (place, (should, is)) in should.iter().zip(is).enumerate() {
                let name = name(should).unwrap_or_else(|| place.to_string());
                compare(&format!("{path}[{name}]"), should, is, found);
            }
        }
        (Value::Array(should), Value::Array(is)) => {
            found.push(format!(
                "{path}: {:?} instead of {:?}",
                names(is),
                names(should)
            ));
        }
        (Value::Number(should), Value::Number(is))
            if is_close(is.as_f64().unwrap(), should.as_f64().unwrap()) => {}
        (should, is) if should == is => {}
        (should, is) => found.push(format!("{path}: {is} instead of {should}")),
    }
}

fn names(items: &[Value]) -> Vec<Option<String>> {
    items.iter().map(name).collect()
}

/// What tells an item of a list from the others.
fn name(item: &Value) -> Option<String> {
    let names = ["key", "stageId", "dimension", "repId", "contractId"];
    names
        .iter()
        .find_map(|&name| item.get(name)?.as_str().map(str::to_owned))
}

fn is_close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

#[test]
fn every_difference_is_found() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let found = |should: &str, is: &str| differences(&json(should), &json(is));
    let rows = r#"[{"key":"a","n":1},{"key":"b","n":2}]"#;
    assert!(found(rows, rows).is_empty());
    assert_eq!(
        found(rows, r#"[{"key":"a","n":1},{"key":"b","n":3}]"#),
        ["[b].n: 3 instead of 2"]
    );
    assert_eq!(
        found(rows, r#"[{"key":"a","n":1}]"#).len(),
        1,
        "a row is missing"
    );
    assert_eq!(
        found(r#"{"a":null}"#, r#"{"a":0}"#),
        [".a: 0 instead of null"]
    );
    assert_eq!(found("1000.0", "1000.00001").len(), 1);
    assert!(found("0.1", "0.10000000000000001").is_empty());
}
