//! All models, seeds and snapshots of two versions of a project.

use std::sync::Arc;

use super::query::{Change, Verdict, compare};
use crate::manifest::{Json, JsonMap, Language, Manifest, Node, NodeKind, UniqueId};
use crate::sql::Dialect;
use crate::state::{Change as Aspect, Comparison, PreviousManifest};

/// The two versions.
pub struct Versions<'a> {
    /// The project as it is.
    pub manifest: &'a Manifest,
    /// The earlier one.
    pub previous: &'a PreviousManifest,
    /// What `state:modified` says of both.
    pub comparison: &'a Comparison<'a>,
    /// The compiled SQL of a node as it is.
    pub code: &'a dyn Fn(&UniqueId) -> Option<Arc<str>>,
    /// The rules of the engine's SQL.
    pub dialect: &'a dyn Dialect,
}

/// Whether a node is in both versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Only in the one that is.
    New,
    /// Only in the earlier one.
    Gone,
    /// In both.
    Both,
}

/// What changed of one node.
#[derive(Clone, Debug)]
pub struct NodeChange {
    /// Its id.
    pub id: UniqueId,
    /// Where it is.
    pub presence: Presence,
    /// What changed.
    pub change: Change,
}

/// Configs that nobody who reads a relation notices.
const HARMLESS: [&str; 9] =
    ["tags", "meta", "docs", "persist_docs", "indexes", "full_refresh", "group", "description", "freshness"];
/// Configs that `state:modified` compares, since they depend on where the project is built.
const PLACES: [&str; 3] = ["database", "schema", "alias"];

/// Compares all nodes that others read; those that are the same are among them.
pub fn changes(versions: &Versions<'_>) -> Vec<NodeChange> {
    let relational = |node: &&Arc<Node>| node.resource_type().is_refable();
    let mut all: Vec<NodeChange> = versions
        .manifest
        .nodes
        .values()
        .filter(relational)
        .map(|node| match versions.previous.resource(&node.unique_id) {
            Some(old) => NodeChange {
                id: node.unique_id.clone(),
                presence: Presence::Both,
                change: versions.change_of(node, old),
            },
            None => NodeChange {
                id: node.unique_id.clone(),
                presence: Presence::New,
                change: Change::of(Verdict::Additive),
            },
        })
        .collect();
    let gone = versions.previous.refable().filter(|id| !versions.manifest.nodes.contains_key(*id));
    all.extend(gone.map(|id| NodeChange {
        id: UniqueId::from_artifact(id),
        presence: Presence::Gone,
        change: Change::unknown("it is no longer there"),
    }));
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

impl Versions<'_> {
    fn change_of(&self, node: &Node, old: &Json) -> Change {
        let mut change = self.code_change(node, old);
        for reason in self.other_reasons(node, old) {
            change.verdict = Verdict::Breaking;
            change.changed = None;
            change.reasons.push(reason);
        }
        if change.verdict == Verdict::Additive && node.config.text("on_schema_change") == Some("fail") {
            return Change::unknown("a column was added, and `on_schema_change: fail` refuses that");
        }
        change
    }

    /// What makes a change breaking besides the query.
    fn other_reasons(&self, node: &Node, old: &Json) -> Vec<String> {
        let has = |aspect| self.comparison.has(&node.unique_id, aspect);
        let mut reasons = Vec::new();
        if has(Aspect::Relation) {
            reasons.push("it is built under another name".to_owned());
        }
        if has(Aspect::Contract) {
            reasons.push("its contract is another one".to_owned());
        }
        reasons.extend(config_reason(node, old));
        reasons
    }

    fn code_change(&self, node: &Node, old: &Json) -> Change {
        let text = |key: &str| old.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
        let raw_is_same = text("raw_code").unwrap_or_default() == &*node.raw_code;
        if matches!(node.kind, NodeKind::Seed { .. }) {
            let same = !self.comparison.has(&node.unique_id, Aspect::Body);
            return if same { Change::of(Verdict::None) } else { Change::unknown("its file is another one") };
        }
        if node.language == Language::Python {
            return if raw_is_same {
                Change::of(Verdict::None)
            } else {
                Change::unknown("it is a Python model")
            };
        }
        let (Some(before), Some(now)) = (text("compiled_code"), (self.code)(&node.unique_id)) else {
            let same = raw_is_same && !self.comparison.has(&node.unique_id, Aspect::Macros);
            return if same && !reads_ephemeral(node, self.manifest) {
                Change::of(Verdict::None)
            } else {
                Change::unknown(
                    "its compiled SQL is not known in both versions: `compile` the earlier one, too",
                )
            };
        };
        let names = self.names(node, old);
        let before = names.iter().fold(before.to_owned(), |sql, (was, _, id)| sql.replace(was, id));
        let now = names.iter().fold(now.to_string(), |sql, (_, is, id)| sql.replace(is, id));
        let change = compare(&before, &now, self.dialect);
        // The compiled texts may differ by white space that only a template makes.
        let written = change.verdict == Verdict::None && !raw_is_same;
        if written { Change::of(Verdict::Cosmetic) } else { change }
    }

    /// The relations that a node reads, as both versions write them, and the name that stands for both. A source is the same only
    /// if its table is.
    fn names(&self, node: &Node, old: &Json) -> Vec<(String, String, String)> {
        let mut names = Vec::new();
        for id in node.depends_on.nodes.iter().chain([&node.unique_id]) {
            let before = if *id == node.unique_id { Some(old) } else { self.previous.resource(id) };
            let relation = |json: &Json| json.get("relation_name").and_then(Json::as_str).map(str::to_owned);
            let Some(was) = before.and_then(relation) else { continue };
            let is = match (self.manifest.node(id), self.manifest.sources.get(id)) {
                (Some(node), _) => node.relation_name.clone(),
                (None, Some(table)) => {
                    let identifier = before.and_then(|old| old.get("identifier")).and_then(Json::as_str);
                    let is_name = table.relation_name.ends_with('"') && identifier == Some(&table.identifier);
                    (is_name && schema_is_same(table, before)).then(|| table.relation_name.clone())
                }
                (None, None) => None,
            };
            names.extend(is.map(|is| (was, is, format!("\"{id}\""))));
        }
        // A name may be the beginning of another one.
        names.sort_by_key(|(was, ..)| std::cmp::Reverse(was.len()));
        names
    }
}

