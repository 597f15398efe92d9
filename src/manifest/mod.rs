//! The nouns: what a project consists of once it is parsed. Data only, no behaviour beyond look-ups.
//!
//! `parse` makes a [`Manifest`]; everything after only reads it. What later stages learn about a node
//! (compiled SQL, results) is kept beside the manifest, never written into it. The JSON shapes of
//! `manifest.json` (v12) are the `Serialize` implementations of these types, since Jinja's `model` and
//! `graph` show the same dicts.

mod column;
mod compiled;
mod config;
mod event_time;
mod fields;
mod function;
mod id;
mod json;
mod lookup;
mod node;
mod other;
mod relation;
mod semantic;
mod source;

pub use column::{ColumnError, ColumnInfo};
pub use compiled::{Compiled, CompiledNodes, Constrained, InjectedCte};
pub use config::{Config, Materialized, Severity, defaults};
pub use event_time::{Batch, BatchSize, EventTimes, Window, utc, wall_time};
pub use function::{FunctionArgument, FunctionCall, FunctionReturns, Signature};
pub use id::{ResourceType, UniqueId, short_id};
pub use json::{NodeWithCompiled, resource_json};
pub use lookup::{Found, Lookup};
pub use node::{
    Checksum, ColumnProperties, Columns, ConfigPlaces, Contract, DependsOn, GenericTest, Language, Node,
    NodeKind, RefCall, SourceCall, TestMetadata, version_order, version_text,
};
pub use other::{Doc, Exposure, Group, Macro, UnitTest};
pub use relation::{ApproximateMatch, EventTimeFilter, Policy, Relation, RelationType};
pub use semantic::{Metric, MetricType, SavedQuery, SemanticEntry, SemanticModel};
pub use source::{SourceTable, has_threshold, is_threshold};

use std::sync::Arc;

use crate::hash::IndexMap;

/// A JSON value with key order kept: how YAML values, configs and `meta` travel.
pub type Json = serde_json::Value;
/// A JSON object with key order kept.
pub type JsonMap = serde_json::Map<String, Json>;

/// Everything a project and its packages define, by id, in the order it was found.
#[derive(Debug, Default, Clone)]
pub struct Manifest {
    /// Models, seeds, snapshots, tests, analyses and hooks that are enabled.
    pub nodes: IndexMap<UniqueId, Arc<Node>>,
    /// Tables that others fill.
    pub sources: IndexMap<UniqueId, Arc<SourceTable>>,
    /// Macros of the project, its packages and Tidegate itself.
    pub macros: IndexMap<UniqueId, Arc<Macro>>,
    /// Documentation blocks.
    pub docs: IndexMap<UniqueId, Arc<Doc>>,
    /// Uses of the data outside the project.
    pub exposures: IndexMap<UniqueId, Arc<Exposure>>,
    /// Owners.
    pub groups: IndexMap<UniqueId, Arc<Group>>,
    /// Numbers that the business asks for.
    pub metrics: IndexMap<UniqueId, Arc<Metric>>,
    /// Models described for metrics.
    pub semantic_models: IndexMap<UniqueId, Arc<SemanticModel>>,
    /// Queries of metrics.
    pub saved_queries: IndexMap<UniqueId, Arc<SavedQuery>>,
    /// User-defined functions: nodes that are called, not selected from.
    pub functions: IndexMap<UniqueId, Arc<Node>>,
    /// Unit tests.
    pub unit_tests: IndexMap<UniqueId, Arc<UnitTest>>,
    /// What is switched off: the JSON of each resource, since nothing but artifacts reads it.
    pub disabled: IndexMap<UniqueId, Vec<Disabled>>,
}

/// A resource that `enabled: false` switched off.
#[derive(Debug, Clone)]
pub enum Disabled {
    /// A model, seed, snapshot, test, analysis or function.
    Node(Arc<Node>),
    /// A source table.
    Source(Arc<SourceTable>),
    /// An exposure.
    Exposure(Arc<Exposure>),
    /// A unit test.
    UnitTest(Arc<UnitTest>),
    /// A metric.
    Metric(Arc<Metric>),
    /// A semantic model.
    SemanticModel(Arc<SemanticModel>),
    /// A saved query.
    SavedQuery(Arc<SavedQuery>),
}

