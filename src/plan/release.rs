//! Release sets: nodes that are published together, or none of them (design D8).
//!
//! Input: the graph of a plan, and what `gate: {set: NAME}` and `--gate-all` say. Output: the sets, and a graph in which
//! each is one step for everybody else. Its nodes share a transaction, which must not wait for other nodes while it is
//! open: the first of them, the leader, waits for all that any of them needs from outside, and builds them all. So
//! nothing can stand between two of them; ephemeral models and tests can, since they are no relations. Pure. Called by
//! [`plan`](super::plan).

use std::collections::{BTreeMap, BTreeSet};

use super::gate::Gate;
use crate::dag::{Dag, NodeSet};
use crate::diag::{Code, Diagnostic};
use crate::hash::HashMap;
use crate::manifest::{Json, Manifest, Node, ResourceType, UniqueId};

/// Nodes that are published together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSet {
    /// Its name.
    pub name: String,
    /// The node in whose turn all are built.
    pub leader: UniqueId,
    /// The nodes, and unit tests that need others of them, in the order in which they are built.
    pub steps: Vec<UniqueId>,
}

/// The sets of a graph.
#[derive(Debug, Default)]
pub(super) struct Sets {
    all: Vec<Members>,
    /// The set of each member.
    of: HashMap<usize, usize>,
    /// The members that need others of their set.
    dependent: NodeSet,
}

#[derive(Debug)]
struct Members {
    name: String,
    leader: usize,
    places: NodeSet,
}

impl Sets {
    /// Finds the sets of a graph, and makes each one step of it. Errors about settings that mean nothing, and about what
    /// cannot be published together.
    pub(super) fn form(
        manifest: &Manifest,
        gate: Gate,
        graph: &mut Dag<UniqueId>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut sets = Self::find(manifest, gate, graph)?;
        if sets.all.is_empty() {
            return Ok(sets);
        }
        sets.unfit(manifest, graph)?;
        let edges = sets.loosened(manifest, graph);
        graph.retain_edges(|before, after| !edges.contains(&(before, after)));
        sets.apart(manifest, graph)?;
        sets.contract(manifest, graph);
        match graph.cycles().into_iter().next() {
            Some(cycle) => Err(vec![sets.entangled(&cycle, graph)]),
            None => Ok(sets),
        }
    }

