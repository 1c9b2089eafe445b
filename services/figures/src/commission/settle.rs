//! Settling: what floor, cap, guaranteed minimum, holdback and draw make of what was earned in a
//! period.

use chrono::NaiveDate;
use event_schemas::commission_period::{
    Attainment, Carried, Derivation, LineKind, StatementLine, Step,
};
use event_schemas::commission_plan::{Floor, Terms};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::PlanVersion;
use super::earn::{Earned, Participant};
use super::exact::{mul_div, percent, round, told};
use super::opening::{Credited, Opening};
use super::quota::{quota, quota_sources};
use super::statement::{Settled, sum};
use super::steps::{self, money_minor, step};
use super::taken::{forgo, spare};
use crate::calendar::{Span, add_months};

/// What goes from one period into the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Carry {
    balances: Carried,
    /// What is kept back: the day on which it is released, the period it comes from, how much.
    held: Vec<(NaiveDate, NaiveDate, i64)>,
}

/// What floor and cap are about.
fn is_earned(kind: LineKind) -> bool {
    matches!(
        kind,
        LineKind::Commission | LineKind::Spif | LineKind::Override
    )
}

/// One period's lines as they come to be.
struct Settling<'p, 'b> {
    participant: &'p Participant<'b>,
    span: Span,
    version: &'b PlanVersion,
    takes_part: bool,
    lines: Vec<StatementLine>,
}

/// Settles a period: floor, cap, guaranteed minimum, holdback and draw of what was earned in it.
pub(super) fn settle<'b>(
    participant: &Participant<'b>,
    tiers: &[(NaiveDate, usize)],
    span: Span,
    mut earned: Vec<Earned<'b>>,
    opening: &mut Opening,
) -> Result<Settled, CalculateError> {
    let plan = participant.timeline.plan;
    let enrolled = participant.timeline.enrolled_within(span);
    let last_day = enrolled.iter().map(|one| one.to_on).max();
    let last_day = last_day.unwrap_or(span.to_on).pred_opt();
    let version = last_day
        .and_then(|day| plan.on(day))
        .or(plan.versions().next());
    let unknown = || CalculateError::UnknownPlan(participant.plan_id.clone());
    let version = version.ok_or_else(unknown)?;
    let order = |one: &Earned<'_>| (one.line.kind, one.at, one.position);
    earned.sort_by(|a, b| {
        let by_id = || a.line.line_id.cmp(&b.line.line_id);
        order(a).cmp(&order(b)).then_with(by_id)
    });
    let is_earned = |one: &Earned<'_>| is_earned(one.line.kind);
    let (earned, others): (Vec<_>, Vec<_>) = earned.into_iter().partition(is_earned);
    let brought = |one: Earned<'_>| (one.brings, one.line);
    let (brought, lines): (Vec<_>, Vec<_>) = earned.into_iter().map(brought).unzip();
    let mut settling = Settling {
        participant,
        span,
        version,
        takes_part: !enrolled.is_empty(),
        lines,
    };
    let attainment = settling.attainment(&opening.own.credited)?;
    let carry = &mut opening.carry;
    let kept_minor = settling.limit(&attainment, carry)?;
    forgo(&mut opening.forgone, &brought, kept_minor)?;
    settling.hold(carry)?;
    for other in others {
        let line = spare(&mut opening.forgone, other, version.terms.currency)?;
        settling.lines.extend(line);
    }
    settling.draw(&mut carry.balances)?;
    settling.lines.sort_by_key(|line| line.kind);
    let tier = tiers.iter().rev().find(|(day, _)| *day < span.to_on);
    let tier = tier.filter(|(day, _)| span.contains(*day));
    Ok(Settled {
        span,
        version: version.version,
        currency: version.terms.currency,
        lines: settling.lines,
        attainment,
        tier: tier.and_then(|(_, tier)| u32::try_from(*tier).ok()),
        carried: carry.balances,
    })
}

impl Settling<'_, '_> {
    fn terms(&self) -> &Terms {
        &self.version.terms
    }

    fn sum(&self, wanted: impl Fn(LineKind) -> bool) -> Result<i64, CalculateError> {
        sum(self.lines.iter().filter(|line| wanted(line.kind)))
    }

    /// Adds a line that the period as a whole brings.
    fn push(&mut self, kind: LineKind, amount_minor: i64, inputs: &[(&str, i64)]) {
        if amount_minor == 0 {
            return;
        }
        let (currency, day) = (self.terms().currency, self.span.from_on);
        let name = kind.as_str().to_lowercase();
        let inputs: Vec<_> = inputs
            .iter()
            .map(|(name, minor)| (*name, money_minor(*minor, currency)))
            .collect();
        let told = step(
            &name.replace('_', " "),
            &inputs,
            money_minor(amount_minor, currency),
        );
        self.told(kind, format!("{name}:{day}"), amount_minor, told);
    }

    fn told(&mut self, kind: LineKind, line_id: String, amount_minor: i64, told: Step) {
        let end = self.participant.book.zone.start(self.span.to_on);
        let (book, rep_id) = (self.participant.book, self.participant.rep_id);
        let mut sources = vec![&self.version.source];
        if kind == LineKind::Floor {
            sources.extend(quota_sources(book, rep_id, self.span));
        }
        let derivation = if self.participant.told.wants(self.span.from_on) {
            Derivation {
                events: steps::events(&sources),
                steps: vec![told],
            }
        } else {
            Derivation::default()
        };
        self.lines.push(StatementLine {
            line_id,
            kind,
            contract_id: None,
            contract_line_id: None,
            occurred_at: end - chrono::TimeDelta::microseconds(1),
            basis_minor: None,
            rates_percent: Vec::new(),
            amount_minor,
            origin: None,
            derivation,
        });
    }

