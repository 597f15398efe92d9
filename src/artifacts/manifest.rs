//! `manifest.json` v12: the manifest with what compiling added (`artifacts.md` section 2).

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8Path;
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use super::invocation::{Invocation, Metadata, timestamp_with_offset};
use super::python_json;
use crate::digest;
use crate::files::{self, FileError};
use crate::hash::IndexMap;
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
    /// `selectors.yml` by name, each with its definition.
    pub selectors: JsonMap,
    /// `run_started_at` of the templates.
    pub run_started_at: Timestamp,
    /// When parsing was done; both writings of one invocation show the same.
    pub generated_at: Timestamp,
}

/// The file.
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

/// How many nodes are turned to text by one core, and by all together before that is written: enough for all cores,
/// few enough for the memory.
const PART: usize = 16;
const BATCH: usize = 32 * PART;

impl ManifestFile<'_> {
    /// Writes the file, all of it or nothing: nothing too when `abandoned` is set before it is done.
    pub fn write(&self, path: &Utf8Path, abandoned: &AtomicBool) -> Result<bool, FileError> {
        files::write_atomic_with(path, |file| {
            let mut out = BufWriter::with_capacity(1 << 18, file);
            let whole = self.write_to(&mut out, abandoned)?;
            out.flush()?;
            Ok(whole)
        })
    }

    /// Writes the text of the file; stops half way, and returns false, when `abandoned` is set.
    pub fn write_to(&self, out: &mut impl Write, abandoned: &AtomicBool) -> io::Result<bool> {
        let manifest = self.manifest;
        let edges = Edges::of(manifest);
        let mut map = python_json::Object::begin(out)?;
        map.entry("metadata", &self.metadata())?;
        map.key("nodes")?;
        if !self.write_nodes(&manifest.nodes, map.out(), abandoned)? {
            return Ok(false);
        }
        map.entry("sources", &manifest.sources)?;
        map.entry("macros", &manifest.macros)?;
        map.entry("docs", &manifest.docs)?;
        map.entry("exposures", &manifest.exposures)?;
        map.entry("metrics", &manifest.metrics)?;
        map.entry("groups", &manifest.groups)?;
        map.entry("selectors", &self.facts.selectors)?;
        map.entry("disabled", &manifest.disabled)?;
        map.entry("parent_map", &edges.parents)?;
        map.entry("child_map", &edges.children)?;
        map.entry("group_map", &group_map(manifest))?;
        map.entry("saved_queries", &manifest.saved_queries)?;
        map.entry("semantic_models", &manifest.semantic_models)?;
        map.entry("unit_tests", &manifest.unit_tests)?;
        map.key("functions")?;
        let whole = self.write_nodes(&manifest.functions, map.out(), abandoned)?;
        map.end()?;
        Ok(whole)
    }

    /// Nodes are most of the file: they are turned to text on all cores, and written in their order.
    fn write_nodes(
        &self,
        nodes: &IndexMap<UniqueId, Arc<Node>>,
        out: &mut impl Write,
        abandoned: &AtomicBool,
    ) -> io::Result<bool> {
        let nodes: Vec<_> = nodes.iter().collect();
        // Kept from batch to batch: fresh memory is cleared by the system each time.
        let mut texts = vec![Vec::new(); BATCH / PART];
        out.write_all(b"{")?;
        for (number, batch) in nodes.chunks(BATCH).enumerate() {
            if abandoned.load(Ordering::Relaxed) {
                return Ok(false);
            }
            texts
                .par_iter_mut()
                .zip(batch.par_chunks(PART))
                .try_for_each(|(text, part)| self.texts(part, text))?;
            for (at, text) in texts.iter().take(batch.len().div_ceil(PART)).enumerate() {
                if number + at > 0 {
                    out.write_all(b", ")?;
                }
                out.write_all(text)?;
            }
        }
        out.write_all(b"}")?;
        Ok(true)
    }

    fn texts(&self, nodes: &[(&UniqueId, &Arc<Node>)], text: &mut Vec<u8>) -> io::Result<()> {
        text.clear();
        for (at, (id, node)) in nodes.iter().enumerate() {
            if at > 0 {
                text.extend_from_slice(b", ");
            }
            python_json::write(&mut *text, id)?;
            text.extend_from_slice(b": ");
            let compiled = self.compiled.get(id);
            python_json::write(&mut *text, &NodeWithCompiled { node, compiled })?;
        }
        Ok(())
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
        ManifestMetadata {
            common: Metadata::new("manifest", 12, self.invocation, facts.generated_at),
            project_name: &facts.project_name,
            project_id: digest::md5(&facts.project_name),
            // Nothing is tracked, so there is nobody to name.
            user_id: None,
            send_anonymous_usage_stats: facts.send_anonymous_usage_stats,
            adapter_type: &facts.adapter_type,
            quoting: &facts.quoting,
            run_started_at: timestamp_with_offset(facts.run_started_at),
        }
    }
}

/// `parent_map` and `child_map`: every resource of the graph with its direct neighbours, sorted.
struct Edges<'a> {
    parents: IndexMap<&'a UniqueId, Vec<&'a UniqueId>>,
    children: IndexMap<&'a UniqueId, Vec<&'a UniqueId>>,
}

impl<'a> Edges<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let mut parents = IndexMap::default();
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
