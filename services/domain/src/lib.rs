//! The decisions: one aggregate a room; a command in, events or a refusal out.
//!
//! Knows no clock, no storage, no network: everything a rule may look at is handed to it.

pub mod ask;
pub mod claim;
pub mod decider;
pub mod lines;
pub mod parties;
pub mod reads;
pub mod refusal;
pub mod sums;
pub mod told;
pub mod wire;

#[cfg(test)]
mod given;

pub mod alarm;
pub mod clock;
pub mod commission_period;
pub mod commission_plan;
pub mod contract;
pub mod customer;
pub mod exchange_rate;
pub mod fixed_cost;
pub mod health_model;
pub mod interaction;
pub mod metric;
pub mod opportunity;
pub mod playbook;
pub mod product;
pub mod quote;
pub mod rep;
pub mod sales_process;
pub mod survey;
pub mod task;
pub mod team;
pub mod tenant;
pub mod ticket;
pub mod usage;

pub use ask::Ask;
pub use claim::{Claim, ClaimChange};
pub use decider::{Addressed, Aggregated, CLOCK_SKEW, Decider, Fact, decide_and_evolve, occurs_at};
pub use reads::{Read, Reads, Reference};
pub use refusal::{Refusal, RefusalKind, Refused};
pub use told::{Tally, Told};
pub use wire::{FieldViolation, InvalidCommand};
