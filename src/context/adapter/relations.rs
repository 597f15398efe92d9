//! Methods about relations and schemas. What exists is answered from the cache, which these methods keep in
//! step with what they send.

use crate::hash::IndexMap;

use super::super::index::parse_index;
use super::super::relation::{relation_arg, relation_of, relation_value};
use super::super::run_scope::NodeScope;
use super::listing::cache_error;
use crate::diag::Code;
use crate::event::{RefKey, SchemaCreation, SchemaDrop};
use crate::jinja::{Call, Error, Value, dict, list, none, py_str};
use crate::manifest::{Json, Relation};

pub(super) fn call(scope: &NodeScope, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    Some(match name {
        "get_relation" => get_relation(scope, call),
        "already_exists" => already_exists(scope, call),
        "check_schema_exists" => check_schema_exists(scope, call),
        "create_schema" => create_schema(scope, call),
        "drop_schema" => drop_schema(scope, call),
        "drop_relation" => drop_relation(scope, call),
        "has_dependents" => relation_arg(call, "relation")
            .map(|relation| Value::from(scope.run().cache.has_dependents(&relation))),
        "truncate_relation" => relation_arg(call, "relation")
            .and_then(|relation| scope.call_macro("truncate_relation", vec![relation_value(relation)], call)),
        "rename_relation" => rename_relation(scope, call),
        "cache_added" => cached(call, |relation| scope.run().cache.add(relation)),
        "cache_dropped" => cached(call, |relation| scope.run().cache.drop_relation(&relation)),
        "cache_renamed" => cache_renamed(scope, call),
        "verify_database" => verify_database(scope, call),
        "standardize_grants_dict" => grants(call),
        "parse_index" => call.args.required("raw_index").and_then(|raw| parse_index(&raw)),
        _ => return None,
    })
}

fn get_relation(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let database = call.args.optional_str("database")?;
    let schema = call.args.optional_str("schema")?;
    let identifier = call.args.optional_str("identifier")?;
    let found = scope.find_relation(database.as_deref(), schema.as_deref(), identifier.as_deref(), call)?;
    Ok(found.map_or_else(none, relation_value))
}

/// Groups the rows of `get_show_grant_sql`, one a grantee and privilege, by privilege.
fn grants(call: &mut Call<'_>) -> Result<Value, Error> {
    let table = call.args.required("grants_table")?;
    let rows = super::super::table::records(&table)
        .ok_or_else(|| Error::runtime("`standardize_grants_dict` takes the table that a query answered"))?;
    let mut grants: IndexMap<String, Vec<Value>> = IndexMap::default();
    for row in rows {
        let text = |key: &str| match row.get(key).and_then(Json::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => Err(Error::runtime(format!("the table of grants has no text in its column `{key}`"))),
        };
        let (grantee, privilege) = (text("grantee")?, text("privilege_type")?);
        grants.entry(privilege).or_default().push(Value::from(grantee));
    }
    Ok(dict(grants.iter().map(|(privilege, grantees)| (privilege.as_str(), list(grantees.clone())))))
}

fn already_exists(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let schema = call.args.optional_str("schema")?;
    let name = call.args.optional_str("name")?;
    let database = scope.run().shared.target.get("database").and_then(|v| v.as_str()).map(str::to_owned);
    let found = scope.find_relation(database.as_deref(), schema.as_deref(), name.as_deref(), call)?;
    Ok(Value::from(found.is_some()))
}

fn check_schema_exists(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let database = call.args.optional_str("database")?;
    let schema = call.args.optional_str("schema")?;
    let shared = &scope.run().shared;
    let place =
        Relation::new(shared.dialect, database.as_deref(), schema.as_deref(), Some("INFORMATION_SCHEMA"))
            .information_schema(None);
    let schema = Value::from(schema.as_deref().unwrap_or_default());
    let answer = scope.call_macro("check_schema_exists", vec![relation_value(place), schema], call)?;
    let count = super::super::table::cells(&answer)
        .and_then(|rows| rows.into_iter().next())
        .and_then(|row| row.into_iter().next().flatten());
    Ok(Value::from(count.is_some_and(|count| count != "0")))
}

fn key(relation: &Relation) -> RefKey {
    let text = |part: &Option<std::sync::Arc<str>>| part.as_deref().unwrap_or_default().to_owned();
    RefKey {
        database: text(&relation.database),
        schema: text(&relation.schema),
        identifier: text(&relation.identifier),
    }
}

/// Schemas are made in a transaction of their own, so that other workers see them at once.
fn create_schema(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let relation = relation_arg(call, "relation")?.without_identifier();
    scope.run().shared.events.debug(|| SchemaCreation { relation: key(&relation) });
    scope.call_macro("create_schema", vec![relation_value(relation)], call)?;
    scope.commit_now()
}

fn drop_schema(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let relation = relation_arg(call, "relation")?.without_identifier();
    scope.run().shared.events.debug(|| SchemaDrop { relation: key(&relation) });
    let (database, schema) = (relation.database.clone(), relation.schema.clone());
    scope.call_macro("drop_schema", vec![relation_value(relation)], call)?;
    scope.commit_now()?;
    scope.run().cache.drop_schema(database.as_deref(), schema.as_deref());
    Ok(none())
}

impl NodeScope {
    /// Creates a schema and commits, from outside of a render.
    pub fn create_schema(&self, schema: Relation) -> Result<(), Error> {
        self.run().shared.events.debug(|| SchemaCreation { relation: key(&schema) });
        self.call_from_rust("create_schema", [relation_value(schema)].into())?;
        self.commit_now().map(drop)
    }
}

fn drop_relation(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let relation = relation_arg(call, "relation")?;
    if relation.ty.is_none() {
        return Err(Error::new(
            Code::JINJA_RUNTIME,
            format!("Tried to drop relation {relation}, but its type is null."),
        ));
    }
    if scope.is_gated() {
        // Engines drop outside of transactions, too; what a gate may still hold back must come back then.
        scope.begin_now()?;
    }
    scope.run().cache.drop_relation(&relation);
    scope.call_macro("drop_relation", vec![relation_value(relation)], call)
}

fn rename_relation(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let from = relation_arg(call, "from_relation")?;
    let to = relation_arg(call, "to_relation")?;
    scope.run().cache.rename(&from, &to).map_err(|error| cache_error(&error))?;
    scope.call_macro("rename_relation", vec![relation_value(from), relation_value(to)], call)
}

fn cached(call: &mut Call<'_>, change: impl FnOnce(Relation)) -> Result<Value, Error> {
    let relation = call.args.required("relation")?;
    match relation_of(&relation) {
        Some(relation) => change(relation),
        None => return Err(Error::runtime(format!("`{}` is no relation", py_str(&relation)))),
    }
    Ok(Value::from(""))
}

fn cache_renamed(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let from = relation_arg(call, "from_relation")?;
    let to = relation_arg(call, "to_relation")?;
    scope.run().cache.rename(&from, &to).map_err(|error| cache_error(&error))?;
    Ok(Value::from(""))
}

/// An engine with one database a connection refuses others.
fn verify_database(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let asked = call.args.required_str("database")?;
    let own = scope.run().shared.target.get("dbname").or_else(|| scope.run().shared.target.get("database"));
    let own = own.and_then(|v| v.as_str()).unwrap_or_default();
    if asked.trim_matches('"').eq_ignore_ascii_case(own) {
        return Ok(Value::from(""));
    }
    Err(Error::new(
        Code::DATABASE,
        format!("Cross-db references not allowed in {} ({asked} vs {own})", scope.run().shared.engine_name),
    ))
}
