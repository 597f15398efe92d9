//! Rows as the lines that `copy .. from stdin` reads: values separated by tabs, in the text form of their types.
//!
//! Input: cells. Invariant: what arrives is what a literal of the cell would be (`literal`), and each row is one line, so
//! that the line the server names is the row. Called by `wire`.

use std::io::Write as _;

use crate::adapter::Cell;

/// Appends a row.
pub(super) fn push_row(out: &mut Vec<u8>, row: &[Cell]) {
    for (place, cell) in row.iter().enumerate() {
        if place > 0 {
            out.push(b'\t');
        }
        push(out, cell);
    }
    out.push(b'\n');
}

fn push(out: &mut Vec<u8>, cell: &Cell) {
    // Writing to memory cannot fail.
    let _ = match cell {
        Cell::Null => write!(out, "\\N"),
        Cell::Bool(flag) => write!(out, "{flag}"),
        Cell::Int(number) => write!(out, "{number}"),
        Cell::BigInt(digits) | Cell::Decimal(digits) => write!(out, "{digits}"),
        Cell::Float(number) => write!(out, "{number}"),
        Cell::Date(day) => write!(out, "{day}"),
        Cell::Timestamp(at) => write!(out, "{at}"),
        Cell::TimestampTz(at) => write!(out, "{}", at.timestamp()),
        Cell::Text(text) => {
            push_escaped(out, text);
            Ok(())
        }
    };
}

/// Appends text with what would end a value or a line behind a backslash.
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(match rest[at] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_whatever_it_holds() {
        let row = [
            Cell::Null,
            Cell::text("a\tb\nc\\N"),
            Cell::text(""),
            Cell::Decimal("1.50".into()),
            Cell::Bool(true),
        ];
        let mut out = Vec::new();
        push_row(&mut out, &row);
        assert_eq!(String::from_utf8(out).unwrap(), "\\N\ta\\tb\\nc\\\\N\t\t1.50\ttrue\n");
    }
}
