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
//! # What it must never know
//!
//! gRPC, and any rule: rules are the domain's, and what follows from what is the calculator's.

mod carry_out;
mod clock;
mod follow;
mod settle;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use event_schemas::vocabulary::{CustomerId, Invalid, Position, TenantId};
use executor::Executor;
use log::Log;
use projections::{Projections, QueryError};
use tokio::task::{JoinHandle, JoinSet};

/// Days by which a tenant's clock may be behind the present for the wall clock to keep it going.
pub const NEAR_DAYS: i64 = 7;

/// Days that are ended at once, at most: ten years.
pub const DAYS_MAX: i64 = 3_660;

/// In whose name reactors act.
pub const ACTOR: &str = "reactor";

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
    tenants: Mutex<HashMap<TenantId, Arc<Tenant>>>,
}

/// What is remembered of a tenant, to be quick; what is forgotten is found again.
#[derive(Debug, Default)]
struct Tenant {
    /// One day ends at a time.
    agenda: tokio::sync::Mutex<Agenda>,
    /// Customers of whom something was told late, to be looked at when the next day ends.
    late: Mutex<BTreeSet<CustomerId>>,
}

/// For whom something is due, and on the end of which day.
#[derive(Debug, Default)]
struct Agenda {
    /// The day that had ended when it was drawn up.
    ended: Option<NaiveDate>,
    due: BTreeMap<CustomerId, NaiveDate>,
}

impl Tenant {
    fn take_late(&self) -> BTreeSet<CustomerId> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *late)
    }

    fn tell_late(&self, customer_id: CustomerId) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.insert(customer_id);
    }
}

impl Reactors {
    /// Reactors on a log, which do nothing by themselves until they are [started](Self::start).
    pub fn new(log: Log, executor: Executor, projections: Projections) -> Self {
        Self(Arc::new(Inner {
            log,
            executor,
            projections,
            tenants: Mutex::default(),
        }))
    }

    fn tenant(&self, tenant: &TenantId) -> Arc<Tenant> {
        let mut tenants = self
            .0
            .tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.entry(tenant.clone()).or_default())
    }

    /// Follows the log of every tenant, and keeps near clocks going.
    pub fn start(&self) -> Reacting {
        Reacting(tokio::spawn(supervise(self.clone())))
    }
}

/// Reactors at work.
#[derive(Debug)]
pub struct Reacting(JoinHandle<()>);

impl Drop for Reacting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reacting {
    /// Stops them where they are: what is half done is found undone the next time.
    pub async fn stop(mut self) {
        self.0.abort();
        // An abort is what was asked for.
        let _ = (&mut self.0).await;
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
