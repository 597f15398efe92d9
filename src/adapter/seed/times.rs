//! Days and times in seeds: the three forms dbt knows.
//!
//! Input: a trimmed text that is no null word. Output: a day, or a day and time with the offset that was given. Facts:
//! `strptime` with `%Y-%m-%d` and `%Y-%m-%d %H:%M:%S`, and `isodate.parse_datetime`.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan};

/// Reads `2024-01-31`; month and day may have one digit.
pub(super) fn date(text: &str) -> Option<Date> {
    let (date, rest) = leading_date(text)?;
    rest.is_empty().then_some(date)
}

/// Reads `2024-01-31 12:30:00`, with any blanks between.
pub(super) fn datetime(text: &str) -> Option<DateTime> {
    let (date, rest) = leading_date(text)?;
    let time = rest.trim_start();
    if time.len() == rest.len() {
        return None;
    }
    let mut parts = time.split(':').map(|part| short_number(part, 0, 59));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    Some(date.to_datetime(Time::new(hour, minute, second, 0).ok()?))
}

fn leading_date(text: &str) -> Option<(Date, &str)> {
    let year = text.get(..4).filter(|y| digits(y))?;
    let rest = text[4..].strip_prefix('-')?;
    let (month, rest) = rest.split_once('-')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at(end);
    Some((new_date(year.parse().ok()?, short_number(month, 1, 12)?, short_number(day, 1, 31)?)?, rest))
}

/// One or two digits within bounds.
fn short_number(text: &str, min: i8, max: i8) -> Option<i8> {
    let number =
        if (1..=2).contains(&text.len()) && digits(text) { text.parse().ok()? } else { return None };
    (min..=max).contains(&number).then_some(number)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Python knows the years 1 to 9999.
fn new_date(year: i16, month: i8, day: i8) -> Option<Date> {
    if (1..=9999).contains(&year) { Date::new(year, month, day).ok() } else { None }
}

/// A day, a time, and the seconds east of UTC when an offset was given.
pub(super) type Iso = (DateTime, Option<i32>);

/// Reads an ISO 8601 date and time around one `T`, in any of the standard's forms.
pub(super) fn iso(text: &str) -> Option<Iso> {
    let (date, time) = text.split_once('T')?;
    if time.contains('T') {
        return None;
    }
    let (time, offset) = iso_time(time)?;
    Some((iso_date(date)?.to_datetime(time), offset))
}

fn iso_date(text: &str) -> Option<Date> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|s| s.parse::<i16>().ok());
    let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
    // Month 00 counts as none.
    let month = |range| small(range).map(|m: i8| m.max(if m == 0 { 1 } else { m }));
    match shape.as_str() {
        "dddd-dd-dd" => new_date(number(0..4)?, month(5..7)?, small(8..10)?),
        "dddddddd" => new_date(number(0..4)?, month(4..6)?, small(6..8)?),
        "dddd-Wdd-d" => week(number(0..4)?, number(6..8)?, number(9..10)?),
        "ddddWddd" => week(number(0..4)?, number(5..7)?, number(7..8)?),
        "dddd-ddd" => later(new_date(number(0..4)?, 1, 1)?, (i32::from(number(5..8)?) - 1).days()),
        "ddddddd" => later(new_date(number(0..4)?, 1, 1)?, (i32::from(number(4..7)?) - 1).days()),
        "dddd-Wdd" => week(number(0..4)?, number(6..8)?, 1),
        "ddddWdd" => week(number(0..4)?, number(5..7)?, 1),
        "dddd-dd" => new_date(number(0..4)?, month(5..7)?, 1),
        "dddddd" => new_date(number(0..4)?, month(4..6)?, 1),
        "dddd" => new_date(number(0..4)?, 1, 1),
        "dd" => new_date(number(0..2)? * 100 + 1, 1, 1),
        _ => None,
    }
}

fn later(from: Date, by: Span) -> Option<Date> {
    from.checked_add(by).ok().filter(|date| (1..=9999).contains(&date.year()))
}

/// A day of a week, counted as `isodate` counts: weeks of the year in which January 1st is in week 1 begin at 1.
fn week(year: i16, week: i16, day: i16) -> Option<Date> {
    let first = new_date(year, 1, 1)?;
    let iso = first.iso_week_date();
    let weeks = i32::from(week) - i32::from(iso.week() == 1);
    let day = if day == 0 { 1 } else { i32::from(day) };
    later(first, (weeks * 7 + day - i32::from(iso.weekday().to_monday_one_offset())).days())
}

