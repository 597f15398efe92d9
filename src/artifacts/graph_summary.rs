//! `graph_summary.json`: the edges of the graph, for quick diagnostics (`artifacts.md` section 5).

use camino::Utf8Path;
use serde::Serialize;

use super::invocation::Invocation;
use crate::dag::Dag;
use crate::files::FileError;
use crate::hash::IndexMap;
use crate::manifest::{Manifest, ResourceType, UniqueId};

/// One graph: each node under its place, as text.
pub type GraphSummary = IndexMap<String, Entry>;

/// One node of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    name: UniqueId,
    #[serde(rename = "type")]
    kind: Option<ResourceType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    succ: Vec<usize>,
}

/// The file; `build` adds the graph in which tests come before what depends on the tested.
#[derive(Serialize)]
struct File<'a> {
    #[serde(rename = "_invocation_id")]
    invocation_id: &'a str,
    linked: &'a GraphSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_test_edges: Option<&'a GraphSummary>,
}

/// Sums up a graph of the manifest's resources.
pub fn summarize(manifest: &Manifest, dag: &Dag<UniqueId>) -> GraphSummary {
    let entry = |(place, id): (usize, &UniqueId)| {
        let entry = Entry { name: id.clone(), kind: manifest.resource_type(id), succ: dag.children(place) };
        (place.to_string(), entry)
    };
    dag.ids().enumerate().map(entry).collect()
}

/// Writes the file.
pub fn write(
    path: &Utf8Path,
    invocation: &Invocation,
    linked: &GraphSummary,
    with_test_edges: Option<&GraphSummary>,
) -> Result<(), FileError> {
    super::write_json(path, &File { invocation_id: &invocation.id, linked, with_test_edges })
}
