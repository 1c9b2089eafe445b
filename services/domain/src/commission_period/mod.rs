//! A commission statement from its closing to its payment, or a correction by hand: each on a stream
//! of its own, since a correction is paid with the next open statement, whichever that will be.
//!
//! What a statement says is calculated elsewhere; here it is frozen once. Closing is no message:
//! only what was calculated from the log is closed.

mod rules;
#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{
    AdjustmentProposed, AdjustmentRejected, CommissionPeriodEvent, DisputeResolved,
    StatementClosed, StatementDisputed, StatementPaid,
};
use event_schemas::vocabulary::{AdjustmentId, CommissionPlanId, RepId, StatementId};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::{Addressed, Decider};

pub use rules::Broken;
pub use wire::parse;

/// A statement, or a correction by hand.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum CommissionStatement {
    /// A statement that is open, or a correction that nobody has proposed.
    #[default]
    Open,
    /// A closed statement.
    Closed(Box<Closed>),
    /// A correction that was proposed.
    Adjustment(Box<Adjustment>),
}

/// A closed statement: what decisions need of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Closed {
    statement_id: StatementId,
    plan_id: CommissionPlanId,
    rep_id: RepId,
    /// The day after its period.
    to_on: NaiveDate,
    digest: String,
    line_ids: Vec<String>,
    closed_by: String,
    is_approved: bool,
    paid: Option<StatementPaid>,
    dispute: Dispute,
    /// When its last move occurred.
    moved_at: DateTime<Utc>,
}

/// Whether someone does not agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Dispute {
    None,
    Open { reason: String },
    Resolved { resolution: String },
}

/// A correction by hand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adjustment {
    proposed: AdjustmentProposed,
    proposed_by: String,
    verdict: Option<Verdict>,
    /// When its last move occurred.
    moved_at: DateTime<Utc>,
}

/// What became of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Verdict {
    Approved,
    Rejected,
}

/// What a statement or a correction can be asked to do.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the message of its name")]
pub enum Command {
    /// No message: what was calculated is frozen.
    Close(Box<StatementClosed>),
    Approve,
    Pay(StatementPaid),
    Dispute(StatementDisputed),
    ResolveDispute(DisputeResolved),
    ProposeAdjustment(Box<AdjustmentProposed>),
    ApproveAdjustment {
        adjustment_id: AdjustmentId,
    },
    RejectAdjustment(AdjustmentRejected),
}

/// Closes a statement.
pub fn close(closed: StatementClosed) -> Addressed<CommissionStatement> {
    Addressed {
        id: closed.statement_id.to_string(),
        command: Command::Close(Box::new(closed)),
    }
}

/// The stream of a correction. No statement's id holds a slash.
fn adjustment_stream(adjustment_id: &AdjustmentId) -> String {
    format!("adjustment/{adjustment_id}")
}

impl Decider for CommissionStatement {
    type Command = Command;
    type Event = CommissionPeriodEvent;
    type Refusal = Broken;

    fn references(&self, command: &Command) -> Vec<Reference> {
        let rep = |rep_id: &RepId| vec![Reference::Rep(rep_id.to_string())];
        match (command, self) {
            (Command::Close(_), _) => vec![Reads::own_tenant()],
            (Command::Approve, Self::Closed(closed)) => rep(&closed.rep_id),
            (Command::ApproveAdjustment { .. }, Self::Adjustment(known)) => {
                rep(&known.proposed.rep_id)
            }
            (Command::ProposeAdjustment(new), _) => {
                let plan = Reference::CommissionPlan(new.plan_id.to_string());
                let concerns = new.concerns.iter().map(|origin| {
                    let statement_id = origin.statement_id.to_string();
                    Reference::CommissionStatement(statement_id)
                });
                std::iter::once(plan).chain(concerns).collect()
            }
            (
                Command::Approve
                | Command::Pay(_)
                | Command::Dispute(_)
                | Command::ResolveDispute(_)
                | Command::ApproveAdjustment { .. }
                | Command::RejectAdjustment(_),
                _,
            ) => Vec::new(),
        }
    }

