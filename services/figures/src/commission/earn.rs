//! What a participant earns: commissions in the order of their transactions, SPIFs, overrides, and
//! what is taken back.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use event_schemas::commission_period::{Derivation, LineKind, StatementLine, Step};
use event_schemas::commission_plan::{Pay, Rate, Terms, Tiers};
use event_schemas::vocabulary::{CommissionPlanId, Line, RepId};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{Book, Contract, Source};
use super::exact::{mul_div, percent, round, told};
use super::ledger::PaidFor;
use super::opening::{Opening, Own};
use super::overrides::overrides;
use super::spifs::spifs;
use super::steps::{self, money_minor, step};
use super::taken::Lost;
use super::timeline::Timeline;
use super::transactions::{Credit, Credits, Kind, Reader, Share, Shared, Transaction};
use super::window::{Windows, Worth};
use crate::calendar::Span;

/// Which lines are to carry their derivation: it takes longer than the sums.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// All of them.
    All,
    /// Those of a period.
    Within(Span),
    /// None.
    Nothing,
}

impl Told {
    pub(super) fn wants(self, day: NaiveDate) -> bool {
        match self {
            Self::All => true,
            Self::Within(span) => span.contains(day),
            Self::Nothing => false,
        }
    }
}

/// One participant of one plan.
pub(super) struct Participant<'b> {
    pub(super) book: &'b Book,
    pub(super) plan_id: &'b CommissionPlanId,
    pub(super) rep_id: &'b RepId,
    pub(super) timeline: Timeline<'b>,
    /// Contracts that are not in the book.
    pub(super) supposed: &'b [Contract],
    /// The days on which things happen.
    pub(super) within: Span,
    pub(super) told: Told,
}

/// A line, where it counts, and the facts it follows from.
#[derive(Debug)]
pub(super) struct Earned<'b> {
    pub(super) at: DateTime<Utc>,
    pub(super) position: u64,
    pub(super) day: NaiveDate,
    pub(super) line: StatementLine,
    pub(super) sources: Vec<&'b Source>,
    /// What its sum is paid for.
    pub(super) brings: Vec<(PaidFor, i64)>,
    /// What is lost of what, if it is taken back.
    pub(super) lost: Option<(PaidFor, Lost)>,
}

/// What a participant earned on some days.
#[derive(Debug, Default)]
pub(super) struct Earnings<'b> {
    pub(super) lines: Vec<Earned<'b>>,
    /// The tier reached, by the day on which it was.
    pub(super) tiers: Vec<(NaiveDate, usize)>,
}

impl<'b> Participant<'b> {
    pub(super) fn new(
        book: &'b Book,
        plan_id: &'b CommissionPlanId,
        rep_id: &'b RepId,
        within: Span,
        told: Told,
    ) -> Result<Self, CalculateError> {
        Ok(Self {
            book,
            plan_id,
            rep_id,
            timeline: Timeline::of(book, plan_id, rep_id)?,
            supposed: &[],
            within,
            told,
        })
    }

