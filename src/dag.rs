//! A small directed graph of ids: an edge leads from what must exist first to what needs it.
//!
//! Knows nothing of projects. Order is always the same for the same input: nodes keep the order in which they
//! were added, and ties are broken by id. Sized for 50,000 nodes: ids are hashed once, sets are bit sets.
//! Used by `select` (relatives), `plan` (order, subsets), `artifacts` (graph summary).

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::hash::Hash;

use crate::hash::HashMap;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

/// A directed graph whose nodes are ids.
#[derive(Clone, Debug)]
pub struct Dag<Id> {
    graph: DiGraph<Id, ()>,
    places: HashMap<Id, NodeIndex>,
}

impl<Id> Default for Dag<Id> {
    fn default() -> Self {
        Self { graph: DiGraph::new(), places: HashMap::default() }
    }
}

/// A set of nodes of one graph, by their place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSet(Vec<u64>);

impl NodeSet {
    /// Adds a place; returns whether it is new.
    pub fn insert(&mut self, place: usize) -> bool {
        let (word, bit) = (place / 64, 1 << (place % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }

    /// Tells whether a place is in the set.
    pub fn contains(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Adds everything of another set.
    pub fn union(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    /// Keeps only what is in both.
    pub fn intersect(&mut self, other: &Self) {
        for (at, mine) in self.0.iter_mut().enumerate() {
            *mine &= other.0.get(at).copied().unwrap_or(0);
        }
    }

    /// Removes everything of another set.
    pub fn subtract(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= !theirs;
        }
    }

    /// Tells whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Counts the places.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns the places, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

impl FromIterator<usize> for NodeSet {
    fn from_iter<T: IntoIterator<Item = usize>>(places: T) -> Self {
        let mut set = Self::default();
        for place in places {
            set.insert(place);
        }
        set
    }
}

impl<Id: Clone + Eq + Hash + Ord> Dag<Id> {
    /// Makes an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node and returns its place; a node that is there keeps its place.
    pub fn add(&mut self, id: &Id) -> usize {
        if let Some(at) = self.places.get(id) {
            return at.index();
        }
        let at = self.graph.add_node(id.clone());
        self.places.insert(id.clone(), at);
        at.index()
    }

    /// Says that `after` needs `before`; both are added if they are not there. A second edge changes nothing.
    pub fn edge(&mut self, before: &Id, after: &Id) {
        let (from, to) = (self.add(before), self.add(after));
        self.edge_at(from, to);
    }

    /// The same by places of this graph.
    pub fn edge_at(&mut self, before: usize, after: usize) {
        let (from, to) = (NodeIndex::new(before), NodeIndex::new(after));
        if !self.graph.neighbors_directed(to, Direction::Incoming).any(|node| node == from) {
            self.graph.add_edge(from, to, ());
        }
    }

    /// Removes the edges that `keep` does not want, by the places of their ends.
    pub fn retain_edges(&mut self, keep: impl Fn(usize, usize) -> bool) {
        self.graph.retain_edges(|graph, edge| {
            graph.edge_endpoints(edge).is_none_or(|(before, after)| keep(before.index(), after.index()))
        });
    }

    /// Counts the nodes.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Tells whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a node's place.
    pub fn place<Q: Hash + Eq + ?Sized>(&self, id: &Q) -> Option<usize>
    where
        Id: Borrow<Q>,
    {
        self.places.get(id).map(|at| at.index())
    }

    /// Returns the node at a place of this graph.
    ///
    /// Panics if the place is of another graph.
    pub fn id(&self, place: usize) -> &Id {
        &self.graph[NodeIndex::new(place)]
    }

    /// Returns all nodes in the order in which they were added: the id at place 0, 1, ...
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        self.graph.node_weights()
    }

    /// Returns what a node needs directly, in the order the edges were added.
    pub fn parents(&self, place: usize) -> Vec<usize> {
        self.neighbours(place, Direction::Incoming)
    }

    /// Returns what needs a node directly, in the order the edges were added.
    pub fn children(&self, place: usize) -> Vec<usize> {
        self.neighbours(place, Direction::Outgoing)
    }

    fn neighbours(&self, place: usize, direction: Direction) -> Vec<usize> {
        let found = self.graph.neighbors_directed(NodeIndex::new(place), direction);
        let mut places: Vec<usize> = found.map(NodeIndex::index).collect();
        // petgraph shows the newest edge first.
        places.reverse();
        places
    }

    /// Returns everything upstream of `from`, at most `depth` edges away. A node of `from` is in the result
    /// only if it is upstream of another one (the rule of dbt's `+` operator).
    pub fn ancestors(&self, from: &NodeSet, depth: Option<usize>) -> NodeSet {
        self.reach(from, depth, Direction::Incoming)
    }

    /// Returns everything downstream of `from`; otherwise as [`Self::ancestors`].
    pub fn descendants(&self, from: &NodeSet, depth: Option<usize>) -> NodeSet {
        self.reach(from, depth, Direction::Outgoing)
    }

    fn reach(&self, from: &NodeSet, depth: Option<usize>, direction: Direction) -> NodeSet {
        let mut found = NodeSet::default();
        let mut layer: Vec<NodeIndex> = from.iter().map(NodeIndex::new).collect();
        let mut left = depth.unwrap_or(usize::MAX);
        while left > 0 && !layer.is_empty() {
            let mut next = Vec::new();
            for node in layer {
                let near = self.graph.neighbors_directed(node, direction);
                next.extend(near.filter(|other| found.insert(other.index())));
            }
            layer = next;
            left -= 1;
        }
        found
    }

    /// Returns all places such that nothing comes before what it needs, ties by id; `None` if there is a cycle.
    pub fn topological(&self) -> Option<Vec<usize>> {
        let mut missing: Vec<usize> =
            self.graph.node_indices().map(|node| self.degree(node, Direction::Incoming)).collect();
        let mut ready: BinaryHeap<Reverse<(&Id, usize)>> = self
            .graph
            .node_indices()
            .filter(|node| missing[node.index()] == 0)
            .map(|node| Reverse((&self.graph[node], node.index())))
            .collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse((_, place))) = ready.pop() {
            order.push(place);
            for child in self.graph.neighbors(NodeIndex::new(place)) {
                missing[child.index()] -= 1;
                if missing[child.index()] == 0 {
                    ready.push(Reverse((&self.graph[child], child.index())));
                }
            }
        }
        (order.len() == self.len()).then_some(order)
    }

    fn degree(&self, node: NodeIndex, direction: Direction) -> usize {
        self.graph.neighbors_directed(node, direction).count()
    }

    /// Returns the level of each place: 0 if it needs nothing, else one more than the highest it needs.
    /// Nodes on a cycle, and what comes after them, have level 0.
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.len()];
        let mut missing: Vec<usize> =
            self.graph.node_indices().map(|node| self.degree(node, Direction::Incoming)).collect();
        let mut ready: VecDeque<NodeIndex> =
            self.graph.node_indices().filter(|node| missing[node.index()] == 0).collect();
        while let Some(node) = ready.pop_front() {
            for child in self.graph.neighbors(node) {
                let at = child.index();
                levels[at] = levels[at].max(levels[node.index()] + 1);
                missing[at] -= 1;
                if missing[at] == 0 {
                    ready.push_back(child);
                }
            }
        }
        levels
    }

