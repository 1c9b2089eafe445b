//! A contract: when it is in force, what recurs under it, and what was invoiced and paid.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use event_schemas::contract::{ContractEvent, ContractSigned, ContractTerminated};
use event_schemas::vocabulary::{
    ContractId, InvoiceId, LineAmount, LineId, PaymentId, RepId, StreamName,
};

use super::{day, line, micros, row, version};
use crate::customer_success::Event;
use crate::engine::db::{Table, Value};
use crate::engine::fold::{Fact, FoldedRow};

static CONTRACT: Table = Table {
    name: "contract",
    key: &["contract_id"],
    columns: &[
        "customer_id",
        "currency",
        "signed_at",
        "starts_on",
        "ends_on",
        "terminated_at",
        "terminated_on",
        "renewed_by_contract_id",
        "rep_id",
        "value_minor",
    ],
};
static RECURRING: Table = Table {
    name: "recurring",
    key: &["contract_id", "version"],
    columns: &["customer_id", "told_at", "from_on", "monthly_minor"],
};
static INVOICE: Table = Table {
    name: "invoice",
    key: &["contract_id", "invoice_id"],
    columns: &[
        "customer_id",
        "version",
        "issued_at",
        "due_on",
        "amount_minor",
        "settled_at",
    ],
};
static PAYMENT: Table = Table {
    name: "payment",
    key: &["contract_id", "version"],
    columns: &["customer_id", "invoice_id", "paid_at", "amount_minor"],
};

/// What is known of a contract so far.
struct Known<'a> {
    signed: &'a ContractSigned,
    signed_at: i64,
    rep_id: Option<&'a RepId>,
    /// An end is moved before it has come: so of no day that is over it changes what was in force.
    ends_on: Option<NaiveDate>,
    value_minor: i64,
    /// What recurs each month, by line.
    monthly: BTreeMap<&'a LineId, i64>,
    terminated: Option<(i64, &'a ContractTerminated)>,
    renewed_by: Option<&'a ContractId>,
    invoices: BTreeMap<&'a InvoiceId, Invoice>,
    payments: BTreeMap<&'a PaymentId, &'a InvoiceId>,
}

struct Invoice {
    version: u64,
    issued_at: i64,
    due_on: i64,
    amount_minor: i64,
    paid_minor: i64,
    settled_at: Option<i64>,
}

pub(super) fn rows(stream: &StreamName, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let signed = history.iter().find_map(|fact| match fact.event {
        Event::Contract(ContractEvent::ContractSigned(event)) => Some((event, fact.occurred_at)),
        _ => None,
    });
    let Some((signed, signed_at)) = signed else {
        return;
    };
    let mut known = Known {
        signed,
        signed_at: micros(signed_at),
        rep_id: signed.rep_id.as_ref(),
        ends_on: signed.ends_on,
        value_minor: 0,
        monthly: BTreeMap::new(),
        terminated: None,
        renewed_by: None,
        invoices: BTreeMap::new(),
        payments: BTreeMap::new(),
    };
    for fact in history {
        if let Event::Contract(event) = fact.event {
            known.take(event, micros(fact.occurred_at), fact.version, rows);
        }
    }
    known.rows(rows);
    line::lines(signed.customer_id.as_str(), stream, history, rows);
}

fn total(amounts: &[LineAmount]) -> i64 {
    amounts
        .iter()
        .fold(0i64, |sum, amount| sum.saturating_add(amount.amount_minor))
}

