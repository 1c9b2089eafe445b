//! The question: which revenue, of which time, cut into what; and the MRR that answers it.

use event_schemas::commission_plan::Period;
use event_schemas::vocabulary::{Currency, TenantId};
use figures::calendar::Span;
use figures::recurring_revenue::Mrr;
use proto::v1::{GetRecurringRevenueRequest, RecurringRevenue, RevenueDimension, RevenuePeriod};

use super::recurring::{Picked, Recurring, dimensions, invalid, of_customers};
use super::tell;
use crate::QueryError;
use crate::asked::{self, Asked, text};
use crate::calendar::{Calendar, named};
use crate::engine::db::Session;

/// Into how many periods a time is cut, at most; cohorts are cut into months.
const PERIODS_MAX: usize = 600;

/// What is asked, of what recurs.
pub(super) struct Question {
    pub(super) currency: Currency,
    pub(super) span: Span,
    pub(super) period: Period,
    pub(super) cut_by: Vec<RevenueDimension>,
    pub(super) with_cohorts: bool,
}

/// Answers one request from a read model's database.
pub(crate) async fn answer(
    asked: &mut Asked,
    request: &GetRecurringRevenueRequest,
) -> Result<RecurringRevenue, QueryError> {
    let period = period(request.period)?;
    let cut_by = dimensions(&request.cut_by)?;
    let picked = Picked::new(&request.filters)?;
    let from_on = named(&request.from_on, "from_on")?;
    let to_on = named(&request.to_on, "to_on")?;
    let (session, tenant) = (&mut asked.session, &asked.tenant);
    let currency = match text(&request.currency_code, "currency_code")? {
        "" => asked::currency_of(session, tenant).await?,
        code => Currency::new(code)
            .map_err(|wrong| invalid("currency_code", &format!("is none: {wrong}")))?,
    };
    let calendar = Calendar::of(session, tenant).await?;
    let to_on = to_on.unwrap_or_else(|| calendar.on(asked.at));
    let others = other_currencies(session, tenant, currency).await?;
    let recurring = picked.load(session, tenant, currency).await?;
    let customers = of_customers(&recurring);
    let from_on = from_on.unwrap_or_else(|| {
        let first_on = customers.iter().filter_map(Mrr::first_on).min();
        let first = first_on.map(|day| Span::around(period, day).from_on);
        first.map_or(to_on, |first| first.min(to_on))
    });
    if from_on > to_on {
        return Err(invalid("to_on", "lies before from_on"));
    }
    let question = Question {
        currency,
        span: Span { from_on, to_on },
        period,
        cut_by,
        with_cohorts: request.with_cohorts,
    };
    question.check()?;
    let told = told(question, recurring, customers).await?;
    Ok(RecurringRevenue {
        answered_from: Some(asked.answered_from()),
        other_currency_codes: others,
        ..told
    })
}

/// Works the figures out, apart from what must not wait.
async fn told(
    question: Question,
    recurring: Vec<Recurring>,
    customers: Vec<Mrr>,
) -> Result<RecurringRevenue, QueryError> {
    let told = move || tell::told(&question, &recurring, &customers);
    tokio::task::spawn_blocking(told)
        .await
        .map_err(|error| QueryError::Backend(error.to_string()))
}

impl Question {
    fn check(&self) -> Result<(), QueryError> {
        let is_too_long = |period| self.span.cut(period).nth(PERIODS_MAX).is_some();
        if is_too_long(self.period) || self.with_cohorts && is_too_long(Period::Month) {
            let why = format!("lies more than {PERIODS_MAX} periods before to_on");
            return Err(invalid("from_on", &why));
        }
        Ok(())
    }
}

fn period(asked: i32) -> Result<Period, QueryError> {
    match RevenuePeriod::try_from(asked) {
        Ok(RevenuePeriod::Unspecified | RevenuePeriod::Month) => Ok(Period::Month),
        Ok(RevenuePeriod::Quarter) => Ok(Period::Quarter),
        Ok(RevenuePeriod::Year) => Ok(Period::Year),
        Err(_) => Err(invalid("period", "is no period")),
    }
}

/// Other currencies in which something recurs.
async fn other_currencies(
    session: &mut Session,
    tenant: &TenantId,
    currency: Currency,
) -> Result<Vec<String>, QueryError> {
    let sql = "SELECT DISTINCT c.currency FROM contract c WHERE c.tenant = $1 AND c.currency <> $2 \
               AND EXISTS (SELECT 1 FROM recurring r WHERE r.tenant = $1 \
               AND r.contract_id = c.contract_id)";
    let values = [tenant.as_str().into(), currency.code().into()];
    let mut codes = Vec::new();
    for row in session.rows(sql, &values).await? {
        codes.extend(row.text(0)?);
    }
    // The databases do not agree on the order of texts.
    codes.sort();
    Ok(codes)
}
