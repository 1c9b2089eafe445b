//! What a sale bears of the fixed cost of its period: by revenue. A cost falls evenly on its days.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use event_schemas::commission_plan::{Period, Terms, Timing};
use event_schemas::contract::ContractEvent;
use event_schemas::vocabulary::{Currency, LineAmount};
use rust_decimal::Decimal;

use crate::calendar::{Span, Zone};
use crate::commission::CalculateError;
use crate::commission::book::{Book, Contract, Sums};
use crate::commission::exact::{mul_div, shown};

/// What a sale bears: `costs × revenue / revenues`, in the plan's currency.
#[derive(Debug, Clone, Copy)]
pub(in crate::commission) struct Borne {
    pub(in crate::commission) cost: Decimal,
    /// All fixed cost of the period.
    pub(in crate::commission) costs: Decimal,
    /// The revenue of the sale.
    pub(in crate::commission) revenue: Decimal,
    /// The revenue of the whole tenant in the period.
    pub(in crate::commission) revenues: Decimal,
}

/// The revenue of each period, by its first day.
type Revenues = HashMap<NaiveDate, Decimal>;

/// Revenues, worked out once for each way of counting, which takes a pass over the contracts of the
/// whole tenant, and kept in step with what happens to one of them.
#[derive(Default)]
pub(in crate::commission) struct Overheads(Mutex<HashMap<Way, Arc<Revenues>>>);

/// By which periods, by what, and in which currency is counted.
type Way = (Period, Timing, Currency);

impl Overheads {
    /// What a revenue of a day bears, in the plan's currency; nothing where there is no cost.
    pub(super) fn share(
        &self,
        book: &Book,
        terms: &Terms,
        day: NaiveDate,
        revenue: Decimal,
    ) -> Result<Option<Borne>, CalculateError> {
        let span = Span::around(terms.statement_period, day);
        let mut costs = Decimal::ZERO;
        for cost in book.sums.costs() {
            let spread = Span {
                from_on: cost.from_on,
                to_on: cost.to_on,
            };
            if let Some(common) = spread.overlap(span) {
                let minor = Decimal::from(cost.amount.amount_minor);
                let (part, whole) = (Decimal::from(common.days()), Decimal::from(spread.days()));
                let minor = mul_div(minor, part, whole)?;
                let (from, to) = (cost.amount.currency, terms.currency);
                costs += book.sums.convert(minor, from, to, span.from_on)?;
            }
        }
        if costs.is_zero() {
            return Ok(None);
        }
        let revenues = self.revenues(book, terms)?;
        let of_all = revenues.get(&span.from_on).filter(|all| !all.is_zero());
        let borne = of_all.map(|of_all| {
            let costs = shown(costs);
            Ok(Borne {
                cost: mul_div(costs, revenue, *of_all)?,
                costs,
                revenue,
                revenues: *of_all,
            })
        });
        borne.transpose()
    }

    fn revenues(&self, book: &Book, terms: &Terms) -> Result<Arc<Revenues>, CalculateError> {
        let way = (terms.statement_period, terms.timing, terms.currency);
        // A pass that panicked has left nothing half done: what is there is whole.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(revenues) = known.get(&way) {
            return Ok(Arc::clone(revenues));
        }
        let mut revenues = Revenues::new();
        for contract in book.contracts.all() {
            for (from_on, minor) in brought(contract, way, &book.sums, &book.zone)? {
                *revenues.entry(from_on).or_default() += minor;
            }
        }
        let revenues = Arc::new(revenues);
        known.insert(way, Arc::clone(&revenues));
        Ok(revenues)
    }

    /// Whether any revenues are known.
    pub(in crate::commission) fn is_empty(&mut self) -> bool {
        self.known().is_empty()
    }

    /// A contract changes: what it brought before, or brings from now on, is counted.
    pub(in crate::commission) fn count(
        &mut self,
        contract: &Contract,
        sums: &Sums,
        zone: &Zone,
        sign: Decimal,
    ) {
        self.known().retain(|way, revenues| {
            // What cannot be counted is found out when it is asked for.
            let Ok(brought) = brought(contract, *way, sums, zone) else {
                return false;
            };
            let revenues = Arc::make_mut(revenues);
            for (from_on, minor) in brought {
                *revenues.entry(from_on).or_default() += sign * minor;
            }
            true
        });
    }

    /// All revenues may be others now.
    pub(in crate::commission) fn forget(&mut self) {
        self.known().clear();
    }

    fn known(&mut self) -> &mut HashMap<Way, Arc<Revenues>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The revenue that a contract brought, by the first day of the period, counted as a plan counts it.
fn brought(
    contract: &Contract,
    (period, timing, to): Way,
    sums: &Sums,
    zone: &Zone,
) -> Result<Vec<(NaiveDate, Decimal)>, CalculateError> {
    let currency = contract.facts.iter().find_map(|fact| match &fact.what {
        ContractEvent::ContractSigned(signed) => Some(signed.currency),
        _ => None,
    });
    let Some(currency) = currency else {
        return Ok(Vec::new());
    };
    let mut brought = Vec::with_capacity(contract.facts.len());
    for fact in &contract.facts {
        let minor: i128 = match (timing, &fact.what) {
            (Timing::Signing, ContractEvent::ContractSigned(signed)) => {
                let lines = signed.lines.iter();
                lines.map(|line| i128::from(line.amount_minor)).sum()
            }
            (Timing::Signing, ContractEvent::ContractAmended(amended)) => {
                let changes = amended.changes.iter();
                let more = changes.map(|change| {
                    i128::from(change.line.amount_minor) - i128::from(change.amount_before_minor)
                });
                more.sum()
            }
            (Timing::Delivery, ContractEvent::RevenueRecognized(e)) => sum(&e.amounts),
            (Timing::Payment, ContractEvent::PaymentReceived(e)) => sum(&e.amounts),
            _ => 0,
        };
        let minor = Decimal::try_from_i128_with_scale(minor, 0);
        let minor = minor.map_err(|_| CalculateError::OutOfRange)?;
        let day = zone.day(fact.at);
        let from_on = Span::around(period, day).from_on;
        brought.push((from_on, sums.convert(minor, currency, to, day)?));
    }
    Ok(brought)
}

fn sum(amounts: &[LineAmount]) -> i128 {
    let each = amounts.iter();
    each.map(|amount| i128::from(amount.amount_minor)).sum()
}
