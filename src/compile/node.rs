//! Renders a node to SQL and inlines the ephemeral models it refs.
//!
//! Input: a node and its scope. Output: a [`Compiled`] node and the [`SourceMap`] of its text. A node is
//! compiled once; ephemeral models are compiled when their first consumer needs them.

use std::sync::{Arc, Mutex, PoisonError};

use super::ephemeral::{Injected, SEPARATOR, cte_sql, inject};
use super::python::needs_sql;
use crate::context::{NodeScope, RunScope, is_call};
use crate::diag::{Code, Diagnostic, Frame, Sources};
use crate::hash::HashMap;
use crate::jinja::{Error, Scope, SourceMap, Template, Value, dict, from_json};
use crate::manifest::{
    Batch, Compiled, GenericTest, InjectedCte, Json, Language, Node, ResourceType, UniqueId,
};
use crate::project::{has_jinja, rendered_plain};

/// Templates of nodes by id, as `parse` made them.
pub type Templates = HashMap<UniqueId, Template>;

/// A node's own text before ephemeral models went into it, with everything it needs in front.
#[derive(Clone, Debug)]
pub(super) struct Rendered {
    pub(super) text: Arc<str>,
    pub(super) map: SourceMap,
    pub(super) ctes: Vec<Cte>,
}

/// An ephemeral model as a consumer sees it.
#[derive(Clone, Debug)]
pub(super) struct Cte {
    pub(super) injected: InjectedCte,
    pub(super) map: SourceMap,
}

/// Writes the compiled file of a node, or of one of its batches, and returns its path as artifacts show it.
pub type WriteCompiled =
    Box<dyn Fn(&Node, Option<&Batch>, &str) -> Result<Option<String>, Diagnostic> + Send + Sync>;

/// Compiles the nodes of one run.
pub struct Compiler {
    run: Arc<RunScope>,
    templates: Arc<Templates>,
    write: WriteCompiled,
    ephemeral: Mutex<HashMap<UniqueId, Arc<Rendered>>>,
}

impl Compiler {
    /// Makes a compiler. `write` is called with every compiled node that has a file of its own.
    pub fn new(run: &Arc<RunScope>, templates: &Arc<Templates>, write: WriteCompiled) -> Self {
        Self { run: Arc::clone(run), templates: Arc::clone(templates), write, ephemeral: Mutex::default() }
    }

    /// Returns what the run shares.
    pub fn run(&self) -> &Arc<RunScope> {
        &self.run
    }

    /// Compiles a node, and keeps the result for artifacts and for later macros (`model.compiled_code`).
    pub fn compile(&self, node: &Arc<Node>, scope: &NodeScope) -> Result<Arc<Compiled>, Diagnostic> {
        self.rendered(node, scope).map(|(compiled, _)| compiled)
    }

    fn rendered(
        &self,
        node: &Arc<Node>,
        scope: &NodeScope,
    ) -> Result<(Arc<Compiled>, Arc<Rendered>), Diagnostic> {
        let rendered = Arc::new(self.render(node, scope)?);
        let compiled = self.assemble(&rendered, node, scope)?;
        // What names relations that only stand in for new versions is of no use to others.
        if node.is_ephemeral() && !scope.sees_candidates() {
            let mut all = self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(node.unique_id.clone(), Arc::clone(&rendered));
        }
        Ok((compiled, rendered))
    }

    /// Puts the parts of a rendered node together, writes and keeps the result.
    pub(super) fn assemble(
        &self,
        rendered: &Rendered,
        node: &Node,
        scope: &NodeScope,
    ) -> Result<Arc<Compiled>, Diagnostic> {
        let ctes: Vec<InjectedCte> = rendered.ctes.iter().map(|cte| cte.injected.clone()).collect();
        let injected = inject(&rendered.text, &ctes);
        let map = merged_map(rendered, &injected);
        let code: Arc<str> = injected.sql.into();
        let path = (self.write)(node, scope.batch(), &code)?;
        let macros = scope.called_macros();
        let compiled = Compiled {
            code,
            extra_ctes: ctes,
            injected: self.injects(),
            path,
            build_path: None,
            macros,
            constrained: scope.constrained(),
            relation_name: None,
            ran_as_hook: false,
        };
        // A batch is only a part of its model: artifacts show none of them.
        let compiled = match scope.batch() {
            Some(_) => Arc::new(compiled),
            None => self.run.compiled.insert(node.unique_id.clone(), compiled),
        };
        scope.set_compiled(Arc::clone(&compiled), map);
        Ok(compiled)
    }

