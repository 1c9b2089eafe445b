//! Money: whole minor units of one ISO 4217 currency. No float ever holds it.

use std::fmt;

use iso_currency::Currency as Iso;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Invalid;

/// An ISO 4217 currency.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Z]{3}$"))]
pub struct Currency(Iso);

impl Currency {
    /// Reads a three-letter code, e.g. `USD`.
    pub fn new(code: &str) -> Result<Self, Invalid> {
        Iso::from_code(code)
            .map(Self)
            .ok_or_else(|| Invalid::new("a currency is a three-letter ISO 4217 code"))
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of the minor unit: 2 for USD, 0 for JPY.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;
    fn try_from(code: String) -> Result<Self, Invalid> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An exact sum of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// ISO 4217 code.
    pub currency: Currency,
    /// Whole minor units (cents); may be negative.
    pub amount_minor: i64,
}

impl Money {
    /// Reads a decimal such as `1054` or `-12.50`; more places than the currency has are refused.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, Invalid> {
        let (negative, digits) = match amount.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, amount),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let places = usize::try_from(currency.decimals()).unwrap_or_default();
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || digits.ends_with('.') || !is_digits(whole) || !is_digits(part) {
            return Err(Invalid::new(
                "an amount is a plain decimal, such as 1054.50",
            ));
        }
        if part.len() > places {
            return Err(Invalid::new(format!(
                "{} has {places} decimal places",
                currency.code()
            )));
        }
        let amount_minor = format!("{}{whole}{part:0<places$}", if negative { "-" } else { "" })
            .parse()
            .map_err(|_| Invalid::new("an amount is out of range"))?;
        Ok(Self {
            currency,
            amount_minor,
        })
    }

    /// The amount as a decimal text with the currency's own number of places.
    pub fn amount(&self) -> String {
        let places = self.currency.decimals();
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let minor = self.amount_minor.unsigned_abs();
        match 10u64.checked_pow(places) {
            Some(unit) if places > 0 => {
                let width = usize::try_from(places).unwrap_or_default();
                format!("{sign}{}.{:0>width$}", minor / unit, minor % unit)
            }
            _ => format!("{sign}{minor}"),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency.code())
    }
}
