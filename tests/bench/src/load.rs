//! Closed-loop load: so many callers, each waiting for its answer before it asks again. The peers in
//! `peers/` are put under the same.

use std::time::{Duration, Instant};

use anyhow::Context as _;

/// What a load saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Part of the span that warms up and is not counted.
const WARM_UP: f64 = 0.2;

/// When a load is counted, and when it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    counted_from: Instant,
    end: Instant,
}

impl Until {
    fn after(span: Duration) -> Self {
        let start = Instant::now();
        Self {
            counted_from: start + span.mul_f64(WARM_UP),
            end: start + span,
        }
    }

    /// Whether what was asked then is counted.
    pub(crate) fn counts(&self, asked: Instant) -> bool {
        asked >= self.counted_from
    }

    /// Whether nothing more is to be asked.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

/// Runs every caller's calls for a span; a call that fails ends the run.
pub(crate) async fn run<F, C>(callers: Vec<C>, span: Duration) -> anyhow::Result<Rate>
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let streams = callers.into_iter().map(|mut call| {
        move |until: Until| async move {
            let mut took = Vec::new();
            while !until.is_over() {
                let asked = Instant::now();
                call().await?;
                if until.counts(asked) {
                    took.push(asked.elapsed());
                }
            }
            Ok(took)
        }
    });
    run_streams(streams.collect(), span).await
}

/// Runs loads that say how long each of their answers took.
pub(crate) async fn run_streams<F, S>(streams: Vec<S>, span: Duration) -> anyhow::Result<Rate>
where
    S: FnOnce(Until) -> F,
    F: Future<Output = anyhow::Result<Vec<Duration>>> + Send + 'static,
{
    let until = Until::after(span);
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(stream(until)))
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.context("a caller")??);
    }
    let seconds = until.counted_from.elapsed().as_secs_f64();
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
