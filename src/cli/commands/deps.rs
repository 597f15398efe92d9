//! `deps`: install the packages of packages.yml.

use crate::cli::args::flag_table::{ADD_PACKAGE, LOCK, SOURCE, UPGRADE};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::load_project;
use crate::cli::{CliError, Outcome, Ui};
use crate::project::deps::{self, DepsError, NewPackage, Origin, Versions};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Deps,
    words: &["deps"],
    alias: None,
    which: "deps",
    chapter: Chapter::Project,
    about: "Install the packages of packages.yml",
    details: "package-lock.yml keeps which versions were found; it is made anew when the list changes.",
    flags: &[&[ADD_PACKAGE, SOURCE, UPGRADE, LOCK]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let added = match ui.flags.text(ADD_PACKAGE.id) {
        Some(text) => Some(NewPackage::parse(text, origin(ui))?),
        None => None,
    };
    let mut project = load_project(ui)?;
    if let Some(new) = &added {
        deps::add(&ui.sources, &project, &ui.events, new)?;
        project = load_project(ui)?;
    }
    let versions = match added {
        _ if ui.flags.switch(UPGRADE.id) => Versions::Newest,
        Some(_) => Versions::Added,
        None => Versions::Locked,
    };
    let lock_only = ui.flags.switch(LOCK.id);
    let request = deps::Request { versions, lock_only, version_check: ui.flags.places().version_check };
    let cancel = ui.cancel.clone();
    let stop: deps::Stop = std::sync::Arc::new(move || cancel.is_cancelled());
    deps::run(&ui.sources, &project, &ui.events, request, &stop)?;
    Ok(Outcome::Success)
}

fn origin(ui: &Ui) -> Origin {
    match ui.flags.text(SOURCE.id) {
        Some("git") => Origin::Git,
        Some("local") => Origin::Local,
        _ => Origin::Hub,
    }
}

impl From<DepsError> for CliError {
    fn from(error: DepsError) -> Self {
        match error {
            DepsError::Problems(problems) => problems.into(),
            DepsError::Escalated(escalated) => escalated.into(),
        }
    }
}
