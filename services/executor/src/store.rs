//! The log as the event store of cqrs-es: loading folds a stream, committing appends to it.
//!
//! cqrs-es applies each event when it is written to its sink, so a committed aggregate has evolved
//! already; nothing here applies it again, and no snapshot is written from it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate as _, AggregateContext, AggregateError, EventEnvelope, EventStore};
use domain::decider::Fact;
use domain::{Aggregated, Claim, ClaimChange, Decider};
use event_schemas::vocabulary::{StreamName, TenantId, Version};
use event_schemas::{DecodeError, StreamEvents};
use log::{Append, AppendError, Log, Meta, NewEvent, StreamWrite};

use crate::Error;
use crate::room::stream_of;

/// How many events of a stream are read at a time.
const PAGE: usize = 1_000;

/// One tenant's log as an event store.
#[derive(Debug, Clone)]
pub struct LogStore {
    log: Log,
    tenant: TenantId,
}

/// An aggregate as it was loaded.
#[derive(Debug)]
pub struct Loaded<D: Decider> {
    /// Its stream.
    pub stream: StreamName,
    /// Its state.
    pub state: Aggregated<D>,
    /// Its version: what a commit expects.
    pub version: Version,
}

impl<D: Decider> AggregateContext<Aggregated<D>> for Loaded<D> {
    fn aggregate(&mut self) -> &mut Aggregated<D> {
        &mut self.state
    }
}

impl LogStore {
    /// The event store of one tenant.
    pub fn new(log: Log, tenant: TenantId) -> Self {
        Self { log, tenant }
    }

    /// Folds a stream from its first event. A stream that never was gives the default state.
    pub async fn load<D: Decider>(&self, stream: &StreamName) -> Result<Loaded<D>, Error> {
        let mut state = Aggregated(D::default());
        let mut version = Version(0);
        self.each::<D>(stream, |at, fact| {
            state.apply(fact);
            version = at;
        })
        .await?;
        Ok(Loaded {
            stream: stream.clone(),
            state,
            version,
        })
    }

    async fn each<D: Decider>(
        &self,
        stream: &StreamName,
        mut take: impl FnMut(Version, Fact<D::Event>) + Send,
    ) -> Result<(), Error> {
        let mut after = Version(0);
        loop {
            let page = self
                .log
                .stream_page(&self.tenant, stream, after, PAGE)
                .await;
            let page = page.map_err(|error| Error::Log(error.to_string()))?;
            for recorded in page.events {
                after = recorded.version;
                take(
                    after,
                    decode::<D>(&recorded).map_err(|source| Error::Unreadable {
                        stream: stream.clone(),
                        source,
                    })?,
                );
            }
            if !page.has_more {
                return Ok(());
            }
        }
    }
}

fn decode<D: Decider>(
    recorded: &event_schemas::vocabulary::Recorded,
) -> Result<Fact<D::Event>, DecodeError> {
    let event = D::Event::decode(
        &recorded.event_type,
        recorded.schema_version,
        &recorded.payload,
    )?;
    Ok(Fact {
        event,
        occurred_at: recorded.occurred_at,
        actor: recorded.actor.clone(),
    })
}

/// An event as the log takes it.
pub(crate) fn encode<E: StreamEvents>(fact: &Fact<E>) -> Result<NewEvent, serde_json::Error> {
    let event = &fact.event;
    Ok(NewEvent {
        event_type: event.event_type().into(),
        schema_version: event.schema_version(),
        payload: event.encode()?,
    })
}

/// When the facts of one decision occurred.
pub(crate) fn occurred_at<E>(facts: &[Fact<E>]) -> Option<DateTime<Utc>> {
    facts.first().map(|fact| fact.occurred_at)
}

/// The unique values that the facts of one decision take or give back; `after` is the state they
/// led to, and the stream is who holds them.
pub(crate) fn claims<D: Decider>(
    stream: &StreamName,
    after: &D,
    facts: &[Fact<D::Event>],
) -> Vec<log::ClaimChange> {
    let changes = facts.iter().flat_map(|fact| after.claims(&fact.event));
    let holder: Arc<str> = stream.as_str().into();
    let told = |change| {
        let holder = Arc::clone(&holder);
        match change {
            ClaimChange::Take(claim) => log::ClaimChange::Claim {
                claim: claim_of(claim),
                holder,
            },
            ClaimChange::GiveBack(claim) => log::ClaimChange::Release {
                claim: claim_of(claim),
                holder,
            },
        }
    };
    changes.map(told).collect()
}

