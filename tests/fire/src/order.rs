//! Followers beside transactions that are held open at the worst moment: when their events have
//! positions, and are not committed.
//!
//! On PostgreSQL a trigger makes each transaction wait for an advisory lock as it commits, and the lock
//! is held now and then; three nodes write. On SQLite, where one writer has the file, somebody else
//! holds the file's write lock now and then. A follower must see every position once, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_schemas::vocabulary::{Position, TenantId};
use futures::StreamExt as _;
use futures::future::try_join_all;
use log::{AppendError, Filter, Log};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use crate::home::{Backend, Home};
use crate::model::act;
use crate::{Plan, Tally};

/// How long a follower may hear nothing.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

/// Tenants of a round; locks are held for one at a time, so that the others run ahead.
const TENANTS: u64 = 4;

/// Writers of each tenant and node, and how much each writes.
const WRITERS: u64 = 3;
const APPENDS: u64 = 12;

/// Waits as the transaction commits, when all its rows are written.
const HOLD_OPEN: &str = "
    CREATE OR REPLACE FUNCTION hold_open() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(4711, ascii(right(NEW.tenant, 1)));
        PERFORM pg_sleep(random() * 0.004);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER hold_open AFTER UPDATE ON heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_open();";

pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Tally> {
    let home = Home::new(plan.backend).await?;
    let mut nodes = vec![home.log().await?];
    if let (Backend::Postgres, Home::Postgres { url, .. }) = (plan.backend, &home) {
        nodes.extend([home.log().await?, home.log().await?]);
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(HOLD_OPEN).execute(&mut connection).await?;
    }
    let mut tally = Tally::default();
    for round in plan.rounds() {
        let done = Arc::new(AtomicBool::new(false));
        let holding = tokio::spawn(hold(target(&home), plan.chances(round), Arc::clone(&done)));
        let stormed = storm(&nodes, round, plan, &mut tally).await;
        done.store(true, Ordering::Relaxed);
        let held = holding.await??;
        stormed?;
        plan.progress.set_message(format!("held open {held} times"));
    }
    for node in nodes {
        node.close().await;
    }
    Ok(tally)
}

/// What is held open.
enum Target {
    Database(String),
    File(std::path::PathBuf),
}

fn target(home: &Home) -> Target {
    match home {
        Home::Sqlite(folder) => Target::File(folder.path().join("log.sqlite")),
        Home::Postgres { url, .. } => Target::Database(url.clone()),
    }
}

/// Holds transactions open for some milliseconds, again and again; says how often.
async fn hold(
    target: Target,
    mut chances: fastrand::Rng,
    done: Arc<AtomicBool>,
) -> anyhow::Result<u64> {
    let mut held = 0;
    match target {
        Target::Database(url) => {
            let mut connection = PgConnection::connect(&url).await?;
            while !done.load(Ordering::Relaxed) {
                let tenant = i32::from(b'0') + chances.i32(0..i32::try_from(TENANTS)?);
                let lock = "SELECT pg_advisory_lock(4711, $1)";
                sqlx::query(lock)
                    .bind(tenant)
                    .execute(&mut connection)
                    .await?;
                sleep(Duration::from_millis(chances.u64(1..25))).await;
                let unlock = "SELECT pg_advisory_unlock(4711, $1)";
                sqlx::query(unlock)
                    .bind(tenant)
                    .execute(&mut connection)
                    .await?;
                sleep(Duration::from_millis(chances.u64(0..5))).await;
                held += 1;
            }
        }
        Target::File(path) => {
            let options = SqliteConnectOptions::new().filename(path);
            let mut connection = options.connect().await?;
            while !done.load(Ordering::Relaxed) {
                sqlx::query("BEGIN IMMEDIATE")
                    .execute(&mut connection)
                    .await?;
                sleep(Duration::from_millis(chances.u64(1..25))).await;
                sqlx::query("ROLLBACK").execute(&mut connection).await?;
                sleep(Duration::from_millis(chances.u64(0..10))).await;
                held += 1;
            }
        }
    }
    Ok(held)
}

/// All nodes write while followers, one a node and tenant, listen.
async fn storm(nodes: &[Log], round: u64, plan: &Plan, tally: &mut Tally) -> anyhow::Result<()> {
    let (mut writers, mut followers) = (Vec::new(), Vec::new());
    let appends = u64::try_from(nodes.len())? * WRITERS * APPENDS;
    for of_tenant in 0..TENANTS {
        // Its last character says which lock it waits for.
        let tenant = TenantId::new(&format!("r{round}.{of_tenant}"))?;
        for (log, node) in nodes.iter().zip(0..) {
            followers.push(tokio::spawn(hear(log.clone(), tenant.clone(), appends)));
            for writer in 0..WRITERS {
                let part = ((round << 8 | of_tenant) << 8 | node) << 8 | writer;
                let chances = plan.chances(part);
                let name = format!("{node}.{writer}");
                let write = write(log.clone(), tenant.clone(), name, chances);
                writers.push(tokio::spawn(write));
            }
        }
    }
    for written in try_join_all(writers).await? {
        written?;
    }
    for heard in try_join_all(followers).await? {
        tally.add(heard);
    }
    Ok(())
}

/// Appends, some of it to a stream that all want.
async fn write(
    log: Log,
    tenant: TenantId,
    name: String,
    mut chances: fastrand::Rng,
) -> anyhow::Result<()> {
    for n in 0..APPENDS {
        let shared = chances.u8(..) < 60;
        let stream = if shared {
            "rep-hot".into()
        } else {
            format!("rep-{name}.{n}")
        };
        let stream = act::stream(&stream)?;
        loop {
            let version = log.stream_head(&tenant, &stream).await?;
            let append = act::one(&tenant, format!("{name}.{n}"), &stream, version);
            match log.append(append).await {
                Ok(_) => break,
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        sleep(Duration::from_millis(chances.u64(0..4))).await;
    }
    Ok(())
}

/// Follows until as many events were heard as were appended: each position once, in order.
async fn hear(log: Log, tenant: TenantId, events: u64) -> Tally {
    let mut tally = Tally::default();
    let mut pages = log
        .follow(tenant.clone(), Position(0), Filter::default())
        .boxed();
    let mut last = 0;
    while last < events {
        let page = match timeout(HEARD_WITHIN, pages.next()).await {
            Ok(Some(Ok(page))) => page,
            Ok(other) => {
                tally.wrong(format!("{tenant}: a follower was told {other:?}"));
                return tally;
            }
            Err(_) => {
                tally.lose(format!("{tenant}: nothing after {last} of {events}"));
                return tally;
            }
        };
        for event in page.events {
            tally.try_many(1);
            match event.position.0 {
                at if at == last + 1 => {}
                at if at <= last => tally.double(format!("{tenant}: {at} after {last}")),
                at => tally.lose(format!("{tenant}: {at} after {last}")),
            }
            last = event.position.0;
        }
    }
    tally
}
