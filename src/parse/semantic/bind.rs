//! What metrics, semantic models and saved queries are made of: measures found in semantic models, metrics in
//! metrics, models by `ref`. Called by `collect` when all nodes are known.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, suggest};
use crate::hash::HashMap;
use crate::manifest::{
    Disabled, Json, Manifest, Metric, MetricType, SavedQuery, SemanticEntry, SemanticModel, UniqueId,
};
use crate::parse::resolve::{Resolver, start};

type ByPackage = HashMap<String, Vec<(Arc<str>, UniqueId)>>;

/// Finds measures and metrics by name.
pub(in crate::parse) struct Binder {
    root: String,
    measures: ByPackage,
    metrics: ByPackage,
    /// Ids of what is switched off.
    disabled: Vec<UniqueId>,
}

impl Binder {
    /// Indexes a manifest.
    pub(in crate::parse) fn new(manifest: &Manifest, root: &str) -> Self {
        let mut binder = Self {
            root: root.to_owned(),
            measures: HashMap::default(),
            metrics: HashMap::default(),
            disabled: Vec::new(),
        };
        manifest.semantic_models.values().for_each(|model| binder.add_model(model));
        manifest
            .metrics
            .values()
            .for_each(|metric| add(&mut binder.metrics, &metric.entry.name, &metric.entry));
        for disabled in manifest.disabled.values().flatten() {
            match disabled {
                Disabled::SemanticModel(model) => {
                    binder.disabled.push(model.entry.unique_id.clone());
                    binder.add_model(model);
                }
                Disabled::Metric(metric) => {
                    binder.disabled.push(metric.entry.unique_id.clone());
                    add(&mut binder.metrics, &metric.entry.name, &metric.entry);
                }
                _ => {}
            }
        }
        binder
    }

    fn add_model(&mut self, model: &SemanticModel) {
        for measure in model.measure_names() {
            add(&mut self.measures, measure, &model.entry);
        }
    }

    /// Finds by dbt's order: the named package, or the root project, the asker's own, any.
    fn find<'a>(
        &self,
        index: &'a ByPackage,
        name: &str,
        (from, package): (&str, Option<&str>),
    ) -> Option<&'a UniqueId> {
        let all = index.get(name)?;
        let of = |wanted: &str| all.iter().find(|(package, _)| **package == *wanted).map(|(_, id)| id);
        match package {
            Some(package) => of(package),
            None => of(&self.root).or_else(|| of(from)).or_else(|| all.first().map(|(_, id)| id)),
        }
    }

    /// Resolves a `metric()` call of a node, an exposure or a saved query.
    pub(in crate::parse) fn metric_call(
        &self,
        who: &str,
        (from, span): (&str, crate::diag::Span),
        call: &[String],
    ) -> Result<UniqueId, Box<Diagnostic>> {
        let (package, name) = match call {
            [package, name] => (Some(package.as_str()), name.as_str()),
            other => (None, other.first().map_or("", String::as_str)),
        };
        let found = self.find(&self.metrics, name, (from, package));
        match found {
            Some(id) if !self.disabled.contains(id) => Ok(id.clone()),
            found => {
                let state = if found.is_some() { "is disabled" } else { "does not exist" };
                let message = format!("{who} depends on metric `{name}`, which {state}");
                let known = self.metrics.keys().map(String::as_str);
                Err(Box::new(
                    Diagnostic::error(Code::UNKNOWN_REF, start(span), message)
                        .help::<String>(suggest(name, known)),
                ))
            }
        }
    }

    /// Binds a semantic model to its model.
    pub(in crate::parse) fn semantic_model(
        manifest: &Manifest,
        model: &SemanticModel,
        resolver: &Resolver<'_>,
        problems: &mut Vec<Diagnostic>,
    ) -> SemanticModel {
        let mut bound = model.clone();
        bound.entry.depends_on.nodes = resolver.semantic_model(model, problems).nodes;
        let node = bound.entry.depends_on.nodes.first().and_then(|id| manifest.nodes.get(id));
        if let Some(node) = node {
            bound.node_relation = serde_json::json!({
                "alias": node.alias,
                "schema_name": node.schema,
                "database": node.database,
                "relation_name": node.relation_name,
            });
        }
        bound
    }

    /// Binds a saved query to its metrics.
    pub(in crate::parse) fn saved_query(
        &self,
        query: &SavedQuery,
        problems: &mut Vec<Diagnostic>,
    ) -> SavedQuery {
        let mut bound = query.clone();
        let who = format!("saved query `{}`", query.entry.name);
        for name in query.metrics() {
            let place = (&*query.entry.package_name, query.entry.span);
            match self.metric_call(&who, place, &[name.to_owned()]) {
                Ok(id) => push_new(&mut bound.entry.depends_on.nodes, id),
                Err(problem) => problems.push(*problem),
            }
        }
        bound
    }

    /// Binds all metrics: those made of measures first, then those made of metrics, as deep as they go.
    pub(in crate::parse) fn metrics(
        &self,
        metrics: Vec<Arc<Metric>>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<Metric> {
        let ids: Vec<UniqueId> = metrics.iter().map(|metric| metric.entry.unique_id.clone()).collect();
        let mut work = Work {
            binder: self,
            waiting: metrics.into_iter().map(|metric| (metric.entry.unique_id.clone(), metric)).collect(),
            bound: HashMap::default(),
            problems,
        };
        ids.iter().for_each(|id| work.bind(id));
        ids.iter().filter_map(|id| work.bound.remove(id)).collect()
    }
}

