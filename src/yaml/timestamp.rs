//! Dates and timestamps of YAML 1.1, as Python's `datetime` would hold and show them.

use std::fmt::Write as _;

use jiff::civil::Date;

/// A date, or a date with a time of day and perhaps an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    date: Date,
    time: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
    /// Minutes east of UTC; none for a time without a zone.
    offset: Option<i32>,
}

impl Timestamp {
    /// Reads a plain scalar. `None` when it does not have the shape of a timestamp; an error text when
    /// it has, but names a day or time that does not exist (`PyYAML` fails there too).
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        let bytes = text.as_bytes();
        if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
            return None;
        }
        let shape = Shape::read(text)?;
        Some(shape.check(text))
    }

    /// Tells whether there is no time of day.
    pub fn is_date(&self) -> bool {
        self.time.is_none()
    }

    /// Returns the date.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Returns hour, minute, second, microsecond and the offset in minutes, when there is a time.
    pub fn time(&self) -> Option<(u8, u8, u8, u32, Option<i32>)> {
        self.time.map(|t| (t.hour, t.minute, t.second, t.microsecond, t.offset))
    }

    /// Returns what Python's `isoformat()` gives; this is how dates reach JSON and rendered YAML.
    pub fn iso(&self) -> String {
        self.show('T')
    }

    /// Returns what Python's `str()` gives: a space between date and time.
    pub fn python_text(&self) -> String {
        self.show(' ')
    }

    fn show(&self, between: char) -> String {
        let mut out = format!("{:04}-{:02}-{:02}", self.date.year(), self.date.month(), self.date.day());
        if let Some(time) = self.time {
            let _ = write!(out, "{between}{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
            if time.microsecond > 0 {
                let _ = write!(out, ".{:06}", time.microsecond);
            }
            if let Some(offset) = time.offset {
                let sign = if offset < 0 { '-' } else { '+' };
                let _ = write!(out, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60);
            }
        }
        out
    }
}

/// The parts of a timestamp before anybody asked whether they make sense.
struct Shape {
    year: u32,
    month: u32,
    day: u32,
    time: Option<RawTime>,
}

struct RawTime {
    hour: u32,
    minute: u32,
    second: u32,
    microsecond: u32,
    offset: Option<i32>,
}

impl Shape {
    /// Follows the two forms of the YAML 1.1 resolver: `YYYY-MM-DD`, or a date with one or two digits per
    /// part that a time must follow.
    fn read(text: &str) -> Option<Self> {
        let mut cursor = Cursor(text);
        let year = cursor.digits(4, 4)?;
        cursor.eat('-')?;
        let month_at = cursor.0;
        let month = cursor.digits(1, 2)?;
        cursor.eat('-')?;
        let day = cursor.digits(1, 2)?;
        if cursor.0.is_empty() {
            let full = month_at.len() == 5;
            return full.then_some(Self { year, month, day, time: None });
        }
        if cursor.eat('T').is_none() && cursor.eat('t').is_none() {
            cursor.blanks()?;
        }
        let hour = cursor.digits(1, 2)?;
        cursor.eat(':')?;
        let minute = cursor.digits(2, 2)?;
        cursor.eat(':')?;
        let second = cursor.digits(2, 2)?;
        let microsecond = if cursor.eat('.').is_some() { cursor.fraction() } else { 0 };
        let offset = cursor.zone().ok()?;
        Some(Self { year, month, day, time: Some(RawTime { hour, minute, second, microsecond, offset }) })
    }

    fn check(self, text: &str) -> Result<Timestamp, String> {
        let wrong = || format!("`{text}` looks like a date, but no such day or time exists");
        let small = |n: u32| i8::try_from(n).map_err(|_| wrong());
        let year = i16::try_from(self.year).map_err(|_| wrong())?;
        let date = Date::new(year, small(self.month)?, small(self.day)?).map_err(|_| wrong())?;
        if year == 0 {
            return Err(wrong());
        }
        let Some(time) = self.time else { return Ok(Timestamp { date, time: None }) };
        let below = |n: u32, limit: u8| u8::try_from(n).ok().filter(|n| *n < limit).ok_or_else(wrong);
        let time = Time {
            hour: below(time.hour, 24)?,
            minute: below(time.minute, 60)?,
            second: below(time.second, 60)?,
            microsecond: time.microsecond,
            offset: time.offset.map(|o| if o.abs() < 24 * 60 { Ok(o) } else { Err(wrong()) }).transpose()?,
        };
        Ok(Timestamp { date, time: Some(time) })
    }
}

/// The rest of the text.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.parse().ok()
    }

    fn eat(&mut self, wanted: char) -> Option<()> {
        self.0 = self.0.strip_prefix(wanted)?;
        Some(())
    }

    fn blanks(&mut self) -> Option<()> {
        let rest = self.0.trim_start_matches([' ', '\t']);
        let some = rest.len() < self.0.len();
        self.0 = rest;
        some.then_some(())
    }

    /// Digits after the point, to microseconds; further digits are dropped.
    fn fraction(&mut self) -> u32 {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |n, d| n * 10 + u32::from(d - b'0'))
    }

    /// The zone and the end of the text; an error when neither follows.
    fn zone(&mut self) -> Result<Option<i32>, ()> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let _ = self.blanks();
        let offset = if self.eat('Z').is_some() { Some(0) } else { self.offset() };
        if offset.is_some() && self.0.is_empty() { Ok(offset) } else { Err(()) }
    }

    fn offset(&mut self) -> Option<i32> {
        let sign = if self.eat('-').is_some() { -1 } else { self.eat('+').map(|()| 1)? };
        let hours = self.digits(1, 2)?;
        let minutes = if self.eat(':').is_some() { self.digits(2, 2)? } else { 0 };
        i32::try_from(hours * 60 + minutes).ok().map(|total| sign * total)
    }
}
