//! Pure calculators: facts in, figures out. No clock, no database, no network, so that a fold, a
//! decision and an offline check can run the very same code.
//!
//! A figure without a denominator has no value: `None`, never 0 or NaN.

pub mod calendar;
pub mod commission;
pub mod durations;
pub mod follow_up;
pub mod funnel;
pub mod health;
pub mod recurring_revenue;
mod statement_id;
pub mod timeline;
pub mod velocity;

pub use statement_id::statement_id;

/// `numerator / denominator`; no value without a denominator.
pub fn rate(numerator: u64, denominator: u64) -> Option<f64> {
    // Counts stay far below 2^53, up to which the conversion is exact.
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}
