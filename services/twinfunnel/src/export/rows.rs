//! The rows of a file, as text; what a cell means is not decided here.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::NaiveDate;
use serde::de::DeserializeOwned;

use crate::submit::Origin;

/// One file of the export.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What it is called when a row of it is told of.
    pub(crate) label: Arc<str>,
    /// All of it.
    pub(crate) text: String,
}

impl Source {
    /// Reads a file of a folder.
    pub(crate) fn of_folder(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path);
        Ok(Self {
            label: path.display().to_string().into(),
            text: text.with_context(|| path.display().to_string())?,
        })
    }

    /// A file that comes with the program.
    pub(crate) fn embedded(label: &str, text: &str) -> Self {
        Self {
            label: label.into(),
            text: text.to_owned(),
        }
    }
}

/// A row, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Row<T> {
    /// Where it stands.
    pub(crate) origin: Origin,
    /// Its cells.
    pub(crate) cells: T,
}

/// A row that is no row of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRow {
    /// Where it stands.
    pub(crate) origin: Origin,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// Reads the rows of a file that has these columns. An error means that it is not of this kind.
pub(crate) fn rows<T: DeserializeOwned>(
    source: &Source,
    columns: &[&str],
    bad_rows: &mut Vec<BadRow>,
) -> anyhow::Result<Vec<Row<T>>> {
    // A spreadsheet marks its UTF-8; the mark is no part of the first column's name.
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .with_context(|| source.label.to_string())?
        .clone();
    for column in columns {
        let known = header.iter().any(|name| name == *column);
        anyhow::ensure!(known, "{} has no column {column}", source.label);
    }
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        // Of a record that cannot be read the reader says where it began.
        let before = reader.position().line();
        let read = reader.read_record(&mut record);
        let line = match &read {
            Ok(_) => record.position().map_or(before, csv::Position::line),
            Err(error) => error.position().map_or(before, csv::Position::line),
        };
        let origin = Origin {
            label: Arc::clone(&source.label),
            line,
        };
        match read.and_then(|more| more.then(|| record.deserialize(Some(&header))).transpose()) {
            Ok(None) => return Ok(rows),
            Ok(Some(cells)) => rows.push(Row { origin, cells }),
            Err(error) => bad_rows.push(BadRow {
                origin,
                reason: reason(&error),
            }),
        }
    }
}

/// Why a record cannot be read, without where: that is told anyway.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("has {len} cells instead of {expected_len}")
        }
        _ => error.to_string(),
    }
}

/// The day in a cell; none if it is empty.
pub(crate) fn day(column: &str, text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    day.map(Some)
        .map_err(|_| format!("{column} {text:?} is no day such as 2017-12-31"))
}

/// A sum as a plain decimal of at most two places, not negative.
pub(crate) fn amount(text: &str) -> Result<String, String> {
    if text.starts_with('-') {
        return Err(format!("{text:?} is negative"));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_digits(whole) && is_digits(fraction) && fraction.len() <= 2 {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no sum such as 1054.50"))
}
