//! The program `twinfunnel`: the server and the tools that speak with one.

mod audit;
mod backup;
mod cli;
mod connect;
mod demo;
mod events;
mod export;
mod import;
mod import_crm;
mod import_saas;
mod instant;
mod limits;
mod lines;
mod output;
mod progress;
mod read_models;
mod render;
mod seal;
mod send;
mod serve;
mod serve_command;
mod show;
mod signals;
mod submit;
mod tick;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

/// A call allocates in one thread and frees in another, which the system's allocator is slow at: with
/// this one and a lighter cache of aggregates a command took 38 µs of the server's time instead of 48
/// (`twinfunnel-bench`, 64 in flight).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // `RUST_LOG` decides what is told of the work; results go to standard output alone.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let code = runtime
        .block_on(cli::run(cli))
        .unwrap_or_else(|error| fail(&error));
    // A read of standard input cannot be called off: it is not waited for.
    runtime.shutdown_background();
    code
}

/// Tells people why a command could not be carried out.
fn fail(error: &anyhow::Error) -> ExitCode {
    output::tell_line(&format!("twinfunnel: {error:#}"));
    let unreachable = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(client::Error::Transport { .. }))
    };
    if error.chain().any(unreachable) {
        output::tell_line("Is `twinfunnel serve` running there?");
    }
    ExitCode::FAILURE
}
