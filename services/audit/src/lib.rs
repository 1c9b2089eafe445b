//! Audit: that a commission statement is what the plan pays for what happened, and that nothing which
//! belongs to it was left out, shown to someone who trusts neither the server nor its database.
//!
//! A [`Bundle`] holds a signed checkpoint of the log and an entry for every position up to it: whole
//! where a statement may depend on the event, else the bytes of its leaf, which tell what it is and
//! of which stream, but not what it says. [`verify`] needs nothing else but the key of whoever
//! signed. [`reconcile`] recomputes all closed statements of a log.
//!
//! # What it must never know
//!
//! A network, a database, a clock.

mod bundle;
mod entry;
mod leaf;
mod recompute;
mod report;
mod verify;

pub use bundle::{Bundle, FORMAT};
pub use entry::{Entry, Envelope};
pub use recompute::{Difference, Recomputed, reconcile};
pub use report::{Check, Report};
pub use verify::verify;
