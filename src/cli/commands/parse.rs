//! `parse`: read the project and write manifest.json.

use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::load;
use crate::cli::{CliError, Outcome, Ui};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Parse,
    words: &["parse"],
    alias: None,
    which: "parse",
    chapter: Chapter::Look,
    about: "Read the project and write manifest.json",
    details: "",
    flags: &[],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    load(ui)?.write_tables(ui, None)?;
    Ok(Outcome::Success)
}
