//! `metric()`: while parsing what was asked for, at run time the metric's name, with its facts as attributes and what
//! it is computed from as methods (`jinja.md` section 4). Called by `capture` and `run_scope`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::refs::texts;
use super::run_scope::NodeScope;
use crate::diag::{Code, suggest};
use crate::jinja::{Call, Error, Instance, Value, dict, downcast, from_json, list, none, object};
use crate::manifest::{Found, Manifest, Metric, MetricType, resource_json};

/// Reads the arguments of `metric`: `metric(name)` or `metric(package, name)`, as they are written.
pub(super) fn metric_call(call: &mut Call<'_>) -> Result<Vec<String>, Error> {
    let names = texts(call)?;
    if matches!(names.len(), 1 | 2) {
        return Ok(names);
    }
    let message = format!("metric() takes one or two arguments ({} given)", names.len());
    Err(Error::runtime(message).help("write `metric('name')` or `metric('package', 'name')`"))
}

/// Takes what [`metric_call`] read apart: the package, if any, and the name.
fn named(names: &[String]) -> (Option<&str>, &str) {
    match names {
        [package, name] => (Some(package), name),
        other => (None, other.first().map_or("", String::as_str)),
    }
}

/// Answers `metric()` while parsing: metrics are not known yet, only what was asked for.
pub(super) fn metric_reference(names: &[String]) -> Value {
    let (package, name) = named(names);
    object(MetricReference { package: package.map(str::to_owned), name: name.to_owned() })
}

/// A metric that a template asked for while it is parsed.
struct MetricReference {
    package: Option<String>,
    name: String,
}

impl Instance for MetricReference {
    fn type_name(&self) -> &'static str {
        "MetricReference"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "metric_name" => Some(Value::from(&*self.name)),
            "package_name" => Some(self.package.as_deref().map_or_else(none, Value::from)),
            _ => None,
        })
    }

    fn str(&self) -> String {
        self.name.clone()
    }

    fn truth(&self) -> bool {
        true
    }
}

impl NodeScope {
    /// Answers `metric(name)` or `metric(package, name)` for a node that is compiled or run.
    pub(super) fn answer_metric(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let names = metric_call(call)?;
        let (package, name) = named(&names);
        let run = self.run();
        let found = run.lookup.metric(self.package(), package, name);
        let metric = match &found {
            Found::One(id) => run.manifest.metrics.get(id),
            _ => None,
        };
        match metric {
            Some(metric) => {
                Ok(object(MetricObject { metric: Arc::clone(metric), manifest: Arc::clone(&run.manifest) }))
            }
            None => {
                let state =
                    if matches!(found, Found::Disabled(_)) { "is disabled" } else { "does not exist" };
                Err(Error::new(Code::UNKNOWN_REF, format!("metric `{name}` {state}"))
                    .help::<String>(suggest(name, run.lookup.metric_names())))
            }
        }
    }
}

/// A metric in a template.
struct MetricObject {
    metric: Arc<Metric>,
    manifest: Arc<Manifest>,
}

/// What a metric is computed from.
const METHODS: [&str; 4] = [
    "full_metric_dependency",
    "base_metric_dependency",
    "derived_metric_dependency",
    "derived_metric_dependency_depth",
];

impl MetricObject {
    fn parents<'m>(&'m self, metric: &'m Metric) -> impl Iterator<Item = &'m Arc<Metric>> {
        metric.entry.depends_on.nodes.iter().filter_map(|id| self.manifest.metrics.get(id))
    }

    /// Visits a metric and all it is made of; `depth` counts from 1.
    fn visit<'m>(&'m self, metric: &'m Metric, depth: i64, see: &mut dyn FnMut(&'m Metric, i64)) {
        see(metric, depth);
        for parent in self.parents(metric) {
            self.visit(parent, depth + 1, see);
        }
    }

    fn answer(&self, method: &str) -> Value {
        let mut names = BTreeSet::new();
        let mut depths = Vec::new();
        self.visit(&self.metric, 1, &mut |metric, depth| {
            let derived = is_derived(metric);
            let wanted = match method {
                "base_metric_dependency" => !derived,
                "derived_metric_dependency" => derived,
                _ => true,
            };
            if wanted {
                names.insert(&*metric.entry.name);
            }
            if derived {
                depths.push(dict([(&*metric.entry.name, Value::from(depth))]));
            }
        });
        if method == "derived_metric_dependency_depth" {
            return list(depths);
        }
        list(names.into_iter().map(Value::from).collect::<Vec<_>>())
    }
}

fn is_derived(metric: &Metric) -> bool {
    matches!(metric.metric_type, MetricType::Derived | MetricType::Ratio)
}

impl Instance for MetricObject {
    fn type_name(&self) -> &'static str {
        "ResolvedMetricReference"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "metric_name" => Some(Value::from(&*self.metric.entry.name)),
            "type" => Some(object(TypeObject(self.metric.metric_type))),
            _ => resource_json(&*self.metric).get(name).map(from_json),
        })
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| call.args.finish().map(|()| self.answer(name)))
    }

    fn str(&self) -> String {
        self.metric.entry.name.clone()
    }

    fn truth(&self) -> bool {
        true
    }
}

/// The type of a metric in a template: a member of Python's enumeration, which is equal to no text.
struct TypeObject(MetricType);

impl Instance for TypeObject {
    fn type_name(&self) -> &'static str {
        "MetricType"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "value" => Some(Value::from(self.0.as_str())),
            "name" => Some(Value::from(self.0.as_str().to_uppercase())),
            _ => None,
        })
    }

    fn str(&self) -> String {
        format!("MetricType.{}", self.0.as_str().to_uppercase())
    }

    fn repr(&self) -> String {
        format!("<{}: '{}'>", self.str(), self.0.as_str())
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| other.0 == self.0))
    }

    fn truth(&self) -> bool {
        true
    }
}
