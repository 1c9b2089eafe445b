//! The clock: days are ended on demand, and each is told of as soon as it has.

use chrono::NaiveDate;
use futures::stream::{BoxStream, StreamExt as _};
use proto::v1;
use proto::v1::clock_service_server::ClockService;
use reactors::Reactors;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status};

use crate::door::{Door, Right};
use crate::status;

/// Serves `ClockService`.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) door: Door,
    pub(crate) reactors: Reactors,
}

#[tonic::async_trait]
impl ClockService for Clock {
    type TickStream = BoxStream<'static, Result<v1::TickResponse, Status>>;

    async fn tick(
        &self,
        request: Request<v1::TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Import)?;
        let asked = request.into_inner().through_on;
        let through: Option<NaiveDate> = asked.parse().ok();
        let Some(through) = through.filter(|day| day.to_string() == asked) else {
            let wrong = status::invalid_field("through_on", "is no day such as 2024-12-31");
            return Err(wrong);
        };
        let (told, days) = mpsc::unbounded_channel();
        let reactors = self.reactors.clone();
        tokio::spawn(async move {
            let tell = |ended: reactors::Ended| {
                // Whoever asked may have gone.
                let _ = told.send(Ok(v1::TickResponse {
                    day: ended.day.to_string(),
                    reactions: ended.reactions,
                    position: ended.position.0,
                }));
            };
            let ticking = reactors.tick(&caller.tenant, through, tell);
            let ended = tokio::select! {
                ended = ticking => ended,
                // Nobody waits: what is half done is found undone the next time.
                () = told.closed() => return,
            };
            if let Err(error) = ended {
                let _ = told.send(Err(status::of_reaction(&error)));
            }
        });
        Ok(Response::new(UnboundedReceiverStream::new(days).boxed()))
    }
}
