//! The read models of Twinfunnel, and the engine that keeps them.
//!
//! A read model is one room: what it answers, its tables, its fold. A question is one room too: its
//! request, its SQL, its figures. The [`engine`] feeds them from the log and knows none of them.
//!
//! # What it must never know
//!
//! Commands and rules: it sees what happened, never why it was allowed. It knows no gRPC status.

mod alarm;
mod asked;
mod calendar;
mod commission;
mod customer_health;
mod customer_picture;
mod customer_success;
mod engine;
mod error;
mod follow_up;
mod funnel_conversion;
mod pipeline;
mod pipeline_velocity;
mod recurring_revenue;
mod work_list;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use event_schemas::vocabulary::{Position, TenantId};
use futures::future::BoxFuture;
use log::Log;
use proto::v1;
use proto::v1::as_of::KnownAt;
use tempfile::TempPath;

use asked::Asked;
use commission::{Books, Scene};
use customer_success::usage::Baselines;
use engine::as_of::Scratches;
use engine::generation::{Generation, Model, Until};
use engine::live::{Live, Opened};
use engine::registry::Registry;

pub use asked::money;
pub use commission::{CATEGORIES as COMMISSION_CATEGORIES, Closable, WhatIf};
pub use engine::lease::Candidate;
pub use error::QueryError;

/// Every read model: the one list.
const MODELS: [Model; 4] = [
    customer_success::MODEL,
    follow_up::MODEL,
    pipeline::MODEL,
    recurring_revenue::MODEL,
];

/// Where read models are kept.
#[derive(Debug, Clone)]
pub enum Home {
    /// SQLite files in a directory that this process owns.
    Sqlite {
        /// The directory; made if it is missing.
        dir: PathBuf,
    },
    /// Schemas of a PostgreSQL database that nodes share.
    Postgres {
        /// Its URL.
        url: String,
    },
}

/// How the read models of a node are set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where they are kept.
    pub home: Home,
    /// Whether this node keeps them in step with the log, or only answers from them.
    pub run_workers: bool,
}

impl Options {
    /// Kept at a home by this node.
    pub fn at(home: Home) -> Self {
        Self {
            home,
            run_workers: true,
        }
    }
}

/// The read models of a node. Clones are handles to the same ones.
#[derive(Debug, Clone)]
pub struct Projections(Arc<Inner>);

/// What a question is answered with, once it is. Boxed, so that its code is compiled here, once, and not again in
/// every crate that awaits it.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, QueryError>>;

#[derive(Debug)]
struct Inner {
    log: Log,
    registry: Arc<Registry>,
    models: Vec<Arc<Live>>,
    scratches: Scratches,
    books: Books,
    baselines: Baselines,
}

impl Projections {
    /// Opens the read models, building those that are missing or of another version.
    pub fn start(log: Log, options: Options) -> Answer<'static, Self> {
        Box::pin(async move {
            let scratches = Scratches::open(&options.home)?;
            let registry = Arc::new(Registry::open(options.home).await?);
            let mut models = Vec::new();
            for model in MODELS {
                models.push(Live::start(&log, &registry, model, options.run_workers).await?);
            }
            let books = Books::new(log.clone());
            let baselines = Baselines::new(log.clone());
            Ok(Self(Arc::new(Inner {
                log,
                registry,
                models,
                scratches,
                books,
                baselines,
            })))
        })
    }

    /// How this node gets the right to do what one node at a time does, where nodes share the home;
    /// nothing where they do not.
    pub fn candidate(&self, name: &'static str, version: u32) -> Option<Candidate> {
        Candidate::of(&self.0.registry, name, version)
    }

    /// How many opportunities of a period get how far.
    pub fn funnel_conversion<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::GetFunnelConversionRequest,
    ) -> Answer<'a, v1::FunnelConversion> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut asked = self.0.ask("funnel_conversion", tenant, consistency).await?;
            funnel_conversion::answer(&mut asked, &request).await
        })
    }

    /// What the open pipeline is worth and how fast it flows.
    pub fn pipeline_velocity<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::GetPipelineVelocityRequest,
    ) -> Answer<'a, v1::PipelineVelocity> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut asked = self.0.ask("pipeline_velocity", tenant, consistency).await?;
            pipeline_velocity::answer(&mut asked, &request).await
        })
    }

    /// What recurs each month, how it moves, and how much of it stays.
    pub fn recurring_revenue<'a>(
        &'a self,
        tenant: &'a TenantId,
        request: v1::GetRecurringRevenueRequest,
    ) -> Answer<'a, v1::RecurringRevenue> {
        Box::pin(async move {
            let consistency = request.consistency.unwrap_or_default();
            let mut asked = self.0.ask("recurring_revenue", tenant, consistency).await?;
            recurring_revenue::answer(&mut asked, &request).await
        })
    }

    /// How far each read model has come for a tenant.
    pub fn status<'a>(&'a self, tenant: &'a TenantId) -> Answer<'a, v1::ListReadModelsResponse> {
        Box::pin(async move {
            let mut read_models = Vec::new();
            for live in &self.0.models {
                let Opened {
                    generation, held, ..
                } = live.open(tenant, Position(0)).await?;
                read_models.push(described(&generation, held.position));
            }
            let head = self.0.log.head(tenant).await?.0;
            Ok(v1::ListReadModelsResponse { head, read_models })
        })
    }

    /// Builds the next generation of a read model beside the live one, for all tenants, and swaps
    /// when it has caught up. It is named by its own name or by a question it answers. The answer is
    /// of all tenants, so it names no position.
    pub fn rebuild<'a>(&'a self, name: &'a str) -> Answer<'a, v1::ReadModel> {
        Box::pin(async move {
            let live = Arc::clone(self.0.model(name)?);
            // It goes on though the caller may go.
            let rebuilt = tokio::spawn(async move { live.rebuild().await });
            let generation = rebuilt
                .await
                .map_err(|_| QueryError::Backend("the rebuild ended".into()))??;
            Ok(described(&generation, Position(0)))
        })
    }

    /// Folds a tenant's history, as of a moment, into a SQLite database for the caller.
    pub fn export<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        as_of: v1::AsOf,
    ) -> Answer<'a, TempPath> {
        Box::pin(async move {
            let model = self.0.model(name)?.model();
            let (until, _) = self.0.until(tenant, &as_of).await?;
            Ok(self
                .0
                .scratches
                .export(&self.0.log, model, tenant, until)
                .await?)
        })
    }

    /// Stops keeping the read models, and closes them.
    pub fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for live in &self.0.models {
                live.close().await;
            }
            self.0.books.close();
            self.0.scratches.close().await;
            self.0.registry.close().await;
        })
    }
}

