//! What health is measured by: metrics and health models; and names and days of the tenant.

use event_schemas::health_model::HealthModelEvent;
use event_schemas::metric::MetricEvent;
use event_schemas::rep::RepEvent;
use event_schemas::tenant::TenantEvent;

use super::{day, micros, row};
use crate::customer_success::Event;
use crate::engine::db::Table;
use crate::engine::fold::{Fact, FoldedRow};

static METRIC: Table = Table {
    name: "metric",
    key: &["metric_id"],
    columns: &["name", "unit", "aggregation", "declared_at", "retired_at"],
};
static HEALTH_MODEL: Table = Table {
    name: "health_model",
    key: &["health_model_id", "model_version"],
    columns: &["published_at", "effective_from", "terms"],
};
static REP: Table = Table {
    name: "rep",
    key: &["rep_id"],
    columns: &["name"],
};
static SETTING: Table = Table {
    name: "setting",
    key: &["setting_id"],
    columns: &["time_zone", "currency"],
};

pub(super) fn rows(id: &str, history: &[Fact<'_, Event>], rows: &mut Vec<FoldedRow>) {
    let mut declared = None;
    let mut retired_at = None;
    let mut setting = None;
    for fact in history {
        let at = micros(fact.occurred_at);
        match fact.event {
            Event::Metric(MetricEvent::MetricDeclared(event)) => declared = Some((event, at)),
            Event::Metric(MetricEvent::MetricRetired(_)) => retired_at = Some(at),
            Event::HealthModel(HealthModelEvent::HealthModelPublished(event)) => {
                let terms = serde_json::to_string(&event.terms).unwrap_or_default();
                let values = [
                    id.into(),
                    i64::from(event.version).into(),
                    at.into(),
                    day(event.effective_from).into(),
                    terms.as_str().into(),
                ];
                rows.push(row(&HEALTH_MODEL, values));
            }
            Event::Rep(RepEvent::RepRegistered(event)) => {
                rows.push(row(&REP, [id.into(), event.name.as_str().into()]));
            }
            Event::Tenant(TenantEvent::TenantConfigured(event)) => setting = Some(event),
            _ => {}
        }
    }
    if let Some((metric, declared_at)) = declared {
        let values = [
            id.into(),
            metric.name.as_str().into(),
            metric.unit.as_str().into(),
            metric.aggregation.as_str().into(),
            declared_at.into(),
            retired_at.into(),
        ];
        rows.push(row(&METRIC, values));
    }
    if let Some(setting) = setting {
        let values = [
            id.into(),
            setting.time_zone.as_str().into(),
            setting.currency.code().into(),
        ];
        rows.push(row(&SETTING, values));
    }
}