fn add(index: &mut ByPackage, name: &str, entry: &SemanticEntry) {
    let found = (Arc::clone(&entry.package_name), entry.unique_id.clone());
    index.entry(name.to_owned()).or_default().push(found);
}

fn push_new<T: PartialEq>(all: &mut Vec<T>, new: T) {
    if !all.contains(&new) {
        all.push(new);
    }
}

/// Metrics on their way.
struct Work<'a> {
    binder: &'a Binder,
    waiting: HashMap<UniqueId, Arc<Metric>>,
    bound: HashMap<UniqueId, Metric>,
    problems: &'a mut Vec<Diagnostic>,
}

impl Work<'_> {
    /// Binds a metric and all that it is made of. One that leads back to itself is wrong, and ends there.
    fn bind(&mut self, id: &UniqueId) {
        let Some(metric) = self.waiting.remove(id) else { return };
        let mut metric = Metric::clone(&metric);
        match metric.metric_type {
            MetricType::Simple | MetricType::Cumulative => {
                let measure = metric.type_params.get("measure").filter(|measure| !measure.is_null()).cloned();
                if measure.is_none() {
                    self.incomplete(&metric, "`measure`");
                }
                self.measures(&mut metric, measure);
            }
            MetricType::Conversion => {
                let params = metric.type_params.get("conversion_type_params");
                let of = |key: &str| params.and_then(|params| params.get(key)).cloned();
                let measures = [of("base_measure"), of("conversion_measure")];
                if measures.iter().any(Option::is_none) {
                    self.incomplete(&metric, "`conversion_type_params`");
                }
                self.measures(&mut metric, measures.into_iter().flatten());
            }
            MetricType::Ratio => {
                let of = |key: &str| metric.type_params.get(key).filter(|input| !input.is_null()).cloned();
                let inputs = [of("numerator"), of("denominator")];
                if inputs.iter().any(Option::is_none) {
                    self.incomplete(&metric, "`numerator` and `denominator`");
                }
                self.metrics(&mut metric, inputs.into_iter().flatten());
            }
            MetricType::Derived => {
                let inputs = metric.type_params.get("metrics").and_then(Json::as_array).cloned();
                self.metrics(&mut metric, inputs.into_iter().flatten());
            }
        }
        self.bound.insert(id.clone(), metric);
    }

    fn incomplete(&mut self, metric: &Metric, what: &str) {
        let (kind, name) = (metric.metric_type.as_str(), &metric.entry.name);
        let message = format!("{kind} metric `{name}` needs {what} under `type_params`");
        self.problems.push(Diagnostic::error(Code::MISSING_KEY, start(metric.entry.span), message));
    }

    fn measures(&mut self, metric: &mut Metric, measures: impl IntoIterator<Item = Json>) {
        let mut inputs = Vec::new();
        for measure in measures {
            let name = measure.get("name").and_then(Json::as_str).unwrap_or_default();
            let binder = self.binder;
            let found = binder.find(&binder.measures, name, (&metric.entry.package_name, None));
            match found {
                Some(id) if !binder.disabled.contains(id) => {
                    push_new(&mut metric.entry.depends_on.nodes, id.clone());
                }
                found => {
                    // dbt's words where it has some.
                    let message = match found {
                        Some(id) => {
                            let model = id.as_str().rsplit('.').next().unwrap_or_default();
                            format!(
                                "The measure `{name}` is referenced on disabled semantic model `{model}`."
                            )
                        }
                        None => {
                            let metric = &metric.entry.name;
                            format!("metric `{metric}` is made of the measure `{name}`, which does not exist")
                        }
                    };
                    self.problems.push(
                        Diagnostic::error(Code::UNKNOWN_REF, start(metric.entry.span), message)
                            .help::<String>(suggest(name, binder.measures.keys().map(String::as_str))),
                    );
                }
            }
            push_new(&mut inputs, measure);
        }
        metric.type_params.insert("input_measures".to_owned(), Json::Array(inputs));
    }

    fn metrics(&mut self, metric: &mut Metric, parts: impl IntoIterator<Item = Json>) {
        let mut inputs = Vec::new();
        let who = format!("metric `{}`", metric.entry.name);
        for part in parts {
            let name = part.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
            let place = (&*metric.entry.package_name, metric.entry.span);
            match self.binder.metric_call(&who, place, std::slice::from_ref(&name)) {
                Ok(id) if !self.waiting.contains_key(&id) && !self.bound.contains_key(&id) => {
                    let message = format!("{who} is made of `{name}`, which is made of it");
                    self.problems.push(Diagnostic::error(Code::CYCLE, start(metric.entry.span), message));
                }
                Ok(id) => {
                    self.bind(&id);
                    let measures =
                        self.bound.get(&id).and_then(|part| part.type_params.get("input_measures"));
                    for measure in measures.and_then(Json::as_array).into_iter().flatten() {
                        push_new(&mut inputs, measure.clone());
                    }
                    push_new(&mut metric.entry.depends_on.nodes, id);
                }
                Err(problem) => self.problems.push(*problem),
            }
        }
        metric.type_params.insert("input_measures".to_owned(), Json::Array(inputs));
    }
}
