//! The types of the columns of an input of a unit test, so that the test needs nothing in the warehouse
//! (`resources.md` section 7).
//!
//! Asked in this order, and the answer told in the log: an enforced contract; the relation, of this or of the
//! deferred run; declared columns with types; the file of a seed; the query of a model, its own inputs replaced by
//! empty ones in the same way. Nothing is built. Called by `unit_test`.

use std::sync::Arc;

use super::ephemeral::{cte_sql, inject};
use super::node::Compiler;
use super::unit_test::Input;
use crate::context::{NodeScope, UnitInputs, UnitOverrides, UnitScope, column_types, relation_value};
use crate::event::Note;
use crate::hash::HashSet;
use crate::jinja::{Args, Error, Value, dict, none, py_str};
use crate::manifest::{
    ColumnInfo, ColumnProperties, InjectedCte, Json, JsonMap, Language, Node, NodeKind, UniqueId,
};

/// Names and types of columns.
type Types = Vec<(String, String)>;

/// Where the types of an input come from.
enum Origin {
    /// The database; its own macro asks.
    Relation,
    /// Somewhere else.
    Known(Types, &'static str),
    /// Nobody knows: dbt's macro tells so.
    Nowhere,
}

impl Compiler {
    /// Returns the types for `get_fixture_sql`: `none` where it is to ask the database itself.
    pub(super) fn input_types(&self, input: &Input<'_>, scope: &NodeScope) -> Result<Value, Error> {
        let known = match self.origin(input, scope, &mut HashSet::default())? {
            Origin::Relation => {
                self.tell_origin(&input.node, "its relation");
                return Ok(none());
            }
            Origin::Nowhere => return Ok(none()),
            Origin::Known(types, from) => {
                self.tell_origin(&input.node, from);
                types
            }
        };
        Ok(dict(known.iter().map(|(name, ty)| (name.as_str(), Value::from(ty.as_str()))).collect::<Vec<_>>()))
    }

    fn tell_origin(&self, node: &Node, from: &str) {
        let msg = format!("unit test: the columns of `{}` have their types from {from}", node.name);
        self.run().shared.events.debug(|| Note { msg });
    }

    fn origin(
        &self,
        input: &Input<'_>,
        scope: &NodeScope,
        open: &mut HashSet<UniqueId>,
    ) -> Result<Origin, Error> {
        let node = &input.node;
        let declared = declared(node);
        if node.contract.enforced && !declared.is_empty() {
            return Ok(Origin::Known(declared, "its contract"));
        }
        if self.exists(input, scope)? {
            return Ok(Origin::Relation);
        }
        if !declared.is_empty() {
            return Ok(Origin::Known(declared, "its description"));
        }
        if let Some(builder) = self.builder(input) {
            let builder = Input::of_node(builder);
            return self.origin(&builder, &self.input_scope(&builder, scope), open);
        }
        if matches!(node.kind, NodeKind::Seed { .. }) {
            let types = scope.seed_types()?;
            return Ok(Origin::Known(types.into_iter().map(lowered).collect(), "its file"));
        }
        let Some(query) = self.empty_query(input, scope, open)? else { return Ok(Origin::Nowhere) };
        let found =
            scope.call_from_rust("get_column_schema_from_query", Args::from(vec![Value::from(query)]))?;
        Ok(Origin::Known(column_types(&found).into_iter().map(lowered).collect(), "its own query"))
    }

    /// Tells whether the input is there to be asked, here or where the run defers to.
    fn exists(&self, input: &Input<'_>, scope: &NodeScope) -> Result<bool, Error> {
        if let Some(candidate) = scope.session().candidate(&input.node.unique_id) {
            scope.add("this", relation_value(candidate));
            return Ok(true);
        }
        let relation = input.relation.clone().unwrap_or_else(|| self.run().relation_of(&input.node));
        if relation.external.is_some() {
            return Ok(true);
        }
        let found = scope.call_from_rust("load_relation", Args::from(vec![relation_value(relation)]))?;
        if !found.is_none() {
            return Ok(true);
        }
        let deferral = &self.run().deferral;
        let other = deferral.relations.get(&input.node.unique_id).filter(|_| deferral.refs);
        if let Some(other) = other {
            scope.add("defer_relation", relation_value(other.clone()));
        }
        Ok(other.is_some())
    }

