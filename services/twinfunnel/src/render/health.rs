//! Customer health as text.

use proto::v1::{
    BookDimension, CustomerHealth, HealthBand, HealthCut, HealthDirection, HealthDistribution,
    HealthHistory, HealthModelTrial, HealthTrialCounts, ListCustomerHealthResponse, StreamEventRef,
};

use super::{Align, NONE, answered_from, count, percent, raw, to_csv, to_table};

pub(super) fn band(number: i32) -> &'static str {
    match HealthBand::try_from(number) {
        Ok(HealthBand::Healthy) => "healthy",
        Ok(HealthBand::AtRisk) => "at risk",
        Ok(HealthBand::Critical) => "critical",
        Ok(HealthBand::Unspecified) | Err(_) => NONE,
    }
}

fn direction(number: i32) -> &'static str {
    match HealthDirection::try_from(number) {
        Ok(HealthDirection::Up) => "up",
        Ok(HealthDirection::Steady) => "steady",
        Ok(HealthDirection::Down) => "down",
        Ok(HealthDirection::Unspecified) | Err(_) => NONE,
    }
}

/// A decimal, or that there is none.
fn told(decimal: &str) -> String {
    match decimal {
        "" => NONE.to_owned(),
        decimal => decimal.to_owned(),
    }
}

fn events(events: &[StreamEventRef]) -> String {
    let events = events
        .iter()
        .map(|event| format!("{}@{}", event.stream, event.version));
    events.collect::<Vec<_>>().join(" ")
}

/// One customer, for people.
pub(crate) fn one(health: &CustomerHealth) -> String {
    let mut text = format!(
        "Health of {} on {}\n{}",
        health.customer_id,
        health.on,
        answered_from(health.answered_from.as_ref())
    );
    let Some(model) = &health.health_model else {
        return text + "No health model holds on that day.\n";
    };
    text.push_str(&format!(
        "by {}, version {}\n",
        model.health_model_id, model.version
    ));
    if !health.is_active {
        text.push_str("No contract is in force.\n");
    }
    text.push_str(&format!(
        "Score {}, {}",
        told(&health.score),
        band(health.band)
    ));
    text.push_str(&match health.change.as_str() {
        "" => ".\n".to_owned(),
        change => format!(
            "; {} since {}: {change} from {}.\n",
            direction(health.direction),
            health.compared_on,
            health.compared_score
        ),
    });
    let columns = [
        ("Factor", Align::Left),
        ("Weight", Align::Right),
        ("Value", Align::Right),
        ("Baseline", Align::Right),
        ("Factor", Align::Right),
        ("Adds", Align::Right),
        ("Events", Align::Left),
    ];
    let factors = health.factors.iter().map(|factor| {
        [
            factor.name.clone(),
            factor.weight.clone(),
            told(&factor.value),
            told(&factor.baseline),
            told(&factor.factor),
            told(&factor.contribution),
            events(&factor.events),
        ]
    });
    text.push('\n');
    text.push_str(&to_table(&columns, factors));
    if !health.points.is_empty() {
        let columns = [
            ("Taken off", Align::Left),
            ("Count", Align::Right),
            ("Points", Align::Right),
            ("Events", Align::Left),
        ];
        let points = health.points.iter().map(|points| {
            let count = points.count.to_string();
            [
                points.kind.clone(),
                count,
                points.points.clone(),
                events(&points.events),
            ]
        });
        text.push('\n');
        text.push_str(&to_table(&columns, points));
    }
    let moved: Vec<_> = health
        .movements
        .iter()
        .filter(|moved| moved.change != "0")
        .collect();
    if !moved.is_empty() {
        let columns = [
            ("Moved by", Align::Left),
            ("Before", Align::Right),
            ("Now", Align::Right),
            ("Change", Align::Right),
            ("New events", Align::Left),
        ];
        let rows = moved.into_iter().map(|moved| {
            [
                moved.name.clone(),
                moved.former_points.clone(),
                moved.points.clone(),
                moved.change.clone(),
                events(&moved.events),
            ]
        });
        text.push('\n');
        text.push_str(&to_table(&columns, rows));
    }
    text
}

