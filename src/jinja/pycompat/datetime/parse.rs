//! `strptime` and `fromisoformat`.

use jiff::civil;

use super::format::{DAYS, MONTHS};
use super::zone::Zone;
use crate::jinja::error::Error;

/// What was read so far.
struct Reader<'t> {
    rest: &'t str,
    year: i16,
    month: i8,
    day: i8,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
    zone: Option<Zone>,
}

/// Reads a date and time by Python's directives.
pub(super) fn strptime(text: &str, format: &str) -> Result<(civil::DateTime, Option<Zone>), Error> {
    let fail = || Error::runtime(format!("time data `{text}` does not match format `{format}`"));
    let mut reader = Reader {
        rest: text,
        year: 1900,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        afternoon: None,
        zone: None,
    };
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        let read = if c == '%' {
            let directive = chars.next().ok_or_else(fail)?;
            reader.directive(directive)
        } else if c.is_whitespace() {
            let trimmed = reader.rest.trim_start();
            let moved = trimmed.len() < reader.rest.len();
            reader.rest = trimmed;
            moved.then_some(())
        } else {
            reader.literal(c)
        };
        read.ok_or_else(fail)?;
    }
    if !reader.rest.is_empty() {
        return Err(Error::runtime(format!("unconverted data remains: `{}`", reader.rest)));
    }
    reader.finish().ok_or_else(fail)
}

impl Reader<'_> {
    fn literal(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(c)?;
        Some(())
    }

    fn digits(&mut self, most: usize) -> Option<i32> {
        let len = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(len);
        self.rest = rest;
        digits.parse().ok()
    }

    fn small(&mut self, most: usize) -> Option<i8> {
        i8::try_from(self.digits(most)?).ok()
    }

    fn name(&mut self, names: &[&str], short: bool) -> Option<usize> {
        let position = names.iter().position(|name| {
            let name = if short { &name[..3] } else { name };
            self.rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
        })?;
        let len = if short { 3 } else { names[position].len() };
        self.rest = &self.rest[len..];
        Some(position)
    }

    fn directive(&mut self, directive: char) -> Option<()> {
        match directive {
            'Y' => self.year = i16::try_from(self.digits(4)?).ok()?,
            'y' => {
                let year = i16::try_from(self.digits(2)?).ok()?;
                self.year = if year < 69 { 2000 + year } else { 1900 + year };
            }
            'm' => self.month = self.small(2)?,
            'd' | 'e' => self.day = self.small(2)?,
            'j' => self.day_of_year = Some(i16::try_from(self.digits(3)?).ok()?),
            'H' | 'I' => self.hour = self.small(2)?,
            'M' => self.minute = self.small(2)?,
            'S' => self.second = self.small(2)?,
            'f' => {
                let before = self.rest.len();
                let value = self.digits(6)?;
                let scale = 9 - u32::try_from(before - self.rest.len()).ok()?;
                self.nanos = value * 10_i32.pow(scale);
            }
            'b' | 'h' => self.month = i8::try_from(self.name(&MONTHS, true)? + 1).ok()?,
            'B' => self.month = i8::try_from(self.name(&MONTHS, false)? + 1).ok()?,
            'a' => drop(self.name(&DAYS, true)?),
            'A' => drop(self.name(&DAYS, false)?),
            'p' => {
                let head = self.rest.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(if head == "PM" {
                    true
                } else if head == "AM" {
                    false
                } else {
                    return None;
                });
                self.rest = &self.rest[2..];
            }
            'z' => self.offset()?,
            'Z' => {
                let len = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                let name = &self.rest[..len];
                if !matches!(name.to_ascii_uppercase().as_str(), "UTC" | "GMT") {
                    return None;
                }
                self.rest = &self.rest[len..];
            }
            '%' => self.literal('%')?,
            'T' | 'X' => self.several("H:M:S")?,
            'F' => self.several("Y-m-d")?,
            'D' | 'x' => self.several("m/d/y")?,
            'R' => self.several("H:M")?,
            _ => return None,
        }
        Some(())
    }

    fn several(&mut self, parts: &str) -> Option<()> {
        parts.chars().try_for_each(|c| if c.is_alphabetic() { self.directive(c) } else { self.literal(c) })
    }

    fn offset(&mut self) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            self.zone = Some(Zone::Utc);
            return Some(());
        }
        let negative = match self.rest.chars().next()? {
            '+' => false,
            '-' => true,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let hours = self.digits(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = self.digits(2)?;
        let mut seconds = hours * 3600 + minutes * 60;
        if let Some(rest) = self.rest.strip_prefix(':') {
            self.rest = rest;
            seconds += self.digits(2)?;
        }
        let seconds = if negative { -seconds } else { seconds };
        self.zone = Some(if seconds == 0 { Zone::Utc } else { Zone::Fixed(seconds) });
        Some(())
    }

    fn finish(self) -> Option<(civil::DateTime, Option<Zone>)> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let mut date = civil::Date::new(self.year, self.month, self.day).ok()?;
        if let Some(day) = self.day_of_year {
            date =
                civil::Date::new(self.year, 1, 1).ok()?.checked_add(jiff::Span::new().days(day - 1)).ok()?;
        }
        let time = civil::Time::new(hour, self.minute, self.second, self.nanos).ok()?;
        Some((date.to_datetime(time), self.zone))
    }
}

/// Reads an ISO 8601 date and time, as `datetime.fromisoformat` does.
pub(super) fn from_iso(text: &str) -> Result<(civil::DateTime, Option<Zone>), Error> {
    let fail = || Error::runtime(format!("invalid isoformat string: `{text}`"));
    let (date, time) = match text.get(10..11) {
        Some("T" | "t" | " ") => (&text[..10], &text[11..]),
        None if text.len() == 10 => (text, ""),
        _ if text.len() == 8 => (text, ""),
        _ => return Err(fail()),
    };
    let date_format = if date.contains('-') { "%Y-%m-%d" } else { "%Y%m%d" };
    let (date, _) = strptime(date, date_format).map_err(|_| fail())?;
    if time.is_empty() {
        return Ok((date, None));
    }
    let (clock, zone) = match time.find(['+', '-', 'Z', 'z']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let clock_format = match clock.len() {
        2 => "%H",
        5 => "%H:%M",
        8 => "%H:%M:%S",
        _ => "%H:%M:%S.%f",
    };
    let (clock, _) = strptime(clock, clock_format).map_err(|_| fail())?;
    let zone = match zone {
        "" => None,
        zone => strptime(zone, "%z").map_err(|_| fail())?.1,
    };
    Ok((date.date().to_datetime(clock.time()), zone))
}
