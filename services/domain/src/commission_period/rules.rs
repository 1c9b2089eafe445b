//! The rules of statements and of corrections by hand: one function a command.

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{
    AdjustmentApproved, AdjustmentProposed, AdjustmentRejected, CommissionPeriodEvent,
    DisputeResolved, StatementApproved, StatementClosed, StatementDisputed, StatementPaid,
};
use event_schemas::vocabulary::{AdjustmentId, CommissionPlanId, Currency, RepId, StatementId};
use figures::commission::digest;
use figures::statement_id;
use serde::Serialize;

use super::{Adjustment, Closed, CommissionStatement, Dispute, Verdict};
use crate::reads::Reads;
use crate::refusal::{Refusal, RefusalKind};

/// Rules of statements and corrections.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// A statement is closed once, and never changes.
    #[error("statement {statement_id} is closed already, and is another one")]
    AlreadyClosed { statement_id: StatementId },
    /// Only what is closed can be approved, paid and disputed.
    #[error("there is no such closed statement")]
    NotClosed,
    /// A statement is closed once its period is over.
    #[error("its period is over on {to_on}")]
    PeriodNotOver { to_on: NaiveDate },
    /// What is closed is one statement: named after plan, rep and period, of one digest, the sum of
    /// its lines.
    #[error("its {field} is not that of the statement")]
    NotTheStatement { field: &'static str },
    /// Statements and corrections go their course in order.
    #[error("it was closed, proposed or answered after that, at {after}")]
    OutOfOrder { after: DateTime<Utc> },
    /// Nobody approves what they are paid, or have closed.
    #[error("{actor} is paid it, or has closed it: another person approves it")]
    SelfApproval { actor: String },
    /// What is disputed is neither approved nor paid.
    #[error("it is disputed")]
    Disputed,
    /// A statement is disputed once at a time.
    #[error("it is disputed already, for another reason")]
    AlreadyDisputed,
    /// Only what is disputed can be resolved.
    #[error("it is not disputed")]
    NotDisputed,
    /// What is paid was approved.
    #[error("it is not approved")]
    NotApproved,
    /// What a period pays is known when it is over.
    #[error("its period ends on {to_on}, and it cannot be paid before")]
    PaidBeforePeriodEnd { to_on: NaiveDate },
    /// A statement is paid once.
    #[error("it was paid on {paid_on}, as {payout_reference}")]
    AlreadyPaid {
        payout_reference: String,
        paid_on: NaiveDate,
    },
    /// An id stands for one correction.
    #[error("adjustment {adjustment_id} is known, with other particulars")]
    DuplicateAdjustment { adjustment_id: AdjustmentId },
    /// Only what was proposed can be approved and rejected.
    #[error("there is no such adjustment")]
    NotProposed,
    /// The plan is one that was published.
    #[error("there is no plan {plan_id}")]
    UnknownPlan { plan_id: CommissionPlanId },
    /// Only who takes part in a plan, or did, is paid with it.
    #[error("{rep_id} has never taken part in the plan")]
    NotAParticipant { rep_id: RepId },
    /// A plan pays in one currency.
    #[error("the plan pays in {}, not in {}", .currency.code(), .found.code())]
    CurrencyMismatch { currency: Currency, found: Currency },
    /// What is corrected is a closed statement.
    #[error("there is no closed statement {statement_id}")]
    UnknownStatement { statement_id: StatementId },
    /// What is corrected is a statement of the same plan and rep.
    #[error("the statement is of {rep_id}, by plan {plan_id}")]
    OtherStatement {
        plan_id: CommissionPlanId,
        rep_id: RepId,
    },
    /// What is corrected is a line of the statement.
    #[error("the statement has no line {line_id}")]
    UnknownLine { line_id: String },
    /// A correction is approved by another person than who proposed it.
    #[error("{actor} has proposed it: another person approves it")]
    SecondPersonNeeded { actor: String },
    /// What was approved is paid.
    #[error("it is approved already")]
    AlreadyApproved,
    /// What was rejected is not paid.
    #[error("it is rejected already")]
    AlreadyRejected,
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyClosed { .. }
            | Self::AlreadyPaid { .. }
            | Self::DuplicateAdjustment { .. } => RefusalKind::AlreadyExists,
            Self::NotClosed
            | Self::NotProposed
            | Self::UnknownPlan { .. }
            | Self::UnknownStatement { .. }
            | Self::UnknownLine { .. } => RefusalKind::NotFound,
            Self::PeriodNotOver { .. }
            | Self::NotTheStatement { .. }
            | Self::OutOfOrder { .. }
            | Self::SelfApproval { .. }
            | Self::Disputed
            | Self::AlreadyDisputed
            | Self::NotDisputed
            | Self::NotApproved
            | Self::PaidBeforePeriodEnd { .. }
            | Self::NotAParticipant { .. }
            | Self::CurrencyMismatch { .. }
            | Self::OtherStatement { .. }
            | Self::SecondPersonNeeded { .. }
            | Self::AlreadyApproved
            | Self::AlreadyRejected => RefusalKind::RuleBroken,
        }
    }
}

