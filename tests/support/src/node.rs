//! A node: the real server in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::watchdog::Watchdog;

/// How long a node may take until it listens: a slow machine, a debug build, a long log to read.
const START: Duration = Duration::from_secs(60);

/// How long it may take to stop: longer than the grace it gives to calls that are under way.
const STOP: Duration = Duration::from_secs(30);

/// A server that runs `twinfunnel serve` on a free port of loopback. Killed when this value or the
/// process goes. Nothing here waits on a runtime: it can be used in plain and in async tests.
#[derive(Debug)]
pub struct Node {
    address: SocketAddr,
    told: Arc<Mutex<String>>,
    process: Process,
}

impl Node {
    /// Starts a node that keeps everything in a directory.
    pub fn start_sqlite(data_dir: &Path) -> anyhow::Result<Self> {
        Self::start_sqlite_with(data_dir, &[])
    }

    /// Likewise, with more options of `serve`.
    pub fn start_sqlite_with(data_dir: &Path, options: &[&str]) -> anyhow::Result<Self> {
        Self::start(&scratch()?, "--data-dir", data_dir.as_os_str(), options)
    }

    /// Starts a node that no file may outgrow so many bytes of, as if the disk were full, until
    /// [that is lifted](Self::lift_limit).
    pub fn start_sqlite_within(data_dir: &Path, bytes: u64) -> anyhow::Result<Self> {
        // Whoever writes too much is told so rather than ended.
        let mut command = Command::new("env");
        command.args([
            "--ignore-signal=XFSZ",
            "prlimit",
            &format!("--fsize={bytes}:"),
        ]);
        command.arg(crate::twinfunnel_binary()?);
        let data_dir = data_dir.as_os_str();
        Self::start_by(command, &scratch()?, "--data-dir", data_dir, &[])
    }

    /// Lets its files grow again.
    pub fn lift_limit(&self) -> anyhow::Result<()> {
        let pid = self.pid().to_string();
        let mut lift = Command::new("prlimit");
        let told = lift.args(["--pid", &pid, "--fsize=unlimited:"]).status()?;
        ensure!(
            told.success(),
            "the limit of {pid} is not lifted: {}",
            self.told()
        );
        Ok(())
    }

    /// Starts a node in a directory of its own, which goes when the node does.
    pub fn start_sqlite_throw_away() -> anyhow::Result<Self> {
        let scratch = scratch()?;
        let data_dir = scratch.join("data");
        Self::start(&scratch, "--data-dir", data_dir.as_os_str(), &[])
    }

    /// Starts a node on a PostgreSQL database.
    pub fn start_postgres(url: &str) -> anyhow::Result<Self> {
        Self::start_postgres_with(url, &[])
    }

    /// Likewise, with more options of `serve`.
    pub fn start_postgres_with(url: &str, options: &[&str]) -> anyhow::Result<Self> {
        Self::start(&scratch()?, "--database-url", url.as_ref(), options)
    }

    fn start(scratch: &Path, store: &str, place: &OsStr, options: &[&str]) -> anyhow::Result<Self> {
        let command = Command::new(crate::twinfunnel_binary()?);
        Self::start_by(command, scratch, store, place, options)
    }

    fn start_by(
        mut command: Command,
        scratch: &Path,
        store: &str,
        place: &OsStr,
        options: &[&str],
    ) -> anyhow::Result<Self> {
        command.arg("serve").arg(store).arg(place).args(options);
        if !options.iter().any(|option| option.starts_with("--listen")) {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        // What the developer's own server is told must not be told to this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TWINFUNNEL_") {
                command.env_remove(name);
            }
        }
        // What it writes there and cannot remove, because it is killed, is removed with it.
        command.env("TMPDIR", scratch);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let process = Process::of(child, scratch)?;

        let told = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(stderr.context("standard error is piped")?);
        let keep = Arc::clone(&told);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut told = keep.lock().unwrap_or_else(PoisonError::into_inner);
                told.push_str(&line);
                told.push('\n');
            }
        });
        let mut stdout = BufReader::new(stdout.context("standard output is piped")?);
        let (sender, first_line) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            if stdout.read_line(&mut line).is_ok() {
                // Nobody waits any more if it took too long.
                let _ = sender.send(line);
            }
            // Read on, so that a node that says more than it should is not blocked by it.
            let _ = stdout.read_to_end(&mut Vec::new());
        });
        match listening_on(&first_line) {
            Ok(address) => Ok(Self {
                address,
                told,
                process,
            }),
            Err(error) => {
                drop(process);
                let told = told.lock().unwrap_or_else(PoisonError::into_inner);
                bail!("{command:?}: {error:#}\n{told}");
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as clients are told.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// What it has written on standard error so far.
    pub fn told(&self) -> String {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Ends it without warning, as a crash would, and waits until it is gone.
    pub fn kill(self) {
        drop(self);
    }

    /// Asks it to end (SIGTERM), waits until it has, and says how.
    pub fn stop(mut self) -> anyhow::Result<ExitStatus> {
        let pid = self.pid().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status()?;
        ensure!(told.success(), "there is no process {pid}: {}", self.told());
        let give_up = Instant::now() + STOP;
        loop {
            if let Some(status) = self.process.child.try_wait()? {
                return Ok(status);
            }
            ensure!(
                Instant::now() < give_up,
                "it does not stop: {}",
                self.told()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A folder for what a node writes; it goes when the node does.
fn scratch() -> anyhow::Result<PathBuf> {
    let scratch = tempfile::Builder::new()
        .prefix("twinfunnel-node-")
        .tempdir()?;
    Ok(scratch.keep())
}

/// The address in the first line that a node writes.
fn listening_on(first_line: &Receiver<String>) -> anyhow::Result<SocketAddr> {
    let line = match first_line.recv_timeout(START) {
        Ok(line) => line,
        Err(RecvTimeoutError::Timeout) => bail!("it does not listen after {START:?}"),
        Err(RecvTimeoutError::Disconnected) => bail!("its standard output cannot be read"),
    };
    let address = line.trim_end().strip_prefix("listening on ");
    let address = address.with_context(|| format!("it ended, or said {line:?} first"))?;
    address.parse().with_context(|| line.clone())
}

/// A child that does not outlive this process.
#[derive(Debug)]
struct Process {
    child: Child,
    watchdog: Option<Watchdog>,
}

impl Process {
    /// Takes charge of a child, and of a folder to remove when it has gone.
    fn of(child: Child, scratch: &Path) -> anyhow::Result<Self> {
        // A child that is killed may still be in the middle of a write.
        let (pid, scratch) = (child.id(), scratch.display());
        let clean_up = format!("kill -KILL {pid}; sleep 0.1; rm -rf {scratch}");
        let mut process = Self {
            child,
            watchdog: None,
        };
        process.watchdog = Some(Watchdog::new(&clean_up)?);
        Ok(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and been waited for: then both do nothing.
        let _ = self.child.kill();
        drop(self.watchdog.take());
        let _ = self.child.wait();
    }
}
