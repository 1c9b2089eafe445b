//! The gRPC door: who may come in, what they ask, and how an answer or an error is told.
//!
//! Handlers have no opinions: a command rpc is begin, settle, receipt; a query rpc asks the read
//! model. What is decided here is only who is calling and how a refusal becomes a gRPC status.

mod bulk;
mod clock;
mod closing;
mod command;
mod crowd;
mod deadline;
mod door;
mod history;
mod metadata;
mod query;
mod seal;
mod server;
mod status;
mod stopping;
mod unread;

pub use door::{Authentication, Caller, Door, DoorError, Right};
pub use server::{Limits, Roles, ServeError, Server, Tls};
