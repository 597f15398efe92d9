//! Flags that speak of event time: `--event-time-start`, `--event-time-end`, `--sample`.
//!
//! Input: their texts and the time. Output: the same settings in the form that artifacts show, and
//! [`EventTimes`]. Times without a zone are in UTC. Called when flags are settled, and by `pipeline`.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::flags::{Flags, Setting};
use super::value::{UsageError, mapping};
use crate::adapter::datetime_str;
use crate::manifest::{BatchSize, EventTimes, Window, wall_time};

const START: &str = "event_time_start";
const END: &str = "event_time_end";
const SAMPLE: &str = "sample";

impl Flags {
    /// Returns what the flags say of event time.
    pub fn event_times(&self) -> EventTimes {
        let time = |value: Option<&Value>| value.and_then(Value::as_str).and_then(wall_time);
        let window = |start, end| Some(Window { start: time(start)?, end: time(end)? });
        let sample = self.value(SAMPLE).filter(|sample| sample.is_object());
        EventTimes {
            bounds: window(self.value(START), self.value(END)),
            sample: sample.and_then(|sample| window(sample.get("start"), sample.get("end"))),
        }
    }
}

/// Checks the flags of event time and turns them into what artifacts show. `now` is in UTC.
pub(super) fn settle(
    settings: &mut BTreeMap<&'static str, Setting>,
    now: DateTime,
) -> Result<(), UsageError> {
    let bounds = (bound(settings, START)?, bound(settings, END)?);
    match bounds {
        (None, None) => {}
        (Some(start), Some(end)) if start < end => {}
        (Some(_), Some(_)) => {
            return Err(UsageError::new(
                "Value for `--event-time-start` must be less than `--event-time-end`",
            ));
        }
        (Some(_), None) => return Err(lonely(START, END)),
        (None, Some(_)) => return Err(lonely(END, START)),
    }
    for (id, bound) in [(START, bounds.0), (END, bounds.1)] {
        if let (Some(at), Some(setting)) = (bound, settings.get_mut(id)) {
            setting.value = json!(datetime_str(at, 'T'));
        }
    }
    if let Some(setting) = settings.get_mut(SAMPLE)
        && let Some(text) = setting.value.as_str()
    {
        let Window { start, end } = sample(text, now)?;
        let show = |at| format!("{}+00:00", datetime_str(at, 'T'));
        setting.value = json!({"start": show(start), "end": show(end)});
    }
    Ok(())
}

/// dbt's words for one of two flags that need each other.
fn lonely(given: &str, missing: &str) -> UsageError {
    let flag = |id: &str| id.replace('_', "-");
    UsageError::new(format!(
        "When specifying `--{}`, `--{}` must also be present.",
        flag(given),
        flag(missing)
    ))
}

fn bound(settings: &BTreeMap<&'static str, Setting>, id: &str) -> Result<Option<DateTime>, UsageError> {
    let Some(text) = settings.get(id).and_then(|setting| setting.value.as_str()) else { return Ok(None) };
    bound_time(text).map(Some).ok_or_else(|| {
        UsageError::new(format!("`{text}` is no time for `--{}`", id.replace('_', "-")))
            .help("as in 2024-05-01 or '2024-05-01 06:30:00', in UTC")
    })
}

