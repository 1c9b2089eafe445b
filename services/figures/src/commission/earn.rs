//! What a participant earns: commissions in the order of their transactions, SPIFs, overrides, and
//! what is taken back.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use event_schemas::commission_period::{Derivation, LineKind, StatementLine, Step};
use event_schemas::commission_plan::{Pay, Rate, Terms, Tiers};
use event_schemas::vocabulary::{CommissionPlanId, ContractId, Currency, Line, LineId, RepId};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{Book, Contract, Source};
use super::exact::{mul_div, percent, round, told};
use super::ledger::Ledger;
use super::opening::{Opening, Own};
use super::overrides::overrides;
use super::spifs::spifs;
use super::steps::{self, money, money_minor, step};
use super::timeline::Timeline;
use super::transactions::{Credit, Credits, Kind, Reader, Share, Transaction};
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
    /// What is taken back, if that is what it is.
    pub(super) lost: Option<Lost>,
}

/// A part that is lost of what is credited and stands, in minor units of the contract's currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    pub(super) part: Decimal,
    pub(super) of: Decimal,
    pub(super) currency: Currency,
}

impl Lost {
    /// What it takes of a sum that was paid, so far and less what was taken back before: nothing if
    /// nothing was; and how that follows.
    pub(super) fn take(
        self,
        paid_for: &str,
        paid_minor: i64,
        currency: Currency,
    ) -> Result<Option<(i64, Vec<Step>)>, CalculateError> {
        if paid_minor == 0 || self.of.is_zero() {
            return Ok(None);
        }
        let taken = mul_div(Decimal::from(paid_minor), self.part, self.of)?;
        let amount_minor = -round(taken)?;
        let inputs = [
            (paid_for, money_minor(paid_minor, currency)),
            ("credited and standing", money(self.of, self.currency)),
            ("lost", money(self.part, self.currency)),
        ];
        let steps = vec![
            step("claw-back", &inputs, money(-taken, currency)),
            step("rounded", &[], money_minor(amount_minor, currency)),
        ];
        Ok(Some((amount_minor, steps)))
    }
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
        let share = |credits: &Credits<'_>, at, terms: &Terms| {
            Ok((self.share(credits, at, terms)?, Vec::new()))
        };
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
                Kind::TakeBack(lost) => self.clawback(transaction, &own.paid, *lost)?,
            };
            if let Some(earned) = &earned {
                let (contract_id, line_id) = (transaction.contract_id, &transaction.line.line_id);
                let key = (contract_id.clone(), line_id.clone());
                own.paid.add(key, earned.line.amount_minor);
            }
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

    /// What the participant is credited with directly.
    pub(super) fn share(
        &self,
        credits: &Credits<'_>,
        at: DateTime<Utc>,
        terms: &Terms,
    ) -> Result<u64, CalculateError> {
        let shares = credits.shares()?;
        let own = shares.iter().filter(|(rep_id, _, overlay)| {
            *rep_id == self.rep_id && (!overlay || terms.credit.overlays)
        });
        let share = own.map(|(_, share, _)| share).sum();
        if share > 0 && !terms.credit.direct_on_subordinates {
            let people = &self.book.people;
            let subordinate = shares
                .iter()
                .find(|(rep_id, _, _)| people.manages(self.rep_id, rep_id, at).is_some());
            if let Some((rep_id, _, _)) = subordinate {
                return Err(CalculateError::DirectCreditOnSubordinate {
                    contract_id: credits.contract_id.clone(),
                    manager_id: self.rep_id.clone(),
                    rep_id: (*rep_id).clone(),
                });
            }
        }
        Ok(share)
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
        let worth = worth(terms, pays, keeps, credit)?;
        let worth = worth.ok_or_else(|| CalculateError::NoRate {
            contract_id: transaction.contract_id.clone(),
            line_id: line.line_id.clone(),
        })?;
        let is_told = self.told.wants(transaction.day);
        let mut windows = Windows::from(self, own.window.take());
        let credited = &own.credited;
        let paid = windows.pay(transaction, credit.basis, worth, credited, is_told)?;
        own.window = windows.into_current();
        if !matches!(worth, Worth::Free) {
            own.credited.add(transaction.day, credit.basis);
        }
        tiers.extend(paid.tier.map(|tier| (transaction.day, tier)));
        let mut rates = paid.rates;
        if let (Worth::Flat(_), Some(Pay::Percent(rate))) = (worth, pays) {
            rates.push(told(percent(rate.decimal(), keeps)?)?);
        }
        let mut steps = Vec::new();
        if is_told {
            steps = steps::credit(credit, transaction.currency, terms.currency);
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
        let (contract_id, line_id) = (transaction.contract_id, &line.line_id);
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
                basis_minor: Some(told(credit.basis)?),
                rates_percent: rates,
                amount_minor: paid.amount_minor,
                origin: None,
                derivation: self.derivation(transaction.day, &sources, steps),
            },
            sources,
            lost: None,
        })
    }

    /// Of what was really paid for a line, so far and less what was taken back, the part that its
    /// credit loses.
    fn clawback(
        &self,
        transaction: &Transaction<'b>,
        paid: &Ledger<(ContractId, LineId)>,
        lost: Lost,
    ) -> Result<Option<Earned<'b>>, CalculateError> {
        let currency = transaction.version.terms.currency;
        let (contract_id, line_id) = (transaction.contract_id, &transaction.line.line_id);
        let paid_minor = paid.paid_minor(&(contract_id.clone(), line_id.clone()));
        let taken = lost.take("paid for the line", paid_minor, currency)?;
        Ok(taken.map(|(amount_minor, steps)| Earned {
            at: transaction.at,
            position: transaction.position,
            day: transaction.day,
            line: StatementLine {
                line_id: format!("clawback:{}:{contract_id}:{line_id}", transaction.position),
                kind: LineKind::Clawback,
                contract_id: Some(contract_id.clone()),
                contract_line_id: Some(line_id.clone()),
                occurred_at: transaction.at,
                basis_minor: None,
                rates_percent: Vec::new(),
                amount_minor,
                origin: None,
                derivation: self.derivation(transaction.day, &transaction.sources, steps),
            },
            sources: transaction.sources.clone(),
            lost: Some(lost),
        }))
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
        Some(Pay::FixedMinor(minor)) => {
            let (moved, agreed) = (credit.moved_minor, credit.agreed_minor);
            let part = mul_div(Decimal::from(minor), moved.into(), agreed.into())?;
            let part = mul_div(part, credit.share.into(), 10_000.into())?;
            Worth::Flat(percent(part, keeps)?)
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
