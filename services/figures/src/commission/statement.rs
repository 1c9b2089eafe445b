//! Statements: what was earned in a period, and what is made up for in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use event_schemas::commission_period::{Attainment, Carried, LineKind, Statement, StatementLine};
use event_schemas::commission_plan::Period;
use event_schemas::vocabulary::{CommissionPlanId, Currency, RepId};
use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};

use super::CalculateError;
use super::book::{Book, Contract};
use super::earn::{Earned, Participant, Told};
use super::exact::round;
use super::late;
use super::opening::Opening;
use super::settle::settle;
use super::steps::{money_minor, step};
use crate::calendar::Span;

/// A participant's statement of a period: the frozen one if it is closed, else what would be frozen
/// now. What came late for closed periods is in the first open one after them.
pub fn statement(
    book: &Book,
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    period: Span,
) -> Result<Statement, CalculateError> {
    let mut closed = book.plans.closed(plan_id, rep_id);
    if let Some(closed) = closed.find(|closed| closed.from_on == period.from_on) {
        return Ok((*closed.statement).clone());
    }
    calculate(book, plan_id, rep_id, period, &[])
}

/// SHA-256 of a statement's canonical JSON, in hexadecimal.
pub fn digest(statement: &Statement) -> Result<String, serde_json::Error> {
    let canonical = serde_json::to_vec(statement)?;
    Ok(hex::encode(Sha256::digest(canonical)))
}

/// The same with contracts that are not in the book.
pub(super) fn calculate(
    book: &Book,
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    period: Span,
    supposed: &[Contract],
) -> Result<Statement, CalculateError> {
    let opening = opening(book, plan_id, rep_id, period)?;
    let told = Told::Within(period);
    let mut participant = Participant::new(book, plan_id, rep_id, period, told)?;
    participant.supposed = supposed;
    let mut settled = advance(&participant, &mut Opening::clone(&opening))?;
    let last = settled.pop().ok_or(CalculateError::OutOfRange)?;
    last.into_statement(&participant, &opening.late)
}

/// How a period opens: as it did when it was asked for before, or by all periods before it.
fn opening(
    book: &Book,
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    period: Span,
) -> Result<Arc<Opening>, CalculateError> {
    let (before, day) = (Span::before(period.from_on), period.from_on);
    let mut participant = Participant::new(book, plan_id, rep_id, before, Told::Nothing)?;
    check(&participant, period)?;
    if let Some(known) = book.openings.all(plan_id, rep_id, day) {
        return Ok(known);
    }
    let mut opening = Opening::default();
    let mut chain = advance(&participant, &mut opening)?;
    let differing = late::differences(&participant, &chain, period);
    if !differing.is_empty() {
        participant.told = Told::All;
        chain = advance(&participant, &mut Opening::default())?;
    }
    opening.late = late::corrections(&participant, &chain, &differing, period)?;
    let opening = Arc::new(opening.at(day));
    book.openings.keep(plan_id, rep_id, day, &opening);
    Ok(opening)
}

/// A period as it would be if all that is known now had been known then.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) span: Span,
    pub(super) version: u32,
    pub(super) currency: Currency,
    pub(super) lines: Vec<StatementLine>,
    pub(super) attainment: Attainment,
    pub(super) tier: Option<u32>,
    pub(super) carried: Carried,
}

/// The statement period of a plan: no version may change it.
fn period_of(participant: &Participant<'_>) -> Result<Period, CalculateError> {
    let unknown = || CalculateError::UnknownPlan(participant.plan_id.clone());
    let first = participant.timeline.plan.versions().next();
    Ok(first.ok_or_else(unknown)?.terms.statement_period)
}

/// Checks that a period is one of the plan's, and not before the participant's first.
fn check(participant: &Participant<'_>, asked: Span) -> Result<(), CalculateError> {
    let period = period_of(participant)?;
    // Where the calendar ends, periods do not go on.
    if Span::around(period, asked.from_on) != asked || asked.to_on == NaiveDate::MAX {
        let Span { from_on, to_on } = asked;
        return Err(CalculateError::NotAPeriod { from_on, to_on });
    }
    let begins_on = participant.timeline.begins_on();
    if begins_on.is_none_or(|day| asked.to_on <= day) {
        return Err(CalculateError::NotEnrolled {
            rep_id: participant.rep_id.clone(),
            plan_id: participant.plan_id.clone(),
            until_on: asked.to_on,
        });
    }
    Ok(())
}

