//! What a `dbt_project.yml` says, with all defaults filled in. Data only; `project_yml` reads it.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::diag::FileId;
use crate::files::Ignored;
use crate::yaml::{Map, Yaml};

use super::config_tree::ConfigTrees;
use super::version::Requirement;

/// A project or an installed package, as its `dbt_project.yml` describes it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The name: of the project, its package and its macro namespace.
    pub name: Arc<str>,
    /// The version, as written.
    pub version: Option<String>,
    /// The folder, absolute.
    pub root: Utf8PathBuf,
    /// The folder as people should see it: empty for the root project, `dbt_packages/x` for a package.
    pub shown_root: Utf8PathBuf,
    /// The file `dbt_project.yml`.
    pub file: FileId,
    /// Where resources are.
    pub paths: SourcePaths,
    /// `target-path` as written; the flag and the environment come first (see [`Paths`](super::Paths)).
    pub target_path: Utf8PathBuf,
    /// Where packages are installed, relative to the root.
    pub packages_install_path: Utf8PathBuf,
    /// What `clean` deletes, relative to the root.
    pub clean_targets: Vec<Utf8PathBuf>,
    /// `quoting`, where set.
    pub quoting: Quoting,
    /// `dispatch`.
    pub dispatch: Vec<Dispatch>,
    /// The config trees.
    pub configs: ConfigTrees,
    /// `vars`, never rendered.
    pub vars: Map,
    /// `on-run-start`, not rendered yet.
    pub on_run_start: Vec<Yaml>,
    /// `on-run-end`, not rendered yet.
    pub on_run_end: Vec<Yaml>,
    /// `query-comment`, not rendered yet.
    pub query_comment: QueryComment,
    /// Whether protected models are private to this package.
    pub restrict_access: bool,
    /// `flags`, as written.
    pub flags: Map,
    /// `require-dbt-version`.
    pub requires: Vec<Requirement>,
    /// `.dbtignore`.
    pub ignored: Ignored,
}

/// The folders of resources, relative to the project's root, without trailing slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePaths {
    /// `model-paths`.
    pub models: Vec<Utf8PathBuf>,
    /// `seed-paths`.
    pub seeds: Vec<Utf8PathBuf>,
    /// `test-paths`.
    pub tests: Vec<Utf8PathBuf>,
    /// `analysis-paths`.
    pub analyses: Vec<Utf8PathBuf>,
    /// `macro-paths`.
    pub macros: Vec<Utf8PathBuf>,
    /// `snapshot-paths`.
    pub snapshots: Vec<Utf8PathBuf>,
    /// `function-paths`.
    pub functions: Vec<Utf8PathBuf>,
    /// `docs-paths`; all of the above when not set.
    pub docs: Vec<Utf8PathBuf>,
    /// `asset-paths`.
    pub assets: Vec<Utf8PathBuf>,
}

impl SourcePaths {
    /// Returns all folders in which property files may be, each once, in the order of the fields.
    pub fn all_sources(&self) -> Vec<Utf8PathBuf> {
        let kinds = [
            &self.models,
            &self.seeds,
            &self.snapshots,
            &self.analyses,
            &self.macros,
            &self.tests,
            &self.functions,
        ];
        let mut all: Vec<Utf8PathBuf> = Vec::new();
        for path in kinds.into_iter().flatten() {
            if !all.contains(path) {
                all.push(path.clone());
            }
        }
        all
    }
}

/// Which parts of a relation's name are quoted, where a project says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quoting {
    /// `database`, or its alias `project`.
    pub database: Option<bool>,
    /// `schema`.
    pub schema: Option<bool>,
    /// `identifier`.
    pub identifier: Option<bool>,
}

/// Where `adapter.dispatch` looks for the macros of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The namespace.
    pub macro_namespace: String,
    /// The packages, in order.
    pub search_order: Vec<String>,
}

/// The comment sent with every query.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryComment {
    /// What to say.
    pub comment: Comment,
    /// Whether it comes after the query.
    pub append: bool,
    /// Whether it becomes a job label where the database has such.
    pub job_label: bool,
}

/// The text of a query comment.
#[derive(Clone, Debug, PartialEq)]
pub enum Comment {
    /// dbt's JSON: app, version, profile, target and node.
    Default,
    /// Jinja of the project.
    Text(Yaml),
    /// None.
    Off,
}

impl Default for QueryComment {
    fn default() -> Self {
        Self { comment: Comment::Default, append: false, job_label: false }
    }
}
