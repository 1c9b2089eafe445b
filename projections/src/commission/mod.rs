//! What do plans pay whom, why, and what would a deal pay? For participants, their managers, and
//! auditors.
//!
//! A statement is calculated by the same pure function that freezes it, tries a deal on it, and
//! checks it offline: [`figures::commission`]. Its input are facts, not rows; so this read model is a
//! [`Book`](figures::commission::Book) in memory, folded from the log when a tenant is first asked
//! about and kept in step with it.

mod books;
mod query;
mod questions;
mod tell;

pub(crate) use books::{Books, Held};
pub(crate) use query::Scene;
pub use query::{Closable, WhatIf};

/// The stream categories that a book takes in.
pub const CATEGORIES: [&str; 11] = [
    "commission_period",
    "commission_plan",
    "contract",
    "exchange_rate",
    "fixed_cost",
    "opportunity",
    "product",
    "quote",
    "rep",
    "team",
    "tenant",
];
