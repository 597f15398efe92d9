//! Manifest → graph of its resources. Cycles are told as a path, with the place of each `ref()`.

use crate::dag::Dag;
use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{Manifest, UniqueId};

/// Builds the graph of sources, nodes, functions, exposures and unit tests. Errors once for each knot of resources that
/// depend on each other.
pub fn link(manifest: &Manifest) -> Result<Dag<UniqueId>, Vec<Diagnostic>> {
    let mut dag = Dag::new();
    for id in manifest.sources.keys() {
        dag.add(id);
    }
    // A test that lost its model stays in the manifest, as in dbt, but takes no part.
    let nodes = manifest.all_nodes().filter(|node| node.config.enabled()).map(|node| &node.unique_id);
    let semantic =
        manifest.metrics.keys().chain(manifest.semantic_models.keys()).chain(manifest.saved_queries.keys());
    let others = nodes.chain(manifest.exposures.keys()).chain(semantic).chain(manifest.unit_tests.keys());
    for id in others {
        let after = dag.add(id);
        for parent in manifest.parents(id) {
            // Kinds of resource that the manifest does not hold (metrics) are no part of the graph.
            if manifest.resource_type(parent).is_some() {
                let before = dag.add(parent);
                dag.edge_at(before, after);
            }
        }
    }
    let cycles: Vec<Diagnostic> = dag.cycles().iter().map(|cycle| told(manifest, &dag, cycle)).collect();
    if cycles.is_empty() { Ok(dag) } else { Err(cycles) }
}

/// Tells of one cycle, in the direction people think of: `a` refs `b`, `b` refs `a`.
fn told(manifest: &Manifest, dag: &Dag<UniqueId>, cycle: &[usize]) -> Diagnostic {
    // The cycle leads from what is needed to what needs it; its first id stays first.
    let mut places = cycle.to_vec();
    if let Some(rest) = places.get_mut(1..) {
        rest.reverse();
    }
    let ids: Vec<&UniqueId> = places.iter().map(|place| dag.id(*place)).collect();
    let names: Vec<String> = ids.iter().map(|id| name(manifest, id)).collect();
    let path: Vec<&str> = names.iter().chain(names.first()).map(String::as_str).collect();
    let message = format!("Found a cycle: {}", path.join(" --> "));
    let steps: Vec<(Option<Span>, String)> = ids
        .iter()
        .zip(ids.iter().cycle().skip(1))
        .map(|(from, to)| {
            let text = format!("`{}` needs `{}`", name(manifest, from), name(manifest, to));
            (call(manifest, from, to), text)
        })
        .collect();
    let mut steps = steps.into_iter();
    let (first, text) = steps.next().unwrap_or_default();
    let mut error = Diagnostic::error(Code::CYCLE, first, message).at(text);
    for (span, text) in steps {
        error = match span {
            Some(span) => error.label(span, text),
            None => error.note(text),
        };
    }
    error.help("remove one of these `ref()` calls, or move what both need into a model of its own")
}

fn name(manifest: &Manifest, id: &UniqueId) -> String {
    manifest.node(id).map_or_else(|| id.to_string(), |node| node.search_name())
}

/// Finds the `ref()` or `function()` by which a node needs another; the node itself if the call has no known place.
fn call(manifest: &Manifest, from: &UniqueId, to: &UniqueId) -> Option<Span> {
    let node = manifest.node(from)?;
    let wanted = manifest.node(to)?;
    let refs = node.refs.iter().map(|call| (&call.name, call.span));
    let functions = node.functions.iter().map(|call| (&call.name, call.span));
    let calls = if wanted.signature().is_some() { functions.collect::<Vec<_>>() } else { refs.collect() };
    let mut places = calls.into_iter().filter(|(name, _)| **name == wanted.name);
    Some(places.find_map(|(_, span)| span).unwrap_or(node.span))
}
