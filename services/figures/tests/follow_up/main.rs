//! Following up as laws: a history told live, at once or in pieces brings the same tasks; and stories of
//! when they are due.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

extern crate twinfunnel_figures as figures;

mod laws;
mod stories;
mod world;
