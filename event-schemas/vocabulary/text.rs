//! Values that JSON writes as text: checked as they are read, with no copy of the text in between.
//! Usage comes in by the hundred thousand a second, each record with two ids and a number.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use super::Invalid;

/// Reads a text and what it says.
pub(super) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: fn(&str) -> Result<T, Invalid>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Parsed(parse))
}

struct Parsed<T>(fn(&str) -> Result<T, Invalid>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}
