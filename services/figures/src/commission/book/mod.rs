//! The book: every fact that a statement can depend on, found by whom and what it concerns.
//!
//! Facts of different streams may arrive in any order, and late ones land where they happened.
//! Which facts are known, and up to when they happened, is decided by what is folded.

mod contracts;
mod people;
mod plans;
mod sums;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_period::{CommissionPeriodEvent, EventRef};
use event_schemas::commission_plan::{CommissionPlanEvent, Terms};
use event_schemas::contract::ContractEvent;
use event_schemas::exchange_rate::ExchangeRateEvent;
use event_schemas::fixed_cost::FixedCostEvent;
use event_schemas::opportunity::OpportunityEvent;
use event_schemas::product::ProductEvent;
use event_schemas::quote::QuoteEvent;
use event_schemas::rep::{RepEvent, TeamJoined, TeamLeft};
use event_schemas::team::TeamEvent;
use event_schemas::tenant::TenantEvent;
use event_schemas::vocabulary::{
    CommissionPlanId, ContractId, OpportunityId, ProductId, QuoteId, Recorded, RepId,
};
use event_schemas::{DecodeError, StreamEvents};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::opening::Openings;
use super::transactions::Overheads;
use crate::calendar::Zone;

pub(super) use contracts::{Contract, Contracts};
pub(super) use people::People;
pub(super) use plans::{Enrolment, Plan, PlanVersion, Plans};
pub use plans::{Life, Standing};
pub(super) use sums::Sums;

/// Why a fact cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Its bytes are not what its type promises.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its stream is not named after what it is about.
    #[error("stream {0} is not named after an id")]
    Stream(String),
    /// The tenant's time zone is none.
    #[error("{0} is no time zone")]
    TimeZone(String),
}

/// What a fact is called that is not in the log.
pub const SUPPOSED: &str = "Supposed";

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) position: u64,
    pub(super) event_id: Uuid,
    pub(super) event_type: &'static str,
    pub(super) actor: Box<str>,
}

impl Source {
    pub(super) fn reference(&self) -> EventRef {
        EventRef {
            position: self.position,
            event_id: self.event_id.to_string(),
            event_type: self.event_type.to_owned(),
        }
    }
}

/// A fact, when it happened, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact<T> {
    pub(super) at: DateTime<Utc>,
    pub(super) source: Source,
    pub(super) what: T,
}

/// Puts a fact where it happened: by instant, then by position.
fn insert<T>(facts: &mut Vec<Fact<T>>, fact: Fact<T>) {
    let key = (fact.at, fact.source.position);
    let place = facts.partition_point(|other| (other.at, other.source.position) <= key);
    facts.insert(place, fact);
}

/// The facts up to an instant, itself included.
pub(super) fn until<T>(facts: &[Fact<T>], at: DateTime<Utc>) -> &[Fact<T>] {
    let end = facts.partition_point(|fact| fact.at <= at);
    facts.get(..end).unwrap_or_default()
}

/// Says what zone a name means.
type Zones = dyn Fn(&str) -> Option<Zone> + Send + Sync;

/// Every fact that a statement can depend on.
pub struct Book {
    zones: Box<Zones>,
    pub(super) zone: Zone,
    pub(super) contracts: Contracts,
    pub(super) people: People,
    pub(super) plans: Plans,
    pub(super) sums: Sums,
    pub(super) overheads: Overheads,
    pub(super) openings: Openings,
    pub(super) opportunities: BTreeMap<OpportunityId, Vec<Fact<OpportunityEvent>>>,
    pub(super) quotes: BTreeMap<QuoteId, Vec<Fact<QuoteEvent>>>,
    /// The categories of products.
    pub(super) categories: BTreeMap<ProductId, Option<String>>,
}

impl Book {
    /// An empty one, that asks what zone a name means. Days are UTC's until a tenant says otherwise.
    pub fn new(zones: impl Fn(&str) -> Option<Zone> + Send + Sync + 'static) -> Self {
        Self {
            zones: Box::new(zones),
            zone: Zone::of(Utc),
            contracts: Contracts::default(),
            people: People::default(),
            plans: Plans::default(),
            sums: Sums::default(),
            overheads: Overheads::default(),
            openings: Openings::default(),
            opportunities: BTreeMap::new(),
            quotes: BTreeMap::new(),
            categories: BTreeMap::new(),
        }
    }

