//! Sums of one set of opportunities, and the figures they come to.

use std::collections::HashMap;

use ::figures::durations::{Durations, days};
use ::figures::rate;
use ::figures::velocity::{
    OpenStage, common_velocity_minor_per_day, forecast_minor, round_minor, velocity_minor_per_day,
};
use event_schemas::vocabulary::Currency;
use proto::v1;
use proto::v1::VelocityFigures;
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::asked::{count, money};

/// What is open in a stage.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Open {
    pub(super) count: u64,
    pub(super) without_amount: u64,
    pub(super) other_currency: u64,
    /// Sum of the amounts in the tenant's currency, in minor units.
    pub(super) minor: i128,
}

impl Open {
    pub(super) fn add(&mut self, more: Self) {
        self.count += more.count;
        self.without_amount += more.without_amount;
        self.other_currency += more.other_currency;
        self.minor += more.minor;
    }

    fn with_amount(&self) -> u64 {
        self.count
            .saturating_sub(self.without_amount)
            .saturating_sub(self.other_currency)
    }
}

/// What was closed in the look-back.
#[derive(Debug, Clone, Default)]
pub(super) struct Closed {
    pub(super) won: u64,
    pub(super) lost: u64,
    /// Sum and number of the amounts of those won, in the tenant's currency.
    pub(super) won_minor: i128,
    pub(super) won_with_amount: u64,
    /// Sales cycles of those won: microseconds, and how many took so long.
    pub(super) cycles: Vec<(i64, u64)>,
}

/// One set of opportunities.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    /// By stage id.
    pub(super) open: HashMap<String, Open>,
    pub(super) closed: Closed,
}

/// What a stage has taught: won and closed of those that reached it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lesson {
    pub(super) won: u64,
    pub(super) closed: u64,
}

impl Lesson {
    /// A stage's open opportunities beside what it has taught: one, or several where one sum would be
    /// too large. What is forecast of them adds up.
    pub(super) fn on(&self, open: &Open) -> Vec<OpenStage> {
        let mut parts = Vec::new();
        let mut rest = open.minor;
        while rest != 0 || parts.is_empty() {
            let whole = rest.clamp(i64::MIN.into(), i64::MAX.into());
            rest -= whole;
            parts.push(OpenStage {
                open_minor: i64::try_from(whole).unwrap_or_default(),
                with_amount: open.with_amount(),
                won: self.won,
                closed: self.closed,
            });
        }
        parts
    }
}

/// A sum in minor units as it is told, rounded half up; none where it has no value.
pub(super) fn told_minor(currency: Currency, minor: Option<Decimal>) -> Option<v1::Money> {
    let minor = minor?;
    // What does not fit has nine places at most: it needs no rounding to twelve before.
    let rounded = round_minor(minor).map_or_else(
        || minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero),
        Decimal::from,
    );
    Some(money(currency, rounded.to_i128()?))
}

/// The figures of one set, given what each stage has taught. The win probabilities are those of the
/// whole, so that rows add up.
pub(super) fn told(
    sums: &Sums,
    lessons: &HashMap<String, Lesson>,
    currency: Currency,
) -> VelocityFigures {
    let mut open = Open::default();
    let mut stages = Vec::new();
    for (stage_id, of_stage) in &sums.open {
        open.add(*of_stage);
        let lesson = lessons.get(stage_id).copied().unwrap_or_default();
        stages.extend(lesson.on(of_stage));
    }
    let closed = &sums.closed;
    let cycles: Durations = closed.cycles.iter().copied().collect();
    let cycle_days = cycles.mean_days();
    let forecast = forecast_minor(&stages);
    let average_won = Decimal::try_from_i128_with_scale(closed.won_minor, 0)
        .ok()
        .and_then(|won| won.checked_div(Decimal::from(closed.won_with_amount)));
    let velocity = forecast
        .zip(cycle_days)
        .and_then(|(forecast, cycle_days)| velocity_minor_per_day(forecast, cycle_days));
    let common = average_won
        .zip(cycle_days)
        .and_then(|(average_won, cycle_days)| {
            let all = closed.won + closed.lost;
            common_velocity_minor_per_day(open.count, closed.won, all, average_won, cycle_days)
        });
    VelocityFigures {
        open_count: count(open.count),
        open_amount: Some(money(currency, open.minor)),
        without_amount_count: count(open.without_amount),
        other_currency_count: count(open.other_currency),
        won: count(closed.won),
        lost: count(closed.lost),
        win_rate: rate(closed.won, closed.won + closed.lost),
        average_won_amount: told_minor(currency, average_won),
        average_cycle_days: cycles.mean_micros().map(days),
        median_cycle_days: cycles.median_micros().map(days),
        forecast: told_minor(currency, forecast),
        velocity_per_day: told_minor(currency, velocity),
        common_velocity_per_day: told_minor(currency, common),
    }
}
