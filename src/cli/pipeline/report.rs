//! The end of a run for people and tools: totals, then each failure and warning again.

use std::collections::BTreeMap;

use crate::artifacts::{RunResult, Status};
use crate::cli::Ui;
use crate::diag::Code;
use crate::diag::render::human;
use crate::event::{
    CheckNodeTestFailure, EndOfRunSummary, FinishedRunningStats, Formatting, NodeFacts, NodeInfo, Note,
    RunResultError, RunResultErrorNoMessage, RunResultFailure, RunResultWarning, RunResultWarningMessage,
    SQLCompiledPath, Stats, StatsLine,
};
use crate::manifest::{ResourceType, UniqueId};
use crate::run::{group_of, source_facts};

use super::load::Loaded;

/// `1 model`, `2 analyses`; dbt says `1 test`, but `3 data tests`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    match (count, noun) {
        (1, _) => format!("1 {noun}"),
        (_, "test") => format!("{count} data tests"),
        (_, "analysis") => format!("{count} analyses"),
        (_, "saved query") => format!("{count} saved queries"),
        _ => format!("{count} {noun}s"),
    }
}

/// What people call a resource type.
pub(super) fn kind_name(kind: &str) -> &str {
    match kind {
        "unit_test" => "unit test",
        "sql_operation" => "sql operation",
        "semantic_model" => "semantic model",
        "saved_query" => "saved query",
        other => other,
    }
}

/// Sends an empty line.
pub(super) fn blank(ui: &Ui) {
    ui.events.send(Formatting { msg: String::new() });
}

/// Tells what ran and how long it took.
pub(super) fn finished(ui: &Ui, loaded: &Loaded, results: &[RunResult], seconds: f64) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for result in results {
        let key = match loaded.parsed.manifest.node(&result.unique_id) {
            Some(node) => match node.resource_type() {
                ResourceType::Model => format!("{} model", node.config.materialized()),
                ResourceType::Operation => "project hook".to_owned(),
                kind => kind.to_string(),
            },
            None => loaded
                .parsed
                .manifest
                .resource_type(&result.unique_id)
                .map(|kind| kind.to_string())
                .unwrap_or_default(),
        };
        *counts.entry(key).or_default() += 1;
    }
    let words: Vec<String> = counts.iter().map(|(kind, count)| plural(*count, kind_name(kind))).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time that passed, in seconds"
    )]
    let whole = seconds as u64;
    #[expect(clippy::cast_precision_loss, reason = "far below the limit")]
    let rest = seconds - (whole / 60 * 60) as f64;
    blank(ui);
    ui.events.send(FinishedRunningStats {
        execution: format!(" in {} hours {} minutes and {rest:.2} seconds", whole / 3600, whole % 3600 / 60),
        execution_time: seconds,
        stat_line: words.join(", "),
    });
}

/// Tells whether a node was skipped since another was held at its gate: that one's error is told.
fn follows_held(result: &RunResult) -> bool {
    result.diagnostic.as_ref().is_some_and(|diagnostic| diagnostic.code == Code::GATE)
}

/// Tells how the run ended: summary, failures, warnings, the line of totals. Nothing if nothing ran.
pub(in crate::cli) fn print_results(ui: &Ui, loaded: &Loaded, results: &[RunResult], interrupted: bool) {
    if results.is_empty() {
        return;
    }
    let of = |wanted: &dyn Fn(&RunResult) -> bool| -> Vec<&RunResult> {
        results.iter().filter(|result| wanted(result)).collect()
    };
    let exposure = |result: &RunResult| loaded.parsed.manifest.exposures.contains_key(&result.unique_id);
    let errors = of(&|result| match result.status {
        Status::Error | Status::Fail | Status::RuntimeError => true,
        Status::Skipped => result.message.is_some() && !exposure(result) && !follows_held(result),
        _ => false,
    });
    let partial = of(&|result| result.status == Status::PartialSuccess);
    let warnings = of(&|result| result.status == Status::Warn);
    blank(ui);
    ui.events.send(EndOfRunSummary {
        keyboard_interrupt: interrupted,
        num_errors: errors.len(),
        num_partial_success: partial.len(),
        num_warnings: warnings.len(),
    });
    for result in errors.iter().chain(&partial) {
        tell(ui, loaded, result, false);
    }
    for result in &warnings {
        tell(ui, loaded, result, true);
    }
    let mut stats = Stats::default();
    for result in results {
        stats.add(result.status.as_str());
    }
    blank(ui);
    ui.events.send(StatsLine { stats });
}

