//! How many calls may be under way: past that a call is refused at once and told when to come again, so
//! that those which are taken are answered in time. Streams count until they begin to answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::status;

/// Whether a node is well must be told above all when it is busy.
const ALWAYS: &str = "/grpc.health.v1.Health/";

/// Bounds the calls under way.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    room: Arc<Semaphore>,
}

impl Crowd {
    pub(crate) fn of(calls: usize) -> Self {
        let room = Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS)));
        Self { room }
    }
}

impl<S> Layer<S> for Crowd {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        let room = Arc::clone(&self.room);
        Counted { inner, room }
    }
}

/// A service whose calls are counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted<S> {
    inner: S,
    room: Arc<Semaphore>,
}

impl<S, B> Service<Request<B>> for Counted<S>
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
        let place = Arc::clone(&self.room).try_acquire_owned();
        if place.is_err() && !request.uri().path().starts_with(ALWAYS) {
            metrics::counter!("calls_refused_total").increment(1);
            return Box::pin(async { Ok(status::too_many("TOO_MANY_CALLS", "calls").into_http()) });
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let _place = place;
            answer.await
        })
    }
}
