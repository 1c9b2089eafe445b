//! Throw-away servers and the real binary, for tests and benchmarks.
//!
//! A server started here listens on a free port of loopback, keeps its files in a temporary folder,
//! and goes away with the process that started it, however that ends.

mod binary;
mod nats;
mod node;
mod postgres;
mod watchdog;

pub use binary::twinfunnel_binary;
pub use nats::Nats;
pub use node::Node;
pub use postgres::Postgres;

/// A port of loopback that was free a moment ago.
pub fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}
