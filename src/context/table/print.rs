//! Tables as text: agate's Markdown view, CSV and JSON.

use std::fmt::Write;

use super::data::{Table, decimal};
use crate::adapter::{Cell, CellType, datetime_str, decimal_str, offset_str};
use crate::python::float_repr;

/// How much of a table is shown.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many rows.
    pub rows: Option<usize>,
    /// How many columns.
    pub columns: Option<usize>,
    /// How many characters of a value.
    pub width: Option<usize>,
    /// How many decimals of a number.
    pub precision: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: Some(20), columns: Some(6), width: Some(20), precision: Some(3) }
    }
}

/// Returns Python's `str` of the value a cell stands for.
pub fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "None".to_owned(),
        Cell::Bool(true) => "True".to_owned(),
        Cell::Bool(false) => "False".to_owned(),
        Cell::Int(n) => n.to_string(),
        Cell::BigInt(text) | Cell::Text(text) => text.to_string(),
        Cell::Decimal(text) => decimal_str(text),
        Cell::Float(x) => decimal_str(&float_repr(*x)),
        Cell::Date(date) => date.to_string(),
        Cell::Timestamp(at) => datetime_str(*at, ' '),
        Cell::TimestampTz(at) => {
            format!("{}{}", datetime_str(at.datetime(), ' '), offset_str(at.offset().seconds()))
        }
    }
}

/// Returns the name of a column type as agate prints it.
pub fn type_name(ty: CellType) -> &'static str {
    match ty {
        CellType::Integer => "Integer",
        CellType::Number => "Number",
        CellType::Boolean => "Boolean",
        CellType::Date => "Date",
        CellType::DateTime => "DateTime",
        CellType::Text => "Text",
    }
}

impl Table {
    /// Returns the table in Markdown, as `print_table` shows it.
    pub fn markdown(&self, limits: Limits) -> String {
        let columns = limits.columns.unwrap_or(usize::MAX).min(self.names.len());
        let rows = self.rows();
        let shown = &rows[..limits.rows.unwrap_or(usize::MAX).min(rows.len())];
        let cut_columns = columns < self.names.len();
        let mut lines: Vec<Vec<String>> = Vec::new();
        let mut header: Vec<String> =
            self.names[..columns].iter().map(|n| shortened(n, limits.width)).collect();
        header.extend(cut_columns.then(|| "...".to_owned()));
        let formats: Vec<Option<(usize, bool)>> =
            (0..columns).map(|i| self.decimals_shown(i, shown.len(), limits)).collect();
        lines.push(header);
        for row in shown {
            let cell = |i: usize| shortened(&formatted(&row[i], formats[i]), limits.width);
            let mut line: Vec<String> = (0..columns).map(cell).collect();
            line.extend(cut_columns.then(|| "...".to_owned()));
            lines.push(line);
        }
        let cut_rows = (shown.len() < rows.len()).then(|| vec!["...".to_owned(); lines[0].len()]);
        let mut widths = vec![0; lines[0].len()];
        for line in &lines {
            for (width, text) in widths.iter_mut().zip(line) {
                *width = text.chars().count().max(*width);
            }
        }
        lines.extend(cut_rows);
        self.laid_out(&lines, &widths)
    }

    fn laid_out(&self, lines: &[Vec<String>], widths: &[usize]) -> String {
        let mut out = String::new();
        for (n, line) in lines.iter().enumerate() {
            let cells = line.iter().zip(widths).enumerate().map(|(i, (text, width))| {
                if self.types.get(i).is_none_or(|ty| *ty == CellType::Text) {
                    format!(" {text:<width$} ")
                } else {
                    format!(" {text:>width$} ")
                }
            });
            // Writing to a string cannot fail.
            let _ = writeln!(out, "|{}|", cells.collect::<Vec<_>>().join("|"));
            if n == 0 {
                let rule: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
                let _ = writeln!(out, "| {} |", rule.join(" | "));
            }
        }
        out
    }

    /// How many decimals a number column shows, and whether some are cut; `None` for other columns.
    fn decimals_shown(&self, column: usize, rows: usize, limits: Limits) -> Option<(usize, bool)> {
        if self.types[column] != CellType::Number {
            return None;
        }
        let rows = &self.rows()[..rows];
        let most =
            rows.iter().filter_map(|row| decimal(&row[column])).map(|d| d.decimals()).max().unwrap_or(0);
        let limit = limits.precision.unwrap_or(usize::MAX);
        Some((most.min(limit), most > limit))
    }

    /// Returns the names and types of the columns in Markdown: what printing a table gives.
    pub fn structure(&self) -> String {
        let row = |(name, ty): (&std::sync::Arc<str>, &CellType)| -> super::Row {
            [Cell::Text(name.clone()), Cell::text(type_name(*ty))].into()
        };
        let rows = self.names.iter().zip(self.types.iter()).map(row).collect();
        let table =
            Table::new(["column".into(), "data_type".into()].into(), [CellType::Text; 2].into(), rows);
        table.markdown(Limits { rows: None, width: None, ..Limits::default() })
    }

    /// Returns the table as CSV with a header.
    pub fn csv(&self) -> String {
        let mut out = self.names.iter().map(|n| csv_field(n)).collect::<Vec<_>>().join(",");
        out.push('\n');
        for row in self.rows().iter() {
            let fields = row.iter().map(|cell| match cell {
                Cell::Null => String::new(),
                Cell::Timestamp(at) => datetime_str(*at, 'T'),
                Cell::TimestampTz(at) => {
                    format!("{}{}", datetime_str(at.datetime(), 'T'), offset_str(at.offset().seconds()))
                }
                other => csv_field(&cell_text(other)),
            });
            out.push_str(&fields.collect::<Vec<_>>().join(","));
            out.push('\n');
        }
        out
    }
}

fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn shortened(text: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if text.chars().count() > width => {
            let kept: String = text.chars().take(width.saturating_sub(3)).collect();
            kept + "..."
        }
        _ => text.to_owned(),
    }
}

/// Numbers get group separators and the column's decimals; an ellipsis says that there are more.
fn formatted(cell: &Cell, decimals: Option<(usize, bool)>) -> String {
    let number = decimals.and_then(|format| Some((format, decimal(cell)?)));
    match (cell, number) {
        (Cell::Null, _) => String::new(),
        (_, Some(((places, more), number))) if !number.is_nan() && !number.is_infinite() => {
            let text = number.fixed(places, true);
            if more { text + "…" } else { text }
        }
        _ => cell_text(cell),
    }
}
