//! Entries of `metrics:`, `semantic_models:` and `saved_queries:` → resources, not bound to anything yet.

use std::sync::Arc;

use camino::Utf8Path;

use super::export::export;
use super::fields::{METRIC, SAVED_QUERY, SEMANTIC_MODEL};
use super::shape;
use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{
    Config, DependsOn, Json, JsonMap, Metric, MetricType, SavedQuery, SemanticEntry, SemanticModel, UniqueId,
};
use crate::parse::config::{self, Layer, Layers};
use crate::parse::discover::fqn_prefix;
use crate::parse::names::Names;
use crate::parse::properties::{RawEntry, Section, config_layer};
use crate::parse::static_ref::{self, Reference};
use crate::parse::trees::Trees;
use crate::yaml::{Entry, Map, Value, Yaml};

/// What reading an entry needs besides the entry.
pub(in crate::parse) struct Reading<'a> {
    pub(in crate::parse) trees: &'a Trees<'a>,
    pub(in crate::parse) names: &'a Names,
    pub(in crate::parse) created_at: f64,
}

impl Reading<'_> {
    /// Makes what all kinds have in common. `shaped` gives up what belongs there.
    fn entry(
        &self,
        raw: &RawEntry,
        shaped: &mut JsonMap,
        own: &Layer,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<SemanticEntry> {
        let name = text(shaped, "name")?;
        let (file, resource) = (&raw.file, raw.section.resource());
        let mut fqn = fqn_prefix(&file.package, Utf8Path::new(&file.path));
        fqn.push(name.clone());
        let tree = self.trees.layers(resource, &file.package, &fqn);
        let calls = Layer::default();
        let layers = Layers { own: &tree.own, properties: Some(own), calls: &calls, root: &tree.root };
        let resolved = config::resolve(resource, layers, problems);
        let written = self.trees.raw_layers(resource, &file.package, &fqn);
        let unrendered = Layers { own: &written.own, root: &written.root, ..layers };
        let config = Config::new(Arc::clone(&resolved.said.values));
        Some(SemanticEntry {
            unique_id: UniqueId::new(resource, &file.package, &name),
            name,
            package_name: Arc::clone(&file.package),
            path: file.path.clone(),
            original_file_path: file.original_path.clone(),
            fqn,
            description: text(shaped, "description"),
            label: text(shaped, "label"),
            group: config.text("group").map(str::to_owned),
            config,
            unrendered_config: config::unrendered(unrendered, false),
            depends_on: DependsOn::default(),
            created_at: self.created_at,
            file: file.file,
            span: raw.rendered.span,
        })
    }
}

