//! `run`: build models.

use crate::cli::args::flag_table::{self, EMPTY, FULL_REFRESH, SQLPARSE};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::execute;
use crate::cli::{CliError, Outcome, Ui};
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Run,
    words: &["run"],
    alias: None,
    which: "run",
    chapter: Chapter::Build,
    about: "Build models",
    details: "",
    flags: &[
        flag_table::SELECTING,
        &[FULL_REFRESH, EMPTY, SQLPARSE],
        flag_table::TIMING,
        flag_table::SCHEDULING,
        flag_table::GATING,
    ],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    execute(ui, Command::Run).map(|done| done.outcome)
}
