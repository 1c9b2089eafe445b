//! The typed client of Twinfunnel for other Rust services.
//!
//! A [`Client`] is cheap to clone and connects when it is first used. Commands are retried under one
//! command id while the server is away, so that a command takes effect once however often it is
//! sent; queries are retried likewise. What the server refuses is an [`Error::Refused`] with the
//! rule that was broken.
//!
//! ```no_run
//! use twinfunnel_client::{Client, CommandOptions, Config, Error, at_least};
//! use proto::v1::{GetFunnelConversionRequest, RegisterCustomer, CustomerProfile};
//!
//! # async fn example() -> Result<(), Error> {
//! let client = Client::connect(Config::new("http://127.0.0.1:7447", "main"))?;
//! let register = RegisterCustomer {
//!     customer_id: "acme".to_owned(),
//!     profile: Some(CustomerProfile { name: "Acme".to_owned(), ..CustomerProfile::default() }),
//!     external_id: None,
//! };
//! let receipt = client.command(CommandOptions::default(), register).await?;
//!
//! // Read one's own writes.
//! let question = GetFunnelConversionRequest {
//!     consistency: Some(at_least(receipt.position)),
//!     ..GetFunnelConversionRequest::default()
//! };
//! let answer = client.funnel_conversion(question).await?;
//! println!("{:?}", answer.overall);
//! # Ok(())
//! # }
//! ```

mod command;
mod commission;
mod config;
mod connection;
mod customer;
mod encoded;
mod error;
mod follow_up;
mod history;
mod metadata;
mod query;
mod seal;

/// An answer, once it has come. Boxed, so that all that brings it is compiled in this crate.
pub type Answer<'a, T> = futures::future::BoxFuture<'a, Result<T, Error>>;

pub use command::{CommandOptions, IntoKind};
pub use config::Config;
pub use connection::{Answers, Client};
pub use error::{Error, Refused, Violation};
pub use query::at_least;
