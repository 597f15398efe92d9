//! The names a model sees while a unit test of it is compiled (`resources.md` section 7).
//!
//! Input: the scope of the test, the expressions that stand for the model's inputs, and overrides. Output: a
//! [`Scope`] in which `ref`, `source` and `this` answer with those expressions, overridden macros, variables and
//! environment variables with the given values; every other name is the test's. Called by `compile`.

use std::sync::{Arc, Mutex, PoisonError};

use super::base::{env_var_function, var_object};
use super::names::{context_object, names_object};
use super::project_object::Resolver;
use super::refs::{ref_call, source_call};
use super::relation::relation_value;
use super::run_scope::NodeScope;
use crate::diag::Code;
use crate::hash::HashMap;
use crate::jinja::{Args, Call, Error, Scope, UndefinedMode, Value, from_json, function, none};
use crate::manifest::{Found, Json, JsonMap, Relation, UniqueId};

use super::macros::INTERNAL;

/// The given inputs: id of the node or source → name of the expression, without the prefix of CTEs.
pub type UnitInputs = HashMap<UniqueId, String>;

/// What a unit test sets for the time it runs.
#[derive(Clone, Debug, Default)]
pub struct UnitOverrides {
    /// Return values of macros, by name or `package.name`; values of other names of the context.
    pub macros: JsonMap,
    /// Variables.
    pub vars: JsonMap,
    /// Environment variables.
    pub env_vars: JsonMap,
}

impl UnitOverrides {
    /// Reads the `overrides` of a unit test.
    pub fn new(overrides: Option<&Json>) -> Self {
        let part = |key: &str| {
            let part = overrides.and_then(|overrides| overrides.get(key)).and_then(Json::as_object);
            part.cloned().unwrap_or_default()
        };
        Self { macros: part("macros"), vars: part("vars"), env_vars: part("env_vars") }
    }
}

/// The names of a model under test. Cloning shares everything.
#[derive(Clone)]
pub struct UnitScope(Arc<Inner>);

struct Inner {
    test: NodeScope,
    /// The model under test: what `this` means.
    model: UniqueId,
    inputs: UnitInputs,
    overrides: UnitOverrides,
    /// Inputs that the model read, in order, each once.
    used: Mutex<Vec<UniqueId>>,
}

impl UnitScope {
    /// Makes the scope in which `model` is rendered for the test that `test` is the scope of.
    pub fn new(test: &NodeScope, model: &UniqueId, inputs: UnitInputs, overrides: UnitOverrides) -> Self {
        Self(Arc::new(Inner {
            test: test.clone(),
            model: model.clone(),
            inputs,
            overrides,
            used: Mutex::default(),
        }))
    }

    /// Returns this scope as renders take it.
    pub fn as_scope(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }

    /// Returns the inputs that were read so far, in order.
    pub fn used(&self) -> Vec<UniqueId> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer_ref(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let asked = ref_call(call)?;
        let test = &self.0.test;
        let package = asked.package.as_deref();
        let found = test.run().lookup.node(test.package(), package, &asked.name, asked.version.as_ref());
        match &found {
            Found::One(id) => {
                self.input(id).ok_or_else(|| self.not_given("node", &asked.name, &asked.written()))
            }
            _ => Err(test.no_such_ref(&asked, &found)),
        }
    }

    fn answer_source(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let asked = source_call(call)?;
        let test = &self.0.test;
        let Found::One(id) = test.run().lookup.source(test.package(), &asked.source, &asked.table) else {
            return Err(test.no_such_source(&asked));
        };
        let name = format!("{}.{}", asked.source, asked.table);
        self.input(&id).ok_or_else(|| self.not_given("source", &name, &asked.written()))
    }

    /// Returns the relation of a given input, and notes that it is needed.
    fn input(&self, id: &UniqueId) -> Option<Value> {
        let identifier = self.0.inputs.get(id)?;
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(id) {
            used.push(id.clone());
        }
        Some(relation_value(Relation::ephemeral(self.0.test.run().shared.dialect, identifier)))
    }

