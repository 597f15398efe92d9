//! Where columns come from: compiles models, asks the database for columns it alone knows, and writes `column_lineage.json`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::adapter::Kind;
use crate::adapter::duckdb::Canonical;
use crate::artifacts::{COLUMN_LINEAGE, ColumnLineage, write_lineage_table};
use crate::cli::{CliError, Ui};
use crate::compile::{Compiler, needs_sql};
use crate::context::NodeScope;
use crate::docs::read_catalog;
use crate::files;
use crate::hash::HashMap;
use crate::lineage::{Project, column_lineage};
use crate::manifest::{Json, Language, Node, NodeKind, UniqueId};
use crate::plan::{Command, Gate, Request, plan};
use crate::run::prepare;

use super::load::{Loaded, load, written};
use super::scope::{Warehouse, open};

/// Columns that the database tells of, by the id of their relation.
type Told = HashMap<String, Vec<String>>;

/// Loads the project, compiles its models and snapshots, and reads and writes the lineage of their columns.
///
/// A model that does not compile has no lineage, and the reason says so.
pub(in crate::cli) fn read_lineage(ui: &Ui) -> Result<(Loaded, ColumnLineage), CliError> {
    let loaded = load(ui)?;
    let nodes: Vec<&Arc<Node>> =
        loaded.parsed.manifest.nodes.values().filter(|node| has_query(node)).collect();
    let warehouse = open(ui, &loaded, nodes.iter().map(|node| node.unique_id.clone()).collect())?;
    let compiled = compile(&loaded, &warehouse, &nodes);
    let asked = compiled.map(|codes| (codes, told(ui, &loaded, &warehouse)));
    warehouse.close()?;
    let (codes, told) = asked?;
    let code = |id: &UniqueId| codes.get(id).cloned().unwrap_or_else(|| Err("it is switched off".to_owned()));
    let lineage = read(&loaded, &code, &told);
    write(ui, &loaded, &lineage)?;
    Ok((loaded, lineage))
}

/// Reads and writes the lineage of a project that was compiled; the columns of sources are those of the last catalog.
pub(in crate::cli) fn lineage_of_compiled(ui: &Ui, loaded: &Loaded) -> Result<ColumnLineage, CliError> {
    let code = |id: &UniqueId| match loaded.compiled.get(id) {
        Some(compiled) => Ok(Arc::clone(&compiled.code)),
        None => Err("it was not compiled, as it was not selected".to_owned()),
    };
    let lineage = read(loaded, &code, &in_catalog(loaded));
    write(ui, loaded, &lineage)?;
    Ok(lineage)
}

fn read(loaded: &Loaded, code: &crate::lineage::Code<'_>, told: &Told) -> ColumnLineage {
    let connection = &loaded.workspace.profile.connection;
    let project = Project {
        manifest: &loaded.parsed.manifest,
        dag: &loaded.dag,
        dialect: loaded.parsed.shared.dialect,
        code,
        told,
    };
    let mut canonical = Canonical::default();
    let mut plainer = |sql: &str| canonical.query(sql);
    let knows_shorthands = connection.kind() == Kind::DuckDb;
    column_lineage(&project, if knows_shorthands { Some(&mut plainer) } else { None })
}

fn write(ui: &Ui, loaded: &Loaded, lineage: &ColumnLineage) -> Result<(), CliError> {
    lineage.write(&loaded.target(""))?;
    written(ui, "ColumnLineage", &loaded.target(COLUMN_LINEAGE));
    if ui.flags.building().write_parquet {
        write_lineage_table(&loaded.target(""), lineage)?;
    }
    Ok(())
}

fn has_query(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot) && node.language == Language::Sql
}

/// Compiles nodes on the main session; nothing is written.
fn compile(
    loaded: &Loaded,
    warehouse: &Warehouse,
    nodes: &[&Arc<Node>],
) -> Result<HashMap<UniqueId, Result<Arc<str>, String>>, CliError> {
    let selected: BTreeSet<UniqueId> = nodes.iter().map(|node| node.unique_id.clone()).collect();
    let request = Request {
        command: Command::Compile,
        selected: &selected,
        project: &loaded.workspace.project.name,
        store_failures: false,
        gate: Gate::Never,
        resumed: None,
        records_ephemeral: false,
    };
    let plan = plan(&loaded.parsed.manifest, &loaded.dag, request)?;
    prepare(&warehouse.macro_scope(loaded), &plan.schemas, &warehouse.session, 0)?;
    let compiler = Compiler::new(&warehouse.run, &loaded.parsed.templates, Box::new(|_, _, _| Ok(None)));
    let code = |node: &Arc<Node>| {
        let session = warehouse.session.clone();
        let scope = NodeScope::new(&warehouse.run, &node.package_name, Some(Arc::clone(node)), session);
        needs_sql(node, "`lineage`")?;
        compiler.compile(node, &scope).map(|compiled| Arc::clone(&compiled.code))
    };
    let compiled = nodes.iter().map(|node| {
        let code = code(node).map_err(|problem| format!("it does not compile: {}", problem.message));
        (node.unique_id.clone(), code)
    });
    Ok(compiled.collect())
}

/// Asks the database for the columns of sources and Python models; what it does not tell, the last catalog may.
fn told(ui: &Ui, loaded: &Loaded, warehouse: &Warehouse) -> Told {
    let mut told = in_catalog(loaded);
    let manifest = &loaded.parsed.manifest;
    let python = manifest.nodes.values().filter(|node| node.language == Language::Python);
    let mut asked: BTreeSet<UniqueId> = manifest.sources.keys().cloned().collect();
    asked.extend(python.map(|node| node.unique_id.clone()));
    if asked.is_empty() || !ui.flags.building().introspect {
        return told;
    }
    // A database that does not answer leaves columns unknown, which the result says.
    if let Ok(catalog) = read_catalog(&warehouse.macro_scope(loaded), Some(&asked)) {
        for (id, table) in catalog.sources.iter().chain(&catalog.nodes).filter(|(id, _)| asked.contains(*id))
        {
            let mut columns: Vec<_> = table.columns.values().collect();
            columns.sort_by_key(|column| column.index);
            told.insert(id.to_string(), columns.into_iter().map(|column| column.name.clone()).collect());
        }
    }
    told
}

/// Reads the columns in `catalog.json`, if there is one.
fn in_catalog(loaded: &Loaded) -> Told {
    let text = files::read_text(&loaded.target("catalog.json")).unwrap_or_default();
    let catalog: Json = serde_json::from_str(&text).unwrap_or_default();
    let mut told = Told::default();
    for kind in ["nodes", "sources"] {
        for (id, table) in catalog[kind].as_object().into_iter().flatten() {
            let mut columns: Vec<&Json> =
                table["columns"].as_object().into_iter().flatten().map(|(_, it)| it).collect();
            columns.sort_by_key(|column| column["index"].as_i64());
            let names = columns.iter().filter_map(|column| column["name"].as_str().map(str::to_owned));
            told.insert(id.clone(), names.collect());
        }
    }
    told
}
