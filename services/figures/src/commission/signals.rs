//! Signals: what someone should look at. None of them says that anything is wrong.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use event_schemas::commission_period::EventRef;
use event_schemas::commission_plan::{Measure, Tiers};
use event_schemas::contract::ContractEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::quote::QuoteEvent;
use event_schemas::vocabulary::{CommissionPlanId, RepId};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{Book, Source};
use super::earn::{Participant, Told};
use super::exact::{mul_div, percent};
use super::opening::Own;
use super::quota::quota;
use super::steps;
use crate::calendar::{Span, period_of};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// A hand-over so many days before a close, or fewer, is just before it.
    pub hand_over_days: u32,
    /// The last days of a window, in which closings may be bunched.
    pub bunching_days: u32,
    /// How far above a tier's edge a window may end to be just above it, in percent of the edge.
    pub edge_percent: u32,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            hand_over_days: 7,
            bunching_days: 5,
            edge_percent: 5,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalKind {
    /// A deal changed hands just before it was closed.
    HandOverBeforeClose,
    /// Closings of a window's last days carried it just above a tier's edge.
    BunchedAtTierEdge,
    /// A discount was approved by who had asked for it.
    SelfApprovedDiscount,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signal {
    /// What it is.
    pub kind: SignalKind,
    /// What it is about: an opportunity, a quote, or a participant.
    pub subject: String,
    /// In words.
    pub message: String,
    /// The facts it follows from.
    pub events: Vec<EventRef>,
}

/// Everything in the book that someone should look at, up to and without a day.
pub fn signals(
    book: &Book,
    watch: Watch,
    until_on: NaiveDate,
) -> Result<Vec<Signal>, CalculateError> {
    let mut found = hand_overs(book, watch);
    found.extend(self_approvals(book));
    let mut participants: Vec<_> = book.plans.participants().collect();
    participants.sort();
    participants.dedup();
    for (plan_id, rep_id) in participants {
        found.extend(bunched(book, plan_id, rep_id, watch, until_on)?);
    }
    found.sort();
    Ok(found)
}

fn hand_overs(book: &Book, watch: Watch) -> Vec<Signal> {
    let window = TimeDelta::days(i64::from(watch.hand_over_days));
    let mut found = Vec::new();
    for (id, facts) in &book.opportunities {
        let won = facts.iter();
        let won = won.filter(|fact| matches!(fact.what, OpportunityEvent::OpportunityWon(_)));
        for won in won {
            let given = facts.iter().filter(|fact| match &fact.what {
                OpportunityEvent::LeadAssigned(given) => {
                    let previous = given.previous_rep_id.as_ref();
                    let to_another = previous.is_some_and(|previous| *previous != given.rep_id);
                    to_another && fact.at <= won.at && won.at - fact.at <= window
                }
                _ => false,
            });
            let mut sources: Vec<&Source> = given.map(|fact| &fact.source).collect();
            if !sources.is_empty() {
                sources.push(&won.source);
                found.push(Signal {
                    kind: SignalKind::HandOverBeforeClose,
                    subject: id.to_string(),
                    message: format!(
                        "handed over within {} days before it was won",
                        watch.hand_over_days
                    ),
                    events: steps::events(&sources),
                });
            }
        }
    }
    found
}

fn self_approvals(book: &Book) -> Vec<Signal> {
    let mut found = Vec::new();
    for (id, facts) in &book.quotes {
        let mut drafted: Option<&Source> = None;
        for fact in facts {
            match &fact.what {
                QuoteEvent::QuoteDrafted(_) | QuoteEvent::QuoteRevised(_) => {
                    drafted = Some(&fact.source);
                }
                QuoteEvent::DiscountApproved(approved) => {
                    let asked = drafted.filter(|asked| asked.actor == fact.source.actor);
                    found.extend(asked.map(|asked| Signal {
                        kind: SignalKind::SelfApprovedDiscount,
                        subject: id.to_string(),
                        message: format!(
                            "{} approved a discount of {} % on a quote of their own",
                            asked.actor, approved.discount_percent
                        ),
                        events: steps::events(&[asked, &fact.source]),
                    }));
                }
                _ => {}
            }
        }
    }
    found
}

/// What a participant was credited with in a window.
#[derive(Default)]
struct Gathered<'b> {
    volume: Decimal,
    /// Of that, what signings of the last days brought.
    last: Decimal,
    sources: Vec<&'b Source>,
}

