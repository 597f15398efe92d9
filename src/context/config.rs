//! `config(...)` and `config.get(...)`: recorded while parsing, answered while running
//! (`jinja.md` section 4).

use std::sync::{Arc, Mutex, PoisonError};

use super::base::json_of;
use super::capture::{Capture, ConfigCall};
use super::event_time::timed_config;
use super::shared::Shared;
use crate::diag::Code;
use crate::event::JinjaLogWarning;
use crate::jinja::pycompat::iso_text;
use crate::jinja::{Call, Error, Instance, Value, dict, from_json, none, truth};
use crate::manifest::{Batch, Json, JsonMap, Node, NodeKind};

const METHODS: &[&str] =
    &["get", "require", "set", "meta_get", "meta_require", "persist_relation_docs", "persist_column_docs"];

/// `config` while a node is parsed: calls are kept, questions answered with nothing.
pub(super) struct ParseConfig(pub(super) Arc<Mutex<Capture>>);

impl Instance for ParseConfig {
    fn type_name(&self) -> &'static str {
        "config"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(arguments(call).map(|values| self.record(values, call)))
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        match name {
            "set" => Some(pair(call).map(|values| self.record(values, call))),
            "persist_relation_docs" | "persist_column_docs" => Some(Ok(Value::from(false))),
            other => METHODS.contains(&other).then(|| Ok(Value::from(""))),
        }
    }
}

impl ParseConfig {
    fn record(&self, values: JsonMap, call: &Call<'_>) -> Value {
        let mut capture = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        capture.configs.push(ConfigCall { values, span: Some(call.span()) });
        Value::from("")
    }
}

/// `config` accepts one mapping or keyword arguments.
fn arguments(call: &mut Call<'_>) -> Result<JsonMap, Error> {
    let positional = call.args.rest();
    let named = std::mem::take(&mut call.args.named);
    match (positional.as_slice(), named.is_empty()) {
        ([], _) => Ok(named.iter().map(|(name, value)| (name.to_string(), shown(value))).collect()),
        ([only], true) => match json_of(only) {
            Json::Object(values) => Ok(values),
            other => Err(Error::new(Code::CONFIG, format!("`config` takes a mapping, got `{other}`"))
                .help(format!("name the setting: `config(materialized={other})`"))),
        },
        _ => Err(Error::new(Code::CONFIG, "`config` takes one mapping or keyword arguments, not both")
            .help("write `config(materialized='table', tags=['daily'])`")),
    }
}

fn pair(call: &mut Call<'_>) -> Result<JsonMap, Error> {
    let name = call.args.required_str("name")?;
    let value = call.args.required("value")?;
    Ok([(name.to_string(), shown(&value))].into_iter().collect())
}

/// A setting as artifacts show it: a `datetime` in ISO form, which is not how templates print it.
fn shown(value: &Value) -> Json {
    iso_text(value).map_or_else(|| json_of(value), Json::String)
}

/// `config` while a node is compiled or run: answers from the resolved configuration.
pub struct ConfigObject {
    pub(super) shared: Arc<Shared>,
    pub(super) node: Arc<Node>,
    pub(super) batch: Option<Batch>,
}

impl Instance for ConfigObject {
    fn type_name(&self) -> &'static str {
        "config"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(Ok(Value::from("")))
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        // `config.model` is the node, as some packages read it.
        Ok((name == "model").then(|| from_json(&crate::manifest::resource_json(&*self.node))))
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(match name {
            "get" => self.get(call),
            "require" => self.require(call),
            "meta_get" => self.meta(call, false),
            "meta_require" => self.meta(call, true),
            "set" => Ok(Value::from("")),
            "persist_relation_docs" => Ok(Value::from(self.persists("relation"))),
            "persist_column_docs" => Ok(Value::from(self.persists("columns"))),
            _ => return None,
        })
    }
}

impl ConfigObject {
    fn get(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let key = call.args.required_str("name")?;
        let default = call.args.optional("default").unwrap_or_else(none);
        let validator = call.args.optional("validator").filter(|v| !v.is_none());
        if &*key == "snapshot_table_column_names" && self.node.kind == NodeKind::Snapshot {
            return Ok(self.snapshot_columns());
        }
        let timed = timed_config(&self.node, self.batch.as_ref(), &key);
        let Some(found) = timed.or_else(|| self.lookup(&key).map(from_json)) else {
            self.warn_of_meta(&key)?;
            return Ok(default);
        };
        if let Some(validator) = validator.filter(|_| !default.is_none()) {
            call.call(&validator, [found.clone()])?;
        }
        Ok(found)
    }

    /// The names of a snapshot's own columns: those configured, dbt's for the rest.
    fn snapshot_columns(&self) -> Value {
        let configured = self.node.config.mapping("snapshot_meta_column_names");
        let names = ["dbt_valid_from", "dbt_valid_to", "dbt_scd_id", "dbt_updated_at", "dbt_is_deleted"];
        dict(names.map(|name| {
            let own = configured.get(name).and_then(Json::as_str).filter(|own| !own.is_empty());
            (name, Value::from(own.unwrap_or(name)))
        }))
    }

    fn require(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let key = call.args.required_str("name")?;
        let timed = timed_config(&self.node, self.batch.as_ref(), &key);
        timed.or_else(|| self.lookup(&key).map(from_json)).ok_or_else(|| self.missing(&key))
    }

    fn meta(&self, call: &mut Call<'_>, required: bool) -> Result<Value, Error> {
        let key = call.args.required_str("name")?;
        let default = call.args.optional("default").unwrap_or_else(none);
        match self.node.config.get("meta").and_then(|meta| meta.get(&*key)) {
            Some(found) => Ok(from_json(found)),
            None if required => Err(self.missing(&key)),
            None => Ok(default),
        }
    }

    /// Hooks and dashes: `pre_hook` and `pre-hook` are the same key.
    fn lookup(&self, key: &str) -> Option<&Json> {
        self.node.config.get(key).or_else(|| match key {
            "pre_hook" => self.node.config.get("pre-hook"),
            "post_hook" => self.node.config.get("post-hook"),
            _ => None,
        })
    }

    fn warn_of_meta(&self, key: &str) -> Result<(), Error> {
        if self.node.config.get("meta").and_then(|meta| meta.get(key)).is_none() {
            return Ok(());
        }
        let msg = format!(
            "The key '{key}' was not found using config.get('{key}'), but was detected as a custom config under 'meta'. \
             Please use config.meta_get('{key}') instead."
        );
        self.shared.warn(JinjaLogWarning { msg })
    }

    fn missing(&self, key: &str) -> Error {
        let id = &self.node.unique_id;
        Error::new(Code::CONFIG, format!("Model '{id}' does not define a required config parameter '{key}'."))
    }

    fn persists(&self, what: &str) -> bool {
        let persist = self.node.config.get("persist_docs").and_then(|docs| docs.get(what));
        persist.is_some_and(|value| truth(&from_json(value)))
    }
}
