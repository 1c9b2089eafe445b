//! How the MRR of many customers moved in a period, and how much of it stayed.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Movement, Mrr};
use crate::calendar::Span;

/// So many customers, and what they come to in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many customers.
    pub customers: u64,
    /// How much, in minor units.
    pub minor: i128,
}

impl Tally {
    fn add(&mut self, minor: i128) {
        self.customers += 1;
        self.minor += minor;
    }

    /// Counts what a customer has, if it has any.
    pub(super) fn count(&mut self, minor: i128) {
        if minor != 0 {
            self.add(minor);
        }
    }
}

/// The MRR at the start and the end of a period, and the movements that lead from one to the other:
/// `end = start + new + reactivation + expansion − contraction − churn`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Movements {
    /// Customers with MRR at the start.
    pub start: Tally,
    /// Those who had none before.
    pub new: Tally,
    /// Those who had none at the start, but once had some.
    pub reactivation: Tally,
    /// Those who have more, and how much more.
    pub expansion: Tally,
    /// Those who have less, and how much less; not negative.
    pub contraction: Tally,
    /// Those who have none any more, and what they had; not negative.
    pub churn: Tally,
    /// Customers with MRR at the end.
    pub end: Tally,
}

impl Movements {
    /// Those of these customers in a period.
    pub fn of<'a>(customers: impl IntoIterator<Item = &'a Mrr>, period: Span) -> Self {
        let mut movements = Self::default();
        for customer in customers {
            movements.add(customer, period.from_on, period.to_on);
        }
        movements
    }

    fn add(&mut self, customer: &Mrr, from_on: NaiveDate, to_on: NaiveDate) {
        let (before, after) = (customer.on(from_on), customer.on(to_on));
        self.start.count(before);
        self.end.count(after);
        match customer.movement(from_on, to_on) {
            None => {}
            Some(Movement::New) => self.new.add(after),
            Some(Movement::Reactivation) => self.reactivation.add(after),
            Some(Movement::Expansion) => self.expansion.add(after - before),
            Some(Movement::Contraction) => self.contraction.add(before - after),
            Some(Movement::Churn) => self.churn.add(before),
        }
    }

    /// Annual recurring revenue at the end, in minor units: MRR × 12.
    pub fn arr_minor(&self) -> i128 {
        self.end.minor * 12
    }

    /// Gross revenue retention: `(start − contraction − churn) / start`.
    pub fn grr(&self) -> Option<Decimal> {
        ratio(
            self.start.minor - self.contraction.minor - self.churn.minor,
            self.start.minor,
        )
    }

    /// Net revenue retention: `(start + expansion − contraction − churn) / start`.
    pub fn nrr(&self) -> Option<Decimal> {
        let kept = self.start.minor + self.expansion.minor;
        ratio(
            kept - self.contraction.minor - self.churn.minor,
            self.start.minor,
        )
    }

    /// Logo churn: those of the customers with MRR at the start who have none any more.
    pub fn logo_churn(&self) -> Option<Decimal> {
        ratio(self.churn.customers.into(), self.start.customers.into())
    }
}

/// A part of a whole; no value without a whole.
pub(super) fn ratio(part: i128, whole: i128) -> Option<Decimal> {
    let exact = |value| Decimal::try_from_i128_with_scale(value, 0).ok();
    exact(part)?.checked_div(exact(whole)?)
}
