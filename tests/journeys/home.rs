//! Where a journey takes place: a node on a data directory, or on a database of a throw-away
//! PostgreSQL; and what is read back from it.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use client::{Client, Config};
use futures::{StreamExt as _, TryStreamExt as _};
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;
use proto::v1::{Event, FollowRequest, ReadStreamRequest, Receipt};
use support::{Node, Postgres};
use tempfile::TempDir;

/// Tells each journey on both databases.
macro_rules! on_both {
    ($($journey:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                super::$journey($crate::home::Home::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                super::$journey($crate::home::Home::postgres().await).await;
            })+
        }
    };
}

/// Where a node keeps everything.
pub(crate) enum Home {
    Sqlite(TempDir),
    Postgres(String),
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn postgres() -> Self {
        let cluster = tokio::task::block_in_place(Postgres::shared).unwrap();
        Self::Postgres(cluster.create_database().await.unwrap())
    }

    /// A node that has begun to listen.
    pub(crate) fn start(&self) -> Node {
        self.start_with(&[])
    }

    /// Likewise, with more options of `serve`.
    pub(crate) fn start_with(&self, options: &[&str]) -> Node {
        let started = tokio::task::block_in_place(|| match self {
            Self::Sqlite(folder) => Node::start_sqlite_with(folder.path(), options),
            Self::Postgres(url) => Node::start_postgres_with(url, options),
        });
        started.unwrap()
    }
}

/// A client of its own connection, for Ann.
pub(crate) fn client(node: &Node, tenant: &str) -> Client {
    let actor = Some("ann".to_owned());
    Client::connect(Config {
        actor,
        ..Config::new(node.url(), tenant)
    })
    .unwrap()
}

/// All events of the tenant, in order, up to the head.
pub(crate) async fn history(client: &Client) -> Vec<Event> {
    history_after(client, 0).await
}

/// Likewise, after a position.
pub(crate) async fn history_after(client: &Client, position: u64) -> Vec<Event> {
    let question = FollowRequest {
        from: Some(From::AfterPosition(position)),
        until_head: true,
        ..FollowRequest::default()
    };
    let answers = client.follow(question).await.unwrap();
    let events = answers.try_filter_map(|answer| async move {
        Ok(match answer.item {
            Some(Item::Event(event)) => Some(event),
            _ => None,
        })
    });
    events.try_collect().await.unwrap()
}

/// All events of a stream, in order.
pub(crate) async fn stream(client: &Client, name: &str) -> Vec<Event> {
    let question = ReadStreamRequest {
        stream: name.to_owned(),
        ..ReadStreamRequest::default()
    };
    let answers = client.read_stream(question).await.unwrap();
    answers
        .map(|answer| answer.unwrap().event.unwrap())
        .collect()
        .await
}

/// Head of the tenant's log.
pub(crate) async fn head(client: &Client) -> u64 {
    client.list_read_models().await.unwrap().head
}

/// Fails unless positions run 1, 2, 3 … and so do the versions of each stream.
pub(crate) fn assert_dense(events: &[Event]) {
    let mut versions = HashMap::<&str, u64>::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        assert_eq!(event.version, *version, "{event:?}");
    }
}

/// Fails unless what each receipt tells of stands at its position, and nowhere else.
pub(crate) fn assert_kept(receipts: &[Receipt], events: &[Event]) {
    let mut by_command = HashMap::<&str, Vec<&Event>>::new();
    for event in events {
        by_command.entry(&event.command_id).or_default().push(event);
    }
    for receipt in receipts {
        let of_command = by_command
            .get(receipt.command_id.as_str())
            .cloned()
            .unwrap_or_default();
        let types: Vec<&str> = of_command
            .iter()
            .map(|event| event.r#type.as_str())
            .collect();
        assert_eq!(types, receipt.event_types, "{receipt:?}");
        if let Some(last) = of_command.last() {
            assert_eq!(last.position, receipt.position, "{receipt:?}");
            assert_eq!(last.stream, receipt.stream, "{receipt:?}");
            assert_eq!(last.version, receipt.version, "{receipt:?}");
        }
    }
}

/// What the clock says, in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a journey takes place now")]
pub(crate) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Looks again and again until it is so, or fails after ten seconds.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(Instant::now() < give_up, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How a run of the command line ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `twinfunnel` with these arguments to its end.
pub(crate) async fn twinfunnel<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Ran {
    let mut command = program();
    command.args(arguments);
    let ended = tokio::time::timeout(Duration::from_secs(20), command.output()).await;
    let output = ended.expect("it ends").unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The program, told nothing by the environment, and killed with its handle.
pub(crate) fn program() -> tokio::process::Command {
    let binary = tokio::task::block_in_place(support::twinfunnel_binary).unwrap();
    let mut command = tokio::process::Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TWINFUNNEL_") {
            command.env_remove(name);
        }
    }
    command
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    command
}

/// Writes a file and gives its path as text.
pub(crate) fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}
