//! What a book is asked beside its statements: who takes part in what, what is closed, what is open.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use event_schemas::opportunity::{OpportunityEvent, OpportunityKind};
use event_schemas::vocabulary::{
    CommissionPlanId, Money, OpportunityId, ProductId, RepId, RevenueType, TeamId,
};

use super::book::{Book, Life};
use crate::calendar::Span;

/// An opportunity that is neither won nor lost, as the deal it may become.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenDeal {
    /// What it is worth.
    pub amount: Money,
    /// The first of its products.
    pub product_id: Option<ProductId>,
    /// The category of that.
    pub product_category: Option<String>,
    /// What kind of revenue it would bring.
    pub revenue_type: RevenueType,
}

impl Book {
    /// Everybody who ever took part in a plan, with it; by plan, then by rep.
    pub fn participants(&self) -> BTreeSet<(&CommissionPlanId, &RepId)> {
        self.plans.participants().collect()
    }

    /// The period of a plan around a day.
    pub fn period(&self, plan_id: &CommissionPlanId, day: NaiveDate) -> Option<Span> {
        let first = self.plans.plan(plan_id)?.versions().next()?;
        Some(Span::around(first.terms.statement_period, day))
    }

    /// When a day begins.
    pub fn start(&self, day: NaiveDate) -> DateTime<Utc> {
        self.zone.start(day)
    }

    /// A participant's statement of the period that begins on a day, if it is closed.
    pub fn life(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
        from_on: NaiveDate,
    ) -> Option<Life<'_>> {
        let mut lives = self.plans.lives(plan_id, rep_id);
        lives.find(|life| life.closed.from_on == from_on)
    }

    /// The first day of a participant's first period before another that is not closed, if one is.
    pub fn first_open(
        &self,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
        before: Span,
    ) -> Option<NaiveDate> {
        let enrolments = self.plans.enrolments(rep_id);
        let own = enrolments.filter(|(of_plan, _)| *of_plan == plan_id);
        let begins_on = own.map(|(_, enrolment)| enrolment.from_on).min()?;
        let published = self.plans.plan(plan_id)?.versions().next()?.effective_from;
        let mut span = self.period(plan_id, begins_on.max(published))?;
        while span.from_on < before.from_on {
            if self.life(plan_id, rep_id, span.from_on).is_none() {
                return Some(span.from_on);
            }
            span = self.period(plan_id, span.to_on)?;
        }
        None
    }

    /// Whether a rep is in a team, or leads it, at the end of a period.
    pub fn is_of_team(&self, team_id: &TeamId, rep_id: &RepId, period: Span) -> bool {
        let end = self.start(period.to_on);
        let last = end.checked_sub_signed(TimeDelta::microseconds(1));
        self.people.is_of_team(team_id, rep_id, last.unwrap_or(end))
    }

    /// An opportunity that is neither won nor lost and is worth something.
    pub fn open_deal(&self, id: &OpportunityId) -> Option<OpenDeal> {
        let (mut open, mut amount, mut product_id) = (false, None, None);
        let mut revenue_type = RevenueType::New;
        for fact in self.opportunities.get(id)? {
            match &fact.what {
                OpportunityEvent::OpportunityRegistered(registered) => {
                    open = true;
                    amount = registered.amount;
                    product_id = registered.product_ids.first().cloned();
                    revenue_type = match registered.kind {
                        OpportunityKind::New => RevenueType::New,
                        OpportunityKind::Renewal => RevenueType::Renewal,
                        OpportunityKind::Expansion => RevenueType::Expansion,
                    };
                }
                OpportunityEvent::AmountChanged(changed) => amount = Some(changed.amount),
                OpportunityEvent::ProductsChanged(changed) => {
                    product_id = changed.product_ids.first().cloned();
                }
                OpportunityEvent::OpportunityWon(_) | OpportunityEvent::OpportunityLost(_) => {
                    open = false;
                }
                OpportunityEvent::OpportunityReopened(_) => open = true,
                _ => {}
            }
        }
        let amount = amount.filter(|_| open)?;
        let known = product_id.as_ref().and_then(|id| self.categories.get(id));
        Some(OpenDeal {
            amount,
            product_category: known.cloned().flatten(),
            product_id,
            revenue_type,
        })
    }
}
