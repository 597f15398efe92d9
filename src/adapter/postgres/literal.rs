//! Values as SQL text, for statements with placeholders: dbt's driver fills `%s` in before it sends a statement.

use std::fmt::Write as _;

use crate::adapter::{Cell, DbError, DbErrorKind};

/// Puts values in the place of `%s`; `%%` becomes `%`. Without values the text stays as it is.
///
/// Errors when the text has another number of places than there are values.
pub(super) fn fill(sql: &str, values: &[Cell]) -> Result<String, DbError> {
    if values.is_empty() {
        return Ok(sql.to_owned());
    }
    let mut out = String::with_capacity(sql.len() + values.len() * 8);
    let mut left = values.iter();
    let mut rest = sql;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        match rest.as_bytes().get(at + 1) {
            Some(b's') => match left.next() {
                Some(value) => push(&mut out, value),
                None => return Err(mismatch(sql, values.len())),
            },
            Some(b'%') => out.push('%'),
            _ => return Err(mismatch(sql, values.len())),
        }
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    if left.next().is_some() { Err(mismatch(sql, values.len())) } else { Ok(out) }
}

fn mismatch(sql: &str, values: usize) -> DbError {
    let places = sql.matches("%s").count();
    let message = format!("the statement has {places} placeholders for {values} values");
    DbError::new(DbErrorKind::Statement, message)
        .help("write `%s` for each value, and `%%` for a percent sign")
}

fn push(out: &mut String, value: &Cell) {
    // Writing to a string cannot fail.
    let _ = match value {
        Cell::Null => write!(out, "NULL"),
        Cell::Bool(flag) => write!(out, "{flag}"),
        Cell::Int(number) => write!(out, "{number}"),
        Cell::BigInt(digits) | Cell::Decimal(digits) => write!(out, "{digits}"),
        Cell::Float(number) if number.is_finite() => write!(out, "{number}"),
        Cell::Float(number) => write!(out, "'{number}'::float8"),
        Cell::Text(text) => write!(out, "{}", quoted(text)),
        Cell::Date(day) => write!(out, "'{day}'::date"),
        Cell::Timestamp(at) => write!(out, "'{at}'::timestamp"),
        Cell::TimestampTz(at) => write!(out, "'{}'::timestamptz", at.timestamp()),
    };
}

fn quoted(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    // With `standard_conforming_strings` off a plain literal would read backslashes as escapes.
    if text.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_order() {
        let values =
            [Cell::Int(1), Cell::text("it's"), Cell::Null, Cell::text("a\\b"), Cell::Decimal("1.50".into())];
        let sql = fill("values (%s, %s, %s, %s, %s) -- 5%%", &values).unwrap();
        assert_eq!(sql, "values (1, 'it''s', NULL,  E'a\\\\b', 1.50) -- 5%");
        assert_eq!(fill("select '%s %'", &[]).unwrap(), "select '%s %'");
    }

    #[test]
    fn the_count_must_fit() {
        assert!(fill("values (%s)", &[Cell::Int(1), Cell::Int(2)]).is_err());
        assert!(fill("values (%s, %s)", &[Cell::Int(1)]).is_err());
        assert!(fill("values (%d)", &[Cell::Int(1)]).is_err());
        assert!(fill("values (%", &[Cell::Int(1)]).is_err());
    }
}
