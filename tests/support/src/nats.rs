//! A throw-away nats-server with JetStream.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::watchdog::Watchdog;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);

/// A server that keeps its streams in a temporary folder; stopped and removed when this value or the
/// process goes.
#[derive(Debug)]
pub struct Nats {
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
    server: Option<Child>,
    _watchdog: Watchdog,
}

impl Nats {
    /// Starts a server with nothing in it.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(&[])
    }

    /// Likewise, with a configuration.
    pub fn start_with(configuration: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("twinfunnel-nats-")
            .tempdir()?
            .keep();
        let shown = folder.display();
        let file = folder.join("nats.conf");
        std::fs::write(&file, configuration.join("\n"))?;
        let options = vec!["--config".to_owned(), file.display().to_string()];
        let watchdog = Watchdog::new(&format!(
            "kill -KILL $(cat {shown}/pid); sleep 0.1; rm -rf {shown}"
        ))?;
        let mut nats = Self {
            port: crate::free_port()?,
            folder,
            options,
            server: None,
            _watchdog: watchdog,
        };
        nats.start_again()?;
        Ok(nats)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Starts a server that was killed, on the same port, with the streams it had.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let found = ["/usr/sbin/nats-server", "/usr/local/bin/nats-server"];
        let program = found.iter().find(|path| PathBuf::from(path).exists());
        let mut command = Command::new(program.copied().unwrap_or("nats-server"));
        command
            .args(["--jetstream", "--addr", "127.0.0.1", "--port"])
            .arg(self.port.to_string())
            .arg("--store_dir")
            .arg(self.folder.join("streams"))
            .arg("--pid")
            .arg(self.folder.join("pid"))
            .arg("--log")
            .arg(self.folder.join("log"))
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = command.spawn().context("apt-get install nats-server")?;
        self.server = Some(server);
        let give_up = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            ensure!(Instant::now() < give_up, "nats-server does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends it without warning, as a crash would.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.kill()?;
            server.wait()?;
        }
        Ok(())
    }

    /// Holds it still (SIGSTOP): connections stay open, and nothing answers.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let server = self.server.as_ref().context("it runs")?;
        let pid = server.id().to_string();
        let told = Command::new("kill").args([signal, &pid]).status()?;
        ensure!(told.success(), "there is no process {pid}");
        Ok(())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // What is left is the watchdog's.
        let _ = self.kill();
    }
}
