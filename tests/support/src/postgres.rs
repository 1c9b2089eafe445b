//! A throw-away PostgreSQL cluster.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use crate::watchdog::Watchdog;

/// A running cluster; stopped and removed when this value or the process goes.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    bin: PathBuf,
    folder: PathBuf,
    _watchdog: Watchdog,
}

impl Postgres {
    /// Starts a cluster with nothing in it. It syncs to disk like a real one.
    pub fn start() -> anyhow::Result<Self> {
        let bin = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("twinfunnel-pg-")
            .tempdir()?
            .keep();
        let shown = folder.display();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        run(program(&bin, "initdb")
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("--pgdata")
            .arg(folder.join("data")))
        .context("initdb")?;
        let watchdog = Watchdog::new(&format!(
            "kill -CONT -- $(cat {shown}/stopped); \
             kill -INT $(head -qn 1 {shown}/*/postmaster.pid); sleep 0.3; \
             kill -QUIT $(head -qn 1 {shown}/*/postmaster.pid); rm -rf {shown}"
        ))?;
        let cluster = Self {
            port: crate::free_port()?,
            bin,
            folder,
            _watchdog: watchdog,
        };
        cluster.start_again()?;
        Ok(cluster)
    }

    /// Starts a cluster that was stopped, on the same port.
    pub fn start_again(&self) -> anyhow::Result<()> {
        self.start_server("data", self.port)
    }

    /// Stops the cluster: as a crash would, without a word to anyone, or in an orderly way that cuts
    /// off whoever is connected.
    pub fn stop(&self, crash: bool) -> anyhow::Result<()> {
        self.stop_server("data", if crash { "immediate" } else { "fast" })
    }

    /// Starts a second server, which follows the first.
    pub fn start_standby(&self) -> anyhow::Result<()> {
        let source = format!("host=127.0.0.1 port={} user=postgres", self.port);
        run(program(&self.bin, "pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint=fast", "--dbname"])
            .arg(source)
            .arg("--pgdata")
            .arg(self.folder.join("standby")))
        .context("pg_basebackup")?;
        self.start_server("standby", crate::free_port()?)
    }

    /// The first server dies, and the second has its port; it only reads until it is [promoted].
    ///
    /// [promoted]: Self::promote
    pub fn lose_primary(&self) -> anyhow::Result<()> {
        self.stop(true)?;
        self.stop_server("standby", "fast")?;
        std::fs::remove_dir_all(self.folder.join("data"))?;
        std::fs::rename(self.folder.join("standby"), self.folder.join("data"))?;
        self.start_again()
    }

    /// Lets the server that followed another write.
    pub fn promote(&self) -> anyhow::Result<()> {
        run(program(&self.bin, "pg_ctl")
            .args(["promote", "--wait", "--silent", "--pgdata"])
            .arg(self.folder.join("data")))
        .context("pg_ctl promote")
    }

    fn start_server(&self, data: &str, port: u16) -> anyhow::Result<()> {
        let folder = self.folder.display();
        let settings =
            format!("-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200");
        run(program(&self.bin, "pg_ctl")
            .args(["start", "--wait", "--silent", "--options", &settings])
            .arg("--pgdata")
            .arg(self.folder.join(data))
            .arg("--log")
            .arg(self.folder.join("log")))
        .context("pg_ctl start")
    }

    fn stop_server(&self, data: &str, mode: &str) -> anyhow::Result<()> {
        run(program(&self.bin, "pg_ctl")
            .args(["stop", "--wait", "--silent", "--mode", mode, "--pgdata"])
            .arg(self.folder.join(data)))
        .context("pg_ctl stop")
    }

    /// Holds all its processes still (SIGSTOP): connections stay open, and nothing answers.
    pub fn freeze(&self) -> anyhow::Result<()> {
        let processes = self.processes()?;
        // So that they are let go however this process ends.
        std::fs::write(self.folder.join("stopped"), processes.join(" "))?;
        run(Command::new("kill").arg("-STOP").arg("--").args(processes))
    }

    /// Lets them go on.
    pub fn thaw(&self) -> anyhow::Result<()> {
        let processes = self.processes()?;
        run(Command::new("kill").arg("-CONT").arg("--").args(processes))
    }

    /// Its processes, the first that of the server itself.
    fn processes(&self) -> anyhow::Result<Vec<String>> {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let server = file.lines().next().context("the server says its number")?;
        let mut processes = vec![server.to_owned()];
        for entry in std::fs::read_dir("/proc")?.flatten() {
            // A process may end while it is looked at.
            let status = std::fs::read_to_string(entry.path().join("status"));
            let parent = format!("PPid:\t{server}\n");
            if status.is_ok_and(|status| status.contains(&parent)) {
                processes.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(processes)
    }

    /// The cluster that all tests of this process share; each has a database of its own.
    pub fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// The URL of a database of the cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a fresh database and gives its URL.
    pub async fn create_database(&self) -> anyhow::Result<String> {
        let name = format!("t{}", Uuid::new_v4().simple());
        let give_up = Instant::now() + Duration::from_secs(20);
        let mut connection = loop {
            match PgConnection::connect(&self.url("postgres")).await {
                Ok(connection) => break connection,
                Err(error) if Instant::now() > give_up => bail!(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(self.url(&name))
    }

    /// Makes it like a server that has been written to for a while: one that writes its WAL into files of
    /// before. A new one makes every 16 MiB of it first, and whoever commits waits for that.
    pub async fn wear_in(&self) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        for _ in 0..WORN_IN_FILES {
            sqlx::raw_sql("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
                .execute(&mut connection)
                .await?;
        }
        sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

/// As much WAL as PostgreSQL writes between two checkpoints at most, in its files of 16 MiB.
const WORN_IN_FILES: usize = 64;

fn is_root() -> bool {
    std::fs::metadata("/proc/self")
        .map(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
        .unwrap_or(false)
}

/// A program of PostgreSQL, which refuses to run as root.
fn program(bin: &Path, name: &str) -> Command {
    let path = bin.join(name);
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir("/");
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    // The server must not inherit our pipes, or whoever reads them would wait for it to end.
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(output.success(), "{command:?} failed: {output}");
    Ok(())
}

/// The folder with initdb: on the path, or where Debian puts it, newest first.
fn programs() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    folders.extend(std::env::split_paths(&path));
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .context("PostgreSQL is missing: apt-get install postgresql")
}

fn version(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}
