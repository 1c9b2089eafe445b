//! Forecast and velocity: what the open pipeline is worth, and how much of it flows in a day.
//! Sums are in minor units (cents), exact until they are rounded.

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

/// Places of a minor unit that count when it is rounded. A quotient has 28 digits: what lies this
/// near to a half is a half.
const PLACES: u32 = 12;

/// What is open in one stage, and what the stage has taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenStage {
    /// Sum of the open opportunities' amounts.
    pub open_minor: i64,
    /// How many of them have an amount.
    pub with_amount: u64,
    /// Opportunities that reached the stage and were won.
    pub won: u64,
    /// Opportunities that reached the stage and were won or lost.
    pub closed: u64,
}

impl OpenStage {
    /// What it adds to the forecast, in minor units, not rounded: `open × won / closed`. No value
    /// while something is open and nothing closed.
    pub fn forecast_minor(&self) -> Option<Decimal> {
        if self.with_amount == 0 {
            return Some(Decimal::ZERO);
        }
        let expected = Decimal::from(self.open_minor).checked_mul(Decimal::from(self.won))?;
        expected.checked_div(Decimal::from(self.closed))
    }
}

/// The forecast: `Σ over open opportunities of amount × win probability of its stage`, in minor
/// units, not rounded.
pub fn forecast_minor<'a>(stages: impl IntoIterator<Item = &'a OpenStage>) -> Option<Decimal> {
    let mut forecast = Decimal::ZERO;
    for stage in stages {
        forecast = forecast.checked_add(stage.forecast_minor()?)?;
    }
    Some(forecast)
}

/// `forecast / average cycle`: minor units a day, not rounded.
pub fn velocity_minor_per_day(forecast_minor: Decimal, cycle_days: Decimal) -> Option<Decimal> {
    forecast_minor.checked_div(cycle_days)
}

/// The common formula, `open count × win rate × average won amount / average cycle`: minor units a
/// day, not rounded.
pub fn common_velocity_minor_per_day(
    open_count: u64,
    won: u64,
    closed: u64,
    average_won_minor: Decimal,
    cycle_days: Decimal,
) -> Option<Decimal> {
    let expected = Decimal::from(open_count).checked_mul(Decimal::from(won))?;
    let expected = expected.checked_div(Decimal::from(closed))?;
    expected
        .checked_mul(average_won_minor)?
        .checked_div(cycle_days)
}

/// Rounds half up (away from zero) to a whole minor unit; no value if it is out of range.
pub fn round_minor(minor: Decimal) -> Option<i64> {
    minor
        .round_dp(PLACES)
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a test fails by panicking"
    )]
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    fn stage(open_minor: i64, won: u64, closed: u64) -> OpenStage {
        OpenStage {
            open_minor,
            with_amount: 1,
            won,
            closed,
        }
    }

    fn common(open: u64, average_won: u64, won_of_100: u64, cycle_days: u64) -> f64 {
        let (average_won, cycle_days) =
            (Decimal::from(average_won * 100), Decimal::from(cycle_days));
        let velocity =
            common_velocity_minor_per_day(open, won_of_100, 100, average_won, cycle_days);
        velocity
            .and_then(|minor| minor.to_f64())
            .unwrap_or(f64::NAN)
            / 100.0
    }

    #[derive(Deserialize)]
    struct Published {
        source: String,
        open: u64,
        average_won: u64,
        win_rate: f64,
        cycle_days: u64,
        expect_per_day: f64,
        tolerance: f64,
    }

    #[test]
    fn the_common_formula_agrees_with_what_others_publish() {
        let cases: Vec<Published> =
            serde_json::from_str(include_str!("../vectors/velocity.json")).unwrap_or_default();
        assert_eq!(cases.len(), 2);
        for case in cases {
            let won_of_100 = (case.win_rate * 100.0).round() as u64;
            let velocity = common(case.open, case.average_won, won_of_100, case.cycle_days);
            let off = (velocity - case.expect_per_day).abs();
            assert!(off <= case.tolerance, "{}: {velocity}", case.source);
        }
        // prospectengine.com and nrev.ai.
        assert!((common(50, 25_000, 25, 60) - 5_208.33).abs() < 0.01);
        assert!((common(50, 10_000, 20, 30) - 3_333.33).abs() < 0.01);
    }

    /// Three deals of 100,000 at 50, 50 and 100 percent (frappe/crm, issue 798).
    #[test]
    fn a_forecast_weighs_each_amount_by_its_chance() {
        let deals = [
            stage(10_000_000, 1, 2),
            stage(10_000_000, 5, 10),
            stage(10_000_000, 3, 3),
        ];
        let each: Vec<_> = deals.iter().map(OpenStage::forecast_minor).collect();
        let of = |amount: i64| Some(Decimal::from(amount));
        assert_eq!(each, [of(5_000_000), of(5_000_000), of(10_000_000)]);
        assert_eq!(forecast_minor(&deals), of(20_000_000));
    }

    #[test]
    fn a_stage_that_has_taught_nothing_has_no_forecast_unless_nothing_is_open_in_it() {
        assert_eq!(stage(100, 0, 0).forecast_minor(), None);
        assert_eq!(forecast_minor(&[stage(100, 1, 1), stage(1, 0, 0)]), None);
        let nothing = OpenStage {
            open_minor: 0,
            with_amount: 0,
            won: 0,
            closed: 0,
        };
        assert_eq!(nothing.forecast_minor(), Some(Decimal::ZERO));
        assert_eq!(forecast_minor(&[]), Some(Decimal::ZERO));
    }

    #[test]
    fn a_cycle_of_no_time_gives_no_velocity() {
        assert_eq!(velocity_minor_per_day(Decimal::ONE, Decimal::ZERO), None);
        assert_eq!(
            common_velocity_minor_per_day(1, 1, 1, Decimal::ONE, Decimal::ZERO),
            None
        );
        assert_eq!(
            common_velocity_minor_per_day(1, 0, 0, Decimal::ONE, Decimal::ONE),
            None
        );
    }

    #[test]
    fn halves_are_rounded_up_even_when_they_come_of_thirds() {
        let thirds = [stage(1, 1, 6), stage(1, 1, 3)];
        assert_eq!(forecast_minor(&thirds).and_then(round_minor), Some(1));
        assert_eq!(round_minor(Decimal::new(-5, 1)), Some(-1));
        assert_eq!(round_minor(Decimal::new(49, 2)), Some(0));
        assert_eq!(round_minor(Decimal::MAX), None);
    }

    proptest! {
        #[test]
        fn a_forecast_lies_between_nothing_and_all(
            stages in prop::collection::vec((0i64..1_000_000_000, 0u64..50, 1u64..50), 0..8)
        ) {
            let stages: Vec<OpenStage> =
                stages.into_iter().map(|(open, won, more)| stage(open, won, won + more)).collect();
            let all: i64 = stages.iter().map(|stage| stage.open_minor).sum();
            let forecast = forecast_minor(&stages).and_then(round_minor);
            prop_assert!(forecast.is_some_and(|forecast| (0..=all).contains(&forecast)));
        }

        #[test]
        fn rounding_agrees_with_whole_numbers(numerator in 0u32..2_000_000, denominator in 1u32..2_000) {
            let (n, d) = (u64::from(numerator), u64::from(denominator));
            let exact = (2 * n + d) / (2 * d);
            let rounded = round_minor(Decimal::from(n) / Decimal::from(d));
            prop_assert_eq!(rounded, i64::try_from(exact).ok());
        }
    }
}
