//! What Jinja sees in YAML files: `var`, `env_var`, `target`, `project_name` (`jinja.md` section 3), and
//! how one text of a YAML file is rendered.
//!
//! Where the text of a value stands in the file as it is (all but escapes and folded lines), it is compiled
//! in place, so that errors point into the braces.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Sources, Span, suggest};
use crate::jinja::pycompat::{self, utc_datetime_value, yaml_value};
use crate::jinja::{
    Call, Engine, Error, Instance, Scope, UndefinedMode, Value as JinjaValue, dict, from_json, function,
    none, object, py_str, return_function, to_json,
};
use crate::manifest::{Json, JsonMap};
use crate::yaml::{Entry, Map, Value, Yaml};

use super::env::{Env, Secrets, is_secret};
use super::vars::Vars;
use super::version::DBT_VERSION;

/// What stands for a secret until Jinja is done, so that no filter can take it apart.
const SECRET_START: &str = "$$$DBT_SECRET_START$$$";
const SECRET_END: &str = "$$$DBT_SECRET_END$$$";

/// What all YAML files of an invocation share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct YamlBase {
    /// The texts that spans point into.
    pub sources: Sources,
    /// The environment.
    pub env: Env,
    /// `invocation_id`.
    pub invocation_id: Option<Arc<str>>,
    /// `run_started_at`.
    pub started_at: Option<jiff::Timestamp>,
    /// `flags`: names in upper case.
    pub flags: Arc<JsonMap>,
}

/// The names of one YAML file's Jinja. Cheap to clone.
#[derive(Clone)]
pub struct YamlContext {
    sources: Sources,
    names: Arc<Names>,
    scope: Arc<dyn Scope>,
}

impl YamlContext {
    /// Makes the context of `profiles.yml` and `packages.yml`: secrets may be read, there is no `target`.
    pub fn secret(base: &YamlBase, vars: Vars) -> Self {
        Names { secrets: Secrets::Allowed, ..Names::new(base, vars) }.into_context()
    }

    /// Makes the context of `dbt_project.yml` and `selectors.yml`.
    pub fn project(base: &YamlBase, vars: Vars, target: Arc<JsonMap>) -> Self {
        Names { target: Some(target), ..Names::new(base, vars) }.into_context()
    }

    /// Makes the context of `dbt_project.yml` for commands without a profile: every key of `target` is empty
    /// text, and a missing variable is nothing instead of an error.
    pub fn lenient(base: &YamlBase, vars: Vars) -> Self {
        Names { lenient: true, ..Names::new(base, vars) }.into_context()
    }

    /// Makes the context of property files: that of the project, with the package's variables and the root
    /// project's name.
    pub fn properties(base: &YamlBase, vars: Vars, target: Arc<JsonMap>, project_name: Arc<str>) -> Self {
        let project_name = Some(project_name);
        Names { target: Some(target), project_name, ..Names::new(base, vars) }.into_context()
    }

    /// Renders one text natively; `span` is where it stands. Secrets are put in after Jinja.
    pub fn render(&self, text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
        let rendered = self.native(text, span)?;
        let value = from_jinja(&rendered, span);
        Ok(if self.names.secrets == Secrets::Allowed { self.reveal(value) } else { value })
    }

    fn native(&self, text: &str, span: Span) -> Result<JinjaValue, Box<Diagnostic>> {
        let engine = Engine::new();
        let source = self.sources.get(span.file);
        let in_place = source.as_ref().and_then(|source| {
            let start = span.start as usize + source.text.get(span.range())?.find(text)?;
            Some((Arc::clone(&source.text), start))
        });
        let done = match &in_place {
            Some((file, start)) => engine.compile(span.file, file, *start..start + text.len()),
            None => engine.compile(span.file, text, 0..text.len()),
        }
        .and_then(|template| engine.render_native(&template, &self.scope));
        done.map_err(|error| {
            let mut problem = error.into_diagnostic();
            if in_place.is_none() || problem.span.is_none() {
                problem.span = Some(span);
                problem.labels.clear();
            }
            problem.trace.clear();
            Box::new(problem)
        })
    }

