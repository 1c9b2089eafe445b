//! Stories of the executor on the real log.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod home;

mod closing;
mod conflicts;
mod cqrs;
mod together;
mod usage;
