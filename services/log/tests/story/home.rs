//! Where a story takes place: a data directory, or a database of a throw-away PostgreSQL.

use chrono::{DateTime, Utc};
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use support::Postgres;
use tempfile::TempDir;
use twinfunnel_log::{
    Append, AppendError, Appended, Claim, ClaimChange, ClaimValue, Command, Log, Meta, NewEvent,
    Options, StreamWrite,
};

/// Tells each story on both databases.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::home::Home::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::home::Home::postgres().await).await;
            })+
        }
    };
}

/// Where a log is kept.
pub(crate) enum Home {
    Sqlite(TempDir),
    Postgres(String),
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::shared().unwrap().create_database().await.unwrap())
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Sqlite(_) => panic!("SQLite has no URL"),
            Self::Postgres(url) => url,
        }
    }

    pub(crate) async fn open(&self) -> Log {
        self.open_with(Options::default()).await
    }

    pub(crate) async fn open_with(&self, options: Options) -> Log {
        match self {
            Self::Sqlite(folder) => Log::open_sqlite(folder.path(), options).await.unwrap(),
            Self::Postgres(url) => Log::connect_postgres(url, options).await.unwrap(),
        }
    }
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::parse(name).unwrap()
}

pub(crate) fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

/// An append of the tenant `acme` with nothing in it.
pub(crate) fn nothing() -> Append {
    Append {
        tenant: tenant("acme"),
        command: None,
        writes: Vec::new(),
        reads: Vec::new(),
        claims: Vec::new(),
        chain: None,
        depends_on: Vec::new(),
        meta: Meta {
            occurred_at: at(1_700_000_000_000_000),
            actor: "ann".into(),
            correlation_id: None,
            causation_id: None,
            trace_context: None,
        },
    }
}

/// Adds `count` events to a stream that is at a version.
pub(crate) fn add(name: &str, expected: u64, count: usize) -> Append {
    nothing().and_add(name, expected, count)
}

/// What an append may have besides.
pub(crate) trait With: Sized {
    fn and_add(self, name: &str, expected: u64, count: usize) -> Self;
    fn having_read(self, name: &str, version: u64) -> Self;
    fn sent_as(self, id: &str, body: u8) -> Self;
    fn of(self, name: &str) -> Self;
    fn claiming(self, value: ClaimValue, holder: &str) -> Self;
    fn releasing(self, value: ClaimValue, holder: &str) -> Self;
}

impl With for Append {
    fn and_add(mut self, name: &str, expected: u64, count: usize) -> Self {
        let event = |n| NewEvent {
            event_type: "Happened".into(),
            schema_version: 1,
            payload: format!("{{\"n\":{n}}}").into_bytes(),
        };
        let events = (1..=count).map(event).collect();
        let expected = Version(expected);
        self.writes.push(StreamWrite {
            stream: stream(name),
            expected,
            events,
        });
        self
    }

    fn having_read(mut self, name: &str, version: u64) -> Self {
        self.reads.push((stream(name), Version(version)));
        self
    }

    fn sent_as(mut self, id: &str, body: u8) -> Self {
        self.command = Some(Command {
            id: id.into(),
            digest: [body; 32],
        });
        self
    }

    fn of(mut self, name: &str) -> Self {
        self.tenant = tenant(name);
        self
    }

    fn claiming(mut self, value: ClaimValue, holder: &str) -> Self {
        let claim = Claim {
            scope: "contact.email".into(),
            value,
        };
        self.claims.push(ClaimChange::Claim {
            claim,
            holder: holder.into(),
        });
        self
    }

    fn releasing(mut self, value: ClaimValue, holder: &str) -> Self {
        let claim = Claim {
            scope: "contact.email".into(),
            value,
        };
        self.claims.push(ClaimChange::Release {
            claim,
            holder: holder.into(),
        });
        self
    }
}

/// Sends all at once, so that they share a transaction, and gives the answers in order.
pub(crate) async fn together(
    log: &Log,
    appends: Vec<Append>,
) -> Vec<Result<Appended, AppendError>> {
    // Something big goes first and keeps the writer busy while the others queue up behind it.
    let busy = log
        .reserve(&tenant("acme"))
        .unwrap()
        .send(add("busy-1", 0, 1_000));
    let mut pending = Vec::new();
    for append in appends {
        pending.push(log.reserve(&append.tenant).unwrap().send(append));
    }
    busy.await.unwrap();
    let mut answers = Vec::new();
    for answer in pending {
        answers.push(answer.await);
    }
    answers
}

/// Fails unless it is a conflict of this stream between these versions.
pub(crate) fn assert_conflict(answer: &Result<Appended, AppendError>, of: (&str, u64, u64)) {
    match answer {
        Err(AppendError::Conflict {
            stream,
            expected,
            actual,
        }) => {
            assert_eq!((stream.as_str(), expected.0, actual.0), of);
        }
        other => panic!("no conflict: {other:?}"),
    }
}

/// The reason why no number is too large for a test.
pub(crate) fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap()
}
