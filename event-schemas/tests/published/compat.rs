//! What a change of a schema means for the payloads already written.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

/// One difference between two schemas of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// An old payload can be read as it is.
    Additive(String),
    /// An old payload has to be lifted.
    Breaking(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Additive(what) => write!(f, "    additive: {what}"),
            Self::Breaking(what) => write!(f, "    breaking: {what}"),
        }
    }
}

/// Refuses a schema that is no longer what was published under the same version, and says what
/// the change would need.
pub(crate) fn require_same(
    name: &str,
    version: u32,
    old: &Value,
    new: &Value,
) -> Result<(), String> {
    if promise(old) == promise(new) {
        return Ok(());
    }
    let changes = changes(old, new);
    let told: Vec<_> = changes.iter().map(ToString::to_string).collect();
    let next = version + 1;
    let breaking = changes.iter().any(|c| matches!(c, Change::Breaking(_)));
    let remedy = if breaking {
        format!("raise it to version {next} and write the upcaster {version} -> {next}")
    } else {
        format!("raise it to version {next}; old payloads read as they are, no upcaster is needed")
    };
    Err(format!(
        "{name} v{version} is published and its type no longer gives that schema:\n{}\n  {remedy}",
        told.join("\n")
    ))
}

/// A schema without its words: what it promises of the bytes. Words may be bettered.
pub(crate) fn promise(schema: &Value) -> Value {
    let Value::Object(schema) = schema else {
        return match schema {
            Value::Array(all) => Value::Array(all.iter().map(promise).collect()),
            other => other.clone(),
        };
    };
    let is_word = |key: &str, value: &Value| {
        matches!(key, "description" | "title" | "$schema") && value.is_string()
    };
    let named = |all: &Map<String, Value>| {
        let all = all.iter().map(|(name, s)| (name.clone(), promise(s)));
        Value::Object(all.collect())
    };
    let kept = schema.iter().filter(|(key, value)| !is_word(key, value));
    let kept = kept.map(|(key, value)| match (key.as_str(), value) {
        ("properties" | "$defs", Value::Object(all)) => (key.clone(), named(all)),
        ("default" | "const" | "enum", value) => (key.clone(), value.clone()),
        (_, value) => (key.clone(), promise(value)),
    });
    Value::Object(kept.collect())
}

/// Every difference between two schemas.
pub(crate) fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let (old, new) = (promise(old), promise(new));
    let mut found = Vec::new();
    let pair = Pair {
        old_root: &old,
        new_root: &new,
    };
    pair.compare("$", &old, &new, &mut found);
    found
}

struct Pair<'a> {
    old_root: &'a Value,
    new_root: &'a Value,
}

impl Pair<'_> {
    fn compare(&self, path: &str, old: &Value, new: &Value, found: &mut Vec<Change>) {
        let (old, new) = (resolve(self.old_root, old), resolve(self.new_root, new));
        if let (Some(was), Some(is)) = (choices(old), choices(new)) {
            for gone in was.difference(&is) {
                found.push(Change::Breaking(format!("{path} can be {gone} no more")));
            }
            for added in is.difference(&was) {
                found.push(Change::Additive(format!("{path} can be {added} now")));
            }
            return;
        }
        self.properties(path, old, new, found);
        for key in keys(old).chain(keys(new)).collect::<BTreeSet<_>>() {
            let (was, is) = (old.get(key), new.get(key));
            match (key.as_str(), was, is) {
                ("properties" | "required" | "$defs", _, _) => {}
                ("items", Some(was), Some(is)) => {
                    self.compare(&format!("{path}[]"), was, is, found);
                }
                ("anyOf" | "oneOf" | "allOf", Some(Value::Array(was)), Some(Value::Array(is)))
                    if was.len() == is.len() =>
                {
                    for (was, is) in was.iter().zip(is) {
                        self.compare(path, was, is, found);
                    }
                }
                (_, was, is) if was != is => {
                    let told = |v: Option<&Value>| v.map_or("nothing".into(), Value::to_string);
                    let (was, is) = (told(was), told(is));
                    found.push(Change::Breaking(format!(
                        "{path}: {key} was {was}, is {is}"
                    )));
                }
                _ => {}
            }
        }
    }

    fn properties(&self, path: &str, old: &Value, new: &Value, found: &mut Vec<Change>) {
        let empty = json!({});
        let of = |schema: &Value| schema.get("properties").unwrap_or(&empty).clone();
        let (was, is) = (of(old), of(new));
        for name in keys(&was).chain(keys(&is)).collect::<BTreeSet<_>>() {
            let path = format!("{path}.{name}");
            let needed = (is_required(old, name), is_required(new, name));
            let change = match (was.get(name), is.get(name), needed) {
                (Some(_), None, _) => Change::Breaking(format!("{path} is gone")),
                (None, Some(_), (_, true)) => {
                    Change::Breaking(format!("{path} is new and required"))
                }
                (None, Some(_), (_, false)) => Change::Additive(format!("{path} is new")),
                (Some(was), Some(is), needed) => {
                    self.compare(&path, was, is, found);
                    match needed {
                        (false, true) => Change::Breaking(format!("{path} is required now")),
                        (true, false) => Change::Additive(format!("{path} is optional now")),
                        _ => continue,
                    }
                }
                (None, None, _) => continue,
            };
            found.push(change);
        }
    }
}