pub(crate) fn claim_of(claim: Claim) -> log::Claim {
    log::Claim {
        scope: claim.scope.into(),
        value: if claim.personal {
            log::ClaimValue::Personal(claim.value)
        } else {
            log::ClaimValue::Plain(claim.value)
        },
    }
}

fn unexpected<E: std::error::Error>(
    error: impl std::error::Error + Send + Sync + 'static,
) -> AggregateError<E> {
    AggregateError::UnexpectedError(Box::new(error))
}

impl<D: Decider> EventStore<Aggregated<D>> for LogStore {
    type AC = Loaded<D>;

    async fn load_events(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<EventEnvelope<Aggregated<D>>>, AggregateError<D::Refusal>> {
        let stream = stream_of::<D>(aggregate_id).map_err(unexpected)?;
        let mut events = Vec::new();
        self.each::<D>(&stream, |version, fact| {
            events.push(envelope(aggregate_id, version, fact, HashMap::new()));
        })
        .await
        .map_err(unexpected)?;
        Ok(events)
    }

    async fn load_aggregate(
        &self,
        aggregate_id: &str,
    ) -> Result<Loaded<D>, AggregateError<D::Refusal>> {
        let stream = stream_of::<D>(aggregate_id).map_err(unexpected)?;
        self.load(&stream).await.map_err(unexpected)
    }

    /// Appends at the version that was loaded, as having occurred when the aggregate took the events
    /// in, and done by whom it took them from, with the claims that follow from them. Metadata:
    /// `correlation_id`, `causation_id`.
    ///
    /// cqrs-es does not tell what else a decision read, so that is not checked here: rules that span
    /// aggregates are safe from races only through the executor. Nor does it know what an event asks
    /// of other aggregates: that, too, is only the executor's.
    async fn commit(
        &self,
        events: Vec<Fact<D::Event>>,
        context: Loaded<D>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<Aggregated<D>>>, AggregateError<D::Refusal>> {
        let encoded: Result<Vec<_>, _> = events.iter().map(encode).collect();
        let encoded = encoded.map_err(unexpected)?;
        // Where there is no event, nothing is recorded that could bear it.
        let occurred_at = occurred_at(&events).unwrap_or_default();
        let actor = events.first().map(|fact| fact.actor.clone());
        let actor = actor.unwrap_or_default();
        let Loaded {
            stream,
            state: Aggregated(state),
            version,
        } = context;
        let write = StreamWrite {
            stream: stream.clone(),
            expected: version,
            events: encoded,
        };
        let append = Append {
            tenant: self.tenant.clone(),
            command: None,
            writes: vec![write],
            reads: Vec::new(),
            claims: claims(&stream, &state, &events),
            chain: None,
            depends_on: Vec::new(),
            meta: meta(actor, occurred_at, &metadata),
        };
        match self.log.append(append).await {
            Ok(_) => {}
            Err(AppendError::Conflict { .. }) => return Err(AggregateError::AggregateConflict),
            Err(error) => return Err(unexpected(error)),
        }
        let numbered = (version.0 + 1..).zip(events);
        Ok(numbered
            .map(|(at, fact)| envelope(stream.id(), Version(at), fact, metadata.clone()))
            .collect())
    }
}

fn envelope<D: Decider>(
    aggregate_id: &str,
    version: Version,
    payload: Fact<D::Event>,
    metadata: HashMap<String, String>,
) -> EventEnvelope<Aggregated<D>> {
    EventEnvelope {
        aggregate_id: aggregate_id.to_owned(),
        sequence: usize::try_from(version.0).unwrap_or(usize::MAX),
        payload,
        metadata,
    }
}

fn meta(actor: String, occurred_at: DateTime<Utc>, metadata: &HashMap<String, String>) -> Meta {
    let given = |key: &str| metadata.get(key).cloned();
    Meta {
        occurred_at,
        actor,
        correlation_id: given("correlation_id"),
        causation_id: given("causation_id"),
        trace_context: None,
    }
}