    /// Puts secrets where their names stand.
    fn reveal(&self, value: Value) -> Value {
        match value {
            Value::Str(text) if text.contains(SECRET_START) => Value::Str(self.reveal_text(&text).into()),
            Value::Seq(items) => {
                let item = |yaml: Yaml| Yaml::new(yaml.span, self.reveal(yaml.value));
                Value::Seq(items.into_iter().map(item).collect())
            }
            Value::Map(map) => {
                let entry =
                    |e: Entry| Entry { value: Yaml::new(e.value.span, self.reveal(e.value.value)), ..e };
                Value::Map(map.into_iter().map(entry).collect())
            }
            other => other,
        }
    }

    fn reveal_text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, (name, after))) = rest
            .split_once(SECRET_START)
            .and_then(|(before, rest)| Some((before, rest.split_once(SECRET_END)?)))
        {
            out.push_str(before);
            out.push_str(self.names.env.raw(name).unwrap_or_default());
            rest = after;
        }
        out + rest
    }
}

/// Takes a value of Jinja into YAML; all of it gets the place of the text it came from.
fn from_jinja(value: &JinjaValue, span: Span) -> Value {
    match value.as_str() {
        Some(text) => Value::Str(text.into()),
        // Python objects such as dates have no JSON; dbt writes them as text.
        None => to_json(value)
            .map_or_else(|_| Value::Str(py_str(value).into()), |json| from_json_value(&json, span)),
    }
}

fn from_json_value(json: &Json, span: Span) -> Value {
    let yaml = |json: &Json| Yaml::new(span, from_json_value(json, span));
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Value::Int(value.into()),
            (None, Some(value)) => Value::Int(value.into()),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Str(text.as_str().into()),
        Json::Array(items) => Value::Seq(items.iter().map(yaml).collect()),
        Json::Object(map) => {
            let entry = |(key, value): (&String, &Json)| Entry {
                key: key.as_str().into(),
                key_span: span,
                typed_key: None,
                value: yaml(value),
            };
            Value::Map(map.iter().map(entry).collect::<Map>())
        }
    }
}

/// The names themselves.
struct Names {
    env: Env,
    invocation_id: Option<Arc<str>>,
    started_at: Option<jiff::Timestamp>,
    flags: Arc<JsonMap>,
    sources: Sources,
    secrets: Secrets,
    vars: Vars,
    target: Option<Arc<JsonMap>>,
    project_name: Option<Arc<str>>,
    lenient: bool,
}

impl Names {
    fn new(base: &YamlBase, vars: Vars) -> Self {
        Self {
            env: base.env.clone(),
            invocation_id: base.invocation_id.clone(),
            started_at: base.started_at,
            flags: Arc::clone(&base.flags),
            sources: base.sources.clone(),
            secrets: Secrets::Forbidden,
            vars,
            target: None,
            project_name: None,
            lenient: false,
        }
    }

    fn into_context(self) -> YamlContext {
        let names = Arc::new(self);
        YamlContext { sources: names.sources.clone(), scope: Arc::new(YamlScope(Arc::clone(&names))), names }
    }

    fn env_var(&self) -> JinjaValue {
        let (env, secrets) = (self.env.clone(), self.secrets);
        function("env_var", move |call| {
            let name = call.args.required_str("var")?;
            let default = call.args.optional("default").filter(|value| !value.is_none());
            if secrets == Secrets::Allowed && is_secret(&name) && env.raw(&name).is_some() {
                return Ok(JinjaValue::from(format!("{SECRET_START}{name}{SECRET_END}")));
            }
            let text = default.as_ref().map(py_str);
            match (env.get(&name, text.as_deref(), secrets), default) {
                // dbt gives a default back as it came, even if it is no text.
                (Ok(_), Some(default)) if env.raw(&name).is_none() => Ok(default),
                (Ok(found), _) => Ok(JinjaValue::from(found)),
                (Err(error), _) => Err(Error::from(error.into_diagnostic())),
            }
        })
    }

    fn target(&self) -> Option<JinjaValue> {
        match &self.target {
            Some(target) => Some(dict(target.iter().map(|(key, value)| (key.as_str(), from_json(value))))),
            None => self.lenient.then(|| object(EmptyTarget)),
        }
    }
}

/// The scope the engine asks.
struct YamlScope(Arc<Names>);

