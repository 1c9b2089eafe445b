//! Windows: what has been gathered since a count began, and what the next transaction adds to it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use event_schemas::commission_period::Step;
use event_schemas::commission_plan::{Accelerators, Measure, Mode, Period, Terms, Tiers};
use event_schemas::vocabulary::{Currency, Number};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{PlanVersion, Source};
use super::earn::Participant;
use super::exact::{self, mul, round};
use super::ledger::PaidFor;
use super::opening::Credited;
use super::quota::{quota, quota_sources};
use super::steps::{money, money_minor, pays, percent, step};
use super::taken::Lost;
use super::tiers::{Climb, Ladder, Weight};
use super::transactions::Transaction;
use crate::calendar::{Span, period_of};

/// What a transaction is worth before the window has its say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Worth {
    /// So much, whatever the volume.
    Flat(Decimal),
    /// What the tiers pay for its basis, times a weight.
    Tiered(Decimal),
    /// Nothing, and it counts toward nothing.
    Free,
}

/// What a transaction is paid.
#[derive(Debug)]
pub(super) struct Paid<'b> {
    pub(super) amount_minor: i64,
    /// What of that it is paid for: itself, and what a tier that it reached pays more for others.
    pub(super) brings: Vec<(PaidFor, i64)>,
    /// The tier reached.
    pub(super) tier: Option<usize>,
    pub(super) rates: Vec<Number>,
    /// The facts that the window itself depends on.
    pub(super) sources: Vec<&'b Source>,
    pub(super) steps: Vec<Step>,
}

/// When a window began: its first day, and the position of its transaction if it is one's own.
type Key = (NaiveDate, u64);

/// The state of a window: enough to go on from.
#[derive(Debug, Clone)]
pub(super) struct Window {
    key: Key,
    version: u32,
    ladder: Option<Ladder>,
    /// The days whose quota it depends on, if it does.
    quota_of: Option<Span>,
    climb: Climb,
    tiered: Decimal,
    flat: Decimal,
    /// What its weight is made of, where its tiers look back: a tier that is reached pays more for all of it.
    parts: BTreeMap<PaidFor, Weight>,
}

impl Window {
    /// A window that begins. Where only the version changes, the volume goes on, and what the
    /// version before has paid stays paid.
    fn begin(
        key: Key,
        version: u32,
        ladder: Option<Ladder>,
        quota_of: Option<Span>,
        before: Option<Self>,
    ) -> Self {
        let before = before.filter(|before| before.key == key);
        let volume = before.map_or(Decimal::ZERO, |before| before.climb.volume);
        Self {
            key,
            version,
            ladder,
            quota_of,
            climb: Climb::from(volume),
            tiered: Decimal::ZERO,
            flat: Decimal::ZERO,
            parts: BTreeMap::new(),
        }
    }

    /// Adds a volume of some weight to the tiers, and a flat sum. Gives what was earned before and
    /// after.
    fn add(&mut self, added: &Added<'_>) -> Result<(Decimal, Decimal), CalculateError> {
        let before = self.tiered + self.flat;
        if let Some(ladder) = &self.ladder {
            let weight = self.climb.weight;
            self.tiered = ladder.step(&mut self.climb, added.volume, added.weight)?;
            if ladder.looks_back() {
                let part = self.parts.entry(added.paid_for.clone()).or_default();
                *part = part.plus(self.climb.weight.less(weight));
            }
        }
        self.flat += added.flat;
        Ok((before, self.tiered + self.flat))
    }

    /// What a volume that goes on pays more for what others brought before: together rounded as one sum.
    fn catch_up(
        &self,
        volume_before: Decimal,
        added: &Added<'_>,
    ) -> Result<Vec<(PaidFor, i64)>, CalculateError> {
        let ladder = self.ladder.as_ref().filter(|ladder| ladder.looks_back());
        let rises = |ladder: &&Ladder| ladder.tier(self.climb.volume) != ladder.tier(volume_before);
        let Some(ladder) = ladder.filter(rises) else {
            return Ok(Vec::new());
        };
        let mut each = Vec::with_capacity(self.parts.len());
        let (mut sum, mut before) = (Decimal::ZERO, 0i64);
        let others = self.parts.iter().filter(|(key, _)| *key != added.paid_for);
        for (key, weight) in others {
            sum += ladder.worth(*weight, self.climb.volume)?;
            sum -= ladder.worth(*weight, volume_before)?;
            let up_to = round(sum)?;
            each.push((key.clone(), up_to.saturating_sub(before)));
            before = up_to;
        }
        Ok(each)
    }

