//! Claw-backs: by which clause something is taken back, and how much of what stands.

use chrono::NaiveDate;
use event_schemas::commission_plan::{Clawback, ClawbackCause, ClawbackExtent};
use event_schemas::contract::{ContractEvent, ContractSigned};
use rust_decimal::Decimal;

use crate::calendar::{add_months, months_between};
use crate::commission::CalculateError;
use crate::commission::book::Plan;
use crate::commission::exact::mul_div;

/// How a contract ends that was signed on a day, and why.
#[derive(Debug, Clone, Copy)]
pub(in crate::commission) struct End {
    pub(in crate::commission) signed_on: NaiveDate,
    /// The first day on which it, or a part of it, is not in force any more.
    pub(in crate::commission) ends_on: NaiveDate,
    pub(in crate::commission) cause: ClawbackCause,
}

/// The clause of a plan by which something is taken back on a day, if there is one.
pub(in crate::commission) fn clause(plan: &Plan, day: NaiveDate, end: End) -> Option<&Clawback> {
    let clawback = plan.on(day)?.terms.clawback.as_ref()?;
    let within = end.ends_on < add_months(end.signed_on, clawback.within_months);
    (within && clawback.on.contains(&end.cause)).then_some(clawback)
}

/// The term that was agreed for a contract, from its signing and the facts about it up to one.
#[derive(Debug, Clone, Copy)]
pub(in crate::commission) struct Term {
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
}

impl Term {
    pub(in crate::commission) fn of<'b>(
        signed: &ContractSigned,
        facts: impl DoubleEndedIterator<Item = &'b ContractEvent>,
    ) -> Self {
        let moved_to = facts.rev().find_map(|fact| match fact {
            ContractEvent::ContractAmended(amended) => amended.ends_on,
            _ => None,
        });
        Self {
            starts_on: signed.starts_on,
            ends_on: moved_to.or(signed.ends_on),
        }
    }
}

/// What a termination leaves of what stands: the part of what was agreed for the months that have
/// passed, or nothing.
pub(in crate::commission) fn kept(
    clawback: &Clawback,
    agreed: Term,
    ends_on: NaiveDate,
    agreed_minor: i64,
    standing: Decimal,
) -> Result<Decimal, CalculateError> {
    let starts_on = agreed.starts_on;
    let open_end = || add_months(starts_on, clawback.within_months);
    let term = months_between(starts_on, agreed.ends_on.unwrap_or_else(open_end));
    match clawback.extent {
        ClawbackExtent::Prorated if !term.is_zero() => {
            let elapsed = months_between(starts_on, ends_on).min(term);
            Ok(mul_div(Decimal::from(agreed_minor), elapsed, term)?.min(standing))
        }
        ClawbackExtent::Prorated | ClawbackExtent::Full => Ok(Decimal::ZERO),
    }
}
