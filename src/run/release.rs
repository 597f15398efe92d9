//! Builds the nodes of a release set in one transaction, and publishes them together (design D8).
//!
//! Input: the turn of the set's leader, on one session. Output: a result for each node and unit test of the set, kept for
//! its own turn; all relations have their new versions, or none. Where others read the old ones meanwhile, the new ones
//! stand beside them, and what each materialization does after its gate waits until all gates are passed: then the old
//! ones are locked, all at once, and replaced. A process that is killed leaves nothing. Called by [`NodeRunner`].

use std::sync::Arc;
use std::time::Instant;

use super::claim::claim_all;
use super::crew::Alone;
use super::node::{Done, NodeRunner, Work};
use crate::adapter::Claim;
use crate::artifacts::{RunResult, Status};
use crate::context::{Held, NodeScope, Session, SharedSession, relation_value};
use crate::diag::{Code, Diagnostic};
use crate::event::{self, Note};
use crate::hash::{HashMap, HashSet};
use crate::jinja::{Args, Error, Value};
use crate::manifest::{JsonMap, Node, Relation, RelationType, UniqueId};
use crate::plan::{Action, ReleaseSet};

/// The release sets of a run.
#[derive(Default)]
pub(super) struct Releases {
    by_leader: HashMap<UniqueId, ReleaseSet>,
    members: HashSet<UniqueId>,
}

impl Releases {
    pub(super) fn new(sets: &[ReleaseSet]) -> Self {
        Self {
            by_leader: sets.iter().map(|set| (set.leader.clone(), set.clone())).collect(),
            members: sets.iter().flat_map(|set| &set.steps).cloned().collect(),
        }
    }

    /// Returns the set that is built in the turn of a node.
    pub(super) fn led_by(&self, id: &UniqueId) -> Option<&ReleaseSet> {
        self.by_leader.get(id)
    }

    /// Tells whether a step is part of a set.
    pub(super) fn has(&self, id: &UniqueId) -> bool {
        self.members.contains(id)
    }
}

/// A node of a set that was at work.
struct Part<'a> {
    work: Work<'a>,
    outcome: Result<Done, Diagnostic>,
    /// The seconds that it took.
    took: f64,
}

/// A step whose new version stands beside the old one.
struct Beside {
    /// The step.
    at: usize,
    /// Whether its code names others that do.
    reads: bool,
    /// The new version, if it is a view of such others.
    view: Option<Relation>,
}

/// Why a set is not published.
struct Failure {
    /// The step that failed.
    at: usize,
    problem: Diagnostic,
}

impl NodeRunner {
    /// Builds and publishes a set, and keeps the results of its steps.
    pub(super) fn release(&self, set: &ReleaseSet, session: &SharedSession) {
        let nodes: Vec<Arc<Node>> = set.steps.iter().filter_map(|id| self.node(id)).collect();
        let members: Vec<&Arc<Node>> = nodes.iter().filter(|node| self.is_built(node)).collect();
        let (name, count) = (&set.name, members.len());
        let msg = format!(
            "Release set `{name}`: {count} relations are built together, then tested, then published at once"
        );
        self.events().send(Note { msg });
        let mut attempts = self.attempts_at_all(&members);
        let (parts, failure) = loop {
            let mut parts = Vec::with_capacity(nodes.len());
            let published = self
                .build_all(&nodes, &members, (session, attempts.again()), &mut parts)
                .and_then(|()| self.publish(session, &mut parts));
            session.with(|session| {
                session.let_go();
                session.rollback();
            });
            match published {
                Err(failure) if self.tries_again(&mut attempts, name, &failure.problem, session) => {
                    members.iter().for_each(|node| self.gate.forget(&node.unique_id));
                }
                other => break (parts, other.err()),
            }
        };
        let names = members.iter().map(|node| &*node.name).collect::<Vec<_>>().join(", ");
        let because = failure.as_ref().map(|failure| nodes.get(failure.at).map_or("it", |node| &node.name));
        let msg = because.map_or_else(
            || format!("Release set `{name}` is published: {names}"),
            |node| format!("Release set `{name}` is not published, because of `{node}`: {names}"),
        );
        self.events().send(Note { msg });
        let mut results = match failure {
            None => self.released(parts, session),
            Some(failure) => self.held_together(set, &nodes, (parts, &failure), session),
        };
        for result in &mut results {
            attempts.note(result);
            self.gate.note(result);
        }
        self.note_ends(&results, session);
        results.into_iter().for_each(|result| self.gate.keep(result));
    }

