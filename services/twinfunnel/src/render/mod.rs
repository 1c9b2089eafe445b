//! Answers as text: tables for people, CSV and JSON for programs. From messages to text, and
//! nothing else.

pub(crate) mod commission;
pub(crate) mod customer;
pub(crate) mod funnel;
pub(crate) mod health;
pub(crate) mod revenue;
pub(crate) mod status;
pub(crate) mod tasks;
pub(crate) mod velocity;

use chrono::SecondsFormat;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, LineStyle, Table};
use prost_types::Timestamp;
use proto::instant::from_timestamp;
use proto::v1::{AnsweredFrom, Dimension, Money};

/// What stands where there is no value.
const NONE: &str = "–";

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// The answer as it came, in proto3 JSON.
    Json,
    /// Rows of figures.
    Csv,
}

/// A message as proto3 JSON, for people and programs.
pub(crate) fn json<M: prost::Message + prost::Name>(message: &M) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&proto::json::to_value(message)?)? + "\n")
}

/// Rows as CSV, under a header.
fn to_csv<R: IntoIterator<Item = String>>(
    header: impl IntoIterator<Item = String>,
    rows: impl IntoIterator<Item = R>,
) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(String::from_utf8(bytes)?)
}

/// How a column is set.
#[derive(Debug, Clone, Copy)]
enum Align {
    Left,
    Right,
}

/// A table with these columns, as text that ends its last line.
fn to_table<R: IntoIterator<Item = String>>(
    columns: &[(&str, Align)],
    rows: impl IntoIterator<Item = R>,
) -> String {
    let set = |text: String, align: Align| {
        Cell::new(text).set_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        })
    };
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table.set_header(
        columns
            .iter()
            .map(|&(name, align)| set(name.to_owned(), align)),
    );
    for row in rows {
        table.add_row(
            row.into_iter()
                .zip(columns)
                .map(|(text, &(_, align))| set(text, align)),
        );
    }
    table.trim_fmt() + "\n"
}

/// A plain decimal with its thousands set apart: 12,345.60.
pub(crate) fn grouped(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", decimal),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (digits, String::new()),
    };
    let mut grouped = String::from(sign);
    let len = whole.chars().count();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (len - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &fraction
}

fn count(number: u32) -> String {
    grouped(&number.to_string())
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| NONE.to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

fn days(days: Option<f64>) -> String {
    days.map_or_else(|| NONE.to_owned(), |days| grouped(&format!("{days:.1}")))
}

fn money(sum: Option<&Money>) -> String {
    sum.map_or_else(
        || NONE.to_owned(),
        |sum| format!("{} {}", grouped(&sum.amount), sum.currency_code),
    )
}

/// An instant to the second; a whole day as such.
fn instant_text(at: Option<&Timestamp>) -> Option<String> {
    let text = from_timestamp(at?)?.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    Some(
        text.strip_suffix("T00:00:00Z")
            .map(str::to_owned)
            .unwrap_or(text),
    )
}

/// From which part of history an answer was given, in a line.
fn answered_from(from: Option<&AnsweredFrom>) -> String {
    let Some(from) = from else {
        return String::new();
    };
    let at = instant_text(from.at.as_ref()).unwrap_or_else(|| NONE.to_owned());
    format!(
        "as of {at}, log position {}\n",
        grouped(&from.position.to_string())
    )
}

fn dimension(number: i32) -> &'static str {
    match Dimension::try_from(number) {
        Ok(Dimension::Rep) => "rep",
        Ok(Dimension::Team) => "team",
        Ok(Dimension::Source) => "source",
        Ok(Dimension::Product) => "product",
        Ok(Dimension::Region) => "region",
        Ok(Dimension::Industry) => "industry",
        Ok(Dimension::Kind) => "kind",
        Ok(Dimension::Unspecified) | Err(_) => "?",
    }
}

/// The name of a row for people.
fn label(key: &str, label: &str) -> String {
    match (key, label) {
        ("", "") => "(none)".to_owned(),
        (key, "") => key.to_owned(),
        (_, label) => label.to_owned(),
    }
}

/// A number for programs; empty if there is none.
fn raw(number: Option<f64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// An amount for programs; empty if there is none.
fn raw_amount(sum: Option<&Money>) -> String {
    sum.map(|sum| sum.amount.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proto::instant::to_timestamp;

    use super::*;
    use crate::instant;

    #[test]
    fn thousands_are_set_apart() {
        let cases = [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("1234567.50", "1,234,567.50"),
            ("-1000", "-1,000"),
            ("-100.00", "-100.00"),
        ];
        for (decimal, expected) in cases {
            assert_eq!(grouped(decimal), expected);
        }
    }

    #[test]
    fn figures_read_well_and_absent_ones_are_a_dash() {
        assert_eq!(percent(Some(0.6316)), "63.2 %");
        assert_eq!(percent(None), "–");
        assert_eq!(days(Some(47.86)), "47.9");
        let sum = Money {
            currency_code: "USD".to_owned(),
            amount: "1054.50".to_owned(),
        };
        assert_eq!(money(Some(&sum)), "1,054.50 USD");
        assert_eq!(money(None), "–");
        assert_eq!(raw(Some(0.5)), "0.5");
        assert_eq!(raw(None), "");
    }

    #[test]
    fn a_whole_day_is_told_as_a_day() {
        let text =
            |text: &str| instant_text(Some(&to_timestamp(instant::parse(text).unwrap()))).unwrap();
        assert_eq!(text("2017-12-31"), "2017-12-31");
        assert_eq!(text("2017-12-31T10:00:00Z"), "2017-12-31T10:00:00Z");
    }
}
