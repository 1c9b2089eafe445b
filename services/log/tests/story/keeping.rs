//! A log that is kept for years: copied while it is written, put back, checked when it is opened, and not
//! opened by a program that is too old for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_schemas::vocabulary::{Position, Version};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use twinfunnel_log::{Error, Filter, Log, Options, backup, restore};

use crate::home::{Home, With as _, add, number, stream, tenant};

async fn open(directory: &Path) -> Result<Log, Error> {
    Log::open_sqlite(directory, Options::default()).await
}

/// Changes the file of a log behind its back.
async fn tamper(directory: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(directory.join("log.sqlite"));
    let mut connection = options.connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_it_is_written_is_the_log_at_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (
        folder.path().join("data"),
        folder.path().join("copy.sqlite"),
    );
    let log = open(&data).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (log, done) = (log.clone(), Arc::clone(&done));
        async move {
            let mut version = 0;
            while !done.load(Ordering::Relaxed) {
                log.append(add("rep-1", version, 3).and_add("team-1", version, 3))
                    .await
                    .unwrap();
                version += 3;
            }
            version * 2
        }
    });
    while log.head(&tenant("acme")).await.unwrap() < Position(60) {
        tokio::task::yield_now().await;
    }
    let heads = backup(&data, &file).await.unwrap();
    done.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    let (of, head) = heads.into_iter().next().unwrap();
    assert_eq!(of, tenant("acme"));
    // Whole appends only: of each six events, or none.
    assert!(
        head.0 >= 60 && head.0 <= written && head.0 % 6 == 0,
        "{head}"
    );
    let again = backup(&data, &file).await;
    assert!(
        matches!(again, Err(Error::Io { .. })),
        "it is not written over"
    );

    let new = folder.path().join("new");
    assert_eq!(restore(&file, &new).await.unwrap(), [(of, head)]);
    let restored = open(&new).await.unwrap();
    let read = |log: Log| async move {
        let (acme, everything) = (tenant("acme"), Filter::default());
        let page = log.read(&acme, Position(0), &everything, 100_000);
        page.await.unwrap().events
    };
    let (kept, whole) = (read(restored.clone()).await, read(log.clone()).await);
    assert_eq!(number(kept.len()), head.0);
    assert_eq!(kept, whole[..kept.len()]);
    // It goes on where it was.
    let appended = restored.append(add("rep-1", head.0 / 2, 1)).await.unwrap();
    assert_eq!(appended.position, Position(head.0 + 1));
    restored.close().await;
    assert!(matches!(restore(&file, &new).await, Err(Error::Io { .. })));
    assert!(matches!(restore(&file, &data).await, Err(Error::InUse(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_with_a_gap_is_neither_opened_nor_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (
        folder.path().join("data"),
        folder.path().join("copy.sqlite"),
    );
    let log = open(&data).await.unwrap();
    for n in 0..5 {
        log.append(add("rep-1", n * 1_000, 1_000)).await.unwrap();
    }
    log.close().await;
    drop(log);
    // Far from its end it is not seen at once, but no copy is made of it.
    tamper(&data, "DELETE FROM events WHERE position = 7").await;
    open(&data).await.unwrap().close().await;
    let refused = backup(&data, &file).await;
    assert!(matches!(refused, Err(Error::Corrupt(_))), "{refused:?}");
    assert!(!file.exists() && std::fs::read_dir(folder.path()).unwrap().count() == 1);
    tamper(&data, "DELETE FROM events WHERE position = 4999").await;
    let refused = open(&data).await.map(drop);
    let Err(Error::Corrupt(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("position 4999 is missing"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_log_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (
        folder.path().join("data"),
        folder.path().join("copy.sqlite"),
    );
    assert!(matches!(restore(&file, &data).await, Err(Error::Io { .. })));
    std::fs::write(&file, "nothing of the kind").unwrap();
    assert!(restore(&file, &data).await.is_err());
    assert!(!data.join("log.sqlite").exists() && !data.join("log.sqlite.partial").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_ahead_log_stays_small_though_somebody_always_reads() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    // Two that take turns, the next beginning before the last has ended.
    let reading = tokio::spawn({
        let (file, done) = (folder.path().join("log.sqlite"), Arc::clone(&done));
        async move {
            let options = SqliteConnectOptions::new().filename(file).read_only(true);
            let mut readers = [
                options.connect().await.unwrap(),
                options.connect().await.unwrap(),
            ];
            let look = "BEGIN; SELECT count(*) FROM heads";
            sqlx::raw_sql(look).execute(&mut readers[0]).await.unwrap();
            for turn in 1.. {
                sqlx::raw_sql(look)
                    .execute(&mut readers[turn % 2])
                    .await
                    .unwrap();
                sqlx::raw_sql("COMMIT")
                    .execute(&mut readers[(turn + 1) % 2])
                    .await
                    .unwrap();
                if done.load(Ordering::Relaxed) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    });
    let wal = folder.path().join("log.sqlite-wal");
    let mut largest = 0;
    for n in 0..450 {
        let mut append = add("rep-1", n, 1);
        append.writes[0].events[0].payload = vec![b'x'; 200_000];
        log.append(append).await.unwrap();
        largest = largest.max(std::fs::metadata(&wal).unwrap().len());
    }
    done.store(true, Ordering::Relaxed);
    reading.await.unwrap();
    assert!(largest < 60 << 20, "{largest} bytes");
    let version = log.stream_head(&tenant("acme"), &stream("rep-1")).await;
    assert_eq!(version.unwrap(), Version(450));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_a_newer_program_are_refused() {
    let newer = "INSERT INTO _sqlx_migrations
         (version, description, success, checksum, execution_time) VALUES (99, 'newer', true, '', 0)";
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await.unwrap().close().await;
    tamper(folder.path(), newer).await;
    let refused = open(folder.path()).await.map(drop);
    assert!(matches!(refused, Err(Error::Newer(99))), "{refused:?}");

    let home = Home::postgres().await;
    home.open().await.close().await;
    let mut connection = PgConnection::connect(home.url()).await.unwrap();
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    let refused = Log::connect_postgres(home.url(), Options::default()).await;
    assert!(matches!(refused.map(drop), Err(Error::Newer(99))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_make_the_tables_once() {
    let home = Home::postgres().await;
    let starting = (0..6).map(|_| home.open());
    let nodes = futures::future::join_all(starting).await;
    for (node, n) in nodes.iter().zip(0..) {
        let appended = node.append(add("rep-1", n, 1)).await.unwrap();
        assert_eq!(appended.position, Position(n + 1));
    }
}
