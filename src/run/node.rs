//! Runs one step of a plan: compiles the node, builds or tests it, tells what happened.
//!
//! Input: a step and a worker's session. Output: a [`RunResult`] and events. A node that fails leaves nothing
//! behind: its transaction is rolled back and its error becomes its result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use camino::Utf8PathBuf;
use jiff::Timestamp;

use super::batches::add_rows;
use super::cancel::CancelToken;
use super::crew::{Crew, Turn};
use super::data_test::run_test;
use super::describe::Infos;
use super::gate::Gatekeeper;
use super::journal::Journaling;
use super::materialize::{clone_relation, materialize};
use super::release::{Releases, lost_release};
use super::schedule::{Runner, SkipReason};
use super::together::{AheadOfTurn, group_of};
use super::unit_test::run_unit_test;
use crate::adapter::{Adapter, AdapterResponse};
use crate::artifacts::{BatchResults, Phase, RunJournal, RunResult, Status, Timing};
use crate::check::Verdict;
use crate::compile::{Compiler, unit_test_node};
use crate::context::{NodeScope, RunScope, Session, SharedSession, response_json};
use crate::diag::{Code, Diagnostic};
use crate::event::{self, CatchableExceptionOnRun, EventSink, NodeCompiling, NodeExecuting, NodeInfo};
use crate::hash::HashMap;
use crate::manifest::{Compiled, Json, JsonMap, Node, NodeKind, UniqueId};
use crate::plan::{Action, Blocking, Plan, Resumption};

/// Runs the nodes of one plan.
pub struct NodeRunner {
    compiler: Compiler,
    pub(super) adapter: Arc<dyn Adapter>,
    pub(super) actions: HashMap<UniqueId, Action>,
    pub(super) infos: Infos,
    pub(super) blocking: Blocking,
    /// Whether tests may be answered together.
    pub(super) fuse: bool,
    /// Which nodes are published after their tests.
    pub(super) gate: Gatekeeper,
    /// Where gates find their way back; nothing without [`Self::shared`].
    pub(super) myself: Weak<Self>,
    pub(super) ahead: AheadOfTurn,
    cancel: CancelToken,
    /// Whether a failure under `--fail-fast` stopped the run.
    failed_fast: AtomicBool,
    /// What is left of an earlier run.
    pub(super) resumed: Resumption,
    pub(super) journaling: Journaling,
    /// What is published together.
    pub(super) releases: Releases,
    /// How often a node is tried again, if the command line says.
    pub(super) retries: Option<u32>,
}

/// What a step gave, before it becomes a result.
pub(super) struct Done {
    pub(super) status: Status,
    pub(super) message: Option<String>,
    pub(super) response: JsonMap,
    pub(super) failures: Option<i64>,
    /// The batches of a microbatch model.
    pub(super) batches: Option<BatchResults>,
    /// What was wrong with some of them.
    pub(super) diagnostic: Option<Box<Diagnostic>>,
    /// Whether it was published before its turn, by what did not come to its end.
    pub(super) before: bool,
}

/// A node, or a batch of one, at work.
pub(super) struct Work<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) scope: NodeScope,
    pub(super) info: NodeInfo,
    timing: Vec<Timing>,
    /// Whether a batch adds to rows that are there.
    pub(super) adds_rows: bool,
    /// Whether an attempt at it failed: what the cache knows of its relation may be wrong.
    pub(super) again: bool,
    /// What compiling gave, if it was done before.
    compiled: Option<Result<Arc<Compiled>, Diagnostic>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(node: &'a Arc<Node>, scope: NodeScope, info: NodeInfo) -> Self {
        Self { node, scope, info, timing: Vec::new(), adds_rows: false, again: false, compiled: None }
    }
}

impl Done {
    pub(super) fn new(status: Status, message: Option<String>, response: JsonMap) -> Self {
        Self { status, message, response, failures: None, batches: None, diagnostic: None, before: false }
    }
}

impl NodeRunner {
    /// Makes a runner for a plan. `cancel` is what Ctrl-C turns; it tells why statements were interrupted.
    pub fn new(compiler: Compiler, plan: &Plan, cancel: CancelToken) -> Self {
        let run = Arc::clone(compiler.run());
        let actions = plan.steps.iter().map(|step| (step.id.clone(), step.action)).collect();
        let infos = Infos::new(&run.manifest, plan.steps.iter().map(|step| &step.id));
        let failed_fast = AtomicBool::new(false);
        let (resumed, blocking) = (plan.resumed.clone(), plan.blocking);
        Self {
            adapter: Arc::clone(&run.adapter),
            compiler,
            actions,
            infos,
            blocking,
            fuse: false,
            gate: Gatekeeper::new(plan),
            myself: Weak::new(),
            ahead: AheadOfTurn::default(),
            cancel,
            failed_fast,
            resumed,
            journaling: Journaling::default(),
            releases: Releases::new(&plan.sets),
            retries: None,
        }
    }

