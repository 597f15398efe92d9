//! One value that is no array, from the server's text.
//!
//! Input: a value's text and its [`Form`]. Output: the [`Cell`] that dbt's driver and result table make of it. Called by
//! `types` and `array`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::json;
use crate::adapter::Cell;
use crate::adapter::python_text::{bytes_repr, datetime_str, offset_str, time_str, timedelta_str};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bool,
    Bytes,
    Int,
    Float,
    Decimal,
    Text,
    Json,
    Date,
    Time,
    TimeTz,
    DateTime,
    DateTimeTz,
    Interval,
    /// With the form of its bounds.
    Range(&'static Form),
}

/// Python's last day; `infinity` becomes it.
const LAST_DAY: Date = Date::constant(9999, 12, 31);

/// Reads a value that is no array; `None` when the form does not fit.
pub(super) fn scalar(text: &str, form: Form) -> Option<Cell> {
    Some(match form {
        Form::Bool => Cell::Bool(text == "t"),
        Form::Int => text.parse().map_or_else(|_| Cell::BigInt(text.into()), Cell::Int),
        Form::Float => Cell::Float(float(text)?),
        Form::Decimal if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) => {
            Cell::Decimal(text.into())
        }
        Form::Decimal => Cell::Float(float(text)?),
        Form::Text => Cell::text(text),
        Form::Bytes => Cell::text(bytes_repr(&bytes(text)?)),
        Form::Json => json::cell(text)?,
        Form::Date => Cell::Date(date(text)?),
        Form::Time => Cell::text(time_str(time(text)?)),
        Form::TimeTz => {
            let (time_part, offset) = text.split_at(text.rfind(['+', '-'])?);
            Cell::text(format!("{}{}", time_str(time(time_part)?), offset_str(offset_seconds(offset)?)))
        }
        Form::DateTime => Cell::Timestamp(date_time(text)?),
        Form::DateTimeTz => {
            let (at, offset) = match text.rfind(['+', '-']).filter(|at| *at > 10) {
                Some(at) => text.split_at(at),
                // Without a zone: the ends of time.
                None => (text, "+00"),
            };
            let (at, seconds) = (date_time(at)?, offset_seconds(offset)?);
            match at.to_zoned(TimeZone::fixed(Offset::from_seconds(seconds).ok()?)) {
                Ok(moment) => Cell::TimestampTz(Box::new(moment)),
                // The last two days of Python's calendar.
                Err(_) => Cell::text(datetime_str(at, ' ') + &offset_str(seconds)),
            }
        }
        Form::Range(bound) => Cell::text(range(text, *bound)?),
        Form::Interval => Cell::text(timedelta_str(interval(text)?)),
    })
}

fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        other => other.parse().ok(),
    }
}

/// The ends of time are Python's, as in dbt's driver.
fn date(text: &str) -> Option<Date> {
    match text {
        "infinity" => Some(LAST_DAY),
        "-infinity" => Some(Date::constant(1, 1, 1)),
        other => other.parse().ok().filter(|day: &Date| day.year() > 0),
    }
}

fn date_time(text: &str) -> Option<DateTime> {
    match (date(text), text.split_once(' ')) {
        (Some(LAST_DAY), None) => Some(LAST_DAY.at(23, 59, 59, 999_999_000)),
        (Some(day), None) => Some(day.at(0, 0, 0, 0)),
        (_, Some((day, rest))) => Some(date(day)?.to_datetime(time(rest)?)),
        (None, None) => None,
    }
}

/// Python's clock has no 24 o'clock.
fn time(text: &str) -> Option<Time> {
    if text.starts_with("24:00:00") { Some(Time::midnight()) } else { text.parse().ok() }
}

/// Reads `[1,5)`, whose bounds may be missing, and writes it as the driver's type does: `[1, 5)`, `[None, 5)`.
fn range(text: &str, form: Form) -> Option<String> {
    if text == "empty" {
        return Some(text.to_owned());
    }
    let (open, rest) = text.split_at_checked(1)?;
    let (inner, close) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let (low, high) = inner.split_once(',')?;
    let bound = |text: &str| match text.trim_matches('"') {
        "" => Some("None".to_owned()),
        text => Some(match scalar(text, form)? {
            Cell::Int(number) => number.to_string(),
            Cell::Decimal(digits) | Cell::BigInt(digits) | Cell::Text(digits) => digits.to_string(),
            Cell::Date(day) => day.to_string(),
            Cell::Timestamp(at) => datetime_str(at, ' '),
            Cell::TimestampTz(at) => {
                format!("{}{}", datetime_str(at.datetime(), ' '), offset_str(at.offset().seconds()))
            }
            Cell::Null | Cell::Bool(_) | Cell::Float(_) => text.to_owned(),
        }),
    };
    Some(format!("{open}{}, {}{close}", bound(low)?, bound(high)?))
}

/// Reads `+02`, `-03:30`, `+01:02:03`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) =
        if let Some(rest) = text.strip_prefix('-') { (-1, rest) } else { (1, text.strip_prefix('+')?) };
    let mut seconds = 0;
    for (part, unit) in rest.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i32>().ok()? * unit;
    }
    Some(sign * seconds)
}

/// Reads an interval (`IntervalStyle` is `postgres`) as microseconds; a month counts 30 days and a year 365, as in
/// dbt's driver.
fn interval(text: &str) -> Option<i128> {
    const DAY: i128 = 86_400_000_000;
    let mut total = 0;
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        if let Some(micros) = clock(word) {
            total += micros;
            continue;
        }
        let number: i128 = word.parse().ok()?;
        let days = match words.next()?.trim_end_matches('s') {
            "year" => 365,
            "mon" => 30,
            "day" => 1,
            _ => return None,
        };
        total += number * days * DAY;
    }
    Some(total)
}

/// Reads `-03:04:05.6` as microseconds.
fn clock(text: &str) -> Option<i128> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let [hours, minutes, seconds] = <[&str; 3]>::try_from(rest.split(':').collect::<Vec<_>>()).ok()?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole = (hours.parse::<i128>().ok()? * 60 + minutes.parse::<i128>().ok()?) * 60
        + seconds.parse::<i128>().ok()?;
    let micros: i128 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(sign * (whole * 1_000_000 + micros))
}

/// Reads `\x6162`.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?;
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}
