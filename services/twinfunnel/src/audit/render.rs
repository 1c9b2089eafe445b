//! A report as text and as a page.

use std::fmt::Write as _;

use audit::{Check, Report};
use event_schemas::commission_period::Statement;
use figures::commission::explain;
use projections::money;

/// What holds and what does not.
pub(crate) fn summary(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let Check {
            claim,
            seen,
            findings,
        } = check;
        let mark = if findings.is_empty() {
            "holds"
        } else {
            "FAILS"
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{mark}  {claim}");
        let _ = writeln!(text, "       {seen}");
        for finding in findings {
            let _ = writeln!(text, "       - {finding}");
        }
    }
    text
}

fn verdict(report: &Report, is_pinned: bool) -> &'static str {
    match (report.holds, is_pinned) {
        (true, true) => "All of it holds.",
        (true, false) => {
            "All of it holds, if the keys in the file are the log's own: compare them with what its \
             owner published, or give one with --public-key."
        }
        (false, _) => "It does not hold.",
    }
}

fn total(statement: &Statement) -> String {
    let total = money(statement.currency, statement.total_minor);
    format!("{} {}", total.amount, total.currency_code)
}

/// The report and the derivation of each line.
pub(crate) fn text(report: &Report, is_pinned: bool) -> String {
    let mut text = summary(report);
    if let Some(statement) = &report.statement {
        let _ = writeln!(
            text,
            "\nCommission of {} by {} (version {}), {} to {}: {}\n",
            statement.rep_id,
            statement.plan_id,
            statement.plan_version,
            statement.from_on,
            statement.to_on,
            total(statement)
        );
        for line in &statement.lines {
            let _ = writeln!(text, "{}", explain(line, statement.currency));
        }
    }
    let _ = writeln!(text, "{}", verdict(report, is_pinned));
    text
}

/// The same as a page that needs nothing else.
pub(crate) fn html(report: &Report, is_pinned: bool) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Audit</title>\n\
         <style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto}\
         pre{background:#f4f4f4;padding:1em;overflow:auto}.fails{color:#b00}</style>\n",
    );
    let _ = writeln!(
        page,
        "<h1>{}</h1>\n<ul>",
        escaped(verdict(report, is_pinned))
    );
    for check in &report.checks {
        let class = if check.findings.is_empty() {
            "holds"
        } else {
            "fails"
        };
        let (claim, seen) = (escaped(check.claim), escaped(&check.seen));
        let _ = writeln!(
            page,
            "<li class=\"{class}\"><b>{claim}</b>: {class}<br>{seen}"
        );
        for finding in &check.findings {
            let _ = writeln!(page, "<br>– {}", escaped(finding));
        }
        let _ = writeln!(page, "</li>");
    }
    let _ = writeln!(page, "</ul>");
    if let Some(statement) = &report.statement {
        let _ = writeln!(
            page,
            "<h2>{} by {}, {} to {}: {}</h2>",
            escaped(statement.rep_id.as_str()),
            escaped(statement.plan_id.as_str()),
            statement.from_on,
            statement.to_on,
            escaped(&total(statement))
        );
        for line in &statement.lines {
            let _ = writeln!(
                page,
                "<pre>{}</pre>",
                escaped(&explain(line, statement.currency))
            );
        }
    }
    page.push_str("</html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
