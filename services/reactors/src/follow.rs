//! The log: whoever something happens to is looked at, as of when it happened.
//!
//! Where it begins, the clock says: what was known when a day ended has been looked at. While the clock
//! has never been set going it begins at the beginning; to look at something again does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::clock;
use event_schemas::StreamEvents as _;
use event_schemas::clock::{ClockEvent, DayEnded};
use event_schemas::vocabulary::{CustomerId, Position, Recorded, StreamName, TenantId, Version};
use figures::follow_up::Moment;
use futures::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use log::Filter;

use crate::clock::{TOGETHER, now};
use crate::settle::Scene;
use crate::{Error, NEAR_DAYS, REST, Reactors};

/// What something may follow from at once.
const EVENTS: &[&str] = &[
    "ContractSigned",
    "ContractAmended",
    "ContractReassigned",
    "ContractHandedOver",
    "MilestoneReached",
    "ContractTerminated",
    "ContractRenewed",
    "CsmAssigned",
    "TaskCompleted",
];

/// How often the wall clock is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Follows one tenant's log until it is closed.
pub(crate) async fn run(reactors: Reactors, tenant: TenantId) {
    loop {
        match follow(&reactors, &tenant).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, %tenant, "reactions stand still");
                metrics::counter!("reactor_errors_total").increment(1);
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn follow(reactors: &Reactors, tenant: &TenantId) -> Result<(), Error> {
    let after = last_ended(reactors, tenant).await?;
    let after = after.map_or(Position(0), |(_, position)| position);
    let pages = reactors.0.log.follow(tenant.clone(), after, wanted());
    let looking = pages
        .map_err(Error::from)
        .try_for_each(async |page| look_at(reactors, tenant, &page.events, page.scanned_to).await);
    // Beside each other, not in turn: a follower that is held up in the midst of a read keeps its connection.
    tokio::select! {
        ended = looking => ended,
        failed = keep_on(reactors, tenant) => failed,
    }
}

/// The events to look at.
pub(crate) fn wanted() -> Filter {
    Filter {
        event_types: EVENTS.iter().map(|&name| name.to_owned()).collect(),
        ..Filter::default()
    }
}

/// Looks at the wall clock, again and again.
async fn keep_on(reactors: &Reactors, tenant: &TenantId) -> Result<(), Error> {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        keep_going(reactors, tenant).await?;
    }
}

/// The day that ended last, and where that was recorded.
async fn last_ended(
    reactors: &Reactors,
    tenant: &TenantId,
) -> Result<Option<(NaiveDate, Position)>, Error> {
    ended_before(reactors, tenant, 0).await
}

/// The day that ended before the last ones, so many of them, and where that was recorded.
pub(crate) async fn ended_before(
    reactors: &Reactors,
    tenant: &TenantId,
    later: u64,
) -> Result<Option<(NaiveDate, Position)>, Error> {
    let stream = StreamName::new(ClockEvent::CATEGORY, clock::ID)?;
    let log = &reactors.0.log;
    let head = log.stream_head(tenant, &stream).await?;
    let Some(before) = head.0.checked_sub(1 + later) else {
        return Ok(None);
    };
    let events = log.read_stream(tenant, &stream, Version(before), 1).await?;
    let ended = events.first().and_then(|event| {
        let decoded = ClockEvent::decode(&event.event_type, event.schema_version, &event.payload);
        let ClockEvent::DayEnded(DayEnded { day }) = decoded.ok()?;
        Some((day, event.position))
    });
    Ok(ended)
}

/// The wall clock keeps a clock going that is near the present.
async fn keep_going(reactors: &Reactors, tenant: &TenantId) -> Result<(), Error> {
    let Some((ended, position)) = last_ended(reactors, tenant).await? else {
        return Ok(());
    };
    let now = now();
    // Nothing to be done, wherever on earth the tenant is.
    if ended >= now.date_naive() + Days::new(1) {
        return Ok(());
    }
    let (company, _) = reactors.0.projections.company(tenant, position).await?;
    let Some(yesterday) = company.zone.day(now).pred_opt() else {
        return Ok(());
    };
    if (1..=NEAR_DAYS).contains(&(yesterday - ended).num_days()) {
        reactors.tick(tenant, yesterday, |_| {}).await?;
    }
    Ok(())
}

/// Looks at those to whom events happened.
async fn look_at(
    reactors: &Reactors,
    tenant: &TenantId,
    events: &[Recorded],
    position: Position,
) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let projections = &reactors.0.projections;
    let mut streams: Vec<&str> = events.iter().map(|event| event.stream.as_str()).collect();
    streams.sort_unstable();
    streams.dedup();
    let customers = projections.customers_of(tenant, &streams, position).await?;
    let mut touched: BTreeMap<CustomerId, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for event in events {
        if let Some(customer_id) = customers.get(event.stream.as_str()) {
            let instants = touched.entry(customer_id.clone()).or_default();
            instants.insert(event.occurred_at);
        }
    }
    let (company, ended) = projections.company(tenant, position).await?;
    let scene = Scene {
        reactors: reactors.clone(),
        tenant: tenant.clone(),
        company: Arc::new(company),
        position,
    };
    let looked = stream::iter(touched).map(|(customer_id, instants)| {
        let scene = scene.clone();
        settle(scene, customer_id, ended, instants).boxed()
    });
    looked.buffer_unordered(TOGETHER).try_collect().await
}

async fn settle(
    scene: Scene,
    customer_id: CustomerId,
    ended: Option<NaiveDate>,
    instants: BTreeSet<DateTime<Utc>>,
) -> Result<(), Error> {
    let since = ended.map(|ended| {
        let next = ended.succ_opt().unwrap_or(ended);
        scene.company.zone.start(next)
    });
    let mut looking = scene.look(&customer_id).await?;
    let Some((ended, since)) = ended.zip(since) else {
        for at in instants {
            looking.settle(Moment::After(at)).await?;
        }
        return Ok(());
    };
    let late: Vec<_> = instants.range(..since).copied().collect();
    for at in &late {
        looking.settle(Moment::After(*at)).await?;
    }
    // What was told late changes what stands at the end of the day that ended last.
    if !late.is_empty() {
        looking.settle(Moment::EndOf(ended)).await?;
    }
    // Since then, in order: what came before may have been waiting for that day's end.
    if let Some(last) = instants.last() {
        let after_last = *last + TimeDelta::microseconds(1);
        for at in looking.account.instants(since, after_last) {
            looking.settle(Moment::After(at)).await?;
        }
    }
    Ok(())
}
