//! `test`: run tests on what is built.

use crate::cli::args::flag_table::{self, SQLPARSE, STORE_FAILURES};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::execute;
use crate::cli::{CliError, Outcome, Ui};
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Test,
    words: &["test"],
    alias: None,
    which: "test",
    chapter: Chapter::Build,
    about: "Run tests on what is built",
    details: "",
    flags: &[flag_table::SELECTING, flag_table::TYPING, &[STORE_FAILURES, SQLPARSE], flag_table::SCHEDULING],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    execute(ui, Command::Test).map(|done| done.outcome)
}