fn described(generation: &Generation, position: Position) -> v1::ReadModel {
    v1::ReadModel {
        name: generation.model.name.to_owned(),
        version: generation.model.version,
        generation: generation.number,
        position: position.0,
        answers: generation
            .model
            .answers
            .iter()
            .map(|&question| question.to_owned())
            .collect(),
    }
}

impl Inner {
    /// The read model of a name, or that answers a question.
    fn model(&self, name: &str) -> Result<&Arc<Live>, QueryError> {
        let name = asked::text(name, "name")?;
        let named = |live: &&Arc<Live>| {
            let model = live.model();
            model.name == name || model.answers.contains(&name)
        };
        self.models.iter().find(named).ok_or_else(|| {
            let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
            QueryError::NotFound(format!(
                "no read model {name:?}; there is {}",
                names.join(", ")
            ))
        })
    }

    /// Opens the part of history that a question is about.
    async fn ask(
        &self,
        question: &str,
        tenant: &TenantId,
        consistency: v1::Consistency,
    ) -> Result<Asked, QueryError> {
        let live = self.model(question)?;
        let min_position = Position(consistency.min_position);
        match consistency.as_of {
            Some(as_of) if as_of != v1::AsOf::default() => {
                self.ask_as_of(live.model(), tenant, &as_of, min_position)
                    .await
            }
            _ => self.ask_live(live, tenant, min_position).await,
        }
    }

    async fn ask_as_of(
        &self,
        model: Model,
        tenant: &TenantId,
        as_of: &v1::AsOf,
        min_position: Position,
    ) -> Result<Asked, QueryError> {
        let (until, known_by) = self.chosen(tenant, as_of, min_position).await?;
        let scratch = self.scratches.get(&self.log, model, tenant, until).await?;
        let (session, held) = scratch.open(tenant).await?;
        let measured = || after(known_by.unwrap_or_else(now), held.occurred_to);
        Ok(Asked {
            session,
            tenant: tenant.clone(),
            generation: scratch.id,
            position: until.position,
            at: until.happened_by.unwrap_or_else(measured),
        })
    }

    /// Which events are asked about, once the log holds a position that must be among them.
    async fn chosen(
        &self,
        tenant: &TenantId,
        as_of: &v1::AsOf,
        min_position: Position,
    ) -> Result<(Until, Option<DateTime<Utc>>), QueryError> {
        let never = |known: Position| QueryError::Invalid {
            field: "consistency.min_position".into(),
            description: format!("lies after {known}, as of which is asked"),
        };
        if let Some(KnownAt::Position(known)) = as_of.known_at
            && known < min_position.0
        {
            return Err(never(Position(known)));
        }
        let mut head = self.log.watch_head(tenant);
        let reached = head.wait_for(|head| *head >= min_position).await;
        reached.map_err(|_| log::Error::Closed)?;
        let (until, known_by) = self.until(tenant, as_of).await?;
        if until.position < min_position {
            return Err(never(until.position));
        }
        Ok((until, known_by))
    }

