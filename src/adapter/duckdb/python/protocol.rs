//! What Tidegate and the process of a Python model say to each other: one JSON object a line.
//!
//! The other end is `templates/python/duckdb/run_model.py`. The process asks, Tidegate answers each question but `print`
//! once and in order; the last message has no answer.

use serde::{Deserialize, Serialize};

use crate::adapter::PythonFrame;

/// The first line the process reads.
#[derive(Debug, Serialize)]
pub(super) struct Job<'a> {
    /// The model's name.
    pub(super) name: &'a str,
    /// The user's file.
    pub(super) path: &'a str,
    /// The compiled code.
    pub(super) code: &'a str,
    /// Lines of the file above the code.
    pub(super) lines_before: usize,
    /// The private folder, which the process deletes should Tidegate be gone.
    pub(super) folder: &'a str,
    /// The database that names without one belong to.
    pub(super) database: &'a str,
    /// The schema that names without one belong to.
    pub(super) schema: &'a str,
    /// All databases that can be named.
    pub(super) databases: &'a [String],
    /// Statements that make the process's own DuckDB like the profile's.
    pub(super) prelude: &'a [String],
    /// Folders to import from.
    pub(super) module_paths: &'a [String],
}

/// What the process says.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(super) enum Message {
    /// Wants the rows of a query, if it has columns of these types, where they are given. Answer: [`Answer::Query`] or
    /// [`Answer::Refused`].
    Query { sql: String, kinds: Option<Vec<String>> },
    /// Wants names and types of a query's columns. Answer: [`Answer::Columns`] or [`Answer::Refused`].
    Describe { sql: String },
    /// Wants a place for rows with these columns (name, type). Answer: [`Answer::Store`].
    Store { columns: Vec<(String, String)> },
    /// Wants a statement run; the inputs are rows with the names the statement uses. `publish` tells that it writes
    /// the model's result. Answer: [`Answer::Done`] or [`Answer::Refused`].
    Execute { sql: String, inputs: Vec<(String, Input)>, publish: bool },
    /// The model printed a line.
    Print { text: String },
    /// The model is built.
    Done,
    /// The model returned `None`.
    Nothing,
    /// A module that every model needs is not there.
    Missing { module: String, python: String },
    /// The model raised an exception.
    Failed {
        #[serde(rename = "type")]
        class: String,
        message: String,
        frames: Vec<PythonFrame>,
        module: Option<String>,
        python: String,
        traceback: String,
    },
}

/// Rows that a statement reads.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Input {
    /// Those stored under this number.
    Stored(usize),
    /// Those of a query over tables of the warehouse.
    Query(String),
}

/// What Tidegate answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    /// A query over a file, which gives the rows.
    Query { query: String },
    /// Names and types.
    Columns { columns: Vec<(String, String)> },
    /// Where to write, the select list that makes the rows fit for it, and the number to name them by.
    Store { id: usize, path: String, project: String },
    /// The statement ran.
    Done { done: bool },
    /// The database's own words.
    Refused { class: String, message: String },
}
