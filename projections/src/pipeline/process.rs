//! What a question is asked about: the sales process with its stages.

use event_schemas::vocabulary::{Currency, Money, TenantId};

use crate::QueryError;
use crate::asked::text;
use crate::engine::db::Session;

/// A sales process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) id: String,
    /// In order.
    pub(crate) stages: Vec<Stage>,
}

/// One of its stages.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) target_open_count: Option<u32>,
    pub(crate) target_open_amount: Option<Money>,
}

impl Process {
    /// The one asked for; where none is named, the only one.
    pub(crate) async fn find(
        session: &mut Session,
        tenant: &TenantId,
        asked: &str,
    ) -> Result<Self, QueryError> {
        let asked = text(asked, "sales_process_id")?;
        let sql = "SELECT sales_process_id FROM sales_process WHERE tenant = $1";
        let mut ids = Vec::new();
        for row in session.rows(sql, &[tenant.as_str().into()]).await? {
            ids.extend(row.text(0)?);
        }
        ids.sort();
        let id = match (asked, ids.as_slice()) {
            ("", [only]) => only.clone(),
            ("", []) => {
                let none = "no sales process was defined by the moment asked about";
                return Err(QueryError::NotFound(none.into()));
            }
            ("", _) => {
                return Err(QueryError::Precondition {
                    reason: "SALES_PROCESS_AMBIGUOUS".into(),
                    message: format!("say which sales process: {}", ids.join(", ")),
                });
            }
            (asked, ids) if ids.iter().any(|id| id == asked) => asked.to_owned(),
            (asked, _) => {
                let unknown =
                    format!("sales process {asked} was not defined by the moment asked about");
                return Err(QueryError::NotFound(unknown));
            }
        };
        let stages = stages(session, tenant, &id).await?;
        Ok(Self { id, stages })
    }
}

async fn stages(
    session: &mut Session,
    tenant: &TenantId,
    process_id: &str,
) -> Result<Vec<Stage>, QueryError> {
    let sql = "SELECT stage_id, name, target_open_count, target_open_minor, target_currency \
               FROM stage WHERE tenant = $1 AND sales_process_id = $2 ORDER BY stage_rank";
    let mut stages = Vec::new();
    for row in session
        .rows(sql, &[tenant.as_str().into(), process_id.into()])
        .await?
    {
        let currency = row.text(4)?.and_then(|code| Currency::new(&code).ok());
        let target_open_amount = row
            .int(3)?
            .zip(currency)
            .map(|(amount_minor, currency)| Money {
                currency,
                amount_minor,
            });
        stages.push(Stage {
            id: row.text(0)?.unwrap_or_default(),
            name: row.text(1)?.unwrap_or_default(),
            target_open_count: row.int(2)?.and_then(|count| u32::try_from(count).ok()),
            target_open_amount,
        });
    }
    Ok(stages)
}
