//! One model, snapshot or test: is it within reach of a check, does it compile, is its query accepted, does it keep its
//! contract?

use std::sync::Arc;

use super::project::{Checker, Compiled};
use super::query::{Mistake, Query, Trouble, bind_only};
use super::scratch::type_of;
use super::statement::create;
use super::verdict::Unchecked;
use crate::adapter::Lacking;
use crate::context::{NodeScope, relation_value};
use crate::diag::{Code, Diagnostic, Severity};
use crate::jinja::{Args, Error, Value, py_str};
use crate::lint::Build;
use crate::manifest::{Language, Node, NodeKind, Relation, RelationType};
use crate::run::led_by_user;
use crate::sql::{mentions, takes_all_columns};

/// What is not certain of a relation whose columns are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loose {
    /// There may be more of them.
    pub columns: bool,
    /// They may have other types.
    pub types: bool,
}

impl Loose {
    pub(super) fn or(self, other: Self) -> Self {
        Self { columns: self.columns || other.columns, types: self.types || other.types }
    }
}

/// Functions whose columns depend on the session or on data.
const DEPENDS_ON_DATA: [&str; 2] = ["getvariable", "query_table"];
/// Materializations that make a view.
const VIEWS: [&str; 3] = ["view", "external", "materialized_view"];

/// Why a node gives no relation to read from.
pub(super) enum Stop {
    Wrong(Vec<Diagnostic>),
    Unchecked(Unchecked),
}

impl From<Unchecked> for Stop {
    fn from(why: Unchecked) -> Self {
        Self::Unchecked(why)
    }
}

