//! Means, ranks and quotients.

use rust_decimal::Decimal;

/// A quotient of counts; none without a denominator.
pub(crate) fn quotient(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

/// The mean; none of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / length(values))
}

/// The value below which a share of the values lies, interpolated linearly between the closest
/// ranks: of n values in order, the one at rank share × (n − 1), counted from 0.
pub(crate) fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut rank = 0;
    let mut rest = share * (length(&sorted) - 1.0);
    while rest >= 1.0 {
        rank += 1;
        rest -= 1.0;
    }
    let low = *sorted.get(rank)?;
    let high = *sorted.get(rank + 1).unwrap_or(&low);
    Some(low + rest * (high - low))
}

/// `amount × factor / divisor`, multiplied first; none without a divisor.
pub(crate) fn scaled(amount: Decimal, factor: u32, divisor: u32) -> Option<Decimal> {
    (divisor > 0).then(|| amount * Decimal::from(factor) / Decimal::from(divisor))
}

fn length(values: &[f64]) -> f64 {
    f64::from(u32::try_from(values.len()).unwrap())
}

#[test]
fn ranks_are_interpolated() {
    assert_eq!(percentile(&[], 0.5), None);
    assert_eq!(percentile(&[7.0], 0.9), Some(7.0));
    assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
    assert_eq!(percentile(&[10.0, 20.0, 30.0], 0.9), Some(28.0));
}
