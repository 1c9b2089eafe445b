//! Overrides: what a manager is paid for what the team does, by the team as it stood then.

use std::collections::HashMap;

use event_schemas::commission_period::{LineKind, StatementLine};
use event_schemas::commission_plan::{ClawbackAlso, OverrideOn, OverrideRate, Terms};
use event_schemas::vocabulary::{ContractId, LineId};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{PlanVersion, Source};
use super::earn::{Earned, Earnings, Participant, Told};
use super::exact::{percent, told};
use super::ledger::{Ledger, PaidFor};
use super::opening::{Opening, Own};
use super::steps::{money, step};
use super::taken::Lost;
use super::timeline::Paid;
use super::transactions::{Credits, Kind, Shared};
use super::window::{Added, Window, Windows};

/// Something the team did.
struct Done<'b> {
    at: chrono::DateTime<chrono::Utc>,
    position: u64,
    day: chrono::NaiveDate,
    /// Tells it from all others.
    what: String,
    contract_id: ContractId,
    line_id: LineId,
    paid_for: PaidFor,
    moved: Moved,
    version: &'b PlanVersion,
    sources: Vec<&'b Source>,
}

/// How a plan's overrides stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Overridden {
    /// The windows that are open: by what the override is a part of, and its number.
    windows: HashMap<(OverrideOn, usize), Window>,
    /// What was paid, if a version of the plan takes it back.
    paid: Ledger,
}

impl Overridden {
    /// Where the next period goes on from.
    pub(super) fn rest(&mut self) {
        self.paid.share();
    }
}

/// What it moved.
#[derive(Clone, Copy)]
enum Moved {
    /// So much was credited, or paid.
    Done(Decimal),
    /// A part of that is taken back.
    Lost(Lost),
}

/// Adds what the team brings.
pub(super) fn overrides<'b>(
    manager: &Participant<'b>,
    opening: &mut Opening,
    earnings: &mut Earnings<'b>,
) -> Result<(), CalculateError> {
    for on in [OverrideOn::TeamBasis, OverrideOn::TeamCommission] {
        let declared = |version: &PlanVersion| version.terms.overrides.iter().any(|o| o.on == on);
        if !manager.timeline.plan.versions().any(declared) {
            continue;
        }
        let done = match on {
            OverrideOn::TeamBasis => basis(manager)?,
            OverrideOn::TeamCommission => commission(manager)?,
        };
        pay(manager, on, &done, opening, earnings)?;
    }
    Ok(())
}

