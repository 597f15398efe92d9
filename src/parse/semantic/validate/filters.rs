//! Filters of metrics and saved queries: templates that name dimensions, entities and metrics.

use super::query_item::{self, Place};
use super::{Found, Layer, given, items, list, name_of, text};
use crate::manifest::{Json, Metric, SemanticEntry};
use crate::parse::semantic::fields::GRAINS;

/// Checks that all filters can be read, and warns of grains that there are not.
pub(super) fn check(layer: &Layer<'_>, found: &mut Found) {
    for metric in &layer.metrics {
        of_metric(layer, metric, found);
    }
    for query in layer.manifest.saved_queries.values() {
        let entry = &query.entry;
        let doing = format!("a filter in saved query `{}`", entry.name);
        for filter in given(&query.query_params, "where").map_or(&[][..], templates) {
            one(layer, (entry, "saved query"), (std::slice::from_ref(filter), &doing), found);
        }
    }
}

fn of_metric(layer: &Layer<'_>, metric: &Metric, found: &mut Found) {
    let (entry, name) = (&metric.entry, &metric.entry.name);
    let mut check = |holder: &Json, doing: String| {
        if let Some(filter) = given(holder, "filter") {
            one(layer, (entry, "metric"), (templates(filter), &doing), found);
        }
    };
    if !metric.filter.is_null() {
        let holder = serde_json::json!({ "filter": metric.filter });
        check(&holder, format!("filter of metric `{name}`"));
    }
    let param = |key: &str| metric.type_params.get(key).filter(|value| !value.is_null());
    if let Some(measure) = param("measure") {
        check(measure, format!("filter of measure input `{}` on metric `{name}`", name_of(measure)));
    }
    for key in ["numerator", "denominator"] {
        if let Some(input) = param(key) {
            check(input, format!("the {key} filter on metric `{name}`"));
        }
    }
    for input in param("metrics").and_then(Json::as_array).into_iter().flatten() {
        check(input, format!("filter for input metric `{}` on metric `{name}`", name_of(input)));
    }
}

fn templates(filter: &Json) -> &[Json] {
    items(filter, "where_filters")
}

fn one(
    layer: &Layer<'_>,
    (entry, kind): (&SemanticEntry, &str),
    (filters, doing): (&[Json], &str),
    found: &mut Found,
) {
    let templates = filters.iter().filter_map(|filter| text(filter, "where_sql_template"));
    let read = |template: &str| {
        let items = query_item::read(template, Place::Filter)?;
        items.iter().map(|item| item.resolve(&layer.custom_grains)).collect::<Result<Vec<_>, _>>()
    };
    let (mut grains, mut wrong) = (Vec::new(), Vec::new());
    for template in templates {
        match read(template) {
            Ok(named) => grains.extend(named.into_iter().filter_map(|named| named.grain)),
            Err(reason) => wrong.push(format!("`{template}`: {reason}")),
        }
    }
    if !wrong.is_empty() {
        let message = format!("An error occurred while trying to parse {doing} - {}", wrong.join("; "));
        found.error(entry, message);
        return;
    }
    for grain in grains.iter().filter(|grain| !layer.knows_grain(grain)) {
        let known = list(GRAINS.into_iter().chain(layer.custom_grains.iter().copied()));
        let message = format!(
            "Filter for {kind} `{}` is not valid. `{grain}` is not a valid granularity name. Valid granularity options: \
             {known}",
            entry.name
        );
        found.warning(entry, message);
    }
}
