//! Figures as they are told. Pure.

use event_schemas::commission_plan::Period;
use event_schemas::vocabulary::Currency;
use figures::calendar::Span;
use figures::recurring_revenue::{Cohort, Movements, Mrr, cohorts};
use proto::v1::{
    RecurringRevenue, RevenueCohort, RevenueCohortMonth, RevenueCut, RevenueDimension,
    RevenueFigures, RevenuePeriod, RevenuePeriodRow, RevenueRow,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::query::Question;
use super::recurring::{Recurring, by, of_customers};
use crate::asked::{count, money};

/// The answer, but for where it comes from.
pub(super) fn told(
    question: &Question,
    recurring: &[Recurring],
    customers: &[Mrr],
) -> RecurringRevenue {
    let &Question {
        currency,
        span,
        period,
        ..
    } = question;
    let figures = |span| figures(currency, &Movements::of(customers, span));
    let row = |part: Span| RevenuePeriodRow {
        from_on: part.from_on.to_string(),
        to_on: part.to_on.to_string(),
        figures: Some(figures(part)),
    };
    let cuts = question.cut_by.iter();
    let cuts = cuts.map(|dimension| cut(question, recurring, *dimension));
    let cohorts = match question.with_cohorts {
        true => cohorts(customers, span),
        false => Vec::new(),
    };
    RecurringRevenue {
        currency_code: currency.code().to_owned(),
        from_on: span.from_on.to_string(),
        to_on: span.to_on.to_string(),
        period: told_period(period).into(),
        overall: Some(figures(span)),
        periods: span.cut(period).map(row).collect(),
        cuts: cuts.collect(),
        cohorts: cohorts
            .iter()
            .map(|cohort| told_cohort(currency, cohort))
            .collect(),
        ..RecurringRevenue::default()
    }
}

fn cut(question: &Question, recurring: &[Recurring], dimension: RevenueDimension) -> RevenueCut {
    let rows = by(recurring, dimension).into_iter();
    let rows = rows.map(|(key, label, of_key)| {
        let customers = of_customers(of_key);
        let movements = Movements::of(&customers, question.span);
        RevenueRow {
            key: key.to_owned(),
            label: label.to_owned(),
            figures: Some(figures(question.currency, &movements)),
        }
    });
    RevenueCut {
        dimension: dimension.into(),
        rows: rows.collect(),
    }
}

fn figures(currency: Currency, movements: &Movements) -> RevenueFigures {
    let sum = |minor| Some(money(currency, minor));
    RevenueFigures {
        start_mrr: sum(movements.start.minor),
        new_mrr: sum(movements.new.minor),
        reactivation_mrr: sum(movements.reactivation.minor),
        expansion_mrr: sum(movements.expansion.minor),
        contraction_mrr: sum(movements.contraction.minor),
        churn_mrr: sum(movements.churn.minor),
        end_mrr: sum(movements.end.minor),
        arr: sum(movements.arr_minor()),
        start_customers: count(movements.start.customers),
        new_customers: count(movements.new.customers),
        reactivated_customers: count(movements.reactivation.customers),
        expanded_customers: count(movements.expansion.customers),
        contracted_customers: count(movements.contraction.customers),
        churned_customers: count(movements.churn.customers),
        end_customers: count(movements.end.customers),
        grr: ratio(movements.grr()),
        nrr: ratio(movements.nrr()),
        logo_churn: ratio(movements.logo_churn()),
    }
}

fn told_cohort(currency: Currency, cohort: &Cohort) -> RevenueCohort {
    let months = cohort.months.iter().enumerate();
    let months = months.map(|(since, tally)| RevenueCohortMonth {
        months_since: u32::try_from(since).unwrap_or(u32::MAX),
        customers: count(tally.customers),
        mrr: Some(money(currency, tally.minor)),
        logo_retention: ratio(cohort.logo_retention(since)),
        revenue_retention: ratio(cohort.revenue_retention(since)),
    });
    RevenueCohort {
        month: cohort.month_on.format("%Y-%m").to_string(),
        customers: count(cohort.customers),
        months: months.collect(),
    }
}

fn ratio(ratio: Option<Decimal>) -> Option<f64> {
    ratio.and_then(|ratio| ratio.to_f64())
}

fn told_period(period: Period) -> RevenuePeriod {
    match period {
        // No request asks for weeks.
        Period::Week | Period::Month => RevenuePeriod::Month,
        Period::Quarter => RevenuePeriod::Quarter,
        Period::Year => RevenuePeriod::Year,
    }
}
