//! Lineage as graphs for Graphviz and Mermaid: a box for every relation, its columns in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Answer;
use crate::artifacts::ColumnRef;

/// The columns to draw, by relation, each with a name that graphs accept.
type Boxes = BTreeMap<String, BTreeMap<String, String>>;

fn boxes(answer: &Answer<'_>) -> Boxes {
    let mut boxes = Boxes::new();
    let start = answer.column.iter().map(|column| ColumnRef::new(&answer.relation, column));
    let ends = answer.edges().into_iter().flat_map(|(from, to, _)| [from, to]);
    for column in start.chain(ends) {
        boxes.entry(column.relation).or_default().insert(column.column, String::new());
    }
    let mut number = 0;
    for columns in boxes.values_mut() {
        for name in columns.values_mut() {
            *name = format!("c{number}");
            number += 1;
        }
    }
    boxes
}

/// Returns the name of a column in the graph.
fn name<'b>(boxes: &'b Boxes, column: &ColumnRef) -> &'b str {
    boxes.get(&column.relation).and_then(|columns| columns.get(&column.column)).map_or("", String::as_str)
}

/// The text in a column's box; that of a relation whose rows are meant says so.
fn text(column: &str) -> &str {
    if column.is_empty() { "(rows)" } else { column }
}

/// Returns an answer in Graphviz' language.
pub fn dot(answer: &Answer<'_>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let boxes = boxes(answer);
    let mut out = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (at, (relation, columns)) in boxes.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{at} {{\n    label={};", quoted(&(answer.name)(relation)));
        for (column, name) in columns {
            let _ = writeln!(out, "    {name} [label={}];", quoted(text(column)));
        }
        out.push_str("  }\n");
    }
    for (from, to, label) in answer.edges() {
        let _ =
            writeln!(out, "  {} -> {} [label={}];", name(&boxes, &from), name(&boxes, &to), quoted(&label));
    }
    out.push('}');
    out
}

/// Returns an answer in Mermaid's language.
pub fn mermaid(answer: &Answer<'_>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "#quot;"));
    let boxes = boxes(answer);
    let mut out = "flowchart LR\n".to_owned();
    for (at, (relation, columns)) in boxes.iter().enumerate() {
        let _ = writeln!(out, "  subgraph r{at} [{}]", quoted(&(answer.name)(relation)));
        for (column, name) in columns {
            let _ = writeln!(out, "    {name}[{}]", quoted(text(column)));
        }
        out.push_str("  end\n");
    }
    for (from, to, label) in answer.edges() {
        let _ = writeln!(out, "  {} -->|{}| {}", name(&boxes, &from), label, name(&boxes, &to));
    }
    out.truncate(out.trim_end().len());
    out
}
