//! `compile`: render models, tests and analyses to SQL.

use crate::cli::args::flag_table::{
    self, EMPTY, FULL_REFRESH, INJECT_EPHEMERAL_CTES, INLINE, INTROSPECT, OUTPUT, SQLPARSE,
};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{self, Done, execute, named};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::Diagnostic;
use crate::event::CompiledNode;
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Compile,
    words: &["compile"],
    alias: None,
    which: "compile",
    chapter: Chapter::Look,
    about: "Render models, tests and analyses to SQL",
    details: "What is selected is printed; everything goes to target/compiled.",
    flags: &[
        flag_table::SELECTING,
        &[INLINE, OUTPUT, FULL_REFRESH, EMPTY, INTROSPECT, INJECT_EPHEMERAL_CTES, SQLPARSE],
    ],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    if let Some(sql) = ui.flags.text("inline") {
        let compiled = pipeline::compile_inline(ui, sql)?;
        print(ui, ("inline_query", "sql_operation"), &compiled, true);
        return Ok(Outcome::Success);
    }
    let done = execute(ui, Command::Compile)?;
    fail_on_first(&done)?;
    for id in named(ui, &done.loaded, &done.selected) {
        let Some(compiled) = done.loaded.compiled.get(id) else { continue };
        let Some(node) = done.loaded.parsed.manifest.node(id) else { continue };
        print(ui, (&node.name, id.as_str()), &compiled.code, false);
    }
    Ok(Outcome::Success)
}

/// Compiling, for documentation too, ends with the first node that fails (exit code 2).
pub(super) fn fail_on_first(done: &Done) -> Result<(), CliError> {
    let failed: Vec<Diagnostic> =
        done.results.iter().filter_map(|result| result.diagnostic.as_deref().cloned()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.into()) }
}

fn print(ui: &Ui, (node_name, unique_id): (&str, &str), compiled: &str, is_inline: bool) {
    ui.events.send(CompiledNode {
        compiled: compiled.to_owned(),
        is_inline,
        node_name: node_name.to_owned(),
        output_format: ui.flags.text("output").unwrap_or("text").to_owned(),
        quiet: ui.flags.switch("quiet"),
        unique_id: unique_id.to_owned(),
    });
}
