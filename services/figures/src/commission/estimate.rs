//! Estimates: what a deal that is not signed would pay, at the margin: the statement with it less
//! the statement without it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{Statement, StatementLine};
use event_schemas::contract::{
    BillingFrequency, BillingTerms, ContractEvent, ContractSigned, DirectCostRecorded,
    PaymentReceived, RevenueRecognized,
};
use event_schemas::vocabulary::{
    CommissionPlanId, ContractId, CostId, Currency, CustomerId, DeliveryId, InvoiceId, Line,
    LineAmount, PaymentId, RepId, Split,
};
use uuid::Uuid;

use super::CalculateError;
use super::book::{self, Book, Contract, Fact, Source};
use super::statement::calculate;
use crate::calendar::Span;

/// A deal as it may be signed. It is supposed to be delivered and paid at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Deal {
    /// What its lines are called by in the estimate.
    pub contract_id: ContractId,
    /// With whom.
    pub customer_id: CustomerId,
    /// The currency of its sums.
    pub currency: Currency,
    /// When it would be signed.
    pub signed_at: DateTime<Utc>,
    /// The first day on which it would be in force.
    pub starts_on: NaiveDate,
    /// What would be sold.
    pub lines: Vec<Line>,
    /// The direct costs, by line, if they are known.
    pub costs: Vec<LineAmount>,
    /// Who would be credited; the participant alone if empty.
    pub splits: Vec<Split>,
}

/// What a deal would pay.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The statement of the deal's period as it stands.
    pub without: Statement,
    /// The same with the deal.
    pub with: Statement,
    /// What the deal adds to the payout, in minor units of the plan's currency.
    pub difference_minor: i64,
    /// The lines that are new or pay another sum, as they are with the deal.
    pub lines: Vec<StatementLine>,
}

/// What a deal would pay a participant, in the period in which it would be signed.
pub fn estimate(
    book: &Book,
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    deal: &Deal,
) -> Result<Estimate, CalculateError> {
    let day = book.day(deal.signed_at);
    let plan = book.plans.plan(plan_id);
    let version = plan.and_then(|plan| plan.on(day));
    let version = version.ok_or_else(|| CalculateError::UnknownPlan(plan_id.clone()))?;
    let period = Span::around(version.terms.statement_period, day);
    let without = calculate(book, plan_id, rep_id, period, &[])?;
    let with = calculate(book, plan_id, rep_id, period, &[supposed(deal, rep_id)])?;
    let before: BTreeMap<_, _> = without.lines.iter().map(|l| (&l.line_id, l)).collect();
    let lines = with.lines.iter().filter(|line| {
        let known = before.get(&line.line_id);
        known.is_none_or(|known| known.amount_minor != line.amount_minor)
    });
    let difference = with.total_minor.checked_sub(without.total_minor);
    Ok(Estimate {
        difference_minor: difference.ok_or(CalculateError::OutOfRange)?,
        lines: lines.cloned().map(without_supposed).collect(),
        without,
        with,
    })
}

/// Where supposed facts begin: after everything that is recorded.
pub(super) const SUPPOSED: u64 = u64::MAX - 8;

/// A line without the facts that nobody will find in the log.
fn without_supposed(mut line: StatementLine) -> StatementLine {
    let events = &mut line.derivation.events;
    events.retain(|event| event.position < SUPPOSED);
    for position in SUPPOSED..=u64::MAX {
        line.line_id = line.line_id.replace(&position.to_string(), "supposed");
    }
    line
}

/// The facts of a deal that comes true. They are recorded after everything that is.
fn supposed(deal: &Deal, rep_id: &RepId) -> Contract {
    let amounts: Vec<_> = deal
        .lines
        .iter()
        .map(|line| LineAmount {
            line_id: line.line_id.clone(),
            amount_minor: line.amount_minor,
        })
        .collect();
    let signed = ContractSigned {
        contract_id: deal.contract_id.clone(),
        customer_id: deal.customer_id.clone(),
        opportunity_id: None,
        quote_id: None,
        renews_contract_id: None,
        currency: deal.currency,
        starts_on: deal.starts_on,
        ends_on: None,
        billing: BillingTerms {
            frequency: BillingFrequency::Once,
            payment_days: 0,
        },
        lines: deal.lines.clone(),
        rep_id: Some(rep_id.clone()),
        splits: deal.splits.clone(),
    };
    let supposed = "supposed".to_owned();
    let mut events: Vec<ContractEvent> = Vec::new();
    // Costs are known before anything is credited, so that each line says what it pays in the end.
    events.push(signed.into());
    events.extend(CostId::try_from(supposed.clone()).ok().map(|cost_id| {
        let amounts = deal.costs.clone();
        DirectCostRecorded { cost_id, amounts }.into()
    }));
    let delivery_id = DeliveryId::try_from(supposed.clone()).ok();
    events.extend(delivery_id.map(|delivery_id| {
        let amounts = amounts.clone();
        RevenueRecognized {
            delivery_id,
            amounts,
        }
        .into()
    }));
    let ids = PaymentId::try_from(supposed.clone()).ok();
    let ids = ids.zip(InvoiceId::try_from(supposed).ok());
    events.extend(ids.map(|(payment_id, invoice_id)| {
        PaymentReceived {
            payment_id,
            invoice_id,
            amounts,
        }
        .into()
    }));
    let facts = events
        .into_iter()
        .zip(SUPPOSED..)
        .map(|(what, position)| Fact {
            at: deal.signed_at,
            source: Source {
                position,
                event_id: Uuid::nil(),
                event_type: book::SUPPOSED,
                actor: "".into(),
            },
            what,
        });
    Contract {
        id: deal.contract_id.clone(),
        facts: facts.collect(),
        reps: Vec::new(),
    }
}
