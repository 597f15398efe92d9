//! Where the columns of each resource come from, and what they go into, for its page. From `column_lineage.json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifacts::{ColumnKind, ColumnLineage};
use crate::hash::HashMap;

/// The columns of one resource that something is known of, by name in lower case.
#[derive(Debug, Default, Serialize)]
pub(super) struct Flows(BTreeMap<String, Flow>);

/// One column.
#[derive(Debug, Default, Serialize)]
struct Flow {
    /// What it is; missing for sources and seeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<ColumnKind>,
    /// What it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<End>,
    /// Why that is not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    /// The columns it goes into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<End>,
    /// The resources whose rows depend on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<String>,
}

/// The other end: id, column, what it is.
#[derive(Debug, Serialize)]
struct End(String, String, ColumnKind);

/// Turns the file around: what its page shows, by the id of the resource.
pub(super) fn flows(lineage: &ColumnLineage) -> HashMap<String, Flows> {
    let mut all: HashMap<String, Flows> = HashMap::default();
    let at = |all: &mut HashMap<String, Flows>, id: &str, column: &str, add: &mut dyn FnMut(&mut Flow)| {
        add(all.entry(id.to_owned()).or_default().0.entry(column.to_lowercase()).or_default());
    };
    for (id, node) in &lineage.nodes {
        for (name, column) in &node.columns {
            at(&mut all, id, name, &mut |flow| {
                let ends = column.inputs.iter();
                let end = ends.map(|it| End(it.column.relation.clone(), it.column.column.clone(), it.kind));
                flow.from = end.collect();
                flow.kind = Some(column.kind);
                flow.unknown.clone_from(&column.unknown);
            });
            for input in &column.inputs {
                let end = || End(id.clone(), name.clone(), input.kind);
                at(&mut all, &input.column.relation, &input.column.column, &mut |flow| flow.to.push(end()));
            }
        }
        for used in &node.uses {
            at(&mut all, &used.column.relation, &used.column.column, &mut |flow| flow.rows.push(id.clone()));
        }
    }
    all
}
