//! How customers stand at the end of a day, as health is calculated from it.

use std::collections::HashMap;

use chrono::NaiveDate;
use event_schemas::alarm::Evidence;
use event_schemas::health_model::HealthTerms;
use event_schemas::vocabulary::{ContractId, CustomerId};
use figures::health::{
    Answer, Contact, DecisionMaker, Escalation, Measured, OpenTicket, Standing, UnpaidInvoice,
};

use super::models::Metrics;
use super::usage::{Baselines, Metric, Scope, active, sums};
use crate::QueryError;
use crate::asked::Asked;
use crate::calendar::day_of;
use crate::calendar::{Calendar, Day};
use crate::engine::db::{Row, Value};
use crate::engine::fold::instant;

/// Days for which an answer counts where the model counts none.
const ANSWER_DAYS: u32 = 90;

/// Events that are few enough to be named.
const FEW: usize = 20;

/// What standings are loaded with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loading<'a> {
    pub(crate) day: Day,
    pub(crate) calendar: Calendar,
    pub(crate) terms: &'a HealthTerms,
    pub(crate) metrics: &'a Metrics,
    pub(crate) baselines: &'a Baselines,
}

/// Standings on their way, by customer.
struct Standings(NaiveDate, HashMap<String, Standing>);

impl Standings {
    fn of(&mut self, customer_id: String) -> Result<&mut Standing, QueryError> {
        use std::collections::hash_map::Entry;
        Ok(match self.1.entry(customer_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let id = CustomerId::new(new.key());
                let id = id.map_err(|invalid| QueryError::Backend(invalid.to_string()))?;
                new.insert(Standing::unknown(id, self.0))
            }
        })
    }
}

/// The day an instant falls on, of rows.
fn on(calendar: Calendar, micros: Option<i64>) -> NaiveDate {
    calendar.on(instant(micros.unwrap_or_default()))
}

fn evidence(stream: String, version: u64) -> Evidence {
    Evidence { stream, version }
}

