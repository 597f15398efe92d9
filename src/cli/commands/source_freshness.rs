//! `source freshness`: tell how old the data of sources is.

use crate::cli::args::flag_table::{self, OUTPUT_PATH, SQLPARSE};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::measure_freshness;
use crate::cli::{CliError, Outcome, Ui};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::SourceFreshness,
    words: &["source", "freshness"],
    alias: Some("snapshot-freshness"),
    which: "freshness",
    chapter: Chapter::Look,
    about: "Tell how old the data of sources is",
    details: "",
    flags: &[flag_table::SELECTING, &[OUTPUT_PATH, SQLPARSE]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    measure_freshness(ui)
}
