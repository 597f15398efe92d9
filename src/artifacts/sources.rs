//! `sources.json` v3: how old sources are (`artifacts.md`).
//!
//! Input: the results of `source freshness`. As in dbt, a source whose age could not be told is left out.

use camino::Utf8Path;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::invocation::{Invocation, Metadata};
use super::run_results::{RunResult, Status, Timing};
use crate::files::FileError;
use crate::manifest::{Json, JsonMap, UniqueId};

/// The age of a source, as artifacts show it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceAge {
    /// The newest time in the source, to the microsecond; for one without rows the year 1, as in dbt.
    pub max_loaded_at: Timestamp,
    /// When it was asked.
    pub snapshotted_at: Timestamp,
    /// The thresholds.
    pub criteria: Json,
}

impl SourceAge {
    /// Returns the age in seconds; below zero when the newest time lies ahead.
    pub fn seconds(&self) -> f64 {
        let micros = self.snapshotted_at.as_microsecond() - self.max_loaded_at.as_microsecond();
        let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
        // Through its digits: no float holds the microseconds of two thousand years.
        format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000).parse().unwrap_or_default()
    }
}

/// The file.
#[derive(Clone, Copy, Debug)]
pub struct SourcesFile<'a> {
    /// Whose results these are.
    pub invocation: &'a Invocation,
    /// When the file is written.
    pub generated_at: Timestamp,
    /// In the order in which they were completed.
    pub results: &'a [RunResult],
    /// Seconds from the first source to the last.
    pub elapsed_time: f64,
}

#[derive(Serialize)]
struct Entry<'a> {
    unique_id: &'a UniqueId,
    max_loaded_at: String,
    snapshotted_at: String,
    max_loaded_at_time_ago_in_s: f64,
    status: Status,
    criteria: &'a Json,
    adapter_response: &'a JsonMap,
    timing: &'a [Timing],
    thread_id: &'a str,
    execution_time: f64,
}

impl Serialize for SourcesFile<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries: Vec<Entry<'_>> = self.results.iter().filter_map(entry).collect();
        let mut map = serializer.serialize_map(None)?;
        let metadata = Metadata::new("sources", 3, self.invocation, self.generated_at);
        map.serialize_entry("metadata", &metadata)?;
        map.serialize_entry("results", &entries)?;
        map.serialize_entry("elapsed_time", &self.elapsed_time)?;
        map.end()
    }
}

fn entry(result: &RunResult) -> Option<Entry<'_>> {
    let age = result.age.as_ref()?;
    Some(Entry {
        unique_id: &result.unique_id,
        max_loaded_at: iso(age.max_loaded_at),
        snapshotted_at: iso(age.snapshotted_at),
        max_loaded_at_time_ago_in_s: age.seconds(),
        status: result.status,
        criteria: &age.criteria,
        adapter_response: &result.adapter_response,
        timing: &result.timing,
        thread_id: &result.thread_id,
        execution_time: result.execution_time,
    })
}

/// Python's `isoformat` of a time in UTC: no fraction where it is zero.
fn iso(time: Timestamp) -> String {
    let format = if time.subsec_microsecond() == 0 {
        "%Y-%m-%dT%H:%M:%S+00:00"
    } else {
        "%Y-%m-%dT%H:%M:%S.%6f+00:00"
    };
    time.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

impl SourcesFile<'_> {
    /// Writes the file, all of it or nothing.
    pub fn write(&self, path: &Utf8Path) -> Result<(), FileError> {
        super::write_json(path, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_python_does() {
        let at = |micros| iso(Timestamp::from_microsecond(micros).unwrap_or_default());
        assert_eq!(at(-62_135_596_800_000_000), "0001-01-01T00:00:00+00:00");
        assert_eq!(at(1_500), "1970-01-01T00:00:00.001500+00:00");
    }

    #[test]
    fn seconds_are_exact_to_the_microsecond() {
        let seconds = |loaded, now| {
            let at = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
            let age = SourceAge { max_loaded_at: at(loaded), snapshotted_at: at(now), criteria: Json::Null };
            age.seconds().to_string()
        };
        assert_eq!(seconds(-62_135_596_800_000_000, 1_795_865_653_740_639), "63931462453.74064");
        assert_eq!(seconds(1_500_000, 0), "-1.5");
    }
}
