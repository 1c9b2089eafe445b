//! A writer of a PostgreSQL log: one connection, one round trip a batch when all goes well.
//!
//! It writes first and asks only when the database contradicts what the batch took for granted (see
//! `5_append.sql`). Then it asks under the lock on the tenant's head, so that the second try is right.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use event_schemas::vocabulary::TenantId;
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::types::Uuid;
use sqlx::{ConnectOptions as _, Connection as _};

use super::rows::{ClaimHolder, NewCommand, NewEvent, StreamVersion};
use crate::Error;
use crate::backend::{self, Failure, Item, Settled, Writer, unsigned};
use crate::claim::{Key, Secret};
use crate::resolve::{self, Assumed, Facts, Plan, count};

/// How long the server may take to connect, or to commit a batch: longer than it is told to try.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Writes to PostgreSQL.
#[derive(Debug)]
pub(crate) struct PgWriter {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

/// How far a batch has got, which decides what a broken connection means.
#[derive(Debug, Default)]
struct Progress {
    in_transaction: bool,
    committing: bool,
}

impl PgWriter {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            connection: None,
        }
    }

    async fn connected(&mut self) -> Result<&mut PgConnection> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            nothing => {
                let made = in_time(async { Ok(self.options.connect().await?) }).await;
                Ok(nothing.insert(made.map_err(Failure::Transient)?))
            }
        }
    }

    /// Gives up the connection, unless it is not to blame and nothing is left open on it.
    async fn failed(&mut self, error: Error, progress: &Progress) -> Failure {
        let failure = classify(error, progress);
        let keep = match (&mut self.connection, &failure) {
            (Some(connection), Failure::Lasting(_)) => {
                !progress.in_transaction
                    || sqlx::query("ROLLBACK").execute(connection).await.is_ok()
            }
            _ => false,
        };
        if !keep {
            self.connection = None;
        }
        failure
    }
}

impl Writer for PgWriter {
    fn commit<'a>(&'a mut self, groups: &'a [&'a [Item]]) -> BoxFuture<'a, Result<Vec<Settled>>> {
        Box::pin(async move {
            let mut progress = Progress::default();
            let connection = self.connected().await?;
            match in_time(write(connection, groups, &mut progress)).await {
                Ok(settled) => Ok(settled),
                Err(error) => Err(self.failed(error, &progress).await),
            }
        })
    }

    fn secret<'a>(&'a mut self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(async {
            let connection = self.connected().await?;
            match in_time(secret(connection, tenant)).await {
                Ok(secret) => Ok(secret),
                Err(error) => match self.failed(error, &Progress::default()).await {
                    Failure::Unknown(error) => Err(Failure::Transient(error)),
                    failure => Err(failure),
                },
            }
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {
            if let Some(connection) = self.connection
                && let Err(error) = connection.close().await
            {
                tracing::debug!(%error, "a writer's connection was not closed cleanly");
            }
        })
    }
}

/// Waits for the server, but not for ever: a network that is gone says nothing.
async fn in_time<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let in_time = tokio::time::timeout(ANSWER_WITHIN, answer).await;
    in_time.unwrap_or_else(|_| {
        let silence = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Err(sqlx::Error::Io(silence).into())
    })
}

/// What an error means for the batch.
fn classify(error: Error, progress: &Progress) -> Failure {
    let Error::Database(cause) = &error else {
        return Failure::Lasting(error);
    };
    let code = match cause {
        sqlx::Error::Database(cause) => cause.code().unwrap_or_default(),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => "08".into(),
        _ => return Failure::Lasting(error),
    };
    if is_broken(&code) && (progress.committing || !progress.in_transaction) {
        Failure::Unknown(error)
    } else if is_broken(&code) || is_passing(&code) {
        Failure::Transient(error)
    } else {
        Failure::Lasting(error)
    }
}

/// Whether the connection broke. `08`: so it did, or there was no answer. `57P0`: the server shuts
/// down or was made to end the session.
fn is_broken(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P0")
}

/// Whether nothing landed for a reason that passes. `40`: rolled back to let another go first.
/// `53`: the server is short of something. `55P03`: a lock was not to be had. `57014`: it took too
/// long. `25P03`: the transaction idled too long. `25006`: the server is a replica by now.
fn is_passing(code: &str) -> bool {
    code.starts_with("40")
        || code.starts_with("53")
        || ["55P03", "57014", "25P03", "25006"].contains(&code)
}

async fn write(
    connection: &mut PgConnection,
    groups: &[&[Item]],
    progress: &mut Progress,
) -> Result<Vec<Settled>, Error> {
    if groups.len() > 1 {
        begin(connection, progress).await?;
    }
    let mut settled = Vec::with_capacity(groups.len());
    for items in groups {
        let Some(tenant) = items.first().map(|item| &item.append.tenant) else {
            continue;
        };
        let assumed = Assumed::by(items);
        let plan = resolve::on_assumptions(items, &assumed);
        let verdicts = match call(connection, tenant, &plan, &assumed).await? {
            Some(head) => settle(plan, head),
            None => {
                if !progress.in_transaction {
                    begin(connection, progress).await?;
                }
                ask_and_write(connection, tenant, items, &assumed).await?
            }
        };
        settled.push(verdicts);
    }
    if progress.in_transaction {
        progress.committing = true;
        sqlx::query("COMMIT").execute(connection).await?;
    }
    Ok(settled)
}

async fn begin(connection: &mut PgConnection, progress: &mut Progress) -> Result<(), Error> {
    progress.in_transaction = true;
    sqlx::query("BEGIN").execute(connection).await?;
    Ok(())
}

