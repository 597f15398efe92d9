//! `graph`: every node as a dict, for macros that look at the whole project (`jinja.md` section 4).

use crate::jinja::{Value, dict, from_json};
use crate::manifest::{Manifest, UniqueId, resource_json};

/// Builds `graph`. Costly for large projects, so it is built once, and only if a template asks.
pub(super) fn graph_value(manifest: &Manifest) -> Value {
    dict([
        ("exposures", section(&manifest.exposures)),
        ("functions", section(&manifest.functions)),
        ("groups", section(&manifest.groups)),
        ("metrics", section(&manifest.metrics)),
        ("nodes", section(&manifest.nodes)),
        ("sources", section(&manifest.sources)),
        ("semantic_models", section(&manifest.semantic_models)),
        ("saved_queries", section(&manifest.saved_queries)),
    ])
}

fn section<'a, T: serde::Serialize + 'a>(
    resources: impl IntoIterator<Item = (&'a UniqueId, &'a std::sync::Arc<T>)>,
) -> Value {
    dict(resources.into_iter().map(|(id, resource)| (id.as_str(), from_json(&resource_json(&**resource)))))
}
