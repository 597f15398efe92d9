//! Methods that need no database: dispatch, quoting, behaviour flags.

use std::sync::Arc;

use super::super::macros::DispatchError;
use super::super::shared::Shared;
use crate::diag::Code;
use crate::jinja::{Call, Error, Instance, Value, item, none, object, py_str};
use crate::manifest::Json;

/// The methods of this group.
pub(super) const METHODS: &[&str] = &[
    "type",
    "dispatch",
    "quote",
    "quote_as_configured",
    "quote_seed_column",
    "get_hard_deletes_behavior",
    "build_catalog_relation",
    "get_catalog_integration",
];

pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

pub(super) fn call(
    shared: &Arc<Shared>,
    package: Option<&str>,
    name: &str,
    call: &mut Call<'_>,
) -> Option<Result<Value, Error>> {
    Some(match name {
        "type" => Ok(Value::from(shared.engine_name)),
        "dispatch" => dispatch(shared, package, call),
        "quote" => call.args.required("identifier").map(|v| Value::from(shared.quote(&py_str(&v)))),
        "quote_as_configured" => quote_as_configured(shared, call),
        "quote_seed_column" => quote_seed_column(shared, call),
        "get_hard_deletes_behavior" => hard_deletes(call),
        "build_catalog_relation" => build_catalog_relation(call),
        "get_catalog_integration" => {
            call.args.required("name").and_then(|name| Err(no_catalog(&py_str(&name))))
        }
        _ => return None,
    })
}

/// Returns nothing for a node that names no catalog of `catalogs.yml`: neither engine has any (`jinja.md`, adapter methods).
fn build_catalog_relation(call: &mut Call<'_>) -> Result<Value, Error> {
    let config = item(&call.args.required("config")?, "config");
    let named = |key: &str| config.as_ref().and_then(|config| item(config, key)).filter(Value::is_true);
    match named("catalog_name").or_else(|| named("catalog")) {
        Some(name) => Err(no_catalog(&py_str(&name))),
        None => Ok(none()),
    }
}

fn no_catalog(name: &str) -> Error {
    Error::new(Code::CONFIG, format!("Catalog not found: `{name}`"))
        .help("DuckDB and Postgres have no catalog integrations: leave out `catalog_name` on these targets")
}

fn dispatch(shared: &Arc<Shared>, package: Option<&str>, call: &mut Call<'_>) -> Result<Value, Error> {
    let name = call.args.required_str("macro_name")?;
    let namespace = call.args.optional("macro_namespace").filter(|v| !v.is_none());
    if call.args.keyword("packages").is_some() {
        return Err(Error::runtime("the `packages` argument of `adapter.dispatch` is gone")
            .help("pass the namespace: `adapter.dispatch('name', 'package')`"));
    }
    let namespace = match &namespace {
        None => None,
        Some(value) => Some(value.as_str().ok_or_else(|| {
            Error::runtime(format!(
                "the namespace of `adapter.dispatch` must be a text, got `{}`",
                py_str(value)
            ))
        })?),
    };
    if name.contains('.') {
        let (package, short) = name.split_once('.').unwrap_or(("", &name));
        return Err(Error::runtime(format!(
            "`adapter.dispatch('{name}')`: the name must not hold a package"
        ))
        .help(format!("write `adapter.dispatch('{short}', '{package}')`")));
    }
    match shared.macros.dispatch(package, &name, namespace) {
        Ok(entry) => Ok(entry.value.clone()),
        Err(error) => Err(not_found(&error)),
    }
}

fn not_found(error: &DispatchError) -> Error {
    let place = error.namespace.as_ref().map(|n| format!(" within namespace: '{n}'")).unwrap_or_default();
    let searched: Vec<_> = error.searched.iter().map(|name| format!("'{name}'")).collect();
    Error::new(
        Code::UNKNOWN_MACRO,
        format!(
            "In dispatch: No macro named '{}' found{place}\n    Searched for: {}",
            error.name,
            searched.join(", ")
        ),
    )
}

