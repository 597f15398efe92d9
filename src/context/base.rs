//! The names that every context has: variables, flags, output, and what the template engine brings along
//! (`jinja.md` section 4, group 1).

use std::sync::Arc;

use super::shared::Shared;
use crate::diag::{Code, suggest};
use crate::event::{JinjaLogDebug, JinjaLogInfo, ModulesItertoolsUsageDeprecation, PrintEvent};
use crate::hash::HashMap;
use crate::jinja::pycompat;
use crate::jinja::{
    Call, Error, Instance, UndefinedMode, Value, dict, from_json, function, none, object, py_str, truth,
};
use crate::manifest::{Json, JsonMap};
use crate::project::{DBT_VERSION, Secrets, has_jinja};

/// Names of the context that are no macros, for suggestions.
pub const NAMES: &[&str] = &[
    "adapter",
    "api",
    "builtins",
    "column",
    "compiled_code",
    "config",
    "context",
    "database",
    "dbt_metadata_envs",
    "dbt_version",
    "diff_of_two_dicts",
    "env_var",
    "exceptions",
    "execute",
    "flags",
    "fromjson",
    "fromyaml",
    "function",
    "graph",
    "invocation_args_dict",
    "invocation_id",
    "load_agate_table",
    "load_result",
    "local_md5",
    "log",
    "metric",
    "model",
    "modules",
    "post_hooks",
    "pre_hooks",
    "print",
    "project_name",
    "ref",
    "render",
    "return",
    "run_started_at",
    "schema",
    "selected_resources",
    "set",
    "set_strict",
    "source",
    "sql",
    "sql_now",
    "store_raw_result",
    "store_result",
    "submit_python_job",
    "target",
    "this",
    "thread_id",
    "tojson",
    "toyaml",
    "try_or_compiler_error",
    "validation",
    "var",
    "write",
    "zip",
    "zip_strict",
];

/// Builds what never changes during an invocation.
pub(super) fn fixed(shared: &Arc<Shared>) -> HashMap<&'static str, Value> {
    let mut names: HashMap<&'static str, Value> = HashMap::default();
    names.extend(pycompat::functions().iter().cloned());
    names.insert("return", crate::jinja::return_function());
    names.insert("run_started_at", pycompat::utc_datetime_value(shared.started_at));
    let target = shared.target_value();
    for key in ["database", "schema"] {
        let value = shared.target.get(key).map(from_json).unwrap_or_default();
        names.insert(if key == "database" { "database" } else { "schema" }, value);
    }
    names.insert("target", target);
    names.insert("project_name", Value::from(shared.project_name()));
    names.insert("dbt_version", Value::from(DBT_VERSION));
    names.insert("invocation_id", Value::from(shared.invocation_id.as_str()));
    names.insert("flags", object(Flags { shared: Arc::clone(shared) }));
    names.insert("invocation_args_dict", shared.args_value());
    names.insert(
        "dbt_metadata_envs",
        dict(shared.env.custom().iter().map(|(name, value)| (name.as_str(), Value::from(value.as_str())))),
    );
    names.insert("sql_now", Value::from(shared.dialect.now()));
    names.insert("api", super::relation::api(shared));
    names.insert("column", super::column::class(shared.dialect));
    names.insert("validation", object(Validation));
    names.insert("try_or_compiler_error", function("try_or_compiler_error", try_or_compiler_error));
    names.insert("adapter_macro", function("adapter_macro", adapter_macro));
    names.insert("context_macro_stack", from_json(&Json::Array(Vec::new())));
    names
}

/// Builds `modules`: Python's modules, of which dbt gave up `itertools`.
pub(super) fn modules(shared: &Arc<Shared>) -> Value {
    dict(pycompat::MODULES.iter().map(|(name, module)| match *name {
        "itertools" => (*name, object(Itertools { shared: Arc::clone(shared), module: module() })),
        _ => (*name, module()),
    }))
}

/// `modules.itertools`, each use of which is told.
struct Itertools {
    shared: Arc<Shared>,
    module: Value,
}

