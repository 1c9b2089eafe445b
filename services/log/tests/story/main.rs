//! One story of the log, told on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[macro_use]
mod home;

mod appending;
mod claiming;
mod commands;
mod ending;
mod following;
mod keeping;
mod many_nodes;
mod reading;
mod sealing;
