//! The events themselves: one stream, or the whole log as it grows.

use std::sync::Arc;
use std::time::Duration;

use event_schemas::vocabulary::{Position, Recorded, StreamName, Version};
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use log::{Filter, Log};
use proto::instant::to_timestamp;
use proto::v1;
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;
use proto::v1::history_service_server::HistoryService;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::{Request, Response, Status};

use crate::door::{Door, Right};
use crate::metadata::instant;
use crate::status::{self, invalid_field};
use crate::stopping::Stopping;

/// How many events are read from the log at a time.
const PAGE: usize = 500;

/// Most values one field of a filter may have.
const FILTER_MAX: usize = 100;

/// How long a follower hears nothing before there is a heartbeat, if it does not say.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Longest name that a filter may look for, in bytes.
const NAME_MAX_LEN: usize = 256;

/// Serves `HistoryService`.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) door: Door,
    pub(crate) log: Log,
    pub(crate) stopping: Stopping,
    /// Places for those who follow.
    pub(crate) follows: Arc<Semaphore>,
    /// Most events of one read.
    pub(crate) read_len: usize,
}

#[tonic::async_trait]
impl HistoryService for History {
    type ReadStreamStream = BoxStream<'static, Result<v1::ReadStreamResponse, Status>>;
    type FollowStream = BoxStream<'static, Result<v1::FollowResponse, Status>>;

    async fn read_stream(
        &self,
        request: Request<v1::ReadStreamRequest>,
    ) -> Result<Response<Self::ReadStreamStream>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let asked = request.into_inner();
        let name = stream_name(&asked.stream, "stream")?;
        let read_len = self.read_len;
        let limit = match usize::try_from(asked.limit) {
            Ok(limit) if limit > 0 => limit,
            _ => usize::MAX,
        };
        let log = self.log.clone();
        let pages = stream::try_unfold(Version(asked.after_version), move |after| {
            let (log, tenant, name) = (log.clone(), caller.tenant.clone(), name.clone());
            async move {
                let page = log.read_stream(&tenant, &name, after, PAGE).await;
                let page = page.map_err(|error| status::of_log(&error))?;
                Ok::<_, Status>(
                    page.last()
                        .map(|last| last.version)
                        .map(|last| (page, last)),
                )
            }
        });
        let events = pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok::<_, Status>)))
            .try_flatten()
            .take(limit)
            .enumerate()
            .map(move |(at, recorded)| {
                let recorded = recorded?;
                if at >= read_len {
                    let read = Version(recorded.version.0.saturating_sub(1));
                    return Err(status::read_too_long(read));
                }
                Ok(v1::ReadStreamResponse {
                    event: Some(event(recorded)?),
                })
            });
        Ok(Response::new(ending_with_the_first_error(events.boxed())))
    }

    async fn follow(
        &self,
        request: Request<v1::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        let place = Arc::clone(&self.follows).try_acquire_owned();
        let place = place.map_err(|_| status::too_many("TOO_MANY_FOLLOWS", "follows"))?;
        let asked = request.into_inner();
        let heartbeat = match asked.heartbeat_seconds {
            0 => HEARTBEAT,
            seconds => Duration::from_secs(seconds.into()),
        };
        let known_head = self.log.watch_head(&caller.tenant);
        let head = self.log.head(&caller.tenant).await;
        let head = head.map_err(|error| status::of_log(&error))?;
        let mut begins = None;
        let after = match asked.from {
            None | Some(From::FromNow(false)) => Position(0),
            Some(From::FromNow(true)) => {
                begins = Some(Ok(caught_up_to(head)));
                head
            }
            Some(From::AfterPosition(position)) => Position(position),
            Some(From::RecordedFrom(at)) => {
                let at = instant(&at, "recorded_from")?;
                let before = self.log.position_at(&caller.tenant, at).await;
                before.map_err(|error| status::of_log(&error))?
            }
        };
        let until = asked.until_head.then_some(head);
        let filter = filter(asked.filter.unwrap_or_default())?;
        let pages = self.log.follow(caller.tenant, after, filter).boxed();
        // Asked before the next page is waited for: on a quiet log it may never come.
        let is_last = move |reached: Position| until.is_some_and(|head| reached >= head);
        let pages = stream::try_unfold((pages, after), move |(mut pages, reached)| async move {
            if is_last(reached) {
                return Ok(None);
            }
            match pages.next().await {
                None => Ok(None),
                Some(Ok(page)) => {
                    let reached = page.scanned_to;
                    Ok(Some((page, (pages, reached))))
                }
                Some(Err(error)) => Err(status::of_log(&error)),
            }
        });
        let items = pages
            .map_ok(move |page| stream::iter(items(page, until)))
            .try_flatten();
        let items = stream::iter(begins).chain(items).boxed();
        let items = alive(items, heartbeat, known_head, place);
        Ok(Response::new(self.stopping.clone().cut(items)))
    }
}