impl Instance for Itertools {
    fn type_name(&self) -> &'static str {
        "dict"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let function = crate::jinja::item(&self.module, name);
        if function.is_some() {
            self.shared.warn(ModulesItertoolsUsageDeprecation {})?;
        }
        Ok(function)
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }
}

/// Makes an empty dict.
pub(super) fn empty_dict() -> Value {
    dict(std::iter::empty::<(&str, Value)>())
}

/// Makes JSON of a value that a template gives; what JSON cannot hold becomes its text, undefined becomes null.
pub(super) fn json_of(value: &Value) -> Json {
    match crate::jinja::to_json(value) {
        Ok(json) => json,
        Err(_) if crate::jinja::is_undefined(value) => Json::Null,
        Err(_) => Json::String(py_str(value)),
    }
}

/// Tells whether a text is a call that YAML may hold without braces: arguments of tests, the target of a foreign
/// key (`resources.md` sections 4 and 5).
pub fn is_call(text: &str) -> bool {
    let names = ["env_var", "ref", "var", "source", "doc"];
    let text = text.trim();
    names.into_iter().any(|name| {
        let rest = text.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')') && rest.len() > 2)
    })
}

/// `var(name, default)` and `var.has_var(name)`. `overrides` win over every other value.
pub(super) fn var_object(shared: &Arc<Shared>, package: &Arc<str>, overrides: &JsonMap) -> Value {
    object(Var { shared: Arc::clone(shared), package: Arc::clone(package), overrides: overrides.clone() })
}

struct Var {
    shared: Arc<Shared>,
    package: Arc<str>,
    overrides: JsonMap,
}

impl Instance for Var {
    fn type_name(&self) -> &'static str {
        "var"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(self.answer(call))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "has_var"
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        (name == "has_var").then(|| {
            let name = call.args.required_str("var_name")?;
            Ok(Value::from(self.find(&name).is_some()))
        })
    }
}

impl Var {
    fn find(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.overrides.get(name) {
            return Some(from_json(value));
        }
        Some(pycompat::yaml_value(self.shared.vars.get(&self.package)?.get(name)?))
    }

    /// A text that holds Jinja is rendered once more with the names of the render it is used in.
    fn answer(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let name = call.args.required_str("name")?;
        let default = call.args.optional("default");
        let found = self.find(&name);
        if let Some(text) = found.as_ref().and_then(Value::as_str).filter(|text| has_jinja(text)) {
            let scope = Arc::clone(call.scope());
            return self.shared.render_text(text, &scope).map(|text| Value::from(text.as_str()));
        }
        match found {
            Some(value) => Ok(value),
            None => match default {
                Some(default) => Ok(default),
                None if call.scope().undefined() == UndefinedMode::Capture => Ok(none()),
                None => Err(self.missing(&name)),
            },
        }
    }

    fn missing(&self, name: &str) -> Error {
        let vars = self.shared.vars.get(&self.package);
        let text = vars.map(|vars| vars.missing(name, &self.package)).unwrap_or_default();
        let near = vars.and_then(|vars| suggest(name, vars.names()));
        Error::new(Code::MISSING_VAR, text).help::<String>(near).help(format!(
            "set it under `vars:` in dbt_project.yml, pass `--vars '{{{name}: ...}}'`, or give a default"
        ))
    }
}

/// `env_var(name, default)`.
pub(super) fn env_var_function(shared: &Arc<Shared>) -> Value {
    let shared = Arc::clone(shared);
    function("env_var", move |call| {
        let name = call.args.required_str("var")?;
        // A default is given back as it is; its text only tells the lookup that there is one.
        let default = call.args.optional("default").filter(|default| !default.is_none());
        let text = default.as_ref().map(py_str);
        let found = shared.env.get(&name, text.as_deref(), Secrets::Forbidden);
        match (found, default) {
            (Ok(_), Some(default)) if shared.env.raw(&name).is_none() => Ok(default),
            (found, _) => found
                .map(|text| Value::from(text.as_str()))
                .map_err(|error| Error::from(error.into_diagnostic())),
        }
    })
}