fn pay<'b>(
    manager: &Participant<'b>,
    on: OverrideOn,
    done: &[Done<'b>],
    opening: &mut Opening,
    earnings: &mut Earnings<'b>,
) -> Result<(), CalculateError> {
    let is_taken = |version: &PlanVersion| {
        let clawback = version.terms.clawback.as_ref();
        clawback.is_some_and(|clause| clause.also.contains(&ClawbackAlso::Overrides))
    };
    let is_kept = manager.timeline.plan.versions().any(is_taken);
    for done in done {
        let amount = match done.moved {
            Moved::Done(amount) => amount,
            Moved::Lost(lost) if is_taken(done.version) => {
                take_back(manager, done, lost, opening, earnings)?;
                continue;
            }
            Moved::Lost(_) => continue,
        };
        let currency = done.version.terms.currency;
        let declared = done.version.terms.overrides.iter().enumerate();
        for (at, declared) in declared.filter(|(_, one)| one.on == on) {
            let is_told = manager.told.wants(done.day);
            let (tiers, volume, flat) = match &declared.rate {
                OverrideRate::Percent(rate) => {
                    (None, Decimal::ZERO, percent(amount, rate.decimal())?)
                }
                OverrideRate::Tiers(tiers) => (Some(tiers), amount, Decimal::ZERO),
            };
            let added = Added {
                paid_for: &done.paid_for,
                day: done.day,
                position: done.position,
                volume,
                weight: Decimal::ONE,
                flat,
            };
            let credited = &opening.own.credited;
            let overridden = &mut opening.overridden;
            let open = overridden.windows.remove(&(on, at));
            let mut windows = Windows::from(manager, open);
            let mut paid = windows.add(done.version, tiers, &added, credited, is_told)?;
            let open = windows.into_current().map(|open| ((on, at), open));
            overridden.windows.extend(open);
            if is_kept {
                overridden.paid.extend(&paid.brings);
            }
            let mut steps = Vec::new();
            if is_told {
                let of_what = match on {
                    OverrideOn::TeamBasis => "the team's basis",
                    OverrideOn::TeamCommission => "the team's commission",
                };
                let inputs = [(of_what, money(amount, currency))];
                let result = match &declared.rate {
                    OverrideRate::Percent(rate) => format!("{rate} %"),
                    OverrideRate::Tiers(_) => "by tiers".to_owned(),
                };
                steps.push(step("override", &inputs, result));
                steps.append(&mut paid.steps);
            }
            if let OverrideRate::Percent(rate) = &declared.rate {
                paid.rates.push(*rate);
            }
            let mut sources = done.sources.clone();
            sources.append(&mut paid.sources);
            let line = StatementLine {
                line_id: format!("override:{}:{}", at + 1, done.what),
                kind: LineKind::Override,
                contract_id: Some(done.contract_id.clone()),
                contract_line_id: Some(done.line_id.clone()),
                occurred_at: done.at,
                basis_minor: Some(told(amount)?),
                rates_percent: paid.rates,
                amount_minor: paid.amount_minor,
                origin: None,
                derivation: manager.derivation(done.day, &sources, steps),
            };
            earnings.lines.push(Earned {
                at: done.at,
                position: done.position,
                day: done.day,
                line,
                sources,
                brings: paid.brings,
                lost: None,
            });
        }
    }
    Ok(())
}

/// Of what was really paid for a line, so far and less what was taken back, the part that it loses.
fn take_back<'b>(
    manager: &Participant<'b>,
    done: &Done<'b>,
    lost: Lost,
    opening: &mut Opening,
    earnings: &mut Earnings<'b>,
) -> Result<(), CalculateError> {
    let Overridden { windows, paid } = &mut opening.overridden;
    let currency = done.version.terms.currency;
    let taken = lost.take(&done.paid_for, paid, windows.values_mut(), currency)?;
    let Some((amount_minor, steps)) = taken else {
        return Ok(());
    };
    earnings.lines.push(Earned {
        at: done.at,
        position: done.position,
        day: done.day,
        line: StatementLine {
            line_id: format!("clawback:override:{}", done.what),
            kind: LineKind::Clawback,
            contract_id: Some(done.contract_id.clone()),
            contract_line_id: Some(done.line_id.clone()),
            occurred_at: done.at,
            basis_minor: None,
            rates_percent: Vec::new(),
            amount_minor,
            origin: None,
            derivation: manager.derivation(done.day, &done.sources, steps),
        },
        sources: done.sources.clone(),
        brings: Vec::new(),
        lost: Some((done.paid_for.clone(), lost)),
    });
    Ok(())
}

