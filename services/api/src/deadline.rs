//! How long a call may take: what its caller allows, and no longer than the server does. Past that it
//! ends as DEADLINE_EXCEEDED, whether or not the caller still listens.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::status;

/// So much earlier than the caller's own deadline, so that it hears why.
const AHEAD: Duration = Duration::from_millis(5);

/// Bounds every call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// Longest time a call may take, whatever its caller allows.
    pub(crate) longest: Duration,
}

impl<S> Layer<S> for Deadline {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Bounded<S> {
        Bounded {
            inner,
            longest: self.longest,
        }
    }
}

/// A service whose calls are bounded.
#[derive(Debug, Clone)]
pub(crate) struct Bounded<S> {
    inner: S,
    longest: Duration,
}

impl<S, B> Service<Request<B>> for Bounded<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let allowed = allowed(request.headers()).map_or(self.longest, |allowed| {
            allowed.saturating_sub(AHEAD).min(self.longest)
        });
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(allowed, answer).await {
                Ok(answer) => answer,
                Err(_) => Ok(status::deadline_exceeded().into_http()),
            }
        })
    }
}

/// What the caller allows: `grpc-timeout`, at most eight digits and a unit.
fn allowed(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3_600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_the_caller_allows_is_read_as_the_protocol_says() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            allowed(&headers)
        };
        assert_eq!(
            read("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3_600))
        );
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("150m"), Some(Duration::from_millis(150)));
        for nonsense in ["", "S", "1", "123456789S", "-1S", "1x"] {
            assert_eq!(read(nonsense), None, "{nonsense:?}");
        }
    }
}