    /// Says whether tests of one relation may be answered by one statement (design D9).
    #[must_use]
    pub fn fusing(self, fuse: bool) -> Self {
        Self { fuse, ..self }
    }

    /// Says where the failing rows of versions that were held are kept.
    #[must_use]
    pub fn keeping_rows_in(self, folder: Utf8PathBuf) -> Self {
        Self { gate: self.gate.keeping_rows_in(folder), ..self }
    }

    /// Says how often a node is tried again that failed for a reason that may pass, whatever its config says.
    #[must_use]
    pub fn retrying(self, retries: Option<u32>) -> Self {
        Self { retries, ..self }
    }

    /// Says which journal is kept of the run, and the id of the invocation.
    #[must_use]
    pub fn journaling(self, journal: Option<Arc<RunJournal>>, invocation: &str) -> Self {
        let journaling = journal.map(|journal| Journaling::new(journal, invocation)).unwrap_or_default();
        Self { journaling, ..self }
    }

    /// Makes it what nodes with a gate can call. Without that no gate holds, and no commit is noted.
    pub fn shared(self) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self { myself: Weak::clone(myself), ..self })
    }

    /// Returns what compiles the nodes.
    pub fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    pub(super) fn run_scope(&self) -> &Arc<RunScope> {
        self.compiler.run()
    }

    /// The database of the target.
    pub(super) fn home(&self) -> Option<&str> {
        self.run_scope().shared.target.get("database").and_then(Json::as_str)
    }

    /// Returns the node of a step; a unit test gets one that stands for it.
    pub(super) fn node(&self, id: &UniqueId) -> Option<Arc<Node>> {
        let manifest = &self.run_scope().manifest;
        if let Some(node) = manifest.node(id) {
            return Some(Arc::clone(node));
        }
        let test = manifest.unit_tests.get(id)?;
        let model = manifest.nodes.get(test.depends_on.nodes.first()?)?;
        Some(Arc::new(unit_test_node(test, model)))
    }

    pub(super) fn events(&self) -> &EventSink {
        &self.run_scope().shared.events
    }

    /// Makes the scope of a node.
    pub(super) fn scope(&self, node: &Arc<Node>, session: &SharedSession) -> NodeScope {
        NodeScope::new(self.run_scope(), &node.package_name, Some(Arc::clone(node)), session.clone())
    }

    /// Begins the work on a node, with what was done of it before its turn and the seconds that took.
    pub(super) fn take_up<'a>(
        &self,
        node: &'a Arc<Node>,
        info: &NodeInfo,
        session: &SharedSession,
    ) -> (Work<'a>, f64) {
        if let Some(ahead) = self.ahead.take(&node.unique_id, session) {
            let took = ahead.timing.completed_at.duration_since(ahead.timing.started_at).as_secs_f64();
            let work = Work::new(node, ahead.scope, info.clone());
            let timing = vec![ahead.timing];
            return (Work { timing, compiled: Some(ahead.compiled), ..work }, ahead.share + took);
        }
        (Work::new(node, self.scope(node, session), info.clone()), 0.0)
    }

    /// Compiles what has SQL of its own: no seed, and nothing that is cloned.
    fn compile(&self, action: Action, work: &Work<'_>) -> Result<Option<Arc<Compiled>>, Diagnostic> {
        if action == Action::Clone || matches!(work.node.kind, NodeKind::Seed { .. }) {
            return Ok(None);
        }
        match self.run_scope().manifest.unit_tests.get(&work.node.unique_id) {
            Some(test) => self.compiler.compile_unit_test(test, work.node, &work.scope),
            None => self.compiler.compile(work.node, &work.scope),
        }
        .map(Some)
    }

    /// Does the work on a step once, in batches or at one go.
    pub(super) fn attempt<'a>(
        &'a self,
        action: Action,
        work: &mut Work<'_>,
        session: &SharedSession,
        crew: &dyn Crew<'a, SharedSession>,
    ) -> Result<Done, Diagnostic> {
        if action == Action::Build && self.run_scope().builds_in_batches(work.node) {
            self.work_in_batches(work, session, crew)
        } else {
            self.work(action, work)
        }
    }

    /// Compiles and executes; the transaction of a node that failed is rolled back.
    pub(super) fn work(&self, action: Action, work: &mut Work<'_>) -> Result<Done, Diagnostic> {
        if matches!(action, Action::Build | Action::Clone) || self.stores_failures(action, work.node) {
            self.claim(work)?;
            if let Some(done) = self.done_before(work.node, &work.scope)? {
                return Ok(done);
            }
        }
        event::NodeScope::reached("compiling");
        self.events().debug(|| NodeCompiling { node_info: work.info.with_status("compiling") });
        let compiled = match work.compiled.take() {
            Some(compiled) => compiled.map(Some),
            None => {
                let begin = Timestamp::now();
                let compiled = self.compile(action, work);
                let completed_at = Timestamp::now();
                work.timing.push(Timing { name: Phase::Compile, started_at: begin, completed_at });
                compiled
            }
        }?;
        if work.adds_rows {
            add_rows(&work.scope);
        }
        // An ephemeral model is nothing but its SQL.
        if !work.node.is_ephemeral() {
            event::NodeScope::reached("executing");
            self.events().debug(|| NodeExecuting { node_info: work.info.with_status("executing") });
        }
        if action == Action::Build {
            self.set_gate(work.node, &work.scope);
            self.watch_commit(work.node, &work.scope);
        }
        let begin = Timestamp::now();
        let done = match (action, &compiled) {
            (Action::Test, Some(compiled)) => {
                run_test(work.node, compiled, &work.scope).map(|verdict| tested(verdict, &work.scope))
            }
            (Action::UnitTest, Some(compiled)) => {
                run_unit_test(work.node, compiled, &work.scope).map(|verdict| tested(verdict, &work.scope))
            }
            (Action::Build, _) => materialize(work.node, compiled.as_ref(), &work.scope).map(|r| built(&r)),
            (Action::Clone, _) => clone_relation(work.node, &work.scope).map(|r| cloned(r.as_ref())),
            _ => Ok(Done::new(Status::Success, None, JsonMap::new())),
        };
        work.timing.push(Timing { name: Phase::Execute, started_at: begin, completed_at: Timestamp::now() });
        if let Some(path) = work.scope.build_path() {
            let compiled = &self.run_scope().compiled;
            if matches!(work.node.kind, NodeKind::Seed { .. }) {
                compiled.insert(work.node.unique_id.clone(), Compiled::seed(path));
            } else {
                compiled.update(&work.node.unique_id, |compiled| compiled.build_path = Some(path));
            }
        }
        done
    }

    /// Builds a microbatch model; it is its batches that are compiled.
    fn work_in_batches<'a>(
        &'a self,
        work: &mut Work<'_>,
        session: &SharedSession,
        crew: &dyn Crew<'a, SharedSession>,
    ) -> Result<Done, Diagnostic> {
        let begin = Timestamp::now();
        work.timing.push(Timing { name: Phase::Compile, started_at: begin, completed_at: begin });
        let done = self.build_batches((work.node, &work.info), session, crew);
        work.timing.push(Timing { name: Phase::Execute, started_at: begin, completed_at: Timestamp::now() });
        done
    }

    pub(super) fn result(
        &self,
        work: Work<'_>,
        outcome: Result<Done, Diagnostic>,
        started: Instant,
    ) -> RunResult {
        let id = &work.node.unique_id;
        let mut result = match outcome {
            Ok(done) => {
                let mut result = RunResult::new(id.clone(), done.status);
                result.message = done.message;
                result.adapter_response = done.response;
                result.failures = done.failures;
                result.batch_results = done.batches;
                result.diagnostic = done.diagnostic;
                result
            }
            Err(diagnostic) => self.failed(work.node, diagnostic),
        };
        result.timing = work.timing;
        result.execution_time = started.elapsed().as_secs_f64();
        // Of a unit test that could not be run dbt shows the definition, which is never compiled.
        if matches!(work.node.kind, NodeKind::UnitTest { .. }) && result.status == Status::Error {
            return result;
        }
        let compiled = self.run_scope().compiled.get(id);
        result.with_node(work.node, compiled.as_deref())
    }

    /// Why the run is being stopped, if it is.
    pub(super) fn stop_reason(&self) -> Option<SkipReason> {
        if self.cancel.is_cancelled() {
            Some(SkipReason::Cancelled)
        } else {
            self.failed_fast.load(Ordering::SeqCst).then_some(SkipReason::FailFast)
        }
    }

    fn failed(&self, node: &Node, diagnostic: Diagnostic) -> RunResult {
        let because = self.stop_reason().filter(|_| diagnostic.code == Code::INTERRUPTED);
        if let Some(because) = because {
            let mut result = RunResult::new(node.unique_id.clone(), Status::Skipped);
            result.message = because.message().map(str::to_owned);
            return result;
        }
        let shared = &self.run_scope().shared;
        let (message, diagnostic) = super::error_text::error_text(node, diagnostic, shared);
        let exc = message.clone();
        self.events().debug(|| CatchableExceptionOnRun { exc, exc_info: String::new() });
        let mut result = RunResult::new(node.unique_id.clone(), Status::Error).with_message(message);
        result.diagnostic = Some(Box::new(diagnostic));
        result
    }
}

