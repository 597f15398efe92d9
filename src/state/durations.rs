//! `target/durations.json`: what nodes took when they last ran, so that the next run begins with what takes longest.
//!
//! Nothing depends on it but the order in which several workers take what is ready: a file that is missing, of
//! another kind or broken counts as empty, and one that cannot be written is not. Called by `cli`.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::artifacts::{RunResult, Status};
use crate::files::{self, FileError};
use crate::manifest::UniqueId;

/// The version of the file's form.
const VERSION: u32 = 1;

/// What nodes took, in milliseconds. Quick ones are not kept, so that the file stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    version: u32,
    milliseconds: BTreeMap<String, u64>,
}

impl Durations {
    /// Reads the file.
    pub fn read(path: &Utf8Path) -> Self {
        let read = files::read_text(path).ok().and_then(|text| serde_json::from_str::<Self>(&text).ok());
        read.filter(|read| read.version == VERSION).unwrap_or_default()
    }

    /// Returns what a node took, if it is worth mentioning.
    pub fn of(&self, id: &UniqueId) -> Option<Duration> {
        self.milliseconds.get(id.as_str()).copied().map(Duration::from_millis)
    }

    /// Takes over what a run measured: half of what is known of a node is its last run. What took less than
    /// `least` is forgotten, and so are nodes that are not `known` any more. Tells whether anything changed.
    pub fn learn(&mut self, results: &[RunResult], least: Duration, known: impl Fn(&str) -> bool) -> bool {
        let before = self.clone();
        self.version = VERSION;
        self.milliseconds.retain(|id, _| known(id));
        for result in results {
            // What failed or was skipped says little of what it takes.
            if !matches!(result.status, Status::Success | Status::Pass | Status::Warn | Status::Fail) {
                continue;
            }
            let took = Duration::try_from_secs_f64(result.execution_time).unwrap_or_default();
            let took = self.of(&result.unique_id).map_or(took, |before| (before + took) / 2);
            if took < least {
                self.milliseconds.remove(result.unique_id.as_str());
            } else {
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                self.milliseconds.insert(result.unique_id.to_string(), milliseconds);
            }
        }
        *self != before
    }

    /// Writes the file, all of it or nothing.
    pub fn write(&self, path: &Utf8Path) -> Result<(), FileError> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        files::write_atomic(path, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(id: &str, status: Status, seconds: f64) -> RunResult {
        let mut result = RunResult::new(UniqueId::from_artifact(id), status);
        result.execution_time = seconds;
        result
    }

    #[test]
    fn the_last_run_counts_half_and_quick_nodes_are_forgotten() {
        let mut durations = Durations::default();
        let least = Duration::from_millis(20);
        let mut learn = |id: &str, status: Status, seconds: f64| {
            let changed = durations.learn(&[result(id, status, seconds)], least, |_| true);
            (changed, durations.of(&UniqueId::from_artifact(id)).map(|time| time.as_millis()))
        };
        assert_eq!(learn("a", Status::Success, 0.1), (true, Some(100)));
        assert_eq!(learn("a", Status::Success, 0.3), (true, Some(200)));
        assert_eq!(learn("a", Status::Error, 9.0), (false, Some(200)));
        assert_eq!(learn("b", Status::Pass, 0.001), (false, None));
        assert_eq!(learn("a", Status::Success, 0.2), (false, Some(200)));
        assert!(durations.learn(&[], least, |_| false));
        assert_eq!(durations.of(&UniqueId::from_artifact("a")), None);
    }

    #[test]
    fn a_file_that_makes_no_sense_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("durations.json")).unwrap();
        assert_eq!(Durations::read(&path), Durations::default());
        for text in [
            "",
            "[]",
            "{\"version\":1,\"milliseconds\":{\"a\":-1}}",
            "{\"version\":2,\"milliseconds\":{\"a\":1}}",
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Durations::read(&path), Durations::default(), "{text}");
        }
        let mut durations = Durations::default();
        durations.learn(&[result("a", Status::Success, 1.0)], Duration::ZERO, |_| true);
        durations.write(&path).unwrap();
        assert_eq!(Durations::read(&path), durations);
    }
}
