//! An artifact of an earlier run as JSON, and the version it names.

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::manifest::Json;

/// Reads an artifact; `None` if there is none. Errors when it is unreadable.
pub(super) fn read_json(path: &Utf8Path) -> Result<Option<Json>, Box<Diagnostic>> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::read_text(path).map_err(|error| Box::new(error.into()))?;
    serde_json::from_str(&text).map(Some).map_err(|error| {
        let message = format!("`{path}` is not readable as JSON: {error}");
        Box::new(Diagnostic::error(Code::STATE, None, message).help("let a run write it anew"))
    })
}

/// Returns the version in an address such as `https://schemas.getdbt.com/dbt/manifest/v12.json`, if the file is
/// of that kind.
pub(super) fn schema_version(file: &Json, kind: &str) -> Option<u32> {
    let address = file.pointer("/metadata/dbt_schema_version")?.as_str()?;
    let (_, rest) = address.split_once(&format!("/{kind}/v"))?;
    rest.strip_suffix(".json")?.parse().ok()
}