    /// The contracts of which something may count.
    pub(super) fn contracts(&self) -> impl Iterator<Item = &'b Contract> {
        let known = self.contracts_of(self.rep_id).into_iter();
        known.chain(self.supposed)
    }

    /// The same of somebody: those to which something happens on the days asked for, or all where
    /// another timing begins on one of them.
    pub(super) fn contracts_of(&self, rep_id: &RepId) -> Vec<&'b Contract> {
        let from_on = self.within.from_on;
        let all = from_on == NaiveDate::MIN || self.timeline.turns_within(self.within);
        // Where a clock leaps over midnight, a day begins some hours beside its start.
        let start = || {
            let start = self.book.zone.start(from_on);
            start.checked_sub_signed(TimeDelta::days(1))
        };
        let since = if all { None } else { start() };
        let since = since.unwrap_or(DateTime::<Utc>::MIN_UTC);
        self.book.contracts.of_rep(rep_id, since)
    }

    /// All that was earned, with what the team brings.
    pub(super) fn earnings(&self, opening: &mut Opening) -> Result<Earnings<'b>, CalculateError> {
        let mut earnings = self.own(Arc::make_mut(&mut opening.own))?;
        spifs(self, &mut earnings)?;
        overrides(self, opening, &mut earnings)?;
        Ok(earnings)
    }

    /// How own deals stand where the days asked for begin.
    pub(super) fn own_opening(&self) -> Result<Arc<Own>, CalculateError> {
        let (openings, day) = (&self.book.openings, self.within.from_on);
        if day == NaiveDate::MIN {
            return Ok(Arc::default());
        }
        if let Some(known) = openings.own(self.plan_id, self.rep_id, day) {
            return Ok(known);
        }
        let (book, plan_id, rep_id) = (self.book, self.plan_id, self.rep_id);
        let before = Self::new(book, plan_id, rep_id, Span::before(day), Told::Nothing)?;
        let mut own = Own::default();
        before.own(&mut own)?;
        own.rest(day);
        let own = Arc::new(own);
        openings.keep_own(plan_id, rep_id, day, &own);
        Ok(own)
    }

    /// Commissions of own deals, and what is taken back of them.
    pub(super) fn own(&self, own: &mut Own) -> Result<Earnings<'b>, CalculateError> {
        let share = |credits: &Credits<'_>, at, terms: &Terms| self.share(credits, at, terms);
        let transactions = self.read(&share, self.contracts())?;
        let mut earnings = Earnings::default();
        for transaction in &transactions {
            let terms = &transaction.version.terms;
            let pays_own = !terms.rates.is_empty() || terms.tiers.is_some();
            let earned = match &transaction.kind {
                // A plan for managers alone.
                Kind::Credit(_) if !pays_own => None,
                Kind::Credit(credit) => {
                    Some(self.commission(transaction, credit, own, &mut earnings.tiers)?)
                }
                Kind::TakeBack(lost) => self.clawback(transaction, own, *lost)?,
            };
            earnings.lines.extend(earned);
        }
        Ok(earnings)
    }

    /// Transactions credited by a share.
    pub(super) fn read(
        &self,
        share: &Share<'_, 'b>,
        contracts: impl Iterator<Item = &'b Contract>,
    ) -> Result<Vec<Transaction<'b>>, CalculateError> {
        let reader = Reader {
            book: self.book,
            timeline: &self.timeline,
            within: self.within,
            share,
        };
        reader.read(contracts)
    }

    /// What the participant is credited with directly. A manager is not on a subordinate's deal, unless the plan
    /// declares it.
    pub(super) fn share(
        &self,
        credits: &Credits<'_>,
        at: DateTime<Utc>,
        terms: &Terms,
    ) -> Result<Shared<'b>, CalculateError> {
        let shares = credits.shares()?;
        let own = shares.iter().filter(|(rep_id, _, overlay)| {
            *rep_id == self.rep_id && (!overlay || terms.credit.overlays)
        });
        let mut shared = Shared {
            share: own.map(|(_, share, _)| share).sum(),
            ..Shared::default()
        };
        if shared.share > 0 && !terms.credit.direct_on_subordinates {
            let people = &self.book.people;
            let subordinate = shares.iter().find_map(|(rep_id, _, _)| {
                let managed_by = people.manages(self.rep_id, rep_id, at)?;
                Some((rep_id, managed_by))
            });
            if let Some((rep_id, managed_by)) = subordinate {
                shared.refused_for = Some((*rep_id).clone());
                shared.by.extend(managed_by);
            }
        }
        Ok(shared)
    }

    fn commission(
        &self,
        transaction: &Transaction<'b>,
        credit: &Credit,
        own: &mut Own,
        tiers: &mut Vec<(NaiveDate, usize)>,
    ) -> Result<Earned<'b>, CalculateError> {
        let version = transaction.version;
        let (terms, line) = (&*version.terms, transaction.line);
        let rate = rate_for(terms, line);
        let keeps = keeps(terms, line);
        let pays = rate.map(|rate| rate.pays);
        let refused_for = transaction.refused_for.as_ref();
        let (basis, worth) = match refused_for {
            Some(_) => (Decimal::ZERO, Some(Worth::Free)),
            None => (credit.basis, worth(terms, pays, keeps, credit)?),
        };
        let worth = worth.ok_or_else(|| CalculateError::NoRate {
            contract_id: transaction.contract_id.clone(),
            line_id: line.line_id.clone(),
        })?;
        let is_told = self.told.wants(transaction.day);
        let (contract_id, line_id) = (transaction.contract_id, &line.line_id);
        let paid_for = PaidFor::Line(contract_id.clone(), line_id.clone());
        let credited = &own.credited;
        let mut windows = Windows::from(self, own.window.take());
        let paid = windows.pay(transaction, &paid_for, basis, worth, credited, is_told)?;
        own.window = windows.into_current();
        own.paid.extend(&paid.brings);
        if !matches!(worth, Worth::Free) {
            own.credited.add(transaction.day, basis);
        }
        tiers.extend(paid.tier.map(|tier| (transaction.day, tier)));
        let mut rates = paid.rates;
        if let (Worth::Flat(_), Some(Pay::Percent(rate))) = (worth, pays) {
            rates.push(told(percent(rate.decimal(), keeps)?)?);
        }
        let mut steps = Vec::new();
        if is_told {
            steps = steps::credit(credit, transaction.currency, terms.currency);
            if let Some(rep_id) = refused_for {
                let inputs = [("manager of", rep_id.to_string())];
                let refused =
                    "a direct credit on a subordinate's deal, which the plan does not declare";
                steps.push(step("refused", &inputs, refused.to_owned()));
            }
            if keeps != Decimal::ONE_HUNDRED {
                let discount = steps::percent(line.discount_percent.decimal());
                let inputs = [("discount of the line", discount)];
                let result = format!("{} of the rate", steps::percent(keeps));
                steps.push(step("discount", &inputs, result));
            }
            steps.push(rate_step(rate, terms));
            steps.extend(paid.steps);
        }
        let mut sources = transaction.sources.clone();
        sources.extend(paid.sources);
        Ok(Earned {
            at: transaction.at,
            position: transaction.position,
            day: transaction.day,
            line: StatementLine {
                line_id: format!(
                    "commission:{}:{contract_id}:{line_id}",
                    transaction.position
                ),
                kind: LineKind::Commission,
                contract_id: Some(contract_id.clone()),
                contract_line_id: Some(line_id.clone()),
                occurred_at: transaction.at,
                basis_minor: Some(told(basis)?),
                rates_percent: rates,
                amount_minor: paid.amount_minor,
                origin: None,
                derivation: self.derivation(transaction.day, &sources, steps),
            },
            sources,
            brings: paid.brings,
            lost: None,
        })
    }

    pub(super) fn derivation(
        &self,
        day: NaiveDate,
        sources: &[&'b Source],
        steps: Vec<Step>,
    ) -> Derivation {
        if self.told.wants(day) {
            let events = steps::events(sources);
            Derivation { events, steps }
        } else {
            Derivation::default()
        }
    }
}