    fn is_built(&self, node: &Node) -> bool {
        self.actions.get(&node.unique_id) == Some(&Action::Build)
    }

    /// Builds and tests all nodes, up to the first that fails.
    fn build_all<'a>(
        &self,
        nodes: &'a [Arc<Node>],
        members: &[&Arc<Node>],
        (session, again): (&SharedSession, bool),
        parts: &mut Vec<Part<'a>>,
    ) -> Result<(), Failure> {
        let at = |at: usize| move |problem: Diagnostic| Failure { at, problem };
        self.begin(members, session, again).map_err(at(0))?;
        for (place, node) in nodes.iter().enumerate() {
            if place > 0 {
                session.with(Session::renew).map_err(|error| at(place)(error.to_diagnostic()))?;
            }
            if reads_what_stands(node) {
                self.swap(session, parts)?;
                session.with(|session| session.hold(Held::InPlace));
            }
            let part = self.build(node, session);
            let problem = match &part.outcome {
                Err(problem) => Some(problem.clone()),
                Ok(done) if done.status == Status::Success || done.status == Status::Pass => None,
                Ok(done) => Some(unfinished(node, done)),
            };
            parts.push(part);
            let problem = problem.or_else(|| left_transaction(node, session));
            problem.map_or(Ok(()), |problem| Err(at(place)(problem)))?;
        }
        Ok(())
    }

    /// Begins the transaction.
    fn begin(&self, members: &[&Arc<Node>], session: &SharedSession, again: bool) -> Result<(), Diagnostic> {
        let Some(first) = members.first() else { return Ok(()) };
        let scope = self.scope(first, session);
        claim_all(members, &scope, again)?;
        if !session.with(|session| session.in_transaction()) {
            let message = "a release set needs transactions, which the profile switches off";
            return Err(Diagnostic::error(Code::CONFIG, first.place_of("gate"), message)
                .help("leave `disable_transactions` away, or give the nodes no set"));
        }
        let held = if self.adapter.is_shared() { Held::Beside } else { Held::InPlace };
        session.with(|session| session.hold(held));
        Ok(())
    }

    /// Builds one node, or asks a unit test.
    fn build<'a>(&self, node: &'a Arc<Node>, session: &SharedSession) -> Part<'a> {
        let started = Instant::now();
        let info = self.infos.started(&node.unique_id);
        let _current = event::NodeScope::enter(info.clone());
        if self.is_built(node) {
            self.note_start(node);
        }
        let (mut work, _) = self.take_up(node, &info, session);
        let action = self.actions.get(&node.unique_id).copied().unwrap_or(Action::Compile);
        let outcome = self.attempt(action, &mut work, session, &Alone);
        Part { work, outcome, took: started.elapsed().as_secs_f64() }
    }

    /// Gives all new versions their places, and commits.
    fn publish(&self, session: &SharedSession, parts: &mut [Part<'_>]) -> Result<(), Failure> {
        self.swap(session, parts)?;
        let commit = || {
            // What was published before has a trace of its own, which is still to be removed.
            let is_new = |part: &&Part<'_>| {
                self.is_built(part.work.node) && part.outcome.as_ref().is_ok_and(|done| !done.before)
            };
            let new: Vec<&Part<'_>> = parts.iter().filter(is_new).collect();
            if let Some(first) = new.first() {
                let nodes: Vec<&Arc<Node>> = new.iter().map(|part| part.work.node).collect();
                self.leave_common_trace(&nodes, &first.work.scope)?;
            }
            session.with(|session| {
                session.let_go();
                session.commit().map_err(|error| error.to_diagnostic())
            })
        };
        commit().map_err(|problem| Failure { at: 0, problem })
    }

    /// Puts the new versions that stand beside the old ones in their places.
    fn swap(&self, session: &SharedSession, parts: &mut [Part<'_>]) -> Result<(), Failure> {
        let beside = self.beside(session, parts);
        let Some(first) = beside.first().map(|it| it.at) else { return Ok(()) };
        let failed = |at: usize| move |problem: Diagnostic| Failure { at, problem };
        // A view follows what it reads to another name, but not to a view that is defined where the old one stands.
        for Beside { at, view, .. } in beside.iter().rev() {
            if let Some(view) = view {
                let args = Args::from(vec![relation_value(view.clone())]);
                call(&parts[*at].work.scope, "drop_relation_if_exists", args).map_err(failed(*at))?;
            }
        }
        let nodes = beside.iter().map(|it| parts[it.at].work.node);
        let old: Vec<Claim<'_>> = nodes.map(|node| Claim::whole(&node.schema, &node.alias)).collect();
        let locked = session.with(|session| session.lock(&old));
        locked.map_err(|error| failed(first)(error.to_diagnostic()))?;
        session.with(Session::forget_candidates);
        for it in beside {
            let part = &mut parts[it.at];
            let started = Instant::now();
            let _current = event::NodeScope::enter(part.work.info.clone());
            let published = self.take_place(&part.work, &it);
            part.took += started.elapsed().as_secs_f64();
            published.map_err(failed(it.at))?;
        }
        Ok(())
    }

    /// Returns the steps whose new versions stand beside the old ones.
    fn beside(&self, session: &SharedSession, parts: &[Part<'_>]) -> Vec<Beside> {
        let waiting = || parts.iter().enumerate().filter(|(_, part)| part.work.scope.waits());
        let candidates: HashMap<&UniqueId, Relation> = waiting()
            .filter_map(|(_, part)| {
                let id = &part.work.node.unique_id;
                Some((id, session.candidate(id)?))
            })
            .collect();
        let made = |(at, part): (usize, &Part<'_>)| {
            let reads = self.reads(part.work.node, &candidates);
            let candidate = candidates.get(&part.work.node.unique_id).filter(|_| reads);
            let view = candidate.filter(|relation| relation.ty == Some(RelationType::View)).cloned();
            Beside { at, reads, view }
        };
        waiting().map(made).collect()
    }

    /// Tells whether the code of a node names relations that stand beside the old ones.
    fn reads(&self, node: &Node, candidates: &HashMap<&UniqueId, Relation>) -> bool {
        node.depends_on.nodes.iter().any(|id| {
            candidates.contains_key(id)
                || self
                    .run_scope()
                    .manifest
                    .nodes
                    .get(id)
                    .is_some_and(|node| node.is_ephemeral() && self.reads(node, candidates))
        })
    }

    /// Does what the materialization of a node does after its gate. Code that named relations beside the old ones is
    /// compiled anew, for artifacts, and for a view that was dropped.
    fn take_place(&self, work: &Work<'_>, beside: &Beside) -> Result<(), Diagnostic> {
        if beside.reads {
            let scope = self.scope(work.node, work.scope.session());
            let compiled = self.compiler().compile(work.node, &scope)?;
            if let Some(path) = work.scope.build_path() {
                let keep = |compiled: &mut crate::manifest::Compiled| compiled.build_path = Some(path);
                self.run_scope().compiled.update(&work.node.unique_id, keep);
            }
            if let Some(view) = &beside.view {
                let code = Value::from(&*compiled.code);
                work.scope.add("sql", code.clone());
                work.scope.add("compiled_code", code.clone());
                work.scope.take_session().map_err(Error::into_diagnostic)?;
                let args = Args::from(vec![relation_value(view.clone()), code]);
                call(&work.scope, "define_view_again", args)?;
            }
        }
        work.scope.publish()
    }

    /// Returns the results of a set that is published, after what its nodes do outside of the transaction.
    fn released(&self, parts: Vec<Part<'_>>, session: &SharedSession) -> Vec<RunResult> {
        let ended = |mut part: Part<'_>| {
            let _current = event::NodeScope::enter(part.work.info.clone());
            if let Err(problem) = part.work.scope.run_late_hooks() {
                part.outcome = Err(problem);
            }
            session.with(Session::rollback);
            self.part_result(part)
        };
        parts.into_iter().map(ended).collect()
    }

    /// Returns the results of a set that is not published.
    fn held_together(
        &self,
        set: &ReleaseSet,
        nodes: &[Arc<Node>],
        (parts, failure): (Vec<Part<'_>>, &Failure),
        session: &SharedSession,
    ) -> Vec<RunResult> {
        let culprit = nodes.get(failure.at);
        let mut parts = parts.into_iter();
        let mut results = Vec::with_capacity(nodes.len());
        for (place, node) in nodes.iter().enumerate() {
            let part = parts.next();
            let built = self.is_built(node);
            if built {
                self.gate.hold(&node.unique_id);
            }
            let mut part = part.unwrap_or_else(|| {
                let (work, _) = self.take_up(node, &self.infos.get(&node.unique_id), session);
                Part { work, outcome: Ok(Done::new(Status::Skipped, None, JsonMap::new())), took: 0.0 }
            });
            if place == failure.at && (built || part.outcome.is_err()) {
                part.outcome = Err(failure.problem.clone());
            } else if built {
                part.outcome = Err(held_with(set, node, culprit, &failure.problem));
            }
            results.push(self.part_result(part));
        }
        results
    }

    fn part_result(&self, part: Part<'_>) -> RunResult {
        let Part { work, outcome, took } = part;
        let mut result = self.result(work, outcome, Instant::now());
        result.execution_time = took;
        result
    }
}

/// Makes the result of a step whose set came to nothing, since the worker broke.
pub(super) fn lost_release(node: &Node) -> RunResult {
    let message = format!("the release set of `{}` came to nothing", node.name);
    let mut result = RunResult::new(node.unique_id.clone(), Status::Error).with_message(message.clone());
    result.diagnostic = Some(Box::new(Diagnostic::error(Code::GATE, node.span, message)));
    result
}

/// Tells whether a node keeps its definition, so that it reads what stands under the names of others, not beside them.
fn reads_what_stands(node: &Node) -> bool {
    node.config.materialized().as_str() == "materialized_view"
}

fn call(scope: &NodeScope, name: &str, args: Args) -> Result<(), Diagnostic> {
    let called = scope.take_session().and_then(|()| scope.call_from_rust(name, args));
    called.map(drop).map_err(Error::into_diagnostic)
}

/// Says why a step that came to its end keeps its set from being published.
fn unfinished(node: &Node, done: &Done) -> Diagnostic {
    if let Some(problem) = &done.diagnostic {
        return (**problem).clone();
    }
    let how = done.message.clone().unwrap_or_else(|| done.status.to_string());
    Diagnostic::error(Code::GATE, node.span, format!("`{}` did not pass: {how}", node.name))
}

/// Errors when a node ended the common transaction all the same.
fn left_transaction(node: &Node, session: &SharedSession) -> Option<Diagnostic> {
    let is_open = session.with(|session| session.in_transaction());
    (!is_open).then(|| {
        let message = format!("`{}` ended the transaction of its release set", node.name);
        Diagnostic::error(Code::GATE, node.span, message)
            .note("what was built of the set until then may be published")
            .help("let its materialization, hooks and macros end no transaction; `adapter.commit()` is understood")
    })
}

/// Says that a node was not published since another of its set failed.
fn held_with(set: &ReleaseSet, node: &Node, culprit: Option<&Arc<Node>>, problem: &Diagnostic) -> Diagnostic {
    if problem.code == Code::INTERRUPTED {
        return problem.clone();
    }
    let message = format!(
        "the new version of `{}` was not published: its release set `{}` was held at the gate",
        node.name, set.name
    );
    let first = problem.message.lines().next().unwrap_or_default();
    let because =
        culprit.map_or_else(|| first.to_owned(), |culprit| format!("because of `{}`: {first}", culprit.name));
    Diagnostic::error(Code::GATE, node.place_of("gate"), message)
        .note(because)
        .note("what readers saw before they still see")
}