    fn render(&self, node: &Arc<Node>, scope: &NodeScope) -> Result<Rendered, Diagnostic> {
        // A function in Python is a template like one in SQL.
        if node.language == Language::Python && node.signature().is_none() {
            return self.python(node, scope);
        }
        let template = self.template(node)?;
        scope.take_session().map_err(Error::into_diagnostic)?;
        let in_node = |error: Error| describe(error, node, &self.run.shared.sources);
        if let Some(test) = node.generic_test() {
            scope.add("_dbt_generic_test_kwargs", self.test_arguments(test, scope).map_err(in_node)?);
        }
        let output = self.run.shared.engine.render(&template, &scope.as_scope()).map_err(in_node)?;
        // `--no-inject-ephemeral-ctes`: the code names models that it does not bring along.
        let ctes = self.ctes(&scope.ctes(), scope)?;
        Ok(Rendered { text: output.text.into(), map: output.map, ctes })
    }

    /// Returns the names of the context that a node's code mentions, without the macros it calls.
    pub fn names(&self, node: &Node) -> Vec<Arc<str>> {
        self.template(node).map(|template| template.names().to_vec()).unwrap_or_default()
    }

    /// Returns a node's template. Code that lies in no file of its own (a snapshot in YAML) is compiled here.
    pub(super) fn template(&self, node: &Node) -> Result<Template, Diagnostic> {
        if let Some(template) = self.templates.get(&node.unique_id) {
            return Ok(template.clone());
        }
        if node.raw_code.is_empty() {
            let message = format!("{} `{}` has no SQL to compile", node.resource_type(), node.name);
            return Err(Diagnostic::error(Code::INVALID_RESOURCE, node.span, message));
        }
        let shared = &self.run.shared;
        let file = shared.sources.add(node.original_file_path.as_str(), Arc::clone(&node.raw_code));
        shared.engine.compile(file, &node.raw_code, 0..node.raw_code.len()).map_err(Error::into_diagnostic)
    }

    /// Renders the arguments of a generic test: texts with Jinja become the value of their expression.
    fn test_arguments(&self, test: &GenericTest, scope: &NodeScope) -> Result<Value, Error> {
        let scope = scope.as_scope();
        let mut arguments = Vec::with_capacity(test.metadata.kwargs.len());
        for (name, value) in &test.metadata.kwargs {
            // A column is a name even where it looks like an expression.
            let value = match value.as_str().filter(|_| name == "column_name") {
                Some(column) => Value::from(column),
                None => self.argument(value, &scope)?,
            };
            arguments.push((name.as_str(), value));
        }
        Ok(dict(arguments))
    }

