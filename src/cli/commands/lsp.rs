//! `lsp`: talk to an editor about the project while it is being written.

use camino::Utf8Path;

use crate::cli::args::{Chapter, Source, Spec, Surroundings, Verb};
use crate::cli::pipeline::reading;
use crate::cli::{CliError, Outcome, Ui, open_in};
use crate::diag::{Code, Diagnostic};
use crate::lsp::{self, Setup};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Lsp,
    words: &["lsp"],
    alias: None,
    which: "lsp",
    chapter: Chapter::Project,
    about: "Serve an editor: mistakes, completion, navigation, renaming",
    details: "Speaks the Language Server Protocol on stdin and stdout. The project is the one that the editor has open.",
    flags: &[],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let named = ui.flags.source("project_dir") != Source::Default;
    let fixed = named.then(|| ui.flags.places().project_dir);
    // What a project says of flags is known once the editor has told which one it is.
    let open = |folder: &Utf8Path| -> Setup {
        let around = Surroundings { cwd: folder.to_owned(), ..ui.around.clone() };
        let there = if named { None } else { open_in(&ui.typed, around).ok() };
        // Relative paths of a project count from its folder; one that cannot be entered has no files either.
        let _ = std::env::set_current_dir(folder);
        reading(there.as_ref().unwrap_or(ui))
    };
    let in_order = lsp::serve(fixed.as_deref(), &open).map_err(|error| {
        Diagnostic::error(Code::IO, None, format!("the editor cannot be served: {error}"))
    })?;
    Ok(if in_order { Outcome::Success } else { Outcome::Failure })
}