    /// dbt's words, since tools and people look for them.
    fn not_given(&self, what: &str, name: &str, written: &str) -> Error {
        let test = self.0.test.node().map_or("", |node| node.unique_id.as_str());
        let message = format!("unit test '{test}' depends on a {what} named '{name}' which was not found");
        Error::new(Code::UNKNOWN_REF, message)
            .help(format!("give it rows: add `- input: {written}` below `given:`"))
    }

    fn resolver(
        &self,
        name: &'static str,
        answer: impl Fn(&mut Call<'_>) -> Result<Value, Error> + Send + Sync + 'static,
    ) -> Value {
        let test = &self.0.test;
        Resolver::value(&test.run().shared, &test.package().into(), name, answer)
    }

    fn builtin(&self, name: &str) -> Option<Value> {
        let scope = self.clone();
        let shared = &self.0.test.run().shared;
        Some(match name {
            "ref" => self.resolver("ref", move |call| scope.answer_ref(call)),
            "source" => self.resolver("source", move |call| scope.answer_source(call)),
            "this" => self.input(&self.0.model).unwrap_or_else(none),
            "var" => var_object(shared, &self.0.test.package().into(), &self.0.overrides.vars),
            "env_var" => {
                let real = env_var_function(shared);
                function("env_var", move |call| {
                    let args = Args::new(call.args.positional.clone(), call.args.named.clone());
                    let name = call.args.required_str("var")?;
                    match scope.0.overrides.env_vars.get(&*name) {
                        Some(value) => Ok(from_json(value)),
                        None => call.call(&real, args),
                    }
                })
            }
            "render" => shared.render_function(),
            "builtins" => {
                let test = self.0.test.get(name)?;
                names_object("builtins", move |name| {
                    scope.builtin(name).or_else(|| crate::jinja::item(&test, name))
                })
            }
            "context" => {
                let target = self.0.test.clone();
                let (known, assign) = (self.clone(), move |name: &str, value| target.assign(name, value));
                context_object(move |name| scope.get(name), move || known.names(), assign)
            }
            _ => return None,
        })
    }

    /// Returns the overridden value of a bare name: what was given for it, or for the macro of that name in
    /// dbt's own package.
    fn overridden(&self, name: &str) -> Option<Value> {
        let macros = &self.0.overrides.macros;
        let value = macros.get(name).or_else(|| macros.get(&format!("{INTERNAL}.{name}")))?;
        let test = &self.0.test;
        let is_macro = test.run().shared.macros.bare(test.package(), name).is_some();
        if is_macro {
            return Some(returning(value));
        }
        test.get(name).map(|_| from_json(value))
    }

    /// Returns a package with the overridden ones among its macros; `None` when none of them is.
    fn package(&self, package: &str) -> Option<Value> {
        let macros = &self.0.overrides.macros;
        let shared = &self.0.test.run().shared;
        if macros.is_empty() || !shared.macros.is_package(package) {
            return None;
        }
        let (shared, package, macros) = (Arc::clone(shared), package.to_owned(), macros.clone());
        Some(names_object("package", move |name| {
            let entry = shared.macros.qualified(&package, name)?;
            // A bare name means dbt's own macro too, and goes before the qualified one.
            let bare = macros.get(name).filter(|_| package == INTERNAL);
            let value = bare.or_else(|| macros.get(&format!("{package}.{name}")));
            Some(value.map_or_else(|| entry.value.clone(), returning))
        }))
    }
}

/// A macro that gives a fixed value, whatever it is called with.
fn returning(value: &Json) -> Value {
    let value = from_json(value);
    function("overridden macro", move |call| {
        call.args.rest();
        call.args.named.clear();
        Ok(value.clone())
    })
}

impl Scope for UnitScope {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.overridden(name) {
            return Some(value);
        }
        let test = &self.0.test;
        // A project's own `ref` or `source` goes first, as everywhere.
        if test.run().shared.macros.bare(test.package(), name).is_none()
            && let Some(value) = self.builtin(name).or_else(|| self.package(name))
        {
            return Some(value);
        }
        test.get(name)
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.0.test.names()
    }
}
