//! The questions: statements, estimates, signals, and what is to be frozen.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use event_schemas::commission_period::{Statement, StatementClosed};
use event_schemas::commission_plan::Terms;
use event_schemas::vocabulary::{
    CommissionPlanId, ContractId, Currency, CustomerId, Invalid, Line, LineAmount, LineId, Money,
    Number, OpportunityId, Position, ProductId, RepId, RevenueType, TeamId,
};
use figures::commission::{self, Book, CalculateError, Deal, Span, Watch};
use proto::v1;
use proto::v1::estimate_commission_request::Deal as Asked;

use super::tell;
use crate::QueryError;
use crate::asked::money;

/// Where a question is answered from.
pub(crate) struct Scene<'b> {
    pub(crate) book: &'b Book,
    pub(crate) position: Position,
    /// All that the book holds occurred before.
    pub(crate) at: DateTime<Utc>,
}

/// A version of a plan that was not published.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// Of which plan.
    pub plan_id: CommissionPlanId,
    /// From which day it would hold.
    pub effective_from: NaiveDate,
    /// What it would pay.
    pub terms: Terms,
}

/// What a period's closing would freeze.
#[derive(Debug, Clone)]
pub struct Closable {
    /// Whose statements there are: where each was frozen before, if it was, or else as it is to be.
    pub statements: Vec<(StatementClosed, Option<Position>)>,
}

