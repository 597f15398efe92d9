//! The names a template sees when a node is compiled or run.
//!
//! A [`RunScope`] is made once a run; a [`NodeScope`] once a node and worker. Names are looked up as dbt does:
//! what the stage added (`sql`, `pre_hooks` ...), then macros (so that a project can replace `ref` or
//! `source`), then the context's own.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::adapter::{KeysBySchema, RunAdapter};
use super::base::NAMES;
use super::commit::CommitWatch;
use super::config::ConfigObject;
use super::deferral::Deferral;
use super::gate::Gate;
use super::graph::graph_value;
use super::introspection::Introspection;
use super::model_dict::leave_out_unset;
use super::names::{context_object, listed_names_object};
use super::project_object::Resolver;
use super::relation::relation_value;
use super::session::{MAIN_SESSION, SharedSession};
use super::shared::Shared;
use super::statement::Results;
use crate::adapter::{Adapter, QueryResult, RelationCache};
use crate::diag::{Diagnostic, Span};
use crate::hash::{HashMap, HashSet};
use crate::jinja::{
    Call, Error, Scope, SourceMap, UndefinedMode, Value, from_json, function, list, none, object, py_str,
};
use crate::manifest::{
    Batch, ColumnInfo, Compiled, CompiledNodes, EventTimes, Json, Lookup, Manifest, Node, NodeKind,
    NodeWithCompiled, SourceTable, UniqueId, resource_json,
};

/// Writes an executed statement, of a batch if there is one, and returns its file, relative to the project.
pub type WriteExecuted = Box<dyn Fn(&Node, Option<&Batch>, &str) -> Result<String, Diagnostic> + Send + Sync>;

/// Answers a statement without sending it, if the answer is known.
pub type Known = Box<dyn Fn(&str) -> Option<QueryResult> + Send + Sync>;

/// What all nodes of one run share.
pub struct RunScope {
    /// What is known since parsing.
    pub shared: Arc<Shared>,
    /// The project.
    pub manifest: Arc<Manifest>,
    /// Name → id.
    pub lookup: Arc<Lookup>,
    /// Compiled nodes so far.
    pub compiled: CompiledNodes,
    /// The engine.
    pub adapter: Arc<dyn Adapter>,
    /// Relations known to exist.
    pub cache: Arc<RelationCache>,
    /// What the command line says of event time.
    pub times: EventTimes,
    /// Ids selected for this run.
    pub selected: Vec<UniqueId>,
    /// Relations of another run that `ref` may mean.
    pub deferral: Deferral,
    /// What templates may ask of the database.
    pub introspection: Introspection,
    /// Writes an executed statement and returns its file, relative to the project.
    pub on_write: WriteExecuted,
    /// Warnings that are told once.
    pub told: Mutex<HashSet<String>>,
    /// Keys of tables that were there before, for engines that ask.
    pub keys: Mutex<KeysBySchema>,
    /// `graph`, built when first used.
    pub graph: OnceLock<Value>,
}

/// The names one node sees. Cloning shares everything.
#[derive(Clone)]
pub struct NodeScope(Arc<Inner>);

struct Inner {
    run: Arc<RunScope>,
    package: Arc<str>,
    node: Option<Arc<Node>>,
    /// The source whose age is asked for; then there is no node.
    source: Option<Arc<SourceTable>>,
    /// The batch that is built, of a microbatch model.
    batch: Option<Batch>,
    session: SharedSession,
    results: Results,
    /// Names that a stage adds: `sql`, `pre_hooks`, `results` ...
    extras: RwLock<HashMap<Arc<str>, Value>>,
    /// Ephemeral models that were refd, in order, each once.
    ctes: Mutex<Vec<UniqueId>>,
    /// Set by `write`: the file the executed statement went to.
    build_path: Mutex<Option<String>>,
    /// `model`; made again once the node is compiled.
    model: Mutex<Option<Value>>,
    called: Mutex<Called>,
    /// The compiled node and where its SQL came from, to map positions of database errors.
    compiled: OnceLock<(Arc<Compiled>, SourceMap)>,
    known: OnceLock<Known>,
    gate: Gate,
    /// Whether an answer that is allowed is being asked for.
    asking: AtomicBool,
    commit_watch: CommitWatch,
}

/// Macros that count as called by the node itself.
struct Called {
    depth: u32,
    macros: Vec<UniqueId>,
}

