//! `modules.datetime`: dates, times and durations with Python's arithmetic and texts.

mod date;
mod datetime_;
mod delta;
mod format;
mod parse;
mod time;
mod zone;

use jiff::civil;

use super::super::value::{Value, dict, downcast, object};
pub(super) use date::Date;
pub(super) use datetime_::DateTime;
pub(super) use delta::TimeDelta;
pub(super) use zone::Zone;

/// `modules.datetime`.
pub(super) fn module() -> Value {
    dict([
        ("date", date::class()),
        ("datetime", datetime_::class()),
        ("time", time::class()),
        ("timedelta", delta::class()),
        ("timezone", zone::timezone_class()),
        ("tzinfo", zone::tzinfo_class()),
    ])
}

/// Makes a `date`.
pub fn date_value(date: civil::Date) -> Value {
    object(Date(date))
}

/// Makes a naive `time`.
pub fn time_value(time: civil::Time) -> Value {
    object(time::Time { wall: time, zone: None })
}

/// Makes a naive `datetime`.
pub fn datetime_value(wall: civil::DateTime) -> Value {
    object(DateTime { wall, zone: None })
}

/// Makes the `datetime` that a text in ISO form shows, as `fromisoformat` reads it; `None` for other texts.
pub fn iso_datetime_value(text: &str) -> Option<Value> {
    let (wall, zone) = parse::from_iso(text).ok()?;
    Some(object(DateTime::new(wall, zone)))
}

/// Returns the text of a `datetime` in ISO form; `None` for other values.
pub fn iso_text(value: &Value) -> Option<String> {
    downcast::<DateTime>(value)?.iso("T", "auto").ok()
}

/// Makes a `datetime` in UTC.
pub fn utc_datetime_value(at: jiff::Timestamp) -> Value {
    let wall = jiff::tz::TimeZone::UTC.to_datetime(at);
    object(DateTime { wall, zone: Some(Zone::Utc) })
}

/// Makes a `datetime` with a fixed offset from UTC, in seconds.
pub fn offset_datetime_value(wall: civil::DateTime, offset: i32) -> Value {
    let zone = if offset == 0 { Zone::Utc } else { Zone::Fixed(offset) };
    object(DateTime { wall, zone: Some(zone) })
}

/// Makes a `timedelta` of microseconds.
pub fn timedelta_value(micros: i128) -> Value {
    object(TimeDelta(micros))
}
