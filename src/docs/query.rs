//! Asks the database for the catalog through dbt's macros, which projects may replace (`docs-site.md` section 1), and
//! for the sizes of its tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalog::{Key, Wanted, group};
use crate::artifacts::{Catalog, RelationSize, RelationSizes};
use crate::context::{NodeScope, relation_value, table_records};
use crate::diag::Diagnostic;
use crate::hash::HashMap;
use crate::jinja::{Args, Error, Value, list};
use crate::manifest::{Json, JsonMap, Node, Relation, UniqueId};

/// How many relations are asked for by name; for more, whole schemas are listed (dbt's bound).
const BY_NAME: usize = 100;

/// Reads what the database says of the selected nodes and sources. A database that cannot be asked leaves its
/// error in the result, with everything else.
///
/// `selected` is `None` when no selection was made: then all schemas of the project are listed. Errors when an
/// answer has not the shape of a catalog.
pub fn read_catalog(scope: &NodeScope, selected: Option<&BTreeSet<UniqueId>>) -> Result<Catalog, Diagnostic> {
    scope.take_session().map_err(Error::into_diagnostic)?;
    let relations = relations(scope, selected).map_err(Error::into_diagnostic)?;
    let by_name = selected.is_some() && relations.len() <= BY_NAME;
    let mut by_database: BTreeMap<Option<&str>, Vec<&Relation>> = BTreeMap::new();
    for (relation, _) in &relations {
        by_database.entry(relation.database.as_deref()).or_default().push(relation);
    }
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for wanted in by_database.values() {
        match ask(scope, wanted, by_name) {
            Ok(mut found) => rows.append(&mut found),
            Err(error) => errors.push(error.into_diagnostic().message),
        }
    }
    let mut who: HashMap<Key, Wanted> = HashMap::default();
    for (relation, id) in &relations {
        let entry = who.entry(key_of(relation)).or_default();
        if scope.run().manifest.sources.contains_key(id) {
            entry.sources.push(id.clone());
        } else {
            entry.node = Some(id.clone());
        }
    }
    let catalog = group(&rows, &who)?;
    Ok(Catalog { errors, ..catalog })
}

/// Reads how large the tables of the selected nodes and sources are, one query a database. A database that does not
/// tell is passed over: the figures are an extra, and views of system tables may be closed to the user.
pub fn read_sizes(
    scope: &NodeScope,
    selected: Option<&BTreeSet<UniqueId>>,
) -> Result<RelationSizes, Diagnostic> {
    let relations = relations(scope, selected).map_err(Error::into_diagnostic)?;
    let mut by_database: BTreeMap<Option<&str>, Vec<&Relation>> = BTreeMap::new();
    for (relation, _) in &relations {
        by_database.entry(relation.database.as_deref()).or_default().push(relation);
    }
    let mut sizes = HashMap::default();
    for (database, wanted) in by_database {
        let Some(first) = wanted.first() else { continue };
        let information_schema = relation_value(first.information_schema(None));
        let args = Args::from(vec![information_schema, schemas(&wanted)]);
        let answer = scope.call_from_rust("get_relation_sizes", args).ok();
        for row in answer.as_ref().and_then(table_records).into_iter().flatten() {
            let text = |key: &str| row.get(key).and_then(Json::as_str).unwrap_or_default();
            let number = |key: &str| row.get(key).and_then(Json::as_i64);
            let size = RelationSize { rows: number("row_count"), bytes: number("byte_count") };
            sizes.insert(Key::new(database, text("table_schema"), text("table_name")), size);
        }
    }
    let found =
        relations.iter().filter_map(|(relation, id)| Some((id.to_string(), *sizes.get(&key_of(relation))?)));
    Ok(RelationSizes(found.collect()))
}

fn key_of(relation: &Relation) -> Key {
    Key::new(
        relation.database.as_deref(),
        relation.schema.as_deref().unwrap_or_default(),
        relation.identifier.as_deref().unwrap_or_default(),
    )
}

/// The schemas of some relations, for a macro.
fn schemas(relations: &[&Relation]) -> Value {
    let names: BTreeSet<&str> = relations.iter().filter_map(|relation| relation.schema.as_deref()).collect();
    list(names.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// The relations of the selected nodes and sources, each with whose it is.
fn relations(
    scope: &NodeScope,
    selected: Option<&BTreeSet<UniqueId>>,
) -> Result<Vec<(Relation, UniqueId)>, Error> {
    let run = scope.run();
    let is_selected = |id: &UniqueId| selected.is_none_or(|selected| selected.contains(id));
    // Tests that store their failures are relations, too.
    let is_built = |node: &&Arc<Node>| node.relation_name.is_some() && is_selected(&node.unique_id);
    let nodes = run.manifest.nodes.values().filter(is_built);
    let mut relations: Vec<_> = nodes.map(|node| (run.relation_of(node), node.unique_id.clone())).collect();
    for table in run.manifest.sources.values().filter(|table| is_selected(&table.unique_id)) {
        relations.push((run.source_relation(table)?, table.unique_id.clone()));
    }
    Ok(relations)
}

/// Asks one database, for relations or for their schemas.
fn ask(scope: &NodeScope, relations: &[&Relation], by_name: bool) -> Result<Vec<JsonMap>, Error> {
    let Some(first) = relations.first() else { return Ok(Vec::new()) };
    let information_schema = relation_value(first.information_schema(None));
    let (name, wanted) = if by_name {
        let values: Vec<Value> =
            relations.iter().map(|relation| relation_value((*relation).clone())).collect();
        ("get_catalog_relations", list(values))
    } else {
        ("get_catalog", schemas(relations))
    };
    let table = scope.call_from_rust(name, Args::from(vec![information_schema, wanted]))?;
    table_records(&table).ok_or_else(|| Error::runtime(format!("macro `{name}` did not return a table")))
}
