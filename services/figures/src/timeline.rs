//! The course of one opportunity: what its facts come to, in the order in which they happened.

use chrono::{DateTime, Utc};
use event_schemas::opportunity::{OpportunityEvent, OpportunityKind};
use event_schemas::vocabulary::{CustomerId, Money, ProductId, RepId, SalesProcessId, StageId};

use crate::funnel::Outcome;

/// A stay in a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The stage.
    pub stage_id: StageId,
    /// When it began, inclusive.
    pub entered_at: DateTime<Utc>,
    /// When it ended, exclusive: by going on, back, or being closed. None while it lasts.
    pub left_at: Option<DateTime<Utc>>,
}

/// The course of one opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// For people.
    pub name: String,
    /// What kind of revenue it would bring.
    pub kind: OpportunityKind,
    /// The stages it goes through.
    pub sales_process_id: SalesProcessId,
    /// Where it came from.
    pub source: Option<String>,
    /// Whose purchase it is.
    pub customer_id: Option<CustomerId>,
    /// What is to be sold, each once.
    pub product_ids: Vec<ProductId>,
    /// Its owner.
    pub rep_id: Option<RepId>,
    /// What it is worth.
    pub amount: Option<Money>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// When that was; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// Its stays, in order; at least one.
    pub visits: Vec<Visit>,
}

impl Timeline {
    /// Folds facts that are in the order in which they happened (of those of one instant, in the
    /// order in which they were recorded). None before it was registered.
    ///
    /// It is total: whatever was recorded late, in whatever order, there is one course. What is
    /// said to have happened before the registration counts from the registration on, and a closed
    /// opportunity moves no more until it is reopened.
    pub fn of<'a>(
        facts: impl IntoIterator<Item = (DateTime<Utc>, &'a OpportunityEvent)>,
    ) -> Option<Self> {
        let mut facts: Vec<_> = facts.into_iter().collect();
        let registered = facts
            .iter()
            .position(|(_, e)| matches!(e, OpportunityEvent::OpportunityRegistered(_)))?;
        let (created_at, event) = facts.remove(registered);
        let OpportunityEvent::OpportunityRegistered(event) = event else {
            return None;
        };
        let mut timeline = Self {
            name: event.name.clone(),
            kind: event.kind,
            sales_process_id: event.sales_process_id.clone(),
            source: event.source.clone(),
            customer_id: event.customer_id.clone(),
            product_ids: Vec::new(),
            rep_id: event.rep_id.clone(),
            amount: event.amount,
            created_at,
            outcome: Outcome::Open,
            closed_at: None,
            visits: vec![Visit {
                stage_id: event.stage_id.clone(),
                entered_at: created_at,
                left_at: None,
            }],
        };
        timeline.set_products(&event.product_ids);
        for (occurred_at, event) in facts {
            timeline.apply(occurred_at.max(created_at), event);
        }
        Some(timeline)
    }

    fn apply(&mut self, at: DateTime<Utc>, event: &OpportunityEvent) {
        match event {
            OpportunityEvent::LeadAssigned(event) => self.rep_id = Some(event.rep_id.clone()),
            OpportunityEvent::StageAdvanced(event) => self.enter(&event.to_stage_id, at),
            OpportunityEvent::SteppedBack(event) => self.enter(&event.to_stage_id, at),
            OpportunityEvent::AmountChanged(event) => self.amount = Some(event.amount),
            OpportunityEvent::ProductsChanged(event) => self.set_products(&event.product_ids),
            OpportunityEvent::CustomerIdentified(event) => {
                self.customer_id = Some(event.customer_id.clone());
            }
            OpportunityEvent::OpportunityWon(event) => {
                self.amount = event.amount.or(self.amount);
                self.close(Outcome::Won, at);
            }
            OpportunityEvent::OpportunityLost(_) => self.close(Outcome::Lost, at),
            OpportunityEvent::OpportunityReopened(event) => {
                (self.outcome, self.closed_at) = (Outcome::Open, None);
                self.enter(&event.stage_id, at);
            }
            // What says nothing about its course; a second registration is no event of ours.
            OpportunityEvent::OpportunityRegistered(_)
            | OpportunityEvent::ChecklistItemCompleted(_)
            | OpportunityEvent::ActivityLogged(_)
            | OpportunityEvent::ExpectedCloseChanged(_) => {}
        }
    }

    fn set_products(&mut self, product_ids: &[ProductId]) {
        self.product_ids = product_ids.to_vec();
        self.product_ids.sort();
        self.product_ids.dedup();
    }

    fn enter(&mut self, stage_id: &StageId, at: DateTime<Utc>) {
        if self.closed_at.is_some() {
            return;
        }
        match self.visits.last_mut() {
            Some(current) if current.left_at.is_none() && current.stage_id == *stage_id => return,
            Some(current) if current.left_at.is_none() => current.left_at = Some(at),
            _ => {}
        }
        let stage_id = stage_id.clone();
        self.visits.push(Visit {
            stage_id,
            entered_at: at,
            left_at: None,
        });
    }

    fn close(&mut self, outcome: Outcome, at: DateTime<Utc>) {
        if self.closed_at.is_some() {
            return;
        }
        (self.outcome, self.closed_at) = (outcome, Some(at));
        if let Some(current) = self.visits.last_mut() {
            current.left_at = Some(at);
        }
    }

    /// The stay that lasts, or lasted until it was closed.
    pub fn current(&self) -> Option<&Visit> {
        self.visits.last()
    }
}

#[cfg(test)]
mod tests;