impl Default for Called {
    fn default() -> Self {
        Self { depth: 1, macros: Vec::new() }
    }
}

impl NodeScope {
    /// Makes the scope of a node, or of a macro run on its own when there is no node.
    pub fn new(
        run: &Arc<RunScope>,
        package: &Arc<str>,
        node: Option<Arc<Node>>,
        session: SharedSession,
    ) -> Self {
        Self::make(run, package, (node, None), session)
    }

    /// Makes the scope in which the age of a source is asked for: that of its `loaded_at_query`, and of macros.
    /// Errors if its external location can not be made.
    pub fn of_source(
        run: &Arc<RunScope>,
        source: &Arc<SourceTable>,
        session: SharedSession,
    ) -> Result<Self, Error> {
        let mut inner = Self::inner(run, &source.package_name, (None, None), session);
        inner.source = Some(Arc::clone(source));
        let scope = Self(Arc::new(inner));
        let dict = from_json(&resource_json(&**source));
        scope.add("this", relation_value(run.source_relation(source)?));
        scope.add("model", dict.clone());
        scope.add("source_node", dict);
        Ok(scope)
    }

    /// Makes the scope of one batch of a microbatch model.
    pub fn of_batch(run: &Arc<RunScope>, node: &Arc<Node>, batch: Batch, session: SharedSession) -> Self {
        Self::make(run, &node.package_name, (Some(Arc::clone(node)), Some(batch)), session)
    }

    fn make(
        run: &Arc<RunScope>,
        package: &Arc<str>,
        (node, batch): (Option<Arc<Node>>, Option<Batch>),
        session: SharedSession,
    ) -> Self {
        Self(Arc::new(Self::inner(run, package, (node, batch), session)))
    }

    fn inner(
        run: &Arc<RunScope>,
        package: &Arc<str>,
        (node, batch): (Option<Arc<Node>>, Option<Batch>),
        session: SharedSession,
    ) -> Inner {
        Inner {
            run: Arc::clone(run),
            package: Arc::clone(package),
            node,
            source: None,
            batch,
            session,
            results: Results::default(),
            extras: RwLock::default(),
            ctes: Mutex::default(),
            build_path: Mutex::default(),
            model: Mutex::default(),
            called: Mutex::default(),
            compiled: OnceLock::new(),
            known: OnceLock::new(),
            gate: Gate::default(),
            asking: AtomicBool::new(false),
            commit_watch: CommitWatch::default(),
        }
    }

    pub(super) fn asking(&self) -> &AtomicBool {
        &self.0.asking
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(super) fn commit_watch(&self) -> &CommitWatch {
        &self.0.commit_watch
    }

    /// Says which statements of this node have known answers. Only the first word counts.
    pub fn know(&self, known: Known) {
        let _ = self.0.known.set(known);
    }

    /// Returns the answer to a statement if it is known.
    pub(super) fn known_answer(&self, sql: &str) -> Option<QueryResult> {
        self.0.known.get().and_then(|known| known(sql))
    }

    /// Adds a name for the stage that follows; it hides macros of that name.
    pub fn add(&self, name: &'static str, value: Value) {
        self.assign(name, value);
    }

    /// Adds a name as `context.update()` does.
    pub(super) fn assign(&self, name: &str, value: Value) {
        self.0.extras.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value);
    }

    /// Returns this scope as renders take it.
    pub fn as_scope(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }

    /// Says how deep the calls are that count as the node's own from now on: 1 for those of its code, which is
    /// so at first, 2 for those of its materialization, 0 for none.
    pub fn count_calls_at(&self, depth: u32) {
        self.0.called.lock().unwrap_or_else(PoisonError::into_inner).depth = depth;
    }

    /// Returns the macros that were called at the depth that counts, in the order of the first calls.
    pub fn called_macros(&self) -> Vec<UniqueId> {
        self.0.called.lock().unwrap_or_else(PoisonError::into_inner).macros.clone()
    }

    /// Returns what the run shares.
    pub fn run(&self) -> &Arc<RunScope> {
        &self.0.run
    }

    /// Returns the node, if the scope has one.
    pub fn node(&self) -> Option<&Arc<Node>> {
        self.0.node.as_ref()
    }

