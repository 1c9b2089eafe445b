//! The question: would customers recommend us? Of all answers of a period.

use ::figures::health::Nps;
use chrono::NaiveDate;
use proto::v1;

use super::{Scene, tell};
use crate::QueryError;
use crate::asked::{count, text};
use crate::calendar::named;
use crate::engine::db::Value;

/// Answers one request.
pub(crate) async fn nps(
    scene: &mut Scene,
    request: &v1::GetNpsRequest,
) -> Result<v1::NetPromoterScore, QueryError> {
    let from_on = named(&request.from_on, "from_on")?;
    let to_on = named(&request.to_on, "to_on")?;
    let calendar = scene.calendar;
    let micros = |on: NaiveDate| calendar.start(on).timestamp_micros();
    let mut values: Vec<Value> = vec![
        scene.asked.tenant.as_str().into(),
        from_on.map_or(i64::MIN, micros).into(),
        to_on.map_or(i64::MAX, micros).into(),
    ];
    let mut sql = "SELECT score, COUNT(*) FROM survey_answer \
                   WHERE tenant = $1 AND answered_at >= $2 AND answered_at < $3"
        .to_owned();
    let customer_id = text(&request.customer_id, "customer_id")?;
    if !customer_id.is_empty() {
        scene.require(customer_id).await?;
        values.push(customer_id.into());
        sql.push_str(&format!(" AND customer_id = ${}", values.len()));
    }
    let csm_id = text(&request.csm_id, "csm_id")?;
    if !csm_id.is_empty() {
        values.push(csm_id.into());
        sql.push_str(&format!(
            " AND customer_id IN \
             (SELECT customer_id FROM customer WHERE tenant = $1 AND csm_id = ${})",
            values.len()
        ));
    }
    sql.push_str(" GROUP BY score");
    let mut nps = Nps::default();
    for row in scene.asked.session.rows(&sql, &values).await? {
        let score = u8::try_from(row.count(0)?).unwrap_or(u8::MAX);
        nps.add(score, row.count(1)?);
    }
    Ok(v1::NetPromoterScore {
        answered_from: Some(scene.asked.answered_from()),
        answers: count(nps.answers()),
        promoters: count(nps.promoters),
        passives: count(nps.passives),
        detractors: count(nps.detractors),
        points: tell::score(nps.points()),
    })
}
