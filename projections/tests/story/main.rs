//! The read models, told as stories on both databases: given events, when asked, then figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(unreachable_pub, reason = "nothing is reached from outside a test")]

#[macro_use]
mod home;

mod as_of;
mod company;
mod customers;
mod cuts;
mod funnel;
mod health;
mod health_book;
mod keeping;
mod leases;
mod moved_end;
mod order;
mod picture;
mod refusals;
mod revenue;
mod revenue_order;
mod scratch;
mod swaps;
mod velocity;
mod worries;
