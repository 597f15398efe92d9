//! What all scopes of an invocation have in common: macros, target, vars, flags, events.

use std::sync::{Arc, OnceLock};

use super::base;
use super::macros::{INTERNAL, MacroTable};
use super::names::listed_names_object;
use crate::diag::{Code, Scrubber, Sources};
use crate::event::{Event, EventSink, Style};
use crate::hash::HashMap;
use crate::jinja::{Engine, Error, Scope, Value, from_json, function, py_str};
use crate::manifest::{Json, JsonMap, Policy};
use crate::project::{Env, Project, QueryComment, Vars};
use crate::sql::Dialect;

/// The facts of one invocation that templates can see, apart from the manifest. Made by `parse`, since macros
/// are read from files; shared by every scope.
pub struct Shared {
    /// The template engine.
    pub engine: Arc<Engine>,
    /// All macros.
    pub macros: MacroTable,
    /// The files that spans point into.
    pub sources: Sources,
    /// The root project, then its packages.
    pub projects: Vec<Project>,
    /// `--vars`.
    pub cli_vars: JsonMap,
    /// Variables as each package sees them.
    pub vars: HashMap<Arc<str>, Vars>,
    /// Environment variables.
    pub env: Env,
    /// Hides the secrets of the environment and of `--vars`.
    pub secrets: Scrubber,
    /// `target`: the connection's public fields.
    pub target: JsonMap,
    /// The connection's engine: `duckdb`.
    pub engine_name: &'static str,
    /// The rules of its SQL.
    pub dialect: &'static dyn Dialect,
    /// Quoting of relations: the engine's default under the root project's `quoting`.
    pub quoting: Policy,
    /// The comment that goes with every statement.
    pub query_comment: QueryComment,
    /// `flags`: upper-case names.
    pub flags: JsonMap,
    /// `invocation_args_dict`.
    pub args: JsonMap,
    /// This invocation's id.
    pub invocation_id: String,
    /// When it started.
    pub started_at: jiff::Timestamp,
    /// Where events go.
    pub events: EventSink,
    /// Fixed values that are built once, when first asked for.
    pub cached: Cached,
}

/// Values that never change during an invocation.
#[derive(Default)]
pub struct Cached {
    pub(super) base: OnceLock<HashMap<&'static str, Value>>,
    pub(super) modules: OnceLock<Value>,
}

impl Shared {
    /// Returns the name of the root project.
    pub fn project_name(&self) -> &str {
        self.macros.root()
    }

    /// Returns a flag as text, number or boolean; flags are upper case.
    pub fn flag(&self, name: &str) -> Option<&Json> {
        self.flags.get(name)
    }

    /// Tells whether a boolean flag is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.flag(name).and_then(Json::as_bool).unwrap_or(false)
    }

    /// Sends a warning; an error when the user made warnings errors.
    pub fn warn(&self, event: impl Into<Event>) -> Result<(), Error> {
        self.events.warn(event).map_err(|escalated| {
            Error::new(Code::RAISED, escalated.0.message(&Style::default()))
                .help("`--warn-error` makes this warning an error")
        })
    }

    /// Returns `package` as a namespace of macros, if there is such a package.
    pub(super) fn package_namespace(self: &Arc<Self>, package: &str) -> Option<Value> {
        if !self.macros.is_package(package) {
            return None;
        }
        let (shared, of) = (Arc::clone(self), package.to_owned());
        let find = move |name: &str| shared.macros.qualified(&of, name).map(|entry| entry.value.clone());
        let (shared, of) = (Arc::clone(self), package.to_owned());
        Some(listed_names_object("package", find, move || shared.macros.names_in(&of)))
    }

    /// Returns the names every context has (`jinja.md` section 4, group 1).
    pub(super) fn base(self: &Arc<Self>, package: &Arc<str>, name: &str) -> Option<Value> {
        match name {
            "var" => Some(base::var_object(self, package, &JsonMap::new())),
            "env_var" => Some(base::env_var_function(self)),
            "log" | "print" => Some(base::output_function(self, name)),
            "exceptions" => {
                Some(crate::jinja::object(super::exceptions::Exceptions { shared: Arc::clone(self) }))
            }
            "thread_id" => {
                let thread = std::thread::current();
                let name = thread.name().filter(|name| *name != "main");
                Some(Value::from(name.unwrap_or("MainThread")))
            }
            // Apart from the others: it reads the time zones of the machine, and few templates ask for it.
            "modules" => Some(self.cached.modules.get_or_init(|| base::modules(self)).clone()),
            other => self.fixed().get(other).cloned(),
        }
    }

    fn fixed(self: &Arc<Self>) -> &HashMap<&'static str, Value> {
        self.cached.base.get_or_init(|| base::fixed(self))
    }

    /// Makes `render(text)`: renders a text with the names of the render that calls it.
    pub(super) fn render_function(self: &Arc<Self>) -> Value {
        let shared = Arc::clone(self);
        function("render", move |call| {
            let text = py_str(&call.args.required("string")?);
            if !text.contains('{') {
                return Ok(Value::from(text));
            }
            // In the render that asks: what the text calls is called by whoever asked, not by the node itself.
            let file = shared.sources.add_inner("rendered text", text.as_str());
            let template = shared.engine.compile(file, &text, 0..text.len())?;
            call.render(&template)
        })
    }

    /// Renders a text that lies in no file, such as a hook.
    pub fn render_text(&self, text: &str, scope: &Arc<dyn Scope>) -> Result<String, Error> {
        if !text.contains('{') {
            return Ok(text.to_owned());
        }
        let file = self.sources.add_inner("rendered text", text);
        let template = self.engine.compile(file, text, 0..text.len())?;
        Ok(self.engine.render(&template, scope)?.text)
    }

    /// Evaluates a text that lies in no file as YAML values are: one expression gives its value.
    pub fn render_native(&self, text: &str, scope: &Arc<dyn Scope>) -> Result<Value, Error> {
        let file = self.sources.add_inner("rendered text", text);
        let template = self.engine.compile(file, text, 0..text.len())?;
        self.engine.render_native(&template, scope)
    }

    /// Returns every name a template of a package could use, for suggestions.
    pub(super) fn known_names(&self, package: &str) -> Vec<Arc<str>> {
        let mut names = self.macros.bare_names(package);
        names.extend(base::NAMES.iter().map(|name| Arc::from(*name)));
        names.push(INTERNAL.into());
        names
    }

    /// Returns `target` as templates see it.
    pub(super) fn target_value(&self) -> Value {
        from_json(&Json::Object(self.target.clone()))
    }
}
