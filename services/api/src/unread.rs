//! Calls that never came to a handler: messages that could not be read, methods that are not offered. The
//! layers below the handlers refuse them without a reason, some as an error of the server's own; here
//! they are told as what they are, like any other refusal.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::status;

/// What a status really means: one that has no details was not made by a handler.
pub(crate) fn told(status: Status) -> Status {
    match status.code() {
        _ if !status.details().is_empty() => status,
        Code::Internal => status::malformed(status.message()),
        Code::OutOfRange => status::message_too_large(status.message()),
        Code::Unimplemented => status::not_offered(),
        _ => status,
    }
}

/// Tells what never came to a handler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unread;

impl<S> Layer<S> for Unread {
    type Service = Told<S>;

    fn layer(&self, inner: S) -> Told<S> {
        Told { inner }
    }
}

/// A service that tells what never came to a handler.
#[derive(Debug, Clone)]
pub(crate) struct Told<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Told<S>
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
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            // A status in the headers is all there is of the answer.
            Ok(match Status::from_header_map(answer.headers()) {
                Some(refused) if refused.details().is_empty() => told(refused).into_http(),
                _ => answer,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt as _;

    fn reason(status: &Status) -> String {
        let details = status.get_error_details();
        let info = details.error_info();
        info.map(|info| info.reason.clone()).unwrap_or_default()
    }

    #[test]
    fn what_was_not_read_is_told_with_a_reason() {
        let broken = told(Status::internal("failed to decode Protobuf message: x"));
        assert_eq!(broken.code(), Code::InvalidArgument);
        assert_eq!(reason(&broken), "MALFORMED");
        let large = told(Status::out_of_range("decoded message length too large"));
        assert_eq!(large.code(), Code::ResourceExhausted);
        assert_eq!(reason(&large), "MESSAGE_TOO_LARGE");
        let unknown = told(Status::unimplemented(""));
        assert_eq!(unknown.code(), Code::Unimplemented);
        assert_eq!(reason(&unknown), "NOT_OFFERED");
    }

    #[test]
    fn what_a_handler_says_is_left_alone() {
        let own = status::deadline_exceeded();
        assert_eq!(told(own.clone()).message(), own.message());
    }
}
