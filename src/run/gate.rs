//! Publishes a node only once its tests have passed (design D8).
//!
//! Input: a node whose materialization is about to show its new version to others, on the session that made it.
//! Output: the verdicts of the tests at its gate, kept for their own turns, and an error if one of them failed: then
//! the transaction is rolled back, so that the old version stays as it is. Failing rows, which nobody else ever sees,
//! are kept as a file. Called by [`NodeRunner`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use camino::Utf8PathBuf;

use super::node::NodeRunner;
use super::together::group_of;
use crate::adapter::Fetch;
use crate::artifacts::{FailingRows, RunResult, Status};
use crate::context::table::table_value;
use crate::context::{NodeScope, Session, SharedSession, table_cells};
use crate::diag::{Code, Diagnostic};
use crate::event::{self, Diagnosed};
use crate::hash::{HashMap, HashSet};
use crate::manifest::{Node, UniqueId};
use crate::plan::{Action, Gates, Plan};

/// How many failing rows of a test are kept.
const KEPT_ROWS: usize = 500;

/// The gates of a run and what became of them.
#[derive(Default)]
pub(super) struct Gatekeeper {
    gates: Gates,
    /// The tests that stand at some gate, and nodes that are built in the turn of another.
    early: HashSet<UniqueId>,
    /// Those of them that nobody asked for but the gate.
    added: BTreeSet<UniqueId>,
    /// Where failing rows are kept.
    folder: Utf8PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Results of what was run before its turn.
    verdicts: HashMap<UniqueId, RunResult>,
    /// Nodes whose new version was not let through.
    held: HashSet<UniqueId>,
    /// Nodes that have no new version: they failed, were held, or never had their turn.
    missing: HashSet<UniqueId>,
}

impl Gatekeeper {
    pub(super) fn new(plan: &Plan) -> Self {
        let (gates, added) = (plan.gates.clone(), plan.added.clone());
        let released = plan.sets.iter().flat_map(|set| &set.steps);
        let early = gates.values().flatten().chain(released).cloned().collect();
        Self { gates, early, added, ..Self::default() }
    }

    pub(super) fn keeping_rows_in(self, folder: Utf8PathBuf) -> Self {
        Self { folder, ..self }
    }

    /// Tells whether a test stands at a gate.
    pub(super) fn asks(&self, test: &UniqueId) -> bool {
        self.early.contains(test)
    }

    /// Hands over the result of what was run before its turn.
    pub(super) fn take(&self, id: &UniqueId) -> Option<RunResult> {
        self.early.contains(id).then(|| self.lock().verdicts.remove(id)).flatten()
    }

    /// Tells why what depends on a node is skipped, if the node was held.
    pub(super) fn reason(&self, id: &UniqueId) -> Option<Diagnostic> {
        let held = !self.early.is_empty() && self.lock().held.contains(id);
        held.then(|| Diagnostic::error(Code::GATE, None, format!("`{id}` was held at the gate")))
    }

    /// Notes how a node ended. A test that reads one without a new version cannot be asked at a gate.
    pub(super) fn note(&self, result: &RunResult) {
        let missing = matches!(result.status, Status::Error | Status::Skipped);
        if missing && !self.early.is_empty() {
            self.lock().missing.insert(result.unique_id.clone());
        }
    }

    /// Forgets the verdicts on a version that came to nothing, before the next attempt at the node.
    pub(super) fn forget(&self, node: &UniqueId) {
        if let Some(tests) = self.gates.get(node) {
            let mut seen = self.lock();
            seen.held.remove(node);
            tests.iter().for_each(|test| drop(seen.verdicts.remove(test)));
        }
    }

    /// Notes that the new version of a node was not let through.
    pub(super) fn hold(&self, id: &UniqueId) {
        self.lock().held.insert(id.clone());
    }

