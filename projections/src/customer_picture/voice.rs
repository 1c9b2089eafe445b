//! What the customer said, what we said to it, and what is to be done for it.

use proto::v1;

use super::{LATEST, at, rows, told};
use crate::QueryError;
use crate::calendar::Day;
use crate::calendar::day_of;
use crate::customer_health::Scene;

pub(super) async fn tell(
    scene: &mut Scene,
    customer_id: &str,
    day: Day,
    picture: &mut v1::CustomerPicture,
) -> Result<(), QueryError> {
    let sql = format!(
        "SELECT ticket_id, priority, subject, opened_at, closed_at, satisfaction, \
         (SELECT COUNT(*) FROM ticket_stay s WHERE s.tenant = $1 AND s.ticket_id = t.ticket_id \
         AND s.closed_at IS NULL AND s.escalated_at IS NOT NULL) \
         FROM ticket t WHERE t.tenant = $1 AND t.customer_id = $2 \
         ORDER BY opened_at DESC, ticket_id DESC LIMIT {LATEST}"
    );
    for row in rows(scene, customer_id, &sql, &[]).await? {
        picture.tickets.push(v1::PictureTicket {
            ticket_id: told(&row, 0)?,
            priority: told(&row, 1)?,
            subject: told(&row, 2)?,
            opened_at: at(&row, 3)?,
            closed_at: at(&row, 4)?,
            is_escalated: row.count(6)? > 0,
            satisfaction: u32::try_from(row.count(5)?).unwrap_or_default(),
        });
    }
    let sql = format!(
        "SELECT survey_answer_id, contact_id, answered_at, score, comment FROM survey_answer \
         WHERE tenant = $1 AND customer_id = $2 \
         ORDER BY answered_at DESC, survey_answer_id DESC LIMIT {LATEST}"
    );
    for row in rows(scene, customer_id, &sql, &[]).await? {
        picture.answers.push(v1::PictureAnswer {
            survey_answer_id: told(&row, 0)?,
            contact_id: told(&row, 1)?,
            answered_at: at(&row, 2)?,
            score: u32::try_from(row.count(3)?).unwrap_or_default(),
            comment: told(&row, 4)?,
        });
    }
    let sql = format!(
        "SELECT interaction_id, held_at, channel, rep_id, note FROM interaction \
         WHERE tenant = $1 AND customer_id = $2 \
         ORDER BY held_at DESC, interaction_id DESC LIMIT {LATEST}"
    );
    for row in rows(scene, customer_id, &sql, &[]).await? {
        picture.interactions.push(v1::PictureInteraction {
            interaction_id: told(&row, 0)?,
            held_at: at(&row, 1)?,
            channel: told(&row, 2)?,
            rep_id: told(&row, 3)?,
            note: told(&row, 4)?,
        });
    }
    let sql = "SELECT task_id, name, due_on, rep_id, cause FROM task \
               WHERE tenant = $1 AND customer_id = $2 AND state = 'OPEN' ORDER BY due_on, task_id";
    for row in rows(scene, customer_id, sql, &[]).await? {
        let due_on = row.int(2)?.unwrap_or_default();
        picture.tasks.push(v1::PictureTask {
            task_id: told(&row, 0)?,
            name: told(&row, 1)?,
            due_on: day_of(due_on).to_string(),
            rep_id: told(&row, 3)?,
            cause: told(&row, 4)?,
            is_overdue: due_on < day.number(),
        });
    }
    Ok(())
}
