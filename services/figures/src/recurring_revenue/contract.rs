//! What a contract brings each month: as signed, amended and terminated.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use event_schemas::contract::{ContractEvent, ContractSigned};
use event_schemas::vocabulary::{ContractId, Currency, CustomerId, Line, LineId, ProductId};

use super::Segment;

/// The recurring part of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurring {
    /// With whom.
    pub customer_id: CustomerId,
    /// The currency of all its sums.
    pub currency: Currency,
    /// The contract it goes on from, if it renews one.
    pub renews_contract_id: Option<ContractId>,
    /// The first day on which it is in force.
    pub starts_on: NaiveDate,
    /// The day on which it is no more in force; open if there is none.
    pub ends_on: Option<NaiveDate>,
    /// What its lines bring, in the order of their ids and days.
    pub lines: Vec<RecurringLine>,
}

/// What a line of it brings for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurringLine {
    /// The line.
    pub line_id: LineId,
    /// What is sold.
    pub product_id: ProductId,
    /// When, and how much.
    pub segment: Segment,
}

/// A line from a day on: what is sold, and what it brings each month.
type Step = (NaiveDate, ProductId, i64);

impl Recurring {
    /// Folds facts that are in the order in which they happened. None before it was signed.
    ///
    /// An amendment says how its lines stand from its day on, whatever was agreed before of the
    /// days after. A line without a recurring amount, or taken off, brings nothing.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a ContractEvent>) -> Option<Self> {
        let mut signed: Option<&ContractSigned> = None;
        let mut terminated_on = None;
        let mut amendments = Vec::new();
        for fact in facts {
            match fact {
                ContractEvent::ContractSigned(event) => signed = signed.or(Some(event)),
                ContractEvent::ContractAmended(event) => amendments.push(event),
                ContractEvent::ContractTerminated(event) => {
                    terminated_on = Some(event.effective_on);
                }
                ContractEvent::ContractReassigned(_)
                | ContractEvent::RevenueRecognized(_)
                | ContractEvent::InvoiceIssued(_)
                | ContractEvent::PaymentReceived(_)
                | ContractEvent::PaymentRefunded(_)
                | ContractEvent::DirectCostRecorded(_)
                | ContractEvent::ContractRenewed(_)
                | ContractEvent::ContractHandedOver(_)
                | ContractEvent::MilestoneReached(_)
                | ContractEvent::RenewalOpened(_) => {}
            }
        }
        let signed = signed?;
        let mut lines: BTreeMap<&LineId, Vec<Step>> = BTreeMap::new();
        let agreed = signed.lines.iter().map(|line| (line, signed.starts_on));
        let amended = amendments.iter().flat_map(|amended| {
            let lines = amended.changes.iter().map(|change| &change.line);
            lines.map(|line| (line, amended.effective_on))
        });
        for (line, from_on) in agreed.chain(amended) {
            let steps = lines.entry(&line.line_id).or_default();
            steps.retain(|(begun_on, ..)| *begun_on < from_on);
            steps.push((from_on, line.product_id.clone(), monthly_minor(line)));
        }
        let agreed = amendments.iter().rev().find_map(|amended| amended.ends_on);
        let agreed = agreed.or(signed.ends_on);
        let ends_on = agreed.into_iter().chain(terminated_on).min();
        Some(Self {
            customer_id: signed.customer_id.clone(),
            currency: signed.currency,
            renews_contract_id: signed.renews_contract_id.clone(),
            starts_on: signed.starts_on,
            ends_on,
            lines: lines
                .into_iter()
                .flat_map(|(line_id, steps)| segments(line_id, &steps, ends_on))
                .collect(),
        })
    }
}

fn monthly_minor(line: &Line) -> i64 {
    let is_taken_off = line.quantity.decimal().is_zero();
    let monthly = line.monthly_recurring_minor.filter(|_| !is_taken_off);
    monthly.unwrap_or_default()
}

/// The steps of a line that bring something before the contract ends.
fn segments(line_id: &LineId, steps: &[Step], ends_on: Option<NaiveDate>) -> Vec<RecurringLine> {
    let nexts = steps.iter().skip(1).map(|(next_on, ..)| Some(*next_on));
    let steps = steps.iter().zip(nexts.chain([None]));
    let lines = steps.map(|((from_on, product_id, monthly_minor), next_on)| {
        let segment = Segment {
            from_on: *from_on,
            to_on: next_on,
            monthly_minor: *monthly_minor,
        };
        RecurringLine {
            line_id: line_id.clone(),
            product_id: product_id.clone(),
            segment: segment.before(ends_on),
        }
    });
    let brings = |line: &RecurringLine| {
        let Segment {
            from_on,
            to_on,
            monthly_minor,
        } = line.segment;
        monthly_minor > 0 && to_on.is_none_or(|to_on| from_on < to_on)
    };
    lines.filter(brings).collect()
}
