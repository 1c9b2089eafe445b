//! The answer about recurring revenue, as text.

use proto::v1::{
    Money, RecurringRevenue, RevenueCohort, RevenueDimension, RevenueFigures, RevenuePeriod,
};

use super::{
    Align, NONE, answered_from, count, grouped, label, money, percent, raw, raw_amount, to_csv,
    to_table,
};

/// Months since, that the table of cohorts has columns for: these and the last.
const COHORT_COLUMNS: [usize; 9] = [0, 1, 2, 3, 6, 9, 12, 18, 24];

/// For people.
pub(crate) fn table(answer: &RecurringRevenue) -> String {
    let overall = answer.overall.clone().unwrap_or_default();
    let mut text = format!(
        "Recurring revenue a month, in {}, from {}, before {}\n{}",
        answer.currency_code,
        answer.from_on,
        answer.to_on,
        answered_from(answer.answered_from.as_ref()),
    );
    let periods = answer.periods.iter();
    let rows = periods.map(|row| (period(answer.period(), &row.from_on), row.figures.as_ref()));
    text.push_str(&figures(name(answer.period()), rows));
    text.push_str(&format!(
        "MRR {} · ARR {} · customers {} · over the whole time: NRR {} · GRR {} · logo churn {}\n",
        money(overall.end_mrr.as_ref()),
        money(overall.arr.as_ref()),
        count(overall.end_customers),
        percent(overall.nrr),
        percent(overall.grr),
        percent(overall.logo_churn),
    ));
    if !answer.other_currency_codes.is_empty() {
        text.push_str(&format!(
            "There is more in {}: --currency\n",
            answer.other_currency_codes.join(", ")
        ));
    }
    for cut in &answer.cuts {
        let dimension = dimension(cut.dimension());
        let rows = cut.rows.iter();
        let rows = rows.map(|row| (label(&row.key, &row.label), row.figures.as_ref()));
        text.push_str(&format!(
            "\nBy {dimension}, over the whole time\n{}",
            figures(dimension, rows)
        ));
    }
    if !answer.cohorts.is_empty() {
        let revenue = |cohort: &RevenueCohort, since: usize| {
            let month = cohort.months.get(since);
            month.map(|month| month.revenue_retention)
        };
        let logos = |cohort: &RevenueCohort, since: usize| {
            cohort.months.get(since).map(|month| month.logo_retention)
        };
        text.push_str(&format!(
            "\nRevenue that stays, by month of the first, months since\n{}",
            cohorts(&answer.cohorts, revenue)
        ));
        text.push_str(&format!(
            "\nCustomers who stay\n{}",
            cohorts(&answer.cohorts, logos)
        ));
    }
    text
}

/// Rows of figures, under what tells them apart.
fn figures<'a>(
    name: &str,
    rows: impl Iterator<Item = (String, Option<&'a RevenueFigures>)>,
) -> String {
    let mut columns = vec![(name, Align::Left)];
    let names = [
        "Start",
        "New",
        "Again",
        "More",
        "Less",
        "Gone",
        "End",
        "Customers",
        "NRR",
        "GRR",
        "Logo churn",
    ];
    columns.extend(names.map(|name| (name, Align::Right)));
    let cells = rows.map(|(label, figures)| {
        let figures = figures.cloned().unwrap_or_default();
        let amount = |sum: &Option<Money>| grouped(&raw_amount(sum.as_ref()));
        [
            label,
            amount(&figures.start_mrr),
            amount(&figures.new_mrr),
            amount(&figures.reactivation_mrr),
            amount(&figures.expansion_mrr),
            amount(&figures.contraction_mrr),
            amount(&figures.churn_mrr),
            amount(&figures.end_mrr),
            count(figures.end_customers),
            percent(figures.nrr),
            percent(figures.grr),
            percent(figures.logo_churn),
        ]
    });
    to_table(&columns, cells)
}

/// A share of each cohort by months since; nothing where that month has not ended.
fn cohorts(
    cohorts: &[RevenueCohort],
    share: impl Fn(&RevenueCohort, usize) -> Option<Option<f64>>,
) -> String {
    let longest = cohorts.iter().map(|cohort| cohort.months.len()).max();
    let since: Vec<usize> = COHORT_COLUMNS
        .into_iter()
        .filter(|since| longest.is_some_and(|longest| *since < longest))
        .collect();
    let names: Vec<String> = since.iter().map(usize::to_string).collect();
    let mut columns = vec![("Month", Align::Left), ("Customers", Align::Right)];
    columns.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    let rows = cohorts.iter().map(|cohort| {
        let shares = since.iter().map(|&since| match share(cohort, since) {
            Some(share) => percent(share),
            None => String::new(),
        });
        let mut row = vec![cohort.month.clone(), count(cohort.customers)];
        row.extend(shares);
        row
    });
    to_table(&columns, rows)
}

