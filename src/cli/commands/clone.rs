//! `clone`: make copies of what an earlier run built elsewhere.

use crate::cli::args::flag_table::{self, FULL_REFRESH};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::execute;
use crate::cli::{CliError, Outcome, Ui};
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Clone,
    words: &["clone"],
    alias: None,
    which: "clone",
    chapter: Chapter::Build,
    about: "Make copies of what an earlier run built elsewhere",
    details: "`--state` names the folder with that run's artifacts.",
    flags: &[flag_table::SELECTING, flag_table::TYPING, &[FULL_REFRESH]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    execute(ui, Command::Clone).map(|done| done.outcome)
}
