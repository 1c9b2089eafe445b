//! Plans, who takes part in them, what was closed, and what was corrected by hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{
    AdjustmentProposed, CommissionPeriodEvent, StatementClosed,
};
use event_schemas::commission_plan::{Basis, CommissionPlanEvent, Terms};
use event_schemas::vocabulary::{AdjustmentId, CommissionPlanId, RepId, StatementId};

use super::{Fact, Source};

/// A version of a plan.
#[derive(Debug)]
pub(in crate::commission) struct PlanVersion {
    pub(in crate::commission) version: u32,
    pub(in crate::commission) effective_from: NaiveDate,
    pub(in crate::commission) terms: Arc<Terms>,
    pub(in crate::commission) source: Source,
}

/// A plan: its versions, by the day from which they hold, then by number.
#[derive(Debug, Default)]
pub(in crate::commission) struct Plan {
    versions: BTreeMap<(NaiveDate, u32), PlanVersion>,
}

impl Plan {
    /// The version that holds on a day.
    pub(in crate::commission) fn on(&self, day: NaiveDate) -> Option<&PlanVersion> {
        let held = self.versions.range(..=(day, u32::MAX));
        held.map(|(_, version)| version).next_back()
    }

    pub(in crate::commission) fn versions(&self) -> impl Iterator<Item = &PlanVersion> {
        self.versions.values()
    }
}

/// A rep's part in a plan.
#[derive(Debug, Clone)]
pub(in crate::commission) struct Enrolment {
    pub(in crate::commission) from_on: NaiveDate,
    pub(in crate::commission) to_on: Option<NaiveDate>,
    pub(in crate::commission) source: Source,
}

/// A statement that was closed.
#[derive(Debug)]
pub(in crate::commission) struct Closed {
    pub(in crate::commission) event: StatementClosed,
    position: u64,
}

/// A correction by hand that another person approved.
#[derive(Debug, Clone, Copy)]
pub(in crate::commission) struct Adjustment<'b> {
    pub(in crate::commission) at: DateTime<Utc>,
    pub(in crate::commission) proposed: &'b AdjustmentProposed,
    pub(in crate::commission) sources: [&'b Source; 2],
}

/// What a closed statement has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is frozen.
    Closed,
    /// It may be paid.
    Approved,
    /// It was paid.
    Paid,
    /// Someone does not agree with it.
    Disputed,
}

/// A closed statement, and what it has come to.
#[derive(Debug, Clone, Copy)]
pub struct Life<'b> {
    /// As it was frozen.
    pub closed: &'b StatementClosed,
    /// Where that stands in the log.
    pub position: u64,
    /// What it has come to.
    pub standing: Standing,
}

/// What can become of a closed statement.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Approved,
    Paid,
    Disputed,
    Resolved,
}

/// All plans.
#[derive(Default)]
pub(in crate::commission) struct Plans {
    plans: BTreeMap<CommissionPlanId, Plan>,
    /// By rep, plan and first day.
    enrolments: HashMap<RepId, BTreeMap<(CommissionPlanId, NaiveDate), Enrolment>>,
    closed: HashMap<(CommissionPlanId, RepId), BTreeMap<NaiveDate, Closed>>,
    proposed: HashMap<AdjustmentId, Fact<AdjustmentProposed>>,
    of_participant: HashMap<(CommissionPlanId, RepId), Vec<AdjustmentId>>,
    approved: HashMap<AdjustmentId, Vec<(DateTime<Utc>, Source)>>,
    rejected: HashSet<AdjustmentId>,
    /// What became of a statement after it was closed, by the id of its stream and position.
    standings: HashMap<String, BTreeMap<u64, Turn>>,
}

impl Plans {
    /// Gives whose part in a plan the fact is about, if it is about somebody's.
    pub(super) fn fold(
        &mut self,
        plan_id: &CommissionPlanId,
        fact: Fact<CommissionPlanEvent>,
    ) -> Option<RepId> {
        let (rep_id, from_on, to_on) = match fact.what {
            CommissionPlanEvent::CommissionPlanPublished(published) => {
                let key = (published.effective_from, published.version);
                let version = PlanVersion {
                    version: published.version,
                    effective_from: published.effective_from,
                    terms: published.terms.into(),
                    source: fact.source,
                };
                let plan = self.plans.entry(plan_id.clone()).or_default();
                plan.versions.insert(key, version);
                return None;
            }
            CommissionPlanEvent::ParticipantEnrolled(e) => (e.rep_id, e.from_on, e.to_on),
            CommissionPlanEvent::ParticipantWithdrawn(e) => (e.rep_id, e.from_on, Some(e.to_on)),
        };
        let enrolments = self.enrolments.entry(rep_id.clone()).or_default();
        let enrolment = Enrolment {
            from_on,
            to_on,
            source: fact.source,
        };
        let known = enrolments.entry((plan_id.clone(), from_on));
        let known = known.or_insert_with(|| enrolment.clone());
        if known.source.position <= enrolment.source.position {
            *known = enrolment;
        }
        Some(rep_id)
    }