    fn is_missing(&self, id: &UniqueId) -> bool {
        self.lock().missing.contains(id)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the result of what was run before its turn.
    pub(super) fn keep(&self, result: RunResult) {
        let mut seen = self.lock();
        // Of a test that was run for several batches the worst counts.
        let known = seen.verdicts.get(&result.unique_id).map(|known| known.status);
        if known.is_none_or(|known| !known.is_failure()) {
            seen.verdicts.insert(result.unique_id.clone(), result);
        }
    }
}

impl NodeRunner {
    /// Sets up the gate of a node that is to be built, if it has one.
    pub(super) fn set_gate(&self, node: &Arc<Node>, scope: &NodeScope) {
        let Some(runner) = self.myself.upgrade().filter(|_| self.gate.gates.contains_key(&node.unique_id))
        else {
            return;
        };
        let (node, session) = (Arc::clone(node), scope.session().clone());
        scope.set_gate(Box::new(move || runner.judge(&node, &session)));
    }

    /// Tells whether all that a test reads is there, besides the node whose gate it stands at on a session.
    fn can_ask(&self, test: &Node, at: Option<(&Node, &SharedSession)>) -> bool {
        let run = self.run_scope();
        let is_new = |id: &UniqueId| {
            at.is_some_and(|(node, session)| node.unique_id == *id || session.candidate(id).is_some())
        };
        let others = test.depends_on.nodes.iter().filter(|id| !is_new(id));
        others.filter_map(|id| run.manifest.nodes.get(id)).filter(|node| node.is_relational()).all(|node| {
            let relation = run.relation_of(node);
            let (database, schema) = (relation.database.as_deref(), relation.schema.as_deref());
            let found =
                || run.cache.get(database, schema, relation.identifier.as_deref(), run.shared.quoting);
            !self.gate.is_missing(&node.unique_id)
                && (!run.cache.knows_schema(database, schema) || found().is_ok_and(|found| found.is_some()))
        })
    }

    /// Tells whether a test has nothing to do: only a gate wanted it, and something that it reads was never built.
    pub(super) fn is_idle(&self, test: &Node) -> bool {
        self.gate.added.contains(&test.unique_id) && !self.can_ask(test, None)
    }

