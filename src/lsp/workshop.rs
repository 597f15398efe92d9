//! A place of its own in which queries of a snapshot are compiled and bound: an empty DuckDB in memory.
//!
//! Input: a snapshot. Output: compiled SQL, mistakes, columns with types, column lineage. The warehouse is never opened: a
//! build must not wait for an editor, nor fail because of one. For other engines than DuckDB nothing is bound. Called by
//! `examiner`, `preview` and `rename_column`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};

use super::snapshot::Snapshot;
use crate::adapter::duckdb::Canonical;
use crate::adapter::{Kind, RelationCache};
use crate::artifacts::ColumnLineage;
use crate::bind::{Findings, Project, Scratch, check};
use crate::compile::{Compiler, needs_sql};
use crate::context::{NodeScope, RunScope, SharedSession};
use crate::diag::{Code, Diagnostic};
use crate::hash::{HashMap, HashSet};
use crate::lineage::{self, column_lineage};
use crate::lint::{self, Settings, Texts, lint_all};
use crate::manifest::{CompiledNodes, EventTimes, Language, Node, NodeKind, UniqueId};

/// Why some things are not checked.
const APART: &str = "the language server does not open it";

/// The place, with what is needed to compile in it.
pub(super) struct Workshop<'s> {
    snapshot: &'s Snapshot,
    scratch: Scratch,
    run: Arc<RunScope>,
    compiler: Compiler,
}

impl<'s> Workshop<'s> {
    /// Opens the place. `None` for engines that have no such place, and where it cannot be opened.
    pub(super) fn open(snapshot: &'s Snapshot) -> Option<Self> {
        let connection = &snapshot.workspace.profile.connection;
        if connection.kind() != Kind::DuckDb {
            return None;
        }
        let shared = &snapshot.parsed.shared;
        let session = |adapter| SharedSession::new(adapter, shared.events.clone());
        let mut scratch = Scratch::new(connection, session).apart(APART);
        scratch.furnish(snapshot.manifest()).ok()?;
        let run = Arc::new(RunScope {
            shared: Arc::clone(shared),
            manifest: Arc::clone(&snapshot.parsed.manifest),
            lookup: Arc::clone(&snapshot.parsed.lookup),
            compiled: CompiledNodes::default(),
            adapter: Arc::clone(scratch.adapter()),
            cache: Arc::new(RelationCache::new()),
            selected: Vec::new(),
            deferral: scratch.deferral(snapshot.manifest()),
            introspection: scratch.introspection(),
            times: EventTimes::default(),
            on_write: Box::new(|_, _, _| {
                Err(Diagnostic::error(Code::UNSUPPORTED, None, "nothing is executed here"))
            }),
            told: Mutex::new(HashSet::default()),
            keys: Mutex::default(),
            graph: OnceLock::new(),
        });
        scratch.announce(&run);
        let compiler = Compiler::new(&run, &snapshot.parsed.templates, Box::new(|_, _, _| Ok(None)));
        Some(Self { snapshot, scratch, run, compiler })
    }

    /// Compiles a node.
    pub(super) fn compile(&self, node: &Arc<Node>) -> Result<Arc<str>, Diagnostic> {
        needs_sql(node, "compiling")?;
        let session = self.scratch.session().clone();
        let scope = NodeScope::new(&self.run, &node.package_name, Some(Arc::clone(node)), session);
        self.compiler.compile(node, &scope).map(|compiled| Arc::clone(&compiled.code))
    }

    /// Binds the queries of nodes, and looks at those of models with the rules of `lint`.
    pub(super) fn check(&self, selected: &BTreeSet<UniqueId>) -> (Findings, Vec<Diagnostic>) {
        let texts = Texts::default();
        let project = Project {
            manifest: self.snapshot.manifest(),
            dag: self.snapshot.dag(),
            selected,
            templates: &self.snapshot.parsed.templates,
            compiled: Some(&|node, build| texts.take(node, build)),
        };
        let findings = check(project, &self.run, &self.scratch);
        (findings, self.lint(texts))
    }

    fn lint(&self, texts: Texts) -> Vec<Diagnostic> {
        let Snapshot { workspace, parsed, sources, .. } = self.snapshot;
        let root = &workspace.project.name;
        let settings = match Settings::of_root(parsed.shared.vars.get(root)) {
            Ok(settings) => settings,
            Err(problems) => return problems,
        };
        let project = lint::Project::new(&parsed.manifest, parsed.shared.dialect, sources, settings);
        // What does not compile is told as a mistake.
        let is_read = |node: &&Arc<Node>| node.package_name == *root && texts.has(node);
        let nodes: Vec<&Arc<Node>> = parsed.manifest.nodes.values().filter(is_read).collect();
        let report = lint_all(&project, nodes, texts);
        let mut problems = report.wrong;
        problems.extend(report.findings.into_iter().map(|finding| finding.diagnostic));
        problems
    }

    /// Returns the columns, with types, of what was made while checking.
    pub(super) fn types(&self) -> HashMap<UniqueId, Vec<(String, String)>> {
        self.scratch.made(self.snapshot.manifest().nodes.values().filter(|node| node.is_relational()))
    }

    /// Reads where the columns of all models come from. `None` once `is_outdated` says so.
    pub(super) fn lineage(&self, is_outdated: &dyn Fn() -> bool) -> Option<ColumnLineage> {
        let manifest = self.snapshot.manifest();
        let mut codes = HashMap::default();
        let nodes = manifest.nodes.values().filter(|node| node.language == Language::Sql);
        for node in nodes.filter(|node| matches!(node.kind, NodeKind::Model { .. } | NodeKind::Snapshot)) {
            if is_outdated() {
                return None;
            }
            let code =
                self.compile(node).map_err(|problem| format!("it does not compile: {}", problem.message));
            codes.insert(node.unique_id.clone(), code);
        }
        let code =
            |id: &UniqueId| codes.get(id).cloned().unwrap_or_else(|| Err("it is switched off".to_owned()));
        let project = lineage::Project {
            manifest,
            dag: self.snapshot.dag(),
            dialect: self.snapshot.parsed.shared.dialect,
            code: &code,
            told: &HashMap::default(),
        };
        let mut canonical = Canonical::default();
        let mut plainer = |sql: &str| canonical.query(sql);
        Some(column_lineage(&project, Some(&mut plainer)))
    }
}

impl Drop for Workshop<'_> {
    fn drop(&mut self) {
        // It is in memory and nobody else knows it: there is nothing to tell of.
        let _ = self.scratch.close();
    }
}
