//! `deps`: install the packages of packages.yml.

use crate::cli::args::flag_table::{ADD_PACKAGE, LOCK, SOURCE, UPGRADE};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::load_project;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::Diagnostic;
use crate::event::Note;
use crate::project::deps;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Deps,
    words: &["deps"],
    alias: None,
    which: "deps",
    chapter: Chapter::Project,
    about: "Install the packages of packages.yml",
    details: "",
    flags: &[&[ADD_PACKAGE, SOURCE, UPGRADE, LOCK]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let project = load_project(ui)?;
    let (packages, found) = deps::resolve(&ui.sources, &project);
    if found.iter().any(Diagnostic::is_error) {
        return Err(found.into());
    }
    if packages.is_empty() {
        ui.events.send(Note { msg: "Warning: No packages were found in packages.yml".to_owned() });
        return Ok(Outcome::Success);
    }
    deps::install(&project.paths.packages, &packages, |package| {
        ui.events.send(Note { msg: format!("Installing {}", package.listed) });
    })?;
    Ok(Outcome::Success)
}
