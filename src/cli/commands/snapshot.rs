//! `snapshot`: record how rows change over time.

use crate::cli::args::flag_table::{self, EMPTY, SQLPARSE};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::execute;
use crate::cli::{CliError, Outcome, Ui};
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Snapshot,
    words: &["snapshot"],
    alias: None,
    which: "snapshot",
    chapter: Chapter::Build,
    about: "Record how rows change over time",
    details: "",
    flags: &[flag_table::SELECTING, &[EMPTY, SQLPARSE], flag_table::SCHEDULING, flag_table::GATING],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    execute(ui, Command::Snapshot).map(|done| done.outcome)
}