/// Reads a date, or a time in full seconds, as dbt does. A zone is refused: left out, it would move the batches.
fn bound_time(text: &str) -> Option<DateTime> {
    let time = |form| DateTime::strptime(form, text).ok();
    let date = Date::strptime("%Y-%m-%d", text).ok().map(DateTime::from);
    date.or_else(|| ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"].into_iter().find_map(time))
}

/// Reads `3 days`, counted back from now, or a mapping with `start` and `end`.
fn sample(text: &str, now: DateTime) -> Result<Window, UsageError> {
    let wrong = |reason: &str| {
        UsageError::new(format!("`{text}` is no value for `--sample`: {reason}"))
            .help("as in '3 days', '1 month' or \"{start: '2024-01-01', end: '2024-02-01'}\"")
    };
    if text.trim_start().starts_with('{') {
        let map = mapping("--sample", text)?;
        let time = |key: &str| {
            let at = map.get(key).and_then(Value::as_str).and_then(wall_time);
            at.ok_or_else(|| wrong(&format!("it needs a time as `{key}`")))
        };
        return Ok(Window { start: time("start")?, end: time("end")? });
    }
    let Some((count, size)) = text.split_once(' ').filter(|(_, size)| !size.contains(' ')) else {
        return Err(wrong("a number and a unit are wanted"));
    };
    let count: i64 = count.parse().map_err(|_| wrong(&format!("`{count}` is no whole number")))?;
    let unit = size.to_lowercase();
    let unit = BatchSize::parse(unit.trim_end_matches('s')).ok_or_else(|| {
        wrong(&format!("`{size}` is none of {}", BatchSize::ALL.map(BatchSize::as_str).join(", ")))
    })?;
    let start = unit.shift(now, count.saturating_neg());
    Ok(Window { start: start.ok_or_else(|| wrong("that is before all time"))?, end: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, start: &str, end: &str) {
        let now = wall_time("2024-03-31 10:20:30.5").expect("a time");
        let found = sample(text, now).expect("a window");
        assert_eq!((found.start.to_string(), found.end.to_string()), (start.to_owned(), end.to_owned()));
    }

    #[test]
    fn a_sample_counts_back_from_now() {
        let now = "2024-03-31T10:20:30.5";
        check("3 hours", "2024-03-31T07:20:30.5", now);
        check("1 day", "2024-03-30T10:20:30.5", now);
        check("1 month", "2024-02-29T10:20:30.5", now);
        check("2 YEARS", "2022-03-31T10:20:30.5", now);
    }

    #[test]
    fn borders_are_dates_or_full_seconds() {
        for (text, want) in [
            ("2024-05-01", "2024-05-01T00:00:00"),
            ("2024-05-01T06:30:05", "2024-05-01T06:30:05"),
            ("2024-05-01 06:30:05", "2024-05-01T06:30:05"),
        ] {
            assert_eq!(bound_time(text).map(|at| at.to_string()).as_deref(), Some(want), "{text}");
        }
        for text in [
            "2024-05-01T06:30",
            "2024-05-01 06:30:05.5",
            "2024-05-01T06:30:05+02:00",
            "2024-05-01T06:30:05Z",
            "20240501",
            "soon",
        ] {
            assert_eq!(bound_time(text), None, "{text}");
        }
    }

    #[test]
    fn a_sample_is_given_by_its_borders() {
        check(
            "{'start': '2024-01-02 03:00:00', 'end': '2024-02-01'}",
            "2024-01-02T03:00:00",
            "2024-02-01T00:00:00",
        );
        check("{start: 2024-01-02, end: 2024-01-03}", "2024-01-02T00:00:00", "2024-01-03T00:00:00");
        check(
            "{start: '2024-01-02T00:00:00+05:00', end: '2024-01-03'}",
            "2024-01-02T00:00:00",
            "2024-01-03T00:00:00",
        );
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let now = wall_time("2024-03-31").expect("a time");
        for (text, reason) in [
            ("3", "a number and a unit"),
            ("3  days", "a number and a unit"),
            ("three days", "`three` is no whole number"),
            ("3 weeks", "`weeks` is none of hour, day, month, year"),
            ("9999 years", "before all time"),
            ("{start: '2024-01-01'}", "a time as `end`"),
            ("{start: soon, end: '2024-01-01'}", "a time as `start`"),
            ("{start", "not valid YAML"),
        ] {
            let error = sample(text, now).expect_err(text);
            assert!(error.message.contains(reason), "{text}: {}", error.message);
        }
    }
}