    /// Something is lost of what was brought: no tier reached after pays more for it. The volume stays.
    pub(super) fn lose(&mut self, key: &PaidFor, lost: Lost) -> Result<(), CalculateError> {
        if let (Some(ladder), Some(part)) = (&self.ladder, self.parts.get_mut(key)) {
            let gone = part.part(lost.part, lost.of)?;
            *part = part.less(gone);
            self.climb.weight = self.climb.weight.less(gone);
            self.tiered = ladder.earned(&self.climb)?;
        }
        Ok(())
    }
}

/// The windows of a participant, one after the other.
pub(super) struct Windows<'p, 'b> {
    participant: &'p Participant<'b>,
    current: Option<Window>,
}

impl<'p, 'b> Windows<'p, 'b> {
    /// Goes on from a window, or begins the first one.
    pub(super) fn from(participant: &'p Participant<'b>, current: Option<Window>) -> Self {
        Self {
            participant,
            current,
        }
    }

    /// The window that is open.
    pub(super) fn into_current(self) -> Option<Window> {
        self.current
    }

    /// What an own transaction is paid.
    pub(super) fn pay(
        &mut self,
        transaction: &Transaction<'b>,
        paid_for: &PaidFor,
        basis: Decimal,
        worth: Worth,
        credited: &Credited,
        told: bool,
    ) -> Result<Paid<'b>, CalculateError> {
        let tiers = transaction.version.terms.tiers.as_ref();
        let all_count = tiers.is_some_and(|tiers| tiers.measure == Measure::Attainment);
        let (volume, weight, flat) = match worth {
            Worth::Tiered(weight) => (basis, weight, Decimal::ZERO),
            Worth::Flat(flat) if all_count => (basis, Decimal::ZERO, flat),
            Worth::Flat(flat) => (Decimal::ZERO, Decimal::ZERO, flat),
            Worth::Free => (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO),
        };
        let added = Added {
            paid_for,
            day: transaction.day,
            position: transaction.position,
            volume,
            weight,
            flat,
        };
        self.add(transaction.version, tiers, &added, credited, told)
    }

    /// What something adds to the window that it falls in.
    pub(super) fn add(
        &mut self,
        version: &PlanVersion,
        tiers: Option<&Tiers>,
        added: &Added<'_>,
        credited: &Credited,
        told: bool,
    ) -> Result<Paid<'b>, CalculateError> {
        let terms = &*version.terms;
        let period = match tiers {
            Some(tiers) => period_of(tiers.window),
            None => Some(terms.statement_period),
        };
        let span = period.map(|period| Span::around(period, added.day));
        let key = span.map_or((added.day, added.position), |span| (span.from_on, 0));
        let goes_on = |window: &&mut Window| window.key == key && window.version == version.version;
        if self.current.as_mut().filter(goes_on).is_none() {
            let ladder = tiers.map(|tiers| self.ladder(terms, tiers, span, credited));
            let by_quota = tiers.is_some_and(|tiers| {
                tiers.measure == Measure::Attainment || tiers.accelerators != Accelerators::Always
            });
            let quota_of = span.filter(|_| by_quota);
            let before = self.current.take();
            let ladder = ladder.transpose()?;
            self.current = Some(Window::begin(
                key,
                version.version,
                ladder,
                quota_of,
                before,
            ));
        }
        let window = self.current.as_mut().ok_or(CalculateError::OutOfRange)?;
        let mut paid = window.pay(added, terms.currency, told)?;
        if let Some(span) = window.quota_of {
            let of = self.participant;
            paid.sources = quota_sources(of.book, of.rep_id, span);
        }
        Ok(paid)
    }

    /// The ladder of a window: its bounds may depend on a quota, its height on the year to date.
    fn ladder(
        &self,
        terms: &Terms,
        tiers: &Tiers,
        span: Option<Span>,
        credited: &Credited,
    ) -> Result<Ladder, CalculateError> {
        let quota = match (tiers.measure, span) {
            (Measure::Attainment, Some(span)) => Some(self.quota(terms, span)?),
            _ => None,
        };
        let accelerated = match (tiers.accelerators, span) {
            (Accelerators::YearToDateQuotaMet, Some(span)) => {
                let year = Span::around(Period::Year, span.from_on);
                let to_date = Span {
                    from_on: year.from_on,
                    to_on: span.from_on,
                };
                to_date.days() <= 0 || credited.within(to_date) >= self.quota(terms, to_date)?
            }
            _ => true,
        };
        Ladder::new(tiers, quota, accelerated)
    }

    fn quota(&self, terms: &Terms, span: Span) -> Result<Decimal, CalculateError> {
        let of = self.participant;
        let proration = terms.quota_proration;
        let quota = quota(
            of.book,
            &of.timeline,
            of.rep_id,
            span,
            proration,
            terms.currency,
        )?;
        quota.ok_or_else(|| CalculateError::NoQuota {
            rep_id: of.rep_id.clone(),
            from_on: span.from_on,
            to_on: span.to_on,
        })
    }
}

