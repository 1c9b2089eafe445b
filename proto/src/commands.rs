//! Every command as one kind of thing: routed by its noun, served by one handler.
#![allow(
    missing_docs,
    clippy::large_enum_variant,
    reason = "generated; the .proto files carry the docs"
)]

include!("generated/commands.rs");
