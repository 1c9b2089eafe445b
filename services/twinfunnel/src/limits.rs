//! Options of `serve` that bound what callers may ask of a node: past a bound a call is refused, and those
//! that are taken are answered in time.

use std::time::Duration;

use api::Limits;

/// Options of `serve`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Largest request taken, in bytes.
    #[arg(long, value_name = "BYTES")]
    max_message_len: Option<usize>,
    /// Longest time a call may take, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    max_seconds: Option<u64>,
    /// Most calls under way at the same time.
    #[arg(long, value_name = "COUNT")]
    max_calls: Option<usize>,
    /// Most streams that follow the log at the same time.
    #[arg(long, value_name = "COUNT")]
    max_follows: Option<usize>,
    /// Most events that one read of a stream gives.
    #[arg(long, value_name = "COUNT")]
    max_read_len: Option<usize>,
    /// Most commands of one bulk stream that wait for their commit.
    #[arg(long, value_name = "COUNT")]
    max_bulk_len: Option<usize>,
    /// Most commands that wait for their commit, for each writer.
    #[arg(long, value_name = "COUNT")]
    max_queue_len: Option<usize>,
    /// Most commands that share one commit.
    #[arg(long, value_name = "COUNT")]
    max_batch_len: Option<usize>,
}

impl LimitArgs {
    /// What callers are held to.
    pub(crate) fn of_callers(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            message_len: self.max_message_len.unwrap_or(usual.message_len),
            timeout: self.max_seconds.map_or(usual.timeout, Duration::from_secs),
            calls: self.max_calls.unwrap_or(usual.calls),
            follows: self.max_follows.unwrap_or(usual.follows),
            read_len: self.max_read_len.unwrap_or(usual.read_len),
            bulk_len: self.max_bulk_len.unwrap_or(usual.bulk_len),
        }
    }

    /// How much the log takes on.
    pub(crate) fn of_log(&self) -> log::Options {
        let usual = log::Options::default();
        log::Options {
            queue_len: self.max_queue_len.unwrap_or(usual.queue_len),
            batch_len: self.max_batch_len.unwrap_or(usual.batch_len),
            ..usual
        }
    }
}
