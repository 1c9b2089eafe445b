//! Building and swapping, step by step: a fold that waits until a test lets it go on.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use chrono::DateTime;
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use log::{Append, Log, Meta, NewEvent, StreamWrite};
use tempfile::TempDir;

use super::fold::{Changes, FoldError, Folding};
use super::generation::Model;
use super::live::Live;
use super::registry::Registry;
use crate::Home;

/// Where a fold waits.
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    const fn new() -> Self {
        Self {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let is_open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(is_open, |is_open| !*is_open));
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    /// Waits until a fold waits here. However the test ends, the fold goes on: else nothing would.
    async fn reached(&'static self) -> impl Drop {
        struct Opens(&'static Gate);
        impl Drop for Opens {
            fn drop(&mut self) {
                self.0.open();
            }
        }
        let opens = Opens(self);
        until(|| self.waiting.load(Ordering::SeqCst) > 0).await;
        opens
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    waited.unwrap();
}

fn model(fold: Folding) -> Model {
    Model {
        name: "things",
        version: 1,
        answers: &[],
        tables: "",
        categories: &["thing"],
        fold,
    }
}

/// A log and a registry.
struct House {
    log: Log,
    registry: Arc<Registry>,
    dir: PathBuf,
    _folder: TempDir,
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open_sqlite(folder.path(), log::Options::default());
        let dir = folder.path().join("read-models");
        let home = Home::Sqlite { dir: dir.clone() };
        Self {
            log: log.await.unwrap(),
            registry: Arc::new(Registry::open(home).await.unwrap()),
            dir,
            _folder: folder,
        }
    }

    async fn start(&self, fold: Folding, run_workers: bool) -> Arc<Live> {
        let live = Live::start(&self.log, &self.registry, model(fold), run_workers);
        live.await.unwrap()
    }

    /// Appends so many events to a tenant's log.
    async fn happen(&self, name: &str, count: usize) {
        let stream = StreamName::new("thing", &format!("x{count}")).unwrap();
        let event = NewEvent {
            event_type: "Happened".into(),
            schema_version: 1,
            payload: b"{}".to_vec(),
        };
        let write = StreamWrite {
            stream,
            expected: Version(0),
            events: vec![event; count],
        };
        let appended = self.log.append(Append {
            tenant: tenant(name),
            command: None,
            writes: vec![write],
            reads: vec![],
            claims: vec![],
            chain: None,
            depends_on: vec![],
            meta: Meta {
                occurred_at: DateTime::UNIX_EPOCH,
                actor: "test".into(),
                correlation_id: None,
                causation_id: None,
                trace_context: None,
            },
        });
        appended.await.unwrap();
    }

    fn generations(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.dir).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| name.starts_with("things") && Path::new(name).extension().is_some())
            .filter(|name| name.ends_with(".sqlite"))
            .collect();
        names.sort();
        names
    }
}

