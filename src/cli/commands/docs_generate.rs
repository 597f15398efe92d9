//! `docs generate`: write what documentation shows: manifest, catalog, column lineage, assets.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compile::fail_on_first;
use crate::cli::args::flag_table::{self, COMPILE, EMPTY_CATALOG, INHERIT_DESCRIPTIONS, SQLPARSE, STATIC};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{Loaded, execute, lineage_of_compiled, load, select_sources, write_catalog};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::docs::write_site;
use crate::event::{CannotGenerateDocs, Note};
use crate::files;
use crate::lineage::with_inherited;
use crate::manifest::UniqueId;
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::DocsGenerate,
    words: &["docs", "generate"],
    alias: None,
    which: "generate",
    chapter: Chapter::Look,
    about: "Write the documentation site",
    details: "",
    flags: &[flag_table::SELECTING, &[COMPILE, STATIC, EMPTY_CATALOG, INHERIT_DESCRIPTIONS, SQLPARSE]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    if !ui.flags.switch("compile") {
        let loaded = load(ui)?;
        copy_assets(&loaded)?;
        return write(ui, &loaded, None);
    }
    let done = execute(ui, Command::Compile)?;
    fail_on_first(&done)?;
    if done.outcome != Outcome::Success {
        ui.events.send(CannotGenerateDocs {});
        return Ok(done.outcome);
    }
    copy_assets(&done.loaded)?;
    let mut selected = done.selected;
    selected.extend(select_sources(ui, &done.loaded)?);
    write(ui, &done.loaded, Some(&selected))
}

/// Writes the catalog, then the site from all artifacts.
fn write(ui: &Ui, loaded: &Loaded, selected: Option<&BTreeSet<UniqueId>>) -> Result<Outcome, CliError> {
    let outcome = write_catalog(ui, loaded, selected)?;
    if ui.flags.switch("compile") {
        let lineage = lineage_of_compiled(ui, loaded)?;
        if ui.flags.switch(INHERIT_DESCRIPTIONS.id) {
            let described = with_inherited(&loaded.parsed.manifest, &lineage);
            loaded.write_as_manifest(ui, Arc::new(described), loaded.compiled.clone())?;
        }
    }
    loaded.write_tables(ui, None)?;
    ui.background.wait();
    if !loaded.target("manifest.json").is_file() {
        let msg = "No documentation site: it is made from manifest.json, which was not written".to_owned();
        ui.events.send(Note { msg });
        return Ok(outcome);
    }
    let page = write_site(&loaded.target(""), ui.flags.switch("static"))?;
    ui.events.send(Note { msg: format!("Documentation written to {page}") });
    Ok(outcome)
}

/// Copies the folders of `asset-paths` to the target folder, each in place of its last copy.
fn copy_assets(loaded: &Loaded) -> Result<(), CliError> {
    let target = loaded.target("");
    for folder in &loaded.workspace.project.paths.assets {
        let (from, to) = (loaded.workspace.paths.root.join(folder), files::absolute(&target, folder));
        if to == target || !to.starts_with(&target) {
            let message = format!("`asset-paths` names `{folder}`, which is not below the project");
            return Err(Diagnostic::error(Code::PROJECT, None, message)
                .help("move the folder into the project")
                .into());
        }
        if from.is_dir() {
            files::remove(&to)?;
            files::copy_folder(&from, &to)?;
        }
    }
    Ok(())
}
