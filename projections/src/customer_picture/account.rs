//! Who the customer is, who is there, who looks after it, and whether it said that it leaves.

use proto::v1;

use super::{at, rows, told};
use crate::QueryError;
use crate::calendar::day_of;
use crate::customer_health::Scene;

pub(super) async fn tell(
    scene: &mut Scene,
    customer_id: &str,
    picture: &mut v1::CustomerPicture,
) -> Result<(), QueryError> {
    let sql = "SELECT name, industry, country, employees, parent_customer_id, registered_at, csm_id, \
               (SELECT rep.name FROM rep WHERE rep.tenant = $1 AND rep.rep_id = customer.csm_id), \
               csm_since FROM customer WHERE tenant = $1 AND customer_id = $2";
    for row in rows(scene, customer_id, sql, &[]).await? {
        picture.name = told(&row, 0)?;
        picture.industry = told(&row, 1)?;
        picture.country = told(&row, 2)?;
        picture.employees = u32::try_from(row.count(3)?).unwrap_or_default();
        picture.parent_customer_id = told(&row, 4)?;
        picture.registered_at = at(&row, 5)?;
        picture.csm_id = told(&row, 6)?;
        picture.csm_name = told(&row, 7)?;
        picture.csm_since = at(&row, 8)?;
    }
    let sql = "SELECT contact_id, name, email, phone, title, roles FROM contact \
               WHERE tenant = $1 AND customer_id = $2 AND until_at IS NULL ORDER BY contact_id";
    for row in rows(scene, customer_id, sql, &[]).await? {
        let roles = told(&row, 5)?;
        let roles = roles.split(',').filter(|role| !role.is_empty());
        picture.contacts.push(v1::PictureContact {
            contact_id: told(&row, 0)?,
            name: told(&row, 1)?,
            email: told(&row, 2)?,
            phone: told(&row, 3)?,
            title: told(&row, 4)?,
            roles: roles.map(str::to_owned).collect(),
        });
    }
    let sql = "SELECT churn_id, churned_on, reason, feedback FROM churn \
               WHERE tenant = $1 AND customer_id = $2 ORDER BY churned_on, churn_id";
    for row in rows(scene, customer_id, sql, &[]).await? {
        picture.churns.push(v1::PictureChurn {
            churn_id: told(&row, 0)?,
            churned_on: row
                .int(1)?
                .map(|on| day_of(on).to_string())
                .unwrap_or_default(),
            reason: told(&row, 2)?,
            feedback: told(&row, 3)?,
        });
    }
    Ok(())
}