    fn argument(&self, value: &Json, scope: &Arc<dyn Scope>) -> Result<Value, Error> {
        Ok(match value {
            Json::String(text) if is_call(text) => {
                self.run.shared.render_native(&format!("{{{{ {text} }}}}"), scope)?
            }
            Json::String(text) if has_jinja(text) => self.run.shared.render_native(text, scope)?,
            Json::String(text) => Value::from(rendered_plain(text)),
            Json::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.argument(item, scope)).collect();
                crate::jinja::list(items?)
            }
            Json::Object(map) => {
                let mut pairs = Vec::with_capacity(map.len());
                for (key, value) in map {
                    pairs.push((key.as_str(), self.argument(value, scope)?));
                }
                dict(pairs)
            }
            other => from_json(other),
        })
    }

    /// Tells whether ephemeral models go into the code of their consumers: unless `--no-inject-ephemeral-ctes`.
    fn injects(&self) -> bool {
        self.run.shared.flag("INJECT_EPHEMERAL_CTES").is_none_or(|on| on == &Json::Bool(true))
    }

    /// Compiles the ephemeral models a node refs, dependencies first, each once.
    fn ctes(&self, ids: &[UniqueId], scope: &NodeScope) -> Result<Vec<Cte>, Diagnostic> {
        if !self.injects() {
            let named = |id: &UniqueId| InjectedCte { id: id.clone(), sql: None };
            return Ok(ids.iter().map(|id| Cte { injected: named(id), map: SourceMap::default() }).collect());
        }
        let mut all: Vec<Cte> = Vec::new();
        let mut add = |cte: Cte| {
            if all.iter().all(|known| known.injected.id != cte.injected.id) {
                all.push(cte);
            }
        };
        for id in ids {
            let Some(node) = self.run.manifest.nodes.get(id) else { continue };
            let rendered = self.ephemeral(node, scope)?;
            rendered.ctes.iter().cloned().for_each(&mut add);
            let sql = cte_sql(&node.alias, &rendered.text);
            let lead = sql.find('\n').map_or(0, |at| at + 1);
            let mut map = SourceMap::default();
            map.push_unknown(lead);
            map.push(&rendered.map);
            map.push_unknown(sql.len() - lead - rendered.text.len());
            add(Cte { injected: InjectedCte { id: id.clone(), sql: Some(sql) }, map });
        }
        Ok(all)
    }

    fn ephemeral(&self, node: &Arc<Node>, consumer: &NodeScope) -> Result<Arc<Rendered>, Diagnostic> {
        needs_sql(node, "an ephemeral model that others ref")?;
        let known =
            || self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner).get(&node.unique_id).cloned();
        if let Some(rendered) = (!consumer.sees_candidates()).then(known).flatten() {
            return Ok(rendered);
        }
        let session = consumer.session().clone();
        let scope = NodeScope::new(&self.run, &node.package_name, Some(Arc::clone(node)), session);
        scope.serve(consumer);
        let (_, rendered) = self.rendered(node, &scope)?;
        consumer.take_session().map_err(Error::into_diagnostic)?;
        Ok(rendered)
    }
}

/// The map of a text with its expressions in place: `before` bytes of the insertion stand in front of the
/// first expression, what is left behind the last one.
fn merged_map(rendered: &Rendered, injected: &Injected) -> SourceMap {
    let ctes: Vec<_> =
        rendered.ctes.iter().filter_map(|cte| Some((cte, cte.injected.sql.as_ref()?))).collect();
    if ctes.is_empty() {
        return rendered.map.clone();
    }
    let mut map = rendered.map.slice(0, injected.at);
    map.push_unknown(injected.before);
    let mut used = injected.before;
    for (index, (cte, sql)) in ctes.into_iter().enumerate() {
        let separator = if index == 0 { 0 } else { SEPARATOR.len() };
        map.push_unknown(separator);
        map.push(&cte.map);
        used += separator + sql.len();
    }
    map.push_unknown(injected.length.saturating_sub(used));
    map.push(&rendered.map.slice(injected.at, rendered.text.len()));
    map
}

/// Names the node in the error's trace, and points at it when the error has no place of its own.
pub(super) fn describe(error: Error, node: &Node, sources: &Sources) -> Diagnostic {
    let place = error.outermost_span().filter(|span| !sources.is_inner(*span));
    let mut diagnostic = error.into_diagnostic();
    if diagnostic.span.is_none() {
        diagnostic.span = Some(node.span);
    }
    let name = format!("{} `{}`", node.resource_type(), node.name);
    diagnostic.trace.push(Frame { name, span: place });
    diagnostic
}

/// Tells whether compiled SQL of a node goes to a file: seeds have none, snapshots only under `run/`.
pub fn has_compiled_file(node: &Node) -> bool {
    !matches!(node.resource_type(), ResourceType::Seed | ResourceType::Snapshot)
}
