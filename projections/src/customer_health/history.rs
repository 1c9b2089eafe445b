//! The question: how did a customer's health go, day by day?

use ::figures::health::health;
use chrono::{Days, NaiveDate};
use proto::v1;

use super::{Scene, period, tell};
use crate::QueryError;
use crate::calendar::named;

/// Days that are told where the request names none, and at most.
const DAYS: (u64, i64) = (90, 366);

/// Answers one request.
pub(crate) async fn history(
    scene: &mut Scene,
    request: &v1::GetHealthHistoryRequest,
) -> Result<v1::HealthHistory, QueryError> {
    scene.require(&request.customer_id).await?;
    let last = scene.calendar.last(scene.asked.at).on;
    let to_on = named(&request.to_on, "to_on")?;
    let to_on = to_on.unwrap_or_else(|| last.succ_opt().unwrap_or(last));
    let from_on = named(&request.from_on, "from_on")?;
    let from_on = from_on.or_else(|| to_on.checked_sub_days(Days::new(DAYS.0)));
    let from_on = from_on.unwrap_or(NaiveDate::MIN);
    period(from_on, to_on, DAYS.1)?;
    let mut days = Vec::new();
    for on in from_on.iter_days().take_while(|on| *on < to_on) {
        let day = scene.calendar.day(on);
        let model = scene.models.on(day, "")?.cloned();
        let terms = model.as_ref().map(|model| model.terms.clone());
        let terms = terms.unwrap_or_default();
        let standing = scene.standing(&terms, day, &request.customer_id).await?;
        let health = health(&terms, &standing);
        days.push(v1::HealthOfDay {
            on: on.to_string(),
            score: tell::score(health.score),
            band: tell::band(health.band).into(),
            is_active: standing.is_active,
            health_model: model.as_ref().map(tell::model),
        });
    }
    Ok(v1::HealthHistory {
        answered_from: Some(scene.asked.answered_from()),
        customer_id: request.customer_id.clone(),
        days,
    })
}
