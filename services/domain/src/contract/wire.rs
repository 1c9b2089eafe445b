//! Messages about a contract.

use event_schemas::contract::{
    AmendmentKind, BillingFrequency, BillingTerms, ContractTerminated, MilestoneReached,
};
use event_schemas::vocabulary::ContractId;
use proto::commands::ContractCommand as Message;
use proto::v1;

use super::{Amendment, Command, Contract, Signature};
use crate::wire::{CODE_MAX, Fields, NAME_MAX};
use crate::{Addressed, InvalidCommand};

/// Most days from invoice to payment.
const PAYMENT_DAYS_MAX: u32 = 3_650;

/// Reads a command about a contract.
pub fn parse(message: Message) -> Result<Addressed<Contract>, InvalidCommand> {
    let mut f = Fields::default();
    let address = match &message {
        Message::SignContract(m) => &m.contract_id,
        Message::AmendContract(m) => &m.contract_id,
        Message::ReassignContract(m) => &m.contract_id,
        Message::RecognizeRevenue(m) => &m.contract_id,
        Message::IssueInvoice(m) => &m.contract_id,
        Message::RecordPayment(m) => &m.contract_id,
        Message::RecordRefund(m) => &m.contract_id,
        Message::RecordDirectCost(m) => &m.contract_id,
        Message::TerminateContract(m) => &m.contract_id,
        Message::HandOverContract(m) => &m.contract_id,
        Message::ReachMilestone(m) => &m.contract_id,
    };
    let id: Option<ContractId> = f.id("contract_id", address);
    let command = command(&mut f, message, id.as_ref());
    f.finish(|| {
        Some(Addressed {
            id: id?.to_string(),
            command: command?,
        })
    })
}

fn command(f: &mut Fields, message: Message, id: Option<&ContractId>) -> Option<Command> {
    Some(match message {
        Message::SignContract(m) => Command::Sign(Box::new(signature(f, &m, id)?)),
        Message::AmendContract(m) => Command::Amend(amendment(f, &m)?),
        Message::ReassignContract(m) => {
            let rep_id = f.id("rep_id", &m.rep_id);
            let splits = f.splits(&m.splits);
            let reason = f.line("reason", &m.reason, NAME_MAX);
            Command::Reassign {
                rep_id: rep_id?,
                splits,
                reason,
            }
        }
        Message::RecognizeRevenue(m) => {
            let delivery_id = f.id("delivery_id", &m.delivery_id);
            let sum = f.sum(&m.amounts, None);
            Command::RecognizeRevenue {
                delivery_id: delivery_id?,
                sum,
            }
        }
        Message::IssueInvoice(m) => {
            let invoice_id = f.id("invoice_id", &m.invoice_id);
            let sum = f.sum(&m.amounts, None);
            let due_on = f.date("due_on", &m.due_on);
            Command::IssueInvoice {
                invoice_id: invoice_id?,
                sum,
                due_on,
            }
        }
        Message::RecordPayment(m) => {
            let payment_id = f.id("payment_id", &m.payment_id);
            let invoice_id = f.id("invoice_id", &m.invoice_id);
            let sum = f.sum(&m.amounts, m.amount.as_ref());
            Command::RecordPayment {
                payment_id: payment_id?,
                invoice_id: invoice_id?,
                sum,
            }
        }
        Message::RecordRefund(m) => {
            let refund_id = f.id("refund_id", &m.refund_id);
            let payment_id = f.id("payment_id", &m.payment_id);
            let sum = f.sum(&m.amounts, m.amount.as_ref());
            Command::RecordRefund {
                refund_id: refund_id?,
                payment_id: payment_id?,
                sum,
            }
        }
        Message::RecordDirectCost(m) => {
            let cost_id = f.id("cost_id", &m.cost_id);
            if m.amounts.is_empty() {
                f.wrong("amounts", "is missing");
            }
            let costs = f.line_amounts(&m.amounts, |sum| (sum == 0).then_some("is 0"));
            Command::RecordDirectCost {
                cost_id: cost_id?,
                costs,
            }
        }
        Message::TerminateContract(m) => {
            let effective_on = f.some_date("effective_on", &m.effective_on);
            let reason = f.text("reason", &m.reason, CODE_MAX);
            let note = f.note("note", &m.note);
            Command::Terminate(ContractTerminated {
                effective_on: effective_on?,
                reason: reason?,
                note,
            })
        }
        Message::HandOverContract(m) => Command::HandOver {
            handed_over_on: f.some_date("handed_over_on", &m.handed_over_on)?,
        },
        Message::ReachMilestone(m) => {
            let milestone_id = f.id("milestone_id", &m.milestone_id);
            let reached_on = f.some_date("reached_on", &m.reached_on);
            Command::ReachMilestone(MilestoneReached {
                milestone_id: milestone_id?,
                reached_on: reached_on?,
            })
        }
    })
}