fn built(response: &AdapterResponse) -> Done {
    Done::new(Status::Success, Some(response.message.clone()), response_json(response))
}

/// What is there already is not cloned again.
fn cloned(response: Option<&AdapterResponse>) -> Done {
    let nothing = || Done::new(Status::Success, Some("No-op".to_owned()), JsonMap::new());
    response.map_or_else(nothing, built)
}

fn tested(verdict: Verdict, scope: &NodeScope) -> Done {
    let response = scope.main_response().unwrap_or_else(|| AdapterResponse::message("OK"));
    let response = response_json(&response);
    Done { failures: Some(verdict.failures), ..Done::new(verdict.status, verdict.message, response) }
}

impl NodeRunner {
    fn take_turn<'a>(
        &'a self,
        session: &mut SharedSession,
        turn: Turn<'_>,
        crew: &dyn Crew<'a, SharedSession>,
    ) -> RunResult {
        let Turn { id, index, total, .. } = turn;
        let action = self.actions.get(id).copied().unwrap_or(Action::Compile);
        if action == Action::NoOp {
            return self.no_op(id, (index, total));
        }
        let Some(node) = self.node(id) else {
            let message = format!("`{id}` is of a kind that can not be run yet");
            let diagnostic = Diagnostic::error(Code::UNSUPPORTED, None, message.clone());
            let mut result = RunResult::new(id.clone(), Status::Error).with_message(message);
            result.diagnostic = Some(Box::new(diagnostic));
            return result;
        };
        let node = &node;
        if let Some(set) = self.releases.led_by(id) {
            self.release(set, session);
        }
        if let Some(result) = self.judged(node, (index, total)) {
            return result;
        }
        if self.releases.has(id) {
            return lost_release(node);
        }
        if self.is_idle(node) {
            return self.no_op(id, (index, total));
        }
        if self.fuse {
            self.ask_together(session, (id, turn.peers), false);
        }
        let started = Instant::now();
        let info = self.infos.started(id);
        let _current = event::NodeScope::enter(info.clone());
        // Whoever only compiles wants to see the code, not that it was compiled; clones tell what they do.
        let (index, total) =
            if matches!(action, Action::Compile | Action::Clone) { (0, 0) } else { (index, total) };
        self.tell_start(node, &info, (index, total));
        if matches!(action, Action::Build | Action::Clone) {
            self.note_start(node);
        }
        let (mut attempts, mut before) = (self.attempts(node), 0.0);
        let (work, outcome) = loop {
            let (mut work, share) = self.take_up(node, &info, session);
            before += share;
            work.again = attempts.again();
            match self.attempt(action, &mut work, session, crew) {
                Err(failure) if self.tries_again(&mut attempts, &node.name, &failure, session) => {
                    self.gate.forget(id);
                }
                outcome => break (work, outcome),
            }
        };
        session.with(Session::release);
        let mut result = self.result(work, outcome, started);
        result.execution_time += before;
        attempts.note(&mut result);
        self.gate.note(&result);
        self.tell_end(node, &info, &result, (index, total));
        result
    }
}

