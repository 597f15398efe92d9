//! How relations of nodes and sources are written: `relation_name`. Called by `pipeline`.

use crate::context::{Shared, external_location};
use crate::diag::Diagnostic;
use crate::manifest::{Json, Relation, SourceTable};

fn set(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Makes the relation of a node of its database, schema and identifier.
pub(super) fn of_node(shared: &Shared, database: &str, schema: &str, identifier: &str) -> Relation {
    Relation::new(shared.dialect, set(database), set(schema), Some(identifier)).with_quoting(shared.quoting)
}

/// Writes the relation of a source table. In the manifest the project's quoting counts below the table's
/// own; on DuckDB an external location stands for the whole.
pub(super) fn of_source(shared: &Shared, table: &SourceTable) -> Result<String, Box<Diagnostic>> {
    if shared.dialect.reads_files() {
        let location =
            external_location(table).map_err(|error| Box::new(error.or_at(table.span).into_diagnostic()))?;
        if let Some(location) = location {
            return Ok(location);
        }
    }
    let flag = |key: &str| table.quoting.get(key).and_then(Json::as_bool);
    let relation = of_node(shared, &table.database, &table.schema, &table.identifier);
    Ok(relation.quote(flag("database"), flag("schema"), flag("identifier")).to_string())
}
