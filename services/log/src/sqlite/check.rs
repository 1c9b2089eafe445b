//! Whether a file holds a log that keeps its promises: nothing of it can be mended here, but it must not be
//! built on.

use sqlx::sqlite::SqliteConnection;

use crate::Error;

/// The last positions of a tenant that are looked at when a log is opened: those that a crash, or a disk
/// that lies, could have hit.
const LAST: i64 = 1_000;

/// Looks at the end of each tenant's log: what opening a log takes the time for.
pub(crate) async fn ends(connection: &mut SqliteConnection) -> Result<(), Error> {
    let heads: Vec<(String, i64)> = sqlx::query_as("SELECT tenant, position FROM heads")
        .fetch_all(&mut *connection)
        .await?;
    for (tenant, head) in heads {
        let sql = "SELECT count(*), max(position) FROM events WHERE tenant = ? AND position > ?";
        let (count, last): (i64, Option<i64>) = sqlx::query_as(sql)
            .bind(&tenant)
            .bind(head - LAST)
            .fetch_one(&mut *connection)
            .await?;
        if last.unwrap_or_default() != head || count != head.min(LAST) {
            let missing = first_missing(connection, &tenant, head).await?;
            let told = format!("{tenant} should end at {head}, and position {missing} is missing");
            return Err(Error::Corrupt(told));
        }
    }
    Ok(())
}

/// The first of a tenant's last positions that is not there; what comes after the last, if all are.
async fn first_missing(
    connection: &mut SqliteConnection,
    tenant: &str,
    head: i64,
) -> Result<i64, Error> {
    let before = (head - LAST).max(0);
    let sql = "SELECT position FROM events WHERE tenant = ? AND position > ? ORDER BY position";
    let there: Vec<i64> = sqlx::query_scalar(sql)
        .bind(tenant)
        .bind(before)
        .fetch_all(connection)
        .await?;
    let gap = (before + 1..).zip(&there).find(|(due, is)| due != *is);
    Ok(gap.map_or(
        before + 1 + i64::try_from(there.len()).unwrap_or(LAST),
        |(due, _)| due,
    ))
}

/// Looks at all of it: every page of the file, every position, every version.
pub(crate) async fn all(connection: &mut SqliteConnection) -> Result<(), Error> {
    let told: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut *connection)
        .await?;
    if told != "ok" {
        return Err(Error::Corrupt(told));
    }
    let sql = "SELECT heads.tenant FROM heads WHERE position <> (
                   SELECT count(*) FROM events WHERE events.tenant = heads.tenant)
               OR position <> (
                   SELECT coalesce(max(position), 0) FROM events WHERE events.tenant = heads.tenant)
               UNION ALL
               SELECT tenant FROM events WHERE tenant NOT IN (SELECT tenant FROM heads)
               LIMIT 1";
    let gap: Option<String> = sqlx::query_scalar(sql)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(tenant) = gap {
        return Err(Error::Corrupt(format!(
            "the positions of {tenant} have gaps"
        )));
    }
    let sql = "SELECT tenant || ' ' || stream FROM events GROUP BY tenant, stream
               HAVING count(*) <> max(version) LIMIT 1";
    let gap: Option<String> = sqlx::query_scalar(sql)
        .fetch_optional(&mut *connection)
        .await?;
    match gap {
        Some(stream) => Err(Error::Corrupt(format!(
            "the versions of {stream} have gaps"
        ))),
        None => ends(connection).await,
    }
}
