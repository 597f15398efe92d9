//! Compiles the model of a unit test with its inputs replaced by the given rows (`resources.md` section 7).
//!
//! Input: a unit test, its node and scope. Output: the model's SQL with a common table expression for each input
//! that it reads, as a [`Compiled`] node. No input needs to exist: see `input_types`. Called by `run`.

use std::sync::Arc;

use super::ephemeral::cte_sql;
use super::node::{Compiler, Cte, Rendered, describe};
use super::python::needs_sql;
use crate::context::{NodeScope, UnitInputs, UnitOverrides, UnitScope, relation_value};
use crate::diag::{Code, Diagnostic};
use crate::hash::HashMap;
use crate::jinja::{Args, Error, SourceMap, from_json, py_str};
use crate::manifest::{
    Compiled, Found, InjectedCte, Json, Node, NodeKind, Relation, ResourceType, SourceTable, UniqueId,
    UnitTest,
};
use crate::parse::{Reference, parse_reference};

/// One entry of `given`, or a parent of one.
pub(super) struct Input<'a> {
    /// The node that is replaced; a source as a model of its name.
    pub(super) node: Arc<Node>,
    /// The relation that is replaced, when it is not the node's own.
    pub(super) relation: Option<Relation>,
    /// The name of the expression.
    pub(super) identifier: String,
    /// The rows; `None` for a parent of an input.
    given: Option<&'a Json>,
}

impl Input<'_> {
    /// A node as an input without rows.
    pub(super) fn of_node(node: &Arc<Node>) -> Self {
        Self { identifier: node.alias.clone(), node: Arc::clone(node), relation: None, given: None }
    }
}

impl Compiler {
    /// Compiles the model under test. `node` stands for the test and `scope` is its scope.
    pub fn compile_unit_test(
        &self,
        test: &UnitTest,
        node: &Arc<Node>,
        scope: &NodeScope,
    ) -> Result<Arc<Compiled>, Diagnostic> {
        let Some(model) = test.depends_on.nodes.first().and_then(|id| self.run().manifest.nodes.get(id))
        else {
            let message = format!("unit test `{}` tests `{}`, which does not exist", test.name, test.model);
            return Err(Diagnostic::error(Code::UNKNOWN_REF, test.span, message));
        };
        let in_test = |error: Error| describe(error, node, &self.run().shared.sources);
        needs_sql(model, "a unit test")?;
        let template = self.template(model)?;
        let mut inputs = HashMap::default();
        for given in &test.given {
            let (id, input) = self.unit_input(test, model, given)?;
            inputs.insert(id, input);
        }
        let names: UnitInputs =
            inputs.iter().map(|(id, input)| (id.clone(), input.identifier.clone())).collect();
        let overrides = UnitOverrides::new(test.overrides.as_ref());
        let unit_scope = UnitScope::new(scope, &model.unique_id, names, overrides);
        scope.take_session().map_err(in_test)?;
        let output = self.run().shared.engine.render(&template, &unit_scope.as_scope()).map_err(in_test)?;
        let mut ctes = Vec::new();
        for id in unit_scope.used() {
            let Some(input) = inputs.get(&id) else { continue };
            let sql = cte_sql(&input.identifier, &self.fixture_sql(input, scope).map_err(in_test)?);
            let mut map = SourceMap::default();
            map.push_unknown(sql.len());
            ctes.push(Cte { injected: InjectedCte { id, sql: Some(sql) }, map });
        }
        let rendered = Rendered { text: output.text.into(), map: output.map, ctes };
        scope.take_session().map_err(in_test)?;
        self.assemble(&rendered, node, scope)
    }

