//! Results as `on-run-end` hooks see them: `results`, each with its node (`jinja.md` section 4). Made by
//! `hooks`.

use std::sync::Arc;

use crate::artifacts::{RunResult, Status, Timing};
use crate::context::RunScope;
use crate::jinja::pycompat::datetime_value;
use crate::jinja::{Call, Error, Instance, Value, from_json, list, none, object};
use crate::manifest::{Json, JsonMap, NodeWithCompiled, UniqueId, resource_json};

/// What dbt's results hold, in its order; artifacts show more.
const FIELDS: [&str; 7] =
    ["status", "timing", "thread_id", "execution_time", "adapter_response", "message", "failures"];

/// Makes the object of a result.
pub(super) fn result_value(result: &RunResult, run: &Arc<RunScope>) -> Value {
    let json = resource_json(result);
    let fields = FIELDS.iter().map(|name| ((*name).to_owned(), json.get(*name).cloned().unwrap_or_default()));
    object(ResultObject {
        fields: fields.collect(),
        batch_results: json.get("batch_results").cloned().unwrap_or_default(),
        timing: list(result.timing.iter().map(|one| object(TimingObject(*one))).collect::<Vec<_>>()),
        skipped: result.status == Status::Skipped,
        id: result.unique_id.clone(),
        run: Arc::clone(run),
    })
}

struct ResultObject {
    fields: JsonMap,
    batch_results: Json,
    timing: Value,
    skipped: bool,
    id: UniqueId,
    run: Arc<RunScope>,
}

impl ResultObject {
    /// The JSON of the resource the result is of.
    fn node(&self) -> Json {
        let (manifest, id) = (&self.run.manifest, &self.id);
        if let Some(node) = manifest.node(id) {
            return resource_json(&NodeWithCompiled { node, compiled: self.run.compiled.get(id) });
        }
        let exposure = manifest.exposures.get(id).map(|exposure| resource_json(&**exposure));
        let test = || manifest.unit_tests.get(id).map(|test| resource_json(&**test));
        let source = || manifest.sources.get(id).map(|source| resource_json(&**source));
        let query = || manifest.saved_queries.get(id).map(|query| resource_json(&**query));
        exposure.or_else(test).or_else(source).or_else(query).unwrap_or_default()
    }
}

impl Instance for ResultObject {
    fn type_name(&self) -> &'static str {
        "RunResult"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "node" => Some(object(NodeObject(self.node()))),
            "timing" => Some(self.timing.clone()),
            "skipped" => Some(Value::from(self.skipped)),
            "batch_results" => Some(from_json(&self.batch_results)),
            "agate_table" => Some(none()),
            _ => self.fields.get(name).map(from_json),
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "to_dict"
    }

    fn call_method(&self, name: &str, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| {
            let mut dict = self.fields.clone();
            dict.insert("node".to_owned(), self.node());
            dict.insert("agate_table".to_owned(), Json::Null);
            dict.insert("batch_results".to_owned(), self.batch_results.clone());
            Ok(from_json(&Json::Object(dict)))
        })
    }

    fn truth(&self) -> bool {
        true
    }
}

/// How long a part of the work took: times as attributes, texts by `to_dict()`.
struct TimingObject(Timing);

impl Instance for TimingObject {
    fn type_name(&self) -> &'static str {
        "TimingInfo"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "started_at" => Some(clock_in_utc(self.0.started_at)),
            "completed_at" => Some(clock_in_utc(self.0.completed_at)),
            _ => resource_json(&self.0).get(name).map(from_json),
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "to_dict"
    }

    fn call_method(&self, name: &str, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| Ok(from_json(&resource_json(&self.0))))
    }

    fn truth(&self) -> bool {
        true
    }
}

/// A `datetime` without a zone, as dbt has them.
fn clock_in_utc(at: jiff::Timestamp) -> Value {
    datetime_value(jiff::tz::TimeZone::UTC.to_datetime(at))
}

/// The configuration of a result's node: a key that is not there gives none, as in dbt, whose config is a class.
struct ConfigObject(JsonMap);

impl Instance for ConfigObject {
    fn type_name(&self) -> &'static str {
        "NodeConfig"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(Some(self.0.get(name).map_or_else(none, from_json)))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "get" | "to_dict")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        match name {
            "to_dict" => Some(Ok(from_json(&Json::Object(self.0.clone())))),
            "get" => Some(call.args.required_str("key").map(|key| {
                let default = call.args.optional("default").unwrap_or_else(none);
                self.0.get(&*key).map_or(default, from_json)
            })),
            _ => None,
        }
    }

    fn iter(&self) -> Option<Vec<Value>> {
        Some(self.0.keys().map(|key| Value::from(key.as_str())).collect())
    }

    fn len(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The node of a result: what `manifest.json` shows of it as attributes, and as a dict by `to_dict()`.
struct NodeObject(Json);

impl Instance for NodeObject {
    fn type_name(&self) -> &'static str {
        "Node"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let path = match name {
            "depends_on_nodes" => "/depends_on/nodes",
            "depends_on_macros" => "/depends_on/macros",
            "identifier" => "/alias",
            "config" => {
                let config = self.0.get(name).and_then(Json::as_object).cloned();
                return Ok(config.map(|config| object(ConfigObject(config))));
            }
            _ => return Ok(self.0.get(name).map(from_json)),
        };
        Ok(self.0.pointer(path).map(from_json))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "to_dict"
    }

    fn call_method(&self, name: &str, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| Ok(from_json(&self.0)))
    }

    fn truth(&self) -> bool {
        true
    }
}