    pub(super) fn fold_period(&mut self, stream_id: &str, fact: Fact<CommissionPeriodEvent>) {
        let turn = match &fact.what {
            CommissionPeriodEvent::StatementApproved(_) => Some(Turn::Approved),
            CommissionPeriodEvent::StatementPaid(_) => Some(Turn::Paid),
            CommissionPeriodEvent::StatementDisputed(_) => Some(Turn::Disputed),
            CommissionPeriodEvent::DisputeResolved(_) => Some(Turn::Resolved),
            _ => None,
        };
        if let Some(turn) = turn {
            let standings = self.standings.entry(stream_id.to_owned()).or_default();
            standings.insert(fact.source.position, turn);
        }
        match fact.what {
            CommissionPeriodEvent::StatementClosed(event) => {
                let key = (event.plan_id.clone(), event.rep_id.clone());
                let closed = self.closed.entry(key).or_default();
                let position = fact.source.position;
                closed.insert(event.from_on, Closed { event, position });
            }
            CommissionPeriodEvent::AdjustmentProposed(what) => {
                let key = (what.plan_id.clone(), what.rep_id.clone());
                let of_participant = self.of_participant.entry(key).or_default();
                of_participant.push(what.adjustment_id.clone());
                let (at, source) = (fact.at, fact.source);
                let id = what.adjustment_id.clone();
                self.proposed.insert(id, Fact { at, source, what });
            }
            CommissionPeriodEvent::AdjustmentApproved(approved) => {
                let approvals = self.approved.entry(approved.adjustment_id).or_default();
                approvals.push((fact.at, fact.source));
            }
            CommissionPeriodEvent::AdjustmentRejected(rejected) => {
                self.rejected.insert(rejected.adjustment_id);
            }
            CommissionPeriodEvent::StatementApproved(_)
            | CommissionPeriodEvent::StatementPaid(_)
            | CommissionPeriodEvent::StatementDisputed(_)
            | CommissionPeriodEvent::DisputeResolved(_) => {}
        }
    }

    /// Who a correction by hand concerns.
    pub(super) fn adjusted(&self, id: &AdjustmentId) -> Option<&RepId> {
        self.proposed.get(id).map(|proposed| &proposed.what.rep_id)
    }

    /// Whether some plan has everybody's revenue bear its fixed cost.
    pub(super) fn share_fixed_cost(&self) -> bool {
        let mut versions = self.plans.values().flat_map(Plan::versions);
        versions.any(|version| version.terms.basis == Basis::NetMargin)
    }

    /// What has become of a closed statement.
    pub(in crate::commission) fn standing(&self, id: &StatementId) -> Standing {
        let (mut standing, mut disputed) = (Standing::Closed, false);
        for turn in self
            .standings
            .get(id.as_str())
            .into_iter()
            .flat_map(BTreeMap::values)
        {
            match turn {
                Turn::Approved => standing = Standing::Approved,
                Turn::Paid => standing = Standing::Paid,
                Turn::Disputed => disputed = true,
                Turn::Resolved => disputed = false,
            }
        }
        if disputed {
            Standing::Disputed
        } else {
            standing
        }
    }

    pub(in crate::commission) fn plan(&self, plan_id: &CommissionPlanId) -> Option<&Plan> {
        self.plans.get(plan_id)
    }

    /// A rep's part in all plans, by plan and first day.
    pub(in crate::commission) fn enrolments(
        &self,
        rep_id: &RepId,
    ) -> impl Iterator<Item = (&CommissionPlanId, &Enrolment)> {
        let enrolments = self.enrolments.get(rep_id).into_iter().flatten();
        enrolments.map(|((plan_id, _), enrolment)| (plan_id, enrolment))
    }

    /// Everybody who ever took part in a plan, with it.
    pub(in crate::commission) fn participants(
        &self,
    ) -> impl Iterator<Item = (&CommissionPlanId, &RepId)> {
        let all = self.enrolments.iter();
        all.flat_map(|(rep_id, of)| of.keys().map(move |(plan_id, _)| (plan_id, rep_id)))
    }

    /// Another version, and no statement of the plan closed before it.
    pub(super) fn suppose(
        &mut self,
        plan_id: &CommissionPlanId,
        effective_from: NaiveDate,
        terms: Terms,
        source: Source,
    ) {
        self.closed.retain(|(of_plan, _), _| of_plan != plan_id);
        let plan = self.plans.entry(plan_id.clone()).or_default();
        let last = plan.versions().map(|version| version.version).max();
        let version = last.unwrap_or_default().saturating_add(1);
        let supposed = PlanVersion {
            version,
            effective_from,
            terms: Arc::new(terms),
            source,
        };
        plan.versions.insert((effective_from, version), supposed);
    }

    /// The closed statements of a participant and what they have come to, by their first day.
    pub(in crate::commission) fn lives(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
    ) -> impl Iterator<Item = Life<'_>> {
        let closed = self.closed.get(&(plan_id.clone(), rep_id.clone()));
        closed.into_iter().flatten().map(|(_, closed)| Life {
            closed: &closed.event,
            position: closed.position,
            standing: self.standing(&closed.event.statement_id),
        })
    }

    /// The closed statements of a participant, by their first day.
    pub(in crate::commission) fn closed(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
    ) -> impl Iterator<Item = &StatementClosed> {
        let closed = self.closed.get(&(plan_id.clone(), rep_id.clone()));
        closed
            .into_iter()
            .flatten()
            .map(|(_, closed)| &closed.event)
    }

    /// The corrections of a participant that count: approved by someone else than who proposed
    /// them, and not rejected.
    pub(in crate::commission) fn adjustments(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
    ) -> Vec<Adjustment<'_>> {
        let ids = self.of_participant.get(&(plan_id.clone(), rep_id.clone()));
        let ids = ids.into_iter().flatten();
        let ids = ids.filter(|id| !self.rejected.contains(*id));
        let counting = ids.filter_map(|id| {
            let proposed = self.proposed.get(id)?;
            let approvals = self.approved.get(id)?.iter();
            let mut others = approvals.filter(|(_, by)| by.actor != proposed.source.actor);
            let (at, approved) = others.next()?;
            Some(Adjustment {
                at: *at,
                proposed: &proposed.what,
                sources: [&proposed.source, approved],
            })
        });
        counting.collect()
    }
}
