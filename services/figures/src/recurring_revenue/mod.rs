//! Recurring revenue: what customers pay each month, how that moves, and how much of it stays.
//!
//! A customer's MRR at an instant is the sum over its contracts in force of their recurring amount
//! per month. Contracts are in force from a day on and before another, so MRR is a step by day: an
//! instant sees the MRR of the day that it falls on, and the first instant of a day that of this
//! day. One [`Mrr`] is of one customer and one currency: rates of exchange move no MRR.

mod cohorts;
mod contract;
mod movements;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub use cohorts::{Cohort, cohorts};
pub use contract::{Recurring, RecurringLine};
pub use movements::{Movements, Tally};

/// What something brings each month while it is in force: [from_on, to_on).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The first day.
    pub from_on: NaiveDate,
    /// The day after its last; open if there is none.
    pub to_on: Option<NaiveDate>,
    /// How much, in minor units.
    pub monthly_minor: i64,
}

impl Segment {
    /// As far as it lies before a day.
    pub fn before(self, day: Option<NaiveDate>) -> Self {
        let to_on = match (self.to_on, day) {
            (Some(to_on), Some(day)) => Some(to_on.min(day)),
            (to_on, day) => to_on.or(day),
        };
        Self { to_on, ..self }
    }
}

/// The MRR of one customer, as it was and as it will be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mrr {
    /// From each of these days on, in order; before the first it is 0.
    steps: Vec<(NaiveDate, i128)>,
}

/// How the MRR of a customer moved in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// It had none at the start, and never had any.
    New,
    /// It had none at the start, but once had some.
    Reactivation,
    /// It has more than at the start.
    Expansion,
    /// It has less than at the start.
    Contraction,
    /// It has none any more.
    Churn,
}

impl Mrr {
    /// What these come to. One that brings nothing, or is in force on no day, changes nothing.
    pub fn of(segments: impl IntoIterator<Item = Segment>) -> Self {
        let mut changes: BTreeMap<NaiveDate, i128> = BTreeMap::new();
        for segment in segments {
            let is_empty = segment.to_on.is_some_and(|to_on| to_on <= segment.from_on);
            if is_empty || segment.monthly_minor <= 0 {
                continue;
            }
            let monthly = i128::from(segment.monthly_minor);
            *changes.entry(segment.from_on).or_default() += monthly;
            if let Some(to_on) = segment.to_on {
                *changes.entry(to_on).or_default() -= monthly;
            }
        }
        let mut sum = 0;
        let moving = changes.into_iter().filter(|(_, change)| *change != 0);
        let steps = moving.map(|(day, change)| {
            sum += change;
            (day, sum)
        });
        Self {
            steps: steps.collect(),
        }
    }

    /// The MRR on a day, in minor units.
    pub fn on(&self, day: NaiveDate) -> i128 {
        let begun = self.steps.partition_point(|&(from_on, _)| from_on <= day);
        let current = begun.checked_sub(1).and_then(|at| self.steps.get(at));
        current.map_or(0, |&(_, minor)| minor)
    }

    /// The day on which it first has any.
    pub fn first_on(&self) -> Option<NaiveDate> {
        self.steps.first().map(|&(day, _)| day)
    }

    /// How it moved from one day to a later one; none if it is the same.
    pub fn movement(&self, from_on: NaiveDate, to_on: NaiveDate) -> Option<Movement> {
        match (self.on(from_on), self.on(to_on)) {
            (before, after) if before == after => None,
            (0, _) if self.first_on().is_some_and(|first_on| first_on < from_on) => {
                Some(Movement::Reactivation)
            }
            (0, _) => Some(Movement::New),
            (_, 0) => Some(Movement::Churn),
            (before, after) if before < after => Some(Movement::Expansion),
            _ => Some(Movement::Contraction),
        }
    }
}
