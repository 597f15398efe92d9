//! Lineage as people and tools want it: text, JSON, Graphviz, Mermaid, a page.
//!
//! Input: an [`Answer`]. Output: text. Invariant: what is unknown is shown as unknown, with the reason. Called by `cli`.

mod graph;
mod page;
mod text;

pub use graph::{dot, mermaid};
pub use page::page;
pub use text::{summary, text};

use serde_json::{Value as Json, json};

use crate::artifacts::{ColumnLineage, ColumnRef, Link, NodeLineage, Reached};

/// What is shown.
pub struct Answer<'a> {
    /// The node or source asked for.
    pub relation: String,
    /// Its lineage; `None` for what has no query: sources and seeds.
    pub node: Option<&'a NodeLineage>,
    /// The column asked for; `None` for all of them.
    pub column: Option<String>,
    /// What it comes from, if that was asked for.
    pub upstream: Option<Vec<Reached>>,
    /// What it goes into, if that was asked for.
    pub downstream: Option<Vec<Reached>>,
    /// Names of relations for people, by id.
    pub name: &'a dyn Fn(&str) -> String,
}

/// Which way to look, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// To what it comes from.
    pub upstream: bool,
    /// To what it goes into.
    pub downstream: bool,
    /// How many steps; `None` for all the way.
    pub depth: Option<usize>,
}

impl<'a> Answer<'a> {
    /// Finds what was asked for.
    pub fn new(
        lineage: &'a ColumnLineage,
        relation: &str,
        column: Option<&str>,
        ask: Ask,
        name: &'a dyn Fn(&str) -> String,
    ) -> Self {
        let node = lineage.nodes.get(relation);
        let starts: Vec<ColumnRef> = match column {
            Some(column) => vec![ColumnRef::new(relation, column)],
            None => {
                columns_of(lineage, relation).into_iter().map(|name| ColumnRef::new(relation, name)).collect()
            }
        };
        let all =
            |walk: &dyn Fn(&ColumnRef) -> Vec<Reached>| starts.iter().flat_map(walk).collect::<Vec<_>>();
        Self {
            relation: relation.to_owned(),
            node,
            column: column.map(str::to_owned),
            upstream: ask.upstream.then(|| all(&|start| lineage.upstream(start, ask.depth))),
            downstream: ask.downstream.then(|| all(&|start| lineage.downstream(start, ask.depth))),
            name,
        }
    }

    /// Returns it as JSON: the node's entry of `column_lineage.json`, or the edges from and to one column.
    pub fn json(&self) -> Json {
        let edges = |reached: &Option<Vec<Reached>>| {
            let edge = |reached: &Reached| {
                let (how, value) = match &reached.link {
                    Link::Value(kind) => ("kind", json!(kind)),
                    Link::Rows(uses) => ("uses", json!(uses)),
                    Link::Perhaps(reason) => ("unknown", json!(reason)),
                };
                let to = if reached.to.column.is_empty() {
                    json!({"relation": reached.to.relation})
                } else {
                    json!(reached.to)
                };
                json!({"from": reached.from, "to": to, "depth": reached.depth, how: value})
            };
            reached.as_ref().map(|reached| reached.iter().map(edge).collect::<Vec<_>>())
        };
        let mut json = json!({"relation": self.relation});
        if let (Some(node), None) = (self.node, &self.column) {
            json["lineage"] = json!(node);
        }
        if let Some(column) = &self.column {
            json["column"] = json!(column);
            let origin = self.node.and_then(|node| node.columns.get(column));
            json["origin"] = json!(origin);
        }
        for (key, reached) in [("upstream", &self.upstream), ("downstream", &self.downstream)] {
            if let Some(edges) = edges(reached) {
                json[key] = json!(edges);
            }
        }
        json
    }

    /// Returns a column for people: `orders.amount`.
    fn told(&self, column: &ColumnRef) -> String {
        let relation = (self.name)(&column.relation);
        if column.column.is_empty() { relation } else { format!("{relation}.{}", column.column) }
    }

    /// Returns all edges in the direction of the data, each once: from, to, what it is.
    fn edges(&self) -> Vec<(ColumnRef, ColumnRef, String)> {
        let mut edges: Vec<(ColumnRef, ColumnRef, String)> = Vec::new();
        let up = self.upstream.iter().flatten().map(|it| (it.to.clone(), it.from.clone(), &it.link));
        let down = self.downstream.iter().flatten().map(|it| (it.from.clone(), it.to.clone(), &it.link));
        for (from, to, link) in up.chain(down) {
            let edge = (from, to, label(link));
            if !edges.contains(&edge) {
                edges.push(edge);
            }
        }
        edges
    }
}

/// Returns a relation's columns; of a source or seed those that somebody reads.
fn columns_of(lineage: &ColumnLineage, relation: &str) -> Vec<String> {
    if let Some(node) = lineage.nodes.get(relation) {
        return node.columns.keys().cloned().collect();
    }
    let inputs = lineage.nodes.values().flat_map(|node| {
        let values = node.columns.values().flat_map(|column| column.inputs.iter().map(|input| &input.column));
        values.chain(node.uses.iter().map(|used| &used.column))
    });
    let mut names: Vec<String> =
        inputs.filter(|column| column.relation == relation).map(|column| column.column.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Says in a word or two how two columns are related.
fn label(link: &Link) -> String {
    match link {
        Link::Value(kind) => format!("{kind:?}").to_lowercase(),
        Link::Rows(uses) => {
            let words: Vec<String> = uses.iter().map(|how| format!("{how:?}").to_lowercase()).collect();
            words.join(", ")
        }
        Link::Perhaps(_) => "perhaps".to_owned(),
    }
}