impl Scene<'_> {
    fn answered_from(&self) -> v1::AnsweredFrom {
        v1::AnsweredFrom {
            position: self.position.0,
            at: Some(proto::instant::to_timestamp(self.at)),
        }
    }

    /// The day a question names, or the last one that began before the moment asked about.
    fn day(&self, text: &str, field: &str) -> Result<NaiveDate, QueryError> {
        if text.is_empty() {
            let last = self.at.checked_sub_signed(TimeDelta::microseconds(1));
            return Ok(self.book.day(last.unwrap_or(self.at)));
        }
        let day: Result<NaiveDate, _> = text.parse();
        day.ok()
            .filter(|day| day.to_string() == text)
            .ok_or_else(|| invalid(field, "is no day such as 2017-12-31"))
    }

    fn period(&self, plan_id: &CommissionPlanId, day: NaiveDate) -> Result<Span, QueryError> {
        let period = self.book.period(plan_id, day);
        period.ok_or_else(|| QueryError::NotFound(format!("there is no commission plan {plan_id}")))
    }

    pub(crate) fn list(
        &self,
        asked: &v1::ListStatementsRequest,
    ) -> Result<v1::ListStatementsResponse, QueryError> {
        let plan_id: Option<CommissionPlanId> =
            optional(&asked.commission_plan_id, "commission_plan_id")?;
        let rep_id: Option<RepId> = optional(&asked.rep_id, "rep_id")?;
        let team_id: Option<TeamId> = optional(&asked.team_id, "team_id")?;
        let day = self.day(&asked.period_on, "period_on")?;
        if let Some(plan_id) = &plan_id {
            self.period(plan_id, day)?;
        }
        let mut answer = v1::ListStatementsResponse {
            answered_from: Some(self.answered_from()),
            ..Default::default()
        };
        for (plan, rep) in self.book.participants() {
            let wanted = plan_id.as_ref().is_none_or(|wanted| wanted == plan)
                && rep_id.as_ref().is_none_or(|wanted| wanted == rep);
            let Some(period) = self.book.period(plan, day).filter(|_| wanted) else {
                continue;
            };
            let in_team = |team_id| self.book.is_of_team(team_id, rep, period);
            if !team_id.as_ref().is_none_or(in_team) {
                continue;
            }
            match commission::statement(self.book, plan, rep, period) {
                Ok(statement) => {
                    let life = self.book.life(plan, rep, period.from_on);
                    let told = tell::statement(&statement, life.as_ref(), asked.with_lines);
                    answer.statements.push(told);
                }
                Err(CalculateError::NotEnrolled { .. }) => {}
                Err(error) => answer.problems.push(v1::StatementProblem {
                    commission_plan_id: plan.to_string(),
                    rep_id: rep.to_string(),
                    message: error.to_string(),
                }),
            }
        }
        Ok(answer)
    }

    pub(crate) fn get(
        &self,
        asked: &v1::GetStatementRequest,
    ) -> Result<v1::GetStatementResponse, QueryError> {
        let plan_id = required(&asked.commission_plan_id, "commission_plan_id")?;
        let rep_id = required(&asked.rep_id, "rep_id")?;
        let day = self.day(&asked.period_on, "period_on")?;
        let period = self.period(&plan_id, day)?;
        let statement = commission::statement(self.book, &plan_id, &rep_id, period)
            .map_err(|error| told(&error))?;
        let life = self.book.life(&plan_id, &rep_id, period.from_on);
        Ok(v1::GetStatementResponse {
            answered_from: Some(self.answered_from()),
            statement: Some(tell::statement(&statement, life.as_ref(), true)),
        })
    }

    /// What closing a period would freeze; a statement that is closed already is given as it was.
    pub(crate) fn closable(&self, asked: &v1::ClosePeriodRequest) -> Result<Closable, QueryError> {
        let plan_id: CommissionPlanId = required(&asked.commission_plan_id, "commission_plan_id")?;
        let rep_id: Option<RepId> = optional(&asked.rep_id, "rep_id")?;
        if asked.period_on.is_empty() {
            return Err(invalid("period_on", "is missing"));
        }
        let day = self.day(&asked.period_on, "period_on")?;
        let period = self.period(&plan_id, day)?;
        let today = self.book.day(self.at);
        if today < period.to_on {
            return Err(QueryError::Precondition {
                reason: "PERIOD_NOT_OVER".into(),
                message: format!("the period ends on {}, and it is {today}", period.to_on),
            });
        }
        let mut statements = Vec::new();
        for (plan, rep) in self.book.participants() {
            if *plan != plan_id || rep_id.as_ref().is_some_and(|wanted| wanted != rep) {
                continue;
            }
            if let Some(life) = self.book.life(plan, rep, period.from_on) {
                statements.push((life.closed.clone(), Some(Position(life.position))));
                continue;
            }
            match commission::statement(self.book, plan, rep, period) {
                Ok(statement) => {
                    if let Some(open) = self.book.first_open(plan, rep, period) {
                        return Err(QueryError::Precondition {
                            reason: "EARLIER_PERIOD_OPEN".into(),
                            message: format!("the period of {rep} from {open} is still open"),
                        });
                    }
                    statements.push((self.closed(statement)?, None));
                }
                Err(CalculateError::NotEnrolled { .. }) => {}
                Err(error) => return Err(told(&error)),
            }
        }
        if statements.is_empty() {
            return Err(QueryError::NotFound(format!(
                "nobody takes part in commission plan {plan_id} in that period"
            )));
        }
        Ok(Closable { statements })
    }

    fn closed(&self, statement: Statement) -> Result<StatementClosed, QueryError> {
        let backend = |error: String| QueryError::Backend(error);
        let digest = commission::digest(&statement).map_err(|error| backend(error.to_string()))?;
        let (plan_id, rep_id) = (&statement.plan_id, &statement.rep_id);
        let statement_id = figures::statement_id(plan_id, rep_id, statement.from_on);
        Ok(StatementClosed {
            statement_id: statement_id.map_err(|error| backend(error.to_string()))?,
            plan_id: statement.plan_id.clone(),
            plan_version: statement.plan_version,
            rep_id: statement.rep_id.clone(),
            from_on: statement.from_on,
            to_on: statement.to_on,
            at_position: self.position.0,
            statement: Box::new(statement),
            digest,
        })
    }

    pub(crate) fn estimate(
        &self,
        asked: &v1::EstimateCommissionRequest,
    ) -> Result<v1::EstimateCommissionResponse, QueryError> {
        let plan_id = required(&asked.commission_plan_id, "commission_plan_id")?;
        let rep_id: RepId = required(&asked.rep_id, "rep_id")?;
        let signed_on = self.day(&asked.signed_on, "signed_on")?;
        let deal = match &asked.deal {
            None => return Err(invalid("deal", "is missing")),
            Some(Asked::OpportunityId(id)) => self.of_opportunity(id)?,
            Some(Asked::Hypothetical(deal)) => hypothetical(deal)?,
        };
        let deal = Deal {
            signed_at: self.book.start(signed_on),
            starts_on: signed_on,
            ..deal
        };
        let period = self.period(&plan_id, signed_on)?;
        if self.book.life(&plan_id, &rep_id, period.from_on).is_some() {
            let (from_on, to_on) = (period.from_on, period.to_on);
            return Err(QueryError::Precondition {
                reason: "PERIOD_CLOSED".into(),
                message: format!(
                    "the period from {from_on} to {to_on} is closed: a deal of it would be paid as a \
                     correction in the first open one"
                ),
            });
        }
        let estimate = commission::estimate(self.book, &plan_id, &rep_id, &deal)
            .map_err(|error| told(&error))?;
        let currency = estimate.with.currency;
        let lines = estimate.lines.iter();
        Ok(v1::EstimateCommissionResponse {
            answered_from: Some(self.answered_from()),
            difference: Some(money(currency, estimate.difference_minor)),
            from_on: estimate.with.from_on.to_string(),
            to_on: estimate.with.to_on.to_string(),
            without: Some(money(currency, estimate.without.total_minor)),
            with: Some(money(currency, estimate.with.total_minor)),
            lines: lines.map(|line| tell::line(line, currency)).collect(),
        })
    }

    fn of_opportunity(&self, id: &str) -> Result<Deal, QueryError> {
        let id: OpportunityId = required(id, "opportunity_id")?;
        let open = self.book.open_deal(&id);
        let open = open.ok_or_else(|| {
            QueryError::NotFound(format!("there is no open opportunity {id} with an amount"))
        })?;
        deal(
            open.amount,
            open.product_id,
            open.product_category,
            open.revenue_type,
            None,
            None,
        )
    }

    pub(crate) fn signals(
        &self,
        asked: &v1::ListCommissionSignalsRequest,
    ) -> Result<v1::ListCommissionSignalsResponse, QueryError> {
        let or = |asked: u32, default: u32| if asked == 0 { default } else { asked };
        let default = Watch::default();
        let watch = Watch {
            hand_over_days: or(asked.hand_over_days, default.hand_over_days),
            bunching_days: or(asked.bunching_days, default.bunching_days),
            edge_percent: or(asked.edge_percent, default.edge_percent),
        };
        let until_on = self.book.day(self.at);
        let found =
            commission::signals(self.book, watch, until_on).map_err(|error| told(&error))?;
        Ok(v1::ListCommissionSignalsResponse {
            answered_from: Some(self.answered_from()),
            signals: found.iter().map(tell::signal).collect(),
        })
    }
}

