//! Commission, from outside: plans as users write them, facts, and what is paid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    reason = "what a test counts is small, and a plan is written where it is used"
)]

mod anew;
mod clawback;
mod credits;
mod deductions;
mod language;
mod late;
mod laws;
mod limits;
mod published;
mod terms;
mod tiers;
mod timing;
mod watching;