type Decided = Result<Vec<CommissionPeriodEvent>, Broken>;

fn in_order(moved_at: DateTime<Utc>, reads: &Reads) -> Result<(), Broken> {
    if reads.occurred_at < moved_at {
        return Err(Broken::OutOfOrder { after: moved_at });
    }
    Ok(())
}

/// Whoever is paid does not approve it.
fn by_another_than(rep_id: &RepId, reads: &Reads) -> Result<(), Broken> {
    let rep = reads.rep(rep_id.as_str());
    let is_participant =
        reads.actor == rep_id.as_str() || rep.is_some_and(|rep| rep.is_reached_at(&reads.actor));
    if is_participant {
        let actor = reads.actor.clone();
        return Err(Broken::SelfApproval { actor });
    }
    Ok(())
}

impl CommissionStatement {
    /// The statement, if nothing happened to it later.
    fn closed(&self, reads: &Reads) -> Result<&Closed, Broken> {
        match self {
            Self::Closed(closed) => in_order(closed.moved_at, reads).map(|()| &**closed),
            Self::Open | Self::Adjustment(_) => Err(Broken::NotClosed),
        }
    }

    /// The correction, if nothing happened to it later.
    fn adjustment(&self, reads: &Reads) -> Result<&Adjustment, Broken> {
        match self {
            Self::Adjustment(known) => in_order(known.moved_at, reads).map(|()| &**known),
            Self::Open | Self::Closed(_) => Err(Broken::NotProposed),
        }
    }

    /// A statement is closed once. What was calculated again and came to the same is the same.
    pub(super) fn close(&self, new: StatementClosed, reads: &Reads) -> Decided {
        if let Self::Closed(closed) = self {
            return if closed.digest == new.digest {
                Ok(vec![])
            } else {
                let statement_id = new.statement_id;
                Err(Broken::AlreadyClosed { statement_id })
            };
        }
        if reads.day() < new.to_on {
            return Err(Broken::PeriodNotOver { to_on: new.to_on });
        }
        match first_wrong(&new) {
            Some(field) => Err(Broken::NotTheStatement { field }),
            None => Ok(vec![new.into()]),
        }
    }

    /// A statement is approved by someone who neither is paid it nor has closed it.
    pub(super) fn approve(&self, reads: &Reads) -> Decided {
        let closed = self.closed(reads)?;
        if closed.is_approved {
            return Ok(vec![]);
        }
        closed.undisputed()?;
        by_another_than(&closed.rep_id, reads)?;
        if reads.actor == closed.closed_by {
            let actor = reads.actor.clone();
            return Err(Broken::SelfApproval { actor });
        }
        Ok(vec![StatementApproved {}.into()])
    }

    /// What is approved and not disputed is paid once.
    pub(super) fn pay(&self, new: StatementPaid, reads: &Reads) -> Decided {
        let closed = self.closed(reads)?;
        match &closed.paid {
            Some(paid) if *paid == new => Ok(vec![]),
            Some(paid) => Err(Broken::AlreadyPaid {
                payout_reference: paid.payout_reference.clone(),
                paid_on: paid.paid_on,
            }),
            None if !closed.is_approved => Err(Broken::NotApproved),
            None if new.paid_on < closed.to_on => {
                let to_on = closed.to_on;
                Err(Broken::PaidBeforePeriodEnd { to_on })
            }
            None => closed.undisputed().map(|()| vec![new.into()]),
        }
    }

    /// A statement can be disputed at any time, after it was paid too: who is paid may see only then
    /// what is wrong.
    pub(super) fn dispute(&self, new: StatementDisputed, reads: &Reads) -> Decided {
        match &self.closed(reads)?.dispute {
            Dispute::Open { reason } if *reason == new.reason => Ok(vec![]),
            Dispute::Open { .. } => Err(Broken::AlreadyDisputed),
            Dispute::None | Dispute::Resolved { .. } => Ok(vec![new.into()]),
        }
    }

    /// A dispute ends once. The statement stays as it is.
    pub(super) fn resolve_dispute(&self, new: DisputeResolved, reads: &Reads) -> Decided {
        match &self.closed(reads)?.dispute {
            Dispute::Open { .. } => Ok(vec![new.into()]),
            Dispute::Resolved { resolution } if *resolution == new.resolution => Ok(vec![]),
            Dispute::Resolved { .. } | Dispute::None => Err(Broken::NotDisputed),
        }
    }