    /// Returns the node of the scope unless it is a hook: dbt runs those on its main connection, for nobody.
    fn named_node(&self) -> Option<&Arc<Node>> {
        self.0.node.as_ref().filter(|node| !matches!(node.kind, NodeKind::Operation { .. }))
    }

    /// Returns the id and the dict of the node or source that the scope serves.
    pub(super) fn subject(&self) -> Option<(UniqueId, Json)> {
        let node = self.named_node().map(|node| (node.unique_id.clone(), resource_json(&**node)));
        node.or_else(|| {
            self.0.source.as_ref().map(|source| (source.unique_id.clone(), resource_json(&**source)))
        })
    }

    /// Returns the id of the node or source that the scope serves.
    pub(super) fn subject_id(&self) -> Option<&UniqueId> {
        let node = self.named_node().map(|node| &node.unique_id);
        node.or_else(|| self.0.source.as_ref().map(|source| &source.unique_id))
    }

    /// Returns the batch that is built, if the node is a microbatch model.
    pub fn batch(&self) -> Option<&Batch> {
        self.0.batch.as_ref()
    }

    /// Returns the worker's session.
    pub fn session(&self) -> &SharedSession {
        &self.0.session
    }

    /// Returns the package whose macros come first.
    pub fn package(&self) -> &str {
        &self.0.package
    }

    /// Returns the database's answer to the statement `main`, if there was one.
    pub fn main_response(&self) -> Option<crate::adapter::AdapterResponse> {
        self.0.results.main_response()
    }

    /// Returns the table of the statement `main`, if there was one.
    pub fn main_table(&self) -> Option<Value> {
        self.0.results.main_table()
    }

