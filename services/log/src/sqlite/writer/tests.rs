//! A disk that is full, or fails.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use event_schemas::vocabulary::{StreamName, TenantId, Version};
use sqlx::{Connection as _, SqliteConnection};

use super::failing::{Meaning, meaning};
use crate::backend::{Item, Writer as _};
use crate::{Append, Meta, NewEvent, StreamWrite};

#[test]
fn a_disk_that_fails_at_the_commit_leaves_it_open_what_landed() {
    let (ioerr, ioerr_fsync, full, busy_snapshot) = (10, 1_034, 13, 517);
    assert_eq!(meaning(ioerr, true), Meaning::Unknown);
    assert_eq!(meaning(ioerr_fsync, true), Meaning::Unknown);
    assert_eq!(meaning(ioerr_fsync, false), Meaning::Lasting);
    assert_eq!(meaning(full, true), Meaning::Lasting);
    assert_eq!(meaning(busy_snapshot, false), Meaning::Transient);
}

/// An append of a stream of its own, of 100 KiB.
fn large(number: usize) -> Item {
    let stream = StreamName::new("rep", &format!("r{number}")).unwrap();
    let event = NewEvent {
        event_type: "Told".into(),
        schema_version: 1,
        payload: vec![b' '; 100 << 10],
    };
    Item {
        append: Append {
            tenant: TenantId::new("acme").unwrap(),
            command: None,
            writes: vec![StreamWrite {
                stream,
                expected: Version(0),
                events: vec![event],
            }],
            reads: Vec::new(),
            claims: Vec::new(),
            chain: None,
            depends_on: Vec::new(),
            meta: Meta {
                occurred_at: chrono::DateTime::UNIX_EPOCH,
                actor: "ann".to_owned(),
                correlation_id: None,
                causation_id: None,
                trace_context: None,
            },
        },
        keys: Vec::new(),
        reply: None,
    }
}

/// As a commit leaves it for which there is no room: SQLite has rolled it back, and sqlx does not hear of that.
/// The next one that is rolled back leaves a transaction open.
async fn get_out_of_step(connection: &mut SqliteConnection) {
    let mut transaction = connection.begin().await.unwrap();
    let rollback = sqlx::raw_sql("ROLLBACK").execute(&mut *transaction);
    rollback.await.unwrap();
    drop(transaction);
    drop(connection.begin().await.unwrap());
}

#[tokio::test]
async fn what_is_acknowledged_after_a_full_disk_is_there_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let (_reader, _seals, mut writer) = super::super::open(folder.path(), 1).await.unwrap();
    let mut landed = 0;
    for round in 0..3 {
        let connection = writer.connection.as_mut().unwrap();
        let pages = sqlx::query("PRAGMA max_page_count = 100");
        pages.execute(&mut *connection).await.unwrap();
        get_out_of_step(connection).await;
        let mut refused = 0;
        for number in 0..8 {
            let items = [large(round * 100 + number)];
            match writer.commit(&[&items]).await {
                Ok(_) => landed += 1,
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 0, "there was room in round {round}");
        if let Some(connection) = &mut writer.connection {
            let pages = sqlx::query("PRAGMA max_page_count = 1073741823");
            pages.execute(connection).await.unwrap();
        }
        let items = [large(round * 100 + 99)];
        writer.commit(&[&items]).await.unwrap();
        landed += 1;
    }
    let file = format!(
        "sqlite://{}",
        folder.path().join(super::super::FILE).display()
    );
    let mut other = SqliteConnection::connect(&file).await.unwrap();
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(there, landed);
}
