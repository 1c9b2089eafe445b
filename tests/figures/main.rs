//! The figures of the read models on a real data set, held against figures computed here straight
//! from the CSV files.
//!
//! The computation shares no code with the service: no fold, no table, no query, no message. Only
//! what the figures mean is the same. It must stay so, or it proves nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answer;
mod arithmetic;
mod backends;
mod commission;
mod differences;
mod export;
mod from_files;
mod funnel;
mod health;
mod pay;
mod program;
mod question;
mod revenue;
mod time_travel;
mod velocity;