/// One customer, for programs: its score, then what makes it up.
pub(crate) fn one_csv(health: &CustomerHealth) -> anyhow::Result<String> {
    let header = [
        "kind", "name", "weight", "value", "baseline", "factor", "points", "count",
    ];
    let no = String::new;
    let score = [
        ["score", &health.customer_id].map(str::to_owned).to_vec(),
        vec![no(), no(), no(), no(), health.score.clone(), no()],
    ]
    .concat();
    let factors = health.factors.iter().map(|factor| {
        vec![
            "factor".to_owned(),
            factor.name.clone(),
            factor.weight.clone(),
            factor.value.clone(),
            factor.baseline.clone(),
            factor.factor.clone(),
            factor.contribution.clone(),
            no(),
        ]
    });
    let points = health.points.iter().map(|points| {
        let points_off = format!("-{}", points.points);
        let (kind, name) = ("points".to_owned(), points.kind.clone());
        vec![
            kind,
            name,
            no(),
            no(),
            no(),
            no(),
            points_off,
            points.count.to_string(),
        ]
    });
    to_csv(
        header.map(str::to_owned),
        std::iter::once(score).chain(factors).chain(points),
    )
}

/// The book of business, for people.
pub(crate) fn book(answer: &ListCustomerHealthResponse) -> String {
    let mut text = format!(
        "Customer health on {}\n{}",
        answer.on,
        answered_from(answer.answered_from.as_ref())
    );
    if let Some(model) = &answer.health_model {
        let (id, version) = (&model.health_model_id, model.version);
        text.push_str(&format!("by {id}, version {version}"));
        for held in &answer.baselines {
            let baseline = told(&held.baseline);
            text.push_str(&format!("; {} is held against {baseline}", held.metric_id));
        }
        text.push('\n');
    }
    let all = answer.overall.clone().unwrap_or_default();
    let all = std::iter::once(distribution_row("All".to_owned(), &all));
    text.push_str(&to_table(&distribution_columns("Customers"), all));
    for cut in &answer.cuts {
        let rows = cut.rows.iter().map(|row| {
            let distribution = row.distribution.clone().unwrap_or_default();
            distribution_row(super::label(&row.key, &row.label), &distribution)
        });
        text.push('\n');
        text.push_str(&to_table(&distribution_columns(dimension(cut)), rows));
    }
    let columns = [
        ("Customer", Align::Left),
        ("CSM", Align::Left),
        ("Industry", Align::Left),
        ("Score", Align::Right),
        ("Band", Align::Left),
        ("In 30 days", Align::Right),
        ("", Align::Left),
    ];
    let rows = answer.rows.iter().map(|row| {
        [
            super::label(&row.customer_id, &row.name),
            told(&row.csm_id),
            told(&row.industry),
            told(&row.score),
            band(row.band).to_owned(),
            told(&row.change),
            direction(row.direction).to_owned(),
        ]
    });
    text.push('\n');
    text.push_str(&to_table(&columns, rows));
    if !answer.next_page_token.is_empty() {
        text.push_str("There are more.\n");
    }
    text
}

fn dimension(cut: &HealthCut) -> &'static str {
    match BookDimension::try_from(cut.dimension) {
        Ok(BookDimension::Csm) => "csm",
        Ok(BookDimension::Industry) => "industry",
        Ok(BookDimension::Country) => "country",
        Ok(BookDimension::Unspecified) | Err(_) => "?",
    }
}

fn distribution_columns(name: &str) -> [(&str, Align); 7] {
    [
        (name, Align::Left),
        ("All", Align::Right),
        ("Healthy", Align::Right),
        ("At risk", Align::Right),
        ("Critical", Align::Right),
        ("No score", Align::Right),
        ("Mean", Align::Right),
    ]
}

fn distribution_row(name: String, distribution: &HealthDistribution) -> [String; 7] {
    [
        name,
        count(distribution.customers),
        count(distribution.healthy),
        count(distribution.at_risk),
        count(distribution.critical),
        count(distribution.without_score),
        told(&distribution.mean_score),
    ]
}

