//! Which tests a node has to pass before its new version is published (design D8).
//!
//! A test that would fail a run stands at the gate of one relation it reads: of the one it is written at, if that has a
//! gate and can wait for the others, else of another that can. The others are then finished, however they end, when it
//! is asked. Where none can, the test runs after all of them, as always. Warnings hold nothing.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use super::release::Sets;
use crate::dag::{Dag, NodeSet};
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, Manifest, Node, ResourceType, UniqueId};

/// Which nodes have a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// Those that say so: `gate: true` or `gate: {set: NAME}` of a model, seed, snapshot, folder or project.
    #[default]
    Configured,
    /// All (`--gate`).
    Always,
    /// All, and together (`--gate-all`).
    Together,
    /// None (`--no-gate`).
    Never,
}

impl Gate {
    /// Tells whether a node is published only after its tests.
    pub fn holds(self, node: &Node) -> bool {
        node.is_relational()
            && match self {
                Self::Configured => {
                    !matches!(node.config.get("gate"), None | Some(Json::Null | Json::Bool(false)))
                }
                Self::Always | Self::Together => true,
                Self::Never => false,
            }
    }

    /// Returns the name of the release set that a node is part of. Errors if its `gate` means nothing.
    pub(super) fn set_of(self, node: &Node) -> Result<Option<&str>, Box<Diagnostic>> {
        match (self, node.config.get("gate")) {
            (Self::Never, _) => Ok(None),
            (Self::Together, _) => Ok(Some("all")),
            (_, None | Some(Json::Null | Json::Bool(_))) => Ok(None),
            (_, Some(Json::Object(gate)))
                if let (Some(Json::String(name)), 1) = (gate.get("set"), gate.len()) =>
            {
                Ok(Some(name))
            }
            (_, Some(other)) => {
                let message = format!("`gate: {other}` of `{}` means nothing", node.name);
                let problem = Diagnostic::error(Code::CONFIG, node.place_of("gate"), message);
                Err(Box::new(problem.help("write `gate: true`, `gate: false`, or `gate: {set: NAME}` for nodes that are published together")))
            }
        }
    }
}

/// The tests at the gate of each node.
pub type Gates = BTreeMap<UniqueId, Vec<UniqueId>>;

/// Tells whether a failure of a test is an error.
fn is_error(test: &Node) -> bool {
    !test.config.text("severity").is_some_and(|severity| severity.eq_ignore_ascii_case("warn"))
}

/// Returns the tests that the gates of selected nodes could ask for.
pub(super) fn tests_of_gated(
    manifest: &Manifest,
    gate: Gate,
    selected: &BTreeSet<UniqueId>,
) -> BTreeSet<UniqueId> {
    let held =
        |id: &UniqueId| selected.contains(id) && manifest.nodes.get(id).is_some_and(|node| gate.holds(node));
    let tests = manifest.nodes.values().filter(|node| node.resource_type() == ResourceType::Test);
    let asked = tests.filter(|test| is_error(test) && test.depends_on.nodes.iter().any(held));
    asked.map(|test| test.unique_id.clone()).collect()
}

/// Tells whether anything in a graph has a gate.
pub(super) fn has_gates(manifest: &Manifest, gate: Gate, graph: &Dag<UniqueId>) -> bool {
    gate != Gate::Never && graph.ids().any(|id| manifest.nodes.get(id).is_some_and(|node| gate.holds(node)))
}

/// What the gates of a plan need.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) gates: Gates,
    /// Nodes with a gate, and what their tests read besides them.
    pub(super) others: BTreeMap<UniqueId, BTreeSet<UniqueId>>,
}

/// Finds the gate of each test of a graph, and adds an edge to it from whatever else the test reads: to where the node with
/// the gate is built.
pub(super) fn place_gates(manifest: &Manifest, gate: Gate, sets: &Sets, graph: &mut Dag<UniqueId>) -> Placed {
    let mut placed = Placed::default();
    let tests: Vec<&Node> = graph
        .ids()
        .filter_map(|id| manifest.nodes.get(id))
        .filter(|node| node.resource_type() == ResourceType::Test && is_error(node))
        .map(|node| &**node)
        .collect();
    for test in tests {
        let written_at = test.generic_test().and_then(|test| test.attached_node.as_ref());
        let read = written_at.into_iter().chain(&test.depends_on.nodes);
        let read: Vec<(&UniqueId, usize)> = read.filter_map(|id| Some((id, graph.place(id)?))).collect();
        let can_wait = |(id, place): &(&UniqueId, usize)| {
            let turn = sets.built_at(*place);
            let below = |place| graph.descendants(&NodeSet::from_iter([place]), None);
            // What needs it, and what comes after its turn, cannot be waited for.
            let own = LazyCell::new(|| below(*place));
            let later = LazyCell::new(|| below(turn));
            let comes_after = |other: usize| {
                own.contains(other)
                    || (turn != *place && sets.built_at(other) != turn && later.contains(other))
            };
            manifest.nodes.get(*id).is_some_and(|node| gate.holds(node))
                && !read.iter().any(|(other, place)| other != id && comes_after(*place))
        };
        let Some((id, place)) = read.iter().copied().find(can_wait) else { continue };
        placed.gates.entry(id.clone()).or_default().push(test.unique_id.clone());
        let turn = sets.built_at(place);
        for (other, before) in read.iter().filter(|(other, _)| *other != id) {
            // What is built in the same turn only has to be built earlier.
            let waits = if sets.built_at(*before) == turn { place } else { turn };
            graph.edge_at(*before, waits);
            placed.others.entry(graph.id(waits).clone()).or_default().insert((*other).clone());
        }
    }
    placed
}