fn quote_as_configured(shared: &Shared, call: &mut Call<'_>) -> Result<Value, Error> {
    let identifier = py_str(&call.args.required("identifier")?);
    let key = call.args.required_str("quote_key")?;
    let quoted = match &*key {
        "database" => shared.quoting.database,
        "schema" => shared.quoting.schema,
        "identifier" => shared.quoting.identifier,
        _ => false,
    };
    Ok(Value::from(if quoted { shared.quote(&identifier) } else { identifier }))
}

/// Seed columns are quoted unless `quote_columns` says no.
fn quote_seed_column(shared: &Shared, call: &mut Call<'_>) -> Result<Value, Error> {
    let column = py_str(&call.args.required("column")?);
    let config = call.args.optional("quote_config");
    let quoted = config.is_none_or(|value| match super::super::base::json_of(&value) {
        Json::Bool(quote) => quote,
        _ => true,
    });
    Ok(Value::from(if quoted { shared.quote(&column) } else { column }))
}

fn hard_deletes(call: &mut Call<'_>) -> Result<Value, Error> {
    let config = call.args.required("config")?;
    let get_method = call.attr(&config, "get")?;
    let mut get = |key: &str| {
        let answer = call.call(&get_method, [Value::from(key)]);
        answer.map(|value| Some(value).filter(|v| !v.is_none() && !crate::jinja::is_undefined(v)))
    };
    let (legacy, modern) = (get("invalidate_hard_deletes")?, get("hard_deletes")?);
    if legacy.is_some() && modern.is_some() {
        return Err(Error::new(
            Code::CONFIG,
            "You cannot set both the invalidate_hard_deletes and hard_deletes config properties on the same snapshot.",
        ));
    }
    let modern = modern.map(|value| py_str(&value));
    Ok(Value::from(match modern.as_deref() {
        _ if legacy.is_some_and(|value| crate::jinja::truth(&value)) => "invalidate",
        Some("invalidate") => "invalidate",
        Some("new_record") => "new_record",
        None | Some("ignore") => "ignore",
        Some(other) => {
            return Err(Error::new(
                Code::CONFIG,
                format!("`hard_deletes` must be ignore, invalidate or new_record, got `{other}`"),
            ));
        }
    }))
}

impl Shared {
    /// Quotes an identifier for the engine.
    pub fn quote(&self, identifier: &str) -> String {
        crate::sql::Ident::new(identifier, self.dialect).to_string()
    }
}

/// Attributes of `adapter` that are no methods: behaviour flags, and the classes that `api` has too.
pub(super) fn attr(shared: &Arc<Shared>, name: &str) -> Option<Value> {
    match name {
        "behavior" => Some(behavior(shared)),
        "Relation" | "Column" => crate::jinja::item(&super::super::relation::api(shared), name),
        _ => None,
    }
}

/// `adapter.behavior`: the engine's behaviour flags as booleans.
fn behavior(shared: &Arc<Shared>) -> Value {
    object(Behavior { shared: Arc::clone(shared) })
}

struct Behavior {
    shared: Arc<Shared>,
}

impl Instance for Behavior {
    fn type_name(&self) -> &'static str {
        "behavior"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let on = self.shared.flag(&name.to_uppercase()).or_else(|| self.shared.flag(name));
        Ok(Some(object(BehaviorFlag(on.and_then(Json::as_bool).unwrap_or(false)))))
    }
}

/// One behaviour flag: true or false, and `no_warn` for the same without a warning.
struct BehaviorFlag(bool);

impl Instance for BehaviorFlag {
    fn type_name(&self) -> &'static str {
        "behavior flag"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((name == "no_warn" || name == "setting").then(|| Value::from(self.0)))
    }

    fn truth(&self) -> bool {
        self.0
    }

    fn str(&self) -> String {
        if self.0 { "True".to_owned() } else { "False".to_owned() }
    }
}