fn hypothetical(asked: &v1::HypotheticalDeal) -> Result<Deal, QueryError> {
    let field = |name: &str| format!("hypothetical.{name}");
    let sum = |asked: &v1::Money, name: &str| {
        let parsed = Currency::new(&asked.currency_code)
            .and_then(|currency| Money::parse(&asked.amount, currency));
        parsed.map_err(|error| invalid(&field(name), &error.to_string()))
    };
    let amount = asked.amount.as_ref();
    let amount = amount.ok_or_else(|| invalid(&field("amount"), "is missing"))?;
    let amount = sum(amount, "amount")?;
    let cost = asked.direct_cost.as_ref();
    let cost = cost.map(|cost| sum(cost, "direct_cost")).transpose()?;
    if cost.is_some_and(|cost| cost.currency != amount.currency) {
        return Err(invalid(
            &field("direct_cost"),
            "is in another currency than the amount",
        ));
    }
    let revenue_type = match asked.revenue_type.as_str() {
        "" | "NEW" => RevenueType::New,
        "RENEWAL" => RevenueType::Renewal,
        "EXPANSION" => RevenueType::Expansion,
        "SERVICE" => RevenueType::Service,
        _ => {
            let known = "is NEW, RENEWAL, EXPANSION or SERVICE";
            return Err(invalid(&field("revenue_type"), known));
        }
    };
    let discount = Some(asked.discount_percent.as_str()).filter(|text| !text.is_empty());
    let discount = discount.map(Number::parse).transpose();
    let discount =
        discount.map_err(|error| invalid(&field("discount_percent"), &error.to_string()))?;
    let product_id: Option<ProductId> = optional(&asked.product_id, &field("product_id"))?;
    let category = Some(asked.product_category.clone()).filter(|text| !text.is_empty());
    let parts = (product_id, category, revenue_type);
    let (product_id, category, revenue_type) = parts;
    let mut deal = deal(amount, product_id, category, revenue_type, discount, cost)?;
    deal.currency = amount.currency;
    Ok(deal)
}

