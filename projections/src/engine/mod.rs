//! The engine: keeps read models in step with the log, rebuilds them, and answers as of any moment.
//!
//! # What it promises
//!
//! - **Exactly once.** A page of events, the rows it changes and the checkpoint are one transaction,
//!   and the checkpoint is taken only from where the page began: two nodes that fold the same page
//!   fold it once.
//! - **By one node.** Where nodes share a home, one of them folds a read model, under a lease; when it
//!   dies another takes over within seconds.
//! - **Order does not matter.** A fold sees all that is known of one stream, sorted by when it
//!   happened, and gives the rows that follow from it. Late events, and streams that arrive in
//!   another order, end in the same rows. What lies between streams is joined when asked.
//! - **Rebuild beside.** A generation of a read model is a database of its own (a SQLite file, a
//!   PostgreSQL schema). The next is filled while the present one answers, then they are swapped:
//!   no query is refused, and none that was told to wait for a position is answered from before it.
//!   One at a time is built, however many nodes share the home; all of them follow the swap.
//! - **As of.** The same fold over the chosen events, into a scratch SQLite database, answered by
//!   the same query.
//! - **Each for itself.** A tenant whose events cannot be folded, or are many, holds up no other.
//!
//! # What it must never know
//!
//! What an event or a figure means: that is the rooms' business.

pub(crate) mod as_of;
pub(crate) mod db;
pub(crate) mod fold;
pub(crate) mod generation;
pub(crate) mod lease;
pub(crate) mod live;
pub(crate) mod registry;
#[cfg(test)]
mod tests;
mod workers;
