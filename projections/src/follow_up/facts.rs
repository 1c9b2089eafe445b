//! What the reactors ask: what holds for all, and all that is known of how customers are followed up.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::playbook::PlaybookEvent;
use event_schemas::vocabulary::{
    ContractId, CustomerId, Invalid, OpportunityId, Position, ProductId, RepId, SalesProcessId,
    StreamName, TaskId, TeamId, TenantId,
};
use figures::follow_up::{Account, Company, CompanyFact, Fact};
use proto::v1;

use super::{Event, FollowUp};
use crate::asked::Asked;
use crate::calendar::Calendar;
use crate::calendar::day_of;
use crate::engine::fold::{Course, instant, kept};
use crate::{Answer, Projections, QueryError};

/// Streams with what is kept of them, and the customers they are about.
const SUBJECTS: &str = "SELECT customer_id, stream, facts FROM \
    (SELECT s.tenant, s.customer_id, s.stream, h.facts FROM subject s \
     JOIN history h ON h.tenant = s.tenant AND h.stream = s.stream) AS known";

/// Streams about what holds for all, with what is kept of them.
const COMPANY: &str = "SELECT c.stream, h.facts FROM company c \
    JOIN history h ON h.tenant = c.tenant AND h.stream = c.stream WHERE c.tenant = $1";

fn unreadable(error: impl std::fmt::Display) -> QueryError {
    QueryError::Backend(error.to_string())
}

fn id<T: TryFrom<String, Error = Invalid>>(stream: &StreamName) -> Result<T, QueryError> {
    T::try_from(stream.id().to_owned()).map_err(unreadable)
}

/// The facts of a stream, in the order in which they happened.
pub(crate) fn facts_of(
    stream: Option<String>,
    facts: Option<String>,
) -> Result<(StreamName, Course<Event>), QueryError> {
    let stream = StreamName::parse(&stream.unwrap_or_default()).map_err(unreadable)?;
    let facts = kept::<FollowUp>(&stream, &facts.unwrap_or_default()).map_err(unreadable)?;
    Ok((stream, facts))
}

impl Projections {
    async fn ask_follow_up(
        &self,
        tenant: &TenantId,
        min_position: Position,
    ) -> Result<Asked, QueryError> {
        let consistency = v1::Consistency {
            as_of: None,
            min_position: min_position.0,
        };
        self.0.ask("work_list", tenant, consistency).await
    }

