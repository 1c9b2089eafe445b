//! Refusals: the rule a command broke, with the facts that show it.

use std::fmt;

use event_schemas::vocabulary::Money;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// What a refusal means for the caller: which gRPC status it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// A rule forbids it as things stand.
    RuleBroken,
    /// What the command is about, or names, does not exist.
    NotFound,
    /// What the command would bring into being exists.
    AlreadyExists,
}

/// An enum with a variant for each rule. The variant, written in UPPER_SNAKE_CASE
/// (`#[serde(rename_all = "SCREAMING_SNAKE_CASE")]`), is the reason told to the caller; its fields
/// are the facts; its message is for people.
pub trait Refusal: std::error::Error + Serialize + Send + Sync + 'static {
    /// What the refusal means for the caller.
    fn kind(&self) -> RefusalKind {
        RefusalKind::RuleBroken
    }
}

/// Things, as a message for people names them.
pub(crate) fn listed<T: ToString>(things: &[T]) -> String {
    let things: Vec<String> = things.iter().map(T::to_string).collect();
    things.join(", ")
}

/// Any refusal, told apart only by its reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What it means for the caller.
    pub kind: RefusalKind,
    /// The rule broken, in UPPER_SNAKE_CASE.
    pub reason: String,
    /// For people.
    pub message: String,
    /// The facts that show it.
    pub facts: Vec<(String, String)>,
}

/// A sum as a refusal tells it, such as `12.50 USD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told(pub Money);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        let message = refusal.to_string();
        let kind = refusal.kind();
        let (reason, facts) = match serde_json::to_value(&refusal) {
            Ok(Value::String(reason)) => (reason, Vec::new()),
            Ok(Value::Object(tagged)) => match tagged.into_iter().next() {
                Some((reason, Value::Object(facts))) => (
                    reason,
                    facts.into_iter().map(|(k, v)| (k, plain(v))).collect(),
                ),
                Some((reason, fact)) => (reason, vec![("value".to_owned(), plain(fact))]),
                None => ("REFUSED".to_owned(), Vec::new()),
            },
            _ => ("REFUSED".to_owned(), Vec::new()),
        };
        Self {
            kind,
            reason,
            message,
            facts,
        }
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
