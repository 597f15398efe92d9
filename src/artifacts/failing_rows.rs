//! `failures/TEST.json`: the rows that a test found in a version of a relation that was never published.
//!
//! Our own file, for people: `show --failures` prints it. Written by `run`, read by `cli`.

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::invocation::timestamp;
use crate::files::{self, FileError};
use crate::manifest::UniqueId;

/// The folder in the target folder.
pub const FAILURES: &str = "failures";

/// Rows of a failed test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingRows {
    /// The test's id.
    pub unique_id: String,
    /// When they were seen.
    pub at: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The texts of the cells, none for null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl FailingRows {
    /// Pairs rows with the moment.
    pub fn new(test: &UniqueId, columns: Vec<String>, rows: Vec<Vec<Option<String>>>) -> Self {
        Self { unique_id: test.to_string(), at: timestamp(Timestamp::now()), columns, rows }
    }

    /// Writes the file below a folder.
    pub fn write(&self, folder: &Utf8Path) -> Result<(), FileError> {
        super::write_json(&path(folder, &self.unique_id), self)
    }

    /// Reads what is kept of a test; `None` if nothing is, or not in this form.
    pub fn read(folder: &Utf8Path, test: &UniqueId) -> Option<Self> {
        let text = files::read_text(&path(folder, test.as_str())).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Drops what is kept of a test, for one that passed. A file that cannot be removed is only out of date.
    pub fn forget(folder: &Utf8Path, test: &UniqueId) {
        let _ = files::remove(&path(folder, test.as_str()));
    }
}

/// People name tests as they like, also by what looks like a path.
fn path(folder: &Utf8Path, test: &str) -> Utf8PathBuf {
    folder.join(format!("{}.json", test.replace(['/', '\\'], "_")))
}
