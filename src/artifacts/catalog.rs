//! `catalog.json` v1: what the database says of relations (`artifacts.md` section 4). Made by `docs`.

use camino::Utf8Path;
use jiff::Timestamp;
use serde::Serialize;

use super::invocation::{Invocation, Metadata};
use crate::files::FileError;
use crate::hash::IndexMap;
use crate::manifest::{Json, UniqueId};

/// A relation in the database. Serializes as an entry of `nodes` or `sources`.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogTable {
    /// What it is.
    pub metadata: TableMetadata,
    /// Its columns by name, in the order of the query.
    pub columns: IndexMap<String, CatalogColumn>,
    /// Figures by id; `has_stats` is always there.
    pub stats: IndexMap<String, CatalogStat>,
    /// The node or source it was matched to.
    pub unique_id: UniqueId,
}

/// What a relation is. All texts are the database's own.
#[derive(Clone, Debug, Serialize)]
pub struct TableMetadata {
    /// `BASE TABLE`, `VIEW` ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
    /// The database.
    pub database: Option<String>,
    /// The comment on it.
    pub comment: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogColumn {
    /// The type as the database names it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Its place, from 1.
    pub index: i64,
    /// The name.
    pub name: String,
    /// The comment on it.
    pub comment: Option<String>,
}

/// A figure of a relation, such as its size.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogStat {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// The figure: text, number or boolean.
    pub value: Json,
    /// Whether to show it.
    pub include: bool,
    /// What it means.
    pub description: Option<String>,
}

/// The whole file.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Nodes that exist in the database.
    pub nodes: IndexMap<UniqueId, CatalogTable>,
    /// Sources that exist in the database.
    pub sources: IndexMap<UniqueId, CatalogTable>,
    /// Why a part is missing.
    pub errors: Vec<String>,
}

#[derive(Serialize)]
struct File<'a> {
    metadata: Metadata<'a>,
    nodes: &'a IndexMap<UniqueId, CatalogTable>,
    sources: &'a IndexMap<UniqueId, CatalogTable>,
    errors: Option<&'a [String]>,
}

impl Catalog {
    /// Writes `catalog.json`, all of it or nothing.
    pub fn write(
        &self,
        path: &Utf8Path,
        invocation: &Invocation,
        generated_at: Timestamp,
    ) -> Result<(), FileError> {
        let file = File {
            metadata: Metadata::new("catalog", 1, invocation, generated_at),
            nodes: &self.nodes,
            sources: &self.sources,
            errors: Some(self.errors.as_slice()).filter(|errors| !errors.is_empty()),
        };
        super::write_json(path, &file)
    }
}
