//! Openings: how a participant stands where a period begins, which is all that it needs of what was
//! before. They are kept until a fact arrives that happened before them, so that a statement takes
//! the time of its own period, and not that of the participant's history.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Months, NaiveDate};
use event_schemas::commission_period::StatementLine;
use event_schemas::vocabulary::{CommissionPlanId, RepId};
use rust_decimal::Decimal;

use super::ledger::Ledger;
use super::overrides::Overridden;
use super::settle::Carry;
use super::window::Window;
use crate::calendar::Span;

/// Openings that are kept of one part in a plan: the open period's, that of the one before, which is
/// still to be closed, and that of a manager with other periods.
const KEPT: usize = 3;

/// Longer than any window, with the year to date that it looks back on.
const LOOK_BACK: Months = Months::new(25);

/// How a participant's own deals stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    /// The window that is open.
    pub(super) window: Option<Window>,
    pub(super) credited: Credited,
    /// What was paid for each line of a contract.
    pub(super) paid: Ledger,
}

/// How all that a participant is paid stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Opening {
    pub(super) own: Arc<Own>,
    pub(super) overridden: Overridden,
    /// What floor or cap kept of what each brought.
    pub(super) forgone: Ledger,
    pub(super) carry: Carry,
    /// What is made up for in the period, of earlier ones.
    pub(super) late: Vec<StatementLine>,
}

impl Opening {
    /// Where the next period goes on from.
    pub(super) fn at(mut self, day: NaiveDate) -> Self {
        Arc::make_mut(&mut self.own).rest(day);
        self.overridden.rest();
        self.forgone.share();
        self
    }
}

impl Own {
    /// Where the next period goes on from.
    pub(super) fn rest(&mut self, day: NaiveDate) {
        self.paid.share();
        self.credited.forget_before(day);
    }
}

/// What was credited by the end of each day.
#[derive(Debug, Clone, Default)]
pub(super) struct Credited(Vec<(NaiveDate, Decimal)>);

impl Credited {
    pub(super) fn add(&mut self, day: NaiveDate, basis: Decimal) {
        let total = self.0.last().map_or(Decimal::ZERO, |(_, total)| *total) + basis;
        match self.0.last_mut() {
            Some(last) if last.0 == day => last.1 = total,
            _ => self.0.push((day, total)),
        }
    }

    /// What was credited within a span.
    pub(super) fn within(&self, span: Span) -> Decimal {
        let before = |day: NaiveDate| {
            let last = self.days_before(day).checked_sub(1);
            let last = last.and_then(|index| self.0.get(index));
            last.map_or(Decimal::ZERO, |(_, total)| *total)
        };
        before(span.to_on) - before(span.from_on)
    }

    fn days_before(&self, day: NaiveDate) -> usize {
        self.0.partition_point(|(on, _)| *on < day)
    }

    /// Nobody who goes on from a day looks back further than so much.
    fn forget_before(&mut self, day: NaiveDate) {
        let first = day.checked_sub_months(LOOK_BACK).unwrap_or(NaiveDate::MIN);
        let past = self.days_before(first).saturating_sub(1);
        self.0.drain(..past);
    }
}

/// By plan and day.
type Days<T> = BTreeMap<(CommissionPlanId, NaiveDate), Arc<T>>;

/// What is kept of one rep.
#[derive(Default)]
struct Kept {
    own: Days<Own>,
    all: Days<Opening>,
}

/// The openings that are known, by rep.
#[derive(Default)]
pub(super) struct Openings(Mutex<HashMap<RepId, Kept>>);

impl Openings {
    fn with<T>(&self, what: impl FnOnce(&mut HashMap<RepId, Kept>) -> T) -> T {
        // Who panicked has left nothing half done: what is there is whole.
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn known(&mut self) -> &mut HashMap<RepId, Kept> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a part in a plan opens on a day, if that is known.
    pub(super) fn all(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
        day: NaiveDate,
    ) -> Option<Arc<Opening>> {
        let key = (plan_id.clone(), day);
        self.with(|known| known.get(rep_id)?.all.get(&key).cloned())
    }

    /// The same of own deals alone.
    pub(super) fn own(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
        day: NaiveDate,
    ) -> Option<Arc<Own>> {
        let key = (plan_id.clone(), day);
        self.with(|known| known.get(rep_id)?.own.get(&key).cloned())
    }

    /// Keeps an opening.
    pub(super) fn keep(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
        day: NaiveDate,
        opening: &Arc<Opening>,
    ) {
        self.keep_own(plan_id, rep_id, day, &opening.own);
        self.with(|known| {
            let kept = known.entry(rep_id.clone()).or_default();
            keep(&mut kept.all, plan_id, day, opening);
        });
    }

    /// Keeps one of own deals alone.
    pub(super) fn keep_own(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
        day: NaiveDate,
        own: &Arc<Own>,
    ) {
        self.with(|known| {
            let kept = known.entry(rep_id.clone()).or_default();
            keep(&mut kept.own, plan_id, day, own);
        });
    }

    pub(super) fn is_empty(&mut self) -> bool {
        self.known().is_empty()
    }

    /// Something happened to a rep on a day: what opens after it is not known any more.
    pub(super) fn forget(&mut self, rep_id: &RepId, day: NaiveDate) {
        if let Some(kept) = self.known().get_mut(rep_id) {
            kept.forget(day);
        }
    }

    /// Likewise to everybody.
    pub(super) fn forget_all(&mut self, day: NaiveDate) {
        self.known().values_mut().for_each(|kept| kept.forget(day));
    }

    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        self.known().clear();
    }
}

impl Kept {
    fn forget(&mut self, day: NaiveDate) {
        self.own.retain(|(_, from_on), _| *from_on <= day);
        self.all.retain(|(_, from_on), _| *from_on <= day);
    }
}

fn keep<T>(days: &mut Days<T>, plan_id: &CommissionPlanId, day: NaiveDate, what: &Arc<T>) {
    days.insert((plan_id.clone(), day), Arc::clone(what));
    let of_plan = days.keys().filter(|(of, _)| of == plan_id);
    let of_plan: Vec<_> = of_plan.cloned().collect();
    let over = of_plan.len().saturating_sub(KEPT);
    for oldest in of_plan.iter().take(over) {
        days.remove(oldest);
    }
}
