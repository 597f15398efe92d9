//! `lineage`: where a model's columns come from, and what they go into.

use crate::hash::HashMap;

use crate::artifacts::ColumnLineage;
use crate::cli::args::flag_table::{
    ALL_COLUMNS, DEPTH, DOWNSTREAM, FULL_REFRESH, INTROSPECT, LINEAGE_OUTPUT, UPSTREAM,
};
use crate::cli::args::{Chapter, Positional, Spec, Verb};
use crate::cli::pipeline::{Loaded, read_lineage};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic, suggest};
use crate::event::PrintEvent;
use crate::lineage::show::{self, Answer, Ask};
use crate::manifest::Manifest;
use crate::select::{node_and_column, unknown_node};

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Lineage,
    words: &["lineage"],
    alias: None,
    which: "lineage",
    chapter: Chapter::Look,
    about: "Show where columns come from, and what they go into",
    details: "Everything found is written to target/column_lineage.json, which `--select column:model.column+` reads.",
    flags: &[&[UPSTREAM, DOWNSTREAM, DEPTH, LINEAGE_OUTPUT, ALL_COLUMNS, FULL_REFRESH, INTROSPECT]],
    positional: Some(Positional {
        id: "column",
        name: "MODEL[.COLUMN]",
        required: false,
        help: "A model, seed, snapshot or source, and a column of it",
    }),
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let asked = ui.flags.positional.as_deref();
    if asked.is_none() && !ui.flags.switch(ALL_COLUMNS.id) {
        let error = Diagnostic::error(Code::USAGE, None, "`lineage` needs a model, or `--all`");
        return Err(error.help("write `lineage orders`, or `lineage orders.amount` for one column").into());
    }
    let (loaded, lineage) = read_lineage(ui)?;
    loaded.write_tables(ui, None)?;
    let msg = match asked {
        Some(asked) => answer(ui, &loaded, &lineage, asked)?,
        None if ui.flags.text(LINEAGE_OUTPUT.id) == Some("json") => serde_json::json!(lineage).to_string(),
        None => show::summary(&lineage),
    };
    ui.events.send(PrintEvent { msg });
    Ok(Outcome::Success)
}

fn answer(ui: &Ui, loaded: &Loaded, lineage: &ColumnLineage, asked: &str) -> Result<String, CliError> {
    let manifest = &loaded.parsed.manifest;
    let Some((relation, column)) = node_and_column(manifest, asked) else {
        return Err(unknown_node(manifest, asked).into());
    };
    let column = column.map(|column| spelled(lineage, &relation, column)).transpose()?;
    let downstream = ui.flags.switch(DOWNSTREAM.id);
    let depth = ui.flags.int(DEPTH.id).and_then(|depth| usize::try_from(depth).ok());
    let ask = Ask {
        upstream: ui.flags.switch(UPSTREAM.id) || !downstream,
        downstream,
        depth: depth.or(if column.is_none() { Some(1) } else { None }),
    };
    let names = names(manifest);
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let answer = Answer::new(lineage, &relation, column.as_deref(), ask, &name);
    Ok(match ui.flags.text(LINEAGE_OUTPUT.id) {
        Some("json") => format!("{:#}", answer.json()),
        Some("dot") => show::dot(&answer),
        Some("mermaid") => show::mermaid(&answer),
        Some("html") => show::page(&answer),
        _ => show::text(&answer),
    })
}

/// Returns a column's name as its model spells it. Errors if the model has all its columns known, and not this one.
fn spelled(lineage: &ColumnLineage, relation: &str, column: &str) -> Result<String, CliError> {
    let wanted = crate::artifacts::ColumnRef::new(relation, column);
    if let Some((name, _)) = lineage.origin(&wanted) {
        return Ok(name.to_owned());
    }
    match lineage.nodes.get(relation).filter(|node| node.incomplete.is_none()) {
        None => Ok(column.to_owned()),
        Some(node) => {
            let names = || node.columns.keys().map(String::as_str);
            let list = || format!("its columns are {}", names().collect::<Vec<_>>().join(", "));
            let message = format!("`{relation}` has no column `{column}`");
            let help = suggest(column, names()).unwrap_or_else(list);
            Err(Diagnostic::error(Code::SELECTOR, None, message).help(help).into())
        }
    }
}

/// Names for people: those that select a node, unless two nodes share one.
fn names(manifest: &Manifest) -> HashMap<String, String> {
    let nodes = manifest.nodes.values().filter(|node| node.resource_type().is_refable());
    let nodes = nodes.map(|node| (node.unique_id.to_string(), node.search_name()));
    let sources = manifest.sources.values().map(|table| (table.unique_id.to_string(), table.search_name()));
    let all: Vec<(String, String)> = nodes.chain(sources).collect();
    let mut times: HashMap<&str, usize> = HashMap::default();
    all.iter().for_each(|(_, name)| *times.entry(name).or_default() += 1);
    let shared = |name: &str| times.get(name).is_some_and(|times| *times > 1);
    all.iter().map(|(id, name)| (id.clone(), if shared(name) { id.clone() } else { name.clone() })).collect()
}