    /// What holds for all of a tenant's customers, and the day that ended last, if one has.
    pub fn company<'a>(
        &'a self,
        tenant: &'a TenantId,
        min_position: Position,
    ) -> Answer<'a, (Company, Option<NaiveDate>)> {
        Box::pin(async move {
            let mut asked = self.ask_follow_up(tenant, min_position).await?;
            let session = &mut asked.session;
            let zone = Calendar::of(session, tenant).await?.zone();
            let sql = "SELECT ended_on FROM clock WHERE tenant = $1";
            let rows = session.rows(sql, &[tenant.as_str().into()]).await?;
            let ended_on = rows.first().map(|row| row.int(0)).transpose()?.flatten();
            let mut all = Vec::new();
            for row in session.rows(COMPANY, &[tenant.as_str().into()]).await? {
                let (stream, facts) = facts_of(row.text(0)?, row.text(1)?)?;
                for (at, event) in facts {
                    all.extend(company_fact(&stream, event)?.map(|fact| (at, fact)));
                }
            }
            Ok((Company::new(zone, all), ended_on.map(day_of)))
        })
    }

    /// Customers, with all that is known of how they are followed up; those of which something is, if
    /// none are named.
    pub fn accounts<'a>(
        &'a self,
        tenant: &'a TenantId,
        customers: Option<&'a [CustomerId]>,
        min_position: Position,
    ) -> Answer<'a, Vec<Account>> {
        Box::pin(async move {
            let mut asked = self.ask_follow_up(tenant, min_position).await?;
            let session = &mut asked.session;
            let rows = match customers {
                Some(customers) => {
                    let wanted: Vec<&str> = customers.iter().map(CustomerId::as_str).collect();
                    session
                        .rows_in(SUBJECTS, "customer_id", tenant.as_str(), &wanted)
                        .await?
                }
                None => {
                    let sql = format!("{SUBJECTS} WHERE tenant = $1");
                    session.rows(&sql, &[tenant.as_str().into()]).await?
                }
            };
            let mut accounts: BTreeMap<String, Vec<(DateTime<Utc>, Fact)>> = BTreeMap::new();
            for row in rows {
                let known = accounts
                    .entry(row.text(0)?.unwrap_or_default())
                    .or_default();
                let (stream, facts) = facts_of(row.text(1)?, row.text(2)?)?;
                for (at, event) in facts {
                    known.extend(fact(&stream, event)?.map(|fact| (at, fact)));
                }
            }
            let accounts = accounts.into_iter().map(|(customer_id, facts)| {
                let customer_id = CustomerId::new(&customer_id).map_err(unreadable)?;
                Ok(Account::new(customer_id, facts))
            });
            accounts.collect()
        })
    }

    /// The customers to whom something happened in a span [from, to).
    pub fn touched<'a>(
        &'a self,
        tenant: &'a TenantId,
        (from_at, to_at): (DateTime<Utc>, DateTime<Utc>),
        min_position: Position,
    ) -> Answer<'a, Vec<CustomerId>> {
        Box::pin(async move {
            let mut asked = self.ask_follow_up(tenant, min_position).await?;
            let sql = "SELECT DISTINCT customer_id FROM touch \
                   WHERE tenant = $1 AND touched_at >= $2 AND touched_at < $3 ORDER BY customer_id";
            let values = [
                tenant.as_str().into(),
                from_at.timestamp_micros().into(),
                to_at.timestamp_micros().into(),
            ];
            let rows = asked.session.rows(sql, &values).await?;
            let touched = rows.into_iter().map(|row| {
                let customer_id = row.text(0)?.unwrap_or_default();
                CustomerId::new(&customer_id).map_err(unreadable)
            });
            touched.collect()
        })
    }

    /// The customers about whom an alarm is raised.
    pub fn worried<'a>(
        &'a self,
        tenant: &'a TenantId,
        min_position: Position,
    ) -> Answer<'a, Vec<CustomerId>> {
        Box::pin(async move {
            let mut asked = self.ask_follow_up(tenant, min_position).await?;
            let sql = "SELECT DISTINCT customer_id FROM alarm \
                   WHERE tenant = $1 AND cleared_at IS NULL ORDER BY customer_id";
            let rows = asked.session.rows(sql, &[tenant.as_str().into()]).await?;
            let worried = rows.into_iter().map(|row| {
                let customer_id = row.text(0)?.unwrap_or_default();
                CustomerId::new(&customer_id).map_err(unreadable)
            });
            worried.collect()
        })
    }

    /// The customers that streams are about, by stream.
    pub fn customers_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        streams: &'a [&'a str],
        min_position: Position,
    ) -> Answer<'a, HashMap<String, CustomerId>> {
        Box::pin(async move {
            let mut asked = self.ask_follow_up(tenant, min_position).await?;
            let select = "SELECT stream, customer_id FROM subject";
            let rows = asked
                .session
                .rows_in(select, "stream", tenant.as_str(), streams);
            let customers = rows.await?.into_iter().map(|row| {
                let customer_id = row.text(1)?.unwrap_or_default();
                let customer_id = CustomerId::new(&customer_id).map_err(unreadable)?;
                Ok((row.text(0)?.unwrap_or_default(), customer_id))
            });
            customers.collect()
        })
    }

    /// When the first thing happened to a customer.
    pub fn first_touch<'a>(
        &'a self,
        tenant: &'a TenantId,
        min_position: Position,
    ) -> Answer<'a, Option<DateTime<Utc>>> {
        Box::pin(async move {
            let mut asked = self.ask_follow_up(tenant, min_position).await?;
            let sql = "SELECT MIN(touched_at) FROM touch WHERE tenant = $1";
            let rows = asked.session.rows(sql, &[tenant.as_str().into()]).await?;
            let first = rows.first().map(|row| row.int(0)).transpose()?.flatten();
            Ok(first.map(instant))
        })
    }
}

fn company_fact(stream: &StreamName, event: Event) -> Result<Option<CompanyFact>, QueryError> {
    Ok(Some(match event {
        Event::Playbook(PlaybookEvent::PlaybookPublished(published)) => {
            CompanyFact::Playbook(published)
        }
        Event::SalesProcess(event) => {
            CompanyFact::SalesProcess(id::<SalesProcessId>(stream)?, event)
        }
        Event::Product(event) => CompanyFact::Product(id::<ProductId>(stream)?, event),
        Event::Rep(event) => CompanyFact::Rep(id::<RepId>(stream)?, event),
        Event::Team(event) => CompanyFact::Team(id::<TeamId>(stream)?, event),
        Event::Alarm(_)
        | Event::Clock(_)
        | Event::Contract(_)
        | Event::Customer(_)
        | Event::Opportunity(_)
        | Event::Task(_)
        | Event::Tenant(_) => return Ok(None),
    }))
}

fn fact(stream: &StreamName, event: Event) -> Result<Option<Fact>, QueryError> {
    Ok(Some(match event {
        Event::Customer(event) => Fact::Customer(event),
        Event::Contract(event) => Fact::Contract(id::<ContractId>(stream)?, event),
        Event::Task(event) => Fact::Task(id::<TaskId>(stream)?, event),
        Event::Alarm(event) => Fact::Alarm(stream.id().to_owned(), event),
        Event::Opportunity(event) => Fact::Renewal(id::<OpportunityId>(stream)?, event),
        Event::Clock(_)
        | Event::Playbook(_)
        | Event::Product(_)
        | Event::Rep(_)
        | Event::SalesProcess(_)
        | Event::Team(_)
        | Event::Tenant(_) => return Ok(None),
    }))
}
