//! What a DuckDB value becomes in a result: a [`Cell`], or JSON text when it is nested.
//!
//! Input: [`Datum`]s. Output: what dbt's users see through DuckDB's Python client and dbt's result table. Invariant: days
//! outside Python's years 1 to 9999 are DuckDB's text.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::datum::Datum;
use crate::adapter::Cell;
use crate::adapter::python_text::{bytes_repr, datetime_str, offset_str, time_str, timedelta_str};
use crate::python::{float_repr, json_float, push_json_text};

const DAY: i64 = 86_400_000_000;

/// Makes the cell of a value.
pub(super) fn cell(value: Datum) -> Cell {
    match value {
        Datum::Null => Cell::Null,
        Datum::Bool(b) => Cell::Bool(b),
        Datum::Int(n) => i64::try_from(n).map_or_else(|_| Cell::BigInt(n.to_string().into()), Cell::Int),
        Datum::Huge(n) => Cell::BigInt(n.to_string().into()),
        Datum::Decimal { digits, scale } => Cell::Decimal(decimal_text(digits, scale).into()),
        Datum::Float(x) => Cell::Float(x),
        Datum::Date(days) => date(days).map_or_else(|| Cell::text(date_text(i64::from(days))), Cell::Date),
        Datum::Timestamp(micros) => {
            datetime(micros).map_or_else(|| Cell::text(timestamp_text(micros)), Cell::Timestamp)
        }
        Datum::TimestampTz(micros, zone) => zoned(micros, zone),
        Datum::Text(text) => Cell::text(text),
        Datum::Bytes(bytes) => Cell::text(bytes_repr(&bytes)),
        Datum::Time(micros) => Cell::text(time_text(micros)),
        Datum::Interval(months, days, micros) => Cell::text(interval_text(months, days, micros)),
        Datum::List(_) | Datum::Fields(_) => {
            let mut out = String::new();
            push_json(&mut out, &value);
            Cell::text(out)
        }
    }
}

/// Writes an exact number without exponent, with all decimals of its type.
fn decimal_text(digits: i128, scale: u8) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, rest) = text.split_at(text.len() - usize::from(scale));
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// DuckDB's infinities are Python's extreme days.
fn date(days: i32) -> Option<Date> {
    match days {
        i32::MAX => Some(Date::constant(9999, 12, 31)),
        _ if days == -i32::MAX => Some(Date::constant(1, 1, 1)),
        _ => {
            let (year, month, day) = civil(i64::from(days));
            if !(1..=9999).contains(&year) {
                return None;
            }
            Date::new(i16::try_from(year).ok()?, month, day).ok()
        }
    }
}

fn datetime(micros: i64) -> Option<DateTime> {
    if micros == i64::MAX {
        return Some(DateTime::constant(9999, 12, 31, 23, 59, 59, 999_999_000));
    }
    if micros == -i64::MAX {
        return Some(DateTime::constant(1, 1, 1, 0, 0, 0, 0));
    }
    let day = date(i32::try_from(micros.div_euclid(DAY)).ok()?)?;
    Some(day.to_datetime(time(micros.rem_euclid(DAY))?))
}

fn time(micros: i64) -> Option<Time> {
    let seconds = micros / 1_000_000;
    let part = |n: i64| i8::try_from(n).ok();
    let nanos = i32::try_from(micros % 1_000_000 * 1000).ok()?;
    Time::new(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?, nanos).ok()
}

fn zoned(micros: i64, zone: TimeZone) -> Cell {
    if micros == i64::MAX || micros == -i64::MAX {
        return cell(Datum::Timestamp(micros));
    }
    match Timestamp::from_microsecond(micros) {
        Ok(at) if datetime(micros).is_some() => Cell::TimestampTz(Box::new(at.to_zoned(zone))),
        _ => Cell::text(format!("{}+00", timestamp_text(micros))),
    }
}

/// Midnight may be written as the end of the day; Python has no such time, so the client gives text.
fn time_text(micros: i64) -> String {
    time(micros).map_or_else(|| "24:00:00".to_owned(), time_str)
}