/// What is added to a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Added<'a> {
    pub(super) paid_for: &'a PaidFor,
    pub(super) day: NaiveDate,
    pub(super) position: u64,
    /// By how much the volume goes on.
    pub(super) volume: Decimal,
    /// How much a unit of it weighs.
    pub(super) weight: Decimal,
    /// What is earned whatever the volume.
    pub(super) flat: Decimal,
}

impl Window {
    fn pay<'b>(
        &mut self,
        added: &Added<'_>,
        currency: Currency,
        told: bool,
    ) -> Result<Paid<'b>, CalculateError> {
        let volume_before = self.climb.volume;
        let (before, after) = self.add(added)?;
        let amount_minor = round(after)?.saturating_sub(round(before)?);
        let mut brings = self.catch_up(volume_before, added)?;
        let for_others = brings
            .iter()
            .fold(0i64, |sum, (_, more)| sum.saturating_add(*more));
        let for_itself = amount_minor.saturating_sub(for_others);
        brings.push((added.paid_for.clone(), for_itself));
        let ladder = self.ladder.as_ref().filter(|_| !added.volume.is_zero());
        let mut rates = Vec::new();
        if let Some(ladder) = ladder.filter(|_| !added.weight.is_zero()) {
            for factor in ladder.factors(volume_before, added.volume) {
                let percent = mul(mul(factor, added.weight)?, Decimal::ONE_HUNDRED)?;
                rates.push(exact::told(percent)?);
            }
        }
        let mut steps = Vec::new();
        if told {
            if let Some(ladder) = ladder {
                steps.extend(climbed(ladder, volume_before, added, &self.climb, currency));
            }
            let inputs = [
                ("earned before in the window", money(before, currency)),
                ("this adds", money(after - before, currency)),
            ];
            steps.push(step("earned", &inputs, money(after, currency)));
            let rounded = |sum| round(sum).map(|minor| money_minor(minor, currency));
            let inputs = [
                ("earned, rounded", rounded(after)?),
                ("earned before, rounded", rounded(before)?),
            ];
            steps.push(step(
                "rounded",
                &inputs,
                money_minor(amount_minor, currency),
            ));
        }
        Ok(Paid {
            amount_minor,
            brings,
            tier: ladder.map(|ladder| ladder.tier(self.climb.volume)),
            rates,
            sources: Vec::new(),
            steps,
        })
    }
}

/// How a volume climbs a ladder.
fn climbed(
    ladder: &Ladder,
    before: Decimal,
    added: &Added<'_>,
    climb: &Climb,
    currency: Currency,
) -> Vec<Step> {
    let after = before + added.volume;
    let mode = match ladder.mode() {
        Mode::Marginal => "each slice at its own tier",
        Mode::Retroactive => "all at the tier reached",
        Mode::Overage => "all above the first tier at the tier reached",
        Mode::Interpolated => "lumps in proportion",
    };
    let mut inputs = vec![
        ("volume before", money(before, currency)),
        ("volume after", money(after, currency)),
    ];
    if let Some(quota) = ladder.quota() {
        inputs.push(("quota", money(quota, currency)));
        let attained = after.checked_mul(Decimal::ONE_HUNDRED);
        let attained = attained.and_then(|of| of.checked_div(quota));
        inputs.extend(attained.map(|attained| ("attainment", percent(attained))));
    }
    inputs.push(("tier reached", ladder.tier(after).to_string()));
    let mut steps = vec![step("tiers", &inputs, mode.to_owned())];
    if ladder.looks_back() {
        for whole in ladder.whole(climb) {
            let inputs = [("of the window, weighted", money(whole.volume, currency))];
            let name = format!("at tier {}", whole.tier);
            steps.push(step(&name, &inputs, pays(whole.pays, currency)));
        }
        return steps;
    }
    for slice in ladder.slices(before, added.volume) {
        let inputs = [("volume", money(slice.volume, currency))];
        let name = format!("slice in tier {}", slice.tier);
        steps.push(step(&name, &inputs, pays(slice.pays, currency)));
    }
    steps
}
