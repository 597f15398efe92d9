//! `Relation` objects and `api`: names of database objects as templates handle them (`jinja.md` section 6).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::base::json_of;
use super::shared::Shared;
use crate::diag::Code;
use crate::jinja::{Call, Error, Instance, Value, dict, downcast, from_json, item, none, object, py_str};
use crate::manifest::{Json, Policy, Relation, RelationType};
use crate::sql::Dialect;

/// A relation in a template.
pub(super) struct RelationObject(pub(super) Relation);

/// Wraps a relation.
pub fn relation_value(relation: Relation) -> Value {
    object(RelationObject(relation))
}

/// Returns the relation behind a value.
pub fn relation_of(value: &Value) -> Option<Relation> {
    downcast::<RelationObject>(value).map(|relation| relation.0.clone())
}

/// Takes a relation argument.
pub(super) fn relation_arg(call: &mut Call<'_>, name: &str) -> Result<Relation, Error> {
    let value = call.args.required(name)?;
    relation_of(&value).ok_or_else(|| {
        let found = crate::jinja::type_name(&value);
        Error::runtime(format!("argument `{name}` must be a relation, got `{found}`"))
            .help("pass `this`, `ref(..)`, `source(..)` or `api.Relation.create(..)`")
    })
}

/// Methods of a relation.
const METHODS: &[&str] = &[
    "include",
    "quote",
    "incorporate",
    "replace_path",
    "replace",
    "without_identifier",
    "without_quotes",
    "information_schema",
    "information_schema_only",
    "render",
    "quoted",
    "matches",
    "get",
    "to_dict",
    "add_ephemeral_prefix",
    "create",
    "get_default_quote_policy",
    "relation_max_name_length",
    "get_materialized_view_config_change_collection",
    "get_function_config",
    "get_function_macro_name",
];

impl Instance for RelationObject {
    fn type_name(&self) -> &'static str {
        "Relation"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let relation = &self.0;
        let is = |ty: RelationType| Value::from(relation.ty == Some(ty));
        Ok(Some(match name {
            "database" => part(relation.database.as_ref()),
            "schema" => part(relation.schema.as_ref()),
            "identifier" | "name" | "table" => part(relation.identifier.as_ref()),
            "type" => relation.ty.map_or_else(none, |ty| Value::from(ty.as_str())),
            "path" => dict([
                ("database", part(relation.database.as_ref())),
                ("schema", part(relation.schema.as_ref())),
                ("identifier", part(relation.identifier.as_ref())),
            ]),
            "is_table" => is(RelationType::Table),
            "is_view" => is(RelationType::View),
            "is_cte" => is(RelationType::Cte),
            "is_materialized_view" => is(RelationType::MaterializedView),
            "is_function" => is(RelationType::Function),
            "is_pointer" => is(RelationType::PointerTable),
            "can_be_renamed" => Value::from(relation.can_be_renamed()),
            "can_be_replaced" => Value::from(relation.can_be_replaced()),
            "quote_policy" => policy(relation.quote_policy),
            "include_policy" => policy(relation.include_policy),
            "quote_character" => Value::from(relation.dialect.quote_char().to_string().as_str()),
            "limit" => relation.limit.map_or_else(none, Value::from),
            "external" => part(relation.external.as_ref()),
            "dbt_created" => Value::from(relation.dbt_created),
            "catalog" => none(),
            // Packages tell relations from other values by this.
            "metadata" => dict([("type", Value::from(relation.dialect.relation_class()))]),
            other => return Ok(class_constant(other)),
        }))
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        METHODS.contains(&name).then(|| self.method(name, call))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn str(&self) -> String {
        self.0.to_string()
    }

    fn repr(&self) -> String {
        format!("<Relation {}>", self.0)
    }

    fn truth(&self) -> bool {
        true
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(relation_of(other).is_some_and(|other| other == self.0))
    }

    fn hash(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        self.0.render().hash(&mut hasher);
        Some(hasher.finish())
    }
}

fn part(name: Option<&Arc<str>>) -> Value {
    name.map_or_else(none, |name| Value::from(&**name))
}

fn policy(policy: Policy) -> Value {
    dict([
        ("database", Value::from(policy.database)),
        ("schema", Value::from(policy.schema)),
        ("identifier", Value::from(policy.identifier)),
    ])
}