    /// Runs the tests at the gate of a node. Errors if its new version must not be published.
    fn judge(&self, node: &Arc<Node>, session: &SharedSession) -> Result<(), Diagnostic> {
        if !session.with(|session| Session::in_transaction(session)) {
            return self.tell_open(node);
        }
        let tests = self.gate.gates.get(&node.unique_id).into_iter().flatten();
        let tests = tests.filter_map(|id| self.run_scope().manifest.nodes.get(id));
        let tests: Vec<&Arc<Node>> = tests.filter(|test| self.can_ask(test, Some((node, session)))).collect();
        self.ask_at_gate(node, &tests, session);
        let mut failed: Vec<(&Node, RunResult)> = Vec::new();
        for test in tests {
            let result = self.run_at_gate(test, session);
            let broken = result.status == Status::Error;
            if let Some(problem) = result.diagnostic.as_ref().filter(|it| broken && it.code.may_pass()) {
                // It says nothing about the data: the node failed, and may be tried again.
                return Err((**problem).clone());
            }
            if result.status.is_failure() {
                failed.push((test, result.clone()));
            }
            self.gate.keep(result);
            if broken {
                // After an error some engines answer nothing more in this transaction.
                break;
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        self.gate.hold(&node.unique_id);
        Err(held(node, &failed))
    }

    /// Compiles what can be asked together, as seen from the gate.
    fn ask_at_gate(&self, node: &Node, tests: &[&Arc<Node>], session: &SharedSession) {
        let store_failures = self.run_scope().shared.is_on("STORE_FAILURES");
        let usual = tests.iter().filter(|test| {
            group_of(test, Action::Test, store_failures).is_some_and(|read| *read == node.unique_id)
        });
        let ids: Vec<&UniqueId> = usual.map(|test| &test.unique_id).collect();
        if let Some((first, peers)) = ids.split_first().filter(|_| self.fuse) {
            self.ask_together(session, (first, peers), true);
        }
    }

    fn run_at_gate(&self, test: &Arc<Node>, session: &SharedSession) -> RunResult {
        let started = Instant::now();
        let id = &test.unique_id;
        let info = self.infos.started(id);
        let _current = event::NodeScope::enter(info.clone());
        let (mut work, share) = self.take_up(test, &info, session);
        work.scope.stand_at_gate();
        let outcome = self.work(Action::Test, &mut work);
        match outcome.as_ref().map(|done| done.status) {
            Ok(Status::Fail) => self.keep_rows(test, session),
            Ok(_) => FailingRows::forget(&self.gate.folder, id),
            Err(_) => {}
        }
        if session.has_candidates() {
            // Artifacts show the test as it will be asked from now on.
            let scope = self.scope(test, session);
            scope.stand_at_gate();
            scope.see_by_name();
            let _ = self.compiler().compile(test, &scope);
        }
        let mut result = self.result(work, outcome, started);
        result.execution_time += share;
        result
    }

    /// Keeps the failing rows of a test: the version that has them is about to vanish.
    fn keep_rows(&self, test: &Node, session: &SharedSession) {
        let Some(compiled) = self.run_scope().compiled.get(&test.unique_id) else { return };
        let found = session.with(|session| session.execute(&compiled.code, false, Fetch::Limit(KEPT_ROWS)));
        let Some(table) = found.ok().and_then(|answer| answer.table) else { return };
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let rows = table_cells(&table_value(table)).unwrap_or_default();
        if let Err(error) = FailingRows::new(&test.unique_id, columns, rows).write(&self.gate.folder) {
            let message = format!("the failing rows of `{}` could not be kept", test.name);
            let problem = Diagnostic::warning(Code::IO, None, message).note(error.to_string());
            self.events().send(Diagnosed::new(problem, &self.run_scope().shared.sources));
        }
    }

    /// Tells of a node that is not built in a transaction, so that nothing can hold it.
    fn tell_open(&self, node: &Node) -> Result<(), Diagnostic> {
        let name = &node.name;
        let message = format!("`{name}` has a gate, but its new version was published before its tests");
        let problem = Diagnostic::warning(Code::GATE, node.place_of("gate"), message)
            .note("it was not built in a transaction: its materialization or a hook ended that early")
            .help("let the materialization run its statements with `auto_begin`, and commit once, by `adapter.commit()`");
        let shared = &self.run_scope().shared;
        shared.warn(Diagnosed::new(problem, &shared.sources)).map_err(crate::jinja::Error::into_diagnostic)
    }
}

/// Says which tests kept a node from being published. The place is that of the first.
fn held(node: &Node, failed: &[(&Node, RunResult)]) -> Diagnostic {
    let tests = match failed {
        [_] => "a test did not pass".to_owned(),
        _ => format!("{} tests did not pass", failed.len()),
    };
    let message = format!("the new version of `{}` was not published: {tests}", node.name);
    let place = failed.first().map_or(node.span, |(test, _)| test.span);
    let mut diagnostic = Diagnostic::error(Code::GATE, Some(place), message);
    for (test, result) in failed {
        let found = match (result.status, result.failures) {
            (Status::Fail, Some(1)) => "1 failing row".to_owned(),
            (Status::Fail, Some(count)) => format!("{count} failing rows"),
            _ => "the test itself does not work".to_owned(),
        };
        diagnostic = diagnostic.note(format!("{}: {found}", test.name));
    }
    let look = failed.iter().find(|(_, result)| result.status == Status::Fail).map(|(test, _)| &test.name);
    let diagnostic = diagnostic.note("what readers saw before they still see");
    match look {
        Some(test) => diagnostic.help(format!("see the rows: tidegate show --failures {test}")),
        None => diagnostic,
    }
}