    /// Returns the node of the project that builds a source: often a seed.
    fn builder(&self, input: &Input<'_>) -> Option<&Arc<Node>> {
        let source = input.relation.as_ref()?.to_string();
        self.run().manifest.nodes.values().find(|node| node.relation_name.as_ref() == Some(&source))
    }

    /// Returns a query with the columns of a model and without rows, that reads nothing which does not exist.
    fn empty_query(
        &self,
        input: &Input<'_>,
        scope: &NodeScope,
        open: &mut HashSet<UniqueId>,
    ) -> Result<Option<String>, Error> {
        let node = &input.node;
        let is_query =
            matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot) && input.relation.is_none();
        if !is_query || node.language != Language::Sql || !open.insert(node.unique_id.clone()) {
            return Ok(None);
        }
        let Ok(template) = self.template(node) else { return Ok(None) };
        let mut parents = Vec::new();
        for id in &node.depends_on.nodes {
            parents.extend(self.parent(id, node)?);
        }
        let names: UnitInputs =
            parents.iter().map(|(id, parent)| (id.clone(), parent.identifier.clone())).collect();
        let mut macros = JsonMap::new();
        macros.insert("is_incremental".to_owned(), Json::Bool(false));
        let overrides = UnitOverrides { macros, ..UnitOverrides::default() };
        let unit = UnitScope::new(scope, &node.unique_id, names, overrides);
        let output = self.run().shared.engine.render(&template, &unit.as_scope())?;
        let mut ctes = Vec::new();
        for id in unit.used() {
            let Some((_, parent)) = parents.iter().find(|(known, _)| *known == id) else { continue };
            let Some(sql) = self.empty_rows(parent, scope, open)? else { return Ok(None) };
            ctes.push(InjectedCte { id, sql: Some(cte_sql(&parent.identifier, &sql)) });
        }
        open.remove(&node.unique_id);
        Ok(Some(inject(&output.text, &ctes).sql))
    }

    /// Returns a query for the columns of a parent, wherever they are known from.
    fn empty_rows(
        &self,
        parent: &Input<'_>,
        test: &NodeScope,
        open: &mut HashSet<UniqueId>,
    ) -> Result<Option<String>, Error> {
        let scope = self.input_scope(parent, test);
        let types = match self.origin(parent, &scope, open)? {
            Origin::Relation => none(),
            Origin::Known(types, _) => dict(
                types.iter().map(|(name, ty)| (name.as_str(), Value::from(ty.as_str()))).collect::<Vec<_>>(),
            ),
            Origin::Nowhere => return Ok(None),
        };
        let args = Args::from(vec![crate::jinja::list(Vec::new()), types]);
        scope.call_from_rust("get_fixture_sql", args).map(|sql| Some(py_str(&sql)))
    }

    fn parent<'a>(&self, id: &UniqueId, child: &Arc<Node>) -> Result<Option<(UniqueId, Input<'a>)>, Error> {
        let run = self.run();
        if let Some(node) = run.manifest.nodes.get(id) {
            return Ok(Some((id.clone(), Input::of_node(node))));
        }
        match run.manifest.sources.get(id) {
            Some(table) => Ok(Some((id.clone(), self.source_input(table, child)?))),
            None => Ok(None),
        }
    }
}

/// Returns the described columns if all of them have types; `string` is the engine's, as in contracts.
fn declared(node: &Node) -> Types {
    let of_engine = |ty: &String| {
        if node.contract.alias_types { ColumnInfo::translate_type(ty) } else { ty.clone() }
    };
    let typed = |column: &Arc<ColumnProperties>| {
        Some((column.name.to_string(), column.data_type.as_ref().map(of_engine)?))
    };
    let types = node.columns.values().map(typed);
    types.collect::<Option<Types>>().unwrap_or_default().into_iter().map(lowered).collect()
}

/// Macros for fixtures look columns up in lower case.
fn lowered((name, ty): (String, String)) -> (String, String) {
    (name.to_lowercase(), ty)
}