    fn unit_input<'a>(
        &self,
        test: &UnitTest,
        model: &Arc<Node>,
        given: &'a Json,
    ) -> Result<(UniqueId, Input<'a>), Diagnostic> {
        let run = self.run();
        let written = given["input"].as_str().unwrap_or_default().trim();
        let of_node =
            |node: &Arc<Node>| (node.unique_id.clone(), Input { given: Some(given), ..Input::of_node(node) });
        if written == "this" {
            return Ok(of_node(model));
        }
        let package = &test.package_name;
        let found = match parse_reference(written, test.span).map_err(|problem| *problem)? {
            Reference::Ref(call) => {
                let found =
                    run.lookup.node(package, call.package.as_deref(), &call.name, call.version.as_ref());
                match found {
                    Found::One(id) => run.manifest.nodes.get(&id).map(of_node),
                    _ => None,
                }
            }
            Reference::Source(call) => match run.lookup.source(package, &call.source, &call.table) {
                Found::One(id) => match run.manifest.sources.get(&id) {
                    Some(table) => {
                        let input = self.source_input(table, model).map_err(Error::into_diagnostic)?;
                        Some((id, Input { given: Some(given), ..input }))
                    }
                    None => None,
                },
                _ => None,
            },
            Reference::Metric(_) => None,
        };
        found.ok_or_else(|| {
            let message = format!(
                "unit test '{}' has an input ({written}) which was not found in the manifest",
                test.name
            );
            Diagnostic::error(Code::UNKNOWN_REF, test.span, message)
        })
    }

    /// A source table as an input of a model, without rows.
    pub(super) fn source_input<'a>(&self, table: &SourceTable, model: &Node) -> Result<Input<'a>, Error> {
        let identifier = format!("{}__{}", table.source_name, table.name);
        let relation = self.run().source_relation(table)?;
        let node = Node {
            unique_id: UniqueId::new(ResourceType::Model, &table.package_name, &identifier),
            name: table.name.clone(),
            package_name: Arc::clone(&table.package_name),
            path: format!("{}.sql", table.name),
            fqn: table.fqn.clone(),
            database: table.database.clone(),
            schema: table.schema.clone(),
            alias: table.identifier.clone(),
            columns: table.columns.clone(),
            contract: crate::manifest::Contract::default(),
            ..model.clone()
        };
        Ok(Input { node: Arc::new(node), relation: Some(relation), identifier, given: None })
    }

    /// Returns the scope of macros that deal with an input.
    pub(super) fn input_scope(&self, input: &Input<'_>, test: &NodeScope) -> NodeScope {
        let node = &input.node;
        let scope =
            NodeScope::new(self.run(), &node.package_name, Some(Arc::clone(node)), test.session().clone());
        if let Some(relation) = &input.relation {
            scope.add("this", relation_value(relation.clone()));
        }
        scope
    }

    /// Returns the query for the rows of an input: given as SQL, or made of the rows by a macro.
    fn fixture_sql(&self, input: &Input<'_>, test: &NodeScope) -> Result<String, Error> {
        let scope = self.input_scope(input, test);
        scope.take_session()?;
        let rows = input.given.map_or(&Json::Null, |given| &given["rows"]);
        if let Some(query) = rows.as_str() {
            return self.run().shared.render_text(query, &scope.as_scope());
        }
        let types = self.input_types(input, &scope)?;
        let args = Args::new(vec![from_json(rows), types], Vec::new());
        scope.call_from_rust("get_fixture_sql", args).map(|sql| py_str(&sql))
    }
}

/// Returns the node that stands for a unit test while it runs: in the place of the model under test, so that it
/// can make a temporary table there, with the expected rows as its configuration.
pub fn unit_test_node(test: &UnitTest, model: &Node) -> Node {
    let name = test.versioned_name();
    let file = camino::Utf8Path::new(&test.original_file_path);
    let expected = &test.expect["rows"];
    let mut config = crate::manifest::defaults(ResourceType::Model).clone();
    let (rows, sql) = match expected {
        Json::String(_) => (Json::Array(Vec::new()), expected.clone()),
        rows => (rows.clone(), Json::Null),
    };
    for (key, value) in [("materialized", Json::from("unit")), ("expected_rows", rows), ("expected_sql", sql)]
    {
        config.insert(key.to_owned(), value);
    }
    Node {
        unique_id: test.unique_id.clone(),
        kind: NodeKind::UnitTest { model: test.model.clone() },
        package_name: Arc::clone(&test.package_name),
        path: file.with_file_name(format!("{name}.sql")).into_string(),
        original_file_path: test.original_file_path.clone(),
        fqn: test.unique_id.as_str().split('.').map(str::to_owned).collect(),
        alias: name.clone(),
        checksum: crate::manifest::Checksum { name: "none".to_owned(), checksum: String::new() },
        config: crate::manifest::Config::new(config),
        unrendered_config: Arc::default(),
        tags: test.config.texts("tags").into_iter().map(str::to_owned).collect(),
        description: test.description.clone(),
        columns: crate::manifest::Columns::default(),
        patch_path: None,
        created_at: test.created_at,
        relation_name: None,
        depends_on: test.depends_on.clone(),
        contract: crate::manifest::Contract::default(),
        span: test.span,
        file: test.file,
        name,
        ..model.clone()
    }
}