    fn find(manifest: &Manifest, gate: Gate, graph: &Dag<UniqueId>) -> Result<Self, Vec<Diagnostic>> {
        let mut by_name: BTreeMap<&str, NodeSet> = BTreeMap::new();
        let mut problems = Vec::new();
        for (place, id) in graph.ids().enumerate() {
            let Some(node) = manifest.nodes.get(id).filter(|node| node.is_relational()) else { continue };
            match gate.set_of(node) {
                Ok(Some(name)) => drop(by_name.entry(name).or_default().insert(place)),
                Ok(None) => {}
                Err(problem) => problems.push(*problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // What comes first in the graph needs none of the others.
        let order = if by_name.is_empty() { Vec::new() } else { graph.topological().unwrap_or_default() };
        let mut found = Self::default();
        for (name, places) in by_name {
            let Some(leader) = order.iter().copied().find(|place| places.contains(*place)) else { continue };
            found.of.extend(places.iter().map(|place| (place, found.all.len())));
            found.all.push(Members { name: name.to_owned(), leader, places });
        }
        Ok(found)
    }

    /// Errors about nodes that no transaction can hold back with the others.
    fn unfit(&self, manifest: &Manifest, graph: &Dag<UniqueId>) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for set in &self.all {
            let nodes = set.places.iter().filter_map(|place| manifest.nodes.get(graph.id(place)));
            let nodes: Vec<&Node> = nodes.map(|node| &**node).collect();
            problems.extend(nodes.iter().filter(|node| has_early_hook(node)).map(|node| {
                let message = format!("`{}` cannot be part of the release set `{}`: a `pre-hook` of it runs outside of the transaction", node.name, set.name);
                Diagnostic::error(Code::CONFIG, node.place_of("pre-hook"), message)
                    .help("a set is published by one transaction; leave `transaction: false` away, or the node out of the set")
            }));
            let Some(first) = nodes.first() else { continue };
            if let Some(other) = nodes.iter().find(|node| node.database != first.database) {
                let message = format!(
                    "the release set `{}` spans two databases: `{}` is in `{}`, `{}` in `{}`",
                    set.name, first.name, first.database, other.name, other.database
                );
                problems.push(
                    Diagnostic::error(Code::CONFIG, other.place_of("gate"), message)
                        .help("a set is published by one transaction, and those write one database"),
                );
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Returns the edges from tests that read a set to what the set needs: they hold it back at its gates, if at all.
    fn loosened(&self, manifest: &Manifest, graph: &Dag<UniqueId>) -> BTreeSet<(usize, usize)> {
        let mut edges = BTreeSet::new();
        for set in &self.all {
            let within = |place: &usize| set.places.contains(*place);
            let needed = graph.ancestors(&set.places, None);
            let tests = needed.iter().filter(|place| is(manifest, graph, *place, ResourceType::Test));
            for test in tests.filter(|test| read_by(manifest, graph, *test).iter().any(within)) {
                let held = graph.children(test).into_iter();
                edges.extend(held.filter(|it| within(it) || needed.contains(*it)).map(|it| (test, it)));
            }
        }
        edges
    }

    /// Errors where a node stands between those of a set.
    fn apart(&self, manifest: &Manifest, graph: &Dag<UniqueId>) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for set in &self.all {
            let (mut between, needed) =
                (graph.descendants(&set.places, None), graph.ancestors(&set.places, None));
            between.intersect(&needed);
            between.subtract(&set.places);
            let name = |place: usize| name_of(manifest, graph.id(place));
            // A test only stands there with a node that waits for it.
            let stands = |place: &usize| {
                !is_ephemeral(manifest, graph, *place) && !is(manifest, graph, *place, ResourceType::Test)
            };
            for place in between.iter().filter(stands) {
                let alone = NodeSet::from_iter([place]);
                let one_of = |mut found: NodeSet| {
                    found.intersect(&set.places);
                    found.iter().next().map(name).unwrap_or_default()
                };
                let (above, below) =
                    (one_of(graph.ancestors(&alone, None)), one_of(graph.descendants(&alone, None)));
                let node = manifest.node(graph.id(place));
                let message = format!(
                    "`{}` stands between nodes of the release set `{}`: it needs `{above}`, and `{below}` needs it",
                    name(place),
                    set.name
                );
                problems.push(
                    Diagnostic::error(Code::CONFIG, node.map(|node| node.span), message)
                        .help(format!("give it `gate: {{set: {}}}` too, or take one of the others out: a set is built and published at once", set.name)),
                );
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Makes the leaders wait for what their sets need, and the other members for their leaders.
    fn contract(&mut self, manifest: &Manifest, graph: &mut Dag<UniqueId>) {
        for set in &self.all {
            let mut before = BTreeSet::new();
            for place in set.places.iter() {
                let (own, others) = read_by(manifest, graph, place)
                    .into_iter()
                    .partition::<Vec<_>, _>(|it| set.places.contains(*it));
                before.extend(others);
                if !own.is_empty() {
                    self.dependent.insert(place);
                }
            }
            before.iter().for_each(|place| graph.edge_at(*place, set.leader));
            let others = set.places.iter().filter(|place| *place != set.leader);
            others.for_each(|place| graph.edge_at(set.leader, place));
        }
    }

    /// Explains a circle in the graph, which only leads through several sets.
    fn entangled(&self, cycle: &[usize], graph: &Dag<UniqueId>) -> Diagnostic {
        let names: BTreeSet<&str> = cycle.iter().filter_map(|place| Some(&*self.set(*place)?.name)).collect();
        let way: Vec<&str> = cycle.iter().map(|place| graph.id(*place).as_str()).collect();
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        Diagnostic::error(Code::CYCLE, None, format!("the release sets {names} need each other"))
            .note(way.join(" -> "))
            .help("make them one set, or move a node from one to the other: a set is built and published at once")
    }

    fn set(&self, place: usize) -> Option<&Members> {
        self.all.get(*self.of.get(&place)?)
    }

    /// Returns where a node is built: in its leader's turn, if it is part of a set.
    pub(super) fn built_at(&self, place: usize) -> usize {
        self.set(place).map_or(place, |set| set.leader)
    }

    /// Tells whether a node needs others of its set, so that only with their new versions its unit tests can be asked.
    pub(super) fn needs_others(&self, place: usize) -> bool {
        self.dependent.contains(place)
    }

    /// Returns the sets, with `steps` in order: the ids of each step, and the place of the member it belongs to.
    pub(super) fn in_order<'a>(
        &self,
        graph: &Dag<UniqueId>,
        steps: impl Iterator<Item = (&'a UniqueId, usize)>,
    ) -> Vec<ReleaseSet> {
        let made = |set: &Members| ReleaseSet {
            name: set.name.clone(),
            leader: graph.id(set.leader).clone(),
            steps: Vec::new(),
        };
        let mut sets: Vec<ReleaseSet> = self.all.iter().map(made).collect();
        for (id, place) in steps {
            if let Some(set) = self.of.get(&place).and_then(|at| sets.get_mut(*at)) {
                set.steps.push(id.clone());
            }
        }
        sets
    }
}

/// Tells whether a hook of a node ends the transaction before there is anything to hold back.
fn has_early_hook(node: &Node) -> bool {
    let hooks = node.config.get("pre-hook").and_then(Json::as_array).into_iter().flatten();
    hooks.filter_map(|hook| hook.get("transaction")).any(|inside| inside == &Json::Bool(false))
}

fn is(manifest: &Manifest, graph: &Dag<UniqueId>, place: usize, kind: ResourceType) -> bool {
    manifest.nodes.get(graph.id(place)).is_some_and(|node| node.resource_type() == kind)
}

fn is_ephemeral(manifest: &Manifest, graph: &Dag<UniqueId>, place: usize) -> bool {
    manifest.nodes.get(graph.id(place)).is_some_and(|node| node.is_ephemeral())
}

/// Returns what comes right before a step; in the place of ephemeral models, which become part of it, what comes before
/// these.
fn read_by(manifest: &Manifest, graph: &Dag<UniqueId>, place: usize) -> BTreeSet<usize> {
    let (mut found, mut seen, mut left) = (BTreeSet::new(), NodeSet::default(), graph.parents(place));
    while let Some(parent) = left.pop() {
        if !is_ephemeral(manifest, graph, parent) {
            found.insert(parent);
        } else if seen.insert(parent) {
            left.extend(graph.parents(parent));
        }
    }
    found
}

fn name_of(manifest: &Manifest, id: &UniqueId) -> String {
    manifest.node(id).map_or_else(|| id.to_string(), |node| node.name.clone())
}
