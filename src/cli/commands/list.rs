//! `list`: list what the project holds.

use crate::cli::args::flag_table::{self, EXCLUDE, LIST_OUTPUT, MODELS, OUTPUT_KEYS, RAW_SELECT, SELECTOR};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{load, select};
use crate::cli::{CliError, Outcome, Ui};
use crate::event::{NoNodesSelected, PrintEvent};
use crate::plan::Command;
use crate::select::{Output, list};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::List,
    words: &["list"],
    alias: Some("ls"),
    which: "list",
    chapter: Chapter::Look,
    about: "List what the project holds",
    details: "",
    flags: &[&[RAW_SELECT, MODELS, EXCLUDE, SELECTOR], flag_table::TYPING, &[LIST_OUTPUT, OUTPUT_KEYS]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let loaded = load(ui)?;
    loaded.write_tables(ui, None)?;
    let selected = select(ui, &loaded, Command::List)?;
    if selected.is_empty() {
        ui.events.warn(NoNodesSelected {})?;
    }
    let output = match ui.flags.text("output") {
        Some("name") => Output::Name,
        Some("path") => Output::Path,
        Some("json") => Output::Json(ui.flags.words("output_keys")),
        _ => Output::Selector,
    };
    for msg in list(&loaded.parsed.manifest, &selected, &output) {
        ui.events.send(PrintEvent { msg });
    }
    Ok(Outcome::Success)
}
