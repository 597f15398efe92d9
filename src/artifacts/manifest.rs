//! `manifest.json` v12: the manifest with what compiling added (`artifacts.md` section 2).

use std::sync::Arc;

use camino::Utf8Path;
use indexmap::IndexMap;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::invocation::{Invocation, Metadata, timestamp_with_offset};
use crate::files::FileError;
use crate::manifest::{CompiledNodes, JsonMap, Manifest, Node, NodeWithCompiled, UniqueId};

/// Facts of the project and its profile that `metadata` shows.
#[derive(Clone, Debug)]
pub struct ManifestFacts {
    /// The root project.
    pub project_name: String,
    /// What the flag says.
    pub send_anonymous_usage_stats: bool,
    /// The engine, for example `duckdb`.
    pub adapter_type: String,
    /// The project's quoting: database, schema, identifier, column.
    pub quoting: JsonMap,
    /// `run_started_at` of the templates.
    pub run_started_at: Timestamp,
    /// When parsing was done; both writings of one invocation show the same.
    pub generated_at: Timestamp,
}

/// The file: serializes as a whole `manifest.json`.
#[derive(Clone, Debug)]
pub struct ManifestFile<'a> {
    /// What was parsed.
    pub manifest: &'a Manifest,
    /// What was compiled so far.
    pub compiled: &'a CompiledNodes,
    /// The invocation.
    pub invocation: &'a Invocation,
    /// The project.
    pub facts: &'a ManifestFacts,
}

impl ManifestFile<'_> {
    /// Writes the file, all of it or nothing.
    pub fn write(&self, path: &Utf8Path) -> Result<(), FileError> {
        super::write_json(path, self)
    }
}

impl Serialize for ManifestFile<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let manifest = self.manifest;
        let edges = Edges::of(manifest);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("metadata", &self.metadata())?;
        map.serialize_entry("nodes", &Nodes { nodes: &manifest.nodes, compiled: self.compiled })?;
        map.serialize_entry("sources", &manifest.sources)?;
        map.serialize_entry("macros", &manifest.macros)?;
        map.serialize_entry("docs", &manifest.docs)?;
        map.serialize_entry("exposures", &manifest.exposures)?;
        map.serialize_entry("metrics", &manifest.metrics)?;
        map.serialize_entry("groups", &manifest.groups)?;
        map.serialize_entry("selectors", &manifest.selectors)?;
        map.serialize_entry("disabled", &manifest.disabled)?;
        map.serialize_entry("parent_map", &edges.parents)?;
        map.serialize_entry("child_map", &edges.children)?;
        map.serialize_entry("group_map", &group_map(manifest))?;
        map.serialize_entry("saved_queries", &manifest.saved_queries)?;
        map.serialize_entry("semantic_models", &manifest.semantic_models)?;
        map.serialize_entry("unit_tests", &manifest.unit_tests)?;
        map.serialize_entry("functions", &Nodes { nodes: &manifest.functions, compiled: self.compiled })?;
        map.end()
    }
}

#[derive(Serialize)]
struct ManifestMetadata<'a> {
    #[serde(flatten)]
    common: Metadata<'a>,
    project_name: &'a str,
    project_id: String,
    user_id: Option<&'a str>,
    send_anonymous_usage_stats: bool,
    adapter_type: &'a str,
    quoting: &'a JsonMap,
    run_started_at: String,
}

impl ManifestFile<'_> {
    fn metadata(&self) -> ManifestMetadata<'_> {
        let facts = self.facts;
        let digest: [u8; 16] = Md5::digest(facts.project_name.as_bytes()).into();
        ManifestMetadata {
            common: Metadata::new("manifest", 12, self.invocation, facts.generated_at),
            project_name: &facts.project_name,
            project_id: format!("{:032x}", u128::from_be_bytes(digest)),
            // Nothing is tracked, so there is nobody to name.
            user_id: None,
            send_anonymous_usage_stats: facts.send_anonymous_usage_stats,
            adapter_type: &facts.adapter_type,
            quoting: &facts.quoting,
            run_started_at: timestamp_with_offset(facts.run_started_at),
        }
    }
}

struct Nodes<'a> {
    nodes: &'a IndexMap<UniqueId, Arc<Node>>,
    compiled: &'a CompiledNodes,
}

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.nodes
                .iter()
                .map(|(id, node)| (id, NodeWithCompiled { node, compiled: self.compiled.get(id) })),
        )
    }
}

/// `parent_map` and `child_map`: every resource of the graph with its direct neighbours, sorted.
struct Edges<'a> {
    parents: IndexMap<&'a UniqueId, Vec<&'a UniqueId>>,
    children: IndexMap<&'a UniqueId, Vec<&'a UniqueId>>,
}

impl<'a> Edges<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let mut parents = IndexMap::new();
        let mut children: IndexMap<&UniqueId, Vec<&UniqueId>> =
            manifest.graph_ids().map(|id| (id, Vec::new())).collect();
        for id in manifest.graph_ids() {
            let mut needed: Vec<&UniqueId> = manifest.parents(id).iter().collect();
            needed.sort_unstable();
            for parent in &needed {
                if let Some(known) = children.get_mut(parent) {
                    known.push(id);
                }
            }
            parents.insert(id, needed);
        }
        for known in children.values_mut() {
            known.sort_unstable();
        }
        Self { parents, children }
    }
}

/// `group_map`: the ids of each group's members, in the order of the manifest.
fn group_map(manifest: &Manifest) -> IndexMap<&str, Vec<&UniqueId>> {
    let mut groups: IndexMap<&str, Vec<&UniqueId>> =
        manifest.groups.values().map(|group| (group.name.as_str(), Vec::new())).collect();
    for node in manifest.nodes.values() {
        if let Some(members) = node.group.as_deref().and_then(|group| groups.get_mut(group)) {
            members.push(&node.unique_id);
        }
    }
    groups
}
