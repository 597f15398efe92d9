//! `run_history.jsonl`: how each node fared in the last builds, one line an invocation, for the documentation.
//!
//! `run_results.json` tells of the last command only, and `docs generate` is a command. The file is our own, and
//! optional: nothing but the documentation reads it, and a line that cannot be read is left out. Written by `cli`
//! after runs, read by `docs`.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::invocation::timestamp;
use super::run_results::{RunResult, RunResults, Status};
use crate::files::{self, FileError};
use crate::manifest::Json;

/// The file's name in the target folder.
pub const RUN_HISTORY: &str = "run_history.jsonl";

/// The size, in bytes, at which the older half of the file is dropped.
const LARGEST: u64 = 8 << 20;

/// The longest message that is kept, in characters.
const LONGEST_MESSAGE: usize = 400;

/// One invocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PastRun {
    /// The invocation's id.
    pub invocation_id: String,
    /// dbt's name of the command: `build`, `test` ...
    pub command: String,
    /// When it was done.
    pub at: String,
    /// Seconds from the first node's start to the last one's end.
    pub elapsed: f64,
    /// What became of each node.
    pub results: Vec<PastResult>,
}

/// What became of a node. An array in the file, since there are many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PastResult(
    /// Its id.
    pub String,
    /// How it ended, as artifacts spell it.
    pub String,
    /// Seconds.
    pub f64,
    /// The failures of a test, or the rows that were written, where known.
    pub Option<i64>,
    /// What was wrong.
    pub Option<String>,
);

impl PastRun {
    /// Takes from the results of an invocation what is kept.
    pub fn of(run: &RunResults<'_>, command: &str) -> Self {
        Self {
            invocation_id: run.invocation.id.clone(),
            command: command.to_owned(),
            at: timestamp(run.generated_at),
            elapsed: round(run.elapsed_time),
            results: run.results.iter().map(past_result).collect(),
        }
    }

    /// Appends it to the file in a target folder.
    pub fn append(&self, target: &Utf8Path) -> Result<(), FileError> {
        let path = target.join(RUN_HISTORY);
        let mut line =
            serde_json::to_vec(self).map_err(|error| FileError::io("write", &path, error.into()))?;
        line.push(b'\n');
        if files::size(&path).is_some_and(|size| size > LARGEST) {
            let text = files::read_text(&path)?;
            let lines: Vec<&str> = text.lines().collect();
            let kept = lines[lines.len().div_ceil(2)..].iter().map(|line| format!("{line}\n"));
            let kept: String = kept.collect();
            return files::write_atomic(&path, &[kept.as_bytes(), &line].concat());
        }
        files::append(&path, &line)
    }

    /// Reads the last `count` invocations of a target folder, the oldest first. Without a file there are none.
    pub fn read_last(target: &Utf8Path, count: usize) -> Vec<Self> {
        let text = files::read_text(&target.join(RUN_HISTORY)).unwrap_or_default();
        let mut runs: Vec<Self> =
            text.lines().rev().filter_map(|line| serde_json::from_str(line).ok()).take(count).collect();
        runs.reverse();
        runs
    }
}

fn past_result(result: &RunResult) -> PastResult {
    let rows = || result.adapter_response.get("rows_affected").and_then(Json::as_i64);
    let fine = matches!(result.status, Status::Success | Status::Pass | Status::NoOp);
    let message = result.message.as_ref().filter(|_| !fine);
    PastResult(
        result.unique_id.to_string(),
        result.status.to_string(),
        round(result.execution_time),
        result.failures.or_else(rows),
        message.map(|message| message.chars().take(LONGEST_MESSAGE).collect()),
    )
}

/// Rounds to milliseconds.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
