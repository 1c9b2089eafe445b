//! Health models and metrics, as they were known by the end of a day.

use std::collections::HashMap;

use event_schemas::health_model::HealthTerms;
use event_schemas::vocabulary::TenantId;

use crate::QueryError;
use crate::asked::text;
use crate::calendar::Day;
use crate::engine::db::Session;

/// A version of a health model.
#[derive(Debug, Clone)]
pub(crate) struct HealthModel {
    pub(crate) health_model_id: String,
    pub(crate) version: u32,
    /// The first day on which it holds.
    effective_from: i64,
    published_at: i64,
    pub(crate) terms: HealthTerms,
}

/// All that were published.
#[derive(Debug)]
pub(crate) struct HealthModels(Vec<HealthModel>);

impl HealthModels {
    pub(crate) async fn load(session: &mut Session, tenant: &TenantId) -> Result<Self, QueryError> {
        let sql = "SELECT health_model_id, model_version, effective_from, published_at, terms \
                   FROM health_model WHERE tenant = $1";
        let mut models = Vec::new();
        for row in session.rows(sql, &[tenant.as_str().into()]).await? {
            let terms = row.text(4)?.unwrap_or_default();
            let terms = serde_json::from_str(&terms);
            models.push(HealthModel {
                health_model_id: row.text(0)?.unwrap_or_default(),
                version: u32::try_from(row.count(1)?).unwrap_or(u32::MAX),
                effective_from: row.int(2)?.unwrap_or_default(),
                published_at: row.int(3)?.unwrap_or_default(),
                terms: terms.map_err(|error| QueryError::Backend(error.to_string()))?,
            });
        }
        Ok(Self(models))
    }

    /// The one that holds on a day: of those published by its end, the one that is effective last,
    /// then published last. Of a certain model, where one is named.
    pub(crate) fn on(&self, day: Day, named: &str) -> Result<Option<&HealthModel>, QueryError> {
        let named = text(named, "health_model_id")?;
        let is_asked = |model: &&HealthModel| named.is_empty() || model.health_model_id == named;
        if !named.is_empty() && !self.0.iter().any(|model| is_asked(&model)) {
            let unknown = format!("there is no health model {named}");
            return Err(QueryError::NotFound(unknown));
        }
        let end = day.end.timestamp_micros();
        let holds =
            |model: &&HealthModel| model.published_at < end && model.effective_from <= day.number();
        let of = self.0.iter().filter(is_asked).filter(holds);
        Ok(of.max_by_key(|model| {
            let order = (model.effective_from, model.published_at, model.version);
            (order, model.health_model_id.clone())
        }))
    }
}

/// How the records of a day make its value, as SQL is chosen by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Aggregation {
    Sum,
    Last,
    Distinct,
}

/// The metrics that are declared, and since when.
#[derive(Debug)]
pub(crate) struct Metrics(HashMap<String, (Aggregation, i64)>);

impl Metrics {
    pub(crate) async fn load(session: &mut Session, tenant: &TenantId) -> Result<Self, QueryError> {
        let sql = "SELECT metric_id, aggregation, declared_at FROM metric WHERE tenant = $1";
        let mut metrics = HashMap::new();
        for row in session.rows(sql, &[tenant.as_str().into()]).await? {
            let aggregation = match row.text(1)?.as_deref() {
                Some("LAST") => Aggregation::Last,
                Some("DISTINCT") => Aggregation::Distinct,
                _ => Aggregation::Sum,
            };
            let declared_at = row.int(2)?.unwrap_or_default();
            metrics.insert(row.text(0)?.unwrap_or_default(), (aggregation, declared_at));
        }
        Ok(Self(metrics))
    }

    /// Whether a metric was ever declared.
    pub(crate) fn is_declared(&self, metric_id: &str) -> bool {
        self.0.contains_key(metric_id)
    }

    /// How a metric was declared by the end of a day; a retired one is measured on, by what was told
    /// of it.
    pub(crate) fn on(&self, day: Day, metric_id: &str) -> Option<Aggregation> {
        let (aggregation, declared_at) = self.0.get(metric_id)?;
        (*declared_at < day.end.timestamp_micros()).then_some(*aggregation)
    }
}