    /// Takes in a fact. One that no statement depends on changes nothing. What was worked out already
    /// and might be otherwise now is forgotten.
    pub fn fold(&mut self, event: &Recorded) -> Result<(), BookError> {
        match event.stream.category() {
            ContractEvent::CATEGORY => self.contract(&stream_id(event)?, fact(event)?),
            OpportunityEvent::CATEGORY => self.opportunity(event)?,
            QuoteEvent::CATEGORY => {
                let facts = self.quotes.entry(stream_id(event)?).or_default();
                insert(facts, fact(event)?);
            }
            RepEvent::CATEGORY => self.rep(stream_id(event)?, fact(event)?),
            TeamEvent::CATEGORY => {
                let from_at = self.people.fold_team(stream_id(event)?, fact(event)?);
                let day = from_at.map(|from_at| self.day(from_at));
                day.into_iter()
                    .for_each(|day| self.openings.forget_all(day));
            }
            CommissionPlanEvent::CATEGORY => {
                match self.plans.fold(&stream_id(event)?, fact(event)?) {
                    Some(rep_id) => {
                        forget(&mut self.openings, &self.people, &rep_id, NaiveDate::MIN);
                    }
                    None => self.openings.clear(),
                }
            }
            CommissionPeriodEvent::CATEGORY => self.period_event(event)?,
            ExchangeRateEvent::CATEGORY => {
                let Fact { source, what, .. } = fact(event)?;
                let ExchangeRateEvent::ExchangeRateSet(set) = what;
                self.sums.set_rate(source, &set);
                self.overheads.forget();
                self.openings.forget_all(set.from_on);
                // A window counts a quota that begins later at the rate of its own first day.
                for rep_id in self.people.with_quotas_from(set.from_on) {
                    forget(&mut self.openings, &self.people, rep_id, NaiveDate::MIN);
                }
            }
            FixedCostEvent::CATEGORY => {
                let Fact { source, what, .. } = fact(event)?;
                let FixedCostEvent::FixedCostRecorded(cost) = what;
                self.openings
                    .forget_all(self.sums.record_cost(source, cost));
            }
            ProductEvent::CATEGORY => {
                if let ProductEvent::ProductRegistered(product) = fact(event)?.what {
                    let category = product.category;
                    self.categories.insert(product.product_id, category);
                }
            }
            TenantEvent::CATEGORY => {
                let TenantEvent::TenantConfigured(tenant) = fact(event)?.what;
                let zone = (self.zones)(&tenant.time_zone);
                self.zone = zone.ok_or(BookError::TimeZone(tenant.time_zone))?;
                self.overheads.forget();
                self.openings.clear();
            }
            _ => {}
        }
        Ok(())
    }

    fn contract(&mut self, id: &ContractId, fact: Fact<ContractEvent>) {
        let day = self.day(fact.at);
        self.count_overheads(id, Decimal::NEGATIVE_ONE);
        self.contracts.fold(id, fact);
        self.count_overheads(id, Decimal::ONE);
        if self.openings.is_empty() {
            return;
        }
        // What one sells changes what all others bear of a fixed cost.
        if self.plans.share_fixed_cost() {
            self.openings.forget_all(day);
        }
        self.forget_contract(id, day);
    }

    fn count_overheads(&mut self, id: &ContractId, sign: Decimal) {
        if let (false, Some(contract)) = (self.overheads.is_empty(), self.contracts.get(id)) {
            let (sums, zone) = (&self.sums, &self.zone);
            self.overheads.count(contract, sums, zone, sign);
        }
    }

    /// Those who are credited with a contract, and who manage them, go on from before a day.
    fn forget_contract(&mut self, id: &ContractId, day: NaiveDate) {
        for rep_id in self.contracts.reps(id) {
            forget(&mut self.openings, &self.people, rep_id, day);
        }
    }

    fn rep(&mut self, rep_id: RepId, fact: Fact<RepEvent>) {
        match &fact.what {
            RepEvent::TeamJoined(TeamJoined { from_at, .. })
            | RepEvent::TeamLeft(TeamLeft { from_at, .. }) => {
                let day = self.day(*from_at);
                self.openings.forget_all(day);
            }
            RepEvent::QuotaSet(_) => {
                forget(&mut self.openings, &self.people, &rep_id, NaiveDate::MIN);
            }
            RepEvent::RepRegistered(_)
            | RepEvent::RepDeactivated(_)
            | RepEvent::TerritoryAssigned(_) => {}
        }
        self.people.fold_rep(rep_id, fact);
    }

