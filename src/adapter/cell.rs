//! One value of a query result, as dbt's users see it.
//!
//! Invariant: a cell has the type dbt's result table would give it. What that table has no type for (times,
//! intervals, bytes, nested values) is text already, in Python's spelling, because macros compare and print it.

use std::sync::Arc;

use jiff::Zoned;
use jiff::civil::{Date, DateTime};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// SQL's null.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond 64 bits, as its digits.
    BigInt(Arc<str>),
    /// An exact number in plain notation, with as many decimals as its type has (`1.500`).
    Decimal(Arc<str>),
    /// An inexact number.
    Float(f64),
    /// Text, and everything shown as text.
    Text(Arc<str>),
    /// A day.
    Date(Date),
    /// A day and a time without zone.
    Timestamp(DateTime),
    /// A point in time in the session's zone.
    TimestampTz(Box<Zoned>),
}

impl Cell {
    /// Makes a text cell.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Tells whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the text of a text cell.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a number as a whole number, when it is one that fits.
    ///
    /// Counts come back as integers, decimals or floats, depending on the engine and the expression.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::BigInt(digits) => digits.parse().ok(),
            Self::Decimal(digits) => {
                let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
                if rest.bytes().all(|b| b == b'0') { whole.parse().ok() } else { None }
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the range and the fraction are checked first"
            )]
            Self::Float(x) if x.fract() == 0.0 && x.abs() < 9.0e18 => Some(*x as i64),
            _ => None,
        }
    }

    /// Returns a boolean, also one that came back as 0 or 1.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            other => other.as_i64().map(|n| n != 0),
        }
    }
}

/// The type of a column as dbt's result table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellType {
    /// Whole numbers.
    Integer,
    /// Decimals and floats.
    Number,
    /// True or false.
    Boolean,
    /// Days.
    Date,
    /// Days with times, with or without zone.
    DateTime,
    /// Everything else.
    Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_any_number() {
        assert_eq!(Cell::Int(3).as_i64(), Some(3));
        assert_eq!(Cell::Decimal("3.00".into()).as_i64(), Some(3));
        assert_eq!(Cell::Decimal("3.01".into()).as_i64(), None);
        assert_eq!(Cell::Float(3.0).as_i64(), Some(3));
        assert_eq!(Cell::Float(0.5).as_i64(), None);
        assert_eq!(Cell::BigInt("12".into()).as_i64(), Some(12));
        assert_eq!(Cell::Int(1).as_bool(), Some(true));
        assert_eq!(Cell::Null.as_bool(), None);
    }
}
