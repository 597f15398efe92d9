//! Contracts of two states: whether one changed, and whether the change breaks what others rely on.
//!
//! Facts: dbt's `same_contract`. A breaking change of a versioned model is an error, of another one a warning.

use jiff::Timestamp;

use super::same::{Rules, same_value};
use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{Disabled, Json, Node, NodeKind, UniqueId, utc, wall_time};

/// Tells whether the contract is the same. Only models have one; other code never changes it.
pub(super) fn same(rules: Rules<'_>, id: &UniqueId, old: &Json) -> Option<bool> {
    rules.manifest.node(id).map(|node| is_same(node, old))
}

pub(super) fn is_same(node: &Node, old: &Json) -> bool {
    if !matches!(node.kind, NodeKind::Model { .. }) {
        return true;
    }
    let now = node.contract.enforced;
    now == was_enforced(old) && (!now || node.contract.checksum.as_deref() == checksum(old))
}

fn was_enforced(old: &Json) -> bool {
    old.pointer("/contract/enforced").and_then(Json::as_bool).unwrap_or(false)
}

fn checksum(old: &Json) -> Option<&str> {
    old.pointer("/contract/checksum").and_then(Json::as_str)
}

/// Tells of a contract that a model no longer keeps.
pub(super) fn broken(model: &Node, old: &Json) -> Option<Diagnostic> {
    if !was_enforced(old) || is_same(model, old) {
        return None;
    }
    let breaks = breaks(model, old);
    (!breaks.is_empty()).then(|| told(Model::of(model), &breaks))
}

/// The model a message is about.
#[derive(Clone, Copy)]
struct Model<'a> {
    name: &'a str,
    file: &'a str,
    versioned: bool,
    span: Option<Span>,
}

impl<'a> Model<'a> {
    fn of(node: &'a Node) -> Self {
        let versioned = node.version().is_some();
        Self { name: &node.name, file: &node.original_file_path, versioned, span: Some(node.span) }
    }
}

fn told(model: Model<'_>, breaks: &[String]) -> Diagnostic {
    let reasons = breaks.join("\n  - ");
    let compared = "While comparing to previous project state, dbt detected a breaking change to";
    if model.versioned {
        let message = format!(
            "Breaking Change to Contract `{}`\n{compared} an enforced contract.\n  - {reasons}",
            model.name
        );
        return Diagnostic::error(Code::CONTRACT, model.span, message)
            .help("make a change that only adds, if that is possible; otherwise add a version of the model");
    }
    let Model { name, file, span, .. } = model;
    let message = format!(
        "Breaking change to contracted, unversioned model {name} ({file})\n{compared} an unversioned model.\n  - {reasons}"
    );
    Diagnostic::warning(Code::CONTRACT, span, message).known_as("UnversionedBreakingChange")
}

/// Lists what breaks, in dbt's words and order.
fn breaks(model: &Node, old: &Json) -> Vec<String> {
    let mut found = Vec::new();
    if !model.contract.enforced {
        found.push("Contract enforcement was removed: Previously, this model had an enforced contract. It is no longer configured to enforce its contract, and this is a breaking change.".to_owned());
    }
    let mut list = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            found.push(format!("{title}: \n    - {}", lines.join("\n    - ")));
        }
    };
    let mut columns: Vec<(&String, &Json)> =
        old.get("columns").and_then(Json::as_object).into_iter().flatten().collect();
    columns.sort_unstable_by_key(|(name, _)| *name);
    let gone = columns.iter().filter(|(name, _)| !model.columns.contains_key(name.as_str()));
    list("Columns were removed", gone.map(|(name, _)| (*name).clone()).collect());
    list(
        "Columns with data_type changes",
        columns.iter().filter_map(|(name, old)| retyped(model, name, old)).collect(),
    );
    let old_materialized = old.pointer("/config/materialized").and_then(Json::as_str).unwrap_or("view");
    let materialized = model.config.text("materialized").unwrap_or("view");
    if enforces(old_materialized) {
        let lost = columns.iter().flat_map(|(name, old)| lost_of_column(model, name, old));
        list("Enforced column level constraints were removed", lost.collect());
        list("Enforced model level constraints were removed", lost_of_model(model, old));
        let column_constraints = columns.iter().any(|(_, column)| !constraints(column).is_empty());
        if !enforces(materialized) && (column_constraints || !constraints(old).is_empty()) {
            let change = format!("{old_materialized} -> {materialized}");
            list("Materialization changed with enforced constraints", vec![change]);
        }
    }
    found
}

