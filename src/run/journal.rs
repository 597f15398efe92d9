//! Keeps the journal of a run, and does not repeat what an earlier one did before it was killed.
//!
//! Input: nodes as they begin, are published and end. Output: lines of the [`RunJournal`]. Between the moment a node is
//! published and the line that says so a process can be killed. For most nodes that does not matter: built again they
//! are the same. Where it does, the transaction has a trace (`leave_trace`), and the journal knows it before the commit,
//! so that the run that resumes can ask whether it took effect. Called by [`NodeRunner`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::node::{Done, NodeRunner};
use crate::artifacts::{RunJournal, RunResult, Status};
use crate::context::{NodeScope, Session, SharedSession, relation_value};
use crate::diag::{Code, Diagnostic};
use crate::event::Diagnosed;
use crate::files::{self, FileError};
use crate::hash::HashMap;
use crate::jinja::{Args, Error, Value};
use crate::manifest::{Json, JsonMap, Node, UniqueId};

/// The journal, and the traces that were left in the database and are still there.
#[derive(Default)]
pub(super) struct Journaling {
    journal: Option<Arc<RunJournal>>,
    invocation: String,
    traces: Mutex<HashMap<UniqueId, String>>,
}

impl Journaling {
    pub(super) fn new(journal: Arc<RunJournal>, invocation: &str) -> Self {
        let (journal, invocation) = (Some(journal), invocation.to_owned());
        Self { journal, invocation, traces: Mutex::default() }
    }

    fn traces(&self) -> MutexGuard<'_, HashMap<UniqueId, String>> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether building a node twice gives what building it once does.
fn is_repeatable(node: &Node) -> bool {
    let hooks = |key: &str| node.config.get(key).and_then(Json::as_array).is_some_and(|all| !all.is_empty());
    let has_hooks = hooks("pre-hook") || hooks("post-hook");
    let made_anew = ["view", "table", "seed", "materialized_view", "external", "function", "ephemeral"];
    made_anew.contains(&node.config.materialized().as_str()) && !has_hooks
}

impl NodeRunner {
    /// Notes that a node is about to be built, and sees to it that its commit is noted.
    pub(super) fn note_start(&self, node: &Node) {
        let Some(journal) = &self.journaling.journal else { return };
        let relation = [node.database.clone(), node.schema.clone(), node.alias.clone()];
        self.told(journal.started(&node.unique_id, relation));
    }

    /// Has the commit of a node noted that must not be built twice. Batches replace their own rows.
    pub(super) fn watch_commit(&self, node: &Arc<Node>, scope: &NodeScope) {
        let is_part = scope.session().with(|session| session.is_held());
        let watched = !is_part && scope.batch().is_none() && !is_repeatable(node);
        let watched = watched && (self.journaling.journal.is_some() || self.attempts(node).may_repeat());
        let Some(runner) = self.myself.upgrade().filter(|_| watched) else { return };
        let node = Arc::clone(node);
        scope.before_commit(Box::new(move |scope| runner.leave_trace(&node, scope)));
    }

    fn leave_trace(&self, node: &Node, scope: &NodeScope) -> Result<(), Diagnostic> {
        if let Some(trace) = self.make_trace(node, scope)? {
            let id = &node.unique_id;
            if let Some(journal) = &self.journaling.journal {
                self.told(journal.committing(id, &trace, true));
            }
            self.journaling.traces().insert(id.clone(), trace);
        }
        Ok(())
    }

    /// Leaves a trace in the open transaction, where the engine can.
    fn make_trace(&self, node: &Node, scope: &NodeScope) -> Result<Option<String>, Diagnostic> {
        let key = files::checksum(&format!("{} {}", self.journaling.invocation, node.unique_id));
        let relation = relation_value(scope.run().relation_of(node));
        let args = Args::from(vec![relation, Value::from(&key[..16])]);
        let trace = scope.call_from_rust("leave_trace", args).map_err(Error::into_diagnostic)?;
        Ok(trace.as_str().map(str::to_owned))
    }

