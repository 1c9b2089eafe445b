//! How one customer stands at the end of a day: the facts that its health follows from.

use chrono::NaiveDate;
use event_schemas::alarm::Evidence;
use event_schemas::vocabulary::{ContractId, CustomerId, MetricId};
use rust_decimal::Decimal;

/// Parts of a whole in which sums of usage are exact: twelve places, as a number from outside has.
const PARTS: i128 = 1_000_000_000_000;

/// One customer at the end of a day, from what had happened by then.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Who.
    pub customer_id: CustomerId,
    /// The day.
    pub on: NaiveDate,
    /// A contract is in force on it.
    pub is_active: bool,
    /// The first day of its first contract.
    pub customer_since_on: Option<NaiveDate>,
    /// Its usage, metric by metric of the model, in the model's order.
    pub usage: Vec<Measured>,
    /// Each person's latest answer of the model's window; of anonymous ones each.
    pub answers: Vec<Answer>,
    /// Its tickets that are open.
    pub open_tickets: Vec<OpenTicket>,
    /// When we last were in contact: an interaction, a completed task, an answered survey.
    pub last_contact: Option<Contact>,
    /// Whether someone there decides.
    pub decision_maker: DecisionMaker,
    /// Its invoices that are not paid in full.
    pub unpaid: Vec<UnpaidInvoice>,
}

impl Standing {
    /// A customer of whom nothing is known.
    pub fn unknown(customer_id: CustomerId, on: NaiveDate) -> Self {
        Self {
            customer_id,
            on,
            is_active: false,
            customer_since_on: None,
            usage: Vec::new(),
            answers: Vec::new(),
            open_tickets: Vec::new(),
            last_contact: None,
            decision_maker: DecisionMaker::Never,
            unpaid: Vec::new(),
        }
    }
}

/// A customer's usage by one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which metric.
    pub metric_id: MetricId,
    /// The mean of its day values in its window; none while the metric was not declared.
    pub value: Option<Decimal>,
    /// The mean over the active customers, each over its baseline's days; none without such customers.
    pub baseline: Option<Decimal>,
    /// The events that it follows from, where they are few and were asked for.
    pub evidence: Vec<Evidence>,
}

/// An answer to a survey.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whose; of an anonymous one, the answer itself.
    pub subject_id: String,
    /// From 0 to 10.
    pub score: u8,
    /// The event.
    pub evidence: Evidence,
}

/// A ticket that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenTicket {
    /// Which.
    pub ticket_id: String,
    /// The day on which it was opened, or opened again.
    pub opened_on: NaiveDate,
    /// The event that opened it.
    pub opened: Evidence,
    /// It was given to someone higher since.
    pub escalated: Option<Escalation>,
}

/// That a ticket was given to someone higher.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// On which day.
    pub on: NaiveDate,
    /// The event.
    pub evidence: Evidence,
}

/// That we were in contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// On which day.
    pub on: NaiveDate,
    /// The event, where it was asked for.
    pub evidence: Option<Evidence>,
}

/// Whether someone at a customer decides.
#[derive(Debug, Clone, PartialEq)]
pub enum DecisionMaker {
    /// None was ever known.
    Never,
    /// Someone is there.
    Present,
    /// The last one has gone, or does not decide any more.
    Departed {
        /// On which day.
        on: NaiveDate,
        /// The event.
        evidence: Evidence,
    },
}

/// An invoice that is not paid in full.
#[derive(Debug, Clone, PartialEq)]
pub struct UnpaidInvoice {
    /// Which.
    pub invoice_id: String,
    /// Of which contract.
    pub contract_id: ContractId,
    /// When it is to be paid.
    pub due_on: NaiveDate,
    /// The event that issued it.
    pub issued: Evidence,
}

/// A number in the parts in which usage is added up: a whole and its millionths of a millionth.
pub fn part_of(number: Decimal) -> (i64, i64) {
    let whole = number.trunc();
    let part = (number - whole)
        .checked_mul(Decimal::from(1_000_000_000_000i64))
        .unwrap_or_default();
    let int = |decimal: Decimal| i64::try_from(decimal.trunc()).unwrap_or_default();
    (int(whole), int(part))
}

/// A sum of usage over so many days, or customers times days; none over none.
pub fn mean_of(whole: i128, part: i128, over: u64) -> Option<Decimal> {
    let parts = whole.checked_mul(PARTS)?.checked_add(part)?;
    // What has too many digits for a decimal loses the last ones.
    let sum = Decimal::try_from_i128_with_scale(parts, 12)
        .or_else(|_| Decimal::try_from_i128_with_scale(parts / PARTS, 0))
        .ok()?;
    sum.checked_div(Decimal::from(over))
}