    /// A correction is of who takes part in the plan, or did, in its currency; and of a line that is
    /// there, if it names one.
    pub(super) fn propose_adjustment(&self, new: AdjustmentProposed, reads: &Reads) -> Decided {
        match self {
            Self::Open => {}
            Self::Adjustment(known) if known.proposed == new => return Ok(vec![]),
            Self::Adjustment(_) | Self::Closed(_) => {
                let adjustment_id = new.adjustment_id;
                return Err(Broken::DuplicateAdjustment { adjustment_id });
            }
        }
        let plan = reads.commission_plan(new.plan_id.as_str());
        let Some((plan, currency)) = plan.and_then(|plan| Some((plan, plan.currency()?))) else {
            let plan_id = new.plan_id;
            return Err(Broken::UnknownPlan { plan_id });
        };
        if !plan.has_participant(&new.rep_id) {
            let rep_id = new.rep_id;
            return Err(Broken::NotAParticipant { rep_id });
        }
        if new.amount.currency != currency {
            let found = new.amount.currency;
            return Err(Broken::CurrencyMismatch { currency, found });
        }
        if let Some(origin) = &new.concerns {
            let statement_id = &origin.statement_id;
            let statement = reads.commission_statement(statement_id.as_str());
            let Some(Self::Closed(closed)) = statement else {
                let statement_id = statement_id.clone();
                return Err(Broken::UnknownStatement { statement_id });
            };
            closed.has_line(&origin.line_id, &new)?;
        }
        Ok(vec![new.into()])
    }

    /// A correction counts once another person approves it, whom it does not concern.
    pub(super) fn approve_adjustment(&self, adjustment_id: AdjustmentId, reads: &Reads) -> Decided {
        let known = self.adjustment(reads)?;
        match known.verdict {
            Some(Verdict::Approved) => return Ok(vec![]),
            Some(Verdict::Rejected) => return Err(Broken::AlreadyRejected),
            None => {}
        }
        if reads.actor == known.proposed_by {
            let actor = reads.actor.clone();
            return Err(Broken::SecondPersonNeeded { actor });
        }
        by_another_than(&known.proposed.rep_id, reads)?;
        Ok(vec![AdjustmentApproved { adjustment_id }.into()])
    }

    /// What was not approved can be rejected, by who proposed it too.
    pub(super) fn reject_adjustment(&self, new: AdjustmentRejected, reads: &Reads) -> Decided {
        match self.adjustment(reads)?.verdict {
            Some(Verdict::Rejected) => Ok(vec![]),
            Some(Verdict::Approved) => Err(Broken::AlreadyApproved),
            None => Ok(vec![new.into()]),
        }
    }
}

impl Closed {
    fn undisputed(&self) -> Result<(), Broken> {
        match self.dispute {
            Dispute::Open { .. } => Err(Broken::Disputed),
            Dispute::None | Dispute::Resolved { .. } => Ok(()),
        }
    }

    fn has_line(&self, line_id: &str, new: &AdjustmentProposed) -> Result<(), Broken> {
        if (&self.plan_id, &self.rep_id) != (&new.plan_id, &new.rep_id) {
            return Err(Broken::OtherStatement {
                plan_id: self.plan_id.clone(),
                rep_id: self.rep_id.clone(),
            });
        }
        if self.line_ids.iter().any(|known| known == line_id) {
            return Ok(());
        }
        let line_id = line_id.to_owned();
        Err(Broken::UnknownLine { line_id })
    }
}

/// The first field of what is closed that is not what the statement says.
fn first_wrong(new: &StatementClosed) -> Option<&'static str> {
    let of = &new.statement;
    let called = statement_id(&of.plan_id, &of.rep_id, of.from_on);
    let total_minor = of
        .lines
        .iter()
        .try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor));
    let all = [
        (new.plan_id == of.plan_id, "plan_id"),
        (new.plan_version == of.plan_version, "plan_version"),
        (new.rep_id == of.rep_id, "rep_id"),
        (new.from_on == of.from_on, "from_on"),
        (new.to_on == of.to_on && of.from_on < of.to_on, "to_on"),
        (
            called.is_ok_and(|id| id == new.statement_id),
            "statement_id",
        ),
        (total_minor == Some(of.total_minor), "total_minor"),
        (
            digest(of).is_ok_and(|digest| digest == new.digest),
            "digest",
        ),
    ];
    let mut wrong = all.into_iter().filter(|(is_right, _)| !is_right);
    wrong.next().map(|(_, field)| field)
}
