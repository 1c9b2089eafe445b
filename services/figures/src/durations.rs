//! How long things took: mean, median and percentiles of durations.

use rust_decimal::Decimal;

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// A number of microseconds in days.
pub fn days(micros: f64) -> f64 {
    micros / DAY_MICROS as f64
}

/// Durations in microseconds, with how often each was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    /// In ascending order.
    seen: Vec<(i64, u64)>,
    count: u64,
    total_micros: i128,
}

impl FromIterator<(i64, u64)> for Durations {
    fn from_iter<I: IntoIterator<Item = (i64, u64)>>(durations: I) -> Self {
        let mut seen: Vec<(i64, u64)> = durations.into_iter().filter(|(_, n)| *n > 0).collect();
        seen.sort_unstable();
        let count = seen.iter().map(|(_, n)| n).sum();
        let total_micros = seen
            .iter()
            .map(|(micros, n)| i128::from(*micros) * i128::from(*n))
            .sum();
        Self {
            seen,
            count,
            total_micros,
        }
    }
}

impl Durations {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean in microseconds.
    pub fn mean_micros(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total_micros as f64 / self.count as f64)
    }

    /// Their mean in days, as exact as 28 digits are.
    pub fn mean_days(&self) -> Option<Decimal> {
        let total = Decimal::try_from_i128_with_scale(self.total_micros, 0).ok()?;
        total
            .checked_div(Decimal::from(DAY_MICROS))?
            .checked_div(Decimal::from(self.count))
    }

    /// The middle one in microseconds: the percentile 0.5.
    pub fn median_micros(&self) -> Option<f64> {
        self.percentile_micros(0.5)
    }

    /// A percentile in microseconds, interpolated linearly between the closest ranks: with n
    /// durations in ascending order, numbered from 0, the one of rank `fraction × (n − 1)`.
    pub fn percentile_micros(&self, fraction: f64) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let rank = fraction.clamp(0.0, 1.0) * last as f64;
        let (below, part) = (rank.floor(), rank.fract());
        let low = self.of_rank(below)? as f64;
        if part == 0.0 {
            return Some(low);
        }
        let high = self.of_rank(below + 1.0)? as f64;
        Some(low + (high - low) * part)
    }

    fn of_rank(&self, rank: f64) -> Option<i64> {
        let mut passed = 0;
        for (micros, count) in &self.seen {
            passed += count;
            if rank < passed as f64 {
                return Some(*micros);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn each_once(durations: &[i64]) -> Durations {
        durations.iter().map(|micros| (*micros, 1)).collect()
    }

    #[test]
    fn nothing_has_no_mean_and_no_percentile() {
        let none = Durations::default();
        assert_eq!(none.mean_micros(), None);
        assert_eq!(none.mean_days(), None);
        assert_eq!(none.median_micros(), None);
    }

    #[test]
    fn percentiles_interpolate_between_closest_ranks() {
        let four = each_once(&[40, 10, 30, 20]);
        assert_eq!(four.mean_micros(), Some(25.0));
        assert_eq!(four.median_micros(), Some(25.0));
        assert_eq!(four.percentile_micros(0.9), Some(37.0));
        assert_eq!(four.percentile_micros(0.0), Some(10.0));
        assert_eq!(four.percentile_micros(1.0), Some(40.0));
        assert_eq!(each_once(&[7]).percentile_micros(0.9), Some(7.0));
    }

    #[test]
    fn a_mean_in_days_is_exact() {
        let mean = each_once(&[DAY_MICROS, 2 * DAY_MICROS]).mean_days();
        assert_eq!(mean, Some(Decimal::new(15, 1)));
    }

    proptest! {
        #[test]
        fn what_is_counted_is_as_what_is_listed(listed in prop::collection::vec(0i64..50, 1..60), fraction in 0.0f64..=1.0) {
            let mut counts = std::collections::HashMap::new();
            for micros in &listed {
                *counts.entry(*micros).or_insert(0) += 1;
            }
            let counted: Durations = counts.into_iter().collect();
            let once = each_once(&listed);
            prop_assert_eq!(counted.mean_micros(), once.mean_micros());
            prop_assert_eq!(counted.percentile_micros(fraction), once.percentile_micros(fraction));
        }

        #[test]
        fn a_percentile_lies_between_the_ends_and_grows(listed in prop::collection::vec(-1_000i64..1_000, 1..40), a in 0.0f64..=1.0, b in 0.0f64..=1.0) {
            let durations = each_once(&listed);
            let at = |fraction| durations.percentile_micros(fraction).unwrap_or(f64::NAN);
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(at(low) <= at(high) + 1e-9);
            prop_assert!(at(0.0) <= at(low) + 1e-9 && at(high) <= at(1.0) + 1e-9);
        }
    }
}
