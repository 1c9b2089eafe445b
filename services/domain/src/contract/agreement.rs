//! What is known of a contract that was signed.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::contract::{
    ContractAmended, ContractEvent, ContractSigned, ContractTerminated, DirectCostRecorded,
    InvoiceIssued, MilestoneReached, PaymentReceived, PaymentRefunded, RenewalOpened,
    RevenueRecognized,
};
use event_schemas::vocabulary::{
    ContractId, InvoiceId, Line, LineAmount, LineId, PaymentId, RepId, Split,
};
use serde::{Deserialize, Serialize};

use crate::told::{Tally, Told};

/// What is known of a contract that was signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Agreement {
    /// As it was signed.
    pub signed: Arc<ContractSigned>,
    /// When.
    pub signed_at: DateTime<Utc>,
    /// When it was last signed, amended, renewed or terminated.
    pub moved_at: DateTime<Utc>,
    /// The day on which it is no more in force, by what was agreed last; open if there is none.
    pub ends_on: Option<NaiveDate>,
    /// Its lines, in the order in which they were agreed.
    pub lines: Vec<AgreedLine>,
    /// Who is credited.
    pub credit: Told<Credit>,
    /// What changed.
    pub amendments: Vec<ContractAmended>,
    /// What was delivered.
    pub deliveries: Vec<RevenueRecognized>,
    /// What was asked for.
    pub invoices: Vec<Invoice>,
    /// What was paid.
    pub payments: Vec<Payment>,
    /// What went back.
    pub refunds: Vec<PaymentRefunded>,
    /// What it costs us directly.
    pub costs: Vec<DirectCostRecorded>,
    /// How it ended before its time, and when that was told to have happened.
    pub terminated: Option<(ContractTerminated, DateTime<Utc>)>,
    /// The contract that goes on from it.
    pub renewed_by: Option<ContractId>,
    /// The day from which its follow-up is counted, if it was handed over.
    pub handed_over_on: Told<NaiveDate>,
    /// The points it came to.
    pub milestones: Vec<MilestoneReached>,
    /// The opportunity to renew it, if one was opened.
    pub renewal: Option<RenewalOpened>,
}

/// A line of a contract.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgreedLine {
    /// Its id.
    pub line_id: LineId,
    /// As it was agreed, and amended.
    pub line: Told<Line>,
    /// What was delivered of it.
    pub delivered: Tally,
    /// What was invoiced of it.
    pub invoiced: Tally,
}

/// Who is credited with what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The owner.
    pub rep_id: Option<RepId>,
    /// Who else, if not the owner alone.
    pub splits: Vec<Split>,
}

/// An invoice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invoice {
    /// As it was issued.
    pub issued: InvoiceIssued,
    /// When.
    pub issued_at: DateTime<Utc>,
    /// What was paid of each of its lines, less what went back.
    pub paid: Vec<(LineId, Tally)>,
}

/// A payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Payment {
    /// As it was received.
    pub received: PaymentReceived,
    /// When.
    pub received_at: DateTime<Utc>,
    /// What went back of each of its lines.
    pub refunded: Vec<LineAmount>,
}

impl Agreement {
    pub(super) fn new(signed: &ContractSigned, occurred_at: DateTime<Utc>) -> Self {
        let lines = signed.lines.iter().map(|line| AgreedLine {
            line: Told::at_first(line.clone()),
            ..AgreedLine::new(&line.line_id)
        });
        Self {
            signed: Arc::new(signed.clone()),
            signed_at: occurred_at,
            moved_at: occurred_at,
            ends_on: signed.ends_on,
            lines: lines.collect(),
            credit: Told::at_first(Credit {
                rep_id: signed.rep_id.clone(),
                splits: signed.splits.clone(),
            }),
            amendments: Vec::new(),
            deliveries: Vec::new(),
            invoices: Vec::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            costs: Vec::new(),
            terminated: None,
            renewed_by: None,
            handed_over_on: Told::default(),
            milestones: Vec::new(),
            renewal: None,
        }
    }

