//! Rendering a node while files are parsed: what it refs, reads, calls and configures is recorded; nothing is
//! executed (`jinja.md` section 4, column "Parse time").

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::adapter::ParseAdapter;
use super::base::{NAMES, empty_dict};
use super::config::ParseConfig;
use super::metric;
use super::model_dict::leave_out_unset;
use super::names::{context_object, listed_names_object};
use super::project_object::Resolver;
use super::refs;
use super::relation::relation_value;
use super::shared::Shared;
use crate::diag::Span;
use crate::hash::HashMap;
use crate::jinja::{Scope, UndefinedMode, Value, from_json, function, list, none, object};
use crate::manifest::{FunctionCall, Json, JsonMap, RefCall, Relation, SourceCall, UniqueId};

/// One `config(...)` call.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigCall {
    /// The keys and values given.
    pub values: JsonMap,
    /// Where.
    pub span: Option<Span>,
}

/// What rendering told about a node.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// `ref()` calls, in order, repeated ones included.
    pub refs: Vec<RefCall>,
    /// `source()` calls, in order.
    pub sources: Vec<SourceCall>,
    /// `metric()` calls.
    pub metrics: Vec<Vec<String>>,
    /// `function()` calls.
    pub functions: Vec<FunctionCall>,
    /// `config()` calls, in order.
    pub configs: Vec<ConfigCall>,
    /// Macros that the node's own template called, each once, in order.
    pub macros: Vec<UniqueId>,
}

/// What a template may know of its node while it is parsed.
#[derive(Clone)]
pub struct ParseNode {
    /// The node's id.
    pub unique_id: UniqueId,
    /// The relation it will become, as far as that is known: `this`, and what `ref` answers.
    pub relation: Relation,
    /// The node's dict as far as it is known: `model`.
    pub model: Arc<dyn Fn() -> Json + Send + Sync>,
}

impl ParseNode {
    fn model_dict(&self) -> Value {
        let mut model = (self.model)();
        leave_out_unset(&mut model);
        from_json(&model)
    }
}

/// The names a template sees while it is parsed.
#[derive(Clone)]
pub struct ParseScope {
    shared: Arc<Shared>,
    package: Arc<str>,
    node: Option<ParseNode>,
    dispatches_everywhere: bool,
    capture: Arc<Mutex<Capture>>,
    /// What templates added by `context.update()`.
    assigned: Arc<RwLock<HashMap<String, Value>>>,
}

impl ParseScope {
    /// Makes the scope for a node of a package; without a node for macros that parsing itself calls, such as
    /// `generate_schema_name`.
    pub fn new(shared: Arc<Shared>, package: &Arc<str>, node: Option<ParseNode>) -> Self {
        Self {
            shared,
            package: Arc::clone(package),
            node,
            dispatches_everywhere: false,
            capture: Arc::default(),
            assigned: Arc::default(),
        }
    }

    /// Makes the scope for a generic test. While dbt parses one, its macro finds those that it dispatches to without
    /// a namespace in every package; only when the test runs, the package of the test decides.
    pub fn of_generic_test(shared: Arc<Shared>, package: &Arc<str>, node: ParseNode) -> Self {
        Self { dispatches_everywhere: true, ..Self::new(shared, package, Some(node)) }
    }

    /// Takes what was recorded so far.
    pub fn take(&self) -> Capture {
        std::mem::take(&mut *self.captured())
    }

    fn captured(&self) -> MutexGuard<'_, Capture> {
        self.capture.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What dbt's own context gives for a name, before macros of that name replace it.
    fn builtin(&self, name: &str) -> Option<Value> {
        Some(match name {
            "ref" => self.ref_function(),
            "source" => self.source_function(),
            "metric" => {
                let scope = self.clone();
                function("metric", move |call| {
                    let names = metric::metric_call(call)?;
                    let answer = metric::metric_reference(&names);
                    scope.captured().metrics.push(names);
                    Ok(answer)
                })
            }
            "function" => {
                let scope = self.clone();
                function("function", move |call| {
                    let found = refs::function_call(call)?;
                    scope.captured().functions.push(found);
                    Ok(scope.own_relation())
                })
            }
            "config" => object(ParseConfig(Arc::clone(&self.capture))),
            "this" => self.own_relation(),
            "model" => self.node.as_ref().map_or_else(empty_dict, ParseNode::model_dict),
            "graph" => empty_dict(),
            "execute" => Value::from(false),
            "adapter" => {
                let package = (!self.dispatches_everywhere).then(|| Arc::clone(&self.package));
                object(ParseAdapter { shared: Arc::clone(&self.shared), package })
            }
            "selected_resources" | "pre_hooks" | "post_hooks" => list(Vec::new()),
            "load_result" | "load_agate_table" | "defer_relation" | "sql" | "compiled_code"
            | "submit_python_job" => nothing(name),
            "store_result" | "store_raw_result" | "write" => empty_text(),
            "render" => self.shared.render_function(),
            "builtins" => {
                let scope = self.clone();
                let find = move |name: &str| scope.builtin(name);
                listed_names_object("builtins", find, || NAMES.iter().map(|name| Arc::from(*name)).collect())
            }
            "context" => {
                let (scope, known) = (self.clone(), self.clone());
                let assigned = Arc::clone(&self.assigned);
                let assign = move |name: &str, value| {
                    assigned.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value);
                };
                context_object(move |name| scope.get(name), move || known.names(), assign)
            }
            other => return self.shared.base(&self.package, other),
        })
    }

    fn own_relation(&self) -> Value {
        self.node.as_ref().map_or_else(none, |node| relation_value(node.relation.clone()))
    }

    fn ref_function(&self) -> Value {
        let scope = self.clone();
        Resolver::value(&self.shared, &self.package, "ref", move |call| {
            let found = refs::ref_call(call)?;
            scope.captured().refs.push(found);
            Ok(scope.own_relation())
        })
    }

    fn source_function(&self) -> Value {
        let scope = self.clone();
        Resolver::value(&self.shared, &self.package, "source", move |call| {
            let found = refs::source_call(call)?;
            scope.captured().sources.push(found);
            Ok(scope.own_relation())
        })
    }
}

/// What the names of the run phase are while parsing: nothing, or functions that give nothing.
fn nothing(name: &str) -> Value {
    match name {
        "sql" | "compiled_code" | "defer_relation" => none(),
        _ => function("nothing", |_| Ok(none())),
    }
}

fn empty_text() -> Value {
    function("nothing", |_| Ok(Value::from("")))
}

impl Scope for ParseScope {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.assigned.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(value.clone());
        }
        if let Some(entry) = self.shared.macros.bare(&self.package, name) {
            return Some(entry.value.clone());
        }
        self.builtin(name).or_else(|| self.shared.package_namespace(name))
    }

    fn undefined(&self) -> UndefinedMode {
        // Macros that parsing itself calls run as at run time.
        if self.node.is_some() { UndefinedMode::Capture } else { UndefinedMode::Strict }
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.shared.known_names(&self.package)
    }

    /// Only the calls of the node's own template count; what those call is known of the macros.
    fn called(&self, block: Span, depth: u32) {
        if depth > 1 {
            return;
        }
        if let Some(id) = self.shared.macros.id_of(block) {
            let mut capture = self.captured();
            if !capture.macros.contains(id) {
                capture.macros.push(id.clone());
            }
        }
    }
}
