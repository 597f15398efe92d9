//! Lineage for terminals.

use std::fmt::Write as _;

use super::{Answer, label};
use crate::artifacts::{ColumnKind, ColumnLineage, ColumnRef, Link, NodeLineage, Reached};

/// Returns an answer for people.
pub fn text(answer: &Answer<'_>) -> String {
    let mut out = String::new();
    let start = ColumnRef::new(&answer.relation, answer.column.clone().unwrap_or_default());
    if let (None, Some(node)) = (&answer.column, answer.node) {
        let _ = writeln!(out, "{}", answer.told(&start));
        columns(&mut out, node, answer);
        rows(&mut out, node, answer);
    }
    for (title, reached) in [("comes from", &answer.upstream), ("goes into", &answer.downstream)] {
        let Some(reached) = reached else { continue };
        if answer.column.is_none() {
            // The tables above tell the nearest steps; a tree for each column goes on from there.
            if title == "goes into" || reached.iter().any(|it| it.depth > 1) {
                let _ = writeln!(out, "\n{title}");
                starts(reached).into_iter().for_each(|start| tree(&mut out, answer, reached, start));
            }
            continue;
        }
        let _ = writeln!(out, "{} {title}", answer.told(&start));
        if let (Some(origin), "comes from") =
            (answer.node.and_then(|node| node.columns.get(&start.column)), title)
        {
            unknown(&mut out, "  ", origin.unknown.as_deref());
            if origin.inputs.is_empty() && origin.unknown.is_none() {
                let _ = writeln!(out, "  no column ({})", kind(origin.kind));
            }
        }
        branches(&mut out, answer, reached, (&start, "  ", 1));
        if reached.is_empty() && (title == "goes into" || answer.node.is_none()) {
            let _ = writeln!(out, "  nothing in this project");
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Returns the figures of a project.
pub fn summary(lineage: &ColumnLineage) -> String {
    let (mut columns, mut unknown, mut open) = (0, 0, 0);
    let mut out = String::new();
    for (id, node) in &lineage.nodes {
        columns += node.columns.len();
        for (name, column) in node.columns.iter().filter(|(_, column)| column.unknown.is_some()) {
            unknown += 1;
            let _ = writeln!(out, "  {id}.{name}: {}", column.unknown.as_deref().unwrap_or_default());
        }
        if let Some(reason) = &node.incomplete {
            open += 1;
            let _ = writeln!(out, "  {id}: {reason}");
        }
    }
    let nodes = lineage.nodes.len();
    let head = format!(
        "{nodes} models and snapshots, {columns} columns: {unknown} not certain, {open} models with columns not known"
    );
    format!("{head}\n{out}").trim_end().to_owned()
}

fn kind(kind: ColumnKind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn unknown(out: &mut String, indent: &str, reason: Option<&str>) {
    if let Some(reason) = reason {
        let _ = writeln!(out, "{indent}unknown: {reason}");
    }
}

/// A line for every column.
fn columns(out: &mut String, node: &NodeLineage, answer: &Answer<'_>) {
    let width = node.columns.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, origin) in &node.columns {
        let inputs: Vec<String> = origin.inputs.iter().map(|input| answer.told(&input.column)).collect();
        let reason = origin.unknown.as_ref().map(|reason| format!("({reason})"));
        let from: Vec<String> =
            std::iter::once(inputs.join(", ")).filter(|it| !it.is_empty()).chain(reason).collect();
        let line = format!("  {name:width$}  {:10}  {}", kind(origin.kind), from.join(" "));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if let Some(reason) = &node.incomplete {
        let _ = writeln!(out, "  and perhaps more: {reason}");
    }
}

/// What the rows of a node depend on.
fn rows(out: &mut String, node: &NodeLineage, answer: &Answer<'_>) {
    if node.uses.is_empty() && node.uses_unknown.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nits rows depend on");
    let names: Vec<String> = node.uses.iter().map(|used| answer.told(&used.column)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (used, name) in node.uses.iter().zip(names) {
        let _ = writeln!(out, "  {name:width$}  {}", label(&Link::Rows(used.how.clone())));
    }
    for reason in &node.uses_unknown {
        let _ = writeln!(out, "  and perhaps more: {reason}");
    }
}

/// The columns that walks began at, in their order.
fn starts(reached: &[Reached]) -> Vec<&ColumnRef> {
    let mut starts: Vec<&ColumnRef> = Vec::new();
    for it in reached.iter().filter(|it| it.depth == 1) {
        if !starts.contains(&&it.from) {
            starts.push(&it.from);
        }
    }
    starts
}

fn tree(out: &mut String, answer: &Answer<'_>, reached: &[Reached], start: &ColumnRef) {
    let _ = writeln!(out, "  {}", start.column);
    branches(out, answer, reached, (start, "    ", 1));
}

/// What was reached from a column, with what was reached from there below.
fn branches(
    out: &mut String,
    answer: &Answer<'_>,
    reached: &[Reached],
    (from, indent, depth): (&ColumnRef, &str, usize),
) {
    for it in reached.iter().filter(|it| it.from == *from && it.depth == depth) {
        let how = match &it.link {
            Link::Perhaps(reason) => format!("perhaps: {reason}"),
            link => label(link),
        };
        let _ = writeln!(out, "{indent}{}  {how}", answer.told(&it.to));
        if matches!(it.link, Link::Value(_)) {
            branches(out, answer, reached, (&it.to, &format!("{indent}  "), depth + 1));
        }
    }
}
