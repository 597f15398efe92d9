//! The lines of `ls` (cli.md section 4): one a resource, sorted by id.

use std::collections::BTreeSet;

use super::resource::Resource;
use crate::artifacts::python_json;
use crate::manifest::{Json, JsonMap, Manifest, UniqueId, resource_json, version_text};

/// The keys that `--output json` shows when none are asked for, of those a resource has.
const DEFAULT_KEYS: [&str; 10] = [
    "alias",
    "name",
    "package_name",
    "depends_on",
    "tags",
    "config",
    "resource_type",
    "source_name",
    "original_file_path",
    "unique_id",
];

/// The shape of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// What `--select` would take for exactly this resource.
    #[default]
    Selector,
    /// The name.
    Name,
    /// The file.
    Path,
    /// A JSON object with these keys, dotted for parts; the usual ones if there are none.
    Json(Vec<String>),
}

/// Returns the lines for some resources.
pub fn list(manifest: &Manifest, ids: &BTreeSet<UniqueId>, output: &Output) -> Vec<String> {
    let found = ids.iter().filter_map(|id| Resource::find(manifest, id));
    found.map(|resource| line(resource, output)).collect()
}

fn line(resource: Resource<'_>, output: &Output) -> String {
    match output {
        Output::Selector => selector(resource),
        Output::Name => name(resource),
        Output::Path => resource.file().to_owned(),
        Output::Json(keys) => python_json::text(&object(resource, keys)),
    }
}

fn selector(resource: Resource<'_>) -> String {
    let package = resource.package();
    match resource {
        Resource::Node(node) => node.fqn.join("."),
        Resource::Source(table) => format!("source:{package}.{}", table.search_name()),
        Resource::Exposure(exposure) => format!("exposure:{package}.{}", exposure.name),
        Resource::UnitTest(test) => match &test.version {
            Some(version) => format!("unit_test:{package}.{}_v{}", test.name, version_text(version)),
            None => format!("unit_test:{package}.{}", test.name),
        },
        Resource::Metric(_) | Resource::SemanticModel(_) | Resource::SavedQuery(_) => {
            format!("{}:{package}.{}", resource.kind(), resource.name())
        }
    }
}

fn name(resource: Resource<'_>) -> String {
    match resource {
        Resource::Node(node) => node.search_name(),
        Resource::Source(table) => table.search_name(),
        Resource::Exposure(exposure) => exposure.name.clone(),
        Resource::UnitTest(_)
        | Resource::Metric(_)
        | Resource::SemanticModel(_)
        | Resource::SavedQuery(_) => resource.name().to_owned(),
    }
}

fn object(resource: Resource<'_>, keys: &[String]) -> JsonMap {
    let whole = match resource {
        Resource::Node(node) => resource_json(node),
        Resource::Source(table) => resource_json(table),
        Resource::Exposure(exposure) => resource_json(exposure),
        Resource::UnitTest(test) => resource_json(test),
        Resource::Metric(metric) => resource_json(metric),
        Resource::SemanticModel(model) => resource_json(model),
        Resource::SavedQuery(query) => resource_json(query),
    };
    let Json::Object(whole) = whole else { return JsonMap::new() };
    if keys.is_empty() {
        return whole.into_iter().filter(|(key, _)| DEFAULT_KEYS.contains(&key.as_str())).collect();
    }
    let mut chosen = JsonMap::new();
    for key in keys {
        let value = if key.contains('.') {
            let mut parts = key.split('.');
            let first = parts.next().and_then(|part| whole.get(part));
            // What is null is left out, but only of dotted keys.
            parts.fold(first, |value, part| value.and_then(|v| v.get(part))).filter(|value| !value.is_null())
        } else {
            whole.get(key)
        };
        if let Some(value) = value {
            chosen.insert(key.clone(), value.clone());
        }
    }
    chosen
}