/// The Python client turns months into 30 days.
fn interval_text(months: i32, days: i32, micros: i64) -> String {
    let days = i128::from(months) * 30 + i128::from(days);
    timedelta_str(days * i128::from(DAY) + i128::from(micros))
}

/// Returns year, month and day of a day number (the civil calendar, extended both ways).
fn civil(days: i64) -> (i64, i8, i8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, i8::try_from(month).unwrap_or(1), i8::try_from(day).unwrap_or(1))
}

fn date_text(days: i64) -> String {
    let (year, month, day) = civil(days);
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{:04}-{month:02}-{day:02} (BC)", 1 - year)
    }
}

fn timestamp_text(micros: i64) -> String {
    let day = date_text(micros.div_euclid(DAY));
    let time = time_text(micros.rem_euclid(DAY));
    match day.strip_suffix(" (BC)") {
        Some(day) => format!("{day} (BC) {time}"),
        None => format!("{day} {time}"),
    }
}

/// Appends Python's `json.dumps` of a value, with dbt's rules for what JSON has no type for.
fn push_json(out: &mut String, value: &Datum) {
    match value {
        Datum::Null => out.push_str("null"),
        Datum::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Datum::Int(n) => out.push_str(&n.to_string()),
        Datum::Huge(n) => out.push_str(&n.to_string()),
        Datum::Decimal { digits, scale } => {
            // dbt gives up exactness here.
            out.push_str(&json_float(decimal_text(*digits, *scale).parse().unwrap_or(f64::NAN)));
        }
        Datum::Float(x) => out.push_str(&json_float(*x)),
        Datum::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                push_json(out, item);
            }
            out.push(']');
        }
        Datum::Fields(fields) => {
            out.push('{');
            for (i, (key, item)) in fields.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                push_json_text(out, &text(key));
                out.push_str(": ");
                push_json(out, item);
            }
            out.push('}');
        }
        other => push_json_text(out, &text(other)),
    }
}

/// Returns a value as the text inside a JSON string: ISO form for days and times.
fn text(value: &Datum) -> String {
    match value {
        Datum::Text(text) => text.clone(),
        Datum::Float(x) => float_repr(*x),
        Datum::Decimal { digits, scale } => decimal_text(*digits, *scale),
        Datum::Bytes(bytes) => bytes_repr(bytes),
        Datum::Time(micros) => time_text(*micros),
        Datum::Interval(months, days, micros) => interval_text(*months, *days, *micros),
        Datum::Date(days) => date(*days).map_or_else(|| date_text(i64::from(*days)), |d| d.to_string()),
        Datum::Timestamp(micros) => {
            datetime(*micros).map_or_else(|| timestamp_text(*micros), |at| datetime_str(at, 'T'))
        }
        Datum::TimestampTz(micros, zone) => match zoned(*micros, zone.clone()) {
            Cell::TimestampTz(at) => {
                format!("{}{}", datetime_str(at.datetime(), 'T'), offset_str(at.offset().seconds()))
            }
            Cell::Text(text) => text.to_string(),
            _ => timestamp_text(*micros),
        },
        Datum::Null | Datum::Bool(_) | Datum::Int(_) | Datum::Huge(_) | Datum::List(_) | Datum::Fields(_) => {
            let mut out = String::new();
            push_json(&mut out, value);
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_scale() {
        for (digits, scale, want) in
            [(1500, 3, "1.500"), (-5, 2, "-0.05"), (0, 2, "0.00"), (7, 0, "7"), (10, 10, "0.0000000010")]
        {
            assert_eq!(decimal_text(digits, scale), want);
        }
    }

    #[test]
    fn days_outside_python_are_text() {
        assert_eq!(cell(Datum::Date(0)), Cell::Date(Date::constant(1970, 1, 1)));
        assert_eq!(cell(Datum::Date(-735_160)), Cell::text("0044-03-15 (BC)"));
        assert_eq!(cell(Datum::Date(i32::MAX)), Cell::Date(Date::constant(9999, 12, 31)));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(-1), (1969, 12, 31));
    }
}