    /// What is closed, or corrected by hand, concerns one participant, and no manager.
    fn period_event(&mut self, event: &Recorded) -> Result<(), BookError> {
        let fact: Fact<CommissionPeriodEvent> = fact(event)?;
        let rep_id = match &fact.what {
            CommissionPeriodEvent::StatementClosed(closed) => Some(closed.rep_id.clone()),
            CommissionPeriodEvent::AdjustmentProposed(what) => Some(what.rep_id.clone()),
            CommissionPeriodEvent::AdjustmentApproved(what) => {
                self.plans.adjusted(&what.adjustment_id).cloned()
            }
            CommissionPeriodEvent::AdjustmentRejected(what) => {
                self.plans.adjusted(&what.adjustment_id).cloned()
            }
            CommissionPeriodEvent::StatementApproved(_)
            | CommissionPeriodEvent::StatementPaid(_)
            | CommissionPeriodEvent::StatementDisputed(_)
            | CommissionPeriodEvent::DisputeResolved(_) => None,
        };
        self.plans.fold_period(event.stream.id(), fact);
        if let Some(rep_id) = rep_id {
            self.openings.forget(&rep_id, NaiveDate::MIN);
        }
        Ok(())
    }

    /// Supposes that a version of a plan had been published. It holds from its day until the next one
    /// does; what was closed by the plan is open.
    pub fn suppose(&mut self, plan_id: &CommissionPlanId, effective_from: NaiveDate, terms: Terms) {
        let source = Source {
            position: super::estimate::SUPPOSED,
            event_id: Uuid::nil(),
            event_type: SUPPOSED,
            actor: "".into(),
        };
        self.plans.suppose(plan_id, effective_from, terms, source);
        self.openings.clear();
    }

    fn opportunity(&mut self, event: &Recorded) -> Result<(), BookError> {
        let id: OpportunityId = stream_id(event)?;
        let fact = fact::<OpportunityEvent>(event)?;
        match &fact.what {
            OpportunityEvent::OpportunityRegistered(registered) => {
                if let Some(owner) = &registered.rep_id {
                    self.own(&id, owner, &fact);
                }
            }
            OpportunityEvent::LeadAssigned(assigned) => {
                self.own(&id, &assigned.rep_id, &fact);
            }
            _ => {}
        }
        if matches!(
            fact.what,
            OpportunityEvent::OpportunityRegistered(_)
                | OpportunityEvent::LeadAssigned(_)
                | OpportunityEvent::AmountChanged(_)
                | OpportunityEvent::ProductsChanged(_)
                | OpportunityEvent::OpportunityWon(_)
                | OpportunityEvent::OpportunityLost(_)
                | OpportunityEvent::OpportunityReopened(_)
        ) {
            insert(self.opportunities.entry(id).or_default(), fact);
        }
        Ok(())
    }

    /// A contract that names nobody falls to who owns its opportunity.
    fn own(&mut self, id: &OpportunityId, owner: &RepId, fact: &Fact<OpportunityEvent>) {
        for contract_id in self.contracts.own(id, owner, fact) {
            self.forget_contract(&contract_id, NaiveDate::MIN);
        }
    }

    /// The day an instant falls on, in the tenant's zone.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        self.zone.day(at)
    }
}

/// Something happened to a rep on a day: what opens after it, for the rep and for who ever managed
/// it, is not known any more.
fn forget(openings: &mut Openings, people: &People, rep_id: &RepId, day: NaiveDate) {
    openings.forget(rep_id, day);
    for manager_id in people.ever_managers(rep_id) {
        openings.forget(manager_id, day);
    }
}

fn fact<E: StreamEvents>(event: &Recorded) -> Result<Fact<E>, DecodeError> {
    let what = E::decode(&event.event_type, event.schema_version, &event.payload)?;
    let source = Source {
        position: event.position.0,
        event_id: event.event_id,
        event_type: what.event_type(),
        actor: event.actor.as_str().into(),
    };
    Ok(Fact {
        at: event.occurred_at,
        source,
        what,
    })
}

fn stream_id<I: TryFrom<String>>(event: &Recorded) -> Result<I, BookError> {
    let id = event.stream.id().to_owned();
    I::try_from(id).map_err(|_| BookError::Stream(event.stream.to_string()))
}