fn keys(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(Map::keys)
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|all| all.iter().any(|one| one == name))
}

/// The schema a reference points to.
pub(crate) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| target.strip_prefix('#'));
    target
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(schema)
}

/// The values of an enum, however schemars wrote it.
fn choices(schema: &Value) -> Option<BTreeSet<String>> {
    if let Some(Value::Array(all)) = schema.get("enum") {
        return Some(all.iter().map(Value::to_string).collect());
    }
    let Some(Value::Array(variants)) = schema.get("oneOf") else {
        return None;
    };
    let each = variants.iter().map(|one| one.get("const"));
    each.map(|value| value.map(Value::to_string)).collect()
}

mod examples {
    use super::*;

    fn base() -> Value {
        json!({
            "title": "ListPriceChanged",
            "type": "object",
            "properties": {
                "title": { "type": "string", "description": "For people." },
                "price": { "$ref": "#/$defs/Money" },
                "kind": { "oneOf": [{ "const": "NEW" }, { "const": "RENEWAL" }] },
            },
            "required": ["title"],
            "$defs": { "Money": {
                "type": "object",
                "properties": { "amount_minor": { "type": "integer" } },
                "required": ["amount_minor"],
            }},
        })
    }

    fn with(pointer: &str, key: &str, value: Value) -> Value {
        let mut schema = base();
        schema.pointer_mut(pointer).unwrap()[key] = value;
        schema
    }

    fn breaking(new: &Value) -> String {
        match changes(&base(), new).as_slice() {
            [Change::Breaking(what)] => what.clone(),
            other => panic!("one breaking change, not {other:?}"),
        }
    }

    fn additive(new: &Value) -> String {
        match changes(&base(), new).as_slice() {
            [Change::Additive(what)] => what.clone(),
            other => panic!("one additive change, not {other:?}"),
        }
    }

    #[test]
    fn better_words_change_nothing() {
        let new = with("/properties/title", "description", json!("Its name."));
        assert_eq!(
            require_same("product/ListPriceChanged", 1, &base(), &new),
            Ok(())
        );
    }

    #[test]
    fn a_property_that_is_gone_breaks() {
        let mut new = base();
        new["properties"].as_object_mut().unwrap().remove("price");
        assert_eq!(breaking(&new), "$.price is gone");
    }

    #[test]
    fn another_type_breaks_also_behind_a_reference() {
        let money = "/$defs/Money/properties/amount_minor";
        assert_eq!(
            breaking(&with(money, "type", json!("string"))),
            r#"$.price.amount_minor: type was "integer", is "string""#
        );
    }

    #[test]
    fn a_new_property_breaks_where_it_is_required() {
        let mut new = with("/properties", "reason", json!({ "type": "string" }));
        assert_eq!(additive(&new), "$.reason is new");
        new["required"] = json!(["title", "reason"]);
        assert_eq!(breaking(&new), "$.reason is new and required");
    }

    #[test]
    fn what_was_optional_breaks_where_it_is_required() {
        let new = with("", "required", json!(["title", "price"]));
        assert_eq!(breaking(&new), "$.price is required now");
        let new = with("", "required", json!([]));
        assert_eq!(additive(&new), "$.title is optional now");
    }

    #[test]
    fn a_value_that_is_gone_breaks_and_a_new_one_does_not() {
        let new = with("/properties/kind", "oneOf", json!([{ "const": "NEW" }]));
        assert_eq!(breaking(&new), r#"$.kind can be "RENEWAL" no more"#);
        let new = json!([{ "const": "NEW" }, { "const": "RENEWAL" }, { "const": "SPIN" }]);
        let new = with("/properties/kind", "oneOf", new);
        assert_eq!(additive(&new), r#"$.kind can be "SPIN" now"#);
    }

    #[test]
    fn the_refusal_says_whether_an_upcaster_is_needed() {
        let new = with("/properties", "reason", json!({ "type": "string" }));
        let told = require_same("product/ListPriceChanged", 1, &base(), &new).unwrap_err();
        assert!(told.contains("no upcaster is needed"), "{told}");
        let new = with("/properties/title", "type", json!("integer"));
        let told = require_same("product/ListPriceChanged", 1, &base(), &new).unwrap_err();
        assert!(told.contains("write the upcaster 1 -> 2"), "{told}");
    }
}
