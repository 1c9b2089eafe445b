//! PostgreSQL and NATS stopped, crashed, held still and cut off, together and apart, under load; PostgreSQL
//! that refuses, and that is replaced by its standby.
//!
//! One node lives through all of it, with a relay. A round is one fault and what comes after it: the node
//! must take commands again by itself, within seconds. In the end every acknowledged command must be
//! there, once, as on NATS, and the read models must be what a rebuild makes of the log.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use support::{Nats, Postgres};
use tokio::time::{Instant, sleep, timeout};

use crate::home::{Home, caller};
use crate::ledger::Ledger;
use crate::load::{self, Working};
use crate::{Plan, Tally, feed, history};

const CALLERS: u64 = 12;

/// How long a caller waits for an answer before it sends again.
const PATIENCE: Duration = Duration::from_secs(3);

/// The node takes commands again within this time, from when what it needs is there again. PostgreSQL
/// that crashed recovers first, on a machine that does other things besides.
const BACK_WITHIN: Duration = Duration::from_secs(15);

/// Commands that are acknowledged between two faults, at least.
const WORK: usize = 60;

/// What can happen.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// All connections of the node are ended, some of them in the midst of a commit.
    Cut,
    /// PostgreSQL is stopped, in an orderly way or as in a crash, and started again.
    Restart { crash: bool },
    /// PostgreSQL does not answer for a while, and its connections stay.
    Freeze,
    /// PostgreSQL refuses most of what it is to write, for reasons that pass.
    Refuse,
    /// PostgreSQL is lost, and its standby, which has all that was committed, takes over at its address.
    FailOver,
    /// NATS is killed and started again.
    NatsKill,
    /// NATS does not answer for a while.
    NatsFreeze,
    /// Both are stopped, and NATS comes back first.
    Both,
}

const OF_NATS: [Fault; 2] = [Fault::NatsKill, Fault::NatsFreeze];
const OF_ALL: [Fault; 9] = [
    Fault::Cut,
    Fault::Restart { crash: true },
    Fault::Refuse,
    Fault::Freeze,
    Fault::NatsKill,
    Fault::FailOver,
    Fault::Restart { crash: false },
    Fault::NatsFreeze,
    Fault::Both,
];

/// Refuses, while the table `fire` says so, as events are written or as they are committed: a serialization
/// failure, a deadlock, a full disk, no memory, too many connections, a statement that took too long, a
/// lock that was not to be had.
const REFUSALS: &str = "
    CREATE TABLE fire (refuses boolean NOT NULL);
    INSERT INTO fire VALUES (false);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT refuses FROM fire) AND random() < 0.4 THEN
            RAISE EXCEPTION 'under fire' USING ERRCODE = (ARRAY[
                '40001', '40P01', '53100', '53200', '53300', '57014', '55P03'
            ])[1 + floor(random() * 7)];
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER refuse AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse();
    CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();";

