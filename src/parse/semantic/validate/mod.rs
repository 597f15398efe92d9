//! What holds among all semantic models, metrics and saved queries together: names that queries can tell apart, one
//! primary entity, times to aggregate by, filters that can be read. dbt refuses a project otherwise; its words are kept
//! here, in its order. Called by `checks`, when everything is bound.
//!
//! A file has the rules of one kind of thing; `query_item` reads what filters and saved queries ask for.

mod additive;
mod elements;
mod filters;
mod labels;
mod measures;
mod metrics;
mod models;
mod names;
mod query_item;
mod saved_queries;
mod spines;
mod validity;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::time_spine;
use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{Json, Manifest, Metric, SemanticEntry, SemanticModel};
use crate::parse::resolve::start;

/// The event as which dbt tells each of these errors.
const EVENT: &str = "SemanticValidationFailure";

/// Checks the semantic layer, if there are metrics and semantic models. With errors the last one only says so: the
/// others are events of their own in dbt.
///
/// `is_on` tells which changes of behaviour the project asks for: without them old spellings are warned of.
pub(in crate::parse) fn check(
    manifest: &Manifest,
    is_on: &dyn Fn(&str) -> bool,
    problems: &mut Vec<Diagnostic>,
) {
    if manifest.semantic_models.is_empty() || manifest.metrics.is_empty() {
        return;
    }
    let layer = Layer {
        manifest,
        models: manifest.semantic_models.values().map(|model| &**model).collect(),
        metrics: manifest.metrics.values().map(|metric| &**metric).collect(),
        custom_grains: spines::custom_grains(manifest),
    };
    let mut found = Found::default();
    layer.check(&mut found);
    problems.extend(windows(manifest, is_on("require_nested_cumulative_type_params"), &mut found));
    if !is_on("require_yaml_configuration_for_mf_time_spines") {
        problems.extend(time_spine::unnamed(manifest));
    }
    problems.extend(found.warnings);
    if !found.errors.is_empty() {
        problems.extend(found.errors);
        problems.push(Diagnostic::error(
            Code::INVALID_RESOURCE,
            None,
            "Semantic Manifest validation failed.",
        ));
    }
}

/// What the rules are about.
struct Layer<'a> {
    manifest: &'a Manifest,
    models: Vec<&'a SemanticModel>,
    metrics: Vec<&'a Metric>,
    /// Names of grains that the project defines beside those of the calendar.
    custom_grains: Vec<&'a str>,
}

impl Layer<'_> {
    /// Applies all rules, in dbt's order.
    fn check(&self, found: &mut Found) {
        let models = &self.models;
        models.iter().for_each(|model| measures::percentiles(model, found));
        metrics::derived(self, found);
        models.iter().for_each(|model| measures::counts(model, found));
        measures::belong_to_one_model(self, found);
        models.iter().for_each(|model| validity::window(model, found));
        elements::dimensions_agree(self, found);
        elements::names_mean_one_thing(self, found);
        models.iter().for_each(|model| validity::natural_entities(model, found));
        metrics::aliases(self, found);
        self.metrics.iter().for_each(|metric| metrics::cumulative(self, metric, found));
        names::check(self, found);
        models.iter().for_each(|model| measures::times(model, found));
        models.iter().for_each(|model| elements::reserved_words(model, found));
        additive::check(self, found);
        models.iter().for_each(|model| models::default_time(model, found));
        models.iter().for_each(|model| models::primary_entity(model, found));
        models::primary_entity_pairs(self, found);
        filters::check(self, found);
        self.manifest.saved_queries.values().for_each(|query| saved_queries::check(self, query, found));
        labels::check(self, found);
        self.metrics.iter().for_each(|metric| metrics::conversion(self, metric, found));
        spines::check(self, found);
    }

    /// Tells whether a grain is one of the calendar or of the project.
    fn knows_grain(&self, grain: &str) -> bool {
        super::fields::GRAINS.contains(&grain) || self.custom_grains.contains(&grain)
    }

    /// Returns the names of all measures.
    fn measure_names(&self) -> impl Iterator<Item = &str> {
        self.models.iter().flat_map(|model| model.measure_names())
    }
}

/// What is wrong so far.
#[derive(Default)]
struct Found {
    warnings: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
}

