//! What do we know of a customer? Everything under its id, with a time line. For whoever is about to
//! talk to it. It is asked of [customer success](crate::customer_success).

mod account;
mod money;
mod usage;
mod voice;

use proto::instant::to_timestamp;
use proto::v1;

use crate::asked::text;
use crate::customer_health::Scene;
use crate::engine::db::{Row, Value};
use crate::engine::fold::instant;
use crate::{Answer, Projections, QueryError};

/// Lines of the time line where the request names no number, and at most.
const PAGE: (u32, u32) = (50, 1_000);

/// Tickets, answers and interactions that are told, at most: the latest.
const LATEST: usize = 20;

impl Projections {
    /// What is known of a customer, with a time line.
    pub fn customer_picture<'a>(
        &'a self,
        tenant: &'a event_schemas::vocabulary::TenantId,
        request: v1::GetCustomerPictureRequest,
    ) -> Answer<'a, v1::CustomerPicture> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut scene = self.scene(tenant, consistency).await?;
            answer(&mut scene, &request).await
        })
    }
}

async fn answer(
    scene: &mut Scene,
    request: &v1::GetCustomerPictureRequest,
) -> Result<v1::CustomerPicture, QueryError> {
    let customer_id = request.customer_id.as_str();
    scene.require(customer_id).await?;
    let day = scene.calendar.last(scene.asked.at);
    let mut picture = v1::CustomerPicture {
        answered_from: Some(scene.asked.answered_from()),
        customer_id: customer_id.to_owned(),
        ..Default::default()
    };
    account::tell(scene, customer_id, &mut picture).await?;
    money::tell(scene, customer_id, day, &mut picture).await?;
    picture.usage = usage::of_late(scene, customer_id, day, request.usage_days).await?;
    voice::tell(scene, customer_id, day, &mut picture).await?;
    picture.health = Some(scene.one(customer_id, day, "").await?);
    time_line(scene, request, &mut picture).await?;
    Ok(picture)
}

/// The rows of a statement on the tenant's `$1` and the customer's `$2`.
async fn rows(
    scene: &mut Scene,
    customer_id: &str,
    sql: &str,
    more: &[Value],
) -> Result<Vec<Row>, QueryError> {
    let mut values: Vec<Value> = vec![scene.asked.tenant.as_str().into(), customer_id.into()];
    values.extend(more.iter().cloned());
    Ok(scene.asked.session.rows(sql, &values).await?)
}

/// An instant in a column.
fn at(row: &Row, column: usize) -> Result<Option<prost_types::Timestamp>, sqlx::Error> {
    Ok(row.int(column)?.map(|micros| to_timestamp(instant(micros))))
}

/// The text in a column; empty where there is none.
fn told(row: &Row, column: usize) -> Result<String, sqlx::Error> {
    Ok(row.text(column)?.unwrap_or_default())
}

/// Latest first. A page begins before the line that the token names: its instant, stream and version.
async fn time_line(
    scene: &mut Scene,
    request: &v1::GetCustomerPictureRequest,
    picture: &mut v1::CustomerPicture,
) -> Result<(), QueryError> {
    let size = match request.page_size {
        0 => PAGE.0,
        asked => asked.min(PAGE.1),
    };
    let size = usize::try_from(size).unwrap_or_default();
    let select = "SELECT occurred_at, stream, version, event_type, line FROM time_line \
                  WHERE tenant = $1 AND customer_id = $2";
    let order = "ORDER BY occurred_at DESC, stream DESC, version DESC";
    let (before, values) = before(&request.page_token)?;
    let sql = format!("{select} {before} {order} LIMIT {}", size + 1);
    let mut last = String::new();
    for row in rows(scene, &request.customer_id, &sql, &values).await? {
        if picture.time_line.len() == size {
            picture.next_page_token = last;
            break;
        }
        let (stream, version) = (told(&row, 1)?, row.count(2)?);
        last = format!("{} {version} {stream}", row.int(0)?.unwrap_or_default());
        picture.time_line.push(v1::TimeLineEntry {
            occurred_at: at(&row, 0)?,
            event_type: told(&row, 3)?,
            line: told(&row, 4)?,
            event: Some(v1::StreamEventRef { stream, version }),
        });
    }
    Ok(())
}

/// The condition under which a line lies before a page, and its values.
fn before(token: &str) -> Result<(&'static str, Vec<Value>), QueryError> {
    let token = text(token, "page_token")?;
    if token.is_empty() {
        return Ok(("", Vec::new()));
    }
    let mut parts = token.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_default();
    let (at, version, stream) = (next().parse::<i64>(), next().parse::<i64>(), next());
    let (Ok(at), Ok(version)) = (at, version) else {
        return Err(QueryError::Invalid {
            field: "page_token".into(),
            description: "is not from an answer to this question".into(),
        });
    };
    let before = "AND (occurred_at < $3 OR (occurred_at = $3 AND (stream < $4 \
                  OR (stream = $4 AND version < $5))))";
    Ok((before, vec![at.into(), stream.into(), version.into()]))
}