/// Only tables keep constraints.
fn enforces(materialized: &str) -> bool {
    matches!(materialized, "table" | "incremental")
}

/// Sizes and precisions may change; the type itself may not.
fn retyped(model: &Node, name: &str, old: &Json) -> Option<String> {
    let now = model.columns.get(name)?.data_type.as_deref();
    let before = old.get("data_type").and_then(Json::as_str);
    let base = |data_type: Option<&str>| {
        data_type.map(|text| text.split('(').next().unwrap_or_default().trim().to_lowercase())
    };
    let shown = |data_type: Option<&str>| data_type.unwrap_or("None").to_owned();
    (base(now) != base(before)).then(|| format!("{name} ({} -> {})", shown(before), shown(now)))
}

fn constraints(of: &Json) -> &[Json] {
    of.get("constraints").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns the earlier constraints that are gone. Every kind that has a meaning is enforced by the engines.
fn lost<'a>(before: &'a [Json], now: &'a [Json]) -> impl Iterator<Item = &'a Json> {
    let is_enforced = |one: &&Json| one.get("type").and_then(Json::as_str) != Some("custom");
    before.iter().filter(is_enforced).filter(|one| !now.iter().any(|now| same_constraint(now, one)))
}

/// Whether unsupported ones are warned of is on unless said otherwise.
fn same_constraint(a: &Json, b: &Json) -> bool {
    let flag = |one: &Json, key: &str| one.get(key).and_then(Json::as_bool).unwrap_or(true);
    let list = |one: &Json, key: &str| one.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    ["warn_unenforced", "warn_unsupported"].iter().all(|key| flag(a, key) == flag(b, key))
        && ["columns", "to_columns"].iter().all(|key| list(a, key) == list(b, key))
        && ["type", "name", "expression", "to"].iter().all(|key| same_value(a.get(*key), b.get(*key)))
}

fn named(constraint: &Json) -> &str {
    let text = |key: &str| constraint.get(key).and_then(Json::as_str);
    text("name").or_else(|| text("type")).unwrap_or_default()
}

fn lost_of_column(model: &Node, name: &str, old: &Json) -> Vec<String> {
    let Some(column) = model.columns.get(name) else { return Vec::new() };
    let lost = lost(constraints(old), &column.constraints);
    lost.map(|constraint| format!("'{}' constraint on column {name}", named(constraint))).collect()
}

fn lost_of_model(model: &Node, old: &Json) -> Vec<String> {
    let NodeKind::Model { constraints: now, .. } = &model.kind else { return Vec::new() };
    let line = |constraint: &Json| {
        let columns = constraint.get("columns").and_then(Json::as_array).cloned().unwrap_or_default();
        let columns: Vec<String> =
            columns.iter().filter_map(Json::as_str).map(|name| format!("'{name}'")).collect();
        format!("'{}' constraint on columns [{}]", named(constraint), columns.join(", "))
    };
    lost(constraints(old), now).map(line).collect()
}

/// Tells of a model with a contract that is no longer there, or switched off. Past its deprecation date it may go.
pub(super) fn removed(id: &str, old: &Json, disabled: Option<&Vec<Disabled>>) -> Option<Diagnostic> {
    let switched_off = disabled.and_then(|found| found.first());
    if let Some(Disabled::Node(node)) = switched_off {
        let NodeKind::Model { deprecation_date, .. } = &node.kind else { return None };
        if !node.contract.enforced || is_past(deprecation_date.as_deref()) {
            return None;
        }
        return Some(told(Model::of(node), &[format!("Contracted model '{id}' was disabled.")]));
    }
    let text = |key: &str| old.get(key).and_then(Json::as_str);
    if !was_enforced(old) || is_past(text("deprecation_date")) {
        return None;
    }
    let model = Model {
        name: text("name").unwrap_or_default(),
        file: text("original_file_path").unwrap_or_default(),
        versioned: old.get("version").is_some_and(|version| !version.is_null()),
        span: None,
    };
    Some(told(model, &[format!("Contracted model '{id}' was deleted or renamed.")]))
}

fn is_past(date: Option<&str>) -> bool {
    let instant = |text: &str| text.parse::<Timestamp>().map(utc).ok().or_else(|| wall_time(text));
    date.and_then(instant).is_some_and(|date| date < utc(Timestamp::now()))
}
