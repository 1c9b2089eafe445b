//! Callers who keep a node busy: each tells the stories of opportunities of its own, and all of them
//! fight over a few. A command is sent under one id until it is acknowledged, whatever happens to the
//! node meanwhile; and what was acknowledged is now and then sent again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use client::{Client, CommandOptions, IntoKind as _};
use fastrand::Rng;
use futures::future::try_join_all;
use futures::{StreamExt as _, stream};
use proto::v1;
use proto::v1::command::Kind;
use proto::v1::submit_response::Outcome;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tonic::Code;

use crate::ledger::Ledger;

/// Opportunities that all callers change.
pub(crate) const HOT: [&str; 3] = ["hot1", "hot2", "hot3"];

/// Commands of one stream in bulk.
const IN_BULK: usize = 40;

/// How long a caller rests when it was not answered.
const REST: Duration = Duration::from_millis(20);

/// What callers have in common.
pub(crate) struct Crowd {
    ledger: Arc<Ledger>,
    sent: Mutex<HashMap<String, Kind>>,
    done: AtomicBool,
}

/// Callers at work.
pub(crate) struct Working {
    crowd: Arc<Crowd>,
    callers: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Working {
    /// Lets callers loose on nodes, each on any of them as it pleases.
    pub(crate) fn start(
        ledger: &Arc<Ledger>,
        nodes: &[Client],
        callers: u64,
        chances: impl Fn(u64) -> Rng,
    ) -> Self {
        let crowd = Arc::new(Crowd {
            ledger: Arc::clone(ledger),
            sent: Mutex::default(),
            done: AtomicBool::new(false),
        });
        let callers = (0..callers).map(|number| {
            let caller = Caller {
                crowd: Arc::clone(&crowd),
                nodes: nodes.to_vec(),
                chances: chances(number),
                name: format!("k{number}"),
            };
            // One in four sends in bulk.
            tokio::spawn(async move {
                match number % 4 {
                    3 => caller.submit().await,
                    _ => caller.call().await,
                }
            })
        });
        let callers = callers.collect();
        Self { crowd, callers }
    }

    /// Lets each get its answer, and end.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.crowd.done.store(true, Ordering::Relaxed);
        for ended in try_join_all(self.callers).await? {
            ended?;
        }
        Ok(())
    }
}

/// Registers what all callers need.
pub(crate) async fn found(client: &Client, ledger: &Ledger) -> anyhow::Result<()> {
    let stages = ["lead", "qualified", "proposal"].map(|id| v1::Stage {
        stage_id: id.into(),
        name: id.to_uppercase(),
        ..v1::Stage::default()
    });
    let process = v1::DefineSalesProcess {
        sales_process_id: "b2b".into(),
        name: "New business".into(),
        stages: stages.into(),
    };
    let rep = v1::RegisterRep {
        rep_id: "ann".into(),
        name: "Ann".into(),
        email: String::new(),
    };
    let mut commands = vec![process.into_kind(), rep.into_kind()];
    commands.extend(HOT.map(|id| lead(id).into_kind()));
    for (kind, n) in commands.into_iter().flatten().zip(0..) {
        let id = format!("found.{n}");
        let asked_at = ledger.ask(&id);
        let receipt = client.command(under(&id), kind).await?;
        ledger.acknowledge(asked_at, receipt);
    }
    Ok(())
}

fn under(id: &str) -> CommandOptions {
    CommandOptions {
        command_id: Some(id.to_owned()),
        ..CommandOptions::default()
    }
}

fn lead(id: &str) -> v1::RegisterOpportunity {
    v1::RegisterOpportunity {
        opportunity_id: id.into(),
        name: format!("Deal {id}"),
        sales_process_id: "b2b".into(),
        ..v1::RegisterOpportunity::default()
    }
}

fn worth(id: &str, cents: u64) -> Option<Kind> {
    let amount = Some(v1::Money {
        currency_code: "USD".into(),
        amount: format!("{}.{:02}", cents / 100, cents % 100),
    });
    let opportunity_id = id.to_owned();
    v1::ChangeAmount {
        opportunity_id,
        amount,
    }
    .into_kind()
}

/// One who calls.
struct Caller {
    crowd: Arc<Crowd>,
    nodes: Vec<Client>,
    chances: Rng,
    name: String,
}

impl Caller {
    fn is_done(&self) -> bool {
        self.crowd.done.load(Ordering::Relaxed)
    }

    fn node(&mut self) -> anyhow::Result<Client> {
        let node = self.chances.choice(&self.nodes).cloned();
        node.ok_or_else(|| anyhow::anyhow!("there is no node"))
    }

