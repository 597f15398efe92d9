//! `semantic_manifest.json`: the semantic layer as `MetricFlow` reads it (`artifacts.md` section 5). The same facts as
//! in `manifest.json`, with fewer keys in another order.

use camino::Utf8Path;
use serde_json::json;

use crate::files::FileError;
use crate::manifest::{Json, JsonMap, Manifest, Metric, Node, NodeKind, SavedQuery, SemanticModel};

/// The model that lists days in projects that do not say which one does.
const OLD_TIME_SPINE: &str = "metricflow_time_spine";

const ENTITY: &[&str] = &["name", "description", "type", "role", "expr", "metadata", "label", "config"];
const MEASURE: &[&str] = &[
    "name",
    "agg",
    "description",
    "create_metric",
    "expr",
    "agg_params",
    "metadata",
    "non_additive_dimension",
    "agg_time_dimension",
    "label",
    "config",
];
const DIMENSION: &[&str] =
    &["name", "description", "type", "is_partition", "type_params", "expr", "metadata", "label", "config"];
const TYPE_PARAMS: &[&str] = &[
    "measure",
    "numerator",
    "denominator",
    "expr",
    "window",
    "grain_to_date",
    "metrics",
    "conversion_type_params",
    "cumulative_type_params",
    "input_measures",
];

/// Writes the file, all of it or nothing.
pub fn write(path: &Utf8Path, manifest: &Manifest) -> Result<(), FileError> {
    super::write_json(path, &semantic_manifest(manifest))
}

/// Makes the file's content.
fn semantic_manifest(manifest: &Manifest) -> Json {
    json!({
        "semantic_models": manifest.semantic_models.values().map(|model| semantic_model(model)).collect::<Vec<_>>(),
        "metrics": manifest.metrics.values().map(|found| metric(found)).collect::<Vec<_>>(),
        "project_configuration": {
            "time_spine_table_configurations": old_time_spines(manifest),
            "metadata": null,
            // The version of the format, which is that of the Python package that defines it.
            "dsi_package_version": {"major_version": "0", "minor_version": "9", "patch_version": "0"},
            "time_spines": manifest.nodes.values().filter_map(|node| time_spine(node)).collect::<Vec<_>>(),
        },
        "saved_queries": manifest.saved_queries.values().map(|query| saved_query(query)).collect::<Vec<_>>(),
    })
}

/// Takes some keys of an object, in the order given; null for what is not there.
fn pick(value: &Json, keys: &[&str]) -> Json {
    let of = |key: &&str| ((*key).to_owned(), value.get(*key).cloned().unwrap_or_default());
    Json::Object(keys.iter().map(of).collect::<JsonMap>())
}

fn pick_all(values: &[Json], keys: &[&str]) -> Vec<Json> {
    values.iter().map(|value| pick(value, keys)).collect()
}

fn config(meta: &JsonMap) -> Json {
    json!({ "meta": meta })
}

fn semantic_model(model: &SemanticModel) -> Json {
    let entry = &model.entry;
    json!({
        "name": entry.name,
        "defaults": model.defaults,
        "description": entry.description,
        "node_relation": model.node_relation,
        "primary_entity": model.primary_entity,
        "entities": pick_all(&model.entities, ENTITY),
        "measures": pick_all(&model.measures, MEASURE),
        "dimensions": pick_all(&model.dimensions, DIMENSION),
        "label": entry.label,
        "metadata": null,
        "config": config(&entry.config.mapping("meta")),
    })
}

fn metric(metric: &Metric) -> Json {
    let entry = &metric.entry;
    let mut params = pick(&Json::Object(metric.type_params.clone()), TYPE_PARAMS);
    if let Some(Json::Object(cumulative)) = params.get_mut("cumulative_type_params") {
        cumulative.shift_remove("metric");
        lower(cumulative, "grain_to_date");
    }
    let inputs = params.get_mut("metrics").and_then(Json::as_array_mut).into_iter().flatten();
    inputs.filter_map(Json::as_object_mut).for_each(|input| lower(input, "offset_to_grain"));
    json!({
        "name": entry.name,
        "description": entry.description.as_deref().unwrap_or_default(),
        "type": metric.metric_type.as_str(),
        "type_params": params,
        "filter": metric.filter,
        "metadata": null,
        "label": entry.label,
        "config": config(&entry.config.mapping("meta")),
        "time_granularity": metric.time_granularity,
    })
}

/// Grains are in lower case here, however they are written.
fn lower(params: &mut JsonMap, key: &str) {
    if let Some(Json::String(grain)) = params.get_mut(key) {
        *grain = grain.to_lowercase();
    }
}

fn saved_query(query: &SavedQuery) -> Json {
    let export = |export: &Json| {
        let config = export.get("config").cloned().unwrap_or_default();
        json!({"name": export.get("name"), "config": pick(&config, &["export_as", "schema_name", "alias"])})
    };
    json!({
        "name": query.entry.name,
        "query_params": pick(&query.query_params, &["metrics", "group_by", "order_by", "limit", "where"]),
        "description": query.entry.description,
        "metadata": null,
        "label": query.entry.label,
        "exports": query.exports.iter().map(export).collect::<Vec<_>>(),
        "tags": query.tags,
    })
}

fn time_spine(node: &Node) -> Option<Json> {
    let NodeKind::Model { time_spine: Some(spine), .. } = &node.kind else { return None };
    let column = spine.get("standard_granularity_column").and_then(Json::as_str)?;
    let grain = node.columns.get(column)?.granularity.as_deref()?;
    Some(json!({
        "node_relation": {
            "alias": node.alias,
            "schema_name": node.schema,
            "database": node.database,
            "relation_name": node.relation_name,
        },
        "primary_column": {"name": column, "time_granularity": grain},
        "custom_granularities": spine.get("custom_granularities"),
    }))
}

/// The table of days that an older project names by convention only.
fn old_time_spines(manifest: &Manifest) -> Vec<Json> {
    if manifest.semantic_models.is_empty() {
        return Vec::new();
    }
    let is_plain = |node: &Node| {
        node.name == OLD_TIME_SPINE && matches!(&node.kind, NodeKind::Model { time_spine: None, .. })
    };
    let found = manifest.nodes.values().filter(|node| is_plain(node)).take(1);
    let shown = |node: &std::sync::Arc<Node>| json!({"location": node.relation_name, "column_name": "date_day", "grain": "day"});
    found.map(shown).collect()
}
