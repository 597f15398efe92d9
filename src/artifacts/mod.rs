//! What later tools read: `manifest.json`, `run_results.json`, `catalog.json`, `graph_summary.json`,
//! `semantic_manifest.json`, compiled and executed SQL; tables of all that for whoever asks for them.
//!
//! Keys, order, versions and number formats are dbt's (`artifacts.md`); strict readers refuse anything else.
//! Input: the manifest, compiled nodes and results; output: files, each written whole or not at all. Same input,
//! same bytes, apart from times and ids. Called by `run`, `docs` and `cli`.

mod catalog;
mod column_lineage;
mod failing_rows;
mod graph_summary;
mod invocation;
mod manifest;
mod parquet;
mod paths;
pub mod python_json;
mod relation_sizes;
mod run_history;
mod run_journal;
mod run_results;
mod semantic_manifest;
mod sources;

pub use catalog::{Catalog, CatalogColumn, CatalogStat, CatalogTable, TableMetadata};
pub use column_lineage::{
    COLUMN_LINEAGE, ColumnInput, ColumnKind, ColumnLineage, ColumnOrigin, ColumnRef, ColumnUse, Link,
    NodeLineage, Reached, UsedColumn,
};
pub use failing_rows::{FAILURES, FailingRows};
pub use graph_summary::{GraphSummary, summarize, write as write_graph_summary};
pub use invocation::{Invocation, Metadata, timestamp};
pub use manifest::{ManifestFacts, ManifestFile};
pub use parquet::{write_lineage_table, write_project_tables, write_result_table};
pub use paths::{CodeFile, compiled_path, run_path, write_code};
pub use relation_sizes::{RELATION_SIZES, RelationSize, RelationSizes};
pub use run_history::{PastResult, PastRun, RUN_HISTORY};
pub use run_journal::{Began, Ended, OtherRun, RunJournal};
pub use run_results::{BatchResults, Phase, RunResult, RunResults, Status, Timing};
pub use semantic_manifest::write as write_semantic_manifest;
pub use sources::{SourceAge, SourcesFile};

use camino::Utf8Path;
use serde::Serialize;

use crate::files::{self, FileError};

/// Writes a value as JSON, all of it or nothing.
fn write_json(path: &Utf8Path, value: &impl Serialize) -> Result<(), FileError> {
    let mut bytes = Vec::new();
    python_json::write(&mut bytes, value).map_err(|error| FileError::Io {
        action: "write",
        path: path.to_owned(),
        source: error,
    })?;
    files::write_atomic(path, &bytes)
}