impl<'a> Known<'a> {
    fn take(
        &mut self,
        event: &'a ContractEvent,
        at: i64,
        event_version: u64,
        rows: &mut Vec<FoldedRow>,
    ) {
        match event {
            ContractEvent::ContractSigned(event) => {
                let mut monthly = 0i64;
                for line in &event.lines {
                    let recurs = line.monthly_recurring_minor.unwrap_or_default();
                    self.monthly.insert(&line.line_id, recurs);
                    self.value_minor = self.value_minor.saturating_add(line.amount_minor);
                    monthly = monthly.saturating_add(recurs);
                }
                rows.push(self.recurring(event_version, at, day(event.starts_on), monthly));
            }
            ContractEvent::ContractAmended(event) => {
                self.ends_on = event.ends_on.or(self.ends_on);
                let mut change = 0i64;
                for changed in &event.changes {
                    let line = &changed.line;
                    let recurs = line.monthly_recurring_minor.unwrap_or_default();
                    let before = self
                        .monthly
                        .insert(&line.line_id, recurs)
                        .unwrap_or_default();
                    change = change.saturating_add(recurs.saturating_sub(before));
                    let more = line
                        .amount_minor
                        .saturating_sub(changed.amount_before_minor);
                    self.value_minor = self.value_minor.saturating_add(more);
                }
                rows.push(self.recurring(event_version, at, day(event.effective_on), change));
            }
            ContractEvent::ContractReassigned(event) => self.rep_id = Some(&event.rep_id),
            ContractEvent::InvoiceIssued(event) => {
                let invoice = Invoice {
                    version: event_version,
                    issued_at: at,
                    due_on: day(event.due_on),
                    amount_minor: total(&event.amounts),
                    paid_minor: 0,
                    settled_at: None,
                };
                self.invoices.insert(&event.invoice_id, invoice);
            }
            ContractEvent::PaymentReceived(event) => {
                let paid = total(&event.amounts);
                self.payments.insert(&event.payment_id, &event.invoice_id);
                rows.push(self.payment(event_version, Some(&event.invoice_id), at, paid));
                if let Some(invoice) = self.invoices.get_mut(&event.invoice_id) {
                    invoice.paid_minor = invoice.paid_minor.saturating_add(paid);
                    if invoice.paid_minor >= invoice.amount_minor {
                        // What goes back later was owed by us, not by the customer.
                        invoice.settled_at = invoice.settled_at.or(Some(at));
                    }
                }
            }
            ContractEvent::PaymentRefunded(event) => {
                let invoice_id = self.payments.get(&event.payment_id).copied();
                let back = total(&event.amounts).saturating_neg();
                rows.push(self.payment(event_version, invoice_id, at, back));
            }
            ContractEvent::ContractTerminated(event) => self.terminated = Some((at, event)),
            ContractEvent::ContractRenewed(event) => {
                self.renewed_by = Some(&event.renewed_by_contract_id);
            }
            ContractEvent::RevenueRecognized(_)
            | ContractEvent::DirectCostRecorded(_)
            | ContractEvent::ContractHandedOver(_)
            | ContractEvent::MilestoneReached(_)
            | ContractEvent::RenewalOpened(_) => {}
        }
    }

    fn recurring(&self, of: u64, told_at: i64, from_on: i64, monthly_minor: i64) -> FoldedRow {
        row(
            &RECURRING,
            [
                self.signed.contract_id.as_str().into(),
                version(of),
                self.signed.customer_id.as_str().into(),
                told_at.into(),
                from_on.into(),
                monthly_minor.into(),
            ],
        )
    }

    fn payment(
        &self,
        of: u64,
        invoice_id: Option<&InvoiceId>,
        paid_at: i64,
        amount_minor: i64,
    ) -> FoldedRow {
        row(
            &PAYMENT,
            [
                self.signed.contract_id.as_str().into(),
                version(of),
                self.signed.customer_id.as_str().into(),
                invoice_id.map(InvoiceId::as_str).into(),
                paid_at.into(),
                amount_minor.into(),
            ],
        )
    }

    fn rows(&self, rows: &mut Vec<FoldedRow>) {
        let (contract_id, customer_id) = (&self.signed.contract_id, &self.signed.customer_id);
        let terminated = self.terminated;
        rows.push(row(
            &CONTRACT,
            [
                contract_id.as_str().into(),
                customer_id.as_str().into(),
                self.signed.currency.code().into(),
                self.signed_at.into(),
                day(self.signed.starts_on).into(),
                self.ends_on.map(day).into(),
                terminated.map(|(at, _)| at).into(),
                terminated.map(|(_, event)| day(event.effective_on)).into(),
                self.renewed_by.map(ContractId::as_str).into(),
                self.rep_id.map(RepId::as_str).into(),
                self.value_minor.into(),
            ],
        ));
        for (invoice_id, invoice) in &self.invoices {
            let values: [Value; 8] = [
                contract_id.as_str().into(),
                invoice_id.as_str().into(),
                customer_id.as_str().into(),
                version(invoice.version),
                invoice.issued_at.into(),
                invoice.due_on.into(),
                invoice.amount_minor.into(),
                invoice.settled_at.into(),
            ];
            rows.push(row(&INVOICE, values));
        }
    }
}