    /// Returns the ephemeral models that were refd so far, in order.
    pub fn ctes(&self) -> Vec<UniqueId> {
        self.0.ctes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn use_cte(&self, id: &UniqueId) {
        let mut ctes = self.0.ctes.lock().unwrap_or_else(PoisonError::into_inner);
        if !ctes.contains(id) {
            ctes.push(id.clone());
        }
    }

    /// Returns the file the executed statement was written to, relative to the project.
    pub fn build_path(&self) -> Option<String> {
        self.0.build_path.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_build_path(&self, path: String) {
        *self.0.build_path.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }

    /// Sets the compiled node, and the map of its SQL, so that database errors can be led back to the template.
    pub fn set_compiled(&self, compiled: Arc<Compiled>, map: SourceMap) {
        let _ = self.0.compiled.set((compiled, map));
        *self.0.model.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the text that the node compiled to, and where it came from, once it is compiled.
    pub fn compiled_map(&self) -> Option<(&Arc<str>, &SourceMap)> {
        self.0.compiled.get().map(|(compiled, map)| (&compiled.code, map))
    }

    /// Tells whether the scope serves a hook or a macro run on its own.
    pub(super) fn is_operation(&self) -> bool {
        self.0.node.as_ref().is_none_or(|node| matches!(node.kind, NodeKind::Operation { .. }))
    }

    /// Hands the worker's session to this scope's node; hooks of the run share that of the main thread. Errors when the
    /// query comment can not be made.
    pub fn take_session(&self) -> Result<(), Error> {
        let nobody = if self.0.node.is_some() { MAIN_SESSION } else { "macro" };
        let name = self.subject_id().map_or(nobody, UniqueId::as_str);
        let comment = self.0.run.shared.query_comment(self)?;
        let lends = self.borrows_session() || self.0.run.introspection.is_restricted();
        self.0.session.with(
            |session| {
                if lends { session.lend(name, comment) } else { session.rename(name, comment) }
            },
        );
        Ok(())
    }

    fn builtin(&self, name: &str) -> Option<Value> {
        let scope = self.clone();
        Some(match name {
            "ref" => self.resolver("ref", move |call| scope.answer_ref(call)),
            "source" => self.resolver("source", move |call| scope.answer_source(call)),
            "function" => function("function", move |call| scope.answer_function(call)),
            "metric" => function("metric", move |call| scope.answer_metric(call)),
            "config" => match &self.0.node {
                Some(node) => {
                    let shared = Arc::clone(&self.0.run.shared);
                    object(ConfigObject { shared, node: Arc::clone(node), batch: self.0.batch })
                }
                None => none(),
            },
            "this" => self.this(),
            "model" => self.model(),
            "graph" => self.0.run.graph.get_or_init(|| graph_value(&self.0.run.manifest)).clone(),
            "execute" => Value::from(true),
            "adapter" => object(RunAdapter { scope }),
            "selected_resources" => {
                list(self.0.run.selected.iter().map(|id| Value::from(id.as_str())).collect::<Vec<_>>())
            }
            "submit_python_job" => super::adapter::submit_python_job(self),
            "load_result" | "store_result" | "store_raw_result" => return self.0.results.function(name),
            "write" => function("write", move |call| scope.write(call)),
            "load_agate_table" => function("load_agate_table", move |_| scope.seed_table()),
            "defer_relation" | "sql" | "compiled_code" => none(),
            "pre_hooks" | "post_hooks" => list(Vec::new()),
            "render" => self.0.run.shared.render_function(),
            "database" | "schema" => match &self.0.node {
                Some(node) => Value::from(if name == "schema" { &*node.schema } else { &*node.database }),
                None => return self.0.run.shared.base(&self.0.package, name),
            },
            "builtins" => {
                let find = move |name: &str| scope.builtin(name);
                listed_names_object("builtins", find, || NAMES.iter().map(|name| Arc::from(*name)).collect())
            }
            "context" => {
                let (known, target) = (self.clone(), self.clone());
                let assign = move |name: &str, value| target.assign(name, value);
                context_object(move |name| scope.get(name), move || known.names(), assign)
            }
            other => return self.0.run.shared.base(&self.0.package, other),
        })
    }

    fn resolver(
        &self,
        name: &'static str,
        answer: impl Fn(&mut Call<'_>) -> Result<Value, Error> + Send + Sync + 'static,
    ) -> Value {
        Resolver::value(&self.0.run.shared, &self.0.package, name, answer)
    }

    fn this(&self) -> Value {
        let Some(node) = &self.0.node else { return none() };
        match node.kind {
            NodeKind::Operation { .. } | NodeKind::SqlOperation => none(),
            _ => relation_value(self.0.run.relation_of(node)),
        }
    }

    fn model(&self) -> Value {
        let known = || self.0.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = known().clone() {
            return model;
        }
        // Not while the lock is held: the target of a foreign key is rendered.
        let model = self.model_value();
        known().get_or_insert(model).clone()
    }

    /// The node's dict, with its compiled form once there is one.
    fn model_value(&self) -> Value {
        let Some(node) = &self.0.node else { return super::base::empty_dict() };
        let own = self.0.compiled.get().map(|(compiled, _)| Arc::clone(compiled));
        let compiled = own.or_else(|| self.0.run.compiled.get(&node.unique_id));
        let mut json = resource_json(&NodeWithCompiled { node, compiled });
        if json.get("contract").is_some() && node.contract.alias_types {
            translate_types(&mut json);
        }
        leave_out_unset(&mut json);
        let model = from_json(&json);
        self.add_times(&model, node);
        model
    }

    fn write(&self, call: &mut crate::jinja::Call<'_>) -> Result<Value, crate::jinja::Error> {
        let payload = py_str(&call.args.required("payload")?);
        if let Some(node) = &self.0.node {
            let path = (self.0.run.on_write)(node, self.batch(), &payload)?;
            self.set_build_path(path);
        }
        Ok(Value::from(""))
    }
}

/// Types that every engine knows under some name get that of the engine: `string` is none in SQL.
fn translate_types(json: &mut Json) {
    let columns = json.get_mut("columns").and_then(Json::as_object_mut);
    for column in columns.into_iter().flat_map(|columns| columns.values_mut()) {
        if let Some(Json::String(ty)) = column.get_mut("data_type") {
            *ty = ColumnInfo::translate_type(ty);
        }
    }
}

impl Scope for NodeScope {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.0.extras.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(value.clone());
        }
        if let Some(entry) = self.0.run.shared.macros.bare(&self.0.package, name) {
            return Some(entry.value.clone());
        }
        self.builtin(name).or_else(|| self.0.run.shared.package_namespace(name))
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }

    fn called(&self, block: Span, depth: u32) {
        let mut called = self.0.called.lock().unwrap_or_else(PoisonError::into_inner);
        if depth != called.depth {
            return;
        }
        if let Some(id) = self.0.run.shared.macros.id_of(block).filter(|id| !called.macros.contains(id)) {
            called.macros.push(id.clone());
        }
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.0.run.shared.known_names(&self.0.package)
    }
}
