//! How a command ends, and the exit code that follows: the only place that knows the numbers.

use crate::diag::{Code, Diagnostic, told_once};
use crate::event::{Escalated, Event, Style};
use crate::files::FileError;

use super::args::UsageError;

/// A command that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All went well, or nothing was to be done.
    Success,
    /// Some node, test or check failed; the details were told.
    Failure,
}

/// A command that could not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError(Vec<Diagnostic>);

impl CliError {
    /// Returns what is wrong.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.0
    }
}

impl From<Diagnostic> for CliError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Box<Diagnostic>> for CliError {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self(vec![*diagnostic])
    }
}

impl From<Vec<Diagnostic>> for CliError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(told_once(diagnostics))
    }
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        Diagnostic::from(error).into()
    }
}

impl From<UsageError> for CliError {
    fn from(error: UsageError) -> Self {
        let mut diagnostic = Diagnostic::error(Code::USAGE, None, error.message);
        diagnostic.help = error.help;
        diagnostic.into()
    }
}

impl From<Escalated> for CliError {
    fn from(Escalated(event): Escalated) -> Self {
        let option = format!("`--warn-error` or `--warn-error-options` makes `{}` an error", event.name());
        let mut diagnostic = match *event {
            Event::Diagnosed(diagnosed) => *diagnosed.diagnostic,
            event => Diagnostic::error(Code::USAGE, None, event.message(&Style::default())),
        };
        diagnostic.severity = crate::diag::Severity::Error;
        diagnostic.note(option).into()
    }
}

/// Exit code of success.
pub(super) const SUCCESS: u8 = 0;
/// Exit code of a run in which something failed.
pub(super) const FAILURE: u8 = 1;
/// Exit code of everything that keeps a command from coming to its end.
pub(super) const UNABLE: u8 = 2;

/// Returns the exit code of an end.
pub(super) fn code(end: &Result<Outcome, CliError>) -> u8 {
    match end {
        Ok(Outcome::Success) => SUCCESS,
        Ok(Outcome::Failure) => FAILURE,
        Err(_) => UNABLE,
    }
}
