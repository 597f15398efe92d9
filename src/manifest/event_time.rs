//! Time as incremental models count it: batches of an hour, a day, a month or a year, and windows of event time.
//!
//! Input: moments and sizes. Output: moments and the names of batches. Invariant: every moment is in UTC and lies
//! in the years 1 to 9999, which is what dbt can count; what falls outside is `None`. Pure. Called by `plan` (which
//! batches there are), `context` (what a batch reads), `artifacts` and `cli` (the flags). Facts: dbt's microbatch
//! builder and its sample window.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How much time one batch covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchSize {
    /// From full hour to full hour.
    Hour,
    /// From midnight to midnight.
    Day,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

impl BatchSize {
    /// All sizes, as dbt lists them.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Year];

    /// Returns the word of configurations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Finds a size by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.as_str() == word)
    }

    /// Returns the start of the batch that a moment lies in.
    pub fn truncate(self, at: DateTime) -> DateTime {
        let hour = if self == Self::Hour { at.hour() } else { 0 };
        self.first_day(at.date()).at(hour, 0, 0, 0)
    }

    /// Returns the first day of the batch that a day lies in. The first day of a month is always a date.
    fn first_day(self, day: Date) -> Date {
        match self {
            Self::Hour | Self::Day => day,
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }

    /// Returns the start of the batch that lies `by` batches after the one of a moment.
    pub fn offset(self, at: DateTime, by: i64) -> Option<DateTime> {
        self.shift(self.truncate(at), by)
    }

    /// Returns a moment itself where a batch starts, else the start of the next one.
    pub fn ceiling(self, at: DateTime) -> Option<DateTime> {
        let start = self.truncate(at);
        if start == at { Some(at) } else { self.shift(start, 1) }
    }

    /// Moves a moment without cutting it. The end of a month stays the end: a month after 31 January is the last
    /// of February.
    pub fn shift(self, at: DateTime, by: i64) -> Option<DateTime> {
        let span = Span::new();
        let span = match self {
            Self::Hour => span.try_hours(by),
            Self::Day => span.try_days(by),
            Self::Month => span.try_months(by),
            Self::Year => span.try_years(by),
        };
        at.checked_add(span.ok()?).ok().filter(|moved| moved.year() >= 1)
    }

    /// Returns how people and files call the batch that starts at a moment: `2024-09-17T16`, `2024-09-17`,
    /// `2024-09`, `2024`.
    pub fn label(self, start: DateTime) -> String {
        let (year, month, day) = (start.year(), start.month(), start.day());
        match self {
            Self::Hour => format!("{year:04}-{month:02}-{day:02}T{:02}", start.hour()),
            Self::Day => format!("{year:04}-{month:02}-{day:02}"),
            Self::Month => format!("{year:04}-{month:02}"),
            Self::Year => format!("{year:04}"),
        }
    }
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stretch of event time in UTC: from `start` on, before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// Its first moment.
    pub start: DateTime,
    /// The first moment after it.
    pub end: DateTime,
}

impl Window {
    /// Returns what two windows have in common; its end lies before its start when that is nothing.
    #[must_use]
    pub fn clipped(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }
}

/// One batch of a microbatch model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    /// Its size. The window of the last batch may be shorter.
    pub size: BatchSize,
    /// The event time it covers.
    pub window: Window,
}

impl Batch {
    /// Returns how people and files call the batch: `2024-09-17`.
    pub fn label(&self) -> String {
        self.size.label(self.window.start)
    }

    /// Returns how templates call the batch: `20240917`.
    pub fn id(&self) -> String {
        self.label().replace('-', "")
    }
}

/// What the command line says of event time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventTimes {
    /// `--event-time-start` and `--event-time-end`: which batches of microbatch models are built.
    pub bounds: Option<Window>,
    /// `--sample`: which rows of inputs with an event time are read.
    pub sample: Option<Window>,
}

/// Returns a moment as the clock of UTC shows it, as fine as Python counts: in microseconds.
pub fn utc(at: Timestamp) -> DateTime {
    let wall = TimeZone::UTC.to_datetime(at);
    let nanos = wall.subsec_nanosecond();
    wall.with().subsec_nanosecond(nanos - nanos % 1000).build().unwrap_or(wall)
}