    pub(super) fn evolve(&mut self, event: &ContractEvent, occurred_at: DateTime<Utc>) {
        match event {
            ContractEvent::ContractSigned(_) => {}
            ContractEvent::ContractAmended(e) => {
                for change in &e.changes {
                    self.change(&change.line.line_id, |line| {
                        line.line.tell(occurred_at, change.line.clone());
                    });
                }
                self.ends_on = e.ends_on.or(self.ends_on);
                self.amendments.push(e.clone());
                self.moved_at = occurred_at;
            }
            ContractEvent::ContractReassigned(e) => {
                let credit = Credit {
                    rep_id: Some(e.rep_id.clone()),
                    splits: e.splits.clone(),
                };
                self.credit.tell(occurred_at, credit);
            }
            ContractEvent::RevenueRecognized(e) => {
                for sum in &e.amounts {
                    self.change(&sum.line_id, |line| {
                        line.delivered.add(occurred_at, sum.amount_minor);
                    });
                }
                self.deliveries.push(e.clone());
            }
            ContractEvent::InvoiceIssued(e) => {
                for sum in &e.amounts {
                    self.change(&sum.line_id, |line| {
                        line.invoiced.add(occurred_at, sum.amount_minor);
                    });
                }
                let each = e.amounts.iter().map(|sum| sum.line_id.clone());
                self.invoices.push(Invoice {
                    issued: e.clone(),
                    issued_at: occurred_at,
                    paid: each.map(|line_id| (line_id, Tally::default())).collect(),
                });
            }
            ContractEvent::PaymentReceived(e) => {
                self.pay(&e.invoice_id, &e.amounts, 1, occurred_at);
                self.payments.push(Payment {
                    received: e.clone(),
                    received_at: occurred_at,
                    refunded: Vec::new(),
                });
            }
            ContractEvent::PaymentRefunded(e) => {
                let mut payments = self.payments.iter_mut();
                let payment = payments.find(|p| p.received.payment_id == e.payment_id);
                let invoice_id = payment.map(|payment| {
                    payment.refunded.extend(e.amounts.iter().cloned());
                    payment.received.invoice_id.clone()
                });
                if let Some(invoice_id) = invoice_id {
                    self.pay(&invoice_id, &e.amounts, -1, occurred_at);
                }
                self.refunds.push(e.clone());
            }
            ContractEvent::DirectCostRecorded(e) => self.costs.push(e.clone()),
            ContractEvent::ContractTerminated(e) => {
                self.terminated = Some((e.clone(), occurred_at));
                self.moved_at = occurred_at;
            }
            ContractEvent::ContractRenewed(e) => {
                self.renewed_by = Some(e.renewed_by_contract_id.clone());
                self.moved_at = occurred_at;
            }
            ContractEvent::ContractHandedOver(e) => {
                self.handed_over_on.tell(occurred_at, e.handed_over_on);
            }
            ContractEvent::MilestoneReached(e) => self.milestones.push(e.clone()),
            ContractEvent::RenewalOpened(e) => self.renewal = Some(e.clone()),
        }
    }

    /// What was paid of an invoice becomes more, or less.
    fn pay(&mut self, invoice_id: &InvoiceId, sums: &[LineAmount], sign: i64, at: DateTime<Utc>) {
        let mut invoices = self.invoices.iter_mut();
        let Some(invoice) = invoices.find(|known| known.issued.invoice_id == *invoice_id) else {
            return;
        };
        for sum in sums {
            let paid = invoice.paid.iter_mut().filter(|(id, _)| *id == sum.line_id);
            for (_, paid) in paid {
                paid.add(at, sign * sum.amount_minor);
            }
        }
    }

    /// An invoice, if it was issued.
    pub fn invoice(&self, invoice_id: &InvoiceId) -> Option<&Invoice> {
        let mut invoices = self.invoices.iter();
        invoices.find(|known| known.issued.invoice_id == *invoice_id)
    }

    /// A payment, if it was received.
    pub fn payment(&self, payment_id: &PaymentId) -> Option<&Payment> {
        let mut payments = self.payments.iter();
        payments.find(|known| known.received.payment_id == *payment_id)
    }

    /// A line as it stands.
    pub(super) fn line(&self, line_id: &LineId) -> Option<&AgreedLine> {
        self.lines.iter().find(|line| line.line_id == *line_id)
    }

    /// Changes a line, which is added if it is new.
    fn change(&mut self, line_id: &LineId, change: impl FnOnce(&mut AgreedLine)) {
        if self.line(line_id).is_none() {
            self.lines.push(AgreedLine::new(line_id));
        }
        let mut lines = self.lines.iter_mut();
        if let Some(line) = lines.find(|line| line.line_id == *line_id) {
            change(line);
        }
    }

    /// What is left of each line, beside what was counted of it: at an instant and at every later
    /// one, as far as is known.
    pub(super) fn left_from(
        &self,
        at: DateTime<Utc>,
        counted: fn(&AgreedLine) -> &Tally,
    ) -> Vec<(LineId, i64)> {
        let each = self.lines.iter().map(|line| {
            let counted = counted(line);
            let left = |then| {
                let agreed = line.line.at(then).map_or(0, |line| line.amount_minor);
                agreed - counted.by(then)
            };
            let changes = line.line.changes_after(at).chain(counted.changes_after(at));
            let least = changes.map(left).fold(left(at), i64::min);
            (line.line_id.clone(), least)
        });
        each.collect()
    }
}

impl AgreedLine {
    fn new(line_id: &LineId) -> Self {
        Self {
            line_id: line_id.clone(),
            line: Told::default(),
            delivered: Tally::default(),
            invoiced: Tally::default(),
        }
    }
}

impl Invoice {
    /// What is left to be paid of each line, at an instant and at every later one, as far as is
    /// known.
    pub(super) fn left_from(&self, at: DateTime<Utc>) -> Vec<(LineId, i64)> {
        let asked = self.issued.amounts.iter().zip(&self.paid);
        let each = asked.map(|(asked, (line_id, paid))| {
            let left = |then| asked.amount_minor - paid.by(then);
            let least = paid.changes_after(at).map(left).fold(left(at), i64::min);
            (line_id.clone(), least)
        });
        each.collect()
    }
}

impl Payment {
    /// What did not go back of each line.
    pub(super) fn left(&self) -> Vec<(LineId, i64)> {
        let each = self.received.amounts.iter().map(|received| {
            let back = self.refunded.iter();
            let back = back.filter(|sum| sum.line_id == received.line_id);
            let back: i64 = back.map(|sum| sum.amount_minor).sum();
            (received.line_id.clone(), received.amount_minor - back)
        });
        each.collect()
    }
}
