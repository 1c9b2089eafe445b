//! What a caller lives through: journeys over gRPC and the command line with the real server, on
//! both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod home;
mod company;
mod raw;

mod alarms;
mod auditing;
mod authenticating;
mod backing_up;
mod bulk;
mod command_line;
mod commission;
mod crashing;
mod crowding;
mod customers;
mod following;
mod following_up;
mod full_disk;
mod guarding;
mod health;
mod hostile;
mod importing;
mod limits;
mod malformed;
mod published;
mod reading_own_writes;
mod refusing;
mod repeating;
mod sealing;
mod selling;
mod setting_up;
mod stopping;
mod tenants;
mod two_nodes;
mod whole_history;
