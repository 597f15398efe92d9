//! What became of each node, and `run_results.json` v6 (`artifacts.md` section 3).
//!
//! Input: results in the order in which they were completed. Made by `run`, shown by `cli`.

use std::fmt;
use std::sync::Arc;

use camino::Utf8Path;
use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::SourceAge;
use super::invocation::{Invocation, Metadata, serialize_timestamp};
use crate::diag::Diagnostic;
use crate::files::FileError;
use crate::manifest::{Compiled, JsonMap, Node, NodeKind, UniqueId};

/// How a node ended; prints as artifacts and logs spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Built, or a hook that ran.
    Success,
    /// It could not be built, or the test's query could not be run.
    Error,
    /// Never started, since something before it failed or the run was stopped.
    Skipped,
    /// Some batches were built and some failed.
    PartialSuccess,
    /// There was nothing to do (exposures).
    NoOp,
    /// A test without failures.
    Pass,
    /// A test with failures, at error severity.
    Fail,
    /// A test with failures, at warning severity.
    Warn,
    /// The freshness of a source could not be measured.
    RuntimeError,
}

impl Status {
    /// Returns the spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::PartialSuccess => "partial success",
            Self::NoOp => "no-op",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::RuntimeError => "runtime error",
        }
    }

    /// Tells whether the node itself went wrong (a skipped one did not).
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::Fail | Self::PartialSuccess | Self::RuntimeError)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A part of a node's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Rendering to SQL.
    Compile,
    /// Talking to the database.
    Execute,
}

/// How long a part took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// Which part.
    pub name: Phase,
    /// Its begin.
    #[serde(serialize_with = "serialize_timestamp")]
    pub started_at: Timestamp,
    /// Its end.
    #[serde(serialize_with = "serialize_timestamp")]
    pub completed_at: Timestamp,
}

/// Batches of a microbatch model: begin and end of each, as written in artifacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchResults {
    /// Built.
    pub successful: Vec<(String, String)>,
    /// Failed.
    pub failed: Vec<(String, String)>,
}

/// What became of one node. Serializes as an entry of `results`.
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// How it ended.
    pub status: Status,
    /// Its parts; empty when it was skipped.
    pub timing: Vec<Timing>,
    /// The worker, for example `Thread-1 (worker)`; `main` for hooks.
    pub thread_id: String,
    /// Seconds.
    pub execution_time: f64,
    /// What the adapter told; empty when it was not asked.
    pub adapter_response: JsonMap,
    /// What to tell people: `OK`, `INSERT 3`, the error.
    pub message: Option<String>,
    /// The failures of a test.
    pub failures: Option<i64>,
    /// The node.
    pub unique_id: UniqueId,
    /// Whether it was compiled; `None` for what never is (seeds, exposures).
    pub compiled: Option<bool>,
    /// The compiled SQL.
    pub compiled_code: Option<Arc<str>>,
    /// The relation as SQL.
    pub relation_name: Option<String>,
    /// Batches of a microbatch model.
    pub batch_results: Option<BatchResults>,
    /// The age of a source; `None` for what is no source, and for one whose age could not be told.
    #[serde(skip)]
    pub age: Option<Box<SourceAge>>,
    /// The problem with its place, for people; artifacts show only `message`.
    #[serde(skip)]
    pub diagnostic: Option<Box<Diagnostic>>,
}

impl RunResult {
    /// Makes a result without times, message and compiled code.
    pub fn new(unique_id: UniqueId, status: Status) -> Self {
        Self {
            status,
            timing: Vec::new(),
            thread_id: std::thread::current().name().unwrap_or("main").to_owned(),
            execution_time: 0.0,
            adapter_response: JsonMap::new(),
            message: None,
            failures: None,
            unique_id,
            compiled: None,
            compiled_code: None,
            relation_name: None,
            batch_results: None,
            age: None,
            diagnostic: None,
        }
    }

    /// Sets the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Fills in what is known of the node and its compiled form, by dbt's rule: nothing for a seed, and for
    /// the rest the relation even if it was never compiled.
    #[must_use]
    pub fn with_node(mut self, node: &Node, compiled: Option<&Compiled>) -> Self {
        if !matches!(node.kind, NodeKind::Seed { .. }) {
            self.compiled = Some(compiled.is_some());
            self.compiled_code = compiled.map(|compiled| Arc::clone(&compiled.code));
            let stored = compiled.and_then(|compiled| compiled.relation_name.clone());
            self.relation_name = stored.or_else(|| node.relation_name.clone());
        }
        self
    }
}

/// `run_results.json`: what one invocation did.
#[derive(Clone, Debug)]
pub struct RunResults<'a> {
    /// Whose results these are.
    pub invocation: &'a Invocation,
    /// When the file is written.
    pub generated_at: Timestamp,
    /// In the order to show: hooks and nodes as they were completed.
    pub results: &'a [RunResult],
    /// Seconds from the first node's start to the last one's end.
    pub elapsed_time: f64,
    /// The flags of the invocation.
    pub args: &'a JsonMap,
}

impl Serialize for RunResults<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let metadata = Metadata::new("run-results", 6, self.invocation, self.generated_at);
        map.serialize_entry("metadata", &metadata)?;
        map.serialize_entry("results", self.results)?;
        map.serialize_entry("elapsed_time", &self.elapsed_time)?;
        map.serialize_entry("args", self.args)?;
        map.end()
    }
}

impl RunResults<'_> {
    /// Writes the file, all of it or nothing.
    pub fn write(&self, path: &Utf8Path) -> Result<(), FileError> {
        super::write_json(path, self)
    }
}
