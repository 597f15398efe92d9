//! One face for all kinds of resource that can be selected.

use crate::dag::Dag;
use crate::manifest::{
    Config, Exposure, Manifest, Metric, Node, ResourceType, SavedQuery, SemanticEntry, SemanticModel,
    SourceTable, UniqueId, UnitTest,
};

/// A resource of the graph.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resource<'a> {
    Node(&'a Node),
    Source(&'a SourceTable),
    Exposure(&'a Exposure),
    UnitTest(&'a UnitTest),
    Metric(&'a Metric),
    SemanticModel(&'a SemanticModel),
    SavedQuery(&'a SavedQuery),
}

impl<'a> Resource<'a> {
    /// Returns the resources of a graph by their places; `None` for an id that the manifest does not have.
    pub(super) fn all(manifest: &'a Manifest, dag: &Dag<UniqueId>) -> Vec<Option<Self>> {
        dag.ids().map(|id| Self::find(manifest, id)).collect()
    }

    pub(super) fn find(manifest: &'a Manifest, id: &UniqueId) -> Option<Self> {
        if let Some(node) = manifest.node(id) {
            return Some(Self::Node(node));
        }
        if let Some(table) = manifest.sources.get(id) {
            return Some(Self::Source(table));
        }
        if let Some(exposure) = manifest.exposures.get(id) {
            return Some(Self::Exposure(exposure));
        }
        if let Some(test) = manifest.unit_tests.get(id) {
            return Some(Self::UnitTest(test));
        }
        if let Some(metric) = manifest.metrics.get(id) {
            return Some(Self::Metric(metric));
        }
        if let Some(model) = manifest.semantic_models.get(id) {
            return Some(Self::SemanticModel(model));
        }
        manifest.saved_queries.get(id).map(|query| Self::SavedQuery(query))
    }

    /// Returns what the resources of the semantic layer have in common.
    fn entry(self) -> Option<&'a SemanticEntry> {
        match self {
            Self::Metric(metric) => Some(&metric.entry),
            Self::SemanticModel(model) => Some(&model.entry),
            Self::SavedQuery(query) => Some(&query.entry),
            Self::Node(_) | Self::Source(_) | Self::Exposure(_) | Self::UnitTest(_) => None,
        }
    }

    pub(super) fn id(self) -> &'a UniqueId {
        match self {
            Self::Node(node) => &node.unique_id,
            Self::Source(table) => &table.unique_id,
            Self::Exposure(exposure) => &exposure.unique_id,
            Self::UnitTest(test) => &test.unique_id,
            Self::Metric(Metric { entry, .. })
            | Self::SemanticModel(SemanticModel { entry, .. })
            | Self::SavedQuery(SavedQuery { entry, .. }) => &entry.unique_id,
        }
    }

    pub(super) fn kind(self) -> ResourceType {
        match self {
            Self::Node(node) => node.resource_type(),
            Self::Source(_) => ResourceType::Source,
            Self::Exposure(_) => ResourceType::Exposure,
            Self::UnitTest(_) => ResourceType::UnitTest,
            Self::Metric(_) => ResourceType::Metric,
            Self::SemanticModel(_) => ResourceType::SemanticModel,
            Self::SavedQuery(_) => ResourceType::SavedQuery,
        }
    }

    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Node(node) => &node.name,
            Self::Source(table) => &table.name,
            Self::Exposure(exposure) => &exposure.name,
            Self::UnitTest(test) => &test.name,
            Self::Metric(Metric { entry, .. })
            | Self::SemanticModel(SemanticModel { entry, .. })
            | Self::SavedQuery(SavedQuery { entry, .. }) => &entry.name,
        }
    }

    pub(super) fn package(self) -> &'a str {
        match self {
            Self::Node(node) => &node.package_name,
            Self::Source(table) => &table.package_name,
            Self::Exposure(exposure) => &exposure.package_name,
            Self::UnitTest(test) => &test.package_name,
            Self::Metric(Metric { entry, .. })
            | Self::SemanticModel(SemanticModel { entry, .. })
            | Self::SavedQuery(SavedQuery { entry, .. }) => &entry.package_name,
        }
    }

    /// Returns the file that defines it, below its package.
    pub(super) fn file(self) -> &'a str {
        match self {
            Self::Node(node) => &node.original_file_path,
            Self::Source(table) => &table.path,
            Self::Exposure(exposure) => &exposure.original_file_path,
            Self::UnitTest(test) => &test.original_file_path,
            Self::Metric(Metric { entry, .. })
            | Self::SemanticModel(SemanticModel { entry, .. })
            | Self::SavedQuery(SavedQuery { entry, .. }) => &entry.original_file_path,
        }
    }

    /// Returns the property file that describes it, below its package.
    pub(super) fn property_file(self) -> Option<&'a str> {
        let patch = match self {
            Self::Node(node) => node.patch_path.as_deref(),
            Self::Source(table) => table.patch_path.as_deref(),
            _ => None,
        };
        patch.and_then(|patch| patch.split_once("://")).map(|(_, path)| path)
    }

    pub(super) fn tags(self) -> Vec<&'a str> {
        match self {
            Self::Node(node) => node.tags.iter().map(String::as_str).collect(),
            Self::Source(table) => table.tags.iter().map(String::as_str).collect(),
            Self::Exposure(exposure) => exposure.tags.iter().map(String::as_str).collect(),
            Self::UnitTest(test) => test.config.texts("tags"),
            Self::Metric(metric) => metric.tags.iter().map(String::as_str).collect(),
            Self::SavedQuery(query) => query.tags.iter().map(String::as_str).collect(),
            Self::SemanticModel(_) => Vec::new(),
        }
    }

    /// Returns the qualified name; `None` for sources, which `fqn` never selects.
    pub(super) fn fqn(self) -> Option<&'a [String]> {
        match self {
            Self::Node(node) => Some(&node.fqn),
            Self::Source(_) => None,
            Self::Exposure(exposure) => Some(&exposure.fqn),
            Self::UnitTest(test) => Some(&test.fqn),
            Self::Metric(_) | Self::SemanticModel(_) | Self::SavedQuery(_) => {
                self.entry().map(|entry| &*entry.fqn)
            }
        }
    }

    pub(super) fn is_versioned(self) -> bool {
        matches!(self, Self::Node(node) if node.version().is_some())
    }

    /// Returns the config that `config.` looks into: that of nodes and sources, but not of functions, as in dbt.
    pub(super) fn config(self) -> Option<&'a Config> {
        match self {
            Self::Node(node) if node.signature().is_some() => None,
            Self::Node(node) => Some(&node.config),
            Self::Source(table) => Some(&table.config),
            _ => None,
        }
    }

    /// Returns its group, of kinds that `group:` selects: nodes and metrics.
    pub(super) fn group(self) -> Option<&'a str> {
        match self {
            Self::Metric(metric) => metric.entry.group.as_deref(),
            _ => self.config().and_then(|config| config.text("group")),
        }
    }

    /// Tells whether it comes along with what it tests.
    pub(super) fn is_test(self) -> bool {
        matches!(self.kind(), ResourceType::Test | ResourceType::UnitTest)
    }

    /// Tells whether there is no code in it; seeds have none and are never empty.
    pub(super) fn is_empty(self) -> bool {
        match self {
            Self::Node(node) => node.resource_type() != ResourceType::Seed && node.raw_code.trim().is_empty(),
            _ => false,
        }
    }
}