impl Found {
    fn error(&mut self, entry: &SemanticEntry, message: String) {
        self.error_at(entry.span, message);
    }

    fn error_at(&mut self, span: Span, message: String) {
        let error = Diagnostic::error(Code::INVALID_RESOURCE, start(span), message.clone());
        self.errors.push(error.known_as(EVENT).fact("msg", message));
    }

    fn warning(&mut self, entry: &SemanticEntry, message: String) {
        let warning = Diagnostic::warning(Code::INVALID_RESOURCE, start(entry.span), message.clone());
        self.warnings.push(warning.known_as(EVENT).fact("msg", message));
    }
}

/// Windows of cumulative metrics have a place of their own; where they stood before is warned of, or `refused`.
fn windows(manifest: &Manifest, refused: bool, found: &mut Found) -> Option<Diagnostic> {
    let is_set = |metric: &Metric, key: &str| metric.type_params.get(key).is_some_and(|v| !v.is_null());
    let old = |metric: &&Arc<Metric>| is_set(metric, "window") || is_set(metric, "grain_to_date");
    let old: Vec<_> = manifest.metrics.values().filter(old).collect();
    let first = &old.first()?.entry;
    let names: Vec<&str> = old.iter().map(|metric| metric.entry.name.as_str()).collect();
    let names = names.join(", ");
    if refused {
        let fields = "`type_params.window` and `type_params.grain_to_date` should be nested under \
                      `type_params.cumulative_type_params.window` and `type_params.cumulative_type_params.grain_to_date`";
        found.error(first, format!("Cumulative fields {fields}. Invalid metrics: {names}."));
        return None;
    }
    let message =
        format!("`window` and `grain_to_date` belong under `cumulative_type_params`, in metrics {names}");
    let warning = Diagnostic::warning(Code::DEPRECATED, start(first.span), message);
    Some(warning.known_as("MFCumulativeTypeParamsDeprecation"))
}

/// Measures, entities and dimensions, each with its kind, in this order.
fn parts(model: &SemanticModel) -> impl Iterator<Item = (&'static str, &str)> {
    let measures = model.measures.iter().map(|one| ("measure", one));
    let entities = model.entities.iter().map(|one| ("entity", one));
    let dimensions = model.dimensions.iter().map(|one| ("dimension", one));
    measures.chain(entities).chain(dimensions).map(|(kind, one)| (kind, name_of(one)))
}

fn name_of(part: &Json) -> &str {
    text(part, "name").unwrap_or_default()
}

fn text<'a>(part: &'a Json, key: &str) -> Option<&'a str> {
    part.get(key).and_then(Json::as_str)
}

fn flag(part: &Json, key: &str) -> bool {
    part.get(key).and_then(Json::as_bool).unwrap_or(false)
}

/// Returns what is under a key, unless it is null or not there.
fn given<'a>(part: &'a Json, key: &str) -> Option<&'a Json> {
    part.get(key).filter(|value| !value.is_null())
}

fn items<'a>(part: &'a Json, key: &str) -> &'a [Json] {
    part.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn texts<'a>(part: &'a Json, key: &str) -> impl Iterator<Item = &'a str> {
    items(part, key).iter().filter_map(Json::as_str)
}

fn is(part: &Json, key: &str, wanted: &str) -> bool {
    text(part, key) == Some(wanted)
}

fn has_time_dimension(model: &SemanticModel, name: &str) -> bool {
    model.dimensions.iter().any(|one| is(one, "type", "time") && name_of(one) == name)
}

/// Returns the dimension that rows of a measure are dated by, its own or that of its semantic model.
fn time_of<'a>(model: &'a SemanticModel, measure: &'a Json) -> Option<&'a str> {
    text(measure, "agg_time_dimension").or_else(|| text(&model.defaults, "agg_time_dimension"))
}

fn grain_of(dimension: &Json) -> Option<&str> {
    dimension.pointer("/type_params/time_granularity").and_then(Json::as_str)
}

/// Shows names as Python shows a list of them.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    format!("[{}]", quoted(names))
}

/// Shows names as Python shows a set of them, but in order.
fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    format!("{{{}}}", quoted(names.into_iter().collect::<BTreeSet<_>>()))
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("'{name}'")).collect();
    quoted.join(", ")
}
