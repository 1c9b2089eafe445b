//! Kill -9 at random moments under load.
//!
//! A round is one life of a node: it is started, kept busy, and killed without warning. Callers go on
//! with the next one under the same command ids. In the end every acknowledged command must be there,
//! once, at the position that was told, positions must have no gap, and the read models must be what
//! a rebuild makes of the log.

use std::sync::Arc;
use std::time::Duration;

use support::Node;
use tokio::time::{Instant, sleep};

use crate::home::{Home, caller};
use crate::ledger::Ledger;
use crate::load::{self, Working};
use crate::{Plan, Tally, history};

const CALLERS: u64 = 12;

/// How long a caller waits for an answer before it sends again.
const PATIENCE: Duration = Duration::from_secs(2);

/// A node lives at least until it has acknowledged so many commands, or for so long.
const WORK: usize = 20;
const LIFE: Duration = Duration::from_secs(10);

pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Tally> {
    let home = Home::new(plan.backend).await?;
    // One address for all its lives: callers find it again by themselves.
    let address = format!("127.0.0.1:{}", support::free_port()?);
    let url = format!("http://{address}");
    let options = ["--listen", address.as_str()];
    let ledger = Arc::new(Ledger::default());
    let client = caller(&url, Duration::from_secs(30))?;
    let mut chances = plan.chances(u64::MAX);
    let mut tally = Tally::default();

    let first = home.start(&options)?;
    load::found(&client, &ledger).await?;
    tokio::task::block_in_place(|| first.kill());
    let nodes = vec![caller(&url, PATIENCE)?];
    let working = Working::start(&ledger, &nodes, CALLERS, |number| plan.chances(number));
    let mut kills = 0;
    for _ in plan.rounds() {
        let before = ledger.acknowledged();
        let node = home.start(&options)?;
        let began = Instant::now();
        while ledger.acknowledged() < before + WORK {
            if began.elapsed() > LIFE {
                tally.wrong(format!("{LIFE:?} after its start it has hardly answered"));
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(chances.u64(0..600))).await;
        kill(node, &mut tally);
        kills += 1;
        plan.progress
            .set_message(format!("{} acknowledged", ledger.acknowledged()));
    }
    let node = home.start(&options)?;
    working.stop().await?;
    let events = history::after(&client, 0).await?;
    tally.add(ledger.settle(&events));
    history::check_read_models(&home, &client, &mut tally).await?;
    kill(node, &mut tally);
    tally.note(format!("{kills} kills, {} events", events.len()));
    Ok(tally)
}

/// Kills a node, after which nothing tells of a panic.
fn kill(node: Node, tally: &mut Tally) {
    let told = node.told();
    if told.contains("panicked") {
        tally.wrong(told);
    }
    tokio::task::block_in_place(|| node.kill());
}
