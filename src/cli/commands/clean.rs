//! `clean`: removes the folders of `clean-targets`.
//!
//! Refuses, before it removes anything, folders that hold the project's sources and, unless told otherwise,
//! folders outside the project.

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::args::flag_table::CLEAN_PROJECT_FILES_ONLY;
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::project_file::ProjectFile;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::{CheckCleanPath, ConfirmCleanPath, FinishedCleanPaths};
use crate::files;

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

/// The keys whose folders hold sources, with dbt's defaults.
const SOURCE_PATHS: &[(&str, &[&str])] = &[
    ("model-paths", &["models"]),
    ("seed-paths", &["seeds"]),
    ("snapshot-paths", &["snapshots"]),
    ("analysis-paths", &["analyses"]),
    ("macro-paths", &["macros"]),
    ("test-paths", &["tests"]),
    ("function-paths", &["functions"]),
];

pub(super) fn run(ui: &mut Ui) -> Result<Outcome, CliError> {
    let places = ui.flags.places();
    let project = ProjectFile::peek(&places.project_dir);
    if !project.exists() {
        return Err(ui.no_project().into());
    }
    let target = match &places.target_path {
        Some(path) => path.to_string(),
        None => project.text("target-path").unwrap_or("target").to_owned(),
    };
    let targets = project.texts("clean-targets", &[&target]);
    let targets: Vec<_> = targets.iter().map(|path| files::absolute(&places.project_dir, path)).collect();
    check(&targets, &project, &places.project_dir, ui.flags.switch(CLEAN_PROJECT_FILES_ONLY.id))?;
    for path in targets {
        ui.events.send(CheckCleanPath { path: path.to_string() });
        files::remove(&path)?;
        ui.events.send(ConfirmCleanPath { path: path.to_string() });
    }
    ui.events.send(FinishedCleanPaths {});
    Ok(Outcome::Success)
}

fn check(
    targets: &[Utf8PathBuf],
    project: &ProjectFile,
    project_dir: &Utf8Path,
    inside_only: bool,
) -> Result<(), CliError> {
    let mut problems = Vec::new();
    for (key, default) in SOURCE_PATHS {
        for source in project.texts(key, default).iter().map(|path| files::absolute(project_dir, path)) {
            if targets.iter().any(|target| source.starts_with(target)) {
                problems.push(
                    Diagnostic::error(
                        Code::PROJECT,
                        None,
                        format!("dbt will not clean the following source paths: {source}"),
                    )
                    .help(format!("take it out of `clean-targets`, or out of `{key}`")),
                );
            }
        }
    }
    for target in targets.iter().filter(|target| inside_only && !target.starts_with(project_dir)) {
        let message = format!("dbt will not clean the following directories outside the project: {target}");
        problems.push(
            Diagnostic::error(Code::PROJECT, None, message)
                .help("`--no-clean-project-files-only` removes it all the same"),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}
