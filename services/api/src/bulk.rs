//! Commands in bulk: begun in the order they come, settled in the same order, many at a time.

use std::time::Duration;

use executor::{Executor, InFlight};
use futures::stream::{BoxStream, StreamExt as _};
use proto::v1::bulk_command_service_server::BulkCommandService;
use proto::v1::submit_response::Outcome;
use proto::v1::{SubmitRequest, SubmitResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::command::receipt_of;
use crate::door::{Caller, Door};
use crate::stopping::Stopping;
use crate::{metadata, status, unread};

/// How long a caller may take to hear that the node stops.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// Serves `BulkCommandService`.
#[derive(Debug, Clone)]
pub(crate) struct Bulk {
    pub(crate) door: Door,
    pub(crate) executor: Executor,
    pub(crate) stopping: Stopping,
    /// How many commands of one stream may wait for their commit.
    pub(crate) in_flight: usize,
}

#[tonic::async_trait]
impl BulkCommandService for Bulk {
    type SubmitStream = BoxStream<'static, Result<SubmitResponse, Status>>;

    async fn submit(
        &self,
        request: Request<Streaming<SubmitRequest>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let caller = self.door.admit(request.metadata())?;
        let trace_context = metadata::trace_context(request.metadata());
        let in_flight = self.in_flight.max(1);
        let (begun, settling) = mpsc::channel(in_flight);
        let executor = self.executor.clone();
        let mut elements = request.into_inner();
        let mut stopping = self.stopping.clone();
        tokio::spawn(async move {
            let stops = loop {
                let (element, stops) = tokio::select! {
                    element = elements.message() => (element, false),
                    // What was begun is answered; then the caller is told.
                    () = stopping.wait() => (Err(status::stopping()), true),
                };
                let next = match element {
                    Ok(None) => break false,
                    Ok(Some(element)) => {
                        Ok(begin(&executor, &caller, trace_context.as_ref(), element).await)
                    }
                    Err(broken) => Err(unread::told(broken)),
                };
                let broken = next.is_err();
                if begun.send(next).await.is_err() || broken {
                    break stops;
                }
            };
            drop(begun);
            if stops {
                // A connection that is closed on what was not read is cut, and answers are lost on their
                // way: until the caller has heard of the end, what it sends is read.
                let unread = async { while let Ok(Some(_)) = elements.message().await {} };
                let _ = tokio::time::timeout(HEARD_WITHIN, unread).await;
            }
        });
        // Waited for together and answered in order: what has to be tried again need not go one by one.
        let answers = ReceiverStream::new(settling)
            .map(|begun| async {
                let outcome = match begun? {
                    Ok(in_flight) => in_flight.await.map_err(|error| status::of_command(&error)),
                    Err(refused) => Err(refused),
                };
                let outcome = match outcome {
                    Ok(receipt) => Outcome::Receipt(receipt_of(receipt)),
                    Err(refused) => Outcome::Refusal(status::refusal(&refused)),
                };
                Ok(SubmitResponse {
                    outcome: Some(outcome),
                })
            })
            .buffered(in_flight);
        Ok(Response::new(answers.boxed()))
    }
}

async fn begin(
    executor: &Executor,
    caller: &Caller,
    trace_context: Option<&String>,
    mut element: SubmitRequest,
) -> Result<InFlight, Status> {
    let envelope = metadata::of_element(caller, trace_context, &mut element)?;
    let kind = element.command.and_then(|command| command.kind);
    let kind = kind.ok_or_else(|| status::invalid_field("command", "is missing"))?;
    Ok(executor.begin(envelope, kind).await)
}
