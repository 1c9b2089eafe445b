//! Commission as text: statements and their lines, estimates, signals, and what was closed.

use std::collections::BTreeMap;

use proto::v1::{
    ClosePeriodResponse, CommissionStatement, EstimateCommissionResponse, EventRef,
    ListCommissionSignalsResponse, ListStatementsResponse, Money, StatementLine, StatementStatus,
};
use rust_decimal::Decimal;

use super::{
    Align, NONE, answered_from, grouped, instant_text, money, raw_amount, to_csv, to_table,
};

/// How much of each statement is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Its sums.
    Sums,
    /// Its lines, too.
    Lines,
    /// How each line follows from which facts, too.
    Explanations,
}

/// For people.
pub(crate) fn table(answer: &ListStatementsResponse, depth: Depth) -> String {
    let mut text = format!(
        "Commission statements\n{}",
        answered_from(answer.answered_from.as_ref())
    );
    if answer.statements.is_empty() {
        text.push_str("Nobody takes part in a plan then.\n");
    } else {
        text.push_str(&statements(&answer.statements));
    }
    for problem in &answer.problems {
        text.push_str(&format!(
            "Not to be calculated: {} by {}: {}\n",
            problem.rep_id, problem.commission_plan_id, problem.message
        ));
    }
    let with_lines = answer.statements.iter().filter(|one| !one.lines.is_empty());
    for statement in with_lines {
        text.push_str(&format!(
            "\n{} by {}, from {}, before {}\n",
            statement.rep_id, statement.commission_plan_id, statement.from_on, statement.to_on
        ));
        text.push_str(&match depth {
            Depth::Sums => String::new(),
            Depth::Lines => lines(&statement.lines),
            Depth::Explanations => explanations(&statement.lines),
        });
    }
    text
}

/// A table of statements, and what they come to in each currency.
pub(crate) fn statements(statements: &[CommissionStatement]) -> String {
    let columns = [
        ("Plan", Align::Left),
        ("Participant", Align::Left),
        ("From", Align::Left),
        ("Before", Align::Left),
        ("Status", Align::Left),
        ("Credited", Align::Right),
        ("Quota", Align::Right),
        ("Attainment", Align::Right),
        ("Tier", Align::Right),
        ("Total", Align::Right),
    ];
    let rows = statements.iter().map(|one| {
        [
            one.commission_plan_id.clone(),
            one.rep_id.clone(),
            one.from_on.clone(),
            one.to_on.clone(),
            status(one).to_owned(),
            like(one.credited.as_ref(), one.total.as_ref()),
            like(one.quota.as_ref(), one.total.as_ref()),
            attainment(&one.attainment_percent),
            match one.tier {
                0 => NONE.to_owned(),
                tier => tier.to_string(),
            },
            money(one.total.as_ref()),
        ]
    });
    let credited = sums(statements.iter().filter_map(|one| one.credited.as_ref()));
    let totals = sums(statements.iter().filter_map(|one| one.total.as_ref()));
    let totals = totals.into_values().map(|total| {
        let credited = like(credited.get(&total.currency_code), Some(&total));
        let no = String::new;
        let (name, total) = ("Total".to_owned(), money(Some(&total)));
        [
            name,
            no(),
            no(),
            no(),
            no(),
            credited,
            no(),
            no(),
            no(),
            total,
        ]
    });
    to_table(&columns, rows.chain(totals))
}

fn status(statement: &CommissionStatement) -> &'static str {
    match statement.status() {
        StatementStatus::Open => "open",
        StatementStatus::Closed => "closed",
        StatementStatus::Approved => "approved",
        StatementStatus::Paid => "paid",
        StatementStatus::Disputed => "disputed",
        StatementStatus::Unspecified => "?",
    }
}

/// A sum with no fewer places than another: the exact ones have as many as they need.
fn like(sum: Option<&Money>, other: Option<&Money>) -> String {
    let places = |sum: &Money| sum.amount.parse().ok().map(|sum: Decimal| sum.scale());
    let Some(sum) = sum else {
        return NONE.to_owned();
    };
    let (Ok(mut amount), Some(places)) = (sum.amount.parse::<Decimal>(), other.and_then(places))
    else {
        return money(Some(sum));
    };
    if amount.scale() < places {
        amount.rescale(places);
    }
    format!("{} {}", grouped(&amount.to_string()), sum.currency_code)
}