/// Goes on through the periods of the days asked for, from how they opened to how the next one
/// opens.
fn advance(
    participant: &Participant<'_>,
    opening: &mut Opening,
) -> Result<Vec<Settled>, CalculateError> {
    let period = period_of(participant)?;
    let Span { from_on, to_on } = participant.within;
    let mut earnings = participant.earnings(opening)?;
    let mut by_period: BTreeMap<NaiveDate, Vec<Earned<'_>>> = BTreeMap::new();
    for earned in std::mem::take(&mut earnings.lines) {
        let from_on = Span::around(period, earned.day).from_on;
        by_period.entry(from_on).or_default().push(earned);
    }
    by_hand(participant, period, &mut by_period)?;
    let mut settled = Vec::new();
    let begins_on = participant.timeline.begins_on().unwrap_or(to_on);
    let mut span = Span::around(period, begins_on.max(from_on));
    while span.from_on < to_on {
        let earned = by_period.remove(&span.from_on).unwrap_or_default();
        settled.push(settle(participant, &earnings.tiers, span, earned, opening)?);
        span = Span::around(period, span.to_on);
    }
    Ok(settled)
}

/// What was corrected by hand counts in the period in which it was approved.
fn by_hand<'b>(
    participant: &Participant<'b>,
    period: Period,
    by_period: &mut BTreeMap<NaiveDate, Vec<Earned<'b>>>,
) -> Result<(), CalculateError> {
    let (book, plan_id) = (participant.book, participant.plan_id);
    for adjustment in book.plans.adjustments(plan_id, participant.rep_id) {
        let day = book.day(adjustment.at);
        let Some(version) = participant.timeline.plan.on(day) else {
            continue;
        };
        if !participant.within.contains(day) {
            continue;
        }
        let proposed = adjustment.proposed;
        let (from, to) = (proposed.amount.currency, version.terms.currency);
        let minor = Decimal::from(proposed.amount.amount_minor);
        let amount_minor = round(book.sums.convert(minor, from, to, day)?)?;
        let result = money_minor(amount_minor, to);
        let inputs = [("proposed", money_minor(proposed.amount.amount_minor, from))];
        let steps = vec![step("adjustment by hand", &inputs, result)];
        let sources = adjustment.sources.to_vec();
        let [_, approved] = adjustment.sources;
        let line = StatementLine {
            line_id: format!("adjustment:{}", proposed.adjustment_id),
            kind: LineKind::Adjustment,
            contract_id: None,
            contract_line_id: None,
            occurred_at: adjustment.at,
            basis_minor: None,
            rates_percent: Vec::new(),
            amount_minor,
            origin: proposed.concerns.clone(),
            derivation: participant.derivation(day, &sources, steps),
        };
        let from_on = Span::around(period, day).from_on;
        by_period.entry(from_on).or_default().push(Earned {
            at: adjustment.at,
            position: approved.position,
            day,
            line,
            sources,
            brings: Vec::new(),
            lost: None,
        });
    }
    Ok(())
}

pub(super) fn sum<'l>(
    mut lines: impl Iterator<Item = &'l StatementLine>,
) -> Result<i64, CalculateError> {
    lines
        .try_fold(0i64, |sum, line| sum.checked_add(line.amount_minor))
        .ok_or(CalculateError::OutOfRange)
}

impl Settled {
    fn into_statement(
        mut self,
        participant: &Participant<'_>,
        late: &[StatementLine],
    ) -> Result<Statement, CalculateError> {
        self.lines.extend_from_slice(late);
        self.lines.sort_by_key(|line| line.kind);
        Ok(Statement {
            plan_id: participant.plan_id.clone(),
            plan_version: self.version,
            rep_id: participant.rep_id.clone(),
            from_on: self.span.from_on,
            to_on: self.span.to_on,
            currency: self.currency,
            total_minor: sum(self.lines.iter())?,
            lines: self.lines,
            attainment: self.attainment,
            tier: self.tier,
            carried: self.carried,
        })
    }
}
