//! `build` holds a node back until what it depends on is tested (`selection.md` section 6).
//!
//! A test comes before a node if everything the test depends on is upstream of that node; so a test never makes
//! a node wait for anything new but the test. Only the first such nodes get an edge, the rest follow.

use crate::hash::HashMap;

use crate::dag::{Dag, NodeSet};
use crate::manifest::{Manifest, ResourceType, UniqueId};

/// Returns the graph with an edge from each test to the first nodes that must wait for it. Places stay the same.
pub fn with_test_edges(manifest: &Manifest, dag: &Dag<UniqueId>) -> Dag<UniqueId> {
    let is = |place: usize, test: bool| {
        let node = manifest.nodes.get(dag.id(place));
        node.is_some_and(|node| (node.resource_type() == ResourceType::Test) == test)
    };
    let mut gated = dag.clone();
    // Tests often share what they depend on.
    let mut known: HashMap<Vec<usize>, Vec<usize>> = HashMap::default();
    for test in (0..dag.len()).filter(|place| is(*place, true)) {
        let mut tested = dag.parents(test);
        tested.sort_unstable();
        let held = known.entry(tested).or_insert_with_key(|tested| {
            first_below_all(dag, tested).into_iter().filter(|place| is(*place, false)).collect()
        });
        for node in held {
            gated.edge_at(test, *node);
        }
    }
    gated
}

/// Returns the nodes that are downstream of every given one, and of no other such node.
fn first_below_all(dag: &Dag<UniqueId>, above: &[usize]) -> Vec<usize> {
    match above {
        [] => Vec::new(),
        [only] => dag.children(*only),
        [first, rest @ ..] => {
            let below = |place: usize| dag.descendants(&NodeSet::from_iter([place]), None);
            let mut common = below(*first);
            for place in rest {
                common.intersect(&below(*place));
            }
            let is_first = |place: &usize| !dag.parents(*place).iter().any(|parent| common.contains(*parent));
            common.iter().filter(is_first).collect()
        }
    }
}