fn iso_time(text: &str) -> Option<(Time, Option<i32>)> {
    let (clock, offset) = split_offset(text)?;
    let (whole, fraction) = match clock.split_once(['.', ',']) {
        Some((whole, fraction)) if !fraction.is_empty() && digits(fraction) => (whole, fraction),
        Some(_) => return None,
        None => (clock, ""),
    };
    let shape: String = whole.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    let number = |range: std::ops::Range<usize>| whole.get(range).and_then(|s| s.parse::<i64>().ok());
    // The last number carries the fraction; `unit` is its length in microseconds.
    let (hour, minute, second, unit) = match shape.as_str() {
        "dd:dd:dd" => (number(0..2)?, number(3..5)?, number(6..8)?, 1_000_000),
        "dddddd" => (number(0..2)?, number(2..4)?, number(4..6)?, 1_000_000),
        "dd:dd" => (number(0..2)?, number(3..5)?, 0, 60_000_000),
        "dddd" => (number(0..2)?, number(2..4)?, 0, 60_000_000),
        "dd" => (number(0..2)?, 0, 0, 3_600_000_000),
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction_of(fraction, unit);
    let part = |n: i64| i8::try_from(n).ok();
    let nanos = i32::try_from(micros % 1_000_000 * 1000).ok()?;
    let seconds = micros / 1_000_000;
    Time::new(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?, nanos)
        .ok()
        .map(|t| (t, offset))
}

/// Returns `0.<fraction>` of a unit, cut to whole microseconds.
fn fraction_of(fraction: &str, unit: i64) -> i64 {
    let digits = &fraction[..fraction.len().min(18)];
    let number: i128 = digits.parse().unwrap_or(0);
    let scale = 10i128.pow(u32::try_from(digits.len()).unwrap_or(0));
    i64::try_from(number * i128::from(unit) / scale).unwrap_or(0)
}

/// Cuts `Z`, `+hh`, `+hhmm` or `+hh:mm` off the end.
fn split_offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, None)) };
    let (clock, offset) = text.split_at(at);
    if !offset.is_ascii() {
        return None;
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = match &offset.as_bytes()[1..] {
        [_, _] => (&offset[1..3], "0"),
        [_, _, b':', _, _] => (&offset[1..3], &offset[4..6]),
        [_, _, _, _] => (&offset[1..3], &offset[3..5]),
        _ => return None,
    };
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    Some((clock, Some(sign * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_as_strptime_reads_them() {
        for text in ["2024-01-31", "2024-1-5", "0001-01-01"] {
            assert!(date(text).is_some(), "{text}");
        }
        for text in [
            "24-01-31",
            "2024-13-01",
            "2024-02-30",
            "2024-01-32",
            "0000-01-01",
            "2024/01/01",
            "2024-01",
            "é024-01-01",
        ] {
            assert!(date(text).is_none(), "{text}");
        }
        for text in ["2024-01-31 1:2:3", "2024-01-31   23:59:59"] {
            assert!(datetime(text).is_some(), "{text}");
        }
        for text in [
            "2024-01-31",
            "2024-01-31 24:00:00",
            "2024-01-31 10:00",
            "2024-01-31 10:00:60",
            "2024-01-31T10:00:00",
        ] {
            assert!(datetime(text).is_none(), "{text}");
        }
    }

    #[test]
    fn iso_forms() {
        for (text, want, offset) in [
            ("2024-01-31T10:20:30", "2024-01-31T10:20:30", None),
            ("2024-01-31T10:20:30.123456789Z", "2024-01-31T10:20:30.123456", Some(0)),
            ("20240131T102030+0530", "2024-01-31T10:20:30", Some(19_800)),
            ("2024-W05-3T10", "2024-01-31T10:00:00", None),
            ("2024-031T10:30,5-01:00", "2024-01-31T10:30:30", Some(-3600)),
            ("2024-01T10.25", "2024-01-01T10:15:00", None),
            ("20T00", "2001-01-01T00:00:00", None),
        ] {
            let (at, got) = iso(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((at.to_string().as_str(), got), (want, offset), "{text}");
        }
        for text in [
            "2024-01-31",
            "2024-01-31T",
            "T10:00",
            "2024-01-31T25:00",
            "2024-01-31T10:00:00+5",
            "2024-01-31 T10",
            "abT10",
            "2024-01-31T10+aéb",
            "2024-01-31T10é",
        ] {
            assert!(iso(text).is_none(), "{text}");
        }
    }
}
