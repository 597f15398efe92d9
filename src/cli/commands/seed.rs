//! `seed`: load seeds: CSV files of the project.

use crate::cli::args::flag_table::{self, FULL_REFRESH, SHOW, SQLPARSE};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::execute;
use crate::cli::{CliError, Outcome, Ui};
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Seed,
    words: &["seed"],
    alias: None,
    which: "seed",
    chapter: Chapter::Build,
    about: "Load seeds: CSV files of the project",
    details: "",
    flags: &[
        flag_table::SELECTING,
        &[FULL_REFRESH, SHOW, SQLPARSE],
        flag_table::SCHEDULING,
        flag_table::GATING,
    ],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    execute(ui, Command::Seed).map(|done| done.outcome)
}
