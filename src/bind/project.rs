//! A whole project in the order of its graph, so that every query finds the relations that it reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::doubt::Doubts;
use super::existing::{Columns, Existing};
use super::model::{Loose, Stop};
use super::query::Bench;
use super::scratch::Scratch;
use super::verdict::{Findings, Unchecked, Verdict};
use crate::compile::{Compiler, Templates};
use crate::context::RunScope;
use crate::dag::{Dag, NodeSet};
use crate::hash::HashMap;
use crate::lint::Build;
use crate::manifest::{
    ColumnInfo, ColumnProperties, Columns as Described, Manifest, Node, NodeKind, RelationType,
};
use crate::manifest::{SourceTable, UniqueId};

/// What is checked.
#[derive(Clone, Copy)]
pub struct Project<'a> {
    /// All resources.
    pub manifest: &'a Manifest,
    /// What depends on what.
    pub dag: &'a Dag<UniqueId>,
    /// The nodes to check. What they read is looked at too, and not told of.
    pub selected: &'a BTreeSet<UniqueId>,
    /// Templates of nodes.
    pub templates: &'a Arc<Templates>,
    /// Is told of every text that a selected model or snapshot compiles to, or why there is none. Without it, what cannot be
    /// checked is not compiled either.
    pub compiled: Option<&'a Compiled<'a>>,
}

/// What is told of the texts that nodes compile to.
pub type Compiled<'a> = dyn Fn(&Arc<Node>, Result<Build<'_>, String>) + 'a;

/// A check at work.
pub(super) struct Checker<'a> {
    pub(super) run: Arc<RunScope>,
    pub(super) compiler: Compiler,
    pub(super) scratch: &'a Scratch,
    compiled: Option<&'a Compiled<'a>>,
    doubts: Doubts<'a>,
    manifest: &'a Manifest,
    selected: &'a BTreeSet<UniqueId>,
    /// What is known of sources and nodes so far.
    known: HashMap<UniqueId, Result<Loose, Unchecked>>,
}

/// Checks models, seeds, snapshots and tests. `run` is the scope of a run in the scratch.
pub fn check(project: Project<'_>, run: &Arc<RunScope>, scratch: &Scratch) -> Findings {
    let mut checker = Checker {
        run: Arc::clone(run),
        compiler: Compiler::new(run, project.templates, Box::new(|_, _, _| Ok(None))),
        scratch,
        compiled: project.compiled,
        doubts: Doubts::new(project.manifest),
        manifest: project.manifest,
        selected: project.selected,
        known: HashMap::default(),
    };
    let mut findings = Findings::default();
    for id in order(&project) {
        let verdict = checker.node(id);
        if let Some(verdict) = verdict.filter(|_| project.selected.contains(id)) {
            findings.0.insert(id.clone(), verdict);
        }
    }
    findings
}

/// The selected nodes and all that they read, parents first. Seeds come before sources, which may be made of them.
fn order<'a>(project: &Project<'a>) -> Vec<&'a UniqueId> {
    let Project { manifest, dag, selected, .. } = *project;
    let from: NodeSet = selected.iter().filter_map(|id| dag.place(id)).collect();
    let mut needed = dag.ancestors(&from, None);
    needed.union(&from);
    // A graph with a cycle has been refused before.
    let all = dag.topological().unwrap_or_default().into_iter().filter(|place| needed.contains(*place));
    let is_seed = |id: &&UniqueId| {
        manifest.nodes.get(*id).is_some_and(|node| matches!(node.kind, NodeKind::Seed { .. }))
    };
    let built: Vec<&UniqueId> = manifest.nodes.keys().filter(is_seed).collect();
    let others = all.map(|place| dag.id(place)).filter(|id| !is_seed(id));
    built.into_iter().chain(others).collect()
}

