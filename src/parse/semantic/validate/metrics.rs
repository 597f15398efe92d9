//! What metrics of each type are made of.

use std::collections::BTreeSet;

use crate::hash::{HashMap, IndexMap};

use super::{Found, Layer, given, is, items, list, name_of, names, text};
use crate::manifest::{Json, Metric, MetricType, SemanticModel};
use crate::parse::semantic::fields::GRAINS;

const NO_CUSTOM_GRAIN: &str = "Custom granularities are not supported for this field yet.";

fn param<'a>(metric: &'a Metric, key: &str) -> Option<&'a Json> {
    metric.type_params.get(key).filter(|value| !value.is_null())
}

fn inputs<'a>(metric: &'a Metric, key: &str) -> &'a [Json] {
    param(metric, key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Derived metrics have metrics that they are made of, and name them in their expression. Offsets of such metrics are
/// checked wherever they are given.
pub(super) fn derived(layer: &Layer<'_>, found: &mut Found) {
    let is_derived = |metric: &Metric| metric.metric_type == MetricType::Derived;
    for metric in layer.metrics.iter().filter(|metric| is_derived(metric)) {
        if inputs(metric, "metrics").is_empty() {
            let message = format!(
                "No input metrics found for derived metric '{}'. Please add metrics to type_params.metrics.",
                metric.entry.name
            );
            found.error(&metric.entry, message);
        }
    }
    for metric in &layer.metrics {
        if is_derived(metric) {
            aliases_of_inputs(metric, found);
        }
        inputs(metric, "metrics").iter().for_each(|input| offset(layer, metric, input, found));
        if is_derived(metric) {
            expression(metric, found);
        }
    }
}

fn aliases_of_inputs(metric: &Metric, found: &mut Found) {
    let inputs = inputs(metric, "metrics");
    for input in inputs {
        let Some(alias) = text(input, "alias").filter(|alias| !alias.is_empty()) else { continue };
        names::spelling(alias, metric.entry.span, found);
        if inputs.iter().any(|other| name_of(other) == alias) {
            let message = format!(
                "Alias '{alias}' for input metric: '{}' is already being used. Please choose another alias.",
                name_of(input)
            );
            found.error(&metric.entry, message);
        }
    }
}

fn offset(layer: &Layer<'_>, metric: &Metric, input: &Json, found: &mut Found) {
    let (window, grain) = (given(input, "offset_window"), text(input, "offset_to_grain"));
    if let Some(window) = window {
        time_window(layer, metric, (window, true), found);
    }
    if let Some(grain) = grain.map(str::to_lowercase).filter(|grain| !GRAINS.contains(&grain.as_str())) {
        let message =
            format!("Invalid time granularity found in `offset_to_grain`: '{grain}'. {NO_CUSTOM_GRAIN}");
        found.error(&metric.entry, message);
    }
    if window.is_some() && grain.is_some() {
        let message = format!(
            "Both offset_window and offset_to_grain set for derived metric '{}' on input metric '{}'. Please set one or \
             the other.",
            metric.entry.name,
            name_of(input)
        );
        found.error(&metric.entry, message);
    }
}

fn expression(metric: &Metric, found: &mut Found) {
    let of = &metric.entry.name;
    let Some(expr) = param(metric, "expr").and_then(Json::as_str).filter(|expr| !expr.is_empty()) else {
        let message = format!(
            "No `expr` set for derived metric {of}. Please add an `expr` that references all input metrics."
        );
        found.warning(&metric.entry, message);
        return;
    };
    for input in inputs(metric, "metrics") {
        let name = text(input, "alias").filter(|alias| !alias.is_empty()).unwrap_or_else(|| name_of(input));
        if !expr.contains(name) {
            let message = format!(
                "Input metric '{name}' is not used in `expr`: '{expr}' for derived metric '{of}'. Please update the \
                 `expr` or remove the input metric."
            );
            found.warning(&metric.entry, message);
        }
    }
}

/// Measures that metrics take under other names do not collide, with each other or with measures.
pub(super) fn aliases(layer: &Layer<'_>, found: &mut Found) {
    let measures: BTreeSet<&str> = layer.measure_names().collect();
    let mut users: HashMap<&str, Vec<&str>> = HashMap::default();
    for metric in &layer.metrics {
        without_alias(metric, found);
        for input in inputs(metric, "input_measures") {
            let Some(alias) = text(input, "alias") else { continue };
            let name = name_of(input);
            names::spelling(alias, metric.entry.span, found);
            if measures.contains(alias) {
                let message = format!(
                    "Alias `{alias}` for measure `{name}` conflicts with measure names defined elsewhere in the model! \
                     This can cause ambiguity for certain types of query. Please choose another alias."
                );
                found.error(&metric.entry, message);
            }
            let others = users.entry(alias).or_default();
            if !others.is_empty() {
                let others = list(others.iter().copied());
                let message = format!(
                    "Measure alias {alias} conflicts with a measure alias used elsewhere in the model! This can cause \
                     ambiguity for certain types of query. Please choose another alias, or, if the measures are \
                     constrained in the same way, consider centralizing that definition in a new semantic model. Measure \
                     specification: {name}. Existing metrics with that measure alias used: {others}"
                );
                found.error(&metric.entry, message);
            }
            others.push(&metric.entry.name);
        }
    }
}

/// A measure that is taken more than once, each time in another way, has an alias where it is filtered.
fn without_alias(metric: &Metric, found: &mut Found) {
    let mut by_name: IndexMap<&str, Vec<&Json>> = IndexMap::default();
    for input in inputs(metric, "input_measures") {
        by_name.entry(name_of(input)).or_default().push(input);
    }
    for (name, ways) in by_name.into_iter().filter(|(_, ways)| ways.len() > 1) {
        let filtered = |way: &&Json| given(way, "filter").is_some() && text(way, "alias").is_none();
        let filters: Vec<String> = ways.into_iter().filter(filtered).map(filter_text).collect();
        if !filters.is_empty() {
            let (of, filters) = (&metric.entry.name, filters.join("; "));
            let message = format!(
                "PydanticMetric {of} depends on multiple different constrained versions of measure {name}. In such cases, \
                 aliases must be provided, but the following input measures have constraints specified without an alias: \
                 {name} where {filters}"
            );
            found.error(&metric.entry, message);
        }
    }
}

fn filter_text(input: &Json) -> String {
    let filters = input.get("filter").map_or(&[][..], |filter| items(filter, "where_filters"));
    let texts: Vec<&str> = filters.iter().filter_map(|filter| text(filter, "where_sql_template")).collect();
    texts.join(" and ")
}

/// Cumulative metrics go over a window or start again with each grain.
pub(super) fn cumulative(layer: &Layer<'_>, metric: &Metric, found: &mut Found) {
    if metric.metric_type != MetricType::Cumulative {
        return;
    }
    let inner = param(metric, "cumulative_type_params");
    let inner = |key: &str| inner.and_then(|inner| given(inner, key));
    let (old, window) = (param(metric, "window"), inner("window"));
    if let (Some(old), Some(window)) = (old, window)
        && old != window
    {
        let message = format!(
            "Got differing values for `window` on cumulative metric '{}'. In `type_params.window`, got '{}'. In \
             `type_params.cumulative_type_params.window`, got '{}'. Please remove the value from `type_params.window`.",
            metric.entry.name,
            shown(old),
            shown(window)
        );
        found.error(&metric.entry, message);
    }
    let grain = inner("grain_to_date").or_else(|| param(metric, "grain_to_date")).and_then(Json::as_str);
    if let Some(grain) = grain.map(str::to_lowercase).filter(|grain| !GRAINS.contains(&grain.as_str())) {
        let message =
            format!("Invalid time granularity found in `grain_to_date`: '{grain}'. {NO_CUSTOM_GRAIN}");
        found.error(&metric.entry, message);
    }
    let Some(window) = window.or(old) else { return };
    if grain.is_some() {
        let message = "Both window and grain_to_date set for cumulative metric. Please set one or the other.";
        found.error(&metric.entry, message.to_owned());
    }
    time_window(layer, metric, (window, false), found);
}

fn shown(window: &Json) -> String {
    let count = window.get("count").map(Json::to_string).unwrap_or_default();
    format!("{count} {}", text(window, "granularity").unwrap_or_default())
}

/// Checks the grain of a window; one of the project only where `custom` are allowed.
fn time_window(layer: &Layer<'_>, metric: &Metric, (window, custom): (&Json, bool), found: &mut Found) {
    let given = text(window, "granularity").unwrap_or_default();
    let grain = given.strip_suffix('s').filter(|grain| layer.knows_grain(grain)).unwrap_or(given);
    let message = format!("Invalid time granularity '{grain}' in window: '{}'", shown(window));
    if !layer.knows_grain(grain) {
        found.error(&metric.entry, message);
    } else if !custom && !GRAINS.contains(&grain) {
        found.error(&metric.entry, format!("{message} {NO_CUSTOM_GRAIN}"));
    }
}

/// Conversion metrics count events of two semantic models that share an entity.
pub(super) fn conversion(layer: &Layer<'_>, metric: &Metric, found: &mut Found) {
    let Some(params) = param(metric, "conversion_type_params") else { return };
    if metric.metric_type != MetricType::Conversion {
        return;
    }
    let home = |key: &str| -> Option<(&Json, &SemanticModel, &Json)> {
        let input = params.get(key)?;
        let measure = |model: &'_ &SemanticModel| model.measure_names().any(|name| name == name_of(input));
        let model = layer.models.iter().copied().find(|model| measure(model))?;
        let measure = model.measures.iter().find(|measure| name_of(measure) == name_of(input))?;
        Some((input, model, measure))
    };
    // Measures that are not there are told of where metrics are bound.
    let (Some(base), Some(conversion)) = (home("base_measure"), home("conversion_measure")) else { return };
    let entity = text(params, "entity").unwrap_or_default();
    for ((_, model, _), what) in [(base, "base"), (conversion, "conversion")] {
        if !model.entities.iter().any(|one| name_of(one) == entity) {
            let message =
                format!("Entity: {entity} not found in {what} semantic model: {}.", model.entry.name);
            found.error(&metric.entry, message);
        }
    }
    for (_, _, measure) in [base, conversion] {
        counted(metric, measure, found);
    }
    if given(conversion.0, "filter").is_some() {
        let message = format!(
            "Measure input {} has a filter. For conversion metrics, filtering on a conversion input measure is not fully \
             supported yet.",
            name_of(conversion.2)
        );
        found.warning(&metric.entry, message);
    }
    if let Some(window) = given(params, "window") {
        time_window(layer, metric, (window, false), found);
    }
    for (model, key) in [(base.1, "base_property"), (conversion.1, "conversion_property")] {
        let parts = || model.entities.iter().chain(&model.dimensions);
        let properties = items(params, "constant_properties").iter().filter_map(|one| text(one, key));
        for property in properties.filter(|property| parts().all(|part| name_of(part) != *property)) {
            let message = format!(
                "The provided constant property: {property}, cannot be found in semantic model {}",
                model.entry.name
            );
            found.error(&metric.entry, message);
        }
    }
}

/// Conversions are counted, not added up.
fn counted(metric: &Metric, measure: &Json, found: &mut Found) {
    let ones = is(measure, "agg", "sum") && is(measure, "expr", "1");
    if !ones && !is(measure, "agg", "count") && !is(measure, "agg", "count_distinct") {
        let message = format!(
            "For conversion metrics, the measure must be COUNT/SUM(1)/COUNT_DISTINCT. Measure: {} is agg type: {}",
            name_of(measure),
            text(measure, "agg").unwrap_or_default()
        );
        found.error(&metric.entry, message);
    }
}