/// `log(msg, info)` and `print(msg)`.
pub(super) fn output_function(shared: &Arc<Shared>, name: &str) -> Value {
    let events = shared.events.clone();
    if name == "print" {
        let prints = shared.flag("PRINT").and_then(Json::as_bool).unwrap_or(true);
        return function("print", move |call| {
            let msg = py_str(&call.args.required("msg")?);
            if prints {
                events.send(PrintEvent { msg });
            }
            Ok(Value::from(""))
        });
    }
    function("log", move |call| {
        let msg = py_str(&call.args.required("msg")?);
        if call.args.optional("info").is_some_and(|info| truth(&info)) {
            events.send(JinjaLogInfo { msg });
        } else {
            events.debug(|| JinjaLogDebug { msg });
        }
        Ok(Value::from(""))
    })
}

/// The flags that templates see, as in dbt; others are undefined (`jinja.md` section 4).
const FLAGS: &[&str] = &[
    "CACHE_SELECTED_ONLY",
    "DEBUG",
    "EMPTY",
    "FAIL_FAST",
    "FULL_REFRESH",
    "INDIRECT_SELECTION",
    "INTROSPECT",
    "INVOCATION_COMMAND",
    "LOG_CACHE_EVENTS",
    "LOG_FORMAT",
    "LOG_PATH",
    "NO_PRINT",
    "PARTIAL_PARSE",
    "PRINTER_WIDTH",
    "PROFILES_DIR",
    "QUIET",
    "SEND_ANONYMOUS_USAGE_STATS",
    "STATIC_PARSER",
    "STORE_FAILURES",
    "TARGET_PATH",
    "USE_COLORS",
    "USE_EXPERIMENTAL_PARSER",
    "VERSION_CHECK",
    "WARN_ERROR",
    "WARN_ERROR_OPTIONS",
    "WHICH",
    "WRITE_JSON",
];

/// `flags.FULL_REFRESH` and the rest; one that is not set is none.
struct Flags {
    shared: Arc<Shared>,
}

impl Instance for Flags {
    fn type_name(&self) -> &'static str {
        "Flags"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let known = FLAGS.contains(&name);
        Ok(known.then(|| self.shared.flag(name).map_or_else(none, from_json)))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }
}

/// `try_or_compiler_error(message, function, *args, **kwargs)`.
fn try_or_compiler_error(call: &mut Call<'_>) -> Result<Value, Error> {
    let message = py_str(&call.args.required("message_if_exception")?);
    let callable = call.args.required("func")?;
    let positional = call.args.rest();
    let named = std::mem::take(&mut call.args.named);
    let outcome = call.call(&callable, crate::jinja::Args::new(positional, named));
    outcome.map_err(|error| if error.is_return() { error } else { Error::new(Code::RAISED, message) })
}

fn adapter_macro(_call: &mut Call<'_>) -> Result<Value, Error> {
    Err(Error::new(Code::UNKNOWN_MACRO, "The \"adapter_macro\" macro has been deprecated")
        .help("use `adapter.dispatch('name', 'package')()` instead"))
}

/// `validation.any[...]`: makes validators for `config.get`.
struct Validation;

impl Instance for Validation {
    fn type_name(&self) -> &'static str {
        "validation"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((name == "any").then(|| object(AnyOf)))
    }
}

struct AnyOf;

impl Instance for AnyOf {
    fn type_name(&self) -> &'static str {
        "validation.any"
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        let wanted = crate::jinja::elements(key).unwrap_or_else(|_| vec![key.clone()]);
        Ok(Some(function("validator", move |call| {
            let value = call.args.required("value")?;
            let fits = wanted.iter().any(|wanted| {
                crate::jinja::py_eq(wanted, &value)
                    || wanted.as_str() == Some(crate::jinja::type_name(&value))
                    || (wanted.as_str() == Some("string") && value.as_str().is_some())
            });
            if fits {
                return Ok(none());
            }
            let names: Vec<_> = wanted.iter().map(crate::jinja::py_repr).collect();
            let found = crate::jinja::py_repr(&value);
            Err(Error::new(Code::CONFIG, format!("expected value {found} to be one of {}", names.join(","))))
        })))
    }
}
