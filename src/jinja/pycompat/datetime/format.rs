//! `strftime`.

use std::fmt::Write;

use jiff::civil;

use super::zone::offset_text;
use crate::jinja::error::Error;

pub(super) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What is formatted: a local time, and its zone's offset and name.
pub(super) struct Moment {
    pub(super) wall: civil::DateTime,
    pub(super) offset: Option<i32>,
    pub(super) zone_name: String,
}

/// Formats by Python's directives, with the C library's `-` and `_` before the letter.
pub(super) fn strftime(at: &Moment, format: &str) -> Result<String, Error> {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(mut directive) = chars.next() else {
            out.push('%');
            break;
        };
        let mut pad = None;
        if matches!(directive, '-' | '_' | '0') {
            pad = Some(directive);
            directive = chars.next().unwrap_or('%');
        }
        match number(at, directive) {
            Some((value, width, fill)) => {
                let _ = match pad.unwrap_or(if fill == ' ' { '_' } else { '0' }) {
                    '-' => write!(out, "{value}"),
                    '_' => write!(out, "{value:>width$}"),
                    _ => write!(out, "{value:0width$}"),
                };
            }
            None => word(&mut out, at, directive)?,
        }
    }
    Ok(out)
}

/// Returns the value of a directive that is a number, its width, and what fills it.
fn number(at: &Moment, directive: char) -> Option<(i64, usize, char)> {
    let wall = at.wall;
    let date = wall.date();
    let hour12 = if wall.hour() % 12 == 0 { 12 } else { wall.hour() % 12 };
    let yday = i64::from(date.day_of_year());
    let sunday0 = i64::from(date.weekday().to_sunday_zero_offset());
    let monday0 = i64::from(date.weekday().to_monday_zero_offset());
    Some(match directive {
        'Y' => (i64::from(wall.year()), 4, '0'),
        'y' => (i64::from(wall.year().rem_euclid(100)), 2, '0'),
        'C' => (i64::from(wall.year() / 100), 2, '0'),
        'm' => (i64::from(wall.month()), 2, '0'),
        'd' => (i64::from(wall.day()), 2, '0'),
        'e' => (i64::from(wall.day()), 2, ' '),
        'H' => (i64::from(wall.hour()), 2, '0'),
        'k' => (i64::from(wall.hour()), 2, ' '),
        'I' => (i64::from(hour12), 2, '0'),
        'l' => (i64::from(hour12), 2, ' '),
        'M' => (i64::from(wall.minute()), 2, '0'),
        'S' => (i64::from(wall.second()), 2, '0'),
        'f' => (i64::from(wall.subsec_nanosecond() / 1000), 6, '0'),
        'j' => (yday, 3, '0'),
        'u' => (monday0 + 1, 1, '0'),
        'w' => (sunday0, 1, '0'),
        'U' => ((yday + 6 - sunday0) / 7, 2, '0'),
        'W' => ((yday + 6 - monday0) / 7, 2, '0'),
        'V' => (i64::from(date.iso_week_date().week()), 2, '0'),
        'G' => (i64::from(date.iso_week_date().year()), 4, '0'),
        'g' => (i64::from(date.iso_week_date().year().rem_euclid(100)), 2, '0'),
        's' => {
            let zone = at.offset.and_then(|o| jiff::tz::Offset::from_seconds(o).ok())?;
            (zone.to_timestamp(wall).ok()?.as_second(), 1, '0')
        }
        _ => return None,
    })
}

fn word(out: &mut String, at: &Moment, directive: char) -> Result<(), Error> {
    let wall = at.wall;
    let day = DAYS[usize::try_from(wall.date().weekday().to_monday_zero_offset()).unwrap_or(0) % 7];
    let month = MONTHS[usize::try_from(wall.month() - 1).unwrap_or(0) % 12];
    match directive {
        'a' => out.push_str(&day[..3]),
        'A' => out.push_str(day),
        'b' | 'h' => out.push_str(&month[..3]),
        'B' => out.push_str(month),
        'p' => out.push_str(if wall.hour() < 12 { "AM" } else { "PM" }),
        'P' => out.push_str(if wall.hour() < 12 { "am" } else { "pm" }),
        'z' => out.push_str(&at.offset.map(|offset| offset_text(offset, "")).unwrap_or_default()),
        'Z' => out.push_str(&at.zone_name),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        '%' => out.push('%'),
        'c' => out.push_str(&strftime(at, "%a %b %e %H:%M:%S %Y")?),
        'x' | 'D' => out.push_str(&strftime(at, "%m/%d/%y")?),
        'X' | 'T' => out.push_str(&strftime(at, "%H:%M:%S")?),
        'F' => out.push_str(&strftime(at, "%Y-%m-%d")?),
        'R' => out.push_str(&strftime(at, "%H:%M")?),
        'r' => out.push_str(&strftime(at, "%I:%M:%S %p")?),
        other => {
            out.push('%');
            out.push(other);
        }
    }
    Ok(())
}

/// Writes the time of day as ISO 8601, by Python's `timespec`.
pub(super) fn iso_time(time: civil::Time, timespec: &str) -> Result<String, Error> {
    let micros = time.subsec_nanosecond() / 1000;
    let (h, m, s) = (time.hour(), time.minute(), time.second());
    Ok(match timespec {
        "auto" if micros == 0 => format!("{h:02}:{m:02}:{s:02}"),
        "auto" | "microseconds" => format!("{h:02}:{m:02}:{s:02}.{micros:06}"),
        "milliseconds" => format!("{h:02}:{m:02}:{s:02}.{:03}", micros / 1000),
        "seconds" => format!("{h:02}:{m:02}:{s:02}"),
        "minutes" => format!("{h:02}:{m:02}"),
        "hours" => format!("{h:02}"),
        other => return Err(Error::runtime(format!("unknown timespec `{other}`"))),
    })
}