impl Scope for YamlScope {
    fn get(&self, name: &str) -> Option<JinjaValue> {
        let names = &self.0;
        Some(match name {
            "var" => object(Var(Arc::clone(names))),
            "env_var" => names.env_var(),
            "target" => return names.target(),
            "project_name" => JinjaValue::from(&**names.project_name.as_ref()?),
            "dbt_version" => JinjaValue::from(DBT_VERSION),
            "invocation_id" => JinjaValue::from(&**names.invocation_id.as_ref()?),
            "return" => return_function(),
            "flags" => object(Flags(Arc::clone(&names.flags))),
            "dbt_metadata_envs" => {
                let custom = names.env.custom();
                dict(custom.iter().map(|(name, value)| (name.as_str(), JinjaValue::from(value.as_str()))))
            }
            // Nobody listens while the project itself is being read.
            "log" | "print" => function("log", |_| Ok(JinjaValue::from(""))),
            "builtins" | "context" => object(AllNames(Self(Arc::clone(names)))),
            "run_started_at" => utc_datetime_value(names.started_at?),
            "thread_id" => JinjaValue::from("MainThread"),
            "modules" => pycompat::modules(),
            other => {
                return pycompat::functions()
                    .iter()
                    .find(|(name, _)| *name == other)
                    .map(|(_, value)| value.clone());
            }
        })
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> =
            ["var", "env_var", "dbt_version", "flags", "modules"].map(Arc::from).to_vec();
        names.extend(pycompat::functions().iter().map(|(name, _)| Arc::from(*name)));
        names.extend(self.0.target.as_ref().map(|_| Arc::from("target")));
        names.extend(self.0.project_name.as_ref().map(|_| Arc::from("project_name")));
        names
    }
}

/// `var(name, default)` and `var.has_var(name)`. Unlike in models, text is given as it is.
struct Var(Arc<Names>);

impl Instance for Var {
    fn type_name(&self) -> &'static str {
        "var"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<JinjaValue, Error>> {
        Some(self.answer(call))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "has_var"
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<JinjaValue, Error>> {
        (name == "has_var").then(|| {
            let name = call.args.required_str("var_name")?;
            Ok(JinjaValue::from(self.0.vars.get(&name).is_some()))
        })
    }
}

impl Var {
    fn answer(&self, call: &mut Call<'_>) -> Result<JinjaValue, Error> {
        let name = call.args.required_str("var_name")?;
        let default = call.args.optional("default");
        match (self.0.vars.get(&name), default) {
            (Some(value), _) => Ok(yaml_value(value)),
            (None, Some(default)) => Ok(default),
            (None, None) if self.0.lenient => Ok(none()),
            (None, None) => {
                let missing = Error::new(Code::MISSING_VAR, self.0.vars.missing(&name, "<Configuration>"));
                let only_cli = self.0.project_name.is_none();
                let place = if only_cli { "" } else { "set it under `vars:` in `dbt_project.yml`, " };
                let near = suggest(&name, self.0.vars.names());
                Err(missing
                    .help::<String>(near)
                    .help(format!("{place}pass `--vars '{{{name}: ...}}'`, or give a default")))
            }
        }
    }
}

/// `flags.WHICH`, in any case.
struct Flags(Arc<JsonMap>);

impl Instance for Flags {
    fn type_name(&self) -> &'static str {
        "Flags"
    }

    fn attr(&self, name: &str) -> Result<Option<JinjaValue>, Error> {
        Ok(self.0.get(&name.to_uppercase()).map(from_json))
    }
}

/// `target` when there is no profile: whatever is asked for is empty text.
struct EmptyTarget;

impl Instance for EmptyTarget {
    fn type_name(&self) -> &'static str {
        "target"
    }

    fn attr(&self, _name: &str) -> Result<Option<JinjaValue>, Error> {
        Ok(Some(JinjaValue::from("")))
    }

    fn item(&self, _key: &JinjaValue) -> Result<Option<JinjaValue>, Error> {
        Ok(Some(JinjaValue::from("")))
    }
}

/// `builtins` and `context`: the names as attributes and items.
struct AllNames(YamlScope);

impl Instance for AllNames {
    fn type_name(&self) -> &'static str {
        "dict"
    }

    fn attr(&self, name: &str) -> Result<Option<JinjaValue>, Error> {
        Ok(self.0.get(name))
    }

    fn item(&self, key: &JinjaValue) -> Result<Option<JinjaValue>, Error> {
        Ok(key.as_str().and_then(|name| self.0.get(name)))
    }
}
