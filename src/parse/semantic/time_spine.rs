//! The semantic layer needs a table of days to join metrics to: a model with `time_spine`, or one of the name that
//! older projects use. Called by `checks`.

use super::fields::GRAINS;
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, Manifest, NodeKind};
use crate::parse::resolve::start;

/// The model that is taken for the table of days where no model says so.
const OLD_NAME: &str = "metricflow_time_spine";

/// Errors when there are semantic models and no table of days or finer.
pub(in crate::parse) fn check(manifest: &Manifest, problems: &mut Vec<Diagnostic>) {
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
        let message = "the semantic layer needs a model that lists every day, and there is none";
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, start(first.entry.span), message).help(
                "give a model with one row a day `time_spine: {standard_granularity_column: date_day}`",
            ),
        );
    }
}