/// A period by its first day: 2024-03, 2024 Q1, 2024.
fn period(cut: RevenuePeriod, from_on: &str) -> String {
    let mut parts = from_on.split('-');
    let (year, month) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    match (cut, month.parse::<u32>()) {
        (RevenuePeriod::Year, _) => year.to_owned(),
        (RevenuePeriod::Quarter, Ok(month)) => {
            format!("{year} Q{}", month.saturating_sub(1) / 3 + 1)
        }
        _ => format!("{year}-{month}"),
    }
}

fn name(period: RevenuePeriod) -> &'static str {
    match period {
        RevenuePeriod::Quarter => "Quarter",
        RevenuePeriod::Year => "Year",
        RevenuePeriod::Month | RevenuePeriod::Unspecified => "Month",
    }
}

fn dimension(dimension: RevenueDimension) -> &'static str {
    match dimension {
        RevenueDimension::Customer => "customer",
        RevenueDimension::Industry => "industry",
        RevenueDimension::Country => "country",
        RevenueDimension::Product => "product",
        RevenueDimension::Unspecified => NONE,
    }
}

/// For programs: a row for the whole, each period, each value of a dimension, and each cohort's month.
pub(crate) fn csv(answer: &RecurringRevenue) -> anyhow::Result<String> {
    let header = [
        "scope",
        "key",
        "label",
        "currency",
        "start_mrr",
        "new_mrr",
        "reactivation_mrr",
        "expansion_mrr",
        "contraction_mrr",
        "churn_mrr",
        "end_mrr",
        "arr",
        "start_customers",
        "new_customers",
        "reactivated_customers",
        "expanded_customers",
        "contracted_customers",
        "churned_customers",
        "end_customers",
        "grr",
        "nrr",
        "logo_churn",
        "months_since",
        "logo_retention",
        "revenue_retention",
    ];
    let mut rows = vec![row(answer, "overall", "", "", answer.overall.as_ref())];
    for one in &answer.periods {
        let scope = name(answer.period()).to_lowercase();
        let figures = one.figures.as_ref();
        rows.push(row(answer, &scope, &one.from_on, &one.to_on, figures));
    }
    for cut in &answer.cuts {
        let scope = dimension(cut.dimension());
        for one in &cut.rows {
            rows.push(row(
                answer,
                scope,
                &one.key,
                &one.label,
                one.figures.as_ref(),
            ));
        }
    }
    for cohort in &answer.cohorts {
        for month in &cohort.months {
            // Of a cohort's month there is only what stays.
            let mut cells = vec![String::new(); header.len()];
            let known = [
                (0, "cohort".to_owned()),
                (1, cohort.month.clone()),
                (3, answer.currency_code.clone()),
                (10, raw_amount(month.mrr.as_ref())),
                (18, month.customers.to_string()),
                (22, month.months_since.to_string()),
                (23, raw(month.logo_retention)),
                (24, raw(month.revenue_retention)),
            ];
            for (at, text) in known {
                if let Some(cell) = cells.get_mut(at) {
                    *cell = text;
                }
            }
            rows.push(cells);
        }
    }
    to_csv(header.map(str::to_owned), rows)
}

fn row(
    answer: &RecurringRevenue,
    scope: &str,
    key: &str,
    label: &str,
    figures: Option<&RevenueFigures>,
) -> Vec<String> {
    let figures = figures.cloned().unwrap_or_default();
    let mut cells = [scope, key, label, &answer.currency_code]
        .map(str::to_owned)
        .to_vec();
    let sums = [
        &figures.start_mrr,
        &figures.new_mrr,
        &figures.reactivation_mrr,
        &figures.expansion_mrr,
        &figures.contraction_mrr,
        &figures.churn_mrr,
        &figures.end_mrr,
        &figures.arr,
    ];
    cells.extend(sums.map(|sum| raw_amount(sum.as_ref())));
    let counts = [
        figures.start_customers,
        figures.new_customers,
        figures.reactivated_customers,
        figures.expanded_customers,
        figures.contracted_customers,
        figures.churned_customers,
        figures.end_customers,
    ];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend([figures.grr, figures.nrr, figures.logo_churn].map(raw));
    // Of a cohort's month alone.
    cells.extend([const { String::new() }; 3]);
    cells
}

#[cfg(test)]
mod tests;
