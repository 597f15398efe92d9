//! Source tables: data that others bring into the warehouse.

use std::sync::Arc;

use super::{Columns, Config, Json, JsonMap, SourceCall, UniqueId};
use crate::diag::{FileId, Span};

/// One table of a source. Field names are those of `manifest.json`.
#[derive(Clone, Debug)]
pub struct SourceTable {
    /// Its id.
    pub unique_id: UniqueId,
    /// The source's name.
    pub source_name: String,
    /// The table's name.
    pub name: String,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path of the property file below the package root.
    pub path: String,
    /// Package, folders, source, table.
    pub fqn: Vec<String>,
    /// The relation's database.
    pub database: String,
    /// The relation's schema.
    pub schema: String,
    /// The relation's identifier.
    pub identifier: String,
    /// Rendered description of the source.
    pub source_description: String,
    /// Who loads it.
    pub loader: String,
    /// Quoting asked for: database, schema, identifier, column.
    pub quoting: JsonMap,
    /// The column that tells when a row was loaded.
    pub loaded_at_field: Option<String>,
    /// A query that tells when the table was loaded.
    pub loaded_at_query: Option<String>,
    /// Freshness thresholds; `None` when switched off.
    pub freshness: Option<Json>,
    /// Settings of an external table, as given.
    pub external: Option<Json>,
    /// Rendered description of the table.
    pub description: String,
    /// Declared columns.
    pub columns: Columns,
    /// Merged `meta` of source and table.
    pub meta: JsonMap,
    /// `meta` of the source.
    pub source_meta: JsonMap,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Resolved configuration.
    pub config: Config,
    /// Configured values before rendering.
    pub unrendered_config: JsonMap,
    /// The property file: `package://path`; `None` unless patched from elsewhere.
    pub patch_path: Option<String>,
    /// The relation as SQL, with the project's quoting.
    pub relation_name: String,
    /// When it was parsed: seconds since 1970.
    pub created_at: f64,
    /// The database before rendering.
    pub unrendered_database: Option<String>,
    /// The schema before rendering.
    pub unrendered_schema: Option<String>,
    /// Ids of the docs blocks that the description uses.
    pub doc_blocks: Vec<UniqueId>,
    /// The property file.
    pub file: FileId,
    /// Its entry there.
    pub span: Span,
}

impl SourceTable {
    /// Returns the name as people select it: `source.table`.
    pub fn search_name(&self) -> String {
        format!("{}.{}", self.source_name, self.name)
    }

    /// Returns the call of `source` that means this table.
    pub fn source_call(&self) -> SourceCall {
        SourceCall { source: self.source_name.clone(), table: self.name.clone(), span: None }
    }

    /// Tells whether there is a threshold for its age.
    pub fn has_freshness(&self) -> bool {
        self.freshness.as_ref().is_some_and(has_threshold)
    }
}

/// Tells whether at least one threshold of a `freshness` has both count and period.
pub fn has_threshold(freshness: &Json) -> bool {
    ["warn_after", "error_after"].iter().filter_map(|key| freshness.get(key)).any(is_threshold)
}

/// Tells whether a threshold has both count and period.
pub fn is_threshold(threshold: &Json) -> bool {
    ["count", "period"].iter().all(|key| threshold.get(key).is_some_and(|value| !value.is_null()))
}