/// The members of the class that instances have as well: type names.
fn class_constant(name: &str) -> Option<Value> {
    let ty = match name {
        "Table" => RelationType::Table,
        "View" => RelationType::View,
        "CTE" => RelationType::Cte,
        "MaterializedView" => RelationType::MaterializedView,
        "External" => RelationType::External,
        "Function" => RelationType::Function,
        "PointerTable" => RelationType::PointerTable,
        _ => return None,
    };
    Some(Value::from(ty.as_str()))
}

impl RelationObject {
    fn method(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        let relation = self.0.clone();
        Ok(match name {
            "include" | "quote" => {
                let mut flag = |key: &str| call.args.optional_bool(key);
                let (database, schema, identifier) = (flag("database"), flag("schema"), flag("identifier"));
                relation_value(if name == "include" {
                    relation.include(database, schema, identifier)
                } else {
                    relation.quote(database, schema, identifier)
                })
            }
            "incorporate" | "replace" => relation_value(incorporate(relation, call)?),
            "replace_path" => {
                let mut changed = relation;
                for (key, value) in std::mem::take(&mut call.args.named) {
                    set_part(&mut changed, &key, &value);
                }
                relation_value(changed)
            }
            "without_identifier" => relation_value(relation.without_identifier()),
            "without_quotes" => relation_value(relation.quote(Some(false), Some(false), Some(false))),
            "information_schema" => {
                let view = call.args.optional_str("view_name")?;
                relation_value(relation.information_schema(view.as_deref()))
            }
            "information_schema_only" => relation_value(relation.information_schema(None)),
            "render" => Value::from(relation.render().as_str()),
            "quoted" => Value::from(relation.quoted(&py_str(&call.args.required("identifier")?)).as_str()),
            "matches" => {
                let mut text = |key: &str| call.args.optional_str(key);
                let (database, schema, identifier) =
                    (text("database")?, text("schema")?, text("identifier")?);
                let matched = relation.matches(database.as_deref(), schema.as_deref(), identifier.as_deref());
                Value::from(matched.map_err(|error| Error::new(Code::DATABASE, error.to_string()))?)
            }
            "get" => {
                let key = call.args.required_str("key")?;
                let default = call.args.optional("default").unwrap_or_else(none);
                self.attr(&key)?.unwrap_or(default)
            }
            "to_dict" => from_json(&Json::Object(relation.to_json())),
            "add_ephemeral_prefix" => {
                Value::from(Relation::ephemeral_name(&py_str(&call.args.required("name")?)).as_str())
            }
            "get_default_quote_policy" => policy(Policy::ALL),
            "get_function_config" => function_config(&call.args.required("model")?)?,
            "get_function_macro_name" => {
                let config = call.args.required("config")?;
                let part = |name: &str| item(&config, name).map(|value| py_str(&value)).unwrap_or_default();
                Value::from(format!("{}_function_{}", part("type"), part("language")).as_str())
            }
            "relation_max_name_length" => {
                relation.dialect.max_identifier_bytes().map_or_else(none, Value::from)
            }
            "get_materialized_view_config_change_collection" => {
                let results = call.args.required("relation_results")?;
                let model = call.args.required("relation_config")?;
                super::index::materialized_view_changes(&results, &model)?
            }
            _ => create(relation.dialect, Policy::ALL, call)?,
        })
    }
}

/// How a function is built, of its `model`; none for other nodes. Errors where Python lacks what names its entry.
fn function_config(model: &Value) -> Result<Value, Error> {
    let text = |of: &Value, name: &str| item(of, name).filter(|value| !value.is_none());
    if text(model, "resource_type").is_none_or(|kind| py_str(&kind) != "function") {
        return Ok(none());
    }
    let config = item(model, "config").unwrap_or_else(none);
    let language = text(model, "language").unwrap_or_else(|| Value::from(""));
    let keys = ["type", "runtime_version", "entry_point"];
    let [ty, runtime_version, entry_point] = keys.map(|key| text(&config, key));
    // dbt's words.
    let missing = if py_str(&language) != "python" {
        None
    } else if runtime_version.is_none() {
        Some("A `runtime_version` is required for python functions")
    } else if entry_point.is_none() {
        Some("An `entry_point` is required for python functions")
    } else {
        None
    };
    if let Some(message) = missing {
        return Err(Error::new(Code::CONFIG, message).help("set it under `config:` of the function"));
    }
    let known = |value: Option<Value>| value.unwrap_or_else(none);
    Ok(dict([
        ("language", language),
        ("type", known(ty)),
        ("runtime_version", known(runtime_version)),
        ("entry_point", known(entry_point)),
    ]))
}

