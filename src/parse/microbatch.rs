//! Checks microbatch models: what their batches are made of, and whether their inputs can be cut into batches.
//!
//! Input: the manifest and the macros. Output: problems. Called by `pipeline`. Facts: `resources.md` section 11.

use std::sync::Arc;

use super::resolve::start;
use crate::context::Shared;
use crate::diag::{Code, Diagnostic};
use crate::manifest::{BatchSize, Config, Json, Manifest, Node, NodeKind, UniqueId, wall_time};

/// Checks the microbatch models of a manifest.
pub(super) fn check(manifest: &Manifest, shared: &Shared, problems: &mut Vec<Diagnostic>) {
    let is_microbatch =
        |node: &&Arc<Node>| matches!(node.kind, NodeKind::Model { .. }) && node.config.is_microbatch();
    let models: Vec<&Arc<Node>> = manifest.nodes.values().filter(is_microbatch).collect();
    if !shared.builds_batches() {
        if let Some(model) = models.first() {
            problems.push(outside_of_batches(model));
        }
        return;
    }
    for model in &models {
        settings(model, problems);
        inputs(model, manifest, problems);
    }
    if !shared.dialect.concurrent_batches() {
        problems.extend(never_concurrent(manifest, shared.engine_name));
    }
}

/// A strategy of the project's own gets the whole model at once, unless the project says otherwise.
fn outside_of_batches(model: &Node) -> Diagnostic {
    let message = "a microbatch strategy of the project's own gets its model as a whole, not in batches";
    Diagnostic::warning(Code::DEPRECATED, start(model.span), message)
        .help("set `require_batched_execution_for_custom_microbatch_strategy: true` below `flags:` in dbt_project.yml")
        .known_as("MicrobatchMacroOutsideOfBatchesDeprecation")
}

fn settings(node: &Node, problems: &mut Vec<Diagnostic>) {
    let (config, name) = (&node.config, &node.name);
    let mut fail = |message: String| {
        problems.push(Diagnostic::error(Code::CONFIG, start(node.span), message));
    };
    if config.text("event_time").is_none() {
        fail(format!("microbatch model `{name}` needs the config `event_time`: the name of a column"));
    }
    match config.set("begin") {
        None => fail(format!("microbatch model `{name}` needs the config `begin`: the first date")),
        Some(Json::String(text)) if wall_time(text).is_some() => {}
        Some(other) => {
            let given = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            fail(format!("`begin` of microbatch model `{name}` is no date: `{given}`"));
        }
    }
    let size = config.text("batch_size");
    if size.and_then(BatchSize::parse).is_none() {
        let given = size.map(|size| format!(", but is `{size}`")).unwrap_or_default();
        let sizes = BatchSize::ALL.map(BatchSize::as_str).join(", ");
        fail(format!("`batch_size` of microbatch model `{name}` must be one of {sizes}{given}"));
    }
    if config.set("lookback").is_some_and(|value| value.as_i64().is_none()) {
        fail(format!("`lookback` of microbatch model `{name}` must be a whole number"));
    }
    if config.set("concurrent_batches").is_some_and(|value| !value.is_boolean()) {
        fail(format!("`concurrent_batches` of microbatch model `{name}` must be true or false"));
    }
}

/// An input is cut into batches by its `event_time`; without any, each batch reads all rows.
fn inputs(node: &Node, manifest: &Manifest, problems: &mut Vec<Diagnostic>) {
    let config = |id: &UniqueId| -> Option<&Config> {
        let node = manifest.nodes.get(id).map(|node| &node.config);
        node.or_else(|| manifest.sources.get(id).map(|table| &table.config))
    };
    let mut any = false;
    for id in &node.depends_on.nodes {
        match config(id).and_then(|config| config.set("event_time")) {
            Some(Json::String(column)) => any |= !column.is_empty(),
            Some(other) => {
                let message = format!("`event_time` of `{id}` must be the name of a column, not `{other}`");
                problems.push(Diagnostic::error(Code::CONFIG, start(node.span), message));
            }
            None => {}
        }
    }
    if !any {
        let message = format!(
            "microbatch model `{}` reads nothing that has an `event_time`: each of its batches reads all rows, \
             so that rows can be there twice",
            node.name
        );
        problems.push(
            Diagnostic::warning(Code::CONFIG, start(node.span), message)
                .help("set `event_time` in the config of a model or source that it reads")
                .known_as("MicrobatchModelNoEventTimeInputs"),
        );
    }
}

fn never_concurrent(manifest: &Manifest, engine: &str) -> Option<Diagnostic> {
    let asks = |node: &&Arc<Node>| node.config.flag("concurrent_batches") == Some(true);
    let all: Vec<&Arc<Node>> = manifest.nodes.values().filter(asks).collect();
    let first = all.first()?;
    let (count, plural) = (all.len(), if all.len() == 1 { "" } else { "s" });
    let message = format!(
        "{count} microbatch model{plural} with `concurrent_batches: true`, but {engine} builds batches one after another"
    );
    Some(
        Diagnostic::warning(Code::CONFIG, Some(first.place_of("concurrent_batches")), message)
            .known_as("InvalidConcurrentBatchesConfig"),
    )
}
