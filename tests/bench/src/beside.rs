//! Other event stores, in a program of their own (`peers/`), under the same load on the same machine.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use support::Postgres;

use crate::load::Rate;
use crate::report::Report;

/// What the program calls them, and what they do for a command.
const PEERS: [(&str, &str); 4] = [
    ("umadb", "UmaDB's server, bare append"),
    ("disintegrate", "disintegrate-postgres"),
    ("esrs", "esrs"),
    ("message-db", "message-db's write_message"),
];

const IN_FLIGHT: [usize; 2] = [64, 256];

/// What the program says of one.
#[derive(Debug, Deserialize)]
struct Figures {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures each, and what was measured before beside it. One that cannot be had is left out, and why is
/// said.
pub(crate) async fn measure(
    report: &mut Report,
    postgres: &Postgres,
    span: Duration,
    ours: &[(&str, usize, Rate)],
) -> anyhow::Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"));
    let mut build = Command::new("cargo");
    build
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(folder.join("Cargo.toml"));
    let has_protoc = Command::new("protoc").arg("--version").output().is_ok();
    if has_protoc {
        build.args(["--features", "umadb"]);
    } else {
        println!("UmaDB is left out: its build needs protoc (apt-get install protobuf-compiler)");
    }
    let built = build
        .arg("--target-dir")
        .arg(folder.join("target"))
        .status()?;
    ensure!(built.success(), "the peers could not be built");
    let program = folder.join("target/release/twinfunnel-peers");
    for (peer, told) in PEERS {
        if peer == "umadb" && !has_protoc {
            continue;
        }
        for in_flight in IN_FLIGHT {
            let url = postgres.create_database().await?;
            let figures = match one(&program, peer, &url, in_flight, span) {
                Ok(figures) => figures,
                Err(error) => {
                    println!("{told} is left out: {error:#}");
                    continue;
                }
            };
            let name = format!("{told}, {in_flight} in flight");
            report.add(&name, figures.per_second, "appends/s", None);
            report.add(&format!("{name}, p50"), figures.p50_ms, "ms", None);
            report.add(&format!("{name}, p99"), figures.p99_ms, "ms", None);
            for (how, at, rate) in ours.iter().filter(|(_, at, _)| *at == in_flight) {
                let beside = format!("{how}, {at} in flight, beside {told}");
                report.add(&beside, rate.per_second, "commands/s", Some(&name));
            }
        }
    }
    Ok(())
}

fn one(
    program: &Path,
    peer: &str,
    url: &str,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<Figures> {
    let output = Command::new(program)
        .arg(peer)
        .args(["--database-url", url])
        .args(["--in-flight", &in_flight.to_string()])
        .args(["--seconds", &span.as_secs().to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "{peer} ended with {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("what it said")
}
