//! A line in words: what it pays, how that follows, and from which facts.

use std::fmt::Write as _;

use event_schemas::commission_period::StatementLine;
use event_schemas::vocabulary::Currency;

use super::book::SUPPOSED;
use super::steps::{money_minor, percent};

/// A line and its derivation as plain text, for people who check it by hand.
pub fn explain(line: &StatementLine, currency: Currency) -> String {
    let mut text = format!(
        "{}  {}  {}\n",
        line.kind.as_str(),
        money_minor(line.amount_minor, currency),
        line.line_id
    );
    let mut say = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    say("occurred", line.occurred_at.to_rfc3339());
    if let Some(contract_id) = &line.contract_id {
        let of_line = line.contract_line_id.as_ref();
        let of_line = of_line.map_or_else(String::new, |id| format!(", line {id}"));
        say("contract", format!("{contract_id}{of_line}"));
    }
    if !line.rates_percent.is_empty() {
        let rates = line.rates_percent.iter();
        let rates: Vec<_> = rates.map(|rate| percent(rate.decimal())).collect();
        say("rates", rates.join(", "));
    }
    if let Some(origin) = &line.origin {
        let late = origin.late_events.iter();
        let late: Vec<_> = late.map(|event| format!("#{}", event.position)).collect();
        let (statement, of) = (&origin.statement_id, &origin.line_id);
        say("corrects", format!("statement {statement}, line {of}"));
        if !late.is_empty() {
            say("late", late.join(", "));
        }
    }
    for (at, step) in line.derivation.steps.iter().enumerate() {
        let inputs = step.inputs.iter();
        let inputs: Vec<_> = inputs
            .map(|one| format!("{} {}", one.input, one.value))
            .collect();
        let inputs = inputs.join("; ");
        let arrow = if inputs.is_empty() { "" } else { "  " };
        let result = &step.result;
        say(
            &format!("step {}", at + 1),
            format!("{}: {inputs}{arrow}= {result}", step.step),
        );
    }
    for event in &line.derivation.events {
        if event.event_type == SUPPOSED {
            say("event", "supposed, not in the log".to_owned());
            continue;
        }
        let (position, id) = (event.position, &event.event_id);
        say("event", format!("#{position} {} {id}", event.event_type));
    }
    text
}
