//! The real binary, started and stopped.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::load::{Rate, run};

/// Connections the load is spread over.
const CONNECTIONS: usize = 4;

/// What the kernel counts a process's time in, a second.
const TICKS: f64 = 100.0;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    endpoint: Endpoint,
}

impl Server {
    /// Starts `twinfunnel serve` with these flags on a free port.
    pub(crate) async fn start(flags: &[&str]) -> anyhow::Result<Self> {
        let port = support::free_port()?;
        let process = Command::new(support::twinfunnel_binary()?)
            .arg("serve")
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.tcp_nodelay(true);
        let mut server = Self { process, endpoint };
        let give_up = Instant::now() + Duration::from_secs(20);
        while server.endpoint.connect().await.is_err() {
            ensure!(server.process.try_wait()?.is_none(), "the server ended");
            ensure!(Instant::now() < give_up, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    /// One connection for each of `callers`, a few of them shared.
    pub(crate) async fn channels(&self, callers: usize) -> anyhow::Result<Vec<Channel>> {
        let mut connections = Vec::new();
        for _ in 0..callers.min(CONNECTIONS) {
            connections.push(self.endpoint.connect().await?);
        }
        Ok(connections.into_iter().cycle().take(callers).collect())
    }
}

impl Server {
    /// Seconds that it has had of all cores: what other work on the machine distorts least.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // Behind the program's name, which may hold spaces: user and system time are the 12th and 13th.
        let behind = stat.rsplit(')').next().context("no process")?;
        let times = behind.split_whitespace().skip(11).take(2);
        let ticks: Result<Vec<f64>, _> = times.map(str::parse).collect();
        Ok(ticks?.iter().sum::<f64>() / TICKS)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Health checks of the same server: what a unary call costs that does nothing.
pub(crate) async fn no_op(
    server: &Server,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<Rate> {
    let callers = server
        .channels(in_flight)
        .await?
        .into_iter()
        .map(|channel| {
            let client = HealthClient::new(channel);
            move || {
                let mut client = client.clone();
                async move {
                    client.check(HealthCheckRequest::default()).await?;
                    Ok(())
                }
            }
        });
    run(callers.collect(), span).await
}
