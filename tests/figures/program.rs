//! The real program: run once, or asked through a server of its own.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use support::{Node, Postgres};

use crate::answer::{Funnel, Statement, Velocity};
use crate::export;
use crate::question::{FunnelQuestion, VelocityQuestion};

/// Which part of history is asked about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsOf {
    /// Up to this position.
    pub(crate) known_at: Option<u64>,
    /// Before this instant.
    pub(crate) happened_by: Option<DateTime<Utc>>,
}

impl AsOf {
    /// All that is known, now.
    pub(crate) const NOW: Self = Self {
        known_at: None,
        happened_by: None,
    };

    /// What had happened before a day.
    pub(crate) fn day(day: &str) -> Self {
        Self {
            happened_by: Some(export::midnight(day)),
            ..Self::NOW
        }
    }

    fn command_line(self) -> Vec<String> {
        let known_at = self.known_at.map(|position| position.to_string());
        let happened_by = self.happened_by.map(|at| at.to_rfc3339());
        let options = [("--known-at", known_at), ("--happened-by", happened_by)];
        let given = options
            .into_iter()
            .filter_map(|(name, value)| Some([name.to_owned(), value?]));
        given.flatten().collect()
    }
}

/// A server that holds the data set, or a part of it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    node: Node,
    /// The last position of its log.
    pub(crate) head: u64,
}

/// The whole data set on SQLite. All tests ask the same server.
pub(crate) static SQLITE: LazyLock<Server> =
    LazyLock::new(|| Server::holding_the_files("SQLite", Node::start_sqlite_throw_away().unwrap()));

/// The whole data set on PostgreSQL, likewise.
pub(crate) static POSTGRES: LazyLock<Server> =
    LazyLock::new(|| Server::holding_the_files("PostgreSQL", on_postgres()));

/// A server on a PostgreSQL database of its own.
fn on_postgres() -> Node {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let url = runtime
        .block_on(Postgres::shared().unwrap().create_database())
        .unwrap();
    Node::start_postgres(&url).unwrap()
}

/// What the demo prints for programs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Demo {
    pub(crate) funnel: Funnel,
    pub(crate) velocity: Velocity,
    pub(crate) commission: Commission,
}

/// What the demo prints of commission.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commission {
    pub(crate) statements: Vec<Statement>,
}

/// What the demo prints; it runs once for all tests.
pub(crate) fn demo() -> Demo {
    static PRINTED: LazyLock<String> = LazyLock::new(|| {
        let words = ["demo", "--once", "--output", "json"];
        run(&[&words[..], &["--listen", "127.0.0.1:0"]].concat(), None)
    });
    read(serde_json::from_str(&PRINTED).unwrap())
}

impl Server {
    fn holding_the_files(name: &'static str, node: Node) -> Self {
        let folder = export::folder();
        let import = [
            "import-crm",
            folder.to_str().unwrap(),
            "--server",
            &node.url(),
        ];
        run(&import, None);
        Self::caught_up(name, node)
    }

    /// A server on PostgreSQL that holds the files with their contracts, and what these commands say,
    /// each a line of an import file.
    pub(crate) fn holding_contracts(lines: &str) -> Self {
        let node = on_postgres();
        let folder = export::folder();
        let folder = folder.to_str().unwrap();
        let url = node.url();
        run(
            &["import-crm", folder, "--with-contracts", "--server", &url],
            None,
        );
        run(&["import", "-", "--server", &url], Some(lines));
        Self::caught_up("PostgreSQL, with contracts", node)
    }

    /// A server on SQLite that holds what these commands say, each a line of an import file.
    pub(crate) fn holding(name: &'static str, lines: &str) -> Self {
        let node = Node::start_sqlite_throw_away().unwrap();
        run(&["import", "-", "--server", &node.url()], Some(lines));
        Self::caught_up(name, node)
    }

    /// Waits until the read models hold all of the log.
    fn caught_up(name: &'static str, node: Node) -> Self {
        let mut server = Self {
            name,
            node,
            head: 0,
        };
        let status = server.run(&["status", "--output", "json"]);
        let status: Value = serde_json::from_str(&status).unwrap();
        server.head = status["head"].as_str().unwrap().parse().unwrap();
        for question in ["funnel", "velocity"] {
            server.run(&["show", question, "--min-position", &server.head.to_string()]);
        }
        server
    }

    /// Runs a command against it and gives what it prints.
    pub(crate) fn run<S: AsRef<str>>(&self, words: &[S]) -> String {
        let url = self.node.url();
        let mut all: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        all.extend(["--server", &url, "--timeout", "120"]);
        run(&all, None)
    }

    /// The answer as it comes.
    pub(crate) fn answer(&self, question: &[String], as_of: AsOf) -> Value {
        let words = [
            question,
            &as_of.command_line(),
            &["--output".into(), "json".into()],
        ]
        .concat();
        serde_json::from_str(&self.run(&words)).unwrap()
    }

    /// The funnel.
    pub(crate) fn funnel(&self, question: &FunnelQuestion, as_of: AsOf) -> Funnel {
        read(self.answer(&question.command_line(), as_of))
    }

    /// The velocity.
    pub(crate) fn velocity(&self, question: &VelocityQuestion, as_of: AsOf) -> Velocity {
        read(self.answer(&question.command_line(), as_of))
    }
}

/// An answer, if all of it is known.
pub(crate) fn read<T: DeserializeOwned>(answer: Value) -> T {
    let text = answer.to_string();
    serde_json::from_value(answer).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs the program and gives what it prints; it must succeed.
pub(crate) fn run(words: &[&str], input: Option<&str>) -> String {
    let mut command = Command::new(support::twinfunnel_binary().unwrap());
    command
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // What the developer's own client is told must not be told to this one.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TWINFUNNEL_") {
            command.env_remove(name);
        }
    }
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.unwrap_or_default().to_owned();
    // A program that ends early does not read it all; how it ended says why.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "twinfunnel {}: {}\n{told}",
        words.join(" "),
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What the demo prints of the second funnel; it runs once for all tests.
pub(crate) fn saas_demo() -> Value {
    static PRINTED: LazyLock<String> = LazyLock::new(|| {
        let words = ["demo", "--sample", "saas", "--once", "--output", "json"];
        run(&[&words[..], &["--listen", "127.0.0.1:0"]].concat(), None)
    });
    serde_json::from_str(&PRINTED).unwrap()
}
