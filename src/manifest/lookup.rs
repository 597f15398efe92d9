//! Answers `ref()`, `source()`, `function()` and `metric()`: name → id, by dbt's search order (`resources.md` section 10).

use std::sync::Arc;

use super::node::version_text;
use super::{Disabled, Json, Manifest, Metric, Node, NodeKind, UniqueId};
use crate::hash::HashMap;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The one.
    One(UniqueId),
    /// It exists but is switched off.
    Disabled(UniqueId),
    /// Several packages have it.
    Ambiguous(Vec<UniqueId>),
    /// The model exists, but not in that version; these are its versions.
    NoSuchVersion(Vec<String>),
    /// Nothing of that name.
    Missing,
}

/// Name → the packages that have it, each with the id there.
type ByPackage = HashMap<String, Vec<(Arc<str>, UniqueId)>>;

/// The names of one kind of resource.
#[derive(Clone, Debug, Default)]
struct Index {
    enabled: ByPackage,
    disabled: ByPackage,
}

impl Index {
    fn add(&mut self, enabled: bool, name: impl Into<String>, package: &Arc<str>, id: &UniqueId) {
        let names = if enabled { &mut self.enabled } else { &mut self.disabled };
        names.entry(name.into()).or_default().push((Arc::clone(package), id.clone()));
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.enabled.keys().map(String::as_str)
    }
}

/// An index over what a manifest's templates can name: refable nodes, sources, functions, metrics. Built once, after
/// all files are read.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// By name, or `name.vN`.
    nodes: Index,
    /// By `source.table`.
    sources: Index,
    functions: Index,
    metrics: Index,
    /// Name → versions, for messages.
    versions: HashMap<String, Vec<String>>,
    root: String,
    node_package_first: bool,
}

impl Lookup {
    /// Indexes a manifest. `root` is the root project; `node_package_first` is the behaviour flag
    /// `require_ref_searches_node_package_before_root`.
    pub fn new(manifest: &Manifest, root: &str, node_package_first: bool) -> Self {
        let mut lookup = Self { root: root.to_owned(), node_package_first, ..Self::default() };
        for node in manifest.all_nodes() {
            lookup.add_node(node, true);
        }
        for table in manifest.sources.values() {
            lookup.sources.add(true, table.search_name(), &table.package_name, &table.unique_id);
        }
        for metric in manifest.metrics.values() {
            lookup.add_metric(metric, true);
        }
        for disabled in manifest.disabled.values().flatten() {
            match disabled {
                Disabled::Node(node) => lookup.add_node(node, false),
                Disabled::Source(table) => {
                    lookup.sources.add(false, table.search_name(), &table.package_name, &table.unique_id);
                }
                Disabled::Metric(metric) => lookup.add_metric(metric, false),
                Disabled::Exposure(_)
                | Disabled::UnitTest(_)
                | Disabled::SemanticModel(_)
                | Disabled::SavedQuery(_) => {}
            }
        }
        lookup
    }

    fn add_metric(&mut self, metric: &Metric, enabled: bool) {
        let entry = &metric.entry;
        self.metrics.add(enabled, &*entry.name, &entry.package_name, &entry.unique_id);
    }

    fn add_node(&mut self, node: &Node, enabled: bool) {
        let (package, id) = (&node.package_name, &node.unique_id);
        if matches!(node.kind, NodeKind::Function(_)) {
            self.functions.add(enabled, &*node.name, package, id);
        }
        if !node.resource_type().is_refable() {
            return;
        }
        if let Some(version) = node.version() {
            self.nodes.add(enabled, format!("{}.v{version}", node.name), package, id);
            if enabled {
                self.versions.entry(node.name.clone()).or_default().push(version.clone());
            }
            if node.latest_version().is_some_and(|latest| latest != version) {
                return;
            }
        }
        self.nodes.add(enabled, &*node.name, package, id);
    }

    /// Finds what `ref` of a node of package `from` means.
    pub fn node(&self, from: &str, package: Option<&str>, name: &str, version: Option<&Json>) -> Found {
        let key = match version {
            Some(version) => format!("{name}.v{}", version_text(version)),
            None => name.to_owned(),
        };
        match self.search(&self.nodes, &key, from, package) {
            Found::Missing if version.is_some() => match self.versions.get(name) {
                Some(versions) => Found::NoSuchVersion(versions.clone()),
                None => Found::Missing,
            },
            found => found,
        }
    }

    /// Finds what `source` of a node of package `from` means.
    pub fn source(&self, from: &str, source: &str, table: &str) -> Found {
        self.search(&self.sources, &format!("{source}.{table}"), from, None)
    }

    /// Finds what `function` of a node of package `from` means.
    pub fn function(&self, from: &str, package: Option<&str>, name: &str) -> Found {
        self.search(&self.functions, name, from, package)
    }

    /// Finds what `metric` of a node of package `from` means.
    pub fn metric(&self, from: &str, package: Option<&str>, name: &str) -> Found {
        self.search(&self.metrics, name, from, package)
    }

    /// Returns all names that `ref` could mean, for suggestions.
    pub fn node_names(&self) -> impl Iterator<Item = &str> {
        self.nodes.names()
    }

    /// Returns all `source.table` names, for suggestions.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.names()
    }

    /// Returns the names of all functions, for suggestions.
    pub fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.names()
    }

    /// Returns the names of all metrics, for suggestions.
    pub fn metric_names(&self) -> impl Iterator<Item = &str> {
        self.metrics.names()
    }

    fn search(&self, index: &Index, key: &str, from: &str, package: Option<&str>) -> Found {
        let pick = |names: &ByPackage| -> Option<Found> {
            let all = names.get(key)?;
            let of = |wanted: &str| all.iter().find(|(p, _)| &**p == wanted).map(|(_, id)| id.clone());
            if let Some(package) = package {
                return of(package).map(Found::One);
            }
            let (first, second) =
                if self.node_package_first { (from, self.root.as_str()) } else { (self.root.as_str(), from) };
            if let Some(id) = of(first).or_else(|| of(second)) {
                return Some(Found::One(id));
            }
            match all.as_slice() {
                [] => None,
                [(_, id)] => Some(Found::One(id.clone())),
                many => Some(Found::Ambiguous(many.iter().map(|(_, id)| id.clone()).collect())),
            }
        };
        match (pick(&index.enabled), pick(&index.disabled)) {
            (Some(found), _) => found,
            (None, Some(Found::One(id))) => Found::Disabled(id),
            (None, Some(Found::Ambiguous(ids))) => {
                ids.into_iter().next().map_or(Found::Missing, Found::Disabled)
            }
            (None, _) => Found::Missing,
        }
    }
}
