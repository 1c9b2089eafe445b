//! A short round of each attack on the log; longer ones: `cargo run --release -p twinfunnel-fire`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use fire::{Backend, Extent, Mode, Plan};
use indicatif::ProgressBar;

/// Any will do; a failure tells it, for the program.
fn seed() -> u64 {
    u64::from(std::process::id())
}

/// Attacks, and fails if anything did not hold.
async fn under_fire(mode: Mode, backend: Backend, extent: Extent) {
    let plan = Plan {
        backend,
        extent,
        seed: seed(),
        progress: ProgressBar::hidden(),
    };
    let tally = fire::run(mode, &plan).await.unwrap();
    let told = tally.faults().join("\n");
    let how = format!("{mode:?} on {backend}, seed {}", plan.seed);
    assert!(
        tally.has_held() && tally.tried() > 0,
        "{how}: {tally}\n{told}"
    );
}

macro_rules! under_fire {
    ($($name:ident: $mode:ident on $backend:ident for $extent:expr;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            under_fire(Mode::$mode, Backend::$backend, $extent).await;
        })+
    };
}

under_fire! {
    model_on_sqlite: Model on Sqlite for Extent::Rounds(3);
    model_on_postgres: Model on Postgres for Extent::Rounds(2);
    order_on_sqlite: Order on Sqlite for Extent::Rounds(2);
    order_on_postgres: Order on Postgres for Extent::Rounds(1);
    kill_on_sqlite: Kill on Sqlite for Extent::Rounds(4);
    kill_on_postgres: Kill on Postgres for Extent::Rounds(4);
    faults_on_sqlite: Faults on Sqlite for Extent::Rounds(2);
    faults_on_postgres: Faults on Postgres for Extent::Rounds(9);
    nodes_on_postgres: Nodes on Postgres for Extent::Time(std::time::Duration::from_secs(5));
    fuzz_on_sqlite: Fuzz on Sqlite for Extent::Rounds(1);
    fuzz_on_postgres: Fuzz on Postgres for Extent::Rounds(1);
}
