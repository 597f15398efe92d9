//! Tells whether a resource is as it was, aspect by aspect: each kind as its class in dbt compares it.
//!
//! Input: a resource and its JSON in an earlier manifest. Output: `None` where the kind has no such aspect. What an
//! older manifest does not have counts as its default.

use std::sync::Arc;

use camino::Utf8Path;

use super::change::Rendering;
use super::{contract, seed};
use crate::manifest::{
    Exposure, Json, JsonMap, Manifest, Node, NodeKind, ResourceType, SourceTable, UniqueId, resource_json,
    version_text,
};

/// What comparisons go by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) rendering: Rendering,
}

/// A comparison of one aspect.
pub(super) type Compare = fn(Rules<'_>, &UniqueId, &Json) -> Option<bool>;

/// Configs of a node that are compared elsewhere (where it is built) or not at all.
const NOT_COMPARED: [&str; 5] = ["alias", "schema", "database", "tags", "group"];

/// All that is compared of a test's configuration.
const TEST_MODIFIERS: [&str; 8] =
    ["severity", "where", "limit", "fail_calc", "warn_if", "error_if", "store_failures", "store_failures_as"];

/// Tells whether everything is as it was; `old` is `None` for what is new. Of what is new, only code counts as
/// changed, as in dbt: a new source changes nothing by itself.
pub(super) fn contents(rules: Rules<'_>, id: &UniqueId, old: Option<&Json>) -> Option<bool> {
    let manifest = rules.manifest;
    if let Some(node) = manifest.node(id) {
        return Some(old.is_some_and(|old| node_contents(rules, node, old)));
    }
    if let Some(test) = manifest.unit_tests.get(id) {
        return Some(old.is_some_and(|old| text(old, "checksum") == test.checksum));
    }
    let Some(old) = old else { return Some(true) };
    if let Some(table) = manifest.sources.get(id) {
        return Some(source_contents(rules, table, old));
    }
    if let Some(exposure) = manifest.exposures.get(id) {
        return Some(exposure_contents(exposure, old) && config(rules, id, old)?);
    }
    let (keys, new): (&[&str], Json) = if let Some(metric) = manifest.metrics.get(id) {
        (&["type", "description", "label"], resource_json(&**metric))
    } else if let Some(model) = manifest.semantic_models.get(id) {
        let keys = &[
            "model",
            "description",
            "defaults",
            "entities",
            "dimensions",
            "measures",
            "primary_entity",
            "group",
        ];
        (keys, resource_json(&**model))
    } else if let Some(query) = manifest.saved_queries.get(id) {
        (&["description", "label", "group", "tags"], resource_json(&**query))
    } else {
        return None;
    };
    let queried = ["/query_params/metrics", "/query_params/group_by", "/query_params/where"];
    Some(
        keys.iter().all(|key| same_value(new.get(*key), old.get(*key)))
            && queried.iter().all(|part| same_value(new.pointer(part), old.pointer(part)))
            && same_exports(&new, old)
            && config(rules, id, old)?,
    )
}

fn node_contents(rules: Rules<'_>, node: &Node, old: &Json) -> bool {
    let fqn = old.get("fqn").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let named =
        node.fqn.iter().map(String::as_str).eq(fqn.iter().map(|part| part.as_str().unwrap_or_default()));
    let configured = node_config(rules, node, old);
    if node.generic_test().is_some() {
        return named && configured;
    }
    named
        && configured
        && node_body(node, old)
        && descriptions(node, old)
        && node_relation(rules, node, old)
        && same_reference(node, old)
        && contract::is_same(node, old)
        && same_signature(node, old)
}

/// How a function is called; dbt compares what its property file says, descriptions included.
fn same_signature(node: &Node, old: &Json) -> bool {
    if node.signature().is_none() {
        return true;
    }
    let new = resource_json(node);
    ["arguments", "returns"].iter().all(|key| same_value(new.get(*key), old.get(*key)))
}

/// What refs of other models depend on.
fn same_reference(node: &Node, old: &Json) -> bool {
    let NodeKind::Model { access, latest_version, deprecation_date, .. } = &node.kind else { return true };
    let before = |key: &str| old.get(key).filter(|value| !value.is_null());
    let old_access = before("access").and_then(Json::as_str).unwrap_or("protected");
    let version = |version: Option<&Json>| version.map(version_text);
    let date = before("deprecation_date").and_then(Json::as_str);
    access == old_access
        && version(latest_version.as_ref()) == version(before("latest_version"))
        && deprecation_date.as_deref() == date
}

/// Code; of a seed the fingerprint of its file.
pub(super) fn body(rules: Rules<'_>, id: &UniqueId, old: &Json) -> Option<bool> {
    rules.manifest.node(id).map(|node| node_body(node, old))
}

fn node_body(node: &Node, old: &Json) -> bool {
    match node.resource_type() {
        ResourceType::Seed => seed::same(node, old),
        _ => same_code(node, old),
    }
}

fn same_code(node: &Node, old: &Json) -> bool {
    text(old, "raw_code") == &*node.raw_code
}

/// Configuration as it is written, without what is compared elsewhere.
pub(super) fn config(rules: Rules<'_>, id: &UniqueId, old: &Json) -> Option<bool> {
    let manifest = rules.manifest;
    if let Some(node) = manifest.node(id) {
        return Some(node_config(rules, node, old));
    }
    if let Some(table) = manifest.sources.get(id) {
        return Some(same_configs(&table.unrendered_config, old, &[], |_| false));
    }
    if let Some(exposure) = manifest.exposures.get(id) {
        return Some(same_configs(&exposure.unrendered_config, old, &[], |_| false));
    }
    if let Some(metric) = manifest.metrics.get(id) {
        return Some(same_configs(&metric.entry.unrendered_config, old, &["group"], |_| false));
    }
    // The rest is compared as it is rendered.
    let (entry, _) = manifest.semantic_entry(id)?;
    Some(same_value(Some(&Json::Object(entry.config.values().clone())), old.get("config")))
}

fn node_config(rules: Rules<'_>, node: &Node, old: &Json) -> bool {
    if node.resource_type() == ResourceType::Test {
        let before = written(old);
        return TEST_MODIFIERS.iter().all(|key| {
            same_key(node.unrendered_config.get(*key), before.and_then(|before| before.get(*key)))
        });
    }
    let excused = |key: &str| only_rendered_differently(rules, node, old, key);
    same_configs(&node.unrendered_config, old, &NOT_COMPARED, excused)
}

/// Tells whether a config that differs is written in code that does not: then only its rendering can be different,
/// such as that of an `env_var()`. A snapshot of a property file has no code that could be compared.
fn only_rendered_differently(rules: Rules<'_>, node: &Node, old: &Json, key: &str) -> bool {
    let is_code = !matches!(Utf8Path::new(&node.original_file_path).extension(), Some("yml" | "yaml"));
    let in_code = || is_code && node.config_place(key).is_some_and(|place| place.file == node.file);
    rules.rendering != Rendering::Rendered && in_code() && same_code(node, old)
}

/// Compares configs as they are written, key by key.
fn same_configs(new: &JsonMap, old: &Json, but: &[&str], excused: impl Fn(&str) -> bool) -> bool {
    let nothing = JsonMap::new();
    let before = written(old).unwrap_or(&nothing);
    let mut keys = new.keys().chain(before.keys()).filter(|key| !but.contains(&key.as_str()));
    keys.all(|key| same_key(new.get(key), before.get(key)) || excused(key))
}

fn written(old: &Json) -> Option<&JsonMap> {
    old.get("unrendered_config").and_then(Json::as_object)
}

/// A config that is set to nothing is not the same as one that is not set.
fn same_key(new: Option<&Json>, old: Option<&Json>) -> bool {
    new.is_some() == old.is_some() && same_value(new, old)
}

/// Descriptions, where they are kept in the database.
pub(super) fn persisted_descriptions(rules: Rules<'_>, id: &UniqueId, old: &Json) -> Option<bool> {
    rules.manifest.node(id).map(|node| descriptions(node, old))
}

fn descriptions(node: &Node, old: &Json) -> bool {
    let persisted =
        |what: &str| node.config.get("persist_docs").and_then(|docs| docs.get(what)).is_some_and(truthy);
    if persisted("relation") && text(old, "description") != node.description {
        return false;
    }
    if !persisted("columns") {
        return true;
    }
    let before = old.get("columns").and_then(Json::as_object);
    let same = |(name, column): (&Arc<str>, &Arc<crate::manifest::ColumnProperties>)| {
        before
            .and_then(|before| before.get(&**name))
            .is_some_and(|old| text(old, "description") == &*column.description)
    };
    before.map_or(0, JsonMap::len) == node.columns.len() && node.columns.iter().all(same)
}

fn truthy(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Bool(true) | Json::Array(_) | Json::Object(_) => true,
    }
}

