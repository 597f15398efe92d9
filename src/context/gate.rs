//! What a node has to pass before its changes are committed (design D8).
//!
//! Input: a check that `run` sets for a node with a gate. It is made once, when the materialization shows a finished
//! candidate or else when it commits, and asks the database in the transaction that made the new version: nobody else
//! sees that yet. The tests that the check runs have scopes of their own on the same session; they commit nothing, and
//! their `ref` of the node may mean the candidate.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::run_scope::NodeScope;
use crate::diag::Diagnostic;
use crate::jinja::{Call, Error, Value, none};
use crate::manifest::{Relation, UniqueId};

/// Judges a new version: the relation that holds it, if it has not got its final name yet. An error keeps it from being
/// published.
pub type Check = Box<dyn Fn(Option<&Relation>) -> Result<(), Diagnostic> + Send + Sync>;

/// A node's gate, and whether it was passed.
#[derive(Default)]
pub(super) struct Gate {
    check: OnceLock<Check>,
    passed: AtomicBool,
    /// Set for what runs at the gate of another node.
    at: OnceLock<At>,
}

/// Where a test runs that judges a new version.
#[derive(Clone, Debug, Default)]
pub struct At {
    /// The node and the relation that stands in for it, if its new version has another name yet.
    pub candidate: Option<(UniqueId, Relation)>,
}

impl NodeScope {
    /// Sets what the node has to pass. Only the first word counts.
    pub fn set_gate(&self, check: Check) {
        let _ = self.gate().check.set(check);
    }

    /// Says that this scope serves a test at the gate of another node: what it does is published with that node, or
    /// not at all.
    pub fn stand_at_gate(&self, at: At) {
        let _ = self.gate().at.set(at);
    }

    /// Tells whether the node has a gate that it has not passed yet.
    pub(super) fn is_gated(&self) -> bool {
        self.gate().check.get().is_some() && !self.gate().passed.load(Ordering::SeqCst)
    }

    /// Tells whether somebody else decides on what this scope does.
    pub(super) fn is_at_gate(&self) -> bool {
        self.gate().at.get().is_some()
    }

    /// Returns the relation that stands in for a node in the eyes of this test.
    pub(super) fn candidate_of(&self, id: &UniqueId) -> Option<Relation> {
        let at = self.gate().at.get()?;
        at.candidate.as_ref().filter(|(node, _)| node == id).map(|(_, relation)| relation.clone())
    }

    /// Judges the new version, unless that was done. Nothing is judged before the main statement: what is committed
    /// until then only prepares.
    pub(super) fn pass_gate(&self, candidate: Option<&Relation>) -> Result<(), Error> {
        let Some(check) = self.gate().check.get().filter(|_| self.is_gated()) else { return Ok(()) };
        if self.main_response().is_none() {
            return Ok(());
        }
        self.gate().passed.store(true, Ordering::SeqCst);
        let judged = check(candidate);
        // The tests had the session in between. The connection knows it by this node's name still.
        self.take_session()?;
        judged.map_err(Error::from)
    }
}

/// `adapter.pass_gate(candidate)`: for materializations that can show a finished version before it takes the name.
pub(super) fn pass_gate(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let candidate = super::relation::relation_arg(call, "candidate")?;
    if scope.is_gated() {
        // Tests may ask what is known of the relation they read.
        scope.run().cache.add(candidate.clone());
        scope.pass_gate(Some(&candidate))?;
    }
    Ok(none())
}
