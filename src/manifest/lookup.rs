//! Answers `ref()` and `source()`: name → id, by dbt's search order (`resources.md` section 10).

use std::collections::HashMap;

use super::node::version_text;
use super::{Json, Manifest, Node, UniqueId};

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

type ByPackage = Vec<(std::sync::Arc<str>, UniqueId)>;

/// An index over a manifest's refable nodes and sources. Built once, after all files are read.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Name (or `name.vN`) → packages that have it.
    nodes: HashMap<String, ByPackage>,
    /// The same for what is switched off.
    disabled_nodes: HashMap<String, ByPackage>,
    /// `source.table` → packages that have it.
    sources: HashMap<String, ByPackage>,
    disabled_sources: HashMap<String, ByPackage>,
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
        for node in manifest.nodes.values() {
            lookup.add_node(node, true);
        }
        for table in manifest.sources.values() {
            let entry = lookup.sources.entry(table.search_name()).or_default();
            entry.push((table.package_name.clone(), table.unique_id.clone()));
        }
        for disabled in manifest.disabled.values().flatten() {
            match disabled {
                super::Disabled::Node(node) => lookup.add_node(node, false),
                super::Disabled::Source(table) => {
                    let entry = lookup.disabled_sources.entry(table.search_name()).or_default();
                    entry.push((table.package_name.clone(), table.unique_id.clone()));
                }
                super::Disabled::Exposure(_)
                | super::Disabled::UnitTest(_)
                | super::Disabled::Metric(_)
                | super::Disabled::SemanticModel(_)
                | super::Disabled::SavedQuery(_) => {}
            }
        }
        lookup
    }

    fn add_node(&mut self, node: &Node, enabled: bool) {
        if !node.resource_type().is_refable() {
            return;
        }
        let index = if enabled { &mut self.nodes } else { &mut self.disabled_nodes };
        let found = (node.package_name.clone(), node.unique_id.clone());
        if let Some(version) = node.version() {
            index.entry(format!("{}.v{version}", node.name)).or_default().push(found.clone());
            if enabled {
                self.versions.entry(node.name.clone()).or_default().push(version.clone());
            }
            if node.latest_version().is_some_and(|latest| latest != version) {
                return;
            }
        }
        index.entry(node.name.clone()).or_default().push(found);
    }

    /// Finds what `ref` of a node of package `from` means.
    pub fn node(&self, from: &str, package: Option<&str>, name: &str, version: Option<&Json>) -> Found {
        let key = match version {
            Some(version) => format!("{name}.v{}", version_text(version)),
            None => name.to_owned(),
        };
        match self.search(&self.nodes, &self.disabled_nodes, &key, (from, package)) {
            Found::Missing if version.is_some() => match self.versions.get(name) {
                Some(versions) => Found::NoSuchVersion(versions.clone()),
                None => Found::Missing,
            },
            found => found,
        }
    }

    /// Finds what `source` of a node of package `from` means.
    pub fn source(&self, from: &str, source: &str, table: &str) -> Found {
        self.search(&self.sources, &self.disabled_sources, &format!("{source}.{table}"), (from, None))
    }

    /// Returns all names that `ref` could mean, for suggestions.
    pub fn node_names(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// Returns all `source.table` names, for suggestions.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    fn search(
        &self,
        enabled: &HashMap<String, ByPackage>,
        disabled: &HashMap<String, ByPackage>,
        key: &str,
        (from, package): (&str, Option<&str>),
    ) -> Found {
        let pick = |index: &HashMap<String, ByPackage>| -> Option<Found> {
            let all = index.get(key)?;
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
        match (pick(enabled), pick(disabled)) {
            (Some(found), _) => found,
            (None, Some(Found::One(id))) => Found::Disabled(id),
            (None, Some(Found::Ambiguous(ids))) => {
                ids.into_iter().next().map_or(Found::Missing, Found::Disabled)
            }
            (None, _) => Found::Missing,
        }
    }
}