pub(crate) async fn run(plan: &Plan) -> anyhow::Result<Tally> {
    let home = Home::new(plan.backend).await?;
    let mut nats = tokio::task::spawn_blocking(Nats::start).await??;
    let node = home.start(&["--nats-url", &nats.url()])?;
    let ledger = Arc::new(Ledger::default());
    let client = caller(&node.url(), Duration::from_secs(30))?;
    load::found(&client, &ledger).await?;
    if let Home::Postgres { url, .. } = &home {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(REFUSALS).execute(&mut connection).await?;
    }
    let callers = vec![caller(&node.url(), PATIENCE)?];
    let working = Working::start(&ledger, &callers, CALLERS, |number| plan.chances(number));

    let mut tally = Tally::default();
    let mut chances = plan.chances(u64::MAX);
    let (faults, database) = match &home {
        Home::Sqlite(_) => (&OF_NATS[..], None),
        Home::Postgres { cluster, url } => (&OF_ALL[..], Some((Arc::clone(cluster), url.clone()))),
    };
    let (mut struck, mut slowest) = (0, Duration::ZERO);
    for round in plan.rounds() {
        // Each in its turn, so that few rounds have met all.
        let turn = usize::try_from(round)? % faults.len();
        let Some(fault) = faults.get(turn).copied() else {
            break;
        };
        plan.progress.set_message(format!("{fault:?}"));
        let lasts = Duration::from_millis(chances.u64(100..2_000));
        strike(fault, lasts, &mut nats, database.as_ref()).await?;
        struck += 1;
        let began = Instant::now();
        let before = ledger.acknowledged();
        while ledger.acknowledged() <= before && began.elapsed() < BACK_WITHIN {
            sleep(Duration::from_millis(5)).await;
        }
        slowest = slowest.max(began.elapsed());
        if ledger.acknowledged() <= before {
            tally.wrong(format!("{fault:?}: not back within {BACK_WITHIN:?}"));
        }
        let work = async {
            while ledger.acknowledged() < before + WORK {
                sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(BACK_WITHIN, work).await.is_err() {
            tally.wrong(format!("{fault:?}: hardly any work was done afterwards"));
        }
    }
    working.stop().await?;
    let events = history::after(&client, 0).await?;
    tally.add(ledger.settle(&events));
    feed::check(&nats.url(), &events, &mut tally).await?;
    history::check_read_models(&home, &client, &mut tally).await?;
    if node.told().contains("panicked") {
        tally.wrong(node.told());
    }
    let slowest = slowest.as_millis();
    tally.note(format!(
        "{struck} faults, {} events, back within {slowest} ms",
        events.len()
    ));
    Ok(tally)
}

/// Lets it happen, and be over.
async fn strike(
    fault: Fault,
    lasts: Duration,
    nats: &mut Nats,
    database: Option<&(Arc<Postgres>, String)>,
) -> anyhow::Result<()> {
    let blocking = |act: &mut dyn FnMut() -> anyhow::Result<()>| tokio::task::block_in_place(act);
    match (fault, database) {
        (Fault::Cut, Some((_, url))) => cut(url, lasts).await?,
        (Fault::Restart { crash }, Some((cluster, _))) => {
            blocking(&mut || cluster.stop(crash))?;
            sleep(lasts).await;
            blocking(&mut || cluster.start_again())?;
        }
        (Fault::Freeze, Some((cluster, _))) => {
            blocking(&mut || cluster.freeze())?;
            sleep(lasts).await;
            blocking(&mut || cluster.thaw())?;
        }
        (Fault::Refuse, Some((_, url))) => {
            let mut connection = PgConnection::connect(url).await?;
            let say = "UPDATE fire SET refuses = NOT refuses";
            sqlx::query(say).execute(&mut connection).await?;
            sleep(lasts).await;
            sqlx::query(say).execute(&mut connection).await?;
        }
        (Fault::FailOver, Some((cluster, url))) => {
            blocking(&mut || cluster.start_standby())?;
            be_followed(url).await?;
            sleep(lasts).await;
            blocking(&mut || cluster.lose_primary())?;
            sleep(lasts).await;
            blocking(&mut || cluster.promote())?;
        }
        (Fault::Both, Some((cluster, _))) => {
            nats.kill()?;
            blocking(&mut || cluster.stop(true))?;
            sleep(lasts).await;
            blocking(&mut || nats.start_again())?;
            blocking(&mut || cluster.start_again())?;
        }
        (Fault::NatsFreeze, _) => {
            nats.freeze()?;
            sleep(lasts).await;
            nats.thaw()?;
        }
        _ => {
            nats.kill()?;
            sleep(lasts).await;
            blocking(&mut || nats.start_again())?;
        }
    }
    Ok(())
}

/// Ends all connections of the node, again and again.
async fn cut(url: &str, lasts: Duration) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let until = Instant::now() + lasts;
    while Instant::now() < until {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut connection).await?;
        sleep(Duration::from_millis(30)).await;
    }
    connection.close().await?;
    Ok(())
}

/// Has every commit wait until the standby has it, too.
async fn be_followed(url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    for sql in [
        "ALTER SYSTEM SET synchronous_standby_names = '*'",
        "SELECT pg_reload_conf()",
    ] {
        sqlx::query(sql).execute(&mut connection).await?;
    }
    let followed = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    while sqlx::query_scalar::<_, i64>(followed)
        .fetch_one(&mut connection)
        .await?
        == 0
    {
        sleep(Duration::from_millis(20)).await;
    }
    connection.close().await?;
    Ok(())
}
