//! A whole project, in the order of its graph: what is known of a model's columns serves the models that read it.

use std::rc::Rc;
use std::sync::Arc;

use crate::hash::{HashMap, IndexMap};

use super::known::Known;
use super::resolver::resolve;
use super::snapshot::with_history;
use super::table::Table;
use super::text::{Plainer, tree};
use super::value::{Value, kind_of};
use crate::artifacts::{ColumnInput, ColumnLineage, ColumnOrigin, ColumnRef, NodeLineage, UsedColumn};
use crate::dag::Dag;
use crate::manifest::{Language, Manifest, Node, NodeKind, UniqueId};
use crate::sql::{Dialect, with_room_for_trees};

/// Returns the compiled SQL of a node, or why there is none.
pub type Code<'a> = dyn Fn(&UniqueId) -> Result<Arc<str>, String> + 'a;

/// What lineage is read from.
#[derive(Clone, Copy)]
pub struct Project<'a> {
    /// All resources.
    pub manifest: &'a Manifest,
    /// What depends on what.
    pub dag: &'a Dag<UniqueId>,
    /// The rules of the engine's SQL.
    pub dialect: &'a dyn Dialect,
    /// The compiled SQL of models and snapshots.
    pub code: &'a Code<'a>,
    /// The columns that the database tells relations to have, by id.
    pub told: &'a HashMap<String, Vec<String>>,
}

/// Reads the lineage of every model and snapshot. `plainer` writes a query without the shorthands that only its engine reads,
/// if the engine can be asked.
pub fn column_lineage(project: &Project<'_>, plainer: Option<&mut Plainer<'_>>) -> ColumnLineage {
    with_room_for_trees(|| read_all(project, plainer))
}

fn read_all(project: &Project<'_>, mut plainer: Option<&mut Plainer<'_>>) -> ColumnLineage {
    let mut known = Known::new(project.manifest, project.dialect, project.told);
    let mut nodes = IndexMap::default();
    // A graph with a cycle has been refused before.
    for place in project.dag.topological().unwrap_or_default() {
        let Some(node) = project.manifest.nodes.get(project.dag.id(place)) else { continue };
        if !matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot) {
            continue;
        }
        let id: Arc<str> = node.unique_id.as_str().into();
        let mut read = |known: &Known<'_>| {
            let table = table_of(project, node, known, plainer.as_deref_mut());
            completed(table, node, project, known)
        };
        let mut table = read(&known);
        let mut names = unique_names(&table);
        known.set(&id, &names, !table.is_closed());
        if table.mentions(&id) {
            // It reads itself, and what it has is known only now.
            table = read(&known);
            names = unique_names(&table);
        }
        nodes.insert(id.to_string(), lineage_of(&table, names, node, &known));
    }
    ColumnLineage::new(nodes)
}

/// Resolves a node's query.
fn table_of(
    project: &Project<'_>,
    node: &Node,
    known: &Known<'_>,
    plainer: Option<&mut Plainer<'_>>,
) -> Table {
    if node.language == Language::Python {
        return Table::unknown("it is a Python model");
    }
    let code = match (project.code)(&node.unique_id) {
        Ok(code) => code,
        Err(reason) => return Table::unknown(reason),
    };
    let query = match tree(&with_ids(&code, node, project.manifest), project.dialect, plainer) {
        Ok(query) => query,
        Err(reason) => return Table::unknown(reason),
    };
    let table = resolve(&query, project.dialect, &known.seen_by(node));
    if matches!(node.kind, NodeKind::Snapshot) { with_history(table, node) } else { table }
}

/// Sources that are files or calls (`external_location`) become names, so that they are found again.
fn with_ids(code: &str, node: &Node, manifest: &Manifest) -> String {
    let mut code = code.to_owned();
    let sources = node.depends_on.nodes.iter().filter_map(|id| manifest.sources.get(id));
    for source in sources.filter(|source| source.relation_name.ends_with([')', '\''])) {
        code = code.replace(&source.relation_name, &format!("\"{}\"", source.unique_id));
    }
    code
}

/// Names the columns of an open table, if a contract or the database lists all of them.
fn completed(mut table: Table, node: &Node, project: &Project<'_>, known: &Known<'_>) -> Table {
    let contract: Vec<String> = if node.contract.enforced {
        node.columns.keys().map(ToString::to_string).collect()
    } else {
        Vec::new()
    };
    let listed = Some(&contract).filter(|names| !names.is_empty());
    let listed = listed.or_else(|| project.told.get(node.unique_id.as_str()));
    let Some(listed) = listed.filter(|_| !table.is_closed()) else { return table };
    let mut columns = Table { uses: table.uses.clone(), ..Table::default() };
    for name in listed {
        let key = known.key(name);
        let value =
            table.get(&key).unwrap_or_else(|| Value::unknown("the database has it, and the query does not"));
        columns.push((name, &key), Rc::new(value));
    }
    // A column that the query names, and the list does not, has been added since.
    table.columns.retain(|column| columns.columns.iter().all(|listed| listed.key != column.key));
    columns.columns.append(&mut table.columns);
    columns
}

/// Engines number columns of the same name: `id`, `id_1`.
fn unique_names(table: &Table) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::default();
    let mut names = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        let times = seen.entry(column.key.to_string()).or_default();
        names.push(if *times == 0 { column.name.to_string() } else { format!("{}_{times}", column.name) });
        *times += 1;
    }
    names
}

fn lineage_of(table: &Table, names: Vec<String>, node: &Node, known: &Known<'_>) -> NodeLineage {
    let place = |relation: &str, key: &str| ColumnRef::new(relation, known.spelled(relation, key));
    let columns = table.columns.iter().zip(names).map(|(column, name)| {
        let inputs = column.value.inputs.iter().map(|(origin, step)| ColumnInput {
            column: place(&origin.relation, &origin.column),
            kind: kind_of(*step, *origin.column == *column.key),
        });
        let origin = ColumnOrigin {
            kind: column.value.kind(&column.key),
            inputs: inputs.collect(),
            unknown: column.value.unknown.as_deref().map(str::to_owned),
        };
        (name, origin)
    });
    let uses = table.uses.columns.iter().map(|(origin, how)| UsedColumn {
        column: place(&origin.relation, &origin.column),
        how: how.clone(),
    });
    NodeLineage {
        checksum: node.checksum.checksum.clone(),
        columns: columns.collect(),
        incomplete: table.rest.first().map(|rest| rest.reason().to_string()),
        uses: uses.collect(),
        uses_unknown: table.uses.unknown.iter().map(ToString::to_string).collect(),
        reads: node.depends_on.nodes.iter().map(ToString::to_string).collect(),
    }
}