fn attainment(percent: &str) -> String {
    percent.parse().map_or_else(
        |_| NONE.to_owned(),
        |percent: Decimal| format!("{:.1} %", percent.round_dp(1)),
    )
}

/// What sums come to, by currency.
fn sums<'a>(all: impl Iterator<Item = &'a Money>) -> BTreeMap<String, Money> {
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for one in all {
        let amount: Decimal = one.amount.parse().unwrap_or_default();
        let sum = sums.entry(one.currency_code.clone()).or_default();
        *sum = sum.saturating_add(amount);
    }
    let sums = sums.into_iter().map(|(currency_code, sum)| {
        let amount = sum.to_string();
        (
            currency_code.clone(),
            Money {
                currency_code,
                amount,
            },
        )
    });
    sums.collect()
}

fn lines(lines: &[StatementLine]) -> String {
    let columns = [
        ("Occurred", Align::Left),
        ("Kind", Align::Left),
        ("Contract", Align::Left),
        ("Basis", Align::Right),
        ("Rates", Align::Right),
        ("Amount", Align::Right),
        ("Facts", Align::Left),
    ];
    let or_none = |text: String| {
        if text.is_empty() {
            NONE.to_owned()
        } else {
            text
        }
    };
    let rows = lines.iter().map(|line| {
        let rates = line.rates_percent.iter().map(|rate| format!("{rate} %"));
        [
            instant_text(line.occurred_at.as_ref()).unwrap_or_default(),
            line.kind.to_lowercase().replace('_', " "),
            or_none(line.contract_id.clone()),
            or_none(grouped(&line.basis)),
            or_none(rates.collect::<Vec<_>>().join(", ")),
            money(line.amount.as_ref()),
            facts(&line.events),
        ]
    });
    to_table(&columns, rows)
}

/// Where facts stand in the log.
fn facts(events: &[EventRef]) -> String {
    let positions = events.iter().map(|event| format!("#{}", event.position));
    positions.collect::<Vec<_>>().join(" ")
}

fn explanations(lines: &[StatementLine]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.explanation.as_str()).collect();
    lines.join("\n")
}

