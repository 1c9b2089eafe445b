//! Two nodes on one database are one log.
//!
//! Callers send each command to either node, and fight over a few streams; readers look at those
//! streams on either node. What was acknowledged on one node is seen on the other by whoever looks
//! afterwards, stands before whatever is sent afterwards, and no change of it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use client::Client;
use futures::StreamExt as _;
use proto::v1::{GetFunnelConversionRequest, ReadStreamRequest};
use tokio::time::sleep;

use crate::home::{Home, caller};
use crate::ledger::Ledger;
use crate::load::{self, HOT, Working};
use crate::{Plan, Tally, history};

const CALLERS: u64 = 16;
const READERS: u64 = 4;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Tally> {
    let home = Home::new(plan.backend).await?;
    let (one, other) = (home.start(&[])?, home.start(&[])?);
    let clients = vec![
        caller(&one.url(), PATIENCE)?,
        caller(&other.url(), PATIENCE)?,
    ];
    let ledger = Arc::new(Ledger::default());
    for client in clients.iter().take(1) {
        load::found(client, &ledger).await?;
    }
    let working = Working::start(&ledger, &clients, CALLERS, |number| plan.chances(number));
    let looking = Arc::new(Looking {
        ledger: Arc::clone(&ledger),
        done: AtomicBool::new(false),
        looks: AtomicU64::new(0),
    });
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let chances = plan.chances(1_000 + number);
            tokio::spawn(Arc::clone(&looking).look(clients.clone(), chances))
        })
        .collect();
    for _ in plan.rounds() {
        sleep(Duration::from_secs(1)).await;
        plan.progress
            .set_message(format!("{} acknowledged", ledger.acknowledged()));
    }
    working.stop().await?;
    looking.done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await??;
    }

    let mut tally = Tally::default();
    let mut shown = Vec::new();
    for client in &clients {
        shown.push(history::after(client, 0).await?);
    }
    if let [one, other] = shown.as_slice() {
        if one != other {
            tally.wrong("the nodes do not show the same log");
        }
        tally.add(ledger.settle(one));
        tally.note(format!("{} events", one.len()));
    }
    tally.try_many(looking.looks.load(Ordering::Relaxed));
    for client in clients.iter().take(1) {
        history::check_read_models(&home, client, &mut tally).await?;
    }
    for node in [one, other] {
        if node.told().contains("panicked") {
            tally.wrong(node.told());
        }
    }
    Ok(tally)
}

/// Those who read while others write.
struct Looking {
    ledger: Arc<Ledger>,
    done: AtomicBool,
    looks: AtomicU64,
}

impl Looking {
    async fn look(
        self: Arc<Self>,
        nodes: Vec<Client>,
        mut chances: fastrand::Rng,
    ) -> anyhow::Result<()> {
        while !self.done.load(Ordering::Relaxed) {
            let Some(node) = chances.choice(&nodes) else {
                break;
            };
            self.looks.fetch_add(1, Ordering::Relaxed);
            if chances.u8(..) < 40 {
                self.ask(node).await?;
            } else {
                let hot = chances.choice(HOT).unwrap_or_default();
                self.read(node, &format!("opportunity-{hot}")).await?;
            }
        }
        Ok(())
    }

    /// Reads a stream: all that was acknowledged before is in it.
    async fn read(&self, node: &Client, stream: &str) -> anyhow::Result<()> {
        let acknowledged = self.ledger.version(stream);
        let question = ReadStreamRequest {
            stream: stream.to_owned(),
            // The last that must be there, and what follows.
            after_version: acknowledged.saturating_sub(3),
            limit: 0,
        };
        let mut answers = node.read_stream(question).await?;
        let mut version = acknowledged.saturating_sub(3);
        while let Some(answer) = answers.next().await {
            let Some(event) = answer?.event else { continue };
            if event.version != version + 1 {
                let told = format!("{stream}: {} after {version}", event.version);
                self.ledger.wrong(told);
            }
            version = event.version;
        }
        if version < acknowledged {
            let told = format!("{stream} shows {version}, but {acknowledged} was acknowledged");
            self.ledger.lose(told);
        }
        Ok(())
    }

    /// Asks a read model for one's own writes.
    async fn ask(&self, node: &Client) -> anyhow::Result<()> {
        let acknowledged = self.ledger.highest_position();
        let question = GetFunnelConversionRequest {
            consistency: Some(client::at_least(acknowledged)),
            ..GetFunnelConversionRequest::default()
        };
        let answer = node.funnel_conversion(question).await?;
        let from = answer.answered_from.map_or(0, |from| from.position);
        if from < acknowledged {
            let told = format!("answered from {from}, but {acknowledged} was acknowledged");
            self.ledger.lose(told);
        }
        Ok(())
    }
}
