//! What stays of the customers of a month, by months since.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use event_schemas::commission_plan::Period;
use rust_decimal::Decimal;

use super::movements::ratio;
use super::{Mrr, Tally};
use crate::calendar::{Span, add_months};

/// The customers whose first MRR fell in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// The first day of that month.
    pub month_on: NaiveDate,
    /// How many there are, those included who left again within the month.
    pub customers: u64,
    /// Who of them has MRR, and how much, at the end of each month since: the cohort's own month
    /// is 0.
    pub months: Vec<Tally>,
}

impl Cohort {
    /// Customers with MRR at the end of a month since, of all in the cohort.
    pub fn logo_retention(&self, months_since: usize) -> Option<Decimal> {
        let then = self.months.get(months_since)?;
        ratio(then.customers.into(), self.customers.into())
    }

    /// MRR at the end of a month since, of that at the end of the cohort's own month.
    pub fn revenue_retention(&self, months_since: usize) -> Option<Decimal> {
        let then = self.months.get(months_since)?;
        ratio(then.minor, self.months.first()?.minor)
    }
}

/// The cohorts of those customers whose first MRR falls in a period, in order, as far as months
/// have ended by its end.
pub fn cohorts<'a>(customers: impl IntoIterator<Item = &'a Mrr>, period: Span) -> Vec<Cohort> {
    let mut by_month: BTreeMap<NaiveDate, Vec<&Mrr>> = BTreeMap::new();
    for customer in customers {
        if let Some(first_on) = customer.first_on().filter(|day| period.contains(*day)) {
            let month = Span::around(Period::Month, first_on);
            by_month.entry(month.from_on).or_default().push(customer);
        }
    }
    let cohort = |(month_on, customers): (NaiveDate, Vec<&Mrr>)| {
        let ends = (1..).map(|months| add_months(month_on, months));
        let ended = ends.take_while(|end| *end <= period.to_on && *end < NaiveDate::MAX);
        let at = |end| {
            let mut tally = Tally::default();
            for customer in &customers {
                tally.count(customer.on(end));
            }
            tally
        };
        Cohort {
            month_on,
            customers: u64::try_from(customers.len()).unwrap_or(u64::MAX),
            months: ended.map(at).collect(),
        }
    };
    by_month.into_iter().map(cohort).collect()
}