fn nothing(_: &[Recorded], _: &HashMap<String, String>) -> Result<Changes, FoldError> {
    Ok(Changes::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_a_generation_is_filled_is_in_it_too() {
    static GATE: Gate = Gate::new();
    fn fold(events: &[Recorded], _: &HashMap<String, String>) -> Result<Changes, FoldError> {
        if events.iter().any(|event| event.tenant.as_str() == "b") {
            GATE.pass();
        }
        Ok(Changes::default())
    }
    let house = House::new().await;
    house.happen("a", 1).await;
    house.happen("b", 1).await;
    let live = house.start(fold, false).await;
    let rebuilding = tokio::spawn({
        let live = Arc::clone(&live);
        async move { live.rebuild().await }
    });
    let _gate = GATE.reached().await;
    for count in 900..905 {
        house.happen("a", count).await;
        house.happen("new", count).await;
    }
    GATE.open();
    let built = rebuilding.await.unwrap().unwrap();
    for (name, head) in [("a", 4_511), ("b", 1), ("new", 4_510)] {
        let tenant = tenant(name);
        assert_eq!(house.log.head(&tenant).await.unwrap(), Position(head));
        assert_eq!(built.look(&tenant).await.unwrap(), Position(head), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_outlives_the_first_build_beside_it() {
    static FOLDS: AtomicUsize = AtomicUsize::new(0);
    static FIRST: Gate = Gate::new();
    static SECOND: Gate = Gate::new();
    fn fold(_: &[Recorded], _: &HashMap<String, String>) -> Result<Changes, FoldError> {
        match FOLDS.fetch_add(1, Ordering::SeqCst) {
            0 => FIRST.pass(),
            1 => SECOND.pass(),
            _ => {}
        }
        Ok(Changes::default())
    }
    let house = House::new().await;
    house.happen("a", 1).await;
    let live = house.start(fold, true).await;
    let _first = FIRST.reached().await;
    let rebuilding = tokio::spawn({
        let live = Arc::clone(&live);
        async move { live.rebuild().await }
    });
    let _second = SECOND.reached().await;
    FIRST.open();
    let first = live.open(&tenant("a"), Position(1)).await.unwrap();
    until(|| first.generation.is_ready()).await;
    // Whatever it does once it is ready, it has had the time to.
    tokio::time::sleep(Duration::from_millis(100)).await;
    SECOND.open();
    assert_eq!(rebuilding.await.unwrap().unwrap().number, 2);
    let number = house.registry.live_number(model(nothing)).await;
    assert_eq!(number.unwrap(), Some((2, true)));
    let second = live.open(&tenant("a"), Position(1)).await.unwrap();
    assert_eq!(second.generation.number, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_away_is_not_promoted() {
    let house = House::new().await;
    let live = house.start(nothing, true).await;
    let building = house.registry.building().await.unwrap();
    let next = house.registry.next(&building, live.model()).await.unwrap();
    house.registry.abandon(&building, &next).await;
    assert_eq!(house.generations(), ["things-g1.sqlite"]);
    assert!(house.registry.promote(building, &next).await.is_err());
    let number = house.registry.live_number(live.model()).await;
    assert_eq!(number.unwrap(), Some((1, true)), "it answers still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_is_broken_off_is_swept_at_the_next_start() {
    let house = House::new().await;
    let live = house.start(nothing, true).await;
    let building = house.registry.building().await.unwrap();
    drop(house.registry.next(&building, live.model()).await.unwrap());
    // Nobody sweeps what another builds.
    house.registry.sweep(live.model(), &[1]).await;
    assert_eq!(house.generations().len(), 2);
    drop(building);
    live.close().await;
    let again = house.start(nothing, true).await;
    assert_eq!(house.generations(), ["things-g1.sqlite"]);
    assert_eq!(again.rebuild().await.unwrap().number, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_node_sweeps_what_another_builds_nor_builds_beside_it() {
    let postgres = support::Postgres::shared().unwrap();
    let url = postgres.create_database().await.unwrap();
    let home = Home::Postgres { url: url.clone() };
    let one = Registry::open(home.clone()).await.unwrap();
    let other = Registry::open(home).await.unwrap();
    let model = model(nothing);
    one.live(model).await.unwrap();
    let building = one.building().await.unwrap();
    let next = one.next(&building, model).await.unwrap();
    other.sweep(model, &[]).await;
    assert_eq!(schemas(&url).await, ["things_g1", "things_g2"]);
    let waits = tokio::time::timeout(Duration::from_millis(100), other.building()).await;
    assert!(waits.is_err(), "one at a time");
    // It crashes: nobody builds any more.
    drop((building, next));
    let building = other.building().await.unwrap();
    let next = other.next(&building, model).await.unwrap();
    assert_eq!(next.number, 3);
    assert_eq!(other.promote(building, &next).await.unwrap(), Some(1));
    one.sweep(model, &[1, 3]).await;
    assert_eq!(schemas(&url).await, ["things_g1", "things_g3"]);
}

async fn schemas(url: &str) -> Vec<String> {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let names = sqlx::query_scalar(
        "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'things_g%' ORDER BY nspname",
    );
    names.fetch_all(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_fails_leaves_nothing_and_one_that_works_keeps_the_last() {
    static FOLDS: AtomicUsize = AtomicUsize::new(0);
    fn fold(events: &[Recorded], _: &HashMap<String, String>) -> Result<Changes, FoldError> {
        match FOLDS.fetch_add(1, Ordering::SeqCst) {
            0 => Err(FoldError::Kept {
                stream: events[0].stream.clone(),
                source: serde_json::from_str::<u8>("").unwrap_err(),
            }),
            _ => Ok(Changes::default()),
        }
    }
    let house = House::new().await;
    house.happen("a", 1).await;
    let live = house.start(fold, false).await;
    assert!(live.rebuild().await.is_err());
    assert_eq!(house.generations(), ["things-g1.sqlite"]);
    for _ in 0..3 {
        live.rebuild().await.unwrap();
    }
    assert_eq!(
        house.generations(),
        ["things-g3.sqlite", "things-g4.sqlite"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_a_rebuild() {
    static GATE: Gate = Gate::new();
    fn fold(_: &[Recorded], _: &HashMap<String, String>) -> Result<Changes, FoldError> {
        GATE.pass();
        Ok(Changes::default())
    }
    let house = House::new().await;
    house.happen("a", 1).await;
    let live = house.start(fold, false).await;
    let rebuilding = tokio::spawn({
        let live = Arc::clone(&live);
        async move { live.rebuild().await }
    });
    let _gate = GATE.reached().await;
    live.close().await;
    assert!(rebuilding.await.unwrap().is_err());
    house.registry.close().await;
    GATE.open();
}