    async fn ask_live(
        &self,
        live: &Live,
        tenant: &TenantId,
        min_position: Position,
    ) -> Result<Asked, QueryError> {
        let Opened {
            generation,
            session,
            held,
        } = live.open(tenant, min_position).await?;
        if min_position == Position(0) && !generation.is_ready() {
            let message = format!("{} is being built; ask again", generation.model.name);
            return Err(QueryError::NotReady(message));
        }
        Ok(Asked {
            session,
            tenant: tenant.clone(),
            generation: generation.id,
            position: held.position,
            at: after(now(), held.occurred_to),
        })
    }

    /// Asks a tenant's commission book. It may take a while to answer, so it does not hold up others.
    async fn ask_book<A: Send + 'static>(
        &self,
        tenant: &TenantId,
        consistency: v1::Consistency,
        ask: impl FnOnce(Scene<'_>) -> Result<A, QueryError> + Send + 'static,
    ) -> Result<A, QueryError> {
        let min_position = Position(consistency.min_position);
        let (held, measured_at) = match consistency.as_of {
            Some(as_of) if as_of != v1::AsOf::default() => {
                let (until, known_by) = self.chosen(tenant, &as_of, min_position).await?;
                let measured_at = until.happened_by.or(known_by);
                (self.books.as_of(tenant, until).await?, measured_at)
            }
            _ => (self.books.live(tenant, min_position).await?, None),
        };
        answered(held, measured_at, ask).await
    }

    /// Asks a book of its own, in which a plan pays otherwise.
    async fn ask_what_if<A: Send + 'static>(
        &self,
        tenant: &TenantId,
        consistency: v1::Consistency,
        what_if: WhatIf,
        ask: impl FnOnce(Scene<'_>) -> Result<A, QueryError> + Send + 'static,
    ) -> Result<A, QueryError> {
        let min_position = Position(consistency.min_position);
        let as_of = consistency.as_of.unwrap_or_default();
        let (until, known_by) = self.chosen(tenant, &as_of, min_position).await?;
        let held = self.books.own(tenant, until).await?;
        let WhatIf {
            plan_id,
            effective_from,
            terms,
        } = what_if;
        let mut supposing = held.write().await;
        supposing.book.suppose(&plan_id, effective_from, terms);
        drop(supposing);
        answered(held, until.happened_by.or(known_by), ask).await
    }

    /// Which events are asked about, and the first instant by which they were known if the request
    /// says it.
    async fn until(
        &self,
        tenant: &TenantId,
        as_of: &v1::AsOf,
    ) -> Result<(Until, Option<DateTime<Utc>>), QueryError> {
        let head = self.log.head(tenant).await?;
        let happened_by = as_of.happened_by.as_ref();
        let happened_by = happened_by
            .map(|by| asked::instant_of(by, "consistency.as_of.happened_by"))
            .transpose()?;
        let (position, known_by) = match &as_of.known_at {
            None => (head, None),
            Some(KnownAt::Position(position)) if *position > head.0 => {
                return Err(QueryError::Invalid {
                    field: "consistency.as_of.position".into(),
                    description: format!("lies after the head of the log, {head}"),
                });
            }
            Some(KnownAt::Position(position)) => {
                let position = Position(*position);
                (
                    position,
                    self.log
                        .recorded_at(tenant, position)
                        .await?
                        .map(first_after),
                )
            }
            Some(KnownAt::RecordedBefore(before)) => {
                let before = asked::instant_of(before, "consistency.as_of.recorded_before")?;
                (self.log.position_at(tenant, before).await?, Some(before))
            }
        };
        let until = Until {
            position,
            happened_by,
        };
        Ok((until, known_by))
    }
}

/// Answers from a book, apart from what must not wait.
async fn answered<A: Send + 'static>(
    held: Arc<tokio::sync::RwLock<commission::Held>>,
    measured_at: Option<DateTime<Utc>>,
    ask: impl FnOnce(Scene<'_>) -> Result<A, QueryError> + Send + 'static,
) -> Result<A, QueryError> {
    let now = now();
    let answer = tokio::task::spawn_blocking(move || {
        let held = held.blocking_read();
        ask(Scene {
            book: &held.book,
            position: held.position,
            at: measured_at.unwrap_or_else(|| after(now, held.occurred_to)),
        })
    });
    answer
        .await
        .map_err(|error| QueryError::Backend(error.to_string()))?
}

fn now() -> DateTime<Utc> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a question about now is asked at the door of the read models"
    )]
    let now = Utc::now();
    engine::fold::instant(now.timestamp_micros())
}

/// By when events were known, or just after the latest of them, should a clock have run ahead:
/// whatever is answered as of this instant, and asked again as of it, is the same.
fn after(known_by: DateTime<Utc>, occurred_to: DateTime<Utc>) -> DateTime<Utc> {
    known_by.max(first_after(occurred_to))
}

/// The first instant by which what is of an instant lies in the past.
fn first_after(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_add_signed(TimeDelta::microseconds(1))
        .unwrap_or(at)
}
