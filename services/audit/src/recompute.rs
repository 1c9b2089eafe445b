//! Recomputing what was frozen, from the events that it knew.

use chrono::NaiveDate;
use event_schemas::StreamEvents as _;
use event_schemas::commission_period::{CommissionPeriodEvent, Statement, StatementClosed};
use event_schemas::vocabulary::{CommissionPlanId, Money, Recorded, RepId};
use figures::commission::{self, Book, BookError, Span, Zone};
use serde::Serialize;

/// A closed statement, and how it differs from what is computed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recomputed {
    /// Where it was closed.
    pub position: u64,
    /// Its id.
    pub statement_id: String,
    /// Its sum, in minor units.
    pub total_minor: i64,
    /// What differs; nothing if it holds.
    pub differences: Vec<Difference>,
}

/// How a frozen statement differs from what is computed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The line, if it is about one.
    pub line_id: Option<String>,
    /// In words.
    pub what: String,
}

impl Difference {
    fn new(line_id: Option<&str>, what: impl Into<String>) -> Self {
        Self {
            line_id: line_id.map(str::to_owned),
            what: what.into(),
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.line_id {
            Some(line_id) => write!(f, "line {line_id}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// An empty book that knows the time zones.
pub(crate) fn book() -> Book {
    Book::new(|name| name.parse::<chrono_tz::Tz>().ok().map(Zone::of))
}

/// A closing that an event tells of, if it does.
pub(crate) fn closing(event: &Recorded) -> Option<StatementClosed> {
    if event.stream.category() != CommissionPeriodEvent::CATEGORY {
        return None;
    }
    let (version, payload) = (event.schema_version, &event.payload);
    match CommissionPeriodEvent::decode(&event.event_type, version, payload) {
        Ok(CommissionPeriodEvent::StatementClosed(closed)) => Some(closed),
        _ => None,
    }
}

/// The closing of a participant's period, and where it is.
pub(crate) fn find<'e>(
    events: impl Iterator<Item = &'e Recorded>,
    plan_id: &CommissionPlanId,
    rep_id: &RepId,
    from_on: NaiveDate,
) -> Option<(u64, StatementClosed)> {
    let closings = events.filter_map(|event| Some((event.position.0, closing(event)?)));
    let is_it = |closed: &StatementClosed| {
        closed.plan_id == *plan_id && closed.rep_id == *rep_id && closed.from_on == from_on
    };
    let mut wanted = closings.filter(|(_, closed)| is_it(closed));
    wanted.next()
}

/// Computes a closed statement anew from a book of what it knew, and compares.
pub(crate) fn check(book: &Book, closed: &StatementClosed) -> (Option<Statement>, Vec<Difference>) {
    let period = Span {
        from_on: closed.from_on,
        to_on: closed.to_on,
    };
    let frozen = &closed.statement;
    let mut differences = Vec::new();
    match commission::digest(frozen) {
        Ok(digest) if digest == closed.digest => {}
        Ok(digest) => differences.push(Difference::new(
            None,
            format!(
                "the frozen lines have the digest {digest}, and {} was recorded",
                closed.digest
            ),
        )),
        Err(error) => differences.push(Difference::new(None, error.to_string())),
    }
    match commission::statement(book, &closed.plan_id, &closed.rep_id, period) {
        Ok(statement) => {
            differences.extend(compare(frozen, &statement));
            (Some(statement), differences)
        }
        Err(error) => {
            let what = format!("it cannot be computed from what it knew: {error}");
            differences.push(Difference::new(None, what));
            (None, differences)
        }
    }
}

/// What differs between a frozen statement and the same computed anew, line by line.
fn compare(frozen: &Statement, anew: &Statement) -> Vec<Difference> {
    let mut differences = Vec::new();
    let money = |amount_minor: i64| {
        let currency = frozen.currency;
        let sum = Money {
            currency,
            amount_minor,
        };
        sum.to_string()
    };
    for line in &frozen.lines {
        let own = Some(line.line_id.as_str());
        match anew
            .lines
            .iter()
            .find(|other| other.line_id == line.line_id)
        {
            None => differences.push(Difference::new(
                own,
                format!(
                    "was frozen with {}, and does not follow from the events",
                    money(line.amount_minor)
                ),
            )),
            Some(other) if other.amount_minor != line.amount_minor => {
                let (was, is) = (money(line.amount_minor), money(other.amount_minor));
                differences.push(Difference::new(
                    own,
                    format!("was frozen with {was}, and the events give {is}"),
                ));
            }
            Some(other) if other != line => differences.push(Difference::new(
                own,
                "pays the same, but was frozen with another derivation",
            )),
            Some(_) => {}
        }
    }
    for line in &anew.lines {
        if !frozen
            .lines
            .iter()
            .any(|other| other.line_id == line.line_id)
        {
            let what = format!(
                "follows from the events with {}, and is missing",
                money(line.amount_minor)
            );
            differences.push(Difference::new(Some(&line.line_id), what));
        }
    }
    let sum: i128 = frozen
        .lines
        .iter()
        .map(|line| i128::from(line.amount_minor))
        .sum();
    if sum != i128::from(frozen.total_minor) {
        let total = money(frozen.total_minor);
        let sum = i64::try_from(sum).map_or_else(|_| "more than can be held".to_owned(), money);
        let what = format!("the total is {total}, and the lines sum to {sum}");
        differences.push(Difference::new(None, what));
    }
    if differences.is_empty() && frozen != anew {
        differences.push(Difference::new(
            None,
            "attainment, tier, version or what is carried differ from what the events give",
        ));
    }
    differences
}

/// Recomputes all closed statements of a log from its events, which are given in order; `told` hears
/// of each. What the book does not take in may be left out.
pub fn reconcile(
    events: &[Recorded],
    mut told: impl FnMut(&Recomputed),
) -> Result<Vec<Recomputed>, BookError> {
    let mut closings: Vec<(u64, StatementClosed)> = events
        .iter()
        .filter_map(|event| Some((event.position.0, closing(event)?)))
        .collect();
    closings.sort_by_key(|(position, closed)| (closed.at_position, *position));
    let mut book = book();
    let mut rest = events.iter().peekable();
    let mut found = Vec::with_capacity(closings.len());
    for (position, closed) in closings {
        while let Some(event) = rest.next_if(|event| event.position.0 <= closed.at_position) {
            book.fold(event)?;
        }
        let (_, differences) = check(&book, &closed);
        let recomputed = Recomputed {
            position,
            statement_id: closed.statement_id.to_string(),
            total_minor: closed.statement.total_minor,
            differences,
        };
        told(&recomputed);
        found.push(recomputed);
    }
    Ok(found)
}
