//! The clock: days end one after another, and on each of them everything is done that was due by its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use event_schemas::vocabulary::{CustomerId, Position, TenantId};
use figures::follow_up::{Company, Moment, due_next};
use figures::health::Finding;
use futures::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::settle::Scene;
use crate::{Agenda, DAYS_MAX, Ended, Error, Reactors};

/// Customers that are looked at together: their appends share commits.
pub(crate) const TOGETHER: usize = 16;

/// The time of the world.
#[expect(
    clippy::disallowed_methods,
    reason = "no day is ended that is not over; and a clock that has come to the present is kept there"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

impl Reactors {
    /// Ends a tenant's days up to one, in order, and tells of each once all that was due by its end is
    /// done. What was ended before is not ended again, on whatever node. A day that is not over is refused.
    pub async fn tick(
        &self,
        tenant: &TenantId,
        through: NaiveDate,
        mut told: impl FnMut(Ended) + Send,
    ) -> Result<(), Error> {
        let agenda = self.agenda_of(tenant);
        let mut agenda = agenda.lock().await;
        let mut days = 0;
        loop {
            let position = self.0.log.head(tenant).await?;
            let (company, ended) = self.0.projections.company(tenant, position).await?;
            let company = Arc::new(company);
            if through >= company.zone.day(now()) {
                return Err(Error::NotOver { day: through });
            }
            let day = match ended {
                Some(ended) => ended.checked_add_days(Days::new(1)),
                None => {
                    let first = self.0.projections.first_touch(tenant, position).await?;
                    let first = first.map(|at| company.zone.day(at));
                    Some(first.map_or(through, |first| first.min(through)))
                }
            };
            let Some(day) = day.filter(|day| *day <= through) else {
                return Ok(());
            };
            if days == 0 {
                days = (through - day).num_days() + 1;
                if days > DAYS_MAX {
                    return Err(Error::TooManyDays { days });
                }
            }
            if agenda.ended != ended {
                *agenda = self.agenda(tenant, &company, ended, position).await?;
            }
            let scene = Scene {
                reactors: self.clone(),
                tenant: tenant.clone(),
                company,
                position,
            };
            told(self.end_day(scene, &mut agenda, day).await?);
        }
    }

    /// Draws up for whom something is due, as of the end of a day.
    async fn agenda(
        &self,
        tenant: &TenantId,
        company: &Company,
        ended: Option<NaiveDate>,
        position: Position,
    ) -> Result<Agenda, Error> {
        let mut due = BTreeMap::new();
        if let Some(ended) = ended {
            let all = self.0.projections.accounts(tenant, None, position).await?;
            let days = all.into_iter().filter_map(|account| {
                let day = due_next(company, &account, ended)?;
                Some((account.customer_id, day))
            });
            due.extend(days);
        }
        Ok(Agenda { ended, due })
    }

    async fn end_day(
        &self,
        mut scene: Scene,
        agenda: &mut Agenda,
        day: NaiveDate,
    ) -> Result<Ended, Error> {
        let (tenant, position) = (scene.tenant.clone(), scene.position);
        let zone = &scene.company.zone;
        let next = day.succ_opt().unwrap_or(day);
        let (start, end) = (zone.start(day), zone.start(next));
        let projections = &self.0.projections;
        let touched = projections.touched(&tenant, (start, end), position).await?;

        // What happened on it, as of when it happened.
        let looked = stream::iter(touched.clone()).map(|customer_id| {
            let scene = scene.clone();
            let looked = async move {
                let mut looking = scene.look(&customer_id).await?;
                for at in looking.account.instants(start, end) {
                    looking.settle(Moment::After(at)).await?;
                }
                Ok::<_, Error>(looking.reactions)
            };
            looked.boxed()
        });
        let looked: Vec<u32> = looked.buffer_unordered(TOGETHER).try_collect().await?;
        let mut reactions = looked.into_iter().fold(0, u32::saturating_add);

        // What its end brings about.
        let mut worries: BTreeMap<CustomerId, Vec<Finding>> = BTreeMap::new();
        for finding in projections.findings(&tenant, day).await? {
            let worry = worries.entry(finding.customer_id.clone()).or_default();
            worry.push(finding);
        }
        for worried in projections.worried(&tenant, position).await? {
            worries.entry(worried).or_default();
        }
        let late = match agenda.ended {
            Some(_) => self.late(&tenant, start, position).await?,
            None => BTreeSet::new(),
        };
        let due = agenda.due.iter().filter(|(_, due_on)| **due_on <= day);
        let due = due.map(|(customer_id, _)| customer_id.clone());
        let all = due.chain(touched).chain(late);
        let all: BTreeSet<CustomerId> = all.chain(worries.keys().cloned()).collect();
        scene.position = self.0.log.head(&tenant).await?;
        let looked = stream::iter(all).map(|customer_id| {
            let (scene, findings) = (scene.clone(), worries.remove(&customer_id));
            let looked = async move {
                let mut looking = scene.look(&customer_id).await?;
                if let Some(findings) = findings {
                    looking.heed(&findings, day).await?;
                }
                looking.settle(Moment::EndOf(day)).await?;
                Ok::<_, Error>((looking.due_next(day), looking.reactions, customer_id))
            };
            looked.boxed()
        });
        let looked: Vec<_> = looked.buffer_unordered(TOGETHER).try_collect().await?;
        for (due_on, count, customer_id) in looked {
            reactions = reactions.saturating_add(count);
            match due_on {
                Some(due_on) => agenda.due.insert(customer_id, due_on),
                None => agenda.due.remove(&customer_id),
            };
        }
        let last = end - TimeDelta::microseconds(1);
        let position = self.end(&tenant, day, last).await?;
        agenda.ended = Some(day);
        Ok(Ended {
            day,
            reactions,
            position,
        })
    }
}