impl Manifest {
    /// Returns a resource with code: a node or a function.
    pub fn node(&self, id: &UniqueId) -> Option<&Arc<Node>> {
        self.nodes.get(id).or_else(|| self.functions.get(id))
    }

    /// Puts a resource with code in its place, among the nodes or the functions.
    pub fn insert_node(&mut self, node: Arc<Node>) {
        let all = match node.kind {
            NodeKind::Function(_) => &mut self.functions,
            _ => &mut self.nodes,
        };
        all.insert(node.unique_id.clone(), node);
    }

    /// Returns all resources with code.
    pub fn all_nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values().chain(self.functions.values())
    }

    /// The same, to be changed.
    pub fn all_nodes_mut(&mut self) -> impl Iterator<Item = &mut Arc<Node>> {
        self.nodes.values_mut().chain(self.functions.values_mut())
    }

    /// Returns the ids that a resource depends on (nodes and sources), in the order they were written.
    pub fn parents(&self, id: &UniqueId) -> &[UniqueId] {
        if let Some(node) = self.node(id) {
            &node.depends_on.nodes
        } else if let Some(exposure) = self.exposures.get(id) {
            &exposure.depends_on.nodes
        } else if let Some(test) = self.unit_tests.get(id) {
            &test.depends_on.nodes
        } else if let Some((entry, _)) = self.semantic_entry(id) {
            &entry.depends_on.nodes
        } else {
            &[]
        }
    }

    /// Returns the macros that a resource calls; nothing for sources.
    pub fn macros_of(&self, id: &UniqueId) -> &[UniqueId] {
        let needs = self.node(id).map(|node| &node.depends_on);
        let needs = needs.or_else(|| self.exposures.get(id).map(|exposure| &exposure.depends_on));
        let needs = needs.or_else(|| self.unit_tests.get(id).map(|test| &test.depends_on));
        let needs = needs.or_else(|| self.semantic_entry(id).map(|(entry, _)| &entry.depends_on));
        needs.map_or(&[], |needs| &needs.macros)
    }

    /// Returns what metrics, semantic models and saved queries have in common, and which of them it is.
    pub fn semantic_entry(&self, id: &UniqueId) -> Option<(&SemanticEntry, ResourceType)> {
        let metric = self.metrics.get(id).map(|found| (&found.entry, ResourceType::Metric));
        let model = || self.semantic_models.get(id).map(|found| (&found.entry, ResourceType::SemanticModel));
        let query = || self.saved_queries.get(id).map(|found| (&found.entry, ResourceType::SavedQuery));
        metric.or_else(model).or_else(query)
    }

    /// Returns every resource that takes part in the graph, in the order of artifacts: nodes, sources,
    /// exposures, functions, the semantic layer, unit tests.
    pub fn graph_ids(&self) -> impl Iterator<Item = &UniqueId> {
        self.nodes
            .keys()
            .chain(self.sources.keys())
            .chain(self.exposures.keys())
            .chain(self.functions.keys())
            .chain(self.metrics.keys())
            .chain(self.semantic_models.keys())
            .chain(self.saved_queries.keys())
            .chain(self.unit_tests.keys())
    }

    /// Returns the type of a resource of the graph.
    pub fn resource_type(&self, id: &UniqueId) -> Option<ResourceType> {
        if let Some(node) = self.node(id) {
            Some(node.resource_type())
        } else if self.sources.contains_key(id) {
            Some(ResourceType::Source)
        } else if self.exposures.contains_key(id) {
            Some(ResourceType::Exposure)
        } else if self.unit_tests.contains_key(id) {
            Some(ResourceType::UnitTest)
        } else {
            self.semantic_entry(id).map(|(_, kind)| kind)
        }
    }
}
