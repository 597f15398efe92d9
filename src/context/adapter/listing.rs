//! What exists, as the relation cache wants to know it: one schema, several at once, and what depends on what.
//!
//! Input: names of schemas. Output: relations, by way of dbt's macros, since projects may replace them. A schema that
//! turns out to be needed in the middle of a run is listed then. Called by adapter methods and by `run`.

use super::super::relation::relation_value;
use super::super::run_scope::NodeScope;
use super::super::session::Session;
use super::super::table::cells;
use crate::adapter::CacheError;
use crate::diag::Code;
use crate::jinja::{Args, Call, Error, Value, list};
use crate::manifest::{Relation, RelationType};

impl NodeScope {
    /// Finds a relation in the cache; a schema that was not listed yet is listed first.
    pub(in crate::context) fn find_relation(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        identifier: Option<&str>,
        call: &mut Call<'_>,
    ) -> Result<Option<Relation>, Error> {
        let (cache, shared) = (&self.run().cache, &self.run().shared);
        if !cache.knows_schema(database, schema) {
            self.may_ask()?;
            let place = Relation::new(shared.dialect, database, schema, Some(""))
                .with_quoting(shared.quoting)
                .without_identifier();
            // What exists is known before nodes are compiled, so it is no question of theirs (`--no-introspect`).
            let was_closed = self.session().set_closed(false);
            let listed = self.call_macro("list_relations_without_caching", vec![relation_value(place)], call);
            self.session().set_closed(was_closed);
            let listed = listed?;
            cache.fill(database, schema, self.listed(&listed));
        }
        cache.get(database, schema, identifier, shared.quoting).map_err(|error| cache_error(&error))
    }

    /// Lists the relations of a schema, from outside of a render.
    pub fn list_schema(&self, schema: Relation) -> Result<Vec<Relation>, Error> {
        let listed =
            self.call_from_rust("list_relations_without_caching", [relation_value(schema)].into())?;
        Ok(self.listed(&listed))
    }

    /// Lists the relations of several schemas of a database with one query, from outside of a render.
    ///
    /// `None` where the engine has no such query, or where the project has its own way to list a schema.
    pub fn list_schemas(&self, database: &str, schemas: &[&str]) -> Result<Option<Vec<Relation>>, Error> {
        if self.is_replaced("list_relations_without_caching") {
            return Ok(None);
        }
        let args = vec![Value::from(database), texts(schemas)];
        let listed = self.call_from_rust("list_relations_in_schemas", args.into())?;
        Ok((!listed.is_none()).then(|| self.listed(&listed)))
    }

    /// Tells which relations of the database that a connection sees fall with which, as pairs of a relation in one of
    /// `schemas` and one that depends on it. Empty where dropping takes nothing along.
    pub fn relation_links(
        &self,
        database: &str,
        schemas: &[&str],
    ) -> Result<Vec<(Relation, Relation)>, Error> {
        let listed = if self.is_replaced("get_relations") {
            self.call_from_rust("get_relations", Args::default())?
        } else {
            self.known_links(schemas)?
        };
        let dialect = self.run().shared.dialect;
        let relation = |schema: &Option<String>, name: &Option<String>| {
            Relation::new(dialect, Some(database), schema.as_deref(), name.as_deref())
        };
        let link = |row: Vec<Option<String>>| {
            let [dependent_schema, dependent, schema, name] = <[Option<String>; 4]>::try_from(row).ok()?;
            Some((relation(&schema, &name), relation(&dependent_schema, &dependent)))
        };
        Ok(cells(&listed).unwrap_or_default().into_iter().filter_map(link).collect())
    }

    /// Asks for links in the engine's own catalog; a relative of the engine that refuses is asked in the standard's way.
    fn known_links(&self, schemas: &[&str]) -> Result<Value, Error> {
        let ask = |name| self.call_from_rust(name, vec![texts(schemas)].into());
        ask("list_relation_links").or_else(|refused| {
            if refused.code() == Code::CONNECTION {
                return Err(refused);
            }
            self.session().with(Session::rollback);
            ask("list_view_usage").map_err(|_| refused)
        })
    }

    /// Tells whether the project or a package answers one of dbt's macros by its own, be it by the engine's name.
    fn is_replaced(&self, name: &str) -> bool {
        let macros = &self.run().shared.macros;
        macros.is_replaced(name)
            || macros.prefixes().any(|prefix| macros.is_replaced(&format!("{prefix}__{name}")))
    }

    /// Reads the table that `list_relations_without_caching` answers: database, name, schema, type.
    fn listed(&self, table: &Value) -> Vec<Relation> {
        let Some(rows) = cells(table) else { return Vec::new() };
        let shared = &self.run().shared;
        let relation = |row: Vec<Option<String>>| {
            let [database, name, schema, ty] = <[Option<String>; 4]>::try_from(row).ok()?;
            let relation =
                Relation::new(shared.dialect, database.as_deref(), schema.as_deref(), name.as_deref());
            let ty = ty.as_deref().and_then(RelationType::parse).unwrap_or(RelationType::External);
            Some(relation.with_type(ty))
        };
        rows.into_iter().filter_map(relation).collect()
    }
}

pub(super) fn cache_error(error: &CacheError) -> Error {
    let text = match error {
        CacheError::Approximate(found) => format!(
            "When searching for a relation, dbt found an approximate match. Instead of guessing \nwhich relation \
             to use, dbt will move on. Please delete {}, or rename it to be less ambiguous.\nSearched for: {}\nFound: {}",
            found.found, found.searched, found.found
        ),
        other => other.to_string(),
    };
    Error::new(Code::DATABASE, text).help(error.help())
}

fn texts(names: &[&str]) -> Value {
    list(names.iter().map(|name| Value::from(*name)).collect::<Vec<_>>())
}