/// The items, until one is an error.
fn ending_with_the_first_error<T: Send + 'static>(
    items: BoxStream<'static, Result<T, Status>>,
) -> BoxStream<'static, Result<T, Status>> {
    stream::unfold(Some(items), |items| async {
        let mut items = items?;
        let item = items.next().await?;
        let rest = item.is_ok().then_some(items);
        Some((item, rest))
    })
    .boxed()
}

/// The items, with heartbeats where there are none for a while. Holds its place as long as it is
/// listened to.
fn alive(
    items: BoxStream<'static, Result<v1::FollowResponse, Status>>,
    heartbeat: Duration,
    head: watch::Receiver<Position>,
    place: OwnedSemaphorePermit,
) -> BoxStream<'static, Result<v1::FollowResponse, Status>> {
    let beat = move |head: &watch::Receiver<Position>| {
        let head = head.borrow().0;
        let item = Some(Item::Heartbeat(v1::Heartbeat { head }));
        Ok(v1::FollowResponse { item })
    };
    stream::unfold(
        (items, head, place),
        move |(mut items, head, place)| async move {
            let item = match tokio::time::timeout(heartbeat, items.next()).await {
                Ok(item) => item?,
                Err(_) => beat(&head),
            };
            Some((item, (items, head, place)))
        },
    )
    .boxed()
}

/// A page as it is told: its events, then how far the log was read.
fn items(page: log::Page, until: Option<Position>) -> Vec<Result<v1::FollowResponse, Status>> {
    let within = |position: Position| until.is_none_or(|head| position <= head);
    let scanned_to = until.map_or(page.scanned_to, |head| head.min(page.scanned_to));
    let told = |event| v1::FollowResponse {
        item: Some(Item::Event(event)),
    };
    let mut items: Vec<_> = page
        .events
        .into_iter()
        .filter(|recorded| within(recorded.position))
        .map(|recorded| event(recorded).map(told))
        .collect();
    items.push(Ok(caught_up_to(scanned_to)));
    items
}

fn caught_up_to(position: Position) -> v1::FollowResponse {
    v1::FollowResponse {
        item: Some(Item::CaughtUpTo(position.0)),
    }
}

fn event(recorded: Recorded) -> Result<v1::Event, Status> {
    let payload = String::from_utf8(recorded.payload)
        .map_err(|_| Status::data_loss("a payload is not UTF-8"))?;
    Ok(v1::Event {
        position: recorded.position.0,
        stream: recorded.stream.to_string(),
        version: recorded.version.0,
        event_id: recorded.event_id.to_string(),
        r#type: recorded.event_type,
        schema_version: recorded.schema_version,
        occurred_at: Some(to_timestamp(recorded.occurred_at)),
        recorded_at: Some(to_timestamp(recorded.recorded_at)),
        actor: recorded.actor,
        command_id: recorded.command_id,
        correlation_id: recorded.correlation_id,
        causation_id: recorded.causation_id.unwrap_or_default(),
        trace_context: recorded.trace_context.unwrap_or_default(),
        payload,
    })
}

fn stream_name(text: &str, field: &str) -> Result<StreamName, Status> {
    StreamName::parse(text).map_err(|error| invalid_field(field, &error.to_string()))
}

fn filter(asked: v1::EventFilter) -> Result<Filter, Status> {
    let longest = asked
        .categories
        .len()
        .max(asked.types.len())
        .max(asked.streams.len());
    if longest > FILTER_MAX {
        return Err(invalid_field(
            "filter",
            "has more than 100 values in a field",
        ));
    }
    for (field, names) in [
        ("filter.categories", &asked.categories),
        ("filter.types", &asked.types),
    ] {
        let good = |name: &String| name.len() <= NAME_MAX_LEN && !name.contains(char::is_control);
        if !names.iter().all(good) {
            return Err(invalid_field(field, "holds what cannot be a name"));
        }
    }
    let mut streams = Vec::with_capacity(asked.streams.len());
    for name in &asked.streams {
        streams.push(stream_name(name, "filter.streams")?);
    }
    Ok(Filter {
        categories: asked.categories,
        event_types: asked.types,
        streams,
    })
}
