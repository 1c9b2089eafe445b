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
        let data = folder.join("data");
        let as_root = std::fs::metadata("/proc/self")
            .map(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
            .unwrap_or(false);
        if as_root {
            run(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        let program = |name: &str| {
            let path = bin.join(name);
            if as_root {
                // PostgreSQL refuses to run as root.
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            } else {
                Command::new(path)
            }
        };
        run(program("initdb")
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("--pgdata")
            .arg(&data)
            .current_dir("/"))
        .context("initdb")?;
        let port = crate::free_port()?;
        let settings =
            format!("-p {port} -k {shown} -c listen_addresses=127.0.0.1 -c max_connections=200");
        let watchdog = Watchdog::new(&format!(
            "kill -INT $(head -n 1 {shown}/data/postmaster.pid); sleep 0.3; \
             kill -QUIT $(head -n 1 {shown}/data/postmaster.pid); rm -rf {shown}"
        ))?;
        run(program("pg_ctl")
            .args([
                "start",
                "--wait",
                "--silent",
                "--options",
                &settings,
                "--pgdata",
            ])
            .arg(&data)
            .arg("--log")
            .arg(folder.join("log"))
            .current_dir("/"))
        .context("pg_ctl start")?;
        Ok(Self {
            port,
            _watchdog: watchdog,
        })
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