    fn decide(
        &self,
        command: Command,
        reads: &Reads,
    ) -> Result<Vec<CommissionPeriodEvent>, Broken> {
        match command {
            Command::Close(closed) => self.close(*closed, reads),
            Command::Approve => self.approve(reads),
            Command::Pay(paid) => self.pay(paid, reads),
            Command::Dispute(disputed) => self.dispute(disputed, reads),
            Command::ResolveDispute(resolved) => self.resolve_dispute(resolved, reads),
            Command::ProposeAdjustment(proposed) => self.propose_adjustment(*proposed, reads),
            Command::ApproveAdjustment { adjustment_id } => {
                self.approve_adjustment(adjustment_id, reads)
            }
            Command::RejectAdjustment(rejected) => self.reject_adjustment(rejected, reads),
        }
    }

    fn evolve(&mut self, event: &CommissionPeriodEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (CommissionPeriodEvent::StatementClosed(e), this) => {
                let lines = e.statement.lines.iter();
                *this = Self::Closed(Box::new(Closed {
                    statement_id: e.statement_id.clone(),
                    plan_id: e.plan_id.clone(),
                    rep_id: e.rep_id.clone(),
                    to_on: e.to_on,
                    digest: e.digest.clone(),
                    line_ids: lines.map(|line| line.line_id.clone()).collect(),
                    closed_by: String::new(),
                    is_approved: false,
                    paid: None,
                    dispute: Dispute::None,
                    moved_at: occurred_at,
                }));
            }
            (CommissionPeriodEvent::AdjustmentProposed(e), this) => {
                *this = Self::Adjustment(Box::new(Adjustment {
                    proposed: e.clone(),
                    proposed_by: String::new(),
                    verdict: None,
                    moved_at: occurred_at,
                }));
            }
            (event, Self::Closed(closed)) => closed.evolve(event, occurred_at),
            (event, Self::Adjustment(known)) => known.evolve(event, occurred_at),
            (_, Self::Open) => {}
        }
    }

    fn done_by(&mut self, event: &CommissionPeriodEvent, actor: &str) {
        match (event, self) {
            (CommissionPeriodEvent::StatementClosed(_), Self::Closed(closed)) => {
                actor.clone_into(&mut closed.closed_by);
            }
            (CommissionPeriodEvent::AdjustmentProposed(_), Self::Adjustment(known)) => {
                actor.clone_into(&mut known.proposed_by);
            }
            _ => {}
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        match (command, self) {
            (Command::Close(_) | Command::ProposeAdjustment(_), _) | (_, Self::Open) => None,
            (_, Self::Closed(closed)) => Some(closed.moved_at),
            (_, Self::Adjustment(known)) => Some(known.moved_at),
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Close(_) | Command::ProposeAdjustment(_))
    }
}

impl Closed {
    fn evolve(&mut self, event: &CommissionPeriodEvent, occurred_at: DateTime<Utc>) {
        match event {
            CommissionPeriodEvent::StatementApproved(_) => self.is_approved = true,
            CommissionPeriodEvent::StatementPaid(e) => self.paid = Some(e.clone()),
            CommissionPeriodEvent::StatementDisputed(e) => {
                let reason = e.reason.clone();
                self.dispute = Dispute::Open { reason };
            }
            CommissionPeriodEvent::DisputeResolved(e) => {
                let resolution = e.resolution.clone();
                self.dispute = Dispute::Resolved { resolution };
            }
            CommissionPeriodEvent::StatementClosed(_)
            | CommissionPeriodEvent::AdjustmentProposed(_)
            | CommissionPeriodEvent::AdjustmentApproved(_)
            | CommissionPeriodEvent::AdjustmentRejected(_) => return,
        }
        self.moved_at = occurred_at;
    }
}

impl Adjustment {
    fn evolve(&mut self, event: &CommissionPeriodEvent, occurred_at: DateTime<Utc>) {
        self.verdict = match event {
            CommissionPeriodEvent::AdjustmentApproved(_) => Some(Verdict::Approved),
            CommissionPeriodEvent::AdjustmentRejected(_) => Some(Verdict::Rejected),
            CommissionPeriodEvent::StatementClosed(_)
            | CommissionPeriodEvent::StatementApproved(_)
            | CommissionPeriodEvent::StatementPaid(_)
            | CommissionPeriodEvent::StatementDisputed(_)
            | CommissionPeriodEvent::DisputeResolved(_)
            | CommissionPeriodEvent::AdjustmentProposed(_) => return,
        };
        self.moved_at = occurred_at;
    }
}
