//! Puts the log under fire and says what did not hold.
//!
//! ```text
//! cargo run --release -p twinfunnel-fire -- model|order|kill|faults|nodes|fuzz
//!     [--backend sqlite|postgres] [--rounds N | --seconds N] [--seed S]
//! ```
//!
//! The last line of each run counts what was tried and what was lost, doubled, out of order or wrong;
//! the exit code is 0 only if nothing was.
#![allow(clippy::print_stdout, reason = "a program whose output is the point")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fire::{Backend, Extent, Mode, Plan};
use indicatif::{ProgressBar, ProgressStyle};
use twinfunnel_fire as fire;

/// Puts the log under fire and says what did not hold.
#[derive(Debug, Parser)]
struct Arguments {
    /// What is attacked.
    mode: Mode,
    /// On which database; on each where it makes sense, if not given.
    #[arg(long)]
    backend: Option<Backend>,
    /// How many rounds.
    #[arg(long, conflicts_with = "seconds")]
    rounds: Option<u64>,
    /// How long, in seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// What is chosen at random is chosen by it.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mode = arguments.mode;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let extent = match (arguments.rounds, arguments.seconds) {
        (Some(rounds), _) => Extent::Rounds(rounds),
        (None, Some(seconds)) => Extent::Time(Duration::from_secs(seconds)),
        (None, None) => fire::usual_extent(mode),
    };
    let possible = fire::backends(mode);
    let backends = match arguments.backend {
        Some(one) if !possible.contains(&one) => {
            anyhow::bail!("{mode:?} makes no sense on {one}: one process owns a data directory")
        }
        Some(one) => vec![one],
        None => possible.to_vec(),
    };
    let mut held = true;
    for backend in backends {
        let name = format!("{mode:?}").to_lowercase();
        println!("{name} on {backend}, --seed {seed}");
        let progress = ProgressBar::new(0)
            .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
        let plan = Plan {
            backend,
            extent,
            seed,
            progress: progress.clone(),
        };
        let tally = fire::run(mode, &plan).await?;
        progress.finish_and_clear();
        for fault in tally.faults() {
            println!("  {fault}");
        }
        println!("{name} on {backend}, seed {seed}: {tally}");
        held &= tally.has_held();
    }
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
