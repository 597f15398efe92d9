//! Where the columns of a node come from, as a facet, as far as `column_lineage.json` knows.
//!
//! The file may be older than the project: what it says of a node counts only while the node's code is the one it was
//! read from. What is not certain is left out.

use crate::hash::HashSet;

use super::dataset::Datasets;
use super::facet::{facet, object};
use crate::artifacts::{ColumnInput, ColumnKind, ColumnLineage, ColumnRef, ColumnUse};
use crate::manifest::{Json, JsonMap, Node, UniqueId};

/// Returns the facet of what a node builds; nothing where nothing is known.
pub(super) fn column_lineage(datasets: &Datasets, known: &ColumnLineage, node: &Node) -> Json {
    let current = known.nodes.get(node.unique_id.as_str());
    let Some(lineage) = current.filter(|lineage| lineage.checksum == node.checksum.checksum) else {
        return Json::Null;
    };
    let reader = Reader { datasets, known };
    let mut fields = JsonMap::new();
    for (name, origin) in &lineage.columns {
        let inputs: Vec<Json> = origin.inputs.iter().flat_map(|input| reader.fields(input)).collect();
        if !inputs.is_empty() {
            fields.insert(name.clone(), object(&[("inputFields", inputs.into())]));
        }
    }
    let rows = lineage.uses.iter().flat_map(|used| {
        let how: Vec<Json> = used.how.iter().map(|how| transformation("INDIRECT", indirect(*how))).collect();
        let columns = reader.stored(&used.column);
        columns.into_iter().filter_map(move |column| reader.field(&column, how.clone()))
    });
    let rows: Vec<Json> = rows.collect();
    if fields.is_empty() && rows.is_empty() {
        return Json::Null;
    }
    facet("ColumnLineageDatasetFacet", "1-2-0", &[("fields", fields.into()), ("dataset", rows.into())])
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    datasets: &'a Datasets,
    known: &'a ColumnLineage,
}

impl Reader<'_> {
    /// The columns of datasets that an input stands for.
    fn fields(&self, input: &ColumnInput) -> Vec<Json> {
        let Some(subtype) = direct(input.kind) else { return Vec::new() };
        let columns = self.stored(&input.column);
        let how = || vec![transformation("DIRECT", subtype)];
        columns.iter().filter_map(|column| self.field(column, how())).collect()
    }

    /// A column of a dataset; itself, or what an ephemeral model makes it of.
    fn stored(&self, column: &ColumnRef) -> Vec<ColumnRef> {
        let (mut found, mut met) = (Vec::new(), HashSet::default());
        let mut waiting = vec![column.clone()];
        while let Some(column) = waiting.pop() {
            if !met.insert(column.clone()) {
                continue;
            }
            if self.datasets.is_ephemeral(&UniqueId::from_artifact(&column.relation)) {
                let inputs = self.known.origin(&column).map(|(_, origin)| origin.inputs.as_slice());
                let certain = inputs.unwrap_or_default().iter().filter(|it| it.kind != ColumnKind::Unknown);
                waiting.extend(certain.map(|input| input.column.clone()));
            } else {
                found.push(column);
            }
        }
        found.sort();
        found
    }

    fn field(&self, column: &ColumnRef, transformations: Vec<Json>) -> Option<Json> {
        let dataset = self.datasets.of(&UniqueId::from_artifact(&column.relation))?;
        Some(object(&[
            ("namespace", dataset["namespace"].clone()),
            ("name", dataset["name"].clone()),
            ("field", column.column.as_str().into()),
            ("transformations", transformations.into()),
        ]))
    }
}

fn transformation(kind: &str, subtype: &str) -> Json {
    object(&[("type", kind.into()), ("subtype", subtype.into())])
}

fn direct(kind: ColumnKind) -> Option<&'static str> {
    match kind {
        ColumnKind::Copied | ColumnKind::Renamed => Some("IDENTITY"),
        ColumnKind::Derived => Some("TRANSFORMATION"),
        ColumnKind::Aggregated => Some("AGGREGATION"),
        ColumnKind::Unknown => None,
    }
}

fn indirect(how: ColumnUse) -> &'static str {
    match how {
        ColumnUse::Filter => "FILTER",
        ColumnUse::Join => "JOIN",
        ColumnUse::Group => "GROUP_BY",
        ColumnUse::Order => "SORT",
        ColumnUse::Window => "WINDOW",
    }
}