/// For programs: a row for each statement, or for each line.
pub(crate) fn csv(answer: &ListStatementsResponse, depth: Depth) -> anyhow::Result<String> {
    if depth != Depth::Sums {
        return csv_of_lines(&answer.statements);
    }
    let header = [
        "commission_plan_id",
        "plan_version",
        "rep_id",
        "from_on",
        "to_on",
        "status",
        "currency",
        "credited",
        "quota",
        "attainment_percent",
        "tier",
        "total",
        "draw_owed",
        "cap_withheld",
        "statement_id",
        "at_position",
        "digest",
    ];
    let rows = answer.statements.iter().map(|one| {
        [
            one.commission_plan_id.clone(),
            one.plan_version.to_string(),
            one.rep_id.clone(),
            one.from_on.clone(),
            one.to_on.clone(),
            status(one).to_owned(),
            currency(one.total.as_ref()),
            raw_amount(one.credited.as_ref()),
            raw_amount(one.quota.as_ref()),
            one.attainment_percent.clone(),
            one.tier.to_string(),
            raw_amount(one.total.as_ref()),
            raw_amount(one.draw_owed.as_ref()),
            raw_amount(one.cap_withheld.as_ref()),
            one.statement_id.clone(),
            one.at_position.to_string(),
            one.digest.clone(),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

fn csv_of_lines(statements: &[CommissionStatement]) -> anyhow::Result<String> {
    let header = [
        "commission_plan_id",
        "rep_id",
        "from_on",
        "to_on",
        "line_id",
        "kind",
        "contract_id",
        "contract_line_id",
        "occurred_at",
        "basis",
        "rates_percent",
        "currency",
        "amount",
        "positions",
    ];
    let rows = statements.iter().flat_map(|statement| {
        statement.lines.iter().map(|line| {
            let positions = line.events.iter().map(|event| event.position.to_string());
            [
                statement.commission_plan_id.clone(),
                statement.rep_id.clone(),
                statement.from_on.clone(),
                statement.to_on.clone(),
                line.line_id.clone(),
                line.kind.clone(),
                line.contract_id.clone(),
                line.contract_line_id.clone(),
                instant_text(line.occurred_at.as_ref()).unwrap_or_default(),
                line.basis.clone(),
                line.rates_percent.join(" "),
                currency(line.amount.as_ref()),
                raw_amount(line.amount.as_ref()),
                positions.collect::<Vec<_>>().join(" "),
            ]
        })
    });
    to_csv(header.map(str::to_owned), rows)
}

fn currency(sum: Option<&Money>) -> String {
    sum.map(|sum| sum.currency_code.clone()).unwrap_or_default()
}

/// What a deal would pay, for people.
pub(crate) fn estimate_table(answer: &EstimateCommissionResponse) -> String {
    let rows = [
        ("Statement without the deal", &answer.without),
        ("Statement with it", &answer.with),
        ("The deal would pay", &answer.difference),
    ];
    let rows = rows.map(|(name, sum)| [name.to_owned(), money(sum.as_ref())]);
    let mut text = format!(
        "Commission estimate for the period from {}, before {}\n{}{}",
        answer.from_on,
        answer.to_on,
        answered_from(answer.answered_from.as_ref()),
        to_table(&[("Estimate", Align::Left), ("", Align::Right)], rows),
    );
    if !answer.lines.is_empty() {
        text.push_str(&format!("\n{}", explanations(&answer.lines)));
    }
    text
}

/// What a deal would pay, for programs.
pub(crate) fn estimate_csv(answer: &EstimateCommissionResponse) -> anyhow::Result<String> {
    let header = [
        "from_on",
        "to_on",
        "currency",
        "without",
        "with",
        "difference",
    ];
    let row = [
        answer.from_on.clone(),
        answer.to_on.clone(),
        currency(answer.difference.as_ref()),
        raw_amount(answer.without.as_ref()),
        raw_amount(answer.with.as_ref()),
        raw_amount(answer.difference.as_ref()),
    ];
    to_csv(header.map(str::to_owned), [row])
}

/// What someone should look at, for people.
pub(crate) fn signals_table(answer: &ListCommissionSignalsResponse) -> String {
    let mut text = format!(
        "Commission signals\n{}",
        answered_from(answer.answered_from.as_ref())
    );
    if answer.signals.is_empty() {
        text.push_str("Nothing to look at.\n");
        return text;
    }
    let columns = [
        ("Signal", Align::Left),
        ("About", Align::Left),
        ("What", Align::Left),
        ("Facts", Align::Left),
    ];
    let rows = answer.signals.iter().map(|signal| {
        [
            signal.kind.to_lowercase().replace('_', " "),
            signal.subject.clone(),
            signal.message.clone(),
            facts(&signal.events),
        ]
    });
    text + &to_table(&columns, rows)
}

/// What someone should look at, for programs.
pub(crate) fn signals_csv(answer: &ListCommissionSignalsResponse) -> anyhow::Result<String> {
    let header = ["kind", "subject", "message", "positions"];
    let rows = answer.signals.iter().map(|signal| {
        let positions = signal.events.iter().map(|event| event.position.to_string());
        [
            signal.kind.clone(),
            signal.subject.clone(),
            signal.message.clone(),
            positions.collect::<Vec<_>>().join(" "),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

/// What was frozen, for people.
pub(crate) fn closed_table(answer: &ClosePeriodResponse) -> String {
    let columns = [
        ("Participant", Align::Left),
        ("Statement", Align::Left),
        ("Closed", Align::Left),
        ("Knows up to", Align::Right),
        ("Total", Align::Right),
        ("Digest", Align::Left),
    ];
    let rows = answer.statements.iter().map(|one| {
        let closed = if one.was_closed { "before" } else { "now" };
        [
            one.rep_id.clone(),
            one.statement_id.clone(),
            closed.to_owned(),
            grouped(&one.at_position.to_string()),
            money(one.total.as_ref()),
            one.digest.clone(),
        ]
    });
    to_table(&columns, rows)
}

/// What was frozen, for programs.
pub(crate) fn closed_csv(answer: &ClosePeriodResponse) -> anyhow::Result<String> {
    let header = [
        "rep_id",
        "statement_id",
        "was_closed",
        "at_position",
        "position",
        "currency",
        "total",
        "digest",
    ];
    let rows = answer.statements.iter().map(|one| {
        [
            one.rep_id.clone(),
            one.statement_id.clone(),
            one.was_closed.to_string(),
            one.at_position.to_string(),
            one.position.to_string(),
            currency(one.total.as_ref()),
            raw_amount(one.total.as_ref()),
            one.digest.clone(),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

#[cfg(test)]
mod tests;
