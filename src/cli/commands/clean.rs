//! `clean`: removes the folders of `clean-targets`.
//!
//! Refuses, before it removes anything, folders that hold the project's sources and, unless told otherwise,
//! folders outside the project.

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::args::flag_table::CLEAN_PROJECT_FILES_ONLY;
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::{CheckCleanPath, ConfirmCleanPath, FinishedCleanPaths};
use crate::files;
use crate::project::{self, Project, ProjectOnly};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Clean,
    words: &["clean"],
    alias: None,
    which: "clean",
    chapter: Chapter::Project,
    about: "Remove what runs and packages left behind",
    details: "That is the folders of clean-targets: target and dbt_packages, unless the project says otherwise.",
    flags: &[&[CLEAN_PROJECT_FILES_ONLY]],
    positional: None,
};

pub(super) fn run(ui: &mut Ui) -> Result<Outcome, CliError> {
    let (project, found) = project::load_project(&ui.sources, &ui.project_options());
    ui.tell(found)?;
    let Some(ProjectOnly { project, .. }) = project else { return Err(ui.no_project().into()) };
    let targets: Vec<_> =
        project.clean_targets.iter().map(|path| real(&files::absolute(&project.root, path))).collect();
    check(&targets, &project, ui.flags.switch(CLEAN_PROJECT_FILES_ONLY.id))?;
    let says = |path: &str| project.clean_targets.iter().any(|target| target == path);
    if says("dbt_modules") && !says(project.packages_install_path.as_str()) {
        let message = "the default packages-install-path has changed from `dbt_modules` to `dbt_packages`.";
        ui.warn(
            Diagnostic::warning(Code::DEPRECATED, None, message)
                .help("name the folder of the packages in `clean-targets`")
                .known_as("PackageInstallPathDeprecation"),
        )?;
    }
    for path in targets {
        ui.events.send(CheckCleanPath { path: path.to_string() });
        // A file of that name is somebody's work.
        if path.is_dir() {
            files::remove(&path)?;
        }
        ui.events.send(ConfirmCleanPath { path: path.to_string() });
    }
    ui.events.send(FinishedCleanPaths {});
    Ok(Outcome::Success)
}

/// Where a path lies once the links on its way are followed. One that is a link itself stays: only the link is removed.
fn real(path: &Utf8Path) -> Utf8PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize_utf8().ok());
    folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
}

fn check(targets: &[Utf8PathBuf], project: &Project, inside_only: bool) -> Result<(), CliError> {
    let mut problems = Vec::new();
    let root = project.root.canonicalize_utf8().unwrap_or_else(|_| project.root.clone());
    for source in project.paths.all_sources().iter().map(|path| real(&files::absolute(&root, path))) {
        if targets.iter().any(|target| source.starts_with(target)) {
            let message = format!("dbt will not clean the following source paths: {source}");
            problems.push(
                Diagnostic::error(Code::PROJECT, None, message)
                    .help("take the folder out of `clean-targets`"),
            );
        }
    }
    for target in targets.iter().filter(|target| inside_only && !target.starts_with(&root)) {
        let message = format!("dbt will not clean the following directories outside the project: {target}");
        problems.push(
            Diagnostic::error(Code::PROJECT, None, message)
                .help("`--no-clean-project-files-only` removes it all the same"),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}
