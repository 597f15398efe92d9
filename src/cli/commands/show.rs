//! `show`: print the first rows of a model or of a query.

use crate::cli::args::flag_table::{
    self, FAILURES, FULL_REFRESH, INLINE, INLINE_DIRECT, INTROSPECT, LIMIT, OUTPUT, SQLPARSE,
};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{Preview, preview_direct, preview_failures, preview_inline, preview_selected};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::event::ShowNode;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Show,
    words: &["show"],
    alias: None,
    which: "show",
    chapter: Chapter::Look,
    about: "Print the first rows of a model or of a query",
    details: "",
    flags: &[
        flag_table::SELECTING,
        &[INLINE, FAILURES, LIMIT, OUTPUT, FULL_REFRESH, INTROSPECT, INLINE_DIRECT, SQLPARSE],
    ],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let limit = ui.flags.int("limit").unwrap_or(5);
    let previews = if let Some(sql) = ui.flags.text("inline") {
        vec![preview_inline(ui, sql, limit)?]
    } else if let Some(sql) = ui.flags.text("inline_direct") {
        vec![preview_direct(ui, sql, limit)?]
    } else if let Some(test) = ui.flags.text("failures") {
        vec![preview_failures(ui, test, limit)?]
    } else if ui.flags.selecting().select.is_empty() {
        return Err(Diagnostic::error(
            Code::USAGE,
            None,
            "Either --select or --inline must be passed to show",
        )
        .help("name a model with `--select`, or give SQL with `--inline` or `--inline-direct`")
        .into());
    } else {
        preview_selected(ui, limit)?
    };
    for preview in &previews {
        print(ui, preview);
    }
    Ok(Outcome::Success)
}

fn print(ui: &Ui, preview: &Preview) {
    let format = ui.flags.text("output").unwrap_or("text").to_owned();
    ui.events.send(ShowNode {
        is_inline: preview.inline,
        node_name: preview.name.clone(),
        preview: if format == "json" { preview.json() } else { preview.text() },
        output_format: format,
        quiet: ui.flags.switch("quiet"),
        unique_id: preview.unique_id.clone(),
    });
}
