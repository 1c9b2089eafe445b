//! The append-only log over SQLite and PostgreSQL: append, read, follow, claim, seal.
//!
//! # What it promises
//!
//! - **Order.** Within a tenant positions run 1, 2, 3 … without a gap and become visible in order,
//!   however many nodes write: a follower that has seen position N never later finds one ≤ N.
//! - **Atomic.** An [`Append`] may write several streams, each at an expected version, check
//!   others that it only read, and claim or release unique values. All of it lands, or none.
//! - **Idempotent.** A command id is remembered for good. Sent again, on any node, after any
//!   crash, it answers with the first receipt and appends nothing; with another body it is refused.
//! - **Durable.** An answer means it is on disk (SQLite `synchronous=FULL`, PostgreSQL
//!   `synchronous_commit=on`). No option weakens it.
//! - **Group commit.** Appends that wait at the same time share one transaction. One that conflicts
//!   fails alone; its neighbours land. Appends of one tenant are tried in the order they were sent.
//! - **Exact.** A payload is read back byte for byte.
//! - `recorded_at` never runs backwards within a tenant; times are UTC, in microseconds.
//! - A personal value that is claimed is stored only as a hash under a key of its tenant.
//!
//! # What it must never know
//!
//! What an event means. It knows no event type, no stream category, no rule and no schema; a
//! payload is bytes. It reads no clock for a decision: `occurred_at` is the caller's, `recorded_at`
//! only its own.

mod append;
mod backend;
mod chain;
mod claim;
mod error;
mod follow;
mod heads;
mod lane;
mod postgres;
mod read;
mod resolve;
pub mod seal;
mod sqlite;
mod store;

pub use append::{Append, Appended, AppendedEvent, Command, Meta, NewEvent, StreamWrite, limits};
pub use chain::Chain;
pub use claim::{Claim, ClaimChange, ClaimValue};
pub use error::{AppendError, Error};
pub use read::{Filter, Page, StreamPage};
pub use sqlite::{backup, restore};
pub use store::{Log, Options, Pending, Slot};