fn bunched(
    book: &Book,
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    watch: Watch,
    until_on: NaiveDate,
) -> Result<Vec<Signal>, CalculateError> {
    let within = Span::before(until_on);
    let participant = Participant::new(book, plan_id, rep_id, within, Told::Nothing)?;
    let plan = participant.timeline.plan;
    if plan.versions().all(|version| version.terms.tiers.is_none()) {
        return Ok(Vec::new());
    }
    let signings = signings(book, rep_id);
    let mut windows: BTreeMap<Span, Gathered<'_>> = BTreeMap::new();
    for earned in participant.own(&mut Own::default())?.lines {
        let version = plan.on(earned.day);
        let tiers = version.and_then(|version| version.terms.tiers.as_ref());
        let period = tiers.and_then(|tiers| period_of(tiers.window));
        let (Some(period), Some(basis)) = (period, earned.line.basis_minor) else {
            continue;
        };
        let span = Span::around(period, earned.day);
        let gathered = windows.entry(span).or_default();
        gathered.volume += basis.decimal();
        let left = span.to_on.num_days_from_ce() - earned.day.num_days_from_ce();
        let is_last = u32::try_from(left).is_ok_and(|left| left <= watch.bunching_days);
        if is_last && signings.contains(&earned.position) {
            gathered.last += basis.decimal();
            gathered.sources.extend(earned.sources.first());
        }
    }
    let mut found = Vec::new();
    for (span, mut gathered) in windows {
        let Some(version) = plan.on(span.from_on).or(plan.versions().next()) else {
            continue;
        };
        let Some(tiers) = &version.terms.tiers else {
            continue;
        };
        let terms = &version.terms;
        let (proration, currency) = (terms.quota_proration, terms.currency);
        let quota = quota(
            book,
            &participant.timeline,
            rep_id,
            span,
            proration,
            currency,
        )?;
        gathered.sources.dedup_by_key(|source| source.position);
        for edge in edges(tiers, quota)? {
            let reach = mul_div(
                edge,
                Decimal::from(watch.edge_percent),
                Decimal::ONE_HUNDRED,
            )?;
            let before = gathered.volume - gathered.last;
            let crossed = before < edge && edge <= gathered.volume;
            if crossed && gathered.volume <= edge + reach && gathered.sources.len() > 1 {
                let (count, days) = (gathered.sources.len(), watch.bunching_days);
                found.push(Signal {
                    kind: SignalKind::BunchedAtTierEdge,
                    subject: rep_id.to_string(),
                    message: format!(
                        "{count} closings in the last {days} days carried the window from {} to {} just above {}",
                        span.from_on,
                        span.to_on,
                        steps::money(edge, currency)
                    ),
                    events: steps::events(&gathered.sources),
                });
            }
        }
    }
    Ok(found)
}

/// Positions of what closes a deal.
fn signings(book: &Book, rep_id: &RepId) -> std::collections::BTreeSet<u64> {
    let contracts = book.contracts.of_rep(rep_id, DateTime::<Utc>::MIN_UTC);
    let facts = contracts.into_iter().flat_map(|contract| &contract.facts);
    let signed = facts.filter(|fact| {
        matches!(
            fact.what,
            ContractEvent::ContractSigned(_) | ContractEvent::ContractAmended(_)
        )
    });
    signed.map(|fact| fact.source.position).collect()
}

/// Where tiers end, in minor units.
fn edges(tiers: &Tiers, quota: Option<Decimal>) -> Result<Vec<Decimal>, CalculateError> {
    let ends = tiers.bands.iter().filter_map(|band| band.to);
    match (tiers.measure, quota) {
        (Measure::Basis, _) => Ok(ends.map(|end| end.decimal()).collect()),
        (Measure::Attainment, Some(quota)) => {
            ends.map(|end| percent(quota, end.decimal())).collect()
        }
        (Measure::Attainment, None) => Ok(Vec::new()),
    }
}