/// Where it is built, as far as that is configured; of a source, where it lies.
pub(super) fn relation(rules: Rules<'_>, id: &UniqueId, old: &Json) -> Option<bool> {
    if let Some(node) = rules.manifest.node(id) {
        return Some(node_relation(rules, node, old));
    }
    rules.manifest.sources.get(id).map(|table| source_relation(rules, table, old))
}

/// What the target adds to it is not compared, so that development differs from production.
fn node_relation(rules: Rules<'_>, node: &Node, old: &Json) -> bool {
    let before = written(old);
    ["database", "schema", "alias"].iter().all(|key| {
        same_value(node.unrendered_config.get(*key), before.and_then(|before| before.get(*key)))
            || only_rendered_differently(rules, node, old, key)
    })
}

fn source_relation(rules: Rules<'_>, table: &SourceTable, old: &Json) -> bool {
    let part = |rendered: &str, unrendered: Option<&str>, key: &str| {
        let key_written = format!("unrendered_{key}");
        let as_rendered = text(old, key) == rendered;
        let before = old.get(&key_written);
        let as_written = before.and_then(Json::as_str) == unrendered;
        match rules.rendering {
            Rendering::Rendered => as_rendered,
            Rendering::Written => as_written,
            // Manifests of older versions do not tell what was written.
            Rendering::Either => as_rendered || (before.is_some() && as_written),
        }
    };
    part(&table.database, table.unrendered_database.as_deref(), "database")
        && part(&table.schema, table.unrendered_schema.as_deref(), "schema")
        && text(old, "identifier") == table.identifier
}

