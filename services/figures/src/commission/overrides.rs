//! Overrides: what a manager is paid for what the team does, by the team as it stood then.

use std::collections::HashMap;

use event_schemas::commission_period::{LineKind, StatementLine};
use event_schemas::commission_plan::{OverrideOn, OverrideRate, Terms};
use event_schemas::vocabulary::{ContractId, LineId};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{PlanVersion, Source};
use super::earn::{Earned, Earnings, Participant, Told};
use super::exact::{percent, told};
use super::opening::{Opening, Own};
use super::steps::{money, step};
use super::timeline::Paid;
use super::transactions::{Credits, Kind};
use super::window::{Added, Window, Windows};

/// Something the team did.
struct Done<'b> {
    at: chrono::DateTime<chrono::Utc>,
    position: u64,
    day: chrono::NaiveDate,
    /// Tells it from all others.
    what: String,
    contract_id: ContractId,
    line_id: Option<LineId>,
    amount: Decimal,
    version: &'b PlanVersion,
    sources: Vec<&'b Source>,
}

/// The windows of a plan's overrides that are open: by what they are a part of, and their number.
pub(super) type OpenWindows = HashMap<(OverrideOn, usize), Window>;

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
    for done in done {
        let currency = done.version.terms.currency;
        let declared = done.version.terms.overrides.iter().enumerate();
        for (at, declared) in declared.filter(|(_, one)| one.on == on) {
            let is_told = manager.told.wants(done.day);
            let (tiers, volume, flat) = match &declared.rate {
                OverrideRate::Percent(rate) => {
                    (None, Decimal::ZERO, percent(done.amount, rate.decimal())?)
                }
                OverrideRate::Tiers(tiers) => (Some(tiers), done.amount, Decimal::ZERO),
            };
            let added = Added {
                day: done.day,
                position: done.position,
                volume,
                weight: Decimal::ONE,
                flat,
            };
            let credited = &opening.own.credited;
            let mut windows = Windows::from(manager, opening.overrides.remove(&(on, at)));
            let mut paid = windows.add(done.version, tiers, added, credited, is_told)?;
            let window = windows.into_current();
            opening
                .overrides
                .extend(window.map(|open| ((on, at), open)));
            let mut steps = Vec::new();
            if is_told {
                let of_what = match on {
                    OverrideOn::TeamBasis => "the team's basis",
                    OverrideOn::TeamCommission => "the team's commission",
                };
                let inputs = [(of_what, money(done.amount, currency))];
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
                contract_line_id: done.line_id.clone(),
                occurred_at: done.at,
                basis_minor: Some(told(done.amount)?),
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
            });
        }
    }
    Ok(())
}

/// What was credited to the team, by the manager's plan. Overlays come on top of a deal, and never
/// feed an override.
fn basis<'b>(manager: &Participant<'b>) -> Result<Vec<Done<'b>>, CalculateError> {
    let (book, manager_id) = (manager.book, manager.rep_id);
    let share = |credits: &Credits<'_>, at, _: &Terms| {
        let mut team = (0, Vec::new());
        for (rep_id, share, overlay) in credits.shares()? {
            if !overlay && let Some(managed_by) = book.people.manages(manager_id, rep_id, at) {
                team.0 += share;
                team.1.extend(managed_by);
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
    let done = transactions.into_iter().filter_map(|transaction| {
        let Kind::Credit(credit) = transaction.kind else {
            return None;
        };
        let (contract_id, line_id) = (transaction.contract_id, &transaction.line.line_id);
        Some(Done {
            at: transaction.at,
            position: transaction.position,
            day: transaction.day,
            what: format!("{}:{contract_id}:{line_id}", transaction.position),
            contract_id: contract_id.clone(),
            line_id: Some(line_id.clone()),
            amount: credit.basis,
            version: transaction.version,
            sources: transaction.sources,
        })
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
                let paid = manager.timeline.on(earned.day).map(|segment| segment.paid);
                let Some(Paid::Here(version, enrolment)) = paid else {
                    continue;
                };
                let managed_by = book.people.manages(manager.rep_id, member_id, earned.at);
                let line = earned.line;
                let (LineKind::Commission, Some(managed_by), Some(contract_id)) =
                    (line.kind, managed_by, line.contract_id)
                else {
                    continue;
                };
                let from = member.timeline.plan.on(earned.day);
                let from = from.map_or(version.terms.currency, |own| own.terms.currency);
                let minor = Decimal::from(line.amount_minor);
                let to = version.terms.currency;
                let mut sources = earned.sources;
                sources.extend([&version.source, &enrolment.source]);
                sources.extend(managed_by);
                all.push(Done {
                    at: earned.at,
                    position: earned.position,
                    day: earned.day,
                    what: format!("{member_id}:{}", line.line_id),
                    contract_id,
                    line_id: line.contract_line_id,
                    amount: book.sums.convert(minor, from, to, earned.day)?,
                    version,
                    sources,
                });
            }
        }
    }
    all.sort_by(|a, b| (a.at, a.position, &a.what).cmp(&(b.at, b.position, &b.what)));
    Ok(all)
}