/// What is written of a schema is compared: what comes of it depends on where the project is built.
fn schema_is_same(table: &crate::manifest::SourceTable, before: Option<&Json>) -> bool {
    let written = |key: &str| before.and_then(|old| old.get(key)).and_then(Json::as_str);
    let same = |key: &str, now: &Option<String>| written(key) == now.as_deref();
    same("unrendered_schema", &table.unrendered_schema)
        && same("unrendered_database", &table.unrendered_database)
}

fn reads_ephemeral(node: &Node, manifest: &Manifest) -> bool {
    node.depends_on.nodes.iter().any(|id| manifest.nodes.get(id).is_some_and(|parent| parent.is_ephemeral()))
}

/// Names the configs that differ and that a reader may notice.
fn config_reason(node: &Node, old: &Json) -> Option<String> {
    let none = JsonMap::new();
    let before = old.get("unrendered_config").and_then(Json::as_object).unwrap_or(&none);
    let now = &node.unrendered_config;
    let mut keys: Vec<&str> = before.keys().chain(now.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| !(HARMLESS.contains(key) || PLACES.contains(key)) && before.get(*key) != now.get(*key));
    let shown = |key: &&str| is_shape(key, before, now);
    keys.retain(|key| !shown(key));
    (!keys.is_empty()).then(|| format!("its configuration changed: {}", keys.join(", ")))
}

/// A view that becomes a table, or the other way round, has the same columns and rows.
fn is_shape(key: &str, before: &JsonMap, now: &JsonMap) -> bool {
    let of = |map: &JsonMap| map.get(key).and_then(Json::as_str).unwrap_or("view").to_owned();
    key == "materialized" && [of(before), of(now)].iter().all(|one| one == "view" || one == "table")
}
