//! Refusals that need not be mistakes: the engine lacks what hooks, other people or other files may bring.

use std::sync::{Arc, OnceLock};

use super::existing::Existing;
use crate::adapter::{DbError, DbErrorKind, Lacking};
use crate::hash::HashSet;
use crate::manifest::{Json, Manifest, Node, NodeKind, SourceTable};

/// Classes of errors that are about files, networks and extensions rather than about the query.
const ABOUT_SURROUNDINGS: [&str; 6] = [
    "IO Error",
    "HTTP Error",
    "Permission Error",
    "Missing Extension Error",
    "Invalid Configuration Error",
    "Settings Error",
];

/// What else could bring the things that a query lacks.
pub(super) struct Doubts<'a> {
    manifest: &'a Manifest,
    /// Schemas that the project builds in, in small letters.
    schemas: HashSet<String>,
    /// Texts that make things, in small letters.
    makers: OnceLock<Vec<String>>,
}

impl<'a> Doubts<'a> {
    pub(super) fn new(manifest: &'a Manifest) -> Self {
        let relational = manifest.nodes.values().filter(|node| node.is_relational());
        let schemas = relational.map(|node| node.schema.to_lowercase()).collect();
        Self { manifest, schemas, makers: OnceLock::new() }
    }

    /// Returns why a refusal is no proof of a mistake; `None` where it is one. `name` is what stands at its place.
    pub(super) fn about(&self, error: &DbError, name: &[String], existing: &Existing) -> Option<String> {
        let surroundings = error.kind != DbErrorKind::Statement
            || ABOUT_SURROUNDINGS.contains(&error.class.as_str())
            || error.message.contains(" extension")
            || error.message.starts_with("Catalog \"");
        if surroundings {
            return Some(format!("the engine says: {}", error.message.lines().next().unwrap_or_default()));
        }
        if error.message.contains("pivot elements extracted from the data") {
            return Some("its columns depend on data (`pivot`)".to_owned());
        }
        let (what, missing) = error.missing.as_ref()?;
        match what {
            Lacking::Column => None,
            Lacking::Relation => self.about_relation(missing, name, existing),
            Lacking::Other => self.about_thing(missing, existing),
        }
    }

    fn about_relation(&self, missing: &str, name: &[String], existing: &Existing) -> Option<String> {
        let written = if name.is_empty() { missing.to_owned() } else { name.join(".") };
        let is_it = |table: &&Arc<SourceTable>| table.identifier.eq_ignore_ascii_case(missing);
        if let Some(table) = self.manifest.sources.values().find(is_it) {
            return Some(format!("the columns of source `{}` are not known", table.search_name()));
        }
        let is_it = |node: &&Arc<Node>| node.is_relational() && node.alias.eq_ignore_ascii_case(missing);
        if let Some(node) = self.manifest.nodes.values().find(is_it) {
            return Some(format!(
                "it reads `{written}` without `ref`, so `{}` may be built later",
                node.name
            ));
        }
        if self.is_made(missing) {
            return Some(format!("a hook or a macro may make `{written}`"));
        }
        let foreign = name.len() > 1
            && name.get(name.len() - 2).is_some_and(|schema| !self.schemas.contains(&schema.to_lowercase()));
        match existing {
            Existing::Unknown(why) => Some(format!("whether there is `{written}` cannot be told: {why}")),
            Existing::Nothing if foreign => Some(format!("nobody knows the columns of `{written}`")),
            Existing::Nothing | Existing::Known(_) | Existing::Here => None,
        }
    }

    fn about_thing(&self, missing: &str, existing: &Existing) -> Option<String> {
        if existing.has(missing) {
            return Some(format!("`{missing}` is defined in the warehouse"));
        }
        if self.is_made(missing) {
            return Some(format!("a hook or a macro may make `{missing}`"));
        }
        match existing {
            Existing::Unknown(why) => Some(format!("whether there is `{missing}` cannot be told: {why}")),
            Existing::Nothing | Existing::Known(_) | Existing::Here => None,
        }
    }

    /// Tells whether a macro or hook that makes things has the name in its text.
    fn is_made(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.makers.get_or_init(|| self.read_makers()).iter().any(|text| text.contains(&name))
    }

    fn read_makers(&self) -> Vec<String> {
        let macros = self.manifest.macros.values().map(|one| one.macro_sql.to_lowercase());
        let nodes = self.manifest.nodes.values();
        let hooks = nodes.clone().flat_map(|node| {
            let of = |key: &str| node.config.get(key).map(Json::to_string).unwrap_or_default().to_lowercase();
            [of("pre-hook"), of("post-hook")]
        });
        let operations = nodes.filter(|node| matches!(node.kind, NodeKind::Operation { .. }));
        let operations = operations.map(|node| node.raw_code.to_lowercase());
        macros.chain(hooks).chain(operations).filter(|text| text.contains("create")).collect()
    }
}