pub(super) fn fits<T: PartialEq>(wanted: &Option<T>, found: &T) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == found)
}

pub(super) fn fits_category(wanted: Option<&String>, line: &Line) -> bool {
    wanted.is_none_or(|wanted| line.product_category.as_ref() == Some(wanted))
}

/// The most specific of the rates that fit a line.
fn rate_for<'t>(terms: &'t Terms, line: &Line) -> Option<&'t Rate> {
    let fitting = terms.rates.iter().filter(|rate| {
        fits(&rate.product_id, &line.product_id)
            && fits_category(rate.product_category.as_ref(), line)
            && fits(&rate.revenue_type, &line.revenue_type)
    });
    fitting.max_by_key(|rate| {
        (
            rate.product_id.is_some(),
            rate.product_category.is_some(),
            rate.revenue_type.is_some(),
        )
    })
}

/// How many percent of the rate a discount leaves.
fn keeps(terms: &Terms, line: &Line) -> Decimal {
    let exceeded = terms.discounts.iter();
    let exceeded = exceeded.filter(|cut| cut.above_percent < line.discount_percent);
    let highest = exceeded.max_by_key(|cut| cut.above_percent);
    highest.map_or(Decimal::ONE_HUNDRED, |cut| cut.keeps_percent.decimal())
}

/// What a credit is worth by the rate that fits its line; nothing is known if none does.
fn worth(
    terms: &Terms,
    pays: Option<Pay>,
    keeps: Decimal,
    credit: &Credit,
) -> Result<Option<Worth>, CalculateError> {
    let tiers = terms.tiers.as_ref();
    let multiplied = tiers.is_some_and(Tiers::multiply);
    let worth = match pays {
        Some(Pay::Nothing) => Worth::Free,
        Some(Pay::FixedMinor(_)) if credit.agreed_minor == 0 => Worth::Flat(Decimal::ZERO),
        // Of the line's own sum, up to here less up to before: the parts of a whole are the whole, in
        // whatever periods they come.
        Some(Pay::FixedMinor(minor)) => {
            let up_to = |credited: i64| {
                let part = mul_div(minor.into(), credited.into(), credit.agreed_minor.into())?;
                let part = mul_div(part, credit.share.into(), 10_000.into())?;
                round(percent(part, keeps)?)
            };
            let after = up_to(credit.credited_minor)?;
            let before = up_to(credit.credited_minor.saturating_sub(credit.moved_minor))?;
            Worth::Flat(after.saturating_sub(before).into())
        }
        Some(Pay::Percent(rate)) if multiplied => {
            let fraction = rate.decimal() / Decimal::ONE_HUNDRED;
            Worth::Tiered(percent(fraction, keeps)?)
        }
        Some(Pay::Percent(rate)) => {
            let whole = percent(credit.basis, rate.decimal())?;
            Worth::Flat(percent(whole, keeps)?)
        }
        None if tiers.is_some() && !multiplied => Worth::Tiered(keeps / Decimal::ONE_HUNDRED),
        None => return Ok(None),
    };
    Ok(Some(worth))
}

fn rate_step(rate: Option<&Rate>, terms: &Terms) -> Step {
    let fitting = |rate: &Rate| {
        let named = [
            rate.product_id.as_ref().map(|id| format!("product {id}")),
            rate.product_category
                .as_ref()
                .map(|c| format!("category {c}")),
            rate.revenue_type.map(|kind| kind.as_str().to_owned()),
        ];
        let named: Vec<_> = named.into_iter().flatten().collect();
        if named.is_empty() {
            "every line".to_owned()
        } else {
            named.join(", ")
        }
    };
    let result = match rate.map(|rate| rate.pays) {
        Some(Pay::Percent(rate)) => steps::percent(rate.decimal()),
        Some(Pay::FixedMinor(minor)) => {
            format!("{} for the line", money_minor(minor, terms.currency))
        }
        Some(Pay::Nothing) => "free of commission".to_owned(),
        None => "by tiers".to_owned(),
    };
    let for_what = rate.map_or_else(|| "lines without a rate".to_owned(), fitting);
    step("rate", &[("for", for_what)], result)
}
