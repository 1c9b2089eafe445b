//! Exact arithmetic that refuses what it cannot hold, and the one way in which sums are rounded.

use event_schemas::vocabulary::Number;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::CalculateError;

/// Places of a minor unit that count when it is rounded. A quotient has 28 digits: what lies this
/// near to a half is a half.
const PLACES: u32 = 12;

/// Largest value of a product or a quotient. So many times smaller than what a decimal holds that
/// a hundred million of them can be added.
const LARGEST: i64 = 1_000_000_000_000_000_000;

fn held(value: Option<Decimal>) -> Result<Decimal, CalculateError> {
    value
        .filter(|value| value.abs() <= Decimal::from(LARGEST))
        .ok_or(CalculateError::OutOfRange)
}

pub(super) fn mul(a: Decimal, b: Decimal) -> Result<Decimal, CalculateError> {
    held(a.checked_mul(b))
}

pub(super) fn div(a: Decimal, b: Decimal) -> Result<Decimal, CalculateError> {
    held(a.checked_div(b))
}

/// `a × b / c`, multiplied first, so that it is exact where the result is.
pub(super) fn mul_div(a: Decimal, b: Decimal, c: Decimal) -> Result<Decimal, CalculateError> {
    let product = a.checked_mul(b).ok_or(CalculateError::OutOfRange)?;
    div(product, c)
}

/// So many percent of it.
pub(super) fn percent(of: Decimal, percent: Decimal) -> Result<Decimal, CalculateError> {
    mul_div(of, percent, Decimal::ONE_HUNDRED)
}

/// A sum of minor units in whole ones: half up, the one way in which commission is rounded.
pub fn half_up(minor: Decimal) -> Decimal {
    let half = Decimal::new(5, 1);
    minor.round_dp(PLACES).saturating_add(half).floor()
}

/// The same, as it is paid.
pub(super) fn round(minor: Decimal) -> Result<i64, CalculateError> {
    half_up(minor).to_i64().ok_or(CalculateError::OutOfRange)
}

/// Largest number that a published statement can hold.
const LARGEST_TOLD: i64 = 1_000_000_000_000_000;

/// A value as a statement tells it: with so many places as are published, and readable again.
pub(super) fn told(value: Decimal) -> Result<Number, CalculateError> {
    let value = shown(value);
    if value.abs() > Decimal::from(LARGEST_TOLD) {
        return Err(CalculateError::OutOfRange);
    }
    Ok(value.into())
}

/// A value as it is shown: without the noise of its last digits.
pub(super) fn shown(value: Decimal) -> Decimal {
    value.round_dp(PLACES).normalize()
}
