//! Messages about a closed statement, and about corrections by hand.

use event_schemas::commission_period::{
    AdjustmentProposed, AdjustmentRejected, DisputeResolved, LineOrigin, StatementDisputed,
    StatementPaid,
};
use event_schemas::vocabulary::{AdjustmentId, StatementId};
use proto::commands::CommissionStatementCommand as Message;
use proto::v1;

use super::{Command, CommissionStatement, adjustment_stream};
use crate::wire::{CODE_MAX, Fields};
use crate::{Addressed, InvalidCommand};

/// Longest id of a line, in characters: they are made of names and ids.
const LINE_ID_MAX: usize = 500;

/// Reads a command about a statement or a correction.
pub fn parse(message: Message) -> Result<Addressed<CommissionStatement>, InvalidCommand> {
    let mut f = Fields::default();
    let read = match message {
        Message::ApproveStatement(m) => {
            of_statement(&mut f, &m.statement_id, Some(Command::Approve))
        }
        Message::PayStatement(m) => {
            let payout_reference = f.text("payout_reference", &m.payout_reference, CODE_MAX);
            let paid_on = f.some_date("paid_on", &m.paid_on);
            let paid = payout_reference.zip(paid_on);
            let paid = paid.map(|(payout_reference, paid_on)| {
                Command::Pay(StatementPaid {
                    payout_reference,
                    paid_on,
                })
            });
            of_statement(&mut f, &m.statement_id, paid)
        }
        Message::DisputeStatement(m) => {
            let reason = some_note(&mut f, "reason", &m.reason);
            let disputed = reason.map(|reason| Command::Dispute(StatementDisputed { reason }));
            of_statement(&mut f, &m.statement_id, disputed)
        }
        Message::ResolveDispute(m) => {
            let resolution = some_note(&mut f, "resolution", &m.resolution);
            let resolved = resolution
                .map(|resolution| Command::ResolveDispute(DisputeResolved { resolution }));
            of_statement(&mut f, &m.statement_id, resolved)
        }
        Message::ProposeAdjustment(m) => {
            let proposed = proposed(&mut f, &m);
            proposed.map(|new| Addressed {
                id: adjustment_stream(&new.adjustment_id),
                command: Command::ProposeAdjustment(Box::new(new)),
            })
        }
        Message::ApproveAdjustment(m) => {
            let adjustment_id: Option<AdjustmentId> = f.id("adjustment_id", &m.adjustment_id);
            adjustment_id.map(|adjustment_id| Addressed {
                id: adjustment_stream(&adjustment_id),
                command: Command::ApproveAdjustment { adjustment_id },
            })
        }
        Message::RejectAdjustment(m) => {
            let adjustment_id: Option<AdjustmentId> = f.id("adjustment_id", &m.adjustment_id);
            let reason = some_note(&mut f, "reason", &m.reason);
            let rejected = adjustment_id.zip(reason);
            rejected.map(|(adjustment_id, reason)| Addressed {
                id: adjustment_stream(&adjustment_id),
                command: Command::RejectAdjustment(AdjustmentRejected {
                    adjustment_id,
                    reason,
                }),
            })
        }
    };
    f.finish(|| read)
}

fn of_statement(
    f: &mut Fields,
    statement_id: &str,
    command: Option<Command>,
) -> Option<Addressed<CommissionStatement>> {
    let id: Option<StatementId> = f.id("statement_id", statement_id);
    Some(Addressed {
        id: id?.to_string(),
        command: command?,
    })
}

/// A required text of several lines.
fn some_note(f: &mut Fields, field: &str, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        f.wrong(field, "is missing");
    }
    f.note(field, text)
}

fn proposed(f: &mut Fields, m: &v1::ProposeAdjustment) -> Option<AdjustmentProposed> {
    let adjustment_id = f.id("adjustment_id", &m.adjustment_id);
    let plan_id = f.id("commission_plan_id", &m.commission_plan_id);
    let rep_id = f.id("rep_id", &m.rep_id);
    if m.amount.is_none() {
        f.wrong("amount", "is missing");
    }
    let amount = f.signed_money("amount", m.amount.as_ref());
    if amount.is_some_and(|amount| amount.amount_minor == 0) {
        f.wrong("amount.amount", "is 0");
    }
    let reason = some_note(f, "reason", &m.reason);
    let concerns = m.concerns.as_ref().map(|m| {
        let statement_id = f.id("concerns.statement_id", &m.statement_id);
        let line_id = f.text("concerns.line_id", &m.line_id, LINE_ID_MAX);
        Some(LineOrigin {
            statement_id: statement_id?,
            line_id: line_id?,
            late_events: Vec::new(),
        })
    });
    Some(AdjustmentProposed {
        adjustment_id: adjustment_id?,
        plan_id: plan_id?,
        rep_id: rep_id?,
        amount: amount?,
        reason: reason?,
        concerns: match concerns {
            None => None,
            Some(read) => Some(read?),
        },
    })
}