/// Reads a date or a time in ISO form. A zone in it is left out, as dbt does: the clock it shows counts as UTC.
pub fn wall_time(text: &str) -> Option<DateTime> {
    let text = text.trim().replacen(' ', "T", 1);
    let text = text.trim_end_matches(['Z', 'z']);
    let date = || text.parse::<Date>().ok().filter(|_| !text.contains('T')).map(DateTime::from);
    date().or_else(|| text.parse::<DateTime>().ok()).filter(|at| at.year() >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BatchSize::{Day, Hour, Month, Year};

    fn at(text: &str) -> DateTime {
        wall_time(text).expect("a time")
    }

    #[track_caller]
    fn check(found: Option<DateTime>, want: &str) {
        assert_eq!(found, Some(at(want)));
    }

    #[test]
    fn batches_start_where_the_calendar_says() {
        for (size, truncated, before, after) in [
            (Hour, "2024-09-17 16:00", "2024-09-17 15:00", "2024-09-17 17:00"),
            (Day, "2024-09-17", "2024-09-16", "2024-09-18"),
            (Month, "2024-09-01", "2024-08-01", "2024-10-01"),
            (Year, "2024-01-01", "2023-01-01", "2025-01-01"),
        ] {
            let moment = at("2024-09-17 16:06:00.5");
            assert_eq!(size.truncate(moment), at(truncated));
            check(size.offset(moment, -1), before);
            check(size.offset(moment, 1), after);
            check(size.ceiling(moment), after);
            check(size.ceiling(at(truncated)), truncated);
            check(size.offset(moment, 0), truncated);
        }
    }

    #[test]
    fn the_calendar_is_heeded() {
        check(Month.offset(at("2024-01-31 12:00"), 1), "2024-02-01");
        check(Month.offset(at("2024-03-31"), -1), "2024-02-01");
        check(Month.offset(at("2024-01-15"), -13), "2022-12-01");
        check(Year.offset(at("2024-02-29 12:00"), 1), "2025-01-01");
        check(Day.offset(at("2024-02-28"), 1), "2024-02-29");
        check(Hour.offset(at("2024-12-31 23:30"), 1), "2025-01-01");
        check(Month.shift(at("2024-01-31 16:06"), 1), "2024-02-29 16:06");
        check(Year.shift(at("2024-02-29 16:06"), 1), "2025-02-28 16:06");
        check(Day.shift(at("2025-01-03 02:03:00.000001"), -2), "2025-01-01 02:03:00.000001");
    }

    #[test]
    fn time_ends_where_dbt_stops_counting() {
        assert_eq!(Year.offset(at("9999-05-05"), 1), None);
        assert_eq!(Hour.ceiling(at("9999-12-31 23:30")), None);
        assert_eq!(Day.offset(at("0001-01-01"), -1), None);
        assert_eq!(Month.shift(at("2024-01-01"), i64::MAX), None);
        assert_eq!(wall_time("0000-01-01"), None);
    }

    /// For every moment: it lies in its batch, batches meet without gap, and their names sort as they do.
    #[test]
    fn batches_cover_time_without_gaps() {
        let mut moment = at("1999-12-30 22:10:05");
        for step in 0..4000 {
            moment = Hour.shift(moment, 7 + step % 31).expect("far from the end");
            for size in BatchSize::ALL {
                let start = size.truncate(moment);
                let next = size.offset(moment, 1).expect("far from the end");
                assert!(start <= moment && moment < next, "{size} {moment}");
                assert_eq!(size.truncate(start), start);
                assert_eq!(size.ceiling(moment), Some(if start == moment { start } else { next }));
                assert_eq!(size.offset(next, -1), Some(start));
                assert!(size.label(start) < size.label(next));
                for by in -3..=3 {
                    let there = size.offset(moment, by).expect("far from the end");
                    assert_eq!(size.offset(there, -by), Some(start), "{size} {moment} {by}");
                }
            }
        }
    }

    #[test]
    fn batches_are_named_by_their_start() {
        let batch =
            |size| Batch { size, window: Window { start: at("2024-09-07 06:00"), end: at("2024-09-07") } };
        let names = BatchSize::ALL.map(|size| (batch(size).label(), batch(size).id()));
        let want = [
            ("2024-09-07T06", "20240907T06"),
            ("2024-09-07", "20240907"),
            ("2024-09", "202409"),
            ("2024", "2024"),
        ];
        assert_eq!(names, want.map(|(label, id)| (label.to_owned(), id.to_owned())));
    }

    #[test]
    fn windows_are_clipped() {
        let window = |start, end| Window { start: at(start), end: at(end) };
        let batch = window("2025-01-01", "2025-01-02");
        assert_eq!(
            batch.clipped(window("2025-01-01 02:03", "2025-01-03")),
            window("2025-01-01 02:03", "2025-01-02")
        );
        assert_eq!(
            batch.clipped(window("2024-01-01", "2025-01-01 05:00")),
            window("2025-01-01", "2025-01-01 05:00")
        );
    }

    #[test]
    fn times_are_read_in_iso_form() {
        for (text, want) in [
            ("2024-01-05", "2024-01-05T00:00:00"),
            ("2024-01-05 06:30:00", "2024-01-05T06:30:00"),
            ("2024-01-05T06:30:00.25", "2024-01-05T06:30:00.25"),
            ("2024-01-05T06:30:00+02:00", "2024-01-05T06:30:00"),
            ("2024-01-05T06:30:00Z", "2024-01-05T06:30:00"),
        ] {
            assert_eq!(wall_time(text).map(|at| at.to_string()).as_deref(), Some(want), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "2024-01-01 11 PM", "2"] {
            assert_eq!(wall_time(text), None, "{text}");
        }
    }
}