    /// Returns one shortest cycle of every knot of nodes that need each other: `[a, b]` when `b` needs `a` and
    /// `a` needs `b`. Each cycle begins with its lowest id; the cycles are in the order of their first ids.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let mut cycles: Vec<Vec<usize>> = petgraph::algo::tarjan_scc(&self.graph)
            .into_iter()
            .filter_map(|knot| {
                let members: BTreeSet<NodeIndex> = knot.iter().copied().collect();
                let start = *knot.iter().min_by_key(|node| &self.graph[**node])?;
                self.back_to(start, &members)
            })
            .collect();
        cycles.sort_by_key(|cycle| cycle.first().map(|place| self.id(*place)));
        cycles
    }

    /// Finds a shortest way from a node to itself within some nodes; `None` if there is none.
    fn back_to(&self, start: NodeIndex, within: &BTreeSet<NodeIndex>) -> Option<Vec<usize>> {
        let mut came_from: HashMap<NodeIndex, NodeIndex> = HashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let mut next: Vec<NodeIndex> =
                self.graph.neighbors(node).filter(|child| within.contains(child)).collect();
            next.sort_by_key(|child| &self.graph[*child]);
            for child in next {
                if child == start {
                    let mut path = vec![node.index()];
                    let mut at = node;
                    while at != start {
                        at = *came_from.get(&at)?;
                        path.push(at.index());
                    }
                    path.reverse();
                    return Some(path);
                }
                if let std::collections::hash_map::Entry::Vacant(free) = came_from.entry(child) {
                    free.insert(node);
                    queue.push_back(child);
                }
            }
        }
        None
    }

    /// Returns the graph of some nodes only. Where a way led through removed nodes there is an edge, so a node
    /// still comes after everything it came after before. Nodes keep their relative order.
    ///
    /// The graph must have no cycle; edges of a cycle are lost.
    #[must_use]
    pub fn subset(&self, keep: &NodeSet) -> Self {
        let mut small = Self::default();
        for place in keep.iter().filter(|place| *place < self.len()) {
            small.add(self.id(place));
        }
        // For a removed node: the nearest kept nodes upstream of it.
        let mut nearest: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.len()];
        for place in self.topological().unwrap_or_default() {
            let mut before = BTreeSet::new();
            for parent in self.graph.neighbors_directed(NodeIndex::new(place), Direction::Incoming) {
                if keep.contains(parent.index()) {
                    before.insert(parent.index());
                } else {
                    before.extend(&nearest[parent.index()]);
                }
            }
            if keep.contains(place) {
                let after = small.add(self.id(place));
                for parent in before {
                    let parent = small.add(self.id(parent));
                    // No edge is added twice: `before` is a set, and `place` comes up once.
                    small.graph.add_edge(NodeIndex::new(parent), NodeIndex::new(after), ());
                }
            } else if self.graph.neighbors(NodeIndex::new(place)).next().is_some() {
                nearest[place] = before;
            }
        }
        small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dag(edges: &[(&'static str, &'static str)]) -> Dag<&'static str> {
        let mut dag = Dag::new();
        for (before, after) in edges {
            dag.edge(before, after);
        }
        dag
    }

    fn names(dag: &Dag<&'static str>, places: impl IntoIterator<Item = usize>) -> String {
        let mut names: Vec<&str> = places.into_iter().map(|place| *dag.id(place)).collect();
        names.sort_unstable();
        names.join(" ")
    }

    fn set(dag: &Dag<&'static str>, names: &str) -> NodeSet {
        names.split_whitespace().filter_map(|name| dag.place(name)).collect()
    }

    #[test]
    fn order_is_topological_and_breaks_ties_by_id() {
        let dag = dag(&[("z", "b"), ("a", "b"), ("b", "c"), ("y", "c")]);
        let order: Vec<&str> = dag.topological().unwrap().into_iter().map(|p| *dag.id(p)).collect();
        assert_eq!(order, ["a", "y", "z", "b", "c"]);
        let mut levels: Vec<(usize, &str)> = dag.levels().into_iter().zip(dag.ids().copied()).collect();
        levels.sort_unstable();
        assert_eq!(levels, [(0, "a"), (0, "y"), (0, "z"), (1, "b"), (2, "c")]);
    }

    #[test]
    fn relatives_respect_depth() {
        let dag = dag(&[("a", "b"), ("b", "c"), ("c", "d"), ("x", "c")]);
        let check = |from: &str, depth, up: &str, down: &str| {
            assert_eq!(names(&dag, dag.ancestors(&set(&dag, from), depth).iter()), up, "ancestors of {from}");
            assert_eq!(
                names(&dag, dag.descendants(&set(&dag, from), depth).iter()),
                down,
                "descendants of {from}"
            );
        };
        check("c", None, "a b x", "d");
        check("c", Some(1), "b x", "d");
        check("b", Some(1), "a", "c");
        check("b", Some(0), "", "");
        check("a c", None, "a b x", "b c d");
        check("", None, "", "");
    }

    #[test]
    fn a_cycle_is_its_shortest_path() {
        let dag = dag(&[
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("b", "a"),
            ("s", "s"),
            ("c", "d"),
            ("q", "p"),
            ("p", "q"),
        ]);
        let cycles: Vec<Vec<&str>> =
            dag.cycles().into_iter().map(|c| c.into_iter().map(|p| *dag.id(p)).collect()).collect();
        assert_eq!(cycles, [vec!["a", "b"], vec!["p", "q"], vec!["s"]]);
        assert_eq!(dag.topological(), None);
    }

    #[test]
    fn a_subset_keeps_the_way_through_removed_nodes() {
        let dag = dag(&[("a", "b"), ("b", "c"), ("c", "d"), ("x", "b"), ("b", "e"), ("e", "f")]);
        let small = dag.subset(&set(&dag, "a x d f"));
        let mut edges: Vec<String> = Vec::new();
        for (place, id) in small.ids().enumerate() {
            edges.extend(small.parents(place).into_iter().map(|p| format!("{}>{id}", small.id(p))));
        }
        edges.sort_unstable();
        assert_eq!(edges, ["a>d", "a>f", "x>d", "x>f"]);
    }

    #[test]
    fn fifty_thousand_nodes_are_quick() {
        let mut dag = Dag::new();
        let ids: Vec<String> = (0..50_000).map(|n| format!("model.shop.m{n:05}")).collect();
        for (n, id) in ids.iter().enumerate() {
            dag.add(id);
            for back in [1, 7, 501] {
                if n >= back {
                    dag.edge(&ids[n - back], id);
                }
            }
        }
        let start = std::time::Instant::now();
        assert_eq!(dag.topological().map(|order| order.len()), Some(50_000));
        assert_eq!(dag.descendants(&NodeSet::from_iter([0]), None).len(), 49_999);
        let half: NodeSet = (0..50_000).step_by(2).collect();
        assert_eq!(dag.subset(&half).len(), 25_000);
        assert!(dag.cycles().is_empty());
        assert!(start.elapsed().as_secs() < 10, "took {:?}", start.elapsed());
    }
}