impl Checker<'_> {
    /// Checks a model or snapshot and makes its relation. `loose` is what is not certain of what it reads.
    pub(super) fn model(&self, node: &Arc<Node>, loose: Loose) -> Result<Loose, Stop> {
        let scope = self.scope(node);
        let code = self.compile_told(node, &scope, false)?;
        if mentions(&code, &DEPENDS_ON_DATA) {
            return Err(Unchecked::because("its columns depend on a variable or on data").into());
        }
        let bind = || self.judged(bind_only(&scope, &code, self.bench()), node, loose);
        let of_query = Loose { columns: loose.columns && takes_all_columns(&code), ..loose };
        if node.is_ephemeral() {
            bind()?;
            return Ok(of_query);
        }
        if matches!(node.kind, NodeKind::Snapshot) {
            bind()?;
            self.make_snapshot(node, &scope, &code)?;
            return Ok(of_query);
        }
        if mentions(&code, &["pivot", "pivot_wider"]) {
            // What is kept is refused if its columns are read from rows.
            bind()?;
        }
        self.make(node, &scope, &code, loose)?;
        self.keeps_contract(node, &scope, &code, loose)?;
        if node.config.text("materialized") == Some("incremental") {
            self.adds_rows(node, loose)?;
        }
        Ok(of_query)
    }

    /// Checks the query of a test.
    pub(super) fn test(&self, node: &Arc<Node>, loose: Loose) -> Result<(), Stop> {
        let scope = self.scope(node);
        let code = self.compile(node, &scope)?;
        let code = code.trim_end().trim_end_matches(';');
        let bound = self.judged(bind_only(&scope, code, self.bench()), node, loose);
        // A materialization of the project's may want something else than a query.
        let built_in = self.is_built_in(node);
        bound.map_err(|stop| match stop {
            Stop::Wrong(_) if !built_in => {
                Unchecked::because("its materialization is not a built-in one").into()
            }
            stop => stop,
        })
    }

    /// Compiles a model or snapshot, and tells of its text who wants to know. `adds` says that it adds to what it has.
    fn compile_told(&self, node: &Arc<Node>, scope: &NodeScope, adds: bool) -> Result<Arc<str>, Stop> {
        let compiled = self.compile(node, scope);
        let Some(listener) = self.listener(node) else { return compiled };
        let build = match (&compiled, scope.compiled_map()) {
            (Err(Stop::Unchecked(why)), _) => Err(why.reason.clone()),
            (Err(Stop::Wrong(found)), _) => {
                let message = found.first().map(|first| first.message.as_str()).unwrap_or_default();
                Err(format!("it does not compile: {message}"))
            }
            (Ok(_), Some((code, map))) => Ok(Build { code, map, adds }),
            (Ok(_), None) => Err("it has no text".to_owned()),
        };
        listener(node, build);
        compiled
    }

    /// Compiles a model that cannot be checked, for who wants to know of its text.
    pub(super) fn compile_only(&self, node: &Arc<Node>, listener: &Compiled<'_>) {
        if node.language == Language::Python {
            return listener(node, Err("it is a Python model".to_owned()));
        }
        // What does not compile here may do so elsewhere, and nothing more is to be said of it.
        let anew = self.compile_told(node, &self.scope(node), false);
        if anew.is_err() || node.config.text("materialized") != Some("incremental") {
            return;
        }
        let relation = self.scratch.relation_of(&self.run, node).with_type(RelationType::Table);
        self.run.cache.add(relation.clone());
        let _ = self.compile_told(node, &self.scope(node), true);
        self.run.cache.drop_relation(&relation);
    }

    /// Errors if there is no telling what a node builds.
    pub(super) fn within_reach(&self, node: &Node) -> Result<(), Stop> {
        let no = |reason: &str| Err(Unchecked::because(reason).into());
        if node.language == Language::Python {
            return no("it is a Python model");
        }
        if !node.is_ephemeral() && !self.is_built_in(node) {
            return no(&format!(
                "its materialization `{}` is not a built-in one",
                node.config.materialized()
            ));
        }
        if node.config.text("sql_header").is_some_and(|header| !header.trim().is_empty()) {
            return no("it has a `sql_header`");
        }
        Ok(())
    }

    /// Tells whether a node is built by one of Tidegate's own materializations.
    fn is_built_in(&self, node: &Node) -> bool {
        let shared = &self.run.shared;
        let packages_override =
            !shared.is_on("REQUIRE_EXPLICIT_PACKAGE_OVERRIDES_FOR_BUILTIN_MATERIALIZATIONS");
        let found = shared.macros.materialization(node.config.materialized().as_str(), packages_override);
        found.is_some_and(|entry| shared.macros.is_internal(entry))
    }

    pub(super) fn scope(&self, node: &Arc<Node>) -> NodeScope {
        let session = self.scratch.session().clone();
        let scope = NodeScope::new(&self.run, &node.package_name, Some(Arc::clone(node)), session);
        if node.is_relational() {
            scope.add("this", relation_value(self.scratch.relation_of(&self.run, node)));
        }
        scope
    }

    /// Compiles a node. A template that asks for data cannot be checked.
    fn compile(&self, node: &Arc<Node>, scope: &NodeScope) -> Result<Arc<str>, Stop> {
        let compiled = self.scratch.undone_if_refused(|| self.compiler.compile(node, scope));
        compiled.map(|compiled| Arc::clone(&compiled.code)).map_err(|problem| {
            let why = match problem.code {
                Code::INTROSPECTION | Code::UNSUPPORTED => problem.message,
                code if code.is_database() => format!("it does not compile here: {}", problem.message),
                _ => return Stop::Wrong(vec![led_by_user(node, problem, &self.run.shared)]),
            };
            Unchecked::because(why).into()
        })
    }

    /// Turns what came of a query into what is said of its node.
    fn judged(&self, bound: Result<(), Trouble>, node: &Node, loose: Loose) -> Result<(), Stop> {
        bound.map_err(|trouble| match trouble {
            Trouble::Doubt(reason) => Unchecked::because(reason).into(),
            Trouble::Wrong(found) => self.blamed(node, found, loose),
        })
    }

    /// What is refused may be right where the description of a source is not.
    pub(super) fn blamed(&self, node: &Node, found: Vec<Mistake>, loose: Loose) -> Stop {
        let certain = found.iter().all(|mistake| is_certain(mistake, loose));
        let led = |mistake: Mistake| led_by_user(node, mistake.problem, &self.run.shared);
        if certain {
            let mut found: Vec<Diagnostic> = found.into_iter().map(led).collect();
            // A test of a column names it several times, and its place is the same.
            found.dedup_by(|one, other| one.span == other.span && one.message == other.message);
            return Stop::Wrong(found);
        }
        let doubtful = found.into_iter().find(|mistake| !is_certain(mistake, loose));
        let warning = doubtful.map(|mistake| {
            let problem = Diagnostic { severity: Severity::Warning, ..led(mistake) };
            Box::new(
                problem.note("a source that it reads is known only as it is described, which may not be all"),
            )
        });
        let reason = "a source is known only as it is described".to_owned();
        Stop::Unchecked(Unchecked { reason, origin: None, warning })
    }

    /// Makes the relation of a model as its build would.
    fn make(&self, node: &Node, scope: &NodeScope, code: &str, loose: Loose) -> Result<(), Stop> {
        let is_view = VIEWS.contains(&node.config.materialized().as_str());
        let relation = self.scratch.relation_of(&self.run, node);
        let query = Query { scope, code, statement: &|sql| create(&relation, sql, is_view) };
        self.judged(query.run(self.bench()), node, loose)?;
        self.announce(relation, type_of(is_view));
        Ok(())
    }

    /// Makes the table that a snapshot begins with. What the strategy asks for may be missing in the query.
    fn make_snapshot(&self, node: &Node, scope: &NodeScope, code: &str) -> Result<(), Stop> {
        let args = Args::from(vec![Value::from(code)]);
        let query = self.scratch.undone_if_refused(|| scope.call_asking("first_snapshot_sql", args));
        let query =
            query.map_err(|error| Unchecked::because(format!("its strategy: {}", error.message())))?;
        let relation = self.scratch.relation_of(&self.run, node);
        let Err(refused) = self.scratch.send(&create(&relation, &py_str(&query), false)) else {
            self.announce(relation, RelationType::Table);
            return Ok(());
        };
        let Some((Lacking::Column, column)) = &refused.error.missing else {
            return Err(Unchecked::because(format!("its strategy: {}", refused.error.message)).into());
        };
        let names_it =
            |key: &&str| node.config.get(key).is_some_and(|value| value.to_string().contains(column));
        let key = ["unique_key", "updated_at", "check_cols"].into_iter().find(names_it);
        let place = key.map_or(node.span, |key| node.place_of(key));
        let message = format!("snapshot `{}` has no column `{column}`, which its strategy needs", node.name);
        Err(Stop::Wrong(vec![Diagnostic::error(Code::INVALID_RESOURCE, place, message)]))
    }

    /// Says that a relation is there, to templates too.
    pub(super) fn announce(&self, relation: Relation, ty: RelationType) {
        self.scratch.describe(&relation);
        self.run.cache.add(relation.with_type(ty));
    }

    /// Errors if a model breaks the contract that it promises.
    fn keeps_contract(&self, node: &Node, scope: &NodeScope, code: &str, loose: Loose) -> Result<(), Stop> {
        if !node.contract.enforced {
            return Ok(());
        }
        let args = Args::from(vec![Value::from(code)]);
        let ask =
            || scope.call_from_rust("get_assert_columns_equivalent", args).map_err(Error::into_diagnostic);
        match self.scratch.undone_if_refused(ask) {
            Ok(_) => Ok(()),
            Err(problem) if problem.code == Code::CONTRACT => {
                let missing = loose.columns.then_some(Lacking::Column);
                Err(self.blamed(node, vec![Mistake { problem, missing }], loose))
            }
            Err(problem) => Err(Unchecked::because(format!("its contract: {}", problem.message)).into()),
        }
    }

    /// Checks the query by which an incremental model adds to itself, now that it is there.
    fn adds_rows(&self, node: &Arc<Node>, loose: Loose) -> Result<(), Stop> {
        let scope = self.scope(node);
        let code = self.compile_told(node, &scope, true)?;
        self.judged(bind_only(&scope, &code, self.bench()), node, loose)
    }
}

/// Tells whether a refusal would be one with any columns that what is read may have.
fn is_certain(mistake: &Mistake, loose: Loose) -> bool {
    let message = &mistake.problem.message;
    match mistake.missing {
        Some(Lacking::Column) => !loose.columns,
        Some(Lacking::Relation | Lacking::Other) => true,
        None => {
            let about_types = ["type", "cast", "function"].iter().any(|word| message.contains(word));
            !loose.types || message.starts_with("Parser Error") || !about_types
        }
    }
}
