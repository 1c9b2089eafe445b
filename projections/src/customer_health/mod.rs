//! How healthy are customers, why, and what gives cause for worry? For customer success managers,
//! analysts, and the reactors that raise tasks. It is asked of [customer
//! success](crate::customer_success).

mod book;
mod history;
mod nps;
mod questions;
mod tell;
mod trial;

use event_schemas::health_model::HealthTerms;
use figures::health::{Finding, Standing, TREND_DAYS, findings, health};
use proto::v1;

use crate::QueryError;
use crate::asked::{Asked, text};
use crate::calendar::{Calendar, Day};
use crate::customer_success::models::{HealthModel, HealthModels, Metrics};
use crate::customer_success::standing::Loading;
use crate::customer_success::usage::Baselines;

/// Where health is asked about, and what it is measured by.
pub(crate) struct Scene {
    pub(crate) asked: Asked,
    pub(crate) calendar: Calendar,
    baselines: Baselines,
    models: HealthModels,
    metrics: Metrics,
}

impl Scene {
    pub(crate) async fn new(mut asked: Asked, baselines: &Baselines) -> Result<Self, QueryError> {
        let (session, tenant) = (&mut asked.session, &asked.tenant);
        Ok(Self {
            calendar: Calendar::of(session, tenant).await?,
            models: HealthModels::load(session, tenant).await?,
            metrics: Metrics::load(session, tenant).await?,
            baselines: baselines.clone(),
            asked,
        })
    }

    /// One customer as it stands at the end of a day.
    async fn standing(
        &mut self,
        terms: &HealthTerms,
        day: Day,
        customer_id: &str,
    ) -> Result<Standing, QueryError> {
        let loading = Loading {
            day,
            calendar: self.calendar,
            terms,
            metrics: &self.metrics,
            baselines: &self.baselines,
        };
        loading.one(&mut self.asked, customer_id).await
    }

    /// All customers as they stand at the end of a day.
    async fn standings(
        &mut self,
        terms: &HealthTerms,
        day: Day,
    ) -> Result<Vec<Standing>, QueryError> {
        let loading = Loading {
            day,
            calendar: self.calendar,
            terms,
            metrics: &self.metrics,
            baselines: &self.baselines,
        };
        loading.all(&mut self.asked).await
    }

    /// That a customer was registered by the moment asked about.
    pub(crate) async fn require(&mut self, customer_id: &str) -> Result<(), QueryError> {
        let customer_id = text(customer_id, "customer_id")?;
        let sql = "SELECT name FROM customer WHERE tenant = $1 AND customer_id = $2";
        let values = [self.asked.tenant.as_str().into(), customer_id.into()];
        if customer_id.is_empty() {
            return Err(QueryError::Invalid {
                field: "customer_id".into(),
                description: "is missing".into(),
            });
        }
        match self.asked.session.rows(sql, &values).await?.is_empty() {
            true => Err(QueryError::NotFound(format!(
                "customer {customer_id} was not registered by the moment asked about"
            ))),
            false => Ok(()),
        }
    }

    /// One customer's health, compared with that of a month before, by the same model.
    pub(crate) async fn one(
        &mut self,
        customer_id: &str,
        day: Day,
        health_model_id: &str,
    ) -> Result<v1::CustomerHealth, QueryError> {
        self.require(customer_id).await?;
        let model = self.models.on(day, health_model_id)?.cloned();
        // Without a model it is told at least whether the customer is active.
        let terms = model.as_ref().map(|model| model.terms.clone());
        let terms = terms.unwrap_or_default();
        let former_day = day.before(TREND_DAYS, self.calendar);
        let standing = self.standing(&terms, day, customer_id).await?;
        let former = self.standing(&terms, former_day, customer_id).await?;
        let healths = (health(&terms, &former), health(&terms, &standing));
        let mut told = tell::health(&standing, &healths.1, &healths.0);
        told.compared_on = former_day.on.to_string();
        told.answered_from = Some(self.asked.answered_from());
        told.health_model = model.as_ref().map(tell::model);
        Ok(told)
    }

    /// All that gives cause for worry at the end of a day. While no model holds, what needs none: escalated
    /// tickets, detractors, decision makers who left, invoices that are late.
    pub(crate) async fn findings(&mut self, day: Day) -> Result<Vec<Finding>, QueryError> {
        let model = self.models.on(day, "")?;
        let terms = model.map(|model| model.terms.clone()).unwrap_or_default();
        let standings = self.standings(&terms, day).await?;
        let found = standings.iter().map(|standing| findings(&terms, standing));
        Ok(found.flatten().collect())
    }
}

/// Answers what one customer's health is.
pub(crate) async fn get(
    scene: &mut Scene,
    request: &v1::GetCustomerHealthRequest,
) -> Result<v1::CustomerHealth, QueryError> {
    let day = scene.calendar.asked(&request.on, "on", scene.asked.at)?;
    let asked = (&request.customer_id, &request.health_model_id);
    scene.one(asked.0, day, asked.1).await
}

pub(crate) use book::list;
pub(crate) use history::history;
pub(crate) use nps::nps;
pub(crate) use trial::trial;

/// A day that a request must name.
fn required(asked: &str, field: &str) -> Result<chrono::NaiveDate, QueryError> {
    let named = crate::calendar::named(asked, field)?;
    named.ok_or_else(|| QueryError::Invalid {
        field: field.to_owned(),
        description: "is missing".into(),
    })
}

/// That a period has days, and not too many.
fn period(
    from_on: chrono::NaiveDate,
    to_on: chrono::NaiveDate,
    most: i64,
) -> Result<(), QueryError> {
    let days = (to_on - from_on).num_days();
    let description = match days {
        ..=0 => "does not lie after from_on".to_owned(),
        _ if days > most => format!("lies more than {most} days after from_on"),
        _ => return Ok(()),
    };
    Err(QueryError::Invalid {
        field: "to_on".into(),
        description,
    })
}

/// The model that holds on a day, where a question makes no sense without.
fn held(model: Option<&HealthModel>, day: Day) -> Result<HealthModel, QueryError> {
    model.cloned().ok_or_else(|| QueryError::Precondition {
        reason: "NO_HEALTH_MODEL".into(),
        message: format!("no health model holds on {}", day.on),
    })
}
