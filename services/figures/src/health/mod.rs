//! Customer health: how well a customer stands, why, and what gives cause for worry. Exact decimals;
//! facts as of the end of a day in, figures out.
//!
//! # What the figures mean
//!
//! - A metric's *day value* follows from its aggregation: SUM and DISTINCT are 0 on a day without
//!   records; LAST holds on until the next record, and is 0 before the first.
//! - A customer's *value* is the mean of its day values over the `window_days` days that end with the
//!   day asked about. The *baseline* is the mean, over the customers that are active (a contract is in
//!   force on that day), of each one's mean over the `baseline_days` days that end with it.
//! - *Factor* of a metric: `100 × min(1, value / baseline)`; a baseline of 0, or none, gives no value.
//!   Factor of surveys: 10 × the mean of each person's latest answer of the last `window_days` days;
//!   of anonymous answers each counts. No answer, no value.
//! - `score = Σ weight × factor / Σ weight − points`, over the factors that have a value, held in 0..=100.
//!   No factor, no score. *Points* are taken off for open tickets, for days without contact, and for a
//!   decision maker who has gone while none is there.
//! - *Trend*: the score less that of [`TREND_DAYS`] days before, by the same model.
//!
//! Sums are exact and each mean is one division, to 28 digits. What is compared is compared to
//! [`PLACES`] places; what is told is rounded when it is told.

mod backtest;
mod explain;
mod findings;
mod nps;
mod score;
mod standing;

use chrono::NaiveDate;
use event_schemas::alarm::Evidence;
use event_schemas::vocabulary::{Cause, ContractId, CustomerId};
use rust_decimal::Decimal;

pub use backtest::{Backtest, Flagged, Outcome};
pub use explain::{Explanation, Moved, Part, explain};
pub use findings::findings;
pub use nps::Nps;
pub use score::{Band, Direction, Factor, FactorKind, Health, Points, PointsKind, Trend, health};
pub use standing::{
    Answer, Contact, DecisionMaker, Escalation, Measured, OpenTicket, Standing, UnpaidInvoice,
    mean_of, part_of,
};

/// Days between a score and the one it is compared with.
pub const TREND_DAYS: u64 = 30;

/// Places to which figures are compared. A quotient has 28 digits: what lies this near is the same.
pub const PLACES: u32 = 12;

/// Something that gives cause for worry about a customer, at the end of a day. It bears no personal
/// text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// About whom.
    pub customer_id: CustomerId,
    /// Why.
    pub cause: Cause,
    /// What it is about: a metric, a ticket, an invoice, a person or an anonymous answer.
    pub subject_id: Option<String>,
    /// The contract it is about.
    pub contract_id: Option<ContractId>,
    /// What was seen, where it is a number.
    pub value: Option<Decimal>,
    /// What it should have been at least, or at most.
    pub threshold: Option<Decimal>,
    /// What was seen, for people.
    pub explanation: String,
    /// The events it follows from, where there are few.
    pub evidence: Vec<Evidence>,
}

/// Days from one to another; 0 if it is not later.
fn days_since(since_on: NaiveDate, on: NaiveDate) -> i64 {
    (on - since_on).num_days().max(0)
}

/// As it is compared.
fn compared(value: Decimal) -> Decimal {
    value.round_dp(PLACES)
}
