//! What a node has to pass before its changes are committed (design D8).
//!
//! Input: a check that `run` sets for a node with a gate. It is made once, when the materialization shows a finished
//! candidate or else when it commits, and asks the database in the transaction that made the new version: nobody else
//! sees that yet. The tests that the check runs have scopes of their own on the same session; they commit nothing, and
//! their `ref` of the node means the candidate, as long as that has another name.
//!
//! What follows the gate in a materialization is a block, `{% call adapter.pass_gate(candidate) %}`. That of a node in a
//! release set waits until `run` publishes the set.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::held::Held;
use super::relation::relation_of;
use super::run_scope::NodeScope;
use crate::diag::Diagnostic;
use crate::jinja::{Args, Call, Error, Value, elements, none, py_str};
use crate::manifest::{Relation, UniqueId};

/// Judges a new version. An error keeps it from being published.
pub type Check = Box<dyn Fn() -> Result<(), Diagnostic> + Send + Sync>;

/// A node's gate, and whether it was passed.
#[derive(Default)]
pub(super) struct Gate {
    check: OnceLock<Check>,
    passed: AtomicBool,
    /// Whether this runs at the gate of another node.
    is_at: AtomicBool,
    /// Whether nothing stands in for new versions.
    by_name: AtomicBool,
    waiting: Mutex<Waiting>,
}

/// What a node of a release set does when the set is published.
#[derive(Default)]
struct Waiting {
    /// What its materialization does after the gate.
    rest: Option<Value>,
    /// Its hooks outside of the transaction, which run once that is committed.
    hooks: Vec<Value>,
}

impl Gate {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeScope {
    /// Sets what the node has to pass. Only the first word counts.
    pub fn set_gate(&self, check: Check) {
        let _ = self.gate().check.set(check);
    }

    /// Says that this scope serves a test at the gate of another node: what it does is published with that node, or
    /// not at all.
    pub fn stand_at_gate(&self) {
        self.gate().is_at.store(true, Ordering::SeqCst);
    }

    /// Says that `ref` means what nodes are called once they are published.
    pub fn see_by_name(&self) {
        self.gate().by_name.store(true, Ordering::SeqCst);
    }

    /// Sees what another scope sees, and leaves to others what that leaves to others.
    pub fn serve(&self, other: &Self) {
        for (own, set) in
            [(&self.gate().is_at, &other.gate().is_at), (&self.gate().by_name, &other.gate().by_name)]
        {
            own.store(set.load(Ordering::SeqCst), Ordering::SeqCst);
        }
    }

    /// Tells whether some `ref` may mean a relation that stands in for a new version.
    pub fn sees_candidates(&self) -> bool {
        !self.gate().by_name.load(Ordering::SeqCst) && self.session().has_candidates()
    }

    fn held(&self) -> Option<Held> {
        self.session().with(|session| session.held)
    }

    /// Tells whether the node has a gate that it has not passed yet.
    pub(super) fn is_gated(&self) -> bool {
        self.held().is_some()
            || (self.gate().check.get().is_some() && !self.gate().passed.load(Ordering::SeqCst))
    }

    /// Tells whether somebody else decides on what this scope does.
    pub(super) fn is_at_gate(&self) -> bool {
        self.gate().is_at.load(Ordering::SeqCst)
    }

    /// Tells whether the session is lent to this scope in the middle of a transaction.
    pub(super) fn borrows_session(&self) -> bool {
        self.is_at_gate() || self.held().is_some()
    }

    /// Returns the relation that stands in for a node in the eyes of this scope.
    pub(super) fn candidate_of(&self, id: &UniqueId) -> Option<Relation> {
        if self.gate().by_name.load(Ordering::SeqCst) { None } else { self.session().candidate(id) }
    }

    /// Judges the new version, unless that was done. Nothing is judged before the main statement: what is committed
    /// until then only prepares.
    pub(super) fn judge(&self) -> Result<(), Error> {
        let gate = self.gate();
        let Some(check) = gate.check.get().filter(|_| !gate.passed.load(Ordering::SeqCst)) else {
            return Ok(());
        };
        if self.main_response().is_none() {
            return Ok(());
        }
        gate.passed.store(true, Ordering::SeqCst);
        let judged = check();
        // The tests had the session in between. The connection knows it by this node's name still.
        self.take_session()?;
        judged.map_err(Error::from)
    }

    /// Judges a new version that has not got its name yet.
    fn judge_candidate(&self, candidate: &Relation) -> Result<(), Error> {
        // Tests may ask what is known of the relation they read.
        self.run().cache.add(candidate.clone());
        let Some(node) = self.node() else { return Ok(()) };
        let (id, session) = (node.unique_id.clone(), self.session());
        session.with(|session| session.candidates.insert(id.clone(), candidate.clone()));
        let judged = self.judge();
        if self.held().is_none() || judged.is_err() {
            session.with(|session| session.candidates.remove(&id));
        }
        judged
    }

    /// Tells whether the node waits for its release set to be published.
    pub fn waits(&self) -> bool {
        self.gate().waiting().rest.is_some()
    }

    /// Does what the node's materialization does after its gate, if that waited for a release set.
    pub fn publish(&self) -> Result<(), Diagnostic> {
        let Some(rest) = self.gate().waiting().rest.take() else { return Ok(()) };
        let published = self.take_session().and_then(|()| {
            let Some(node) = self.node() else { return Ok(none()) };
            self.run().shared.engine.call(&rest, Args::default(), &self.as_scope(), node.span)
        });
        published.map(drop).map_err(Error::into_diagnostic)
    }

    /// Runs the hooks that waited for the end of a release set's transaction.
    pub fn run_late_hooks(&self) -> Result<(), Diagnostic> {
        let hooks = std::mem::take(&mut self.gate().waiting().hooks);
        if hooks.is_empty() {
            return Ok(());
        }
        let ran = self.take_session().and_then(|()| {
            hooks.into_iter().try_for_each(|hooks| {
                self.call_from_rust("run_hooks", Args::from(vec![hooks, Value::from(false)])).map(drop)
            })
        });
        ran.map_err(Error::into_diagnostic)
    }
}

/// `adapter.pass_gate(candidate)`: for materializations that can show a finished version before it takes the name. What
/// they do next may be the body of a `call` block.
pub(super) fn pass_gate(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let candidate = call.args.required("candidate")?;
    let rest = call.args.keyword("caller");
    if !candidate.is_none() {
        let Some(candidate) = relation_of(&candidate) else {
            return Err(Error::runtime(format!("`{}` is no relation", py_str(&candidate))));
        };
        match (scope.held(), &rest) {
            (None, _) if scope.is_gated() => scope.judge_candidate(&candidate)?,
            // The next batch adds to what this one made.
            (Some(Held::Beside), Some(rest)) if scope.batch().is_none() => {
                scope.judge_candidate(&candidate)?;
                scope.gate().waiting().rest = Some(rest.clone());
                return Ok(none());
            }
            _ => {}
        }
    }
    rest.map_or_else(|| Ok(none()), |rest| call.call(&rest, Args::default()))
}

/// `adapter.run_later(hooks)`: tells whether hooks outside of the transaction wait for that of a release set.
pub(super) fn run_later(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let hooks = call.args.required("hooks")?;
    let waits = scope.held().is_some();
    if waits && !elements(&hooks)?.is_empty() {
        scope.gate().waiting().hooks.push(hooks);
    }
    Ok(Value::from(waits))
}

/// `adapter.in_release_set()`: for materializations of what nothing can hold back.
pub(super) fn in_release_set(scope: &NodeScope) -> Value {
    Value::from(scope.held().is_some())
}
