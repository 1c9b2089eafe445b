//! Reactors: what follows from what happened, facts in, commands out.
//!
//! One concept: *what should be by an instant, less what is* ([`figures::follow_up`]), carried out as
//! commands. Nothing is remembered of what was done but that it is so. So a crash, a second node or
//! another telling of the same history does nothing twice, and leaves nothing out.
//!
//! # Two drivers of one function
//!
//! - **The log**: whoever something happens to is looked at as of when it happened ([`follow`]).
//! - **The clock**: a tenant's days end one after another; on each, whoever something happened to, for
//!   whom something is due, or gives cause for worry ([`clock`]).
//!
//! # Time comes from outside
//!
//! A tenant's clock stands until it is first set going, by [`Reactors::tick`]. The wall clock only keeps
//! on what is near the present already ([`NEAR_DAYS`]): it never runs ahead of a history that is being
//! told.
//!
//! # One node at a time
//!
//! Where nodes share a database one of them reacts, under a lease; when it dies another takes over. The
//! lease spares work, it guards nothing: a node that wakes after it was taken over does what is done already,
//! under the same command ids. Days may be ended by [`Reactors::tick`] on any node, whoever reacts.
//!
//! # What it must never know
//!
//! gRPC, and any rule: rules are the domain's, and what follows from what is the calculator's.

mod carry_out;
mod clock;
mod follow;
mod late;
mod settle;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use event_schemas::vocabulary::{CustomerId, Invalid, Position, TenantId};
use executor::Executor;
use log::Log;
use projections::{Candidate, Projections, QueryError};
use tokio::task::{JoinHandle, JoinSet};

/// Days by which a tenant's clock may be behind the present for the wall clock to keep it going.
pub const NEAR_DAYS: i64 = 7;

/// Days that are ended at once, at most: ten years.
pub const DAYS_MAX: i64 = 3_660;

/// In whose name reactors act.
pub const ACTOR: &str = "reactor";

/// Of what follows from what: nodes of an older program react beside newer ones.
const VERSION: u32 = 1;

/// How long to rest after an error.
const REST: Duration = Duration::from_secs(1);

/// Why reactions stand still. To go on later does no harm.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The read models do not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A command was not carried out, and may be later.
    #[error(transparent)]
    Executor(#[from] executor::Error),
    /// The log does not answer.
    #[error("the log does not answer: {0}")]
    Log(#[from] log::Error),
    /// What is to be done has no name.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A day that is not over cannot be ended: what happens on it has not happened yet.
    #[error("{day} is not over yet")]
    NotOver {
        /// The day.
        day: NaiveDate,
    },
    /// More days are to be ended than is done at once.
    #[error("{days} days are to be ended, at most {DAYS_MAX} are at once")]
    TooManyDays {
        /// How many.
        days: i64,
    },
}

/// A day that was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The day, in the tenant's time zone.
    pub day: NaiveDate,
    /// How many commands it took to do what was due.
    pub reactions: u32,
    /// Of the event that ended it.
    pub position: Position,
}

/// Reacts; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reactors(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Log,
    executor: Executor,
    projections: Projections,
    /// What is remembered of tenants, to be quick; what is forgotten is found again.
    agendas: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<Agenda>>>>,
}

/// For whom something is due, and on the end of which day.
#[derive(Debug, Default)]
struct Agenda {
    /// The day that had ended when it was drawn up.
    ended: Option<NaiveDate>,
    due: BTreeMap<CustomerId, NaiveDate>,
}

impl Reactors {
    /// Reactors on a log, which do nothing by themselves until they are [started](Self::start).
    pub fn new(log: Log, executor: Executor, projections: Projections) -> Self {
        Self(Arc::new(Inner {
            log,
            executor,
            projections,
            agendas: Mutex::default(),
        }))
    }

    /// What is due to whom; one day of a tenant ends at a time.
    fn agenda_of(&self, tenant: &TenantId) -> Arc<tokio::sync::Mutex<Agenda>> {
        let agendas = self.0.agendas.lock();
        let mut agendas = agendas.unwrap_or_else(PoisonError::into_inner);
        Arc::clone(agendas.entry(tenant.clone()).or_default())
    }

    /// Follows the log of every tenant, and keeps near clocks going, whenever it is this node's turn.
    pub fn start(&self) -> Reacting {
        let candidate = self.0.projections.candidate(ACTOR, VERSION);
        Reacting {
            working: tokio::spawn(work(self.clone(), candidate.clone())),
            candidate,
        }
    }
}

/// Reactors at work.
#[derive(Debug)]
pub struct Reacting {
    working: JoinHandle<()>,
    candidate: Option<Candidate>,
}

impl Drop for Reacting {
    fn drop(&mut self) {
        self.working.abort();
    }
}

impl Reacting {
    /// Stops them where they are: what is half done is found undone the next time. Another node need not
    /// wait for it.
    pub async fn stop(mut self) {
        self.working.abort();
        // An abort is what was asked for.
        let _ = (&mut self.working).await;
        if let Some(candidate) = &self.candidate {
            candidate.give_back().await;
        }
    }
}

async fn work(reactors: Reactors, candidate: Option<Candidate>) {
    match candidate {
        Some(candidate) => candidate.in_turn(|_| supervise(reactors.clone())).await,
        None => supervise(reactors).await,
    }
}

/// Runs one worker a tenant, as tenants appear.
async fn supervise(reactors: Reactors) {
    let log = reactors.0.log.clone();
    let mut appeared = log.watch_tenants();
    let mut known: HashSet<TenantId> = HashSet::new();
    let mut workers = JoinSet::new();
    loop {
        appeared.mark_unchanged();
        match log.tenants().await {
            Ok(tenants) => {
                for tenant in tenants {
                    if known.insert(tenant.clone()) {
                        workers.spawn(follow::run(reactors.clone(), tenant));
                    }
                }
                if appeared.changed().await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "tenants cannot be read");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