    /// Returns what became of a node that was being published when the run before was killed, or when the attempt before
    /// lost its connection, if that took effect. What was left beside the relation is dropped.
    pub(super) fn done_before(&self, node: &Node, scope: &NodeScope) -> Result<Option<Done>, Diagnostic> {
        let of_attempt = self.journaling.traces().get(&node.unique_id).cloned();
        let Some(trace) = of_attempt.or_else(|| self.resumed.doubtful.get(&node.unique_id).cloned()) else {
            return Ok(None);
        };
        scope.take_session().map_err(Error::into_diagnostic)?;
        let ask = |name: &str, arg: Value| {
            scope.call_from_rust(name, Args::from(vec![arg])).map_err(Error::into_diagnostic)
        };
        self.journaling.traces().insert(node.unique_id.clone(), trace.clone());
        if !ask("is_committed", Value::from(trace.as_str()))?.is_true() {
            return Ok(None);
        }
        ask("remove_leftovers", relation_value(scope.run().relation_of(node)))?;
        let message = "published before, by what did not come to its end";
        let done = Done::new(Status::Success, Some(message.to_owned()), JsonMap::new());
        Ok(Some(Done { before: true, ..done }))
    }

    /// Puts one trace of several nodes into the transaction that publishes them all, if one of them must not be built twice:
    /// then none is. `scope` is that of one of them.
    pub(super) fn leave_common_trace(
        &self,
        nodes: &[&Arc<Node>],
        scope: &NodeScope,
    ) -> Result<(), Diagnostic> {
        let watched = nodes.iter().any(|node| !is_repeatable(node));
        if !watched || (self.journaling.journal.is_none() && !self.attempts_at_all(nodes).may_repeat()) {
            return Ok(());
        }
        let Some(first) = nodes.first() else { return Ok(()) };
        let Some(trace) = self.make_trace(first, scope)? else { return Ok(()) };
        for (place, node) in nodes.iter().enumerate() {
            if let Some(journal) = &self.journaling.journal {
                self.told(journal.committing(&node.unique_id, &trace, place + 1 == nodes.len()));
            }
            self.journaling.traces().insert(node.unique_id.clone(), trace.clone());
        }
        Ok(())
    }

    /// Notes how nodes ended; then their traces, which may be one for all, are of no use any more.
    pub(super) fn note_ends(&self, results: &[RunResult], session: &SharedSession) {
        let mut traces: BTreeMap<String, &UniqueId> = BTreeMap::new();
        for (place, result) in results.iter().enumerate() {
            let trace = self.journaling.traces().remove(&result.unique_id);
            traces.extend(trace.map(|trace| (trace, &result.unique_id)));
            if let Some(journal) = &self.journaling.journal {
                // The disk has all of them before the first trace is gone.
                self.told(journal.ended(result, place + 1 == results.len() && !traces.is_empty()));
            }
        }
        for (trace, id) in traces {
            let Some(node) = self.run_scope().manifest.node(id) else { continue };
            let scope = self.scope(node, session);
            // It is found and dropped by the next run, if not now.
            let _ = scope.call_from_rust("remove_trace", Args::from(vec![Value::from(trace)]));
            session.with(Session::release);
        }
    }

    /// Tells, once, that the journal cannot be written: the run goes on, as it would without one.
    fn told(&self, written: Result<(), FileError>) {
        let Err(error) = written else { return };
        let run = self.run_scope();
        let once = run.told.lock().unwrap_or_else(PoisonError::into_inner).insert("run journal".to_owned());
        if once {
            let message =
                "the journal of this run is not complete: should it be killed, `retry` may do too much";
            let problem = Diagnostic::warning(Code::IO, None, message).note(error.to_string());
            self.events().send(Diagnosed::new(problem, &run.shared.sources));
        }
    }
}
