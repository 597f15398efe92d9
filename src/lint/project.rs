//! What the rules know of the project: which relation a name means, and what is known of keys.

use std::sync::Arc;

use sqlparser::ast::{ObjectName, ObjectNamePart};

use super::keys::Keys;
use super::model::Finding;
use super::settings::Settings;
use crate::diag::Sources;
use crate::hash::{HashMap, IndexMap};
use crate::manifest::{Manifest, Node, NodeKind, SourceTable, UniqueId};
use crate::sql::Dialect;

/// A relation of the project.
#[derive(Clone, Copy)]
pub(super) enum Known<'a> {
    Node(&'a Node),
    Source(&'a SourceTable),
}

impl<'a> Known<'a> {
    pub(super) fn id(self) -> &'a UniqueId {
        match self {
            Self::Node(node) => &node.unique_id,
            Self::Source(table) => &table.unique_id,
        }
    }

    /// Database and schema.
    fn place(self) -> (&'a str, &'a str) {
        match self {
            Self::Node(node) => (&node.database, &node.schema),
            Self::Source(table) => (&table.database, &table.schema),
        }
    }

    /// What is meant where a relation is several things: what a model builds, what is described as a source, a seed.
    fn rank(self) -> u8 {
        match self {
            Self::Node(node) if matches!(node.kind, NodeKind::Seed { .. }) => 2,
            Self::Node(_) => 0,
            Self::Source(_) => 1,
        }
    }
}

/// What models are looked at against. Made once for all of them.
pub struct Project<'a> {
    pub(super) dialect: &'a dyn Dialect,
    pub(super) sources: &'a Sources,
    pub(super) settings: Settings,
    pub(super) keys: Keys<'a>,
    /// By name, in small letters.
    relations: HashMap<String, Vec<Known<'a>>>,
}

impl<'a> Project<'a> {
    /// Takes all resources, the rules of the engine's SQL, all texts read, and how bad each rule is.
    pub fn new(
        manifest: &'a Manifest,
        dialect: &'a dyn Dialect,
        sources: &'a Sources,
        settings: Settings,
    ) -> Self {
        let mut relations: HashMap<String, Vec<Known<'a>>> = HashMap::default();
        let nodes = manifest.nodes.values().filter(|node| node.is_relational());
        let nodes = nodes.map(|node| (&node.alias, Known::Node(node.as_ref())));
        let tables = manifest.sources.values().map(Arc::as_ref);
        let tables = tables.map(|table| (&table.identifier, Known::Source(table)));
        for (name, known) in nodes.chain(tables) {
            relations.entry(name.to_lowercase()).or_default().push(known);
        }
        relations.values_mut().for_each(|all| all.sort_by_key(|known| known.rank()));
        Self { dialect, sources, settings, keys: Keys::new(manifest), relations }
    }

    /// Finds the relation that a name in the SQL of a node means, if it is one of the project's.
    ///
    /// A name without a schema means one in the node's own.
    pub(super) fn relation(&self, name: &ObjectName, of: &Node) -> Option<Known<'a>> {
        let parts: Option<Vec<&str>> =
            name.0.iter().map(ObjectNamePart::as_ident).map(|ident| Some(ident?.value.as_str())).collect();
        let parts = parts?;
        let (last, before) = parts.split_last()?;
        let is_it = |known: &&Known<'a>| {
            let (database, schema) = known.place();
            let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
            match before {
                [] => same(database, &of.database) && same(schema, &of.schema),
                [in_schema] => same(schema, in_schema),
                [in_database, in_schema] => same(database, in_database) && same(schema, in_schema),
                _ => false,
            }
        };
        self.relations.get(&last.to_lowercase())?.iter().find(is_it).copied()
    }
}

/// Puts findings about one and the same thing together: the first model that shows it stands for all.
pub(super) fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    let mut others: IndexMap<(UniqueId, String), (usize, Vec<String>)> = IndexMap::default();
    for finding in findings {
        let Some(about) = finding.about.clone() else {
            all.push(finding);
            continue;
        };
        match others.get_mut(&about) {
            Some((_, models)) => models.push(finding.model),
            None => {
                others.insert(about, (all.len(), Vec::new()));
                all.push(finding);
            }
        }
    }
    for (at, models) in others.into_values() {
        if !models.is_empty() {
            let names: Vec<String> = models.iter().map(|name| format!("`{name}`")).collect();
            all[at].diagnostic.notes.push(format!("so do {}", names.join(", ")));
        }
    }
    all
}
