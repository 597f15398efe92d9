//! `run-operation`: run a macro.

use crate::cli::args::flag_table::ARGS;
use crate::cli::args::{Chapter, Positional, Spec, Verb};
use crate::cli::pipeline::run_operation;
use crate::cli::{CliError, Outcome, Ui};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::RunOperation,
    words: &["run-operation"],
    alias: None,
    which: "run-operation",
    chapter: Chapter::Build,
    about: "Run a macro",
    details: "Its statements are not committed unless it commits them.",
    flags: &[&[ARGS]],
    positional: Some(Positional {
        id: "macro",
        name: "MACRO",
        required: true,
        help: "Name of the macro, with its package in front if need be",
    }),
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let name = ui.flags.positional.clone().unwrap_or_default();
    run_operation(ui, &name, &ui.flags.mapping("args"))
}