impl Loading<'_> {
    /// One customer, with the events behind what is told of it.
    pub(crate) async fn one(
        &self,
        asked: &mut Asked,
        customer_id: &str,
    ) -> Result<Standing, QueryError> {
        let mut standings = self.load(asked, Some(customer_id)).await?;
        let standing = standings.remove(customer_id);
        standing.ok_or_else(|| QueryError::NotFound(format!("there is no customer {customer_id}")))
    }

    /// All customers of whom anything is known.
    pub(crate) async fn all(&self, asked: &mut Asked) -> Result<Vec<Standing>, QueryError> {
        let standings = self.load(asked, None).await?;
        let mut standings: Vec<Standing> = standings.into_values().collect();
        standings.sort_by(|a, b| a.customer_id.cmp(&b.customer_id));
        Ok(standings)
    }

    async fn load(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
    ) -> Result<HashMap<String, Standing>, QueryError> {
        let mut standings = Standings(self.day.on, HashMap::new());
        if let Some(customer_id) = one {
            standings.of(customer_id.to_owned())?;
        }
        self.contracts(asked, one, &mut standings).await?;
        self.answers(asked, one, &mut standings).await?;
        self.tickets(asked, one, &mut standings).await?;
        self.contacts(asked, one, &mut standings).await?;
        self.decision_makers(asked, one, &mut standings).await?;
        self.invoices(asked, one, &mut standings).await?;
        self.usage(asked, one, &mut standings).await?;
        Ok(standings.1)
    }

    /// The rows of a statement on the tenant's `$1`, known by `$2`, of one customer or all; what
    /// follows the condition comes last.
    async fn rows(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        sql: &str,
        order: &str,
        more: &[Value],
    ) -> Result<Vec<Row>, QueryError> {
        let mut values: Vec<Value> = vec![
            asked.tenant.as_str().into(),
            self.day.end.timestamp_micros().into(),
        ];
        values.extend(more.iter().cloned());
        let mut sql = sql.to_owned();
        if let Some(customer_id) = one {
            values.push(customer_id.into());
            sql.push_str(&format!(" AND customer_id = ${}", values.len()));
        }
        sql.push_str(order);
        Ok(asked.session.rows(&sql, &values).await?)
    }

    async fn contracts(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        let sql = "SELECT customer_id, MIN(starts_on) FROM contract \
                   WHERE tenant = $1 AND signed_at < $2";
        for row in self
            .rows(asked, one, sql, " GROUP BY customer_id", &[])
            .await?
        {
            let standing = standings.of(row.text(0)?.unwrap_or_default())?;
            standing.customer_since_on = row.int(1)?.map(day_of);
        }
        let scope = one.map_or(Scope::Active, Scope::One);
        let active = active(&mut asked.session, &asked.tenant, self.day, scope).await?;
        for customer_id in active {
            standings.of(customer_id)?.is_active = true;
        }
        Ok(())
    }

    async fn answers(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        let days = self
            .terms
            .nps
            .as_ref()
            .map_or(ANSWER_DAYS, |nps| nps.window_days);
        let before = self.day.before(u64::from(days), self.calendar);
        let sql = "SELECT customer_id, survey_answer_id, contact_id, score FROM survey_answer \
                   WHERE tenant = $1 AND answered_at < $2 AND answered_at >= $3";
        let order = " ORDER BY customer_id, answered_at, survey_answer_id";
        let more = [before.end.timestamp_micros().into()];
        for row in self.rows(asked, one, sql, order, &more).await? {
            let standing = standings.of(row.text(0)?.unwrap_or_default())?;
            let answer_id = row.text(1)?.unwrap_or_default();
            let stream = format!("survey-{answer_id}");
            let answer = Answer {
                subject_id: row.text(2)?.unwrap_or(answer_id),
                score: u8::try_from(row.count(3)?).unwrap_or(u8::MAX),
                evidence: evidence(stream, 1),
            };
            // Of one person the latest counts.
            let subject = &answer.subject_id;
            standing
                .answers
                .retain(|former| former.subject_id != *subject);
            standing.answers.push(answer);
        }
        Ok(())
    }

    async fn tickets(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        let sql = "SELECT customer_id, ticket_id, opened_at, opened_version, \
                   CASE WHEN escalated_at < $2 THEN escalated_at END, escalated_version \
                   FROM ticket_stay WHERE tenant = $1 AND opened_at < $2 \
                   AND (closed_at IS NULL OR closed_at >= $2)";
        let order = " ORDER BY customer_id, opened_at, ticket_id";
        for row in self.rows(asked, one, sql, order, &[]).await? {
            let ticket_id = row.text(1)?.unwrap_or_default();
            let stream = format!("ticket-{ticket_id}");
            let escalated_at = row.int(4)?;
            let escalation = Escalation {
                on: on(self.calendar, escalated_at),
                evidence: evidence(stream.clone(), row.count(5)?),
            };
            let ticket = OpenTicket {
                ticket_id,
                opened_on: on(self.calendar, row.int(2)?),
                opened: evidence(stream, row.count(3)?),
                escalated: escalated_at.map(|_| escalation),
            };
            let standing = standings.of(row.text(0)?.unwrap_or_default())?;
            standing.open_tickets.push(ticket);
        }
        Ok(())
    }

    async fn contacts(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        if self.terms.without_contact.is_none() {
            return Ok(());
        }
        let known = "FROM touch WHERE tenant = $1 AND touched_at < $2";
        // The latest of all customers is an aggregate; of one it is a row, with its event.
        let (sql, order) = match one {
            None => (
                format!("SELECT customer_id, MAX(touched_at) {known}"),
                " GROUP BY customer_id",
            ),
            Some(_) => (
                format!("SELECT customer_id, touched_at, stream, version {known}"),
                " ORDER BY touched_at DESC, stream DESC, version DESC LIMIT 1",
            ),
        };
        for row in self.rows(asked, one, &sql, order, &[]).await? {
            let contact = Contact {
                on: on(self.calendar, row.int(1)?),
                evidence: match one {
                    Some(_) => Some(evidence(row.text(2)?.unwrap_or_default(), row.count(3)?)),
                    None => None,
                },
            };
            let standing = standings.of(row.text(0)?.unwrap_or_default())?;
            standing.last_contact = Some(contact);
        }
        Ok(())
    }

    async fn decision_makers(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        let sql = "SELECT customer_id, CASE WHEN until_at < $2 THEN until_at END, until_version \
                   FROM contact WHERE tenant = $1 AND decides = 1 AND from_at < $2";
        let order = " ORDER BY customer_id, until_at, until_version";
        for row in self.rows(asked, one, sql, order, &[]).await? {
            let customer_id = row.text(0)?.unwrap_or_default();
            let stream = format!("customer-{customer_id}");
            let standing = standings.of(customer_id)?;
            match row.int(1)? {
                None => standing.decision_maker = DecisionMaker::Present,
                Some(until_at) if standing.decision_maker != DecisionMaker::Present => {
                    // In order: the one who went last is told.
                    standing.decision_maker = DecisionMaker::Departed {
                        on: on(self.calendar, Some(until_at)),
                        evidence: evidence(stream, row.count(2)?),
                    };
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    async fn invoices(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        let sql = "SELECT customer_id, contract_id, invoice_id, due_on, version FROM invoice \
                   WHERE tenant = $1 AND issued_at < $2 AND due_on < $3 \
                   AND (settled_at IS NULL OR settled_at >= $2)";
        let order = " ORDER BY customer_id, due_on, contract_id, invoice_id";
        let more = [self.day.number().into()];
        for row in self.rows(asked, one, sql, order, &more).await? {
            let contract_id = ContractId::new(&row.text(1)?.unwrap_or_default());
            let contract_id = contract_id.map_err(|e| QueryError::Backend(e.to_string()))?;
            let stream = format!("contract-{contract_id}");
            let invoice = UnpaidInvoice {
                invoice_id: row.text(2)?.unwrap_or_default(),
                contract_id,
                due_on: row.int(3)?.map(day_of).unwrap_or_default(),
                issued: evidence(stream, row.count(4)?),
            };
            let standing = standings.of(row.text(0)?.unwrap_or_default())?;
            standing.unpaid.push(invoice);
        }
        Ok(())
    }

    async fn usage(
        &self,
        asked: &mut Asked,
        one: Option<&str>,
        standings: &mut Standings,
    ) -> Result<(), QueryError> {
        let scope = one.map_or(Scope::Active, Scope::One);
        for factor in &self.terms.metrics {
            let metric_id = factor.metric_id.as_str();
            let Some(aggregation) = self.metrics.on(self.day, metric_id) else {
                continue;
            };
            let metric = Metric {
                metric_id: metric_id.to_owned(),
                aggregation,
            };
            let days = factor.baseline_days;
            let baseline = self.baselines.on(asked, &metric, self.day, days).await?;
            let baseline = baseline.mean(days);
            let (session, tenant, days) = (&mut asked.session, &asked.tenant, factor.window_days);
            let sums = sums(session, tenant, &metric, self.day, days, scope).await?;
            let events = match one {
                Some(customer_id) => self.records(asked, customer_id, metric_id, days).await?,
                None => Vec::new(),
            };
            for (customer_id, standing) in &mut standings.1 {
                // Where all are asked about, only the active ones were summed up.
                let is_summed = one.is_some() || standing.is_active;
                let sum = sums.get(customer_id).copied().unwrap_or_default();
                let value = sum.mean(u64::from(days)).filter(|_| is_summed);
                standing.usage.push(Measured {
                    metric_id: factor.metric_id.clone(),
                    value,
                    baseline,
                    evidence: events.clone(),
                });
            }
        }
        Ok(())
    }

    /// The events behind a customer's usage in its window, where they are few.
    async fn records(
        &self,
        asked: &mut Asked,
        customer_id: &str,
        metric_id: &str,
        days: u32,
    ) -> Result<Vec<Evidence>, QueryError> {
        let sql = format!(
            "SELECT used_on, version FROM usage WHERE tenant = $1 AND told_at < $2 \
             AND metric_id = $3 AND used_on > $4 AND used_on <= $5 AND customer_id = $6 \
             ORDER BY used_on, told_at LIMIT {}",
            FEW + 1
        );
        let to = self.day.number();
        let values = [
            asked.tenant.as_str().into(),
            self.day.end.timestamp_micros().into(),
            metric_id.into(),
            (to - i64::from(days)).into(),
            to.into(),
            customer_id.into(),
        ];
        let mut events = Vec::new();
        for row in asked.session.rows(&sql, &values).await? {
            let on = day_of(row.int(0)?.unwrap_or_default());
            events.push(evidence(format!("usage-{customer_id}~{on}"), row.count(1)?));
        }
        if events.len() > FEW {
            events.clear();
        }
        Ok(events)
    }
}
