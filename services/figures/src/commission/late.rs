//! What comes late: where a closed period, calculated anew, differs from what was paid for it, the
//! first open period after it has a line that says so. A closed statement never changes.

use std::collections::BTreeMap;

use event_schemas::commission_period::{
    Derivation, EventRef, LineKind, LineOrigin, StatementClosed, StatementLine,
};

use super::CalculateError;
use super::earn::Participant;
use super::statement::Settled;
use super::steps::{money_minor, step};
use crate::calendar::Span;

/// How the id of a line begins that corrects what came late.
const LATE: &str = "late:";

/// A line of a closed statement that would be another today.
#[derive(Debug)]
pub(super) struct Difference<'b> {
    closed: &'b StatementClosed,
    line_id: String,
    /// What was paid for it, in its own statement and by later corrections.
    paid_minor: i64,
    due_minor: i64,
}

/// What differs in those closed periods for which the period is the first open one. The chain are the
/// periods before it.
pub(super) fn differences<'b>(
    participant: &Participant<'b>,
    chain: &[Settled],
    period: Span,
) -> Vec<Difference<'b>> {
    let (plans, plan_id) = (&participant.book.plans, participant.plan_id);
    let closed: Vec<_> = plans.closed(plan_id, participant.rep_id).collect();
    let is_closed = |span: Span| closed.iter().any(|one| one.from_on == span.from_on);
    let mut found = Vec::new();
    for one in &closed {
        let after = chain.iter().map(|settled| settled.span).chain([period]);
        let mut after = after.filter(|span| span.from_on > one.from_on && !is_closed(*span));
        let settled = chain
            .iter()
            .find(|settled| settled.span.from_on == one.from_on);
        let (Some(settled), true) = (settled, after.next() == Some(period)) else {
            continue;
        };
        let mut lines: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for line in &settled.lines {
            lines.entry(&line.line_id).or_default().1 += line.amount_minor;
        }
        let frozen = one.statement.lines.iter();
        for line in frozen.filter(|line| !line.line_id.starts_with(LATE)) {
            lines.entry(&line.line_id).or_default().0 += line.amount_minor;
        }
        let corrections = closed.iter().flat_map(|other| &other.statement.lines);
        for line in corrections.filter(|line| line.line_id.starts_with(LATE)) {
            let origin = line.origin.as_ref();
            if let Some(origin) = origin.filter(|of| of.statement_id == one.statement_id) {
                lines.entry(&origin.line_id).or_default().0 += line.amount_minor;
            }
        }
        let differing = lines.into_iter().filter(|(_, (paid, due))| paid != due);
        found.extend(
            differing.map(|(line_id, (paid_minor, due_minor))| Difference {
                closed: one,
                line_id: line_id.to_owned(),
                paid_minor,
                due_minor,
            }),
        );
    }
    found
}

/// The lines that make up for the differences.
pub(super) fn corrections(
    participant: &Participant<'_>,
    chain: &[Settled],
    differences: &[Difference<'_>],
    period: Span,
) -> Result<Vec<StatementLine>, CalculateError> {
    let mut lines = Vec::with_capacity(differences.len());
    for difference in differences {
        let closed = difference.closed;
        let settled = chain
            .iter()
            .find(|settled| settled.span.from_on == closed.from_on);
        let anew = settled.into_iter().flat_map(|settled| &settled.lines);
        let anew = anew.clone().find(|line| line.line_id == difference.line_id);
        let mut frozen = closed.statement.lines.iter();
        let frozen = frozen.find(|line| line.line_id == difference.line_id);
        let about = anew.or(frozen);
        let amount_minor = difference.due_minor.checked_sub(difference.paid_minor);
        let amount_minor = amount_minor.ok_or(CalculateError::OutOfRange)?;
        let currency = closed.statement.currency;
        let late_events = late_events(anew, chain, closed);
        let mut steps = anew.map(|line| line.derivation.steps.clone());
        let told = step(
            "late",
            &[
                (
                    "due, by what is known now",
                    money_minor(difference.due_minor, currency),
                ),
                ("paid so far", money_minor(difference.paid_minor, currency)),
            ],
            money_minor(amount_minor, currency),
        );
        steps.get_or_insert_default().push(told);
        let end = participant.book.zone.start(closed.to_on);
        lines.push(StatementLine {
            line_id: format!(
                "{LATE}{}:{}:{}",
                period.from_on, closed.statement_id, difference.line_id
            ),
            kind: LineKind::Adjustment,
            contract_id: about.and_then(|line| line.contract_id.clone()),
            contract_line_id: about.and_then(|line| line.contract_line_id.clone()),
            occurred_at: about.map_or(end, |line| line.occurred_at),
            basis_minor: anew.and_then(|line| line.basis_minor),
            rates_percent: anew
                .map(|line| line.rates_percent.clone())
                .unwrap_or_default(),
            amount_minor,
            derivation: Derivation {
                events: anew
                    .or(frozen)
                    .map(|line| line.derivation.events.clone())
                    .unwrap_or_default(),
                steps: steps.unwrap_or_default(),
            },
            origin: Some(LineOrigin {
                statement_id: closed.statement_id.clone(),
                line_id: difference.line_id.clone(),
                late_events,
            }),
        });
    }
    Ok(lines)
}

/// What the closed statement did not know: of the line's own facts, or else of those of all lines up
/// to the end of its period, which moved it.
fn late_events(
    anew: Option<&StatementLine>,
    chain: &[Settled],
    closed: &StatementClosed,
) -> Vec<EventRef> {
    let late = |event: &&EventRef| event.position > closed.at_position;
    let own = anew.into_iter().flat_map(|line| &line.derivation.events);
    let mut events: Vec<_> = own.filter(late).cloned().collect();
    if events.is_empty() {
        let up_to = chain
            .iter()
            .filter(|settled| settled.span.from_on <= closed.from_on);
        let all = up_to.flat_map(|settled| &settled.lines);
        let all = all.flat_map(|line| &line.derivation.events);
        events = all.filter(late).cloned().collect();
    }
    events.sort();
    events.dedup();
    events
}