impl Checker<'_> {
    pub(super) fn bench(&self) -> Bench<'_> {
        Bench { scratch: self.scratch, doubts: &self.doubts }
    }

    /// Returns who wants to know what a node compiles to, if somebody does.
    pub(super) fn listener(&self, node: &Node) -> Option<&Compiled<'_>> {
        self.compiled.filter(|_| self.selected.contains(&node.unique_id))
    }

    /// Checks a node, and keeps what others need to know of it; `None` for what is no matter of a check.
    fn node(&mut self, id: &UniqueId) -> Option<Verdict> {
        if let Some(table) = self.manifest.sources.get(id) {
            let known = self.source(table);
            self.known.insert(id.clone(), known);
            return None;
        }
        if let Some(test) = self.manifest.unit_tests.get(id) {
            let loose = self.read_by(id).map_err(Stop::from);
            let checked = loose.and_then(|loose| self.unit_test(self.manifest, test, loose));
            return Some(verdict(&checked));
        }
        let node = self.manifest.node(id)?;
        let checked = match &node.kind {
            NodeKind::Seed { .. } => self.seed(node),
            NodeKind::Model { .. } | NodeKind::Snapshot => {
                let known = self.read_by(id).map_err(Stop::from).and_then(|loose| {
                    self.within_reach(node)?;
                    Ok(loose)
                });
                if known.is_err()
                    && let Some(listener) = self.listener(node)
                {
                    self.compile_only(node, listener);
                }
                known.and_then(|loose| self.model(node, loose))
            }
            NodeKind::GenericTest(_) | NodeKind::SingularTest => {
                let loose = self.read_by(id).map_err(Stop::from);
                loose.and_then(|loose| self.test(node, loose)).map(|()| Loose::default())
            }
            NodeKind::Function(_) => Err(Unchecked::because("functions are not made for a check").into()),
            _ => return None,
        };
        let verdict = verdict(&checked);
        let known = checked.or_else(|stop| match stop {
            Stop::Wrong(_) => Err(Unchecked::because("it has an error")),
            Stop::Unchecked(why) => self.by_contract(node).ok_or(why),
        });
        self.known.insert(id.clone(), known);
        Some(verdict)
    }

    /// Returns what is not certain of all that a node reads. Errors if some of it is not known at all.
    fn read_by(&self, id: &UniqueId) -> Result<Loose, Unchecked> {
        let mut loose = Loose::default();
        for id in self.manifest.parents(id) {
            match self.known.get(id) {
                Some(Ok(known)) => loose = loose.or(*known),
                Some(Err(why)) => return Err(why.of_reader(id)),
                // What is no relation (a metric) has no columns.
                None => {}
            }
        }
        Ok(loose)
    }

    fn seed(&self, node: &Arc<Node>) -> Result<Loose, Stop> {
        let types = self.scope(node).seed_types();
        let types = types.map_err(|error| {
            Stop::Wrong(vec![crate::run::led_by_user(node, error.into_diagnostic(), &self.run.shared)])
        })?;
        let relation = self.scratch.relation_of(&self.run, node);
        let put = self.scratch.put(&relation, &types);
        put.map_err(|refused| Unchecked::because(refused.error.message))?;
        self.announce(relation, RelationType::Table);
        Ok(Loose::default())
    }

    /// Makes the relation of a source of what is known of it: the warehouse's word first, then its description.
    fn source(&self, table: &SourceTable) -> Result<Loose, Unchecked> {
        let relation = match self.run.source_relation(table) {
            Ok(relation) => relation,
            Err(error) => return Err(Unchecked::because(error.message())),
        };
        // The engine reads files itself, and finds what is within reach of it.
        if relation.external.is_some() || matches!(self.scratch.existing, Existing::Here) {
            self.scratch.describe(&relation);
            return Ok(Loose::default());
        }
        let is_it = |node: &&Arc<Node>| node.relation_name.as_ref() == Some(&relation.to_string());
        if let Some(builder) = self.manifest.nodes.values().find(is_it) {
            let known = self.known.get(&builder.unique_id).cloned();
            return known.unwrap_or_else(|| Err(Unchecked::because("a model of the project builds it")));
        }
        let put = |columns: &Columns| {
            let put = self.scratch.put(&relation, columns);
            put.map_err(|refused| Unchecked::because(refused.error.message))
        };
        let found = self.scratch.found(&table.database, &table.schema, &table.identifier);
        if let Some(columns) = found {
            put(columns)?;
            self.announce(relation.clone(), RelationType::Table);
            return Ok(Loose::default());
        }
        let Some(columns) = typed(&table.columns, false) else {
            return Err(Unchecked::because(self.scratch.existing.without_columns()));
        };
        put(&columns)?;
        self.run.cache.add(relation.with_type(RelationType::Table));
        Ok(Loose { columns: true, types: true })
    }

    /// Takes the columns of a model that cannot be checked from the contract that it promises.
    fn by_contract(&self, node: &Node) -> Option<Loose> {
        if !node.contract.enforced || node.is_ephemeral() {
            return None;
        }
        let relation = self.scratch.relation_of(&self.run, node);
        self.scratch.put(&relation, &typed(&node.columns, node.contract.alias_types)?).ok()?;
        self.announce(relation, RelationType::Table);
        Some(Loose::default())
    }
}

fn verdict<T>(checked: &Result<T, Stop>) -> Verdict {
    match checked {
        Ok(_) => Verdict::Sound,
        Err(Stop::Wrong(found)) => Verdict::Wrong(found.clone()),
        Err(Stop::Unchecked(why)) => Verdict::Unchecked(why.clone()),
    }
}

/// Returns described columns if there are some and all of them have types.
fn typed(columns: &Described, alias_types: bool) -> Option<Columns> {
    let of_engine = |ty: &String| if alias_types { ColumnInfo::translate_type(ty) } else { ty.clone() };
    let typed = |column: &Arc<ColumnProperties>| {
        Some((column.name.to_string(), column.data_type.as_ref().map(of_engine)?))
    };
    let columns: Option<Columns> = columns.values().map(typed).collect();
    columns.filter(|columns| !columns.is_empty())
}
