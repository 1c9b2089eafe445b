//! The rows: a figure, and how it stands to another of the same run.

use comfy_table::{CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde::Serialize;

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: String,
    /// Name of the row it is held against.
    reference: Option<String>,
    /// value / the reference's value.
    ratio: Option<f64>,
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str, reference: Option<&str>) {
        let against = reference.and_then(|r| self.0.iter().find(|row| row.name == r));
        let ratio = against
            .filter(|row| row.value > 0.0)
            .map(|row| value / row.value);
        self.0.push(Row {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            reference: reference.map(str::to_owned),
            ratio,
        });
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.0
    }

    pub(crate) fn print(&self) {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        table.set_header(["what", "value", "unit", "reference", "ratio"]);
        for row in &self.0 {
            let value = if row.value >= 1_000.0 {
                grouped(row.value)
            } else {
                format!("{:.2}", row.value)
            };
            let ratio = row
                .ratio
                .map(|ratio| format!("{ratio:.2}"))
                .unwrap_or_default();
            let reference = row.reference.clone().unwrap_or_default();
            table.add_row([row.name.clone(), value, row.unit.clone(), reference, ratio]);
        }
        for column in [1, 4] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("{table}");
    }
}

/// Thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
