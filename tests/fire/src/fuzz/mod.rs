//! Hostile messages to every method of every service.
//!
//! What is sent is made from the published contract: messages whose fields have the right types and
//! hostile values, damaged ones, oversized ones, and bytes that are no message. A node must answer each
//! in time, with an answer of the contract or an error that gives its reason; it must not panic, must
//! not grow without bound, and must do its work afterwards.

mod call;
mod message;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use crate::home::{Home, caller};
use crate::ledger::Ledger;
use crate::{Plan, Tally, history, load};

/// Calls that are under way at the same time.
const TASKS: u64 = 8;

/// Calls of each method, task and round.
const CALLS: u64 = 2;

/// Most memory a node may hold, and hold more than after its first round.
const MEMORY_KIB: u64 = 1_500_000;
const GROWTH_KIB: u64 = 600_000;

pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Tally> {
    let home = Home::new(plan.backend).await?;
    // A question may ask for a position that is never reached: that is waited for as long as is allowed.
    let node = home.start(&["--max-seconds", "2"])?;
    let client = caller(&node.url(), Duration::from_secs(20))?;
    let ledger = Ledger::default();
    load::found(&client, &ledger).await?;

    let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET)?;
    let services = pool
        .services()
        .filter(|service| service.full_name().starts_with("twinfunnel."));
    let methods: Arc<Vec<MethodDescriptor>> = Arc::new(
        services
            .flat_map(|s| s.methods().collect::<Vec<_>>())
            .collect(),
    );
    ensure!(!methods.is_empty(), "the contract has methods");
    let mut tally = Tally::default();
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let mut after_first = None;
    for round in plan.rounds() {
        let mut tasks = Vec::new();
        for task in 0..TASKS {
            let channel = Endpoint::from_shared(node.url())?.connect().await?;
            let attack = Attack {
                channel,
                methods: Arc::clone(&methods),
                chances: plan.chances(round << 8 | task),
            };
            tasks.push(tokio::spawn(attack.run()));
        }
        for (found, counted) in try_join_all(tasks).await? {
            tally.add(found);
            for (code, count) in counted {
                *codes.entry(format!("{code:?}")).or_default() += count;
            }
        }
        let memory = memory_kib(node.pid())?;
        let first = *after_first.get_or_insert(memory);
        if memory > MEMORY_KIB || memory.saturating_sub(first) > GROWTH_KIB {
            tally.wrong(format!(
                "it holds {memory} KiB, {first} after the first round"
            ));
        }
        if node.told().contains("panicked") {
            tally.wrong(node.told());
            break;
        }
        plan.progress
            .set_message(format!("{} calls, {memory} KiB", tally.tried()));
    }
    // It still does its work, and all of the log can be read.
    let health = client.health().await;
    if !matches!(health, Ok(true)) {
        tally.wrong(format!("it is not well: {health:?}"));
    }
    history::after(&client, 0).await?;
    history::check_read_models(&home, &client, &mut tally).await?;
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, n)| format!("{code} {n}"))
        .collect();
    tally.note(format!("{} methods: {}", methods.len(), codes.join(", ")));
    Ok(tally)
}

/// One after another of the methods.
struct Attack {
    channel: Channel,
    methods: Arc<Vec<MethodDescriptor>>,
    chances: fastrand::Rng,
}

impl Attack {
    async fn run(mut self) -> (Tally, Vec<(Code, u64)>) {
        let mut tally = Tally::default();
        let mut codes: Vec<(Code, u64)> = Vec::new();
        let mut order: Vec<usize> = (0..self.methods.len()).collect();
        self.chances.shuffle(&mut order);
        let methods = Arc::clone(&self.methods);
        for method in order.into_iter().filter_map(|at| methods.get(at)) {
            for _ in 0..CALLS {
                let count = if method.is_client_streaming() {
                    self.chances.usize(0..20)
                } else {
                    1
                };
                let messages = (0..count)
                    .map(|_| message::bytes(&method.input(), &mut self.chances))
                    .collect();
                tally.try_many(1);
                let channel = self.channel.clone();
                match call::call(channel, method, messages, &mut self.chances).await {
                    Ok(code) => match codes.iter_mut().find(|(known, _)| *known == code) {
                        Some((_, count)) => *count += 1,
                        None => codes.push((code, 1)),
                    },
                    Err(why) => tally.wrong(format!("{}: {why}", method.full_name())),
                }
            }
        }
        (tally, codes)
    }
}

/// The memory a process holds.
fn memory_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.context("the node has gone")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
