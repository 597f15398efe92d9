//! What it takes to run a Python model, whatever the engine: the job, who serves it, how it can fail.
//!
//! Input: compiled Python code that defines `model`, `dbtObj` and `materialize`. Output: the engine's response, or a
//! [`PythonError`] in Python's words with the lines it went through. Called by `context`.

use super::{DbError, Fetch, QueryResult};

/// A Python model, ready to run.
#[derive(Clone, Debug)]
pub struct PythonJob {
    /// The model's name, which becomes the module's.
    pub name: String,
    /// Absolute path of the user's file: `__file__`, and what tracebacks name.
    pub path: String,
    /// The compiled code. It begins with the user's own.
    pub code: String,
    /// How many lines of the user's file stand above the code.
    pub lines_before: usize,
}

/// Serves a job while it runs: the database of the worker that builds the model, and the terminal.
pub trait PythonHost {
    /// Runs SQL on the worker's connection.
    fn execute(&mut self, sql: &str, fetch: Fetch) -> Result<QueryResult, DbError>;

    /// Opens a transaction unless one is open: what follows is the model's result.
    fn begin(&mut self) -> Result<(), DbError>;

    /// Shows a line that the model printed.
    fn print(&mut self, line: &str);
}

/// Why a job gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonError {
    /// The model raised an exception.
    Raised(Box<PythonException>),
    /// The model returned `None`.
    NoFrame,
    /// There is no Python to run it, or not all that it takes; with advice.
    Missing {
        /// What is missing.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// The process ended without a word, for example because it ran out of memory.
    Died(String),
    /// The process, its pipes or its folder gave out.
    Io(String),
    /// The database refused something outside of the model's own code, or the run was stopped.
    Database(DbError),
}

/// An exception of a model's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PythonException {
    /// Its class, for example `ZeroDivisionError`.
    pub class: String,
    /// Its text.
    pub message: String,
    /// The calls that led to it, outermost first.
    pub frames: Vec<PythonFrame>,
    /// The module that could not be imported, if that is what happened.
    pub missing_module: Option<String>,
    /// The Python that ran the model.
    pub python: String,
    /// The whole traceback as Python prints it.
    pub traceback: String,
}

/// A line of Python that was running.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct PythonFrame {
    /// The file, as Python names it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The function.
    pub function: String,
}