/// Tells of one failure.
pub(super) fn tell_failure(ui: &Ui, loaded: &Loaded, result: &RunResult) {
    tell(ui, loaded, result, false);
}

fn tell(ui: &Ui, loaded: &Loaded, result: &RunResult, warning: bool) {
    let Some((facts, path)) = facts(loaded, &result.unique_id) else { return };
    if result.status == Status::Skipped {
        return;
    }
    let (resource_type, node_name) = (facts.resource_type.clone(), facts.name.clone());
    let owner = facts.group.as_ref().map(|group| (group.name.clone(), group.owner_text()));
    let node_info = NodeInfo::new(facts).with_status(result.status.as_str());
    let events = &ui.events;
    blank(ui);
    if warning {
        events.send(RunResultWarning { node_info: node_info.clone(), node_name, path, resource_type });
    } else if result.status != Status::RuntimeError {
        events.send(RunResultFailure { node_info: node_info.clone(), node_name, path, resource_type });
    }
    match &result.message {
        Some(msg) if warning => {
            events.send(RunResultWarningMessage { msg: msg.clone(), node_info: node_info.clone() });
        }
        Some(msg) => {
            let batches = failed_batches(ui, result).unwrap_or_default();
            let msg = format!("{msg}{batches}");
            events.send(RunResultError { msg, node_info: Some(node_info.clone()) });
        }
        None => events.send(RunResultErrorNoMessage {
            node_info: node_info.clone(),
            status: result.status.as_str().into(),
        }),
    }
    if let Some((group, owner)) = owner.filter(|(_, owner)| !owner.is_empty()) {
        events.send(Note { msg: format!("  group `{group}`: ask {owner}") });
    }
    let compiled = loaded.compiled.get(&result.unique_id);
    if let Some(path) = compiled.as_ref().and_then(|compiled| compiled.path.clone()) {
        blank(ui);
        events.send(SQLCompiledPath { node_info: node_info.clone(), path });
    }
    let asked = ui.flags.building().store_failures;
    let node = loaded.parsed.manifest.nodes.get(&result.unique_id);
    let stored = node.is_some_and(|node| node.config.stores_failures(asked));
    if let Some(relation_name) = result.relation_name.clone().filter(|_| stored) {
        blank(ui);
        events.send(CheckNodeTestFailure { node_info, relation_name });
    }
}

/// Returns what is wrong with the batches of a microbatch model; its message tells only how many failed.
fn failed_batches(ui: &Ui, result: &RunResult) -> Option<String> {
    let diagnostic = result.diagnostic.as_ref().filter(|_| result.batch_results.is_some())?;
    let body = human::render_body(diagnostic, &ui.sources, false);
    let lines = diagnostic.message.lines().chain(body.lines());
    Some(lines.fold(String::new(), |text, line| format!("{text}\n  {line}").trim_end().to_owned()))
}

/// Returns what events tell of a node or unit test, and the file that defines it.
fn facts(loaded: &Loaded, id: &UniqueId) -> Option<(NodeFacts, String)> {
    let manifest = &loaded.parsed.manifest;
    if let Some(table) = manifest.sources.get(id) {
        return Some((source_facts(table), table.path.clone()));
    }
    let (name, path, file, materialized) = match (manifest.node(id), manifest.unit_tests.get(id)) {
        (Some(node), _) => {
            let materialized = node.config.text("materialized").unwrap_or_default();
            (node.name.clone(), &node.path, &node.original_file_path, materialized)
        }
        (None, Some(test)) => (test.versioned_name(), &test.path, &test.original_file_path, ""),
        (None, None) => return None,
    };
    let facts = NodeFacts {
        unique_id: id.to_string(),
        resource_type: manifest.resource_type(id)?.to_string(),
        name,
        path: path.clone(),
        materialized: materialized.to_owned(),
        group: manifest.nodes.get(id).and_then(|node| group_of(node, manifest)),
        ..NodeFacts::default()
    };
    Some((facts, file.clone()))
}