fn signature(f: &mut Fields, m: &v1::SignContract, id: Option<&ContractId>) -> Option<Signature> {
    let quote_id = f.optional_id("quote_id", &m.quote_id);
    let customer_id = f.optional_id("customer_id", &m.customer_id);
    let opportunity_id = f.optional_id("opportunity_id", &m.opportunity_id);
    let renews_contract_id = f.optional_id("renews_contract_id", &m.renews_contract_id);
    if id.is_some() && renews_contract_id.as_ref() == id {
        f.wrong("renews_contract_id", "is the contract itself");
    }
    let currency = match m.currency_code.as_str() {
        "" => None,
        code => f.currency("currency_code", code),
    };
    let starts_on = f.some_date("starts_on", &m.starts_on);
    let ends_on = f.date("ends_on", &m.ends_on);
    let billing = billing(f, m.billing.unwrap_or_default());
    if m.lines.is_empty() && m.quote_id.is_empty() {
        f.wrong("lines", "is missing");
    }
    let lines = f.lines(&m.lines, false);
    let rep_id = f.optional_id("rep_id", &m.rep_id);
    let splits = f.splits(&m.splits);
    Some(Signature {
        contract_id: id?.clone(),
        quote_id,
        customer_id,
        opportunity_id,
        renews_contract_id,
        currency,
        starts_on: starts_on?,
        ends_on,
        billing: billing?,
        lines,
        rep_id,
        splits,
    })
}

fn billing(f: &mut Fields, m: v1::BillingTerms) -> Option<BillingTerms> {
    let frequency = match v1::BillingFrequency::try_from(m.frequency) {
        Ok(v1::BillingFrequency::Unspecified | v1::BillingFrequency::Once) => {
            Some(BillingFrequency::Once)
        }
        Ok(v1::BillingFrequency::Monthly) => Some(BillingFrequency::Monthly),
        Ok(v1::BillingFrequency::Quarterly) => Some(BillingFrequency::Quarterly),
        Ok(v1::BillingFrequency::Yearly) => Some(BillingFrequency::Yearly),
        Err(_) => {
            f.wrong("billing.frequency", "is not a billing frequency");
            None
        }
    };
    if m.payment_days > PAYMENT_DAYS_MAX {
        let why = format!("is more than {PAYMENT_DAYS_MAX}");
        f.wrong("billing.payment_days", why);
    }
    Some(BillingTerms {
        frequency: frequency?,
        payment_days: m.payment_days,
    })
}

fn amendment(f: &mut Fields, m: &v1::AmendContract) -> Option<Amendment> {
    let amendment_id = f.id("amendment_id", &m.amendment_id);
    let kind = match v1::AmendmentKind::try_from(m.kind) {
        Ok(v1::AmendmentKind::Expansion) => Some(AmendmentKind::Expansion),
        Ok(v1::AmendmentKind::Contraction) => Some(AmendmentKind::Contraction),
        Ok(v1::AmendmentKind::Term) => Some(AmendmentKind::Term),
        Ok(v1::AmendmentKind::Unspecified) | Err(_) => {
            f.wrong("kind", "is not a kind of amendment");
            None
        }
    };
    let effective_on = f.some_date("effective_on", &m.effective_on);
    let ends_on = match kind {
        Some(AmendmentKind::Term) => f.some_date("ends_on", &m.ends_on),
        _ => f.date("ends_on", &m.ends_on),
    };
    if m.lines.is_empty() && m.ends_on.is_empty() && kind != Some(AmendmentKind::Term) {
        f.wrong("lines", "is missing");
    }
    let lines = f.lines(&m.lines, true);
    let splits = f.splits(&m.splits);
    Some(Amendment {
        amendment_id: amendment_id?,
        kind: kind?,
        effective_on: effective_on?,
        ends_on,
        lines,
        splits,
    })
}
