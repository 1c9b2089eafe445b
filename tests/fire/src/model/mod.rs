//! What append, read and follow answer, against a model in memory.
//!
//! A round opens the log and lets many tasks at it. Some have a tenant of their own: every answer they
//! get is known beforehand. The others fight over one tenant: whatever they were answered, there must
//! be one order of it all that a single caller would have been answered the same in, and no answer may
//! contradict what was known when it was asked for. Then the log is closed, opened again and read.

pub(crate) mod act;
mod contested;
mod exact;
mod state;

use event_schemas::vocabulary::TenantId;
use futures::future::try_join_all;

use crate::home::Home;
use crate::{Plan, Tally};

/// Tasks of a round with a tenant of their own.
const OWNERS: u64 = 8;

/// Tasks of a round that fight over one tenant.
const RIVALS: u64 = 6;

/// Turns that each task takes.
const TURNS: usize = 60;

pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Tally> {
    let home = Home::new(plan.backend).await?;
    let mut tally = Tally::default();
    let mut rounds = 0;
    for round in plan.rounds() {
        rounds += 1;
        let log = home.log().await?;
        let tenant = |task: &str| TenantId::new(&format!("r{round}.{task}"));
        let mut owners = Vec::new();
        for task in 0..OWNERS {
            let chances = plan.chances(round << 8 | task);
            let tenant = tenant(&task.to_string())?;
            let owner = exact::Owner::new(log.clone(), tenant, chances);
            owners.push(tokio::spawn(owner.act(TURNS)));
        }
        let arena = contested::Arena::new(log.clone(), tenant("all")?);
        let mut rivals = Vec::new();
        for task in 0..RIVALS {
            let chances = plan.chances(round << 8 | 0x80 | task);
            rivals.push(tokio::spawn(arena.rival(task).act(TURNS, chances)));
        }
        let mut owners = try_join_all(owners).await?;
        let outcomes = try_join_all(rivals).await?;
        log.close().await;
        drop((log, arena));
        let log = home.log().await?;
        for owner in &mut owners {
            owner.compare_all(&log).await?;
            tally.add(owner.take_tally());
        }
        let outcomes = outcomes.into_iter().flatten().collect();
        tally.add(contested::judge(&log, &tenant("all")?, outcomes).await?);
        log.close().await;
    }
    tally.note(format!("{rounds} rounds"));
    Ok(tally)
}