fn source_contents(rules: Rules<'_>, table: &SourceTable, old: &Json) -> bool {
    let new = resource_json(table);
    let keys = ["fqn", "quoting", "freshness", "loaded_at_field", "external"];
    source_relation(rules, table, old)
        && same_configs(&table.unrendered_config, old, &[], |_| false)
        && keys.iter().all(|key| same_value(new.get(*key), old.get(*key)))
}

fn exposure_contents(exposure: &Exposure, old: &Json) -> bool {
    let new = resource_json(exposure);
    let keys = ["fqn", "type", "owner", "maturity", "url", "description", "label"];
    let parents = |one: &Json| {
        let ids = one.pointer("/depends_on/nodes").and_then(Json::as_array).cloned().unwrap_or_default();
        let mut ids: Vec<String> = ids.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    keys.iter().all(|key| same_value(new.get(*key), old.get(*key))) && parents(&new) == parents(old)
}

/// Compares the exports of saved queries: names, and what is written of where they go.
fn same_exports(new: &Json, old: &Json) -> bool {
    let exports = |one: &Json| one.get("exports").and_then(Json::as_array).cloned().unwrap_or_default();
    let (new, old) = (exports(new), exports(old));
    let parts =
        ["/name", "/unrendered_config/export_as", "/unrendered_config/schema", "/unrendered_config/alias"];
    new.len() == old.len()
        && new
            .iter()
            .zip(&old)
            .all(|(new, old)| parts.iter().all(|part| same_value(new.pointer(part), old.pointer(part))))
}

fn text<'a>(old: &'a Json, key: &str) -> &'a str {
    old.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// Compares values as Python does once defaults are filled in: nothing is the same as not given.
pub(super) fn same_value(new: Option<&Json>, old: Option<&Json>) -> bool {
    match (new.filter(|value| !is_nothing(value)), old.filter(|value| !is_nothing(value))) {
        (None, None) => true,
        (Some(Json::Object(new)), Some(Json::Object(old))) => {
            new.keys().chain(old.keys()).all(|key| same_value(new.get(key), old.get(key)))
        }
        (Some(Json::Array(new)), Some(Json::Array(old))) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| same_value(Some(new), Some(old)))
        }
        (Some(Json::Number(new)), Some(Json::Number(old))) => new.as_f64() == old.as_f64(),
        (new, old) => new == old,
    }
}

/// Null, or a mapping in which nothing is set.
fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Object(map) => map.values().all(is_nothing),
        _ => false,
    }
}