fn deal(
    amount: Money,
    product_id: Option<ProductId>,
    product_category: Option<String>,
    revenue_type: RevenueType,
    discount_percent: Option<Number>,
    cost: Option<Money>,
) -> Result<Deal, QueryError> {
    let fixed = |error: Invalid| QueryError::Backend(error.to_string());
    let line_id = LineId::new("1").map_err(fixed)?;
    let unnamed = || ProductId::new("unnamed");
    let line = Line {
        line_id: line_id.clone(),
        product_id: product_id.map_or_else(unnamed, Ok).map_err(fixed)?,
        product_category,
        quantity: Number::parse("1").map_err(fixed)?,
        list_price_minor: amount.amount_minor,
        discount_percent: discount_percent
            .map_or_else(|| Number::parse("0"), Ok)
            .map_err(fixed)?,
        amount_minor: amount.amount_minor,
        revenue_type,
        monthly_recurring_minor: None,
    };
    let costs = cost.map(|cost| LineAmount {
        line_id,
        amount_minor: cost.amount_minor,
    });
    Ok(Deal {
        contract_id: ContractId::new("estimate").map_err(fixed)?,
        customer_id: CustomerId::new("estimate").map_err(fixed)?,
        currency: amount.currency,
        signed_at: DateTime::<Utc>::MIN_UTC,
        starts_on: NaiveDate::MIN,
        lines: vec![line],
        costs: costs.into_iter().collect(),
        splits: Vec::new(),
    })
}

fn invalid(field: &str, description: &str) -> QueryError {
    QueryError::Invalid {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}

fn required<I: TryFrom<String, Error = Invalid>>(text: &str, field: &str) -> Result<I, QueryError> {
    I::try_from(text.to_owned()).map_err(|error| invalid(field, &error.to_string()))
}

fn optional<I: TryFrom<String, Error = Invalid>>(
    text: &str,
    field: &str,
) -> Result<Option<I>, QueryError> {
    if text.is_empty() {
        return Ok(None);
    }
    required(text, field).map(Some)
}

/// A statement that cannot be calculated as the facts stand: which rule, as a constant.
fn told(error: &CalculateError) -> QueryError {
    let reason = match error {
        CalculateError::UnknownPlan(_) | CalculateError::NotEnrolled { .. } => {
            return QueryError::NotFound(error.to_string());
        }
        CalculateError::NotAPeriod { .. } => "NOT_A_PERIOD",
        CalculateError::NoExchangeRate { .. } => "NO_EXCHANGE_RATE",
        CalculateError::NoQuota { .. } => "NO_QUOTA",
        CalculateError::NoRate { .. } => "NO_RATE",
        CalculateError::SharesNotWhole { .. } => "SHARES_NOT_WHOLE",
        CalculateError::OutOfRange => "OUT_OF_RANGE",
    };
    QueryError::Precondition {
        reason: reason.to_owned(),
        message: error.to_string(),
    }
}
