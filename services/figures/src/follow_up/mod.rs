//! Following customers up: what should have been done by an instant, less what was; as reactions.
//!
//! # What follows from what
//!
//! - The playbook that holds for a contract is the version in force on the day of its signing, as
//!   published by then; where there is none, the [built-in one](standard).
//! - A step's day is counted from its anchor: months, then days, clamped at a month's end, in the
//!   tenant's zone. The next of a repeated step is counted from the first, and planned on the day on
//!   which the one before is due. No task is due before the contract was signed, nor on the day of its
//!   end or later; of a contract that renews another, none before its first day. Such a contract
//!   inherits the other's milestones, and is not onboarded again unless it is handed over.
//! - A task moves when its anchor moves, and is cancelled when nothing is left to do it for: the
//!   contract was terminated before its day, renewed (what is counted from the end), or ended. One that lay
//!   after an end that moves on is taken up again.
//! - A task that is nobody's, or the former owner's, goes to whoever is made the customer's manager
//!   (the contract's owner, if that is the step's role).
//! - A task that is done brings its contract to the step's milestone.
//! - Once a day has ended: what is overdue for too long goes to the owner's manager; a renewal opens
//!   so many days before the end; a contract that ends without one has lost it.
//!
//! # As of any instant
//!
//! Everything is asked as of an instant, from the facts up to it; a reaction occurs at that instant, and
//! its command's id names it. So it is the same whenever it is calculated, and however often: told live,
//! at once, in pieces, or on two nodes. What happened is reacted to as of when it happened; what only
//! time brings about, as of a day's last instant.

mod account;
mod alarms;
mod company;
mod named;
mod occurrences;
mod react;
pub mod standard;
mod task;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::alarm::{AlarmCleared, AlarmRaised};
use event_schemas::contract::{MilestoneReached, RenewalOpened};
use event_schemas::task::TaskPlanned;
use event_schemas::vocabulary::{ContractId, Money, OpportunityId, RepId, TaskId};

pub use account::{Account, Fact};
pub use alarms::alarms;
pub use company::{Company, CompanyFact};
pub use react::{due_next, reactions};
pub use task::{State, Task};

/// When it is asked what should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Just after something happened.
    After(DateTime<Utc>),
    /// When a day of the tenant's zone ends.
    EndOf(NaiveDate),
}

/// Something to be done, because it should be so.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// The same whenever it is calculated.
    pub command_id: String,
    /// The instant that makes it so.
    pub occurred_at: DateTime<Utc>,
    /// What is to be done.
    pub what: Wanted,
}

impl Reaction {
    /// A reaction at an instant. Its command's id says what is done to what, and when; where it is done
    /// once in a life, whenever that is found out, not when.
    fn new(what: Wanted, occurred_at: DateTime<Utc>) -> Self {
        let at = occurred_at.timestamp_micros();
        let command_id = match &what {
            Wanted::PlanTask(planned) => format!("react~plan~{}", planned.task_id),
            Wanted::OpenRenewal(id, _) => format!("react~renewal~{id}"),
            Wanted::AssignTask(id, _) => format!("react~assign~{id}~{at}"),
            Wanted::MoveTask(id, _) => format!("react~move~{id}~{at}"),
            Wanted::EscalateTask(id, _) => format!("react~escalate~{id}~{at}"),
            Wanted::CancelTask(id, _) => format!("react~cancel~{id}~{at}"),
            Wanted::ReachMilestone(id, reached) => {
                // Both may be so long that they make no command id as they are.
                let parts = [id.as_str(), reached.milestone_id.as_str()];
                format!("react~reach~{}~{at}", named::named_text(&parts))
            }
            Wanted::MoveRenewal(id, _) => format!("react~expect~{id}~{at}"),
            Wanted::WinRenewal(id, ..) => format!("react~win~{id}~{at}"),
            Wanted::LoseRenewal(id, _) => format!("react~lose~{id}~{at}"),
            Wanted::RaiseAlarm(id, _) => format!("react~raise~{id}~{at}"),
            Wanted::ClearAlarm(id, _) => format!("react~clear~{id}~{at}"),
        };
        Self {
            command_id,
            occurred_at,
            what,
        }
    }
}

/// What is to be done, and to what.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Wanted {
    PlanTask(Box<TaskPlanned>),
    AssignTask(TaskId, RepId),
    MoveTask(TaskId, NaiveDate),
    EscalateTask(TaskId, Option<RepId>),
    CancelTask(TaskId, &'static str),
    ReachMilestone(ContractId, MilestoneReached),
    OpenRenewal(ContractId, RenewalOpened),
    /// At the sum of the contract that renews.
    WinRenewal(OpportunityId, ContractId, Money),
    /// Expected to close on another day.
    MoveRenewal(OpportunityId, NaiveDate),
    LoseRenewal(OpportunityId, &'static str),
    RaiseAlarm(String, Box<AlarmRaised>),
    ClearAlarm(String, AlarmCleared),
}
