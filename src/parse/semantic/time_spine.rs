//! The semantic layer needs a table of days to join metrics to: a model with `time_spine`, or one of the name that
//! older projects use. Called by `checks`.

use super::fields::{GRAINS, TIME_SPINE};
use super::shape;
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, Manifest, Node, NodeKind};
use crate::parse::resolve::start;
use crate::yaml::Yaml;

/// The model that is taken for the table of days where no model says so.
const OLD_NAME: &str = "metricflow_time_spine";

/// Reads `time_spine` of the model called `name`.
pub(in crate::parse) fn read(value: &Yaml, name: &str, problems: &mut Vec<Diagnostic>) -> Option<Json> {
    let what = format!("`time_spine` of model `{name}`");
    match value.expect_map("time_spine") {
        Ok(given) => Some(Json::Object(shape::object(given, value.span, TIME_SPINE, &what, problems))),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// Reads `granularity` of a column: a grain of the calendar, in any case.
pub(in crate::parse) fn grain(value: &Yaml) -> Result<Json, Box<Diagnostic>> {
    shape::word("granularity", &GRAINS, value)
}

/// Errors when there are semantic models and no table of days or finer, or when such a table lacks the columns it names.
pub(in crate::parse) fn check(manifest: &Manifest, problems: &mut Vec<Diagnostic>) {
    problems.extend(manifest.nodes.values().filter_map(|node| columns(node)));
    let Some(first) = manifest.semantic_models.values().next() else { return };
    let place = |grain: &str| GRAINS.iter().position(|known| *known == grain);
    let day = place("day");
    let fits = manifest.nodes.values().any(|node| {
        let NodeKind::Model { time_spine: Some(spine), .. } = &node.kind else {
            return node.name == OLD_NAME && node.resource_type().is_refable();
        };
        let column = spine.get("standard_granularity_column").and_then(Json::as_str).unwrap_or_default();
        let grain = node.columns.get(column).and_then(|column| column.granularity.as_deref());
        grain.and_then(place) <= day && grain.is_some()
    });
    if !fits {
        // dbt's words.
        let message = "The semantic layer requires a time spine model with granularity DAY or smaller in the project, \
                       but none was found";
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, start(first.entry.span), message).help(
                "give a model with one row a day `time_spine: {standard_granularity_column: date_day}`",
            ),
        );
    }
}

/// Tells of a table of days that is one by its name alone, where no model has a `time_spine` of days.
pub(super) fn unnamed(manifest: &Manifest) -> Option<Diagnostic> {
    let spine_of = |node: &Node| match &node.kind {
        NodeKind::Model { time_spine, .. } => time_spine.clone(),
        _ => None,
    };
    let is_of_days = |node: &Node| {
        let spine = spine_of(node);
        let column = spine.as_ref().and_then(|spine| spine.get("standard_granularity_column")?.as_str());
        let grain = column.and_then(|column| node.columns.get(column)?.granularity.as_deref());
        grain == Some("day")
    };
    let is_old =
        |node: &Node| node.name == OLD_NAME && node.resource_type().is_refable() && spine_of(node).is_none();
    let old = manifest.nodes.values().find(|node| is_old(node))?;
    if manifest.nodes.values().any(|node| is_of_days(node)) {
        return None;
    }
    let message = format!("`{OLD_NAME}` is a time spine by its name alone: describe it in YAML");
    Some(
        Diagnostic::warning(Code::DEPRECATED, start(old.span), message)
            .help("give the model `time_spine: {standard_granularity_column: date_day}`, and the column `granularity: day`")
            .known_as("MFTimespineWithoutYamlConfigurationDeprecation"),
    )
}

/// Checks the columns that a time spine names; the words are dbt's.
fn columns(node: &Node) -> Option<Diagnostic> {
    let NodeKind::Model { time_spine: Some(spine), .. } = &node.kind else { return None };
    let wrong = |message: String| Some(Diagnostic::error(Code::INVALID_RESOURCE, start(node.span), message));
    let valid: Vec<&str> = node.columns.keys().map(|name| &**name).collect();
    let valid = valid.join(", ");
    let name = spine.get("standard_granularity_column").and_then(Json::as_str).unwrap_or_default();
    match node.columns.get(name) {
        None => {
            return wrong(format!(
                "Time spine standard granularity column must be defined on the model. Got invalid column name '{name}' \
                 for model '{}'. Valid names: {valid}.",
                node.name
            ));
        }
        Some(column) if column.granularity.is_none() => {
            return wrong(format!(
                "Time spine standard granularity column must have a granularity defined. Please add one for column \
                 '{name}' in model '{}'.",
                node.name
            ));
        }
        Some(_) => {}
    }
    let custom = spine.get("custom_granularities").and_then(Json::as_array).into_iter().flatten();
    let named = custom.map(|one| {
        let name = one.get("name").and_then(Json::as_str).unwrap_or_default();
        one.get("column_name").and_then(Json::as_str).unwrap_or(name)
    });
    let missing: Vec<&str> = named.filter(|name| !node.columns.contains_key(*name)).collect();
    if missing.is_empty() {
        return None;
    }
    wrong(format!(
        "Time spine custom granularity columns do not exist in the model. Columns not found: {}; available columns: {valid}",
        missing.join(", ")
    ))
}
