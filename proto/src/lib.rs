//! The published gRPC contract: messages and services generated from `twinfunnel/v1/*.proto`,
//! their proto3 JSON form, and the table that tells commands apart.
//!
//! Knows nothing of the log, the rules or the figures.

pub mod commands;
pub mod instant;
pub mod json;

/// Messages and services of the package `twinfunnel.v1`.
pub mod v1 {
    #![allow(
        missing_docs,
        unreachable_pub,
        unused_qualifications,
        clippy::all,
        clippy::pedantic,
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "generated; the .proto files carry the docs"
    )]
    include!("generated/twinfunnel.v1.rs");
}

/// The encoded `FileDescriptorSet` of the package, as served by gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");