/// The book of business, for programs.
pub(crate) fn book_csv(answer: &ListCustomerHealthResponse) -> anyhow::Result<String> {
    let header = [
        "customer_id",
        "name",
        "csm_id",
        "industry",
        "country",
        "score",
        "band",
        "change",
    ];
    let rows = answer.rows.iter().map(|row| {
        [
            row.customer_id.clone(),
            row.name.clone(),
            row.csm_id.clone(),
            row.industry.clone(),
            row.country.clone(),
            row.score.clone(),
            plain(row.band).to_owned(),
            row.change.clone(),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

/// A band, for programs.
fn plain(number: i32) -> &'static str {
    match band(number) {
        NONE => "",
        name => name,
    }
}

/// A customer day by day, for people.
pub(crate) fn history(history: &HealthHistory) -> String {
    let text = format!(
        "Health of {}\n{}",
        history.customer_id,
        answered_from(history.answered_from.as_ref())
    );
    let columns = [
        ("Day", Align::Left),
        ("Score", Align::Right),
        ("Band", Align::Left),
        ("Model", Align::Left),
    ];
    let rows = history.days.iter().map(|day| {
        let model = day.health_model.as_ref();
        let model = model.map(|model| format!("{} {}", model.health_model_id, model.version));
        [
            day.on.clone(),
            told(&day.score),
            band(day.band).to_owned(),
            model.unwrap_or_else(|| NONE.to_owned()),
        ]
    });
    text + &to_table(&columns, rows)
}

/// A customer day by day, for programs.
pub(crate) fn history_csv(history: &HealthHistory) -> anyhow::Result<String> {
    let header = ["customer_id", "on", "score", "band", "is_active"];
    let rows = history.days.iter().map(|day| {
        [
            history.customer_id.clone(),
            day.on.clone(),
            day.score.clone(),
            plain(day.band).to_owned(),
            day.is_active.to_string(),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

/// What a model would have foreseen, for people.
pub(crate) fn trial(trial: &HealthModelTrial) -> String {
    let mut text = format!(
        "A health model tried on history\n{}",
        answered_from(trial.answered_from.as_ref())
    );
    let columns = [
        ("Day", Align::Left),
        ("Hits", Align::Right),
        ("False alarms", Align::Right),
        ("Missed", Align::Right),
        ("Quiet", Align::Right),
        ("Precision", Align::Right),
        ("Recall", Align::Right),
    ];
    let row = |name: &str, counts: Option<&HealthTrialCounts>| {
        let counts = counts.copied().unwrap_or_default();
        [
            name.to_owned(),
            count(counts.hits),
            count(counts.false_alarms),
            count(counts.missed),
            count(counts.quiet),
            percent(counts.precision),
            percent(counts.recall),
        ]
    };
    let months = trial
        .months
        .iter()
        .map(|month| row(&month.on, month.counts.as_ref()));
    let all = std::iter::once(row("All", trial.overall.as_ref()));
    text.push_str(&to_table(&columns, months.chain(all)));
    let columns = [
        ("Day", Align::Left),
        ("Customer", Align::Left),
        ("Score", Align::Right),
        ("Outcome", Align::Left),
        ("Left on", Align::Left),
    ];
    let customers = trial.months.iter().flat_map(|month| {
        month.customers.iter().map(|customer| {
            [
                month.on.clone(),
                super::label(&customer.customer_id, &customer.name),
                told(&customer.score),
                customer.outcome.to_lowercase().replace('_', " "),
                told(&customer.churned_on),
            ]
        })
    });
    text.push('\n');
    text + &to_table(&columns, customers)
}

/// What a model would have foreseen, for programs.
pub(crate) fn trial_csv(trial: &HealthModelTrial) -> anyhow::Result<String> {
    let header = [
        "on",
        "customer_id",
        "score",
        "outcome",
        "churned_on",
        "precision",
        "recall",
    ];
    let rows = trial.months.iter().flat_map(|month| {
        let counts = month.counts.unwrap_or_default();
        month.customers.iter().map(move |customer| {
            [
                month.on.clone(),
                customer.customer_id.clone(),
                customer.score.clone(),
                customer.outcome.clone(),
                customer.churned_on.clone(),
                raw(counts.precision),
                raw(counts.recall),
            ]
        })
    });
    to_csv(header.map(str::to_owned), rows)
}

#[cfg(test)]
mod tests;
