//! Which alarms are raised, or were? It is asked of [following up](crate::follow_up).

use event_schemas::vocabulary::TenantId;
use proto::v1;

use crate::asked::{Asked, text};
use crate::calendar::day_of;
use crate::engine::db::{Row, Value};
use crate::work_list::limit;
use crate::{Answer, Projections, QueryError};

/// What is told of a raising.
const ALARMS: &str = "SELECT alarm_id, customer_id, cause, subject_id, contract_id, raised_on, \
    CASE WHEN cleared_at < $2 THEN cleared_on END, value, threshold, explanation, task_id \
    FROM alarm WHERE tenant = $1 AND raised_at < $2";

fn told(row: &Row) -> Result<v1::Alarm, QueryError> {
    let text = |column| Ok::<_, QueryError>(row.text(column)?.unwrap_or_default());
    let day = |column| Ok::<_, QueryError>(row.int(column)?.map(|day| day_of(day).to_string()));
    let cause = format!("ALARM_CAUSE_{}", text(2)?);
    Ok(v1::Alarm {
        alarm_id: text(0)?,
        customer_id: text(1)?,
        cause: v1::AlarmCause::from_str_name(&cause)
            .unwrap_or_default()
            .into(),
        subject_id: text(3)?,
        contract_id: text(4)?,
        raised_on: day(5)?.unwrap_or_default(),
        cleared_on: day(6)?.unwrap_or_default(),
        value: text(7)?,
        threshold: text(8)?,
        explanation: text(9)?,
        task_id: text(10)?,
    })
}

async fn list(
    asked: &mut Asked,
    request: &v1::ListAlarmsRequest,
) -> Result<v1::ListAlarmsResponse, QueryError> {
    let limit = limit(request.limit)?;
    let customer_id = text(&request.customer_id, "customer_id")?;
    let mut sql = ALARMS.to_owned();
    let at = asked.at.timestamp_micros();
    let mut values: Vec<Value> = vec![asked.tenant.as_str().into(), at.into()];
    if !request.with_cleared {
        sql.push_str(" AND (cleared_at IS NULL OR cleared_at >= $2)");
    }
    if !customer_id.is_empty() {
        sql.push_str(" AND customer_id = $3");
        values.push(customer_id.into());
    }
    sql.push_str(" ORDER BY raised_on DESC, alarm_id");
    let rows = asked.session.rows(&sql, &values).await?;
    let alarms: Result<_, _> = rows.iter().take(limit).map(told).collect();
    Ok(v1::ListAlarmsResponse {
        answered_from: Some(asked.answered_from()),
        alarms: alarms?,
    })
}

impl Projections {
    /// Which alarms are raised, or were.
    pub fn list_alarms<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::ListAlarmsRequest,
    ) -> Answer<'a, v1::ListAlarmsResponse> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut asked = self.0.ask("alarm", tenant, consistency).await?;
            list(&mut asked, &request).await
        })
    }
}
