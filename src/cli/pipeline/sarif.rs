//! Diagnostics as a SARIF log of this project.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::cli::{OWN_VERSION, Ui};
use crate::diag::Diagnostic;
use crate::diag::render::sarif::{RuleFacts, Tool, render};

use super::load::Loaded;

/// Returns the log. Paths begin at the root of the repository that the project lies in, if it does.
pub(in crate::cli) fn as_sarif<'d>(
    ui: &Ui,
    loaded: &Loaded,
    rules: &[RuleFacts],
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
) -> Value {
    let root = &loaded.workspace.paths.root;
    let folder = in_repository(root).unwrap_or_default();
    render(diagnostics, &ui.sources, &Tool { version: OWN_VERSION, rules, folder: &folder })
}

/// Returns a folder as the root of its repository sees it.
fn in_repository(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let folder = folder.canonicalize_utf8().ok()?;
    let top = folder.ancestors().find(|above| above.join(".git").exists())?;
    folder.strip_prefix(top).map(Utf8Path::to_owned).ok()
}
