//! The decisions: one aggregate a room; a command in, events or a refusal out.
//!
//! Knows no clock, no storage, no network: everything a rule may look at is handed to it.

pub mod claim;
pub mod decider;
pub mod reads;
pub mod refusal;
pub mod told;
pub mod wire;

#[cfg(test)]
mod given;

pub mod customer;
pub mod opportunity;
pub mod product;
pub mod rep;
pub mod sales_process;
pub mod team;
pub mod tenant;

pub use claim::{Claim, ClaimChange};
pub use decider::{Addressed, Aggregated, CLOCK_SKEW, Decider, Fact, decide_and_evolve};
pub use reads::{Read, Reads, Reference};
pub use refusal::{Refusal, RefusalKind, Refused};
pub use told::Told;
pub use wire::{FieldViolation, InvalidCommand};