impl Runner for NodeRunner {
    type Worker = SharedSession;

    fn start_worker(&self, _worker: usize) -> Result<SharedSession, Diagnostic> {
        let session = SharedSession::new(Arc::clone(&self.adapter), self.events().clone());
        session.set_closed(!self.compiler.run().shared.is_on("INTROSPECT"));
        Ok(session)
    }

    fn run<'a>(
        &'a self,
        session: &mut SharedSession,
        turn: Turn<'_>,
        crew: &dyn Crew<'a, SharedSession>,
    ) -> RunResult {
        let result = self.take_turn(session, turn, crew);
        // What was released is noted together.
        if !self.releases.has(turn.id) {
            self.note_ends(std::slice::from_ref(&result), session);
        }
        result
    }

    fn group(&self, id: &UniqueId) -> Option<&UniqueId> {
        let node = self.run_scope().manifest.nodes.get(id).filter(|_| self.fuse && !self.gate.asks(id))?;
        group_of(node, *self.actions.get(id)?, self.run_scope().shared.is_on("STORE_FAILURES"))
    }

    fn shares(&self, id: &UniqueId) -> bool {
        let run = self.run_scope();
        run.manifest.nodes.get(id).is_some_and(|node| run.builds_in_batches(node))
    }

    fn skip(&self, turn: Turn<'_>, because: &SkipReason) -> RunResult {
        self.skipped(turn, because)
    }
    fn interrupt(&self) {
        self.failed_fast.store(true, Ordering::SeqCst);
        self.adapter.cancel();
    }
}