    fn attainment(&self, credited: &Credited) -> Result<Attainment, CalculateError> {
        let (of, terms) = (self.participant, self.terms());
        let credited = credited.within(self.span);
        let (proration, currency) = (terms.quota_proration, terms.currency);
        let quota = quota(
            of.book,
            &of.timeline,
            of.rep_id,
            self.span,
            proration,
            currency,
        )?;
        let reached = |quota: &Decimal| mul_div(credited, Decimal::ONE_HUNDRED, *quota);
        let percent = quota.filter(|quota| !quota.is_zero());
        let percent = percent.as_ref().map(reached).transpose()?;
        Ok(Attainment {
            credited_minor: told(credited)?,
            quota_minor: quota.map(told).transpose()?,
            percent: percent.map(told).transpose()?,
        })
    }

    /// Floor, cap and guaranteed minimum of what was earned. Gives what of it is never paid.
    fn limit(&mut self, attainment: &Attainment, carry: &mut Carry) -> Result<i64, CalculateError> {
        let mut kept_minor = 0;
        let mut earned = self.sum(is_earned)?;
        if matches!(self.terms().floor, Some(Floor::QuotaPercent(_)))
            && attainment.quota_minor.is_none()
            && earned > 0
        {
            return Err(CalculateError::NoQuota {
                rep_id: self.participant.rep_id.clone(),
                from_on: self.span.from_on,
                to_on: self.span.to_on,
            });
        }
        let (floor, cap, guarantee) = {
            let terms = self.terms();
            (terms.floor, terms.cap, terms.guarantee_minor)
        };
        let is_below = match floor {
            Some(Floor::AmountMinor(least)) => earned < least,
            // Of a quota of nothing everything is reached.
            Some(Floor::QuotaPercent(least)) => {
                let reached = attainment.percent.map(|percent| percent.decimal());
                reached.is_some_and(|reached| reached < least.decimal())
            }
            None => false,
        };
        if is_below && earned > 0 {
            let mut inputs = vec![("earned, below the floor", earned)];
            if let Some(Floor::AmountMinor(least)) = floor {
                inputs.push(("floor", least));
            }
            self.push(LineKind::Floor, -earned, &inputs);
            (kept_minor, earned) = (earned, 0);
        }
        let withheld = &mut carry.balances.cap_withheld_minor;
        let most = cap.map(|cap| cap.amount_minor);
        let over = most.map_or(0, |most| earned.saturating_sub(most).max(0));
        if over > 0 {
            if cap.is_some_and(|cap| cap.refundable) {
                *withheld = withheld.saturating_add(over);
            } else {
                kept_minor = over;
            }
            let inputs = [("earned", earned), ("cap", most.unwrap_or_default())];
            self.push(LineKind::Cap, -over, &inputs);
            earned -= over;
        }
        let room = most.map_or(*withheld, |most| most.saturating_sub(earned).max(0));
        let released = room.min(*withheld);
        *withheld -= released;
        let inputs = [("room below the cap", room), ("released", released)];
        self.push(LineKind::CapRelease, released, &inputs);
        earned = earned.saturating_add(released);
        if let Some(least) = guarantee.filter(|least| self.takes_part && earned < *least) {
            let inputs = [("earned", earned), ("guaranteed", least)];
            self.push(LineKind::Guarantee, least.saturating_sub(earned), &inputs);
        }
        Ok(kept_minor)
    }

    /// Keeps back a part of what is to be paid, and releases what was kept back long enough.
    fn hold(&mut self, carry: &mut Carry) -> Result<(), CalculateError> {
        let paid = self.sum(|kind| kind < LineKind::Holdback)?;
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut carry.held)
            .into_iter()
            .partition(|(on, _, _)| *on <= self.span.to_on);
        carry.held = waiting;
        let holdback = self.terms().holdback;
        if let Some(holdback) = holdback.filter(|_| paid > 0) {
            let held = round(percent(Decimal::from(paid), holdback.percent.decimal())?)?;
            self.push(LineKind::Holdback, -held, &[("earned", paid)]);
            let release_on = add_months(self.span.to_on, holdback.months);
            carry.held.push((release_on, self.span.from_on, held));
        }
        for (_, from_on, held) in due {
            let kind = LineKind::HoldbackRelease;
            let result = money_minor(held, self.terms().currency);
            let inputs = [("kept back in the period from", from_on.to_string())];
            let told = step("holdback release", &inputs, result);
            self.told(kind, format!("holdback_release:{from_on}"), held, told);
        }
        Ok(())
    }

    /// Advances what is missing to the draw, or recovers what was advanced from what is above it.
    fn draw(&mut self, balances: &mut Carried) -> Result<(), CalculateError> {
        let total = self.sum(|_| true)?;
        let draw = self.terms().draw.filter(|_| self.takes_part);
        let Some(draw) = draw else {
            return Ok(());
        };
        let owed = &mut balances.draw_owed_minor;
        let above = total.saturating_sub(draw.amount_minor);
        let inputs = [
            ("earned", total),
            ("draw", draw.amount_minor),
            ("owed before", *owed),
        ];
        if above < 0 {
            if draw.recoverable {
                *owed = owed.saturating_sub(above);
            }
            self.push(LineKind::DrawAdvance, above.saturating_neg(), &inputs);
        } else {
            let recovered = above.min(*owed);
            *owed -= recovered;
            self.push(LineKind::DrawRecovery, -recovered, &inputs);
        }
        Ok(())
    }
}
