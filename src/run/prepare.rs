//! Before the first node: the schemas that nodes are built in exist, and the cache knows what is in them.

use std::collections::BTreeMap;

use crate::context::{NodeScope, SharedSession, table_cells};
use crate::diag::Diagnostic;
use crate::jinja::{Args, Error, Value};
use crate::manifest::Relation;
use crate::plan::SchemaName;

/// Creates the missing schemas of a plan, and lists the relations of all of them.
///
/// One question a database for its schemas and one a schema for its relations, all through dbt's macros,
/// since projects may replace them.
pub fn prepare(scope: &NodeScope, schemas: &[SchemaName], session: &SharedSession) -> Result<(), Diagnostic> {
    scope.take_session().map_err(Error::into_diagnostic)?;
    let done = make_schemas(scope, schemas).and_then(|()| fill_cache(scope, schemas));
    // The questions opened a transaction; what follows begins without one.
    session.with(crate::context::Session::rollback);
    done.map_err(Error::into_diagnostic)
}

fn make_schemas(scope: &NodeScope, schemas: &[SchemaName]) -> Result<(), Error> {
    let mut by_database: BTreeMap<&str, Vec<&SchemaName>> = BTreeMap::new();
    for schema in schemas {
        by_database.entry(schema.database.as_str()).or_default().push(schema);
    }
    for (database, wanted) in by_database {
        let listed = call(scope, "list_schemas", vec![Value::from(database)])?;
        let present: Vec<String> = table_cells(&listed)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .map(|name| name.to_lowercase())
            .collect();
        for schema in wanted {
            if !present.contains(&schema.schema.to_lowercase()) {
                scope.create_schema(place(scope, schema))?;
            }
        }
    }
    Ok(())
}

fn fill_cache(scope: &NodeScope, schemas: &[SchemaName]) -> Result<(), Error> {
    let cache = &scope.run().cache;
    for schema in schemas {
        let listed = scope.list_schema(place(scope, schema))?;
        cache.fill(Some(&schema.database), Some(&schema.schema), listed);
    }
    Ok(())
}

fn place(scope: &NodeScope, schema: &SchemaName) -> Relation {
    let shared = &scope.run().shared;
    Relation::new(shared.dialect, Some(&schema.database), Some(&schema.schema), Some(""))
        .with_quoting(shared.quoting)
        .without_identifier()
}

fn call(scope: &NodeScope, name: &str, args: Vec<Value>) -> Result<Value, Error> {
    scope.call_from_rust(name, Args::from(args))
}
