//! Puts the log under fire, and counts what did not hold.
//!
//! Each mode attacks one promise on a throw-away server of its own, with a seed that repeats what was
//! chosen at random, and ends with a [`Tally`]: how much was tried, and how much of it was lost,
//! doubled, out of order or otherwise wrong. All four are to be 0.
//!
//! | mode | attacks |
//! | --- | --- |
//! | `model` | what append, read and follow answer, against a model in memory |
//! | `order` | that a follower skips nothing while transactions are held open at the worst moment |
//! | `kill` | that what was acknowledged outlives `kill -9`, once |
//! | `faults` | the same while PostgreSQL and NATS are stopped, crashed, and cut off |
//! | `nodes` | that two nodes on one database are one log, linearizable in each stream |
//! | `fuzz` | that no message makes a node panic, hang or grow |

mod faults;
mod feed;
mod fuzz;
mod history;
mod home;
mod kill;
mod ledger;
mod load;
mod model;
mod nodes;
mod order;
mod tally;

use std::time::{Duration, Instant};

pub use home::Backend;
use indicatif::ProgressBar;
pub use tally::Tally;

/// What is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// What the log answers, against a model in memory.
    Model,
    /// Followers beside transactions that are held open.
    Order,
    /// Kill -9 at random moments under load.
    Kill,
    /// PostgreSQL and NATS stopped, crashed and cut off under load.
    Faults,
    /// Two nodes on one database.
    Nodes,
    /// Hostile messages to every method.
    Fuzz,
}

/// How long it goes on.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    /// So many rounds; what a round is, the mode says.
    Rounds(u64),
    /// No new round after so long.
    Time(Duration),
}

/// What is to be done, and where progress is shown.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The database.
    pub backend: Backend,
    /// How long.
    pub extent: Extent,
    /// Repeats what is chosen at random; what the machine does meanwhile it does not repeat.
    pub seed: u64,
    /// Counts rounds, or seconds.
    pub progress: ProgressBar,
}

impl Plan {
    /// The rounds, one after another, as long as the plan goes on.
    fn rounds(&self) -> impl Iterator<Item = u64> {
        let (extent, began, progress) = (self.extent, Instant::now(), self.progress.clone());
        progress.set_length(match extent {
            Extent::Rounds(rounds) => rounds,
            Extent::Time(time) => time.as_secs(),
        });
        (0..).take_while(move |round| match extent {
            Extent::Rounds(rounds) => {
                progress.set_position(*round);
                *round < rounds
            }
            Extent::Time(time) => {
                progress.set_position(began.elapsed().as_secs());
                began.elapsed() < time
            }
        })
    }

    /// The chances of one part of it: the same for the same seed.
    fn chances(&self, part: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

/// How long a mode goes on if nobody says.
pub fn usual_extent(mode: Mode) -> Extent {
    match mode {
        Mode::Model => Extent::Rounds(20),
        Mode::Order => Extent::Rounds(20),
        Mode::Kill => Extent::Rounds(30),
        Mode::Faults => Extent::Rounds(20),
        Mode::Nodes => Extent::Time(Duration::from_secs(60)),
        Mode::Fuzz => Extent::Rounds(20),
    }
}

/// The databases on which a mode makes sense.
pub fn backends(mode: Mode) -> &'static [Backend] {
    match mode {
        // One process owns a data directory: a second node cannot be.
        Mode::Nodes => &[Backend::Postgres],
        _ => &[Backend::Sqlite, Backend::Postgres],
    }
}

/// Attacks. An error means that it could not be tried; what did not hold is in the tally.
pub async fn run(mode: Mode, plan: &Plan) -> anyhow::Result<Tally> {
    match mode {
        Mode::Model => model::run(plan).await,
        Mode::Order => order::run(plan).await,
        Mode::Kill => kill::run(plan).await,
        Mode::Faults => faults::run(plan).await,
        Mode::Nodes => nodes::run(plan).await,
        Mode::Fuzz => fuzz::run(plan).await,
    }
}