/// Takes a text out of a shaped entry.
fn text(shaped: &mut JsonMap, key: &str) -> Option<String> {
    match shaped.shift_remove(key) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

/// Takes a text or texts out of a shaped entry.
fn texts(shaped: &mut JsonMap, key: &str) -> Vec<String> {
    config::texts(shaped.shift_remove(key).as_ref())
}

fn items(shaped: &mut JsonMap, key: &str) -> Vec<Json> {
    match shaped.shift_remove(key) {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// Brings an entry into shape. Nothing, and a problem, when something is wrong with it.
fn shaped(raw: &RawEntry, fields: &[shape::Field], problems: &mut Vec<Diagnostic>) -> Option<JsonMap> {
    let given = raw.rendered.as_map()?;
    let name = given.get("name").and_then(Yaml::as_str).unwrap_or_default();
    let what = format!("{} `{name}`", raw.section.resource());
    let before = problems.len();
    let shaped = shape::object(given, raw.rendered.span, fields, &what, problems);
    problems[before..].iter().all(|problem| !problem.is_error()).then_some(shaped)
}

/// Reads an entry of `metrics:`.
pub(in crate::parse) fn metric(
    raw: &RawEntry,
    reading: &Reading<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Metric> {
    let mut shaped = shaped(raw, METRIC, problems)?;
    let own = config_layer(raw.rendered.get("config"), problems);
    let entry = reading.entry(raw, &mut shaped, &own, problems)?;
    check_name(&entry, raw, problems);
    made_metric(entry, shaped)
}

fn made_metric(entry: SemanticEntry, mut shaped: JsonMap) -> Option<Metric> {
    let metric_type = text(&mut shaped, "type")?;
    let (_, metric_type) = *MetricType::ALL.iter().find(|(word, _)| *word == metric_type)?;
    let given = shaped.shift_remove("meta").and_then(|meta| meta.as_object().cloned());
    let configured = entry.config.mapping("meta");
    Some(Metric {
        metric_type,
        type_params: type_params(shaped.shift_remove("type_params")?.as_object()?, metric_type),
        filter: shaped.shift_remove("filter").unwrap_or_default(),
        time_granularity: text(&mut shaped, "time_granularity"),
        meta: if configured.is_empty() { given.unwrap_or_default() } else { configured },
        tags: texts(&mut shaped, "tags"),
        entry,
    })
}

/// Puts the measures a metric is made of behind its own, none so far, and what accumulates it where dbt has it: old
/// projects give that beside `cumulative_type_params`.
fn type_params(shaped: &JsonMap, metric_type: MetricType) -> JsonMap {
    let mut params = JsonMap::new();
    for (key, value) in shaped {
        params.insert(key.clone(), value.clone());
        if key == "measure" {
            params.insert("input_measures".to_owned(), Json::Array(Vec::new()));
        }
    }
    if metric_type != MetricType::Cumulative {
        params.insert("cumulative_type_params".to_owned(), Json::Null);
        return params;
    }
    let Some(cumulative) = params.get("cumulative_type_params") else { return params };
    let mut cumulative = cumulative.as_object().cloned().unwrap_or_else(|| {
        let unset = ["window", "grain_to_date", "period_agg", "metric"];
        let mut all: JsonMap = unset.into_iter().map(|key| (key.to_owned(), Json::Null)).collect();
        all.insert("period_agg".to_owned(), Json::from("first"));
        all
    });
    for key in ["window", "grain_to_date"] {
        if let Some(Json::Null) = cumulative.get(key) {
            cumulative.insert(key.to_owned(), params.get(key).cloned().unwrap_or_default());
        }
    }
    params.insert("cumulative_type_params".to_owned(), Json::Object(cumulative));
    params
}

fn check_name(entry: &SemanticEntry, raw: &RawEntry, problems: &mut Vec<Diagnostic>) {
    let name = &entry.name;
    // dbt's words for each rule.
    let rules = [
        (name.chars().count() <= 250, "cannot contain more than 250 characters"),
        (name.starts_with(|c: char| c.is_ascii_alphabetic()), "must begin with a letter"),
        (
            name.chars().all(|c| c.is_alphanumeric() || c == '_'),
            "must contain only letters, numbers and underscores",
        ),
        (!name.contains(' '), "cannot contain spaces"),
    ];
    let broken: Vec<&str> = rules.iter().filter(|(kept, _)| !kept).map(|(_, rule)| *rule).collect();
    if !broken.is_empty() {
        let place = raw.rendered.get("name").map_or(entry.span, |name| name.span);
        let message = format!("The metric name '{name}' is invalid. It {}", broken.join(", "));
        problems.push(Diagnostic::error(Code::INVALID_RESOURCE, place, message));
    }
}

/// Reads an entry of `semantic_models:`, and the metrics that its measures ask for.
pub(in crate::parse) fn semantic_model(
    raw: &RawEntry,
    reading: &Reading<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<(SemanticModel, Vec<Metric>)> {
    let mut shaped = shaped(raw, SEMANTIC_MODEL, problems)?;
    let own = config_layer(raw.rendered.get("config"), problems);
    let entry = reading.entry(raw, &mut shaped, &own, problems)?;
    let model = text(&mut shaped, "model")?;
    let place = raw.rendered.get("model").map_or(entry.span, |model| model.span);
    let refs = match static_ref::parse(&model, place) {
        Ok(Reference::Ref(call)) => vec![call],
        Ok(_) | Err(_) => {
            let message = format!("`model` of semantic model `{}` is no `ref`", entry.name);
            problems.push(
                Diagnostic::error(Code::INVALID_RESOURCE, place, message)
                    .help("write `model: ref('orders')`"),
            );
            Vec::new()
        }
    };
    let mut parts = ["entities", "measures", "dimensions"].map(|key| items(&mut shaped, key));
    let meta = entry.config.mapping("meta");
    parts.iter_mut().flatten().for_each(|part| inherit_meta(part, &meta));
    let [entities, mut measures, dimensions] = parts;
    let mut metrics = Vec::new();
    for measure in &mut measures {
        let asked = measure.get("create_metric").and_then(Json::as_bool).unwrap_or(false);
        // dbt shows `false` for all, since it makes the metrics here.
        measure["create_metric"] = Json::Bool(false);
        if asked {
            metrics.extend(metric_of(measure, &entry, (raw, reading), problems));
        }
    }
    let model = SemanticModel {
        model,
        node_relation: Json::Null,
        defaults: shaped.shift_remove("defaults").unwrap_or_default(),
        entities,
        measures,
        dimensions,
        refs,
        primary_entity: text(&mut shaped, "primary_entity"),
        entry,
    };
    Some((model, metrics))
}

/// The `meta` of a semantic model goes for its parts too; their own keys win.
fn inherit_meta(part: &mut Json, meta: &JsonMap) {
    let own = part.pointer("/config/meta").and_then(Json::as_object).cloned().unwrap_or_default();
    let mut all = meta.clone();
    all.extend(own);
    part["config"] = serde_json::json!({ "meta": all });
}

fn mapping(span: Span, pairs: Vec<(&str, Yaml)>) -> Yaml {
    let entries = pairs
        .into_iter()
        .map(|(key, value)| Entry { key: Arc::from(key), key_span: span, typed_key: None, value })
        .collect();
    Yaml::new(span, Value::Map(Map::new(entries)))
}

/// Makes the simple metric that `create_metric: true` of a measure asks for.
fn metric_of(
    measure: &Json,
    model: &SemanticEntry,
    (raw, reading): (&RawEntry, &Reading<'_>),
    problems: &mut Vec<Diagnostic>,
) -> Option<Metric> {
    let name = measure.get("name")?.as_str()?;
    let or_name = |key: &str| measure.get(key).and_then(Json::as_str).unwrap_or(name);
    let described = measure.get("description").and_then(Json::as_str);
    let description = described.map_or_else(|| format!("Metric created from measure {name}"), str::to_owned);
    let mut own = Layer::default();
    own.set("enabled", Json::Bool(model.config.enabled()), None);
    own.set("meta", Json::Object(model.config.mapping("meta")), None);
    let text = |text: &str| Yaml::text(model.span, text);
    let type_params = mapping(model.span, vec![("measure", text(name)), ("expr", text(or_name("expr")))]);
    let given = mapping(
        model.span,
        vec![
            ("name", text(name)),
            ("description", text(&description)),
            ("label", text(or_name("label"))),
            ("type", text("simple")),
            ("type_params", type_params),
        ],
    );
    let file = Arc::clone(&raw.file);
    let raw = RawEntry { section: Section::Metrics, file, rendered: given, as_written: None };
    let mut shaped = shaped(&raw, METRIC, problems)?;
    let entry = reading.entry(&raw, &mut shaped, &own, problems)?;
    made_metric(entry, shaped)
}

/// Reads an entry of `saved_queries:`.
pub(in crate::parse) fn saved_query(
    raw: &RawEntry,
    reading: &Reading<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<SavedQuery> {
    let mut shaped = shaped(raw, SAVED_QUERY, problems)?;
    let own = config_layer(raw.rendered.get("config"), problems);
    let entry = reading.entry(raw, &mut shaped, &own, problems)?;
    let mut tags = texts(&mut shaped, "tags");
    tags.extend(config::texts(entry.config.get("tags")));
    tags.sort_unstable();
    tags.dedup();
    let mut exports = Vec::new();
    for given in items(&mut shaped, "exports") {
        match export(&given, &entry, reading.names) {
            Ok(export) => exports.push(export),
            Err(problem) => problems.push(*problem),
        }
    }
    let query_params = shaped.shift_remove("query_params").unwrap_or_default();
    Some(SavedQuery { entry, query_params, exports, tags })
}
