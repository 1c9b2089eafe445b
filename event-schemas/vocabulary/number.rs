//! Exact numbers that are not money: rates, quantities, shares. No float ever holds one.

use std::fmt;
use std::str::FromStr as _;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Invalid, text};

/// Most digits after the point of a number from outside.
const PLACES: u32 = 12;

/// Largest whole part of a number from outside.
const LARGEST: i64 = 1_000_000_000_000_000;

/// An exact decimal, written as text: `5.5`. What it counts, the name of its field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^-?[0-9]+(\\.[0-9]+)?$"))]
pub struct Number(Decimal);

impl Number {
    /// Reads a plain decimal such as `1054` or `-0.125`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(part) {
            return Err(Invalid::new("a number is a plain decimal, such as 5.5"));
        }
        let value = Decimal::from_str(text)
            .map_err(|_| Invalid::new("a number is out of range"))?
            .normalize();
        if value.scale() > PLACES || value.abs() > Decimal::from(LARGEST) {
            return Err(Invalid::new(format!(
                "a number has at most {PLACES} decimal places and is at most {LARGEST}"
            )));
        }
        Ok(Self(value))
    }

    /// The number, to calculate with.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Self {
        Self(value.normalize())
    }
}

impl TryFrom<String> for Number {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.to_string()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, Self::parse)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A share in hundredths of a percent: 10,000 are the whole.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct BasisPoints(pub u32);

impl BasisPoints {
    /// The whole.
    pub const WHOLE: Self = Self(10_000);
}
