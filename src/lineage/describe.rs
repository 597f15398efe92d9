//! Descriptions along lineage: a column that is a copy of another one means the same.
//!
//! Only columns without a description get one, and it is marked: `inherited_from` names the column that has it.

use std::sync::Arc;

use crate::artifacts::{ColumnKind, ColumnLineage, ColumnRef};
use crate::manifest::{ColumnProperties, Columns, Json, Manifest, UniqueId};

/// The mark at a column whose description is that of another one.
const MARK: &str = "inherited_from";

/// Returns the manifest with the descriptions that columns inherit.
pub fn with_inherited(manifest: &Manifest, lineage: &ColumnLineage) -> Manifest {
    let mut described = manifest.clone();
    for (id, known) in &lineage.nodes {
        let id = UniqueId::from_artifact(id);
        let Some(node) = described.nodes.get_mut(&id) else { continue };
        let mut columns = node.columns.clone();
        for name in known.columns.keys() {
            let own = spelled(&columns, name).unwrap_or_else(|| Arc::from(name.as_str()));
            if columns.get(&own).is_some_and(|column| !column.description.is_empty()) {
                continue;
            }
            let start = ColumnRef::new(id.as_str(), name);
            let Some((origin, description)) = found(manifest, lineage, start) else { continue };
            let fresh = || ColumnProperties { name: Arc::clone(&own), ..ColumnProperties::default() };
            let column = columns.entry(Arc::clone(&own)).or_insert_with(|| Arc::new(fresh()));
            let column = Arc::make_mut(column);
            column.description = description;
            column
                .extra
                .insert(MARK.to_owned(), Json::from(format!("{}.{}", origin.relation, origin.column)));
        }
        if columns != node.columns {
            Arc::make_mut(node).columns = columns;
        }
    }
    described
}

/// Goes up from copy to original until one is described.
fn found(manifest: &Manifest, lineage: &ColumnLineage, start: ColumnRef) -> Option<(ColumnRef, Arc<str>)> {
    let mut at = start;
    // Incremental models may read themselves.
    let mut seen = vec![at.clone()];
    loop {
        let (_, origin) = lineage.origin(&at)?;
        let [input] = origin.inputs.as_slice() else { return None };
        if !matches!(origin.kind, ColumnKind::Copied | ColumnKind::Renamed) || seen.contains(&input.column) {
            return None;
        }
        at = input.column.clone();
        seen.push(at.clone());
        let id = UniqueId::from_artifact(&at.relation);
        let node = manifest.nodes.get(&id).map(|node| &node.columns);
        let columns = node.or_else(|| manifest.sources.get(&id).map(|table| &table.columns));
        let column = columns.and_then(|columns| columns.get(&spelled(columns, &at.column)?));
        if let Some(column) = column.filter(|column| !column.description.is_empty()) {
            return Some((at, Arc::clone(&column.description)));
        }
    }
}

/// Returns a name as the property file has it, which may differ in case.
fn spelled(columns: &Columns, name: &str) -> Option<Arc<str>> {
    if let Some((known, _)) = columns.get_key_value(name) {
        return Some(Arc::clone(known));
    }
    columns.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned()
}
