//! Closed-loop load: so many callers, each waiting for its answer before it asks again.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::server::Server;

/// What a load saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Part of the span that warms up and is not counted.
const WARM_UP: f64 = 0.2;

/// Runs every caller's calls for a span; a call that fails ends the run.
pub(crate) async fn run<F, C>(callers: Vec<C>, span: Duration) -> anyhow::Result<Rate>
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let start = Instant::now();
    let counted_from = start + span.mul_f64(WARM_UP);
    let end = start + span;
    let tasks = callers.into_iter().map(|mut call| {
        tokio::spawn(async move {
            let mut took = Vec::new();
            loop {
                let asked = Instant::now();
                if asked >= end {
                    return anyhow::Ok(took);
                }
                call().await?;
                if asked >= counted_from {
                    took.push(asked.elapsed());
                }
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.context("a caller")??);
    }
    let seconds = counted_from.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |percent: usize| {
        let index = took.len() * percent / 100;
        took.get(index.min(took.len().saturating_sub(1)))
            .map_or(0.0, Duration::as_secs_f64)
            * 1e3
    };
    Ok(Rate {
        per_second: took.len() as f64 / seconds,
        p50_ms: at(50),
        p99_ms: at(99),
    })
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