/// What was credited to the team, by the manager's plan. Overlays come on top of a deal, and never
/// feed an override.
fn basis<'b>(manager: &Participant<'b>) -> Result<Vec<Done<'b>>, CalculateError> {
    let (book, manager_id) = (manager.book, manager.rep_id);
    let share = |credits: &Credits<'_>, at, _: &Terms| {
        let mut team = Shared::default();
        for (rep_id, share, overlay) in credits.shares()? {
            if !overlay && let Some(managed_by) = book.people.manages(manager_id, rep_id, at) {
                team.share += share;
                team.by.extend(managed_by);
            }
        }
        Ok(team)
    };
    let members = book.people.ever_managed(manager_id);
    let mut contracts: Vec<_> = members
        .into_iter()
        .flat_map(|member| manager.contracts_of(member))
        .collect();
    contracts.sort_by(|a, b| a.id.cmp(&b.id));
    contracts.dedup_by(|a, b| a.id == b.id);
    let transactions = manager.read(&share, contracts.into_iter())?;
    let done = transactions.into_iter().map(|transaction| {
        let (contract_id, line_id) = (transaction.contract_id, &transaction.line.line_id);
        Done {
            at: transaction.at,
            position: transaction.position,
            day: transaction.day,
            what: format!("{}:{contract_id}:{line_id}", transaction.position),
            contract_id: contract_id.clone(),
            line_id: line_id.clone(),
            paid_for: PaidFor::Team {
                on: OverrideOn::TeamBasis,
                by: None,
                contract_id: contract_id.clone(),
                line_id: line_id.clone(),
            },
            moved: match transaction.kind {
                Kind::Credit(credit) => Moved::Done(credit.basis),
                Kind::TakeBack(lost) => Moved::Lost(lost),
            },
            version: transaction.version,
            sources: transaction.sources,
        }
    });
    Ok(done.collect())
}

/// What the team was paid in commissions, by its own plans.
fn commission<'b>(manager: &Participant<'b>) -> Result<Vec<Done<'b>>, CalculateError> {
    let book = manager.book;
    let mut all = Vec::new();
    for member_id in book.people.ever_managed(manager.rep_id) {
        let mut plans: Vec<_> = book.plans.enrolments(member_id).map(|(id, _)| id).collect();
        plans.dedup();
        for plan_id in plans {
            let within = manager.within;
            let member = Participant::new(book, plan_id, member_id, within, Told::Nothing)?;
            let mut own = Own::clone(&*member.own_opening()?);
            for earned in member.own(&mut own)?.lines {
                all.extend(override_of(manager, &member, earned)?);
            }
        }
    }
    all.sort_by(|a, b| (a.at, a.position, &a.what).cmp(&(b.at, b.position, &b.what)));
    Ok(all)
}

/// What a line of a member is to the manager: a commission that the team was paid, or what is taken
/// back of one.
fn override_of<'b>(
    manager: &Participant<'b>,
    member: &Participant<'b>,
    earned: Earned<'b>,
) -> Result<Option<Done<'b>>, CalculateError> {
    let (book, line) = (manager.book, earned.line);
    let (Some(contract_id), Some(line_id)) = (line.contract_id, line.contract_line_id) else {
        return Ok(None);
    };
    let mut sources = earned.sources;
    let (moved, version) = if let Some((_, lost)) = earned.lost {
        let Some(version) = manager.timeline.plan.on(earned.day) else {
            return Ok(None);
        };
        sources.push(&version.source);
        (Moved::Lost(lost), version)
    } else {
        let paid = manager.timeline.on(earned.day).map(|segment| segment.paid);
        let managed_by = book
            .people
            .manages(manager.rep_id, member.rep_id, earned.at);
        let (Some(Paid::Here(version, enrolment)), Some(managed_by)) = (paid, managed_by) else {
            return Ok(None);
        };
        sources.extend([&version.source, &enrolment.source]);
        sources.extend(managed_by);
        let to = version.terms.currency;
        let from = member.timeline.plan.on(earned.day);
        let from = from.map_or(to, |own| own.terms.currency);
        let minor = Decimal::from(line.amount_minor);
        let amount = book.sums.convert(minor, from, to, earned.day)?;
        (Moved::Done(amount), version)
    };
    let by = (member.plan_id.clone(), member.rep_id.clone());
    Ok(Some(Done {
        at: earned.at,
        position: earned.position,
        day: earned.day,
        what: format!("{}:{}", member.rep_id, line.line_id),
        contract_id: contract_id.clone(),
        line_id: line_id.clone(),
        paid_for: PaidFor::Team {
            on: OverrideOn::TeamCommission,
            by: Some(by),
            contract_id,
            line_id,
        },
        moved,
        version,
        sources,
    }))
}
