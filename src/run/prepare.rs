//! Before the first node: the schemas that nodes are built in exist, and the cache knows what is in them.

use std::collections::BTreeMap;

use crate::context::{NodeScope, Session, SharedSession, table_cells};
use crate::diag::{Code, Diagnostic};
use crate::jinja::{Args, Error, Value};
use crate::manifest::Relation;
use crate::plan::SchemaName;

/// Creates the missing schemas of a plan, and lists the relations of all of them.
///
/// Three questions a database, however many schemas there are: for its schemas, for their relations, and for what
/// depends on what. All go through macros, since projects may replace dbt's.
///
/// The questions change nothing and missing schemas are made only once, so that all of it is tried again where a
/// connection is lost: once, or as often as `retries` says.
pub fn prepare(
    scope: &NodeScope,
    schemas: &[SchemaName],
    session: &SharedSession,
    retries: u32,
) -> Result<(), Diagnostic> {
    scope.take_session().map_err(Error::into_diagnostic)?;
    let ask = || {
        let done = make_schemas(scope, schemas).and_then(|()| fill_cache(scope, schemas));
        done.map_err(Error::into_diagnostic)
    };
    let is_lost =
        |done: &Result<(), Diagnostic>| done.as_ref().is_err_and(|problem| problem.code == Code::CONNECTION);
    let mut done = ask();
    let mut left = retries.max(1);
    while is_lost(&done) && left > 0 {
        left -= 1;
        session.with(Session::close);
        done = ask();
    }
    // The questions opened a transaction; what follows begins without one.
    session.with(Session::rollback);
    done
}

fn by_database(schemas: &[SchemaName]) -> BTreeMap<&str, Vec<&SchemaName>> {
    let mut by_database: BTreeMap<&str, Vec<&SchemaName>> = BTreeMap::new();
    for schema in schemas {
        by_database.entry(schema.database.as_str()).or_default().push(schema);
    }
    by_database
}

fn make_schemas(scope: &NodeScope, schemas: &[SchemaName]) -> Result<(), Error> {
    let list = |database: &str| -> Result<Vec<String>, Error> {
        let listed = call(scope, "list_schemas", vec![Value::from(database)])?;
        let rows = table_cells(&listed).unwrap_or_default().into_iter();
        let names = rows.filter_map(|row| row.into_iter().next().flatten());
        Ok(names.map(|name| name.to_lowercase()).collect())
    };
    for (database, wanted) in by_database(schemas) {
        let present = list(database)?;
        for schema in wanted {
            if !present.contains(&schema.schema.to_lowercase())
                && let Err(error) = scope.create_schema(place(scope, schema))
            {
                // Another run may have made it at the same moment, which `if not exists` does not help against.
                scope.session().with(Session::rollback);
                if !list(database)?.contains(&schema.schema.to_lowercase()) {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

fn fill_cache(scope: &NodeScope, schemas: &[SchemaName]) -> Result<(), Error> {
    let cache = &scope.run().cache;
    for (database, wanted) in by_database(schemas) {
        let names: Vec<&str> = wanted.iter().map(|schema| schema.schema.as_str()).collect();
        let together = scope.list_schemas(database, &names)?;
        for schema in wanted {
            let listed = match &together {
                Some(relations) => in_schema(relations, &schema.schema),
                None => scope.list_schema(place(scope, schema))?,
            };
            cache.fill(Some(&schema.database), Some(&schema.schema), listed);
        }
        for (referenced, dependent) in scope.relation_links(database, &names)? {
            cache.add_link(&referenced, &dependent);
        }
    }
    Ok(())
}

fn in_schema(relations: &[Relation], schema: &str) -> Vec<Relation> {
    let schema = schema.to_lowercase();
    let here =
        |relation: &&Relation| relation.schema.as_deref().is_some_and(|own| own.to_lowercase() == schema);
    relations.iter().filter(here).cloned().collect()
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
