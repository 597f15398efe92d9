//! `relation_sizes.json`: how large tables are, where the engine knows it without reading them.
//!
//! An artifact of our own, for the documentation: `catalog.json` of these engines has no such figures in dbt, and
//! readers compare it. Written by `cli` with the catalog, read by `docs`.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::hash::IndexMap;

/// The file's name in the target folder.
pub const RELATION_SIZES: &str = "relation_sizes.json";

/// How large a table is. What is not known is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationSize {
    /// Its rows, as the engine last counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
}

/// Sizes by the id of the node or source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RelationSizes(pub IndexMap<String, RelationSize>);

impl RelationSizes {
    /// Writes the file, all of it or nothing.
    pub fn write(&self, target: &Utf8Path) -> Result<(), FileError> {
        super::write_json(&target.join(RELATION_SIZES), self)
    }

    /// Reads the file of a target folder; without one, or if it cannot be read, nothing is known.
    pub fn read(target: &Utf8Path) -> Self {
        let text = files::read_text(&target.join(RELATION_SIZES)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}