    /// The story of one opportunity; none of it is refused if all of it happens in this order.
    fn story(&mut self, id: &str) -> Vec<Kind> {
        let opportunity_id = || id.to_owned();
        let email = match self.chances.u8(..) {
            0..=100 => format!("{id}@customer.example"),
            _ => String::new(),
        };
        let register = v1::RegisterOpportunity { email, ..lead(id) };
        let assign = v1::AssignLead {
            opportunity_id: opportunity_id(),
            rep_id: "ann".into(),
            reason: String::new(),
        };
        let advance = v1::AdvanceStage {
            opportunity_id: opportunity_id(),
            to_stage_id: "qualified".into(),
            note: String::new(),
        };
        let win = v1::WinOpportunity {
            opportunity_id: opportunity_id(),
            amount: None,
        };
        let mut story = vec![
            register.into_kind(),
            assign.into_kind(),
            worth(id, self.chances.u64(1..1_000_000)),
            advance.into_kind(),
            win.into_kind(),
        ];
        story.truncate(self.chances.usize(1..=story.len()));
        for _ in 0..self.chances.usize(0..3) {
            let hot = self.chances.choice(HOT).unwrap_or_default();
            story.push(worth(hot, self.chances.u64(1..1_000_000_000)));
        }
        story.into_iter().flatten().collect()
    }

    /// Sends one command after another.
    async fn call(mut self) -> anyhow::Result<()> {
        for story in 0_u64.. {
            let opportunity = format!("{}.{story}", self.name);
            for (kind, step) in self.story(&opportunity).into_iter().zip(0_u64..) {
                if self.is_done() {
                    return Ok(());
                }
                self.insist(&format!("{opportunity}.{step}"), kind).await?;
            }
            if self.chances.u8(..) < 80
                && let Some(id) = self.crowd.ledger.any(&mut self.chances)
            {
                let kind = self.crowd.sent().get(&id).cloned();
                if let Some(kind) = kind {
                    self.insist(&id, kind).await?;
                }
            }
        }
        Ok(())
    }

    /// Sends a command until it is acknowledged.
    async fn insist(&mut self, id: &str, kind: Kind) -> anyhow::Result<()> {
        let asked_at = self.crowd.ledger.ask(id);
        self.crowd.sent().insert(id.to_owned(), kind.clone());
        loop {
            let node = self.node()?;
            match node.command(under(id), kind.clone()).await {
                Ok(receipt) => {
                    self.crowd.ledger.acknowledge(asked_at, receipt);
                    return Ok(());
                }
                Err(error) => match error.refused() {
                    Some(refused) if refused.code != Code::Aborted => {
                        let ledger = &self.crowd.ledger;
                        ledger.wrong(format!("{id} was refused: {refused}"));
                        return Ok(());
                    }
                    _ => sleep(REST).await,
                },
            }
        }
    }

    /// Sends streams of commands; what was not answered is in the next one again, in its place.
    async fn submit(mut self) -> anyhow::Result<()> {
        let mut waiting: Vec<(String, Kind)> = Vec::new();
        for story in 0_u64.. {
            if self.is_done() && waiting.is_empty() {
                return Ok(());
            }
            while waiting.len() < IN_BULK && !self.is_done() {
                let opportunity = format!("{}.{story}.{}", self.name, waiting.len());
                let steps = self.story(&opportunity).into_iter().zip(0_u64..);
                waiting.extend(steps.map(|(kind, n)| (format!("{opportunity}.{n}"), kind)));
            }
            let mut asked = Vec::with_capacity(waiting.len());
            for (id, kind) in &waiting {
                asked.push(self.crowd.ledger.ask(id));
                self.crowd.sent().insert(id.clone(), kind.clone());
            }
            let elements: Vec<_> = waiting.iter().map(element).collect();
            let answered = self.submit_once(elements, &asked).await?;
            waiting.drain(..answered);
            if !waiting.is_empty() {
                sleep(REST).await;
            }
        }
        Ok(())
    }

    /// How many of the elements, the first ones, were answered for good.
    async fn submit_once(
        &mut self,
        elements: Vec<v1::SubmitRequest>,
        asked: &[u64],
    ) -> anyhow::Result<usize> {
        let ids: Vec<String> = elements.iter().map(|e| e.command_id.clone()).collect();
        let Ok(mut answers) = self.node()?.submit(stream::iter(elements)).await else {
            return Ok(0);
        };
        let mut answered = 0;
        for (id, asked_at) in ids.iter().zip(asked) {
            let Some(Ok(answer)) = answers.next().await else {
                break;
            };
            match answer.outcome {
                Some(Outcome::Receipt(receipt)) => {
                    self.crowd.ledger.acknowledge(*asked_at, receipt);
                }
                Some(Outcome::Refusal(refusal)) if is_passing(refusal.code) => break,
                other => self.crowd.ledger.wrong(format!("{id}: {other:?}")),
            }
            answered += 1;
        }
        // What follows an element that has to be sent again goes again with it; what landed of it is
        // known by its id.
        Ok(answered)
    }
}

impl Crowd {
    fn sent(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kind>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn element((id, kind): &(String, Kind)) -> v1::SubmitRequest {
    let command = Some(v1::Command {
        kind: Some(kind.clone()),
    });
    v1::SubmitRequest {
        command_id: id.clone(),
        command,
        ..v1::SubmitRequest::default()
    }
}

/// Whether the same command may well be taken a moment later.
fn is_passing(code: i32) -> bool {
    matches!(
        Code::from_i32(code),
        Code::Unavailable | Code::Aborted | Code::ResourceExhausted | Code::DeadlineExceeded
    )
}
