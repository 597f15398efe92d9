//! `column:orders.amount`: the node with a column, and along the column (`+`) those that use it or that it comes from.
//!
//! Reads `column_lineage.json` of the target folder; errors if there is none. Unlike for other methods, `+` follows the column,
//! not the node. A node that may use the column, as far as can be told, is taken along.

use crate::hash::HashSet;

use super::spec::Criterion;
use crate::artifacts::{ColumnLineage, ColumnRef};
use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::{Manifest, Node};

/// Finds the node or source that a text names, and the column behind it: `orders.amount`, `shop.orders.amount`,
/// `raw.payments.id` of a source, or an id in front. The longest name counts.
pub fn node_and_column<'t>(manifest: &Manifest, text: &'t str) -> Option<(String, Option<&'t str>)> {
    let mut best: Option<(usize, String)> = None;
    let mut offer = |name: &str, id: &str| {
        let rest = text.strip_prefix(name);
        let fits = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if fits && best.as_ref().is_none_or(|(length, _)| name.len() > *length) {
            best = Some((name.len(), id.to_owned()));
        }
    };
    for node in manifest.nodes.values().filter(|node| node.resource_type().is_refable()) {
        let id = node.unique_id.as_str();
        for name in names(node) {
            offer(&name, id);
            offer(&format!("{}.{name}", node.package_name), id);
        }
        offer(id, id);
    }
    for table in manifest.sources.values() {
        let id = table.unique_id.as_str();
        offer(&table.search_name(), id);
        offer(&format!("source:{}", table.search_name()), id);
        offer(id, id);
    }
    let (length, id) = best?;
    Some((id, text[length..].strip_prefix('.').filter(|column| !column.is_empty())))
}

/// A versioned model's plain name means its latest version.
fn names(node: &Node) -> Vec<String> {
    let mut names = vec![node.search_name()];
    if node.version().is_some() && node.version() == node.latest_version() {
        names.push(node.name.clone());
    }
    names
}

/// Says that no node has a name.
pub fn unknown_node(manifest: &Manifest, text: &str) -> Diagnostic {
    let name = text.split('.').next().unwrap_or_default();
    let known = manifest
        .nodes
        .values()
        .filter(|node| node.resource_type().is_refable())
        .map(|node| node.name.as_str());
    let message = format!("`{text}` names no model, seed, snapshot or source");
    Diagnostic::error(Code::SELECTOR, None, message).help::<String>(
        suggest(name, known).unwrap_or_else(|| "write `model.column`, or `source.table.column`".to_owned()),
    )
}

/// Returns the ids that a criterion selects.
pub(super) fn ids(
    criterion: &Criterion,
    manifest: &Manifest,
    lineage: Option<&ColumnLineage>,
) -> Result<HashSet<String>, Box<Diagnostic>> {
    let text = criterion.text();
    let wrong = |mut error: Diagnostic| {
        error.span = criterion.span;
        Box::new(error)
    };
    let Some((relation, column)) = node_and_column(manifest, &text) else {
        return Err(wrong(unknown_node(manifest, &text)));
    };
    if criterion.childrens_parents {
        let message = "`@` does not go with `column:`, which `+` follows along the column";
        return Err(wrong(Diagnostic::error(Code::SELECTOR, None, message)));
    }
    let Some(column) = column else {
        let message = format!("`column:{text}` names no column");
        return Err(wrong(
            Diagnostic::error(Code::SELECTOR, None, message).help("write `column:model.column`"),
        ));
    };
    let Some(lineage) = lineage else {
        let message = "`column:` needs the project's column lineage, which is not there";
        return Err(wrong(
            Diagnostic::error(Code::STATE, None, message).help("run `tidegate lineage --all` first"),
        ));
    };
    let start = ColumnRef::new(relation.as_str(), column);
    let known = lineage.nodes.get(&relation);
    if let Some(node) = known.filter(|node| node.incomplete.is_none() && lineage.origin(&start).is_none()) {
        let message = format!("`{relation}` has no column `{column}`");
        let help = suggest(column, node.columns.keys().map(String::as_str));
        return Err(wrong(Diagnostic::error(Code::SELECTOR, None, message).help::<String>(help)));
    }
    let mut ids = HashSet::from_iter([relation]);
    if let Some(depth) = criterion.children {
        ids.extend(lineage.downstream(&start, depth).into_iter().map(|reached| reached.to.relation));
    }
    if let Some(depth) = criterion.parents {
        ids.extend(lineage.upstream(&start, depth).into_iter().map(|reached| reached.to.relation));
    }
    Ok(ids)
}

/// Warns of nodes that the lineage was not read from as they are now.
pub(super) fn stale(manifest: &Manifest, lineage: &ColumnLineage) -> Option<Diagnostic> {
    let changed = |(id, known): &(&String, &crate::artifacts::NodeLineage)| {
        let node = manifest.nodes.get(id.as_str());
        node.is_some_and(|node| node.checksum.checksum != known.checksum)
    };
    let mut changed: Vec<&str> = lineage.nodes.iter().filter(changed).map(|(id, _)| id.as_str()).collect();
    let models = manifest.nodes.values().filter(|node| {
        matches!(node.kind, crate::manifest::NodeKind::Model { .. } | crate::manifest::NodeKind::Snapshot)
    });
    changed.extend(models.map(|node| node.unique_id.as_str()).filter(|id| !lineage.nodes.contains_key(*id)));
    let first = changed.first()?;
    let more = if changed.len() > 1 { format!(" and {} more", changed.len() - 1) } else { String::new() };
    let message = format!("`{first}`{more} changed since column_lineage.json was written");
    Some(Diagnostic::warning(Code::STATE, None, message).help("run `tidegate lineage --all` again"))
}
