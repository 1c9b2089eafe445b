//! A health model tried on history: whom it would have flagged, and who left.

use chrono::{Days, NaiveDate};
use event_schemas::vocabulary::CustomerId;

use crate::rate;

/// A customer that was flagged on a day, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flagged {
    /// Who.
    pub customer_id: CustomerId,
    /// The day on which its score was looked at.
    pub on: NaiveDate,
    /// Its score was under the band asked about.
    pub is_flagged: bool,
    /// The first day after it on which the customer had left; none if it stayed.
    pub churned_on: Option<NaiveDate>,
}

/// What became of what a flag said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Flagged, and left in time.
    Hit,
    /// Flagged, and stayed.
    FalseAlarm,
    /// Not flagged, and left in time.
    Missed,
    /// Not flagged, and stayed.
    Quiet,
}

/// Flags and departures, counted: one a customer and day looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backtest {
    /// Flagged, and left in time.
    pub hits: u64,
    /// Flagged, and stayed.
    pub false_alarms: u64,
    /// Not flagged, and left in time.
    pub missed: u64,
    /// Not flagged, and stayed.
    pub quiet: u64,
}

impl Flagged {
    /// What became of it within so many days.
    pub fn outcome(&self, within_days: u32) -> Outcome {
        let last = self.on.checked_add_days(Days::new(u64::from(within_days)));
        let last = last.unwrap_or(NaiveDate::MAX);
        let has_left = self.churned_on.is_some_and(|on| self.on < on && on <= last);
        match (self.is_flagged, has_left) {
            (true, true) => Outcome::Hit,
            (true, false) => Outcome::FalseAlarm,
            (false, true) => Outcome::Missed,
            (false, false) => Outcome::Quiet,
        }
    }
}

impl Backtest {
    /// Counts one.
    pub fn add(&mut self, outcome: Outcome) {
        let counted = match outcome {
            Outcome::Hit => &mut self.hits,
            Outcome::FalseAlarm => &mut self.false_alarms,
            Outcome::Missed => &mut self.missed,
            Outcome::Quiet => &mut self.quiet,
        };
        *counted += 1;
    }

    /// Of those flagged, the part that left; no value where none was flagged.
    pub fn precision(&self) -> Option<f64> {
        rate(self.hits, self.hits + self.false_alarms)
    }

    /// Of those who left, the part that was flagged; no value where none left.
    pub fn recall(&self) -> Option<f64> {
        rate(self.hits, self.hits + self.missed)
    }
}