fn incorporate(mut relation: Relation, call: &mut Call<'_>) -> Result<Relation, Error> {
    for (key, value) in std::mem::take(&mut call.args.named) {
        match &*key {
            "path" => {
                for name in ["database", "schema", "identifier"] {
                    if let Some(value) = item(&value, name) {
                        set_part(&mut relation, name, &value);
                    }
                }
            }
            "type" => relation.ty = relation_type(&value)?,
            "quote_policy" => relation.quote_policy = merged(relation.quote_policy, &value),
            "include_policy" => relation.include_policy = merged(relation.include_policy, &value),
            "limit" => relation.limit = json_of(&value).as_u64(),
            other => set_part(&mut relation, other, &value),
        }
    }
    fits(relation)
}

/// Errors when the engine would cut the name of a relation whose type is known.
///
/// Without a type it may be the name of a test, which becomes no relation.
fn fits(relation: Relation) -> Result<Relation, Error> {
    let longest = relation.dialect.max_identifier_bytes().filter(|_| relation.ty.is_some());
    match (longest, relation.identifier.as_deref()) {
        (Some(longest), Some(name)) if name.chars().count() > longest => {
            let text = format!("Relation name '{name}' is longer than {longest} characters");
            Err(Error::new(Code::INVALID_RESOURCE, text).help("give the model a shorter `alias`"))
        }
        _ => Ok(relation),
    }
}

fn set_part(relation: &mut Relation, key: &str, value: &Value) {
    let text = if value.is_none() { None } else { Some(Arc::from(py_str(value).as_str())) };
    match key {
        "database" => relation.database = text,
        "schema" => relation.schema = text,
        "identifier" => relation.identifier = text,
        _ => {}
    }
}

fn relation_type(value: &Value) -> Result<Option<RelationType>, Error> {
    if value.is_none() {
        return Ok(None);
    }
    let word = py_str(value);
    RelationType::parse(&word).map(Some).ok_or_else(|| {
        let known: Vec<_> = RelationType::ALL.iter().map(|ty| ty.as_str()).collect();
        Error::runtime(format!("`{word}` is no type of relation"))
            .help(format!("the types are {}", known.join(", ")))
    })
}

fn merged(policy: Policy, value: &Value) -> Policy {
    let flag = |key: &str| item(value, key).filter(|v| !v.is_none()).map(|v| crate::jinja::truth(&v));
    policy.with(flag("database"), flag("schema"), flag("identifier"))
}

/// `api.Relation.create(..)`: all parts by name; quoting as the project has it unless given.
fn create(dialect: &'static dyn Dialect, quoting: Policy, call: &mut Call<'_>) -> Result<Value, Error> {
    let mut next = |key: &str| call.args.optional(key).filter(|v| !v.is_none());
    let (database, schema, identifier) = (next("database"), next("schema"), next("identifier"));
    let ty = next("type");
    let text = |value: Option<Value>| value.map(|v| py_str(&v));
    let (database, schema, identifier) = (text(database), text(schema), text(identifier));
    let mut relation = Relation::new(dialect, database.as_deref(), schema.as_deref(), identifier.as_deref())
        .with_quoting(quoting);
    if let Some(ty) = ty {
        relation.ty = relation_type(&ty)?;
    }
    incorporate(relation, call).map(relation_value)
}

/// `api`: the classes of the engine.
pub(super) fn api(shared: &Arc<Shared>) -> Value {
    let class = object(RelationClass { dialect: shared.dialect });
    dict([("Relation", class), ("Column", super::column::class(shared.dialect))])
}

/// The class `Relation`: makes relations, and knows the names of their types.
struct RelationClass {
    dialect: &'static dyn Dialect,
}

impl Instance for RelationClass {
    fn type_name(&self) -> &'static str {
        "Relation class"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(class_constant(name))
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(create(self.dialect, Policy::ALL, call))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "create" | "add_ephemeral_prefix" | "get_default_quote_policy" | "get_relation_type")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(match name {
            "create" => create(self.dialect, Policy::ALL, call),
            "add_ephemeral_prefix" => call
                .args
                .required("name")
                .map(|name| Value::from(Relation::ephemeral_name(&py_str(&name)).as_str())),
            "get_default_quote_policy" => Ok(policy(Policy::ALL)),
            _ => return None,
        })
    }
}
