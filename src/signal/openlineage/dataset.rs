//! Datasets: the relations that nodes read and build, with what is known of them.

use std::sync::Arc;

use camino::Utf8Path;
use serde::Deserialize;

use super::facet::{facet, object};
use crate::files;
use crate::hash::{HashMap, IndexMap};
use crate::manifest::{Columns, Json, JsonMap, Manifest, UniqueId};

/// Columns of the last catalog by relation and name in lower case.
type Known = HashMap<String, IndexMap<String, CatalogColumn>>;

/// The datasets of a project.
pub(super) struct Datasets {
    manifest: Arc<Manifest>,
    namespace: String,
    known: Known,
}

/// What is read of `catalog.json`.
#[derive(Default, Deserialize)]
struct Catalog {
    nodes: HashMap<String, CatalogTable>,
    sources: HashMap<String, CatalogTable>,
}

#[derive(Deserialize)]
struct CatalogTable {
    columns: IndexMap<String, CatalogColumn>,
}

#[derive(Deserialize)]
struct CatalogColumn {
    name: String,
    r#type: String,
}

impl Datasets {
    /// Knows the types of columns as the last catalog of the target folder tells them, if there is one. `profile` is
    /// `target` of templates.
    pub(super) fn new(manifest: &Arc<Manifest>, profile: &JsonMap, target: &Utf8Path) -> Self {
        let text = files::read_text(&target.join("catalog.json")).unwrap_or_default();
        let catalog: Catalog = serde_json::from_str(&text).unwrap_or_default();
        let known = |(id, table): (String, CatalogTable)| {
            (id, table.columns.into_values().map(|column| (column.name.to_lowercase(), column)).collect())
        };
        let known = catalog.nodes.into_iter().chain(catalog.sources).map(known).collect();
        Self { manifest: Arc::clone(manifest), namespace: namespace(profile), known }
    }

    /// Returns the dataset that a resource is, without any about this run; `None` for what is no relation.
    pub(super) fn of(&self, id: &UniqueId) -> Option<Json> {
        let (name, columns, description) = self.relation(id)?;
        let source = [("name", self.namespace.as_str().into()), ("uri", self.namespace.as_str().into())];
        let documentation =
            || facet("DocumentationDatasetFacet", "1-1-0", &[("description", description.into())]);
        let facets = object(&[
            ("dataSource", facet("DatasourceDatasetFacet", "1-0-1", &source)),
            ("documentation", if description.is_empty() { Json::Null } else { documentation() }),
            ("schema", self.schema(id, columns)),
        ]);
        Some(object(&[
            ("namespace", self.namespace.as_str().into()),
            ("name", name.into()),
            ("facets", facets),
        ]))
    }

    /// Tells whether a resource is a model that is no relation itself.
    pub(super) fn is_ephemeral(&self, id: &UniqueId) -> bool {
        self.manifest.nodes.get(id).is_some_and(|node| node.is_ephemeral())
    }

    /// Returns the datasets that a resource reads: ephemeral models stand for what they read themselves.
    pub(super) fn read_by(&self, id: &UniqueId) -> Vec<UniqueId> {
        let (mut found, mut met) = (Vec::new(), crate::hash::HashSet::default());
        let mut waiting: Vec<&UniqueId> = self.manifest.parents(id).iter().rev().collect();
        while let Some(parent) = waiting.pop() {
            if !met.insert(parent) {
                continue;
            }
            if self.is_ephemeral(parent) {
                waiting.extend(self.manifest.parents(parent).iter().rev());
            } else if self.relation(parent).is_some() {
                found.push(parent.clone());
            }
        }
        found
    }

    /// Returns the name of a relation, its declared columns and its description.
    fn relation(&self, id: &UniqueId) -> Option<(String, &Columns, &str)> {
        if let Some(table) = self.manifest.sources.get(id) {
            let name = dotted([&table.database, &table.schema, &table.identifier]);
            return Some((name, &table.columns, &table.description));
        }
        let node = self.manifest.nodes.get(id).filter(|node| node.is_relational())?;
        Some((dotted([&node.database, &node.schema, &node.alias]), &node.columns, &node.description))
    }

    /// Columns in the order of the declaration, then those that only the database is known to have.
    fn schema(&self, id: &UniqueId, declared: &Columns) -> Json {
        let known = self.known.get(id.as_str());
        let type_of = |name: &str| Some(known?.get(&name.to_lowercase())?.r#type.clone());
        let mut fields: Vec<Json> = declared
            .values()
            .map(|column| {
                let description = Some(&*column.description).filter(|text| !text.is_empty());
                let data_type = column.data_type.clone().or_else(|| type_of(&column.name));
                object(&[
                    ("name", (&*column.name).into()),
                    ("type", data_type.into()),
                    ("description", description.into()),
                ])
            })
            .collect();
        let undeclared = known
            .into_iter()
            .flat_map(IndexMap::values)
            .filter(|column| !declared.keys().any(|declared| declared.eq_ignore_ascii_case(&column.name)));
        fields.extend(undeclared.map(|column| {
            object(&[("name", column.name.as_str().into()), ("type", column.r#type.as_str().into())])
        }));
        if fields.is_empty() {
            return Json::Null;
        }
        facet("SchemaDatasetFacet", "1-2-0", &[("fields", fields.into())])
    }
}

/// Joins the parts of a name that are there.
pub(super) fn dotted(parts: [&str; 3]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}

/// Names the database: `duckdb://FILE`, `postgres://HOST:PORT`.
fn namespace(profile: &JsonMap) -> String {
    let text = |key: &str| match profile.get(key) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    match profile.get("type").and_then(Json::as_str) {
        // Behind a `?` stand settings, tokens among them.
        Some("duckdb") => format!("duckdb://{}", text("path").split('?').next().unwrap_or_default()),
        Some(engine) => format!("{engine}://{}:{}", text("host"), text("port")),
        None => String::new(),
    }
}