/// Under the lock on the tenant's head: asks what is so, then writes what follows from it.
async fn ask_and_write(
    connection: &mut PgConnection,
    tenant: &TenantId,
    items: &[Item],
    named: &Assumed<'_>,
) -> Result<Settled, Error> {
    sqlx::query(include_str!("../../sql/postgres/lock_head.sql"))
        .bind(tenant.as_str())
        .execute(&mut *connection)
        .await?;
    let facts = facts(connection, tenant, named).await?;
    let plan = resolve::on_facts(items, &facts);
    let head = call(connection, tenant, &plan, &Assumed::default()).await?;
    // Nothing was taken for granted, so nothing could be contradicted.
    let head = head.ok_or_else(|| Error::Corrupt("a batch was refused for no reason".into()))?;
    Ok(settle(plan, head))
}

fn settle(plan: Plan<'_>, head: u64) -> Settled {
    let head_before = head.saturating_sub(count(plan.events.len()));
    Settled {
        verdicts: plan.verdicts,
        head_before,
        head,
    }
}

/// What the database holds about everything a batch names.
async fn facts(
    connection: &mut PgConnection,
    tenant: &TenantId,
    named: &Assumed<'_>,
) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let streams: Vec<&str> = named.streams.keys().copied().collect();
    let rows: Vec<(String, i64)> =
        sqlx::query_as(include_str!("../../sql/postgres/facts_streams.sql"))
            .bind(tenant.as_str())
            .bind(&streams)
            .fetch_all(&mut *connection)
            .await?;
    for (stream, version) in rows {
        facts.streams.insert(stream, unsigned(version)?);
    }
    if !named.commands.is_empty() {
        let rows: Vec<(String, Vec<u8>, i64, i64, i64)> =
            sqlx::query_as(include_str!("../../sql/postgres/facts_commands.sql"))
                .bind(tenant.as_str())
                .bind(&named.commands)
                .fetch_all(&mut *connection)
                .await?;
        for (id, digest, position, events, version) in rows {
            facts
                .commands
                .insert(id, backend::known((digest, position, events, version))?);
        }
    }
    if !named.claims.is_empty() {
        let (scopes, values): (Vec<&str>, Vec<&str>) = named
            .claims
            .keys()
            .map(|key| (&*key.scope, key.value.as_str()))
            .unzip();
        let rows: Vec<(String, String, String)> =
            sqlx::query_as(include_str!("../../sql/postgres/facts_claims.sql"))
                .bind(tenant.as_str())
                .bind(&scopes)
                .bind(&values)
                .fetch_all(&mut *connection)
                .await?;
        for (scope, value, holder) in rows {
            let scope = scope.into();
            facts.claims.insert(Key { scope, value }, holder);
        }
    }
    Ok(facts)
}

/// Writes a plan if all that was assumed is so, and gives the head after it; nothing if not.
async fn call(
    connection: &mut PgConnection,
    tenant: &TenantId,
    plan: &Plan<'_>,
    assumed: &Assumed<'_>,
) -> Result<Option<u64>, Error> {
    // What a unique index finds out when it is written need not be asked for.
    let first_events = plan.events.iter().filter(|row| row.version == 1);
    let begun: HashSet<&str> = first_events.map(|row| row.stream.as_str()).collect();
    let seen_streams: Vec<_> = assumed
        .streams
        .iter()
        .filter(|(stream, version)| **version > 0 || !begun.contains(*stream))
        .map(|(stream, version)| StreamVersion(stream, *version))
        .collect();
    let remembered: HashSet<&str> = plan.commands.iter().map(|command| command.id).collect();
    let unseen_commands = assumed.commands.iter().copied();
    let unseen_commands: Vec<&str> = unseen_commands
        .filter(|command| !remembered.contains(command))
        .collect();
    let events = plan.events.iter().map(|row| NewEvent(row, Uuid::now_v7()));
    let (landed, head): (bool, Option<i64>) =
        sqlx::query_as(include_str!("../../sql/postgres/append_batch.sql"))
            .bind(tenant.as_str())
            .bind(plan.writes())
            .bind(seen_streams)
            .bind(unseen_commands)
            .bind(holders(&assumed.claims))
            .bind(events.collect::<Vec<_>>())
            .bind(plan.commands.iter().map(NewCommand).collect::<Vec<_>>())
            .bind(holders(&plan.claims))
            .fetch_one(connection)
            .await?;
    if landed {
        unsigned(head.unwrap_or_default()).map(Some)
    } else {
        Ok(None)
    }
}

fn holders<'a>(claims: &HashMap<&'a Key, Option<&'a str>>) -> Vec<ClaimHolder<'a>> {
    let rows = claims
        .iter()
        .map(|(key, holder)| ClaimHolder(&key.scope, key.value.as_str(), *holder));
    rows.collect()
}

async fn secret(connection: &mut PgConnection, tenant: &TenantId) -> Result<Secret, Error> {
    sqlx::query(include_str!("../../sql/postgres/make_secret.sql"))
        .bind(tenant.as_str())
        .execute(&mut *connection)
        .await?;
    let secret = sqlx::query_scalar(include_str!("../../sql/postgres/secret.sql"))
        .bind(tenant.as_str())
        .fetch_one(&mut *connection)
        .await?;
    backend::secret(secret)
}

#[cfg(test)]
mod tests {
    use super::{is_broken, is_passing};

    #[test]
    fn what_passes_is_tried_again() {
        for code in [
            "40001", "40P01", "53300", "55P03", "57014", "25P03", "25006",
        ] {
            assert!(is_passing(code) && !is_broken(code), "{code}");
        }
        for code in ["08006", "57P01", "57P02", "57P03"] {
            assert!(is_broken(code), "{code}");
        }
        for code in ["23505", "42P01", "22021"] {
            assert!(!is_passing(code) && !is_broken(code), "{code}");
        }
    }
}
